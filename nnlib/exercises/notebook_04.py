"""The questions of notebook 04."""

import numpy as np

from nnlib.exercises import Question

QUESTIONS = {
    "04.1 updates_64": Question(
        15_000,
        hint="One epoch has as many updates as there are batches.",
        more="48,000 / 64 of them.",
    ),
    "04.1 updates_640": Question(1_500, hint="The number of epochs is the same, but each has ten times fewer batches."),
    "04.1 epochs_640": Question(200, hint="How many updates has an epoch now?", more="75."),
    "04.2 slope": Question(
        lambda A: 1 - A * A,
        inputs=lambda rng: (np.tanh(rng.normal(0, 2, rng.integers(1, 5, 2))),),
        hint="Look at the derivative of tanh by Z, and write it with A in the place of tanh(Z).",
        more="d tanh(Z)/dZ = 1 - tanh(Z)^2, and tanh(Z) is A: no second tanh.",
    ),
    "04.3 precision_2": Question(100 / 125, hint="Of everything that was called 2 (its column), the share that is 2."),
    "04.3 recall_2": Question(1.0, hint="Of everything that is 2 (its row), the share that was called 2."),
    "04.3 accuracy_all": Question(0.9, hint="The diagonal over all 300."),
    "04.3 always_2": Question([1 / 3, 1.0], hint="All 300 are called 2; 100 of them are. No 2 is missed."),
}

"""The questions of notebook 01."""

import numpy as np

from nnlib.exercises import Question

COPIED = np.random.default_rng(0).integers(0, 300, 40)  # the rows that exercise 2 leaks

QUESTIONS = {
    "01.1 scaled_val": Question(
        np.array([[0, 0.25, 0.5], [0.1, 0.4, 0]]),
        hint="The rule comes from the training rows: a grey of 100 must mean the same in both parts.",
        more="Divide both parts by the largest value among the training rows.",
    ),
    "01.2 n_leaked": Question(
        len(np.unique(COPIED)),
        hint="Put the training rows into a set, then ask for each validation row whether it is in there.",
        more="A row as `row.tobytes()` can be put into a set; an array cannot.",
    ),
    "01.3 always_no": Question(
        54579 / 60000,
        tolerance=1e-3,
        hint="It is right for every picture that is not a 5.",
        more="Everything but mnist[5], of mnist.sum().",
    ),
}

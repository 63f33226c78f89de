"""The questions of notebook 02."""

import math

import numpy as np

from nnlib.exercises import Question

QUESTIONS = {
    "02.1 shape": Question(
        (4, 4),
        hint="Broadcasting lines shapes up from the right.",
        more="(4,) is read as (1, 4), against (4, 1).",
    ),
    "02.1 error": Question(
        2.5,
        hint="Every prediction meets every target: 16 pairs.",
        more="4 differences of 0, 6 of ±1, 4 of ±2, 2 of ±3; squared and averaged.",
    ),
    "02.1 repaired": Question(
        0.0,
        hint="Give both the same shape first.",
        more="true[:, None], or predicted.ravel().",
    ),
    "02.2 letters_loss": Question(
        math.log(26),
        tolerance=1e-3,
        hint="Every class gets the same probability; the loss is minus its logarithm.",
    ),
    "02.2 classes": Question(
        100,
        hint="Solve ln K = 4.61 for K, and give a whole number.",
    ),
    "02.3 weights_400": Question(
        np.where(np.arange(10) == 3, 0.45, -0.05),
        hint="(2.5): (a - Y) x; then one step downhill, (2.7).",
        more="With all weights 0, a = 1/10 for every class.",
    ),
}

"""The questions of notebook 03."""

import numpy as np

from nnlib.exercises import Question

rng = np.random.default_rng(4)
X, g, c = rng.normal(size=(6, 3)), rng.normal(size=3), rng.normal(size=3)
dZ = rng.normal(size=(6, 3))

QUESTIONS = {
    "03.1 dg": Question(
        np.einsum("ij,ij->j", X, dZ),
        hint="Times swaps, and g was copied to every row.",
        more="What was copied forward is summed backward: a sum over the rows.",
    ),
    "03.1 dc": Question(np.einsum("ij->j", dZ), hint="c is a bias."),
    "03.1 dX": Question(
        np.einsum("ij,j->ij", dZ, g),
        hint="Each entry of X is used once, with the g of its column. No sum.",
    ),
    "03.2 rounding_error": Question(2**-24 / 1e-5, tolerance=0.05, hint="u / epsilon, with u = 2 ** -24."),
    "03.2 best_epsilon": Question((3 * 2**-24) ** (1 / 3), tolerance=0.05, hint="The cube root of 3 u."),
    "03.3 line": Question(
        "dW2",
        hint="Which arrays are right, and which lines of code would spoil them if they were wrong?",
        more="If dZ2 were wrong, b2 and all of layer 1 would be wrong with it. Are they?",
    ),
}

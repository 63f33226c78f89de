"""The questions of notebook 03."""

import numpy as np

from nnlib.exercises import Question

rng = np.random.default_rng(4)
X, g, c = rng.normal(size=(6, 3)), rng.normal(size=3), rng.normal(size=3)
dZ = rng.normal(size=(6, 3))


def softplus(Z):
    return np.logaddexp(0, Z)


def softplus_backward(dA, A):
    return dA * (1 - np.exp(-A))


def layer_backward(dA, X, W, b):
    dZ = dA / (1 + np.exp(-(X @ W + b)))
    return [np.einsum("ij,ik->jk", X, dZ), np.einsum("ik->k", dZ), np.einsum("ik,jk->ij", dZ, W)]


def any_rows(rng):
    """Z from about 0 to far beyond what exp can take."""
    return (rng.normal(size=(4, 3)) * 10 ** rng.uniform(0, 3.5),)


def outputs(rng):
    A = softplus(rng.normal(0, 3, size=(4, 3)))
    return rng.normal(size=A.shape), A


def a_layer(rng):
    m, n_in, n_out = rng.integers(2, 6, 3)
    return (
        rng.normal(size=(m, n_out)),
        rng.normal(size=(m, n_in)),
        rng.normal(size=(n_in, n_out)),
        rng.normal(size=n_out),
    )


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
    "03.2 rounding_error": Question(
        2**-24 / 1e-5, tolerance=0.05, hint="The second term of (3.34), with u = 2 ** -24."
    ),
    "03.2 best_epsilon": Question(
        (3 * 2**-24) ** (1 / 3), tolerance=0.05, hint="The right end of (3.34), with the u of float32."
    ),
    "03.3 line": Question(
        "dW2",
        hint="Which arrays are right, and which lines of code would spoil them if they were wrong?",
        more="If dZ2 were wrong, b2 and all of layer 1 would be wrong with it. Are they?",
    ),
    "03.4 softplus": Question(
        softplus,
        inputs=any_rows,
        hint="ln(1 + e^z) in every entry, also where e^z is too large for float64.",
        more="np.logaddexp(x, y) is ln(e^x + e^y); what is 1 as a power of e?",
    ),
    "03.4 softplus_backward": Question(
        softplus_backward,
        inputs=outputs,
        hint="The slope in Z is sigmoid(Z), but A is not Z.",
        more="From a = ln(1 + e^z) follows e^z = e^a - 1. Put that into e^z / (1 + e^z).",
    ),
    "03.4 layer_backward": Question(
        layer_backward,
        inputs=a_layer,
        hint="First dZ, through the activation. Then the three formulas of a layer, (3.24) to (3.26).",
        more="Part 1 is dW, part 2 is db, part 3 is dX. No division by m: dA contains it.",
    ),
}

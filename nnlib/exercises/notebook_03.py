"""The questions of notebook 03."""

import numpy as np

from nnlib.activations import softmax
from nnlib.exercises import Question
from nnlib.exercises.bugs import wrong_line

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


def loss_and_gradients(X, Y, W1, b1, W2, b2, W3, b3):
    """Mean cross-entropy and its derivatives, in the order of the arguments: tanh, sigmoid, softmax; Y is one-hot."""
    A1 = np.tanh(X @ W1 + b1)
    A2 = 1 / (1 + np.exp(-(A1 @ W2 + b2)))
    A3 = softmax(A2 @ W3 + b3)
    L = -(Y * np.log(A3)).sum() / len(X)
    dZ3 = (A3 - Y) / len(X)
    dW3, db3 = A2.T @ dZ3, dZ3.sum(axis=0)
    dA2 = dZ3 @ W3.T
    dZ2 = dA2 * A2 * (1 - A2)
    dW2, db2 = A1.T @ dZ2, dZ2.sum(axis=0)
    dA1 = dZ2 @ W2.T
    dZ1 = dA1 * (1 - A1**2)
    dW1, db1 = X.T @ dZ1, dZ1.sum(axis=0)
    return L, dW1, db1, dW2, db2, dW3, db3


PLANTED_IN = loss_and_gradients
BUGS = [  # a right line, and what stands in its place; with hidden layers of one width all shapes fit
    ("dW3, db3 = A2.T @ dZ3, dZ3.sum(axis=0)", "dW3, db3 = A1.T @ dZ3, dZ3.sum(axis=0)"),
    ("dZ2 = dA2 * A2 * (1 - A2)", "dZ2 = dA2 * A2"),
    ("dZ2 = dA2 * A2 * (1 - A2)", "dZ2 = dA2 * (1 - A2**2)"),
    ("dW2, db2 = A1.T @ dZ2, dZ2.sum(axis=0)", "dW2, db2 = A2.T @ dZ2, dZ2.sum(axis=0)"),
    ("dW2, db2 = A1.T @ dZ2, dZ2.sum(axis=0)", "dW2, db2 = A1.T @ dZ2, dA2.sum(axis=0)"),
    ("dA1 = dZ2 @ W2.T", "dA1 = dA2 @ W2.T"),
    ("dA1 = dZ2 @ W2.T", "dA1 = dZ3 @ W3.T"),
    ("dZ1 = dA1 * (1 - A1**2)", "dZ1 = dA1 * (1 - A1)"),
    ("dZ1 = dA1 * (1 - A1**2)", "dZ1 = dA2 * (1 - A1**2)"),
    ("dW1, db1 = X.T @ dZ1, dZ1.sum(axis=0)", "dW1, db1 = X.T @ dA1, dZ1.sum(axis=0)"),
    ("dW1, db1 = X.T @ dZ1, dZ1.sum(axis=0)", "dW1, db1 = X.T @ dZ1, dZ2.sum(axis=0)"),
]


def a_batch_and_three_layers(rng):
    m, n, hidden, K = rng.integers(2, 7), rng.integers(2, 5), rng.integers(2, 5), rng.integers(2, 5)
    shapes = [(n, hidden), hidden, (hidden, hidden), hidden, (hidden, K), K]
    return rng.normal(size=(m, n)), np.eye(K)[rng.integers(0, K, m)], *(rng.normal(size=shape) for shape in shapes)


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
    "03.5 line": Question(
        wrong_line("03"),
        hint="Compare all six derivatives with the numbers, and read from the back: which is the last wrong one?",
        more="Only one array of a layer wrong: its own line. Both, and all before them: the way into that layer.",
    ),
    "03.5 mended": Question(
        loss_and_gradients,
        inputs=a_batch_and_three_layers,
        hint="Part 1 is the loss, parts 2 to 7 are the derivatives as they are returned. Which twin has that line?",
    ),
}

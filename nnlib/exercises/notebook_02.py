"""The questions of notebook 02."""

import math

import numpy as np

from nnlib.activations import softmax
from nnlib.exercises import Question
from nnlib.exercises.bugs import wrong_line


def l2_gradient(X, Y, W, b, weight_decay):
    """Softmax regression: the gradient of the mean cross-entropy plus weight_decay / 2 times the sum of W**2."""
    dZ = (softmax(X @ W + b) - Y) / len(X)
    return X.T @ dZ + weight_decay * W, dZ.sum(axis=0)


def l2_inputs(rng):
    """A batch with one-hot labels, parameters and a weight decay; every third batch or so has logits of thousands."""
    m, n, K = rng.integers(2, 9, size=3)
    size = rng.choice([1.0, 1.0, 1000.0])
    X, Y = rng.normal(size=(m, n)), np.eye(K)[rng.integers(0, K, size=m)]
    return X, Y, rng.normal(0, size, (n, K)), rng.normal(size=K), rng.choice([0.01, 0.1, 0.5])


def loss_and_gradient(X, y, W, b):
    """Softmax regression: the mean cross-entropy of X (m, n) with classes y (m,), and its derivatives by W and b."""
    m, K = len(X), len(b)
    Z = X @ W + b
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    A = E / E.sum(axis=1, keepdims=True)
    Y = np.eye(K)[y]
    L = -np.log(A[np.arange(m), y]).mean()
    dZ = (A - Y) / m
    dW = X.T @ dZ
    db = dZ.sum(axis=0)
    return L, dW, db


PLANTED_IN = loss_and_gradient
BUGS = [  # a right line, and what stands in its place
    ("Z = X @ W + b", "Z = X @ W - b"),
    ("A = E / E.sum(axis=1, keepdims=True)", "A = E / E.sum(axis=0, keepdims=True)"),
    ("A = E / E.sum(axis=1, keepdims=True)", "A = E / E.max(axis=1, keepdims=True)"),
    ("Y = np.eye(K)[y]", "Y = np.eye(K)[A.argmax(axis=1)]"),
    ("L = -np.log(A[np.arange(m), y]).mean()", "L = -np.log10(A[np.arange(m), y]).mean()"),
    ("L = -np.log(A[np.arange(m), y]).mean()", "L = -np.log(A[np.arange(m), y]).sum()"),
    ("L = -np.log(A[np.arange(m), y]).mean()", "L = -np.log(A).mean()"),
    ("dZ = (A - Y) / m", "dZ = A - Y"),
    ("dZ = (A - Y) / m", "dZ = (Y - A) / m"),
    ("db = dZ.sum(axis=0)", "db = dZ.sum()"),
]


def a_labelled_batch(rng):
    m, n, K = rng.integers(3, 9), rng.integers(2, 5), rng.integers(2, 5)
    return rng.normal(size=(m, n)), rng.integers(0, K, m), rng.normal(size=(n, K)), rng.normal(size=K)


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
    "02.4 l2_gradient": Question(
        l2_gradient,
        inputs=l2_inputs,
        hint="Three things: the softmax of each row, 1 / m once, and the penalty's derivative on W alone.",
        more="Is each row's maximum subtracted before e^z? The derivative of weight_decay / 2 W^2 is weight_decay W.",
    ),
    "02.5 line": Question(
        wrong_line("02"),
        hint="Shapes first. Then the loss with all weights 0. Then both derivatives against numbers.",
        more="Loss right at the start, derivatives wrong by a factor or a sign: dZ. One of the two wrong: its line. "
        "Loss wrong at the start: A or L.",
    ),
    "02.5 mended": Question(
        loss_and_gradient,
        inputs=a_labelled_batch,
        hint="Part 1 is the loss, part 2 dW, part 3 db. One line is wrong; change no other.",
    ),
}

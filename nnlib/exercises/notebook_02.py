"""The questions of notebook 02."""

import math

import numpy as np

from nnlib.activations import softmax
from nnlib.exercises import Question


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
}

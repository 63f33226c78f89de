"""The questions of notebook 08."""

import numpy as np

from nnlib.exercises import Question


def fold(W, b, gamma, beta, running_mean, running_variance, epsilon):
    """W (n_in, n) and b (n,) of the Dense layer that does what Dense and batch norm do while predicting."""
    scale = gamma / np.sqrt(running_variance + epsilon)
    return W * scale, (b - running_mean) * scale + beta


def a_folded_pair(rng):
    """A Dense layer and what a batch norm behind it holds, in short numbers."""
    n_in, n = rng.integers(1, 4, 2)
    W, b, gamma, beta, mean = (rng.normal(size=shape).round(1) for shape in ((n_in, n), n, n, n, n))
    return W, b, gamma, beta, mean, rng.uniform(0.1, 4, n).round(1), float(rng.choice([1e-5, 0.01, 0.5]))


def normalise(X, dA, gamma, beta, axis):
    """A, dX, dgamma and dbeta of `A = gamma X_hat + beta`, X_hat with mean 0 and variance 1 along the axis.

    Over the batch (axis 0) that is batch norm (Ioffe & Szegedy 2015), over the units (1) layer norm (Ba, Kiros and
    Hinton 2016).
    """
    deviation = np.sqrt(X.var(axis=axis, keepdims=True) + 1e-5)
    X_hat, dX_hat = (X - X.mean(axis=axis, keepdims=True)) / deviation, dA * gamma
    shift, stretch = (part.mean(axis=axis, keepdims=True) for part in (dX_hat, dX_hat * X_hat))
    dX = (dX_hat - shift - X_hat * stretch) / deviation
    return gamma * X_hat + beta, dX, (dA * X_hat).sum(axis=0), dA.sum(axis=0)


def a_batch_to_normalise(rng):
    """X and dA (m, n), gamma and beta (n,), and one of the two axes, which take turns."""
    m, n = rng.integers(2, 5, 2)
    X, dA, gamma, beta = (rng.normal(size=shape).round(1) for shape in ((m, n), (m, n), n, n))
    # Values that differ, along either axis: a variance of 0 would make the numbers as large as 1 / sqrt(epsilon).
    return X + np.add.outer(np.arange(m), 2 * np.arange(n)), dA, gamma, beta, int(rng.integers(2))


QUESTIONS = {
    "08.1 step_momentum": Question(
        0.05 / (1 - 0.9),
        hint="What does v become if the same gradient is added again and again, and the old sum fades by 0.9?",
        more="(8.4), times the rate.",
    ),
    "08.1 step_adam": Question(
        0.01,
        hint="Put t = 1 into (8.7) and (8.9): what are the corrected u and q after one gradient g?",
        more="u_hat is g, q_hat is g squared.",
    ),
    "08.1 step_uncorrected": Question(
        0.01 * 0.1 / np.sqrt(0.001),
        tolerance=0.01,
        hint="Put t = 1 into (8.7), and take u and q as they are: what is u / sqrt(q)?",
        more="Or multiply the corrected step by (8.10).",
    ),
    "08.2 fold": Question(
        fold,
        inputs=a_folded_pair,
        hint="Write gamma / sqrt(p + epsilon) as one number per unit. What does it multiply, and what is left over?",
        more="The scale belongs to the columns of W, and b goes through it as well, after c was taken off.",
    ),
    "08.3 normalise": Question(
        normalise,
        inputs=a_batch_to_normalise,
        hint="Part 1 is A, 2 is dX, 3 and 4 are dgamma and dbeta. Begin with A. gamma is (n,) along both axes, so its "
        "derivative is a sum over the rows along both.",
        more="If dX is right for axis 0 alone, gamma was taken out of the sums: begin with dX_hat = gamma dA, and take "
        "its mean, and its mean with X_hat, along the axis.",
    ),
}

"""The questions of notebook 05."""

import numpy as np
from scipy.stats import binomtest

from nnlib.activations import softmax
from nnlib.exercises import Question
from nnlib.exercises.bugs import wrong_line


def paired_test(right_a, right_b):
    """The two-sided p-value of the exact sign test on the entries where exactly one is True; 1 if there is none."""
    only_a, only_b = int(np.sum(right_a & ~right_b)), int(np.sum(right_b & ~right_a))
    return binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0


def two_nets(rng):
    """Where two nets are right on the same pictures, few or many; every fourth time they never disagree."""
    n = rng.integers(4, 41)
    right_a = rng.random(n) < 0.7
    share = rng.choice([0, 0.2, 0.5, 0.9])  # of the pictures that b may answer otherwise
    return right_a, np.where(rng.random(n) < share, rng.random(n) < rng.random(), right_a)


def run_seeds(X, y, X_val, y_val, hidden, learning_rate, steps, seeds):
    """For each seed: W1 at the start, W1 after full-batch training, and which validation rows are then read right.

    One hidden layer of leaky ReLU with the slope 0.1, no biases, the start weights of (5.5)."""
    n_in, K, runs = X.shape[1], y.max() + 1, []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        W1 = rng.normal(0, np.sqrt(2 / (1.01 * n_in)), (n_in, hidden))
        W2 = rng.normal(0, np.sqrt(1 / hidden), (hidden, K))
        start = W1.copy()
        for _ in range(steps):
            Z1 = X @ W1
            A1 = np.where(Z1 > 0, Z1, 0.1 * Z1)
            dZ2 = (softmax(A1 @ W2) - np.eye(K)[y]) / len(X)
            dZ1 = (dZ2 @ W2.T) * np.where(Z1 > 0, 1, 0.1)
            W1 -= learning_rate * X.T @ dZ1
            W2 -= learning_rate * A1.T @ dZ2
        Z1 = X_val @ W1
        said = (np.where(Z1 > 0, Z1, 0.1 * Z1) @ W2).argmax(axis=1)
        runs.append((start, W1, said == y_val))
    return runs


PLANTED_IN = run_seeds
BUGS = [  # a right line, and what stands in its place
    ("rng = np.random.default_rng(seed)", "rng = np.random.default_rng(0)"),
    (
        "W1 = rng.normal(0, np.sqrt(2 / (1.01 * n_in)), (n_in, hidden))",
        "W1 = rng.normal(0, 2 / (1.01 * n_in), (n_in, hidden))",
    ),
    (
        "W1 = rng.normal(0, np.sqrt(2 / (1.01 * n_in)), (n_in, hidden))",
        "W1 = rng.normal(0, np.sqrt(2 / (1.01 * hidden)), (n_in, hidden))",
    ),
    (
        "W1 = rng.normal(0, np.sqrt(2 / (1.01 * n_in)), (n_in, hidden))",
        "W1 = rng.random((n_in, hidden)) * np.sqrt(2 / (1.01 * n_in))",
    ),
    ("W2 = rng.normal(0, np.sqrt(1 / hidden), (hidden, K))", "W2 = np.zeros((hidden, K))"),
    ("start = W1.copy()", "start = W1"),
    ("A1 = np.where(Z1 > 0, Z1, 0.1 * Z1)", "A1 = np.where(Z1 > 0, Z1, -0.1 * Z1)"),
    ("dZ1 = (dZ2 @ W2.T) * np.where(Z1 > 0, 1, 0.1)", "dZ1 = (dZ2 @ W2.T) * np.where(Z1 > 0, 1, 0.1 * Z1)"),
    ("dZ1 = (dZ2 @ W2.T) * np.where(Z1 > 0, 1, 0.1)", "dZ1 = (dZ2 @ W2.T) * (Z1 > 0)"),
    ("said = (np.where(Z1 > 0, Z1, 0.1 * Z1) @ W2).argmax(axis=1)", "said = (Z1 @ W2).argmax(axis=1)"),
]


def a_study(rng):
    """Few training rows, and many validation rows, so that another prediction shows."""
    n, K = rng.integers(3, 6), 3
    X, y = rng.normal(size=(12, n)), np.arange(12) % K
    return X, y, rng.normal(size=(200, n)), rng.integers(0, K, 200), n + 3, 0.5, 5, [1, 2]


QUESTIONS = {
    "05.1 w_sigmoid": Question(4, hint="The factor per layer is w f'(0). What is f'(0)?"),
    "05.1 w_tanh": Question(1, hint="tanh'(0) = 1 - tanh(0)**2."),
    "05.2 largest_bias": Question(
        -1.0,
        hint="Which picture gives this unit its largest z? z must not exceed 0 even there.",
    ),
    "05.3 images_bars": Question(
        0.94 * 0.06 * (1.96 / 0.002) ** 2,
        tolerance=0.01,
        hint="Solve (5.8) for n, with p = 0.94 and 0.002 on the right.",
    ),
    "05.3 images_paired": Question(
        0.04 * (1.96 / 0.004) ** 2,
        tolerance=0.005,
        hint="Set (5.9) equal to the whole difference, and solve it for n.",
    ),
    "05.4 paired_test": Question(
        paired_test,
        inputs=two_nets,
        hint="Only pictures on which exactly one net is right are tosses of the coin. Are heads those of a alone, and "
        "tosses those of a alone and of b alone?",
        more="binomtest wants at least one toss, and it is two-sided unless told otherwise; .pvalue is the number.",
    ),
    "05.5 line": Question(
        wrong_line("05"),
        hint="Look at the start weights first, with many inputs and units: mean, variance, another seed. Then a single "
        "step: (start - W1) / rate against numbers. Then the answers, against an activation of your own.",
        more="For the numbers you need the start's W2 as well: the same generator draws it after W1.",
    ),
    "05.5 mended": Question(
        run_seeds,
        inputs=a_study,
        hint="Part r is run r: the start weights, the trained ones, and right or wrong on the validation rows.",
    ),
}

"""The questions of notebook 01."""

import numpy as np

from nnlib.exercises import Question

COPIED = np.random.default_rng(0).integers(0, 300, 40)  # the rows that exercise 4 leaks


def leaks(X_train, X_val):
    """The numbers of the rows of X_val that are also rows of X_train."""
    return np.flatnonzero((X_val[:, None] == X_train).all(axis=2).any(axis=1))


def rows_with_leaks(rng):
    """Two small arrays, some rows of the second from the first: as they are, twice, nearly so, and in another order."""
    n_train, n_val, n_pixels = rng.integers(6, 12), rng.integers(8, 12), rng.integers(4, 7)
    X_train, X_val = (np.round(rng.random((n, n_pixels)), 2).astype(np.float32) for n in (n_train, n_val))
    places = rng.permutation(n_val)
    copies = rng.integers(0, min(n_train, n_val - 3))  # 0: there is no leak
    X_val[places[:copies]] = X_train[rng.integers(0, n_train, copies)]
    near, other, twice = places[-3:]
    X_val[near] = X_train[0]
    X_val[near, 0] += np.float32(1 / 256)
    X_val[other] = np.roll(X_train[1], 1)  # the same numbers, and another picture
    X_val[twice] = X_val[near]  # a row that is twice in X_val, and not in X_train
    return X_train, X_val


QUESTIONS = {
    "01.1 place": Question(
        (15, 21),
        hint="(1.1): number = 28 · row + column, and a column is between 0 and 27.",
        more="How often does 28 go into it, and what is left over?",
    ),
    "01.2 scaled_val": Question(
        np.array([[0, 0.25, 0.5], [0.1, 0.4, 0]]),
        hint="The rule comes from the training rows: a grey of 100 must mean the same in both parts.",
        more="Divide both parts by the largest value among the training rows.",
    ),
    "01.3 always_no": Question(
        54579 / 60000,
        tolerance=1e-3,
        hint="It is right for every picture that is not a 5.",
        more="Everything but mnist[5], of mnist.sum().",
    ),
    "01.4 leaks": Question(
        leaks,
        inputs=rows_with_leaks,
        hint="Put the training rows into a set, then ask for each validation row whether it is in there.",
        more="Return the numbers that `enumerate(X_val)` gives, not the rows, their count, or True and False.",
    ),
    "01.4 n_leaked": Question(
        len(np.unique(COPIED)),
        hint="How many row numbers does leaks(suspect_train, suspect_val) return?",
        more="Count rows of `suspect_val`, not slips: one row may have slipped twice.",
    ),
}

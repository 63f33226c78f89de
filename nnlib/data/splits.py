"""Split rows by class, the same way every time: row for row as scikit-learn does with random_state=0."""

import numpy as np

SEED = 0


def split(y, share, what, class_names=None):
    """
    Split the row numbers of y (m,) by class: (kept, held), with `share` of the rows held. Both in random order.

    The rows are those of scikit-learn's train_test_split(stratify=y, random_state=0), whose import would take longer
    than loading a small data set. Raises ValueError, naming `what` and the smallest class by its name, if a class
    cannot be on both sides.
    """
    held = round(share * len(y))
    if share == 0:
        return np.arange(len(y)), np.arange(0)
    present, counts = np.unique(y, return_counts=True)
    if counts.min() < 2 or min(held, len(y) - held) < len(present):
        smallest = present[counts.argmin()] if class_names is None else class_names[present[counts.argmin()]]
        raise ValueError(
            f"{what}: {held} of {len(y)} rows cannot be held back by class, since there are {len(present)} classes "
            f"and class {smallest} has {counts.min()} row(s). Use more rows or another share."
        )
    rng = np.random.RandomState(SEED)  # its numbers never change (NEP 19), those of default_rng may
    n_kept = by_class(counts, len(y) - held, rng)
    n_held = by_class(counts - n_kept, held, rng)
    kept_rows, held_rows = [], []
    for rows, a, b in zip(rows_of_classes(y, counts), n_kept, n_held):
        rows = rng.permutation(rows)
        kept_rows.append(rows[:a])
        held_rows.append(rows[a : a + b])
    return rng.permutation(np.concatenate(kept_rows)), rng.permutation(np.concatenate(held_rows))


def subset(y, n):
    """Return n row numbers of y (m,), each class with its share, in random order: scikit-learn's resample."""
    rng = np.random.RandomState(SEED)
    counts = np.unique(y, return_counts=True)[1]
    taken = by_class(counts, n, rng)
    chosen = [rng.choice(rows, k, replace=False) for rows, k in zip(rows_of_classes(y, counts), taken)]
    return rng.permutation(np.concatenate(chosen))


def rows_of_classes(y, counts):
    return np.split(np.argsort(y, kind="stable"), np.cumsum(counts)[:-1])


def by_class(counts, n, rng):
    """How many of n rows each class gives: its share, rounded down or up by the largest remainder; ties are drawn."""
    exact = counts / counts.sum() * n
    numbers = np.floor(exact)
    remainder = exact - numbers
    for value in np.unique(remainder)[::-1]:
        missing = int(n - numbers.sum())
        if missing == 0:
            break
        tied = np.flatnonzero(remainder == value)
        numbers[rng.choice(tied, min(len(tied), missing), replace=False)] += 1
    return numbers.astype(int)

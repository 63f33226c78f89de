"""Scale pixels to [0, 1], other features to mean 0 and standard deviation 1."""

import numpy as np

BLOCK = 4096  # rows that are scaled at a time, so that no large copy is made


def scale(X_train, X_val, X_test, image_shape, source):
    """
    Scale three arrays (n, features) by one rule, taken from X_train alone; float32.

    Pictures: pixels in 0-1 stay, 8x8 pictures with pixels up to 16 are divided by 16, all others by 255.
    Other tables: (x - mean) / standard deviation, feature by feature. Raises ValueError if the pixels of another array
    are on another scale.
    """
    parts = [(X, np.arange(len(X))) for X in (X_train, X_val, X_test)]
    rule = scaling(*parts[0], parts[1:], image_shape, source)
    return [scaled(*part, *rule) for part in parts]


def scaling(X, rows, others, image_shape, source):
    """What to subtract from X and by what to divide it, taken from its training `rows`; checks the other (X, rows)."""
    if image_shape is None:
        X_train = X[rows]
        mean, deviation = X_train.mean(axis=0), X_train.std(axis=0)
        deviation[deviation == 0] = 1
        return mean, deviation

    def reach(X, rows):
        return X.max(axis=1, initial=0)[rows].max(initial=0)

    def full(brightest):
        return 1 if brightest <= 1 else 16 if image_shape == (8, 8) and brightest <= 16 else 255

    brightest = reach(X, rows)
    for other in others:
        theirs = reach(*other)
        if theirs > 0 and full(theirs) != full(brightest):
            raise ValueError(
                f"{source}: training pixels reach {brightest}, others {theirs}; expected one scale, 0-255 or 0-1."
            )
    return None, np.float32(full(brightest))


def scaled(X, rows, subtract, divide):
    """The `rows` of X less `subtract`, divided; float32, a block at a time, so that X is not copied as float."""
    out = np.empty((len(rows), X.shape[1]), np.float32)
    for start in range(0, len(rows), BLOCK):
        block = X[rows[start : start + BLOCK]]
        block = block if subtract is None else block - subtract
        np.divide(block, divide, out=out[start : start + BLOCK], dtype=np.float32 if subtract is None else None,
                  casting="same_kind")  # fmt: skip
    return out

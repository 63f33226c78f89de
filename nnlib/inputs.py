"""From users' arrays to X and Y: checked once, before the layers, which check nothing."""

import numpy as np
from numpy.typing import ArrayLike


def check_X(net, X: ArrayLike) -> np.ndarray:
    """X as rows (m, n_in), contiguous, of the network's dtype; pictures are flattened.

    Whole numbers of one byte stay as they are, a quarter of the size: the network takes them batch by batch. Raises
    ValueError for another shape, NaN or infinity.
    """
    given, shape = numbers("X", X), net.shapes[0]
    n_in = net.sizes[0]
    if given.ndim > 2 and given.shape[1:] in (shape, shape[1:] if shape[0] == 1 else shape):
        given = given.reshape(-1, n_in)
    if given.ndim != 2 or given.shape[1] != n_in:
        hint = " (one sample is a row: X[None, :]; images: X.reshape(len(X), -1))" if given.ndim != 2 else ""
        if len(shape) > 1:  # flattened blindly, channels last would be read as pixels
            hint = f" or (samples, {', '.join(map(str, shape))}); where channels stand last: X.transpose(0, 3, 1, 2)"
        raise ValueError(f"X has shape {given.shape}, the network expects (samples, {n_in}){hint}")
    if len(given) == 0:
        raise ValueError("X has no rows; give at least one")
    dtype = given.dtype if given.dtype.kind in "bui" and given.itemsize == 1 else net.dtype
    with np.errstate(over="ignore"):  # what is too large for float32 is found below
        # In rows, as C has them: to gather a batch from columns, as pandas has them, takes 5 to 130 times as long.
        X = given.astype(dtype, order="C", copy=False)
    if not (np.isfinite(X.min()) and np.isfinite(X.max())):
        row, column = np.argwhere(~np.isfinite(X))[0]
        raise ValueError(f"X[{row}, {column}] is {given[row, column]}; remove, fill or scale such values first")
    return X


def targets(net, y: ArrayLike) -> np.ndarray:
    """y as Y (m, K) of the network's dtype: classes 0..K-1, (m,), or one-hot rows, (m, K); real for a regression.

    Raises ValueError for a class out of range, a value that is not finite, or another shape.
    """
    y, K = numbers("y", y), net.sizes[-1]
    if not np.isfinite(y).all():
        raise ValueError(f"y[{np.argwhere(~np.isfinite(y))[0][0]}] is not finite; remove or fill such values first")
    if not ((y.ndim == 1 and (K == 1 or net.is_classifier)) or (y.ndim == 2 and y.shape[1] == K)):
        shapes = f"(samples,) or (samples, {K})" if K == 1 or net.is_classifier else f"(samples, {K})"
        raise ValueError(f"y has shape {y.shape}, the network expects {shapes}")
    if not net.is_classifier:
        with np.errstate(over="ignore"):
            Y = y.reshape(-1, K).astype(net.dtype)
        if not np.isfinite(Y).all():
            raise ValueError(f"y holds {np.abs(y).max():.3g}, too large for {net.dtype}; scale the targets")
        return Y
    if y.ndim == 2 and K > 1:
        if not (np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all()):
            raise ValueError("y has one column per class, but not a single 1 in each row: expected one-hot rows")
        return y.astype(net.dtype)
    y = y.ravel()
    wrong = np.flatnonzero((y < 0) | (y >= max(K, 2)) | (y != np.round(y)))
    if len(wrong):
        raise ValueError(f"y[{wrong[0]}] is {y[wrong[0]]}; expected classes 0..{max(K, 2) - 1}")
    if K == 1:
        return y[:, None].astype(net.dtype)
    Y = np.zeros((len(y), K), net.dtype)
    Y[np.arange(len(y)), y.astype(np.int64)] = 1
    return Y


def check_X_y(net, X: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """X and Y, checked, with one target per row."""
    X, Y = check_X(net, X), targets(net, y)
    if len(X) != len(Y):
        raise ValueError(f"X has {len(X)} rows and y has {len(Y)}: give one target per row")
    return X, Y


def finite(values, net):
    """`values`, or a ValueError if they are not: a network's answer of NaN would pass for class 0."""
    if not np.isfinite(values).all():
        raise ValueError(f"the network's answer is too large for {net.dtype}; scale X, or look at net.parameters")
    return values


def numbers(name, values):
    """`values` as an array of numbers, or a ValueError."""
    if isinstance(values, np.ma.MaskedArray):
        raise ValueError(f"{name} is a masked array; fill its gaps first, with {name}.filled(value)")
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"{name} is not a table of numbers: {error}") from error
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} holds values of type {array.dtype}; expected numbers, such as {name}.astype(float)")
    return array


def check_dtype(dtype):
    if dtype is None or np.dtype(dtype) not in (np.float32, np.float64):
        raise ValueError(f"dtype is {dtype and np.dtype(dtype)}; give np.float32 or np.float64")
    return np.dtype(dtype)

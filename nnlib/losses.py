"""Losses: the mean over the m samples of the sum over a sample's K outputs, and its derivative.

`loss(A, Y) -> value, dA` works behind any output activation. For three pairs the derivative at `Z` is far simpler,
`dZ = (A - Y) / m` (Bishop 2006, section 4.3.6), and the value is good even where A has rounded to 0 or 1:

| output   | loss                 | from Z                                                    |
|----------|----------------------|-----------------------------------------------------------|
| softmax  | cross_entropy        | cross_entropy_from_logits                                 |
| sigmoid  | binary_cross_entropy | binary_cross_entropy_from_logits                          |
| identity | mean_squared_error   | mean_squared_error itself, since A = Z                    |

Shapes: A, Z, Y, dA, dZ (m, K); the value is a float.
"""

import numpy as np

TINY = float(np.finfo(np.float32).tiny)  # the smallest normal float32, 1.2e-38; its logarithm is -87


def cross_entropy(A: np.ndarray, Y: np.ndarray) -> tuple[float, np.ndarray]:
    """`-sum_k Y_k log A_k` (Bishop 2006, eq. 4.108)."""
    log_A, slope = _log(A)
    return _mean(-Y * log_A, Y), -Y * slope / len(Y)


def binary_cross_entropy(A: np.ndarray, Y: np.ndarray) -> tuple[float, np.ndarray]:
    """`-sum_k [Y_k log A_k + (1 - Y_k) log(1 - A_k)]` (Bishop 2006, eq. 4.90)."""
    log_A, slope = _log(A)
    log_rest, slope_rest = _log(1 - A)
    return _mean(-Y * log_A - (1 - Y) * log_rest, Y), ((1 - Y) * slope_rest - Y * slope) / len(Y)


def mean_squared_error(A: np.ndarray, Y: np.ndarray) -> tuple[float, np.ndarray]:
    """`1/2 sum_k (A_k - Y_k)^2`: K/2 times scikit-learn's mean over all entries."""
    difference = A - Y
    return _mean(difference * difference, Y) / 2, difference / len(Y)


def cross_entropy_from_logits(Z: np.ndarray, Y: np.ndarray) -> tuple[float, np.ndarray]:
    """cross_entropy of softmax(Z), for rows of Y that sum to 1. Returns value and dZ."""
    # -log softmax(Z) = log sum exp Z - Z. The row's maximum cancels; without it exp cannot overflow.
    Z = Z - Z.max(axis=1, keepdims=True)
    E = np.exp(Z)
    total = E.sum(axis=1, keepdims=True)
    return _mean(Y * (np.log(total) - Z), Y), (E / total - Y) / len(Y)


def binary_cross_entropy_from_logits(Z: np.ndarray, Y: np.ndarray) -> tuple[float, np.ndarray]:
    """binary_cross_entropy of sigmoid(Z). Returns value and dZ."""
    # logaddexp(0, -Z) = log(1 + exp(-Z)) = -log sigmoid(Z), without overflow.
    minus_log_A = np.logaddexp(0, -Z)
    return _mean(Y * minus_log_A + (1 - Y) * np.logaddexp(0, Z), Y), (np.exp(-minus_log_A) - Y) / len(Y)


def _mean(terms, Y):
    """Mean over samples of the sum over outputs. (m, 1) beside (m,) would make a table (m, m) of them."""
    if terms.shape != np.shape(Y):
        raise ValueError(f"outputs and targets Y {np.shape(Y)} have different shapes; expected (m, K) both")
    return float(terms.sum()) / len(terms)


def _log(P):
    """log P and its slope 1 / P; constant below TINY, with slope 0, so that a P that rounded to 0 gives no -inf."""
    held = np.maximum(P, TINY)
    return np.log(held), (P > TINY) / held


LOSSES = {
    "cross_entropy": cross_entropy,
    "binary_cross_entropy": binary_cross_entropy,
    "mean_squared_error": mean_squared_error,
}

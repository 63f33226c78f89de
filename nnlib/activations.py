"""Activation functions and their derivatives.

Every function maps `Z` (any shape, one sample per row) to `A` of the same shape and dtype. Its twin
`..._backward(dA, A) -> dZ` carries a derivative of the loss from `A` back to `Z`. All of them can be written in `A`
alone, so a layer keeps one array; `relu_backward(1, A)` is the derivative itself, the curve to draw.

All are finite, without overflow warnings, for |Z| up to 1e4 in float32.
"""

import numpy as np


def identity(Z: np.ndarray) -> np.ndarray:
    """`A = Z`: no activation, as in the output of a regression."""
    return Z


def identity_backward(dA: float | np.ndarray, A: np.ndarray) -> np.ndarray:
    return np.broadcast_to(dA, np.shape(A))


def relu(Z: np.ndarray) -> np.ndarray:
    """`A = max(Z, 0)` (Nair & Hinton 2010)."""
    return np.maximum(Z, 0)


def relu_backward(dA: float | np.ndarray, A: np.ndarray) -> np.ndarray:
    # At Z = 0 the derivative is 0 by convention. `A >= 0` would be true everywhere: A is already rectified.
    return dA * (A > 0)


def leaky_relu(Z: np.ndarray, slope: float = 0.01) -> np.ndarray:
    """`A = Z` where Z > 0, else `slope * Z`, for 0 < slope < 1 (Maas, Hannun & Ng 2013)."""
    return np.maximum(Z, slope * Z)


def leaky_relu_backward(dA: float | np.ndarray, A: np.ndarray, slope: float = 0.01) -> np.ndarray:
    return np.where(A > 0, dA, slope * dA)


def elu(Z: np.ndarray, alpha: float = 1.0) -> np.ndarray:
    """`A = Z` where Z > 0, else `alpha * (exp(Z) - 1)`, for alpha > 0 (Clevert, Unterthiner & Hochreiter 2016)."""
    return np.maximum(Z, 0) + alpha * np.expm1(np.minimum(Z, 0))


def elu_backward(dA: float | np.ndarray, A: np.ndarray, alpha: float = 1.0) -> np.ndarray:
    # For Z < 0 the derivative alpha * exp(Z) equals A + alpha.
    return dA * np.where(A > 0, 1, A + alpha)


def sigmoid(Z: np.ndarray) -> np.ndarray:
    """`A = 1 / (1 + exp(-Z))`, the logistic function."""
    # exp of -|Z| cannot overflow; the two signs of Z take the two equal forms of the fraction.
    E = np.exp(-np.abs(Z))
    return np.where(Z >= 0, 1, E) / (1 + E)


def sigmoid_backward(dA: float | np.ndarray, A: np.ndarray) -> np.ndarray:
    return dA * A * (1 - A)


def tanh(Z: np.ndarray) -> np.ndarray:
    """`A = tanh(Z)`, the hyperbolic tangent."""
    return np.tanh(Z)


def tanh_backward(dA: float | np.ndarray, A: np.ndarray) -> np.ndarray:
    return dA * (1 - A * A)


def softmax(Z: np.ndarray) -> np.ndarray:
    """`A = exp(Z) / sum(exp(Z))` over each row of Z (m, K): K probabilities a row.

    Taking the row's maximum away first changes nothing (it cancels in the fraction) and keeps exp from overflowing
    (Goodfellow, Bengio & Courville 2016, section 4.1).
    """
    E = np.exp(Z - Z.max(axis=-1, keepdims=True))
    return E / E.sum(axis=-1, keepdims=True)


def softmax_backward(dA: float | np.ndarray, A: np.ndarray) -> np.ndarray:
    # The product of dA with the whole Jacobian, dA_k / dZ_j = A_k (1[j = k] - A_j), without building it.
    dA_A = dA * A
    return dA_A - A * dA_A.sum(axis=-1, keepdims=True)


FUNCTIONS = {
    "identity": (identity, identity_backward),
    "relu": (relu, relu_backward),
    "leaky_relu": (leaky_relu, leaky_relu_backward),
    "elu": (elu, elu_backward),
    "sigmoid": (sigmoid, sigmoid_backward),
    "tanh": (tanh, tanh_backward),
    "softmax": (softmax, softmax_backward),
}

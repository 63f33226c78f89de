"""Layers for pictures, (m, channels, height, width)."""

import functools
import math

import numpy as np

from nnlib.layers import Layer, in_words, whole


class Conv2D(Layer):
    """Slide `channels_out` kernels over pictures with `channels_in` channels, in steps of one pixel.

    Z[f] at a place is the sum of W[f] times the patch of X there, plus b[f]: a cross-correlation, as everywhere in the
    field (Goodfellow, Bengio & Courville 2016, eq. 9.6). X is (m, channels_in, h, w), W (channels_out, channels_in,
    size, size), b (channels_out,) and Z (m, channels_out, h + 2 padding - size + 1, the same with w); `padding` is the
    width of a frame of zeros. `size // 2` keeps the size of the picture, for an odd `size`.
    """

    decayed, kept = ("W",), ("patches", "shape")

    def __init__(self, channels_in: int, channels_out: int, size: int, padding: int = 0) -> None:
        self.channels_in, self.channels_out = whole("channels_in", channels_in), whole("channels_out", channels_out)
        self.size, self.padding = whole("size", size), whole("padding", padding, least=0)
        super().__init__(W=(self.channels_out, self.channels_in, self.size, self.size), b=(self.channels_out,))

    def start(self, rng: np.random.Generator, initializer) -> None:
        # As many inputs meet in a value, and as many values take a pixel, as these two say. A kernel is a column.
        W, b = initializer(rng, self.channels_in * self.size**2, self.channels_out * self.size**2)
        self.W, self.b = W[:, : self.channels_out].T.reshape(self.W.shape), b[: self.channels_out]

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if len(shape) != 3 or shape[0] != self.channels_in:
            raise ValueError(f"takes pictures of {self.channels_in} channel(s), and gets {in_words(shape)}")
        sides = [n + 2 * self.padding - self.size + 1 for n in shape[1:]]
        if min(sides) < 1:
            raise ValueError(f"has kernels larger than the picture, which is {in_words(shape)}")
        return (self.channels_out, *sides)

    def forward(self, X: np.ndarray, training: bool = False) -> np.ndarray:
        p, s, m = self.padding, self.size, len(X)
        X = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p))) if p else X
        windows = np.lib.stride_tricks.sliding_window_view(X, (s, s), axis=(2, 3))  # (m, channels_in, h, w, s, s)
        h, w = windows.shape[2:4]
        # A column for each place, which holds its patch: so the sums over patches are one product of matrices.
        patches = windows.transpose(0, 1, 4, 5, 2, 3).reshape(m, -1, h * w)
        self.patches, self.shape = (patches, X.shape) if training else (None, None)
        Z = self.W.reshape(self.channels_out, -1) @ patches
        Z += self.b[:, None]
        return Z.reshape(m, self.channels_out, h, w)

    def backward(self, dZ: np.ndarray, need_dX: bool = True) -> np.ndarray | None:
        """From dZ, in Z's shape, fill dW and db; return dX, in X's shape, or None when nobody needs it."""
        m, channels, h, w = dZ.shape
        dZ = dZ.reshape(m, channels, h * w)
        # Over samples and places: every kernel was used at each of them.
        self.dW = np.matmul(dZ, self.patches.transpose(0, 2, 1)).sum(axis=0).reshape(self.W.shape)
        np.sum(dZ, axis=(0, 2), out=self.db)
        if not need_dX:
            return None
        # Weight (i, j) of a kernel met the pixel i below and j right of each place: dX collects what it sends back.
        dX = np.zeros(self.shape, dZ.dtype)
        for i, j in np.ndindex(self.size, self.size):
            dX[:, :, i : i + h, j : j + w] += (self.W[:, :, i, j].T @ dZ).reshape(m, -1, h, w)
        p = self.padding
        return dX[:, :, p:-p, p:-p] if p else dX


class MaxPool2D(Layer):
    """The largest value of each square of size x size pixels: (m, channels, h, w) to (m, channels, h // size, w //
    size). Rows and columns that fill no square are left out. Of equal values the first has the gradient.
    """

    kept = ("X", "A")

    def __init__(self, size: int) -> None:
        self.size = whole("size", size)
        super().__init__()

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if len(shape) != 3 or min(shape[1:]) < self.size:
            raise ValueError(f"takes pictures of {self.size}x{self.size} or more, and gets {in_words(shape)}")
        return (shape[0], shape[1] // self.size, shape[2] // self.size)

    def _places(self, X):
        """X seen `size * size` times: at the first place of every square, at the second, and so on."""
        h, w = (n // self.size * self.size for n in X.shape[2:])
        return [X[:, :, i : h : self.size, j : w : self.size] for i, j in np.ndindex(self.size, self.size)]

    def forward(self, X: np.ndarray, training: bool = False) -> np.ndarray:
        A = functools.reduce(np.maximum, self._places(X))
        self.X, self.A = (X, A) if training else (None, None)
        return A

    def backward(self, dA: np.ndarray, need_dX: bool = True) -> np.ndarray | None:
        """dX from dA, each in the shape of its twin."""
        dX = np.zeros(self.X.shape, dA.dtype)
        free = np.ones(dA.shape, bool)  # squares whose largest value was not met yet
        for x, dx in zip(self._places(self.X), self._places(dX), strict=True):
            largest = free & (x == self.A)
            dx[...] = dA * largest
            free ^= largest
        return dX

    def sides(self) -> np.ndarray | None:
        return np.argmax([x == self.A for x in self._places(self.X)], axis=0)


class Flatten(Layer):
    """From pictures (m, channels, h, w) to rows (m, channels * h * w)."""

    kept = ("shape",)

    def __init__(self) -> None:
        super().__init__()

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return (math.prod(shape),)

    def forward(self, X: np.ndarray, training: bool = False) -> np.ndarray:
        self.shape = X.shape if training else None
        return X.reshape(len(X), -1)

    def backward(self, dA: np.ndarray, need_dX: bool = True) -> np.ndarray | None:
        """dX (m, channels, h, w) from dA (m, channels * h * w)."""
        return dA.reshape(self.shape)

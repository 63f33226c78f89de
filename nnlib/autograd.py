"""Reverse-mode automatic differentiation: arrays that remember how they were made. Notebook 10 derives each rule.

Source: S. Linnainmaa (1970); A. Baydin, B. Pearlmutter, A. Radul and J. Siskind (2018), "Automatic differentiation in
machine learning: a survey", section 3.2.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike


class Tensor:
    """An array `data`, and `grad`, the derivative by it of the result whose `backward` was called, same shape.

    `parents` are the Tensors that it was computed from, and `rule` turns the derivative by this Tensor into one by each
    parent. Numbers and arrays in an expression become Tensors. Operands broadcast as NumPy's do.
    """

    def __init__(self, data: ArrayLike, parents: Sequence["Tensor"] = (), rule: Callable | None = None) -> None:
        self.data = np.asarray(data, dtype=float)
        self.grad = np.zeros_like(self.data)
        self.parents, self.rule = parents, rule

    def __add__(self, other: "Tensor | ArrayLike") -> "Tensor":
        other = as_tensor(other)
        return Tensor(self.data + other.data, (self, other), lambda d: (d, d))

    def __mul__(self, other: "Tensor | ArrayLike") -> "Tensor":
        other = as_tensor(other)
        return Tensor(self.data * other.data, (self, other), lambda d: (d * other.data, d * self.data))

    def __truediv__(self, other: "Tensor | ArrayLike") -> "Tensor":
        other = as_tensor(other)
        quotient = self.data / other.data
        return Tensor(quotient, (self, other), lambda d: (d / other.data, -d * quotient / other.data))

    def __matmul__(self, other: "Tensor | ArrayLike") -> "Tensor":
        """Of matrices: (m, n) @ (n, k)."""
        other = as_tensor(other)
        return Tensor(self.data @ other.data, (self, other), lambda d: (d @ other.data.T, self.data.T @ d))

    def __pow__(self, n: float) -> "Tensor":
        return Tensor(self.data**n, (self,), lambda d: (d * n * self.data ** (n - 1),))

    def __neg__(self) -> "Tensor":
        return Tensor(-self.data, (self,), lambda d: (-d,))

    def __sub__(self, other: "Tensor | ArrayLike") -> "Tensor":
        return self + -as_tensor(other)

    def __rsub__(self, other: "Tensor | ArrayLike") -> "Tensor":
        return as_tensor(other) - self

    def __rtruediv__(self, other: "Tensor | ArrayLike") -> "Tensor":
        return as_tensor(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def exp(self) -> "Tensor":
        values = np.exp(self.data)
        return Tensor(values, (self,), lambda d: (d * values,))

    def log(self) -> "Tensor":
        return Tensor(np.log(self.data), (self,), lambda d: (d / self.data,))

    def tanh(self) -> "Tensor":
        values = np.tanh(self.data)
        return Tensor(values, (self,), lambda d: (d * (1 - values**2),))

    def relu(self) -> "Tensor":
        return Tensor(np.maximum(self.data, 0), (self,), lambda d: (d * (self.data > 0),))

    def sum(self, axis: int | None = None) -> "Tensor":
        """Over one axis, which stays as one of length 1, or over all."""
        values = self.data.sum(axis=axis, keepdims=axis is not None)
        return Tensor(values, (self,), lambda d: (np.broadcast_to(d, self.data.shape),))

    def backward(self) -> None:
        """Add the derivative of this number by each Tensor that it was made from to that Tensor's `grad`.

        What this was computed through begins at 0, what the expression begins with does not: there the derivatives of
        several calls add up, until `grad` is set to 0. Raises ValueError if this is no single number.
        """
        if self.data.size != 1:
            raise ValueError(f"backward() starts at one number, such as a loss; this Tensor has shape {self.shape}")
        order = history(self)
        for node in order:
            if node.parents:
                node.grad = np.zeros_like(node.data)
        self.grad = np.ones_like(self.data)
        for node in reversed(order):
            if node.parents:
                for parent, derivative in zip(node.parents, node.rule(node.grad)):
                    parent.grad += unbroadcast(derivative, parent.data.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    def __repr__(self):
        return f"Tensor({self.data}, grad={self.grad})"


def as_tensor(value: Tensor | ArrayLike) -> Tensor:
    return value if isinstance(value, Tensor) else Tensor(value)


def history(end: Tensor) -> list[Tensor]:
    """Every Tensor that `end` was made from and `end` itself, each after its parents: a list."""
    order, seen, ahead = [], set(), [(end, False)]
    while ahead:
        node, parents_done = ahead.pop()
        if parents_done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            ahead += [(node, True), *((parent, False) for parent in reversed(node.parents))]
    return order


def unbroadcast(derivative: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The derivative by an array of `shape` that was broadcast to the derivative's shape: summed over its copies."""
    derivative = derivative.sum(axis=tuple(range(derivative.ndim - len(shape))))
    stretched = tuple(axis for axis, n in enumerate(shape) if n == 1 != derivative.shape[axis])
    return derivative.sum(axis=stretched, keepdims=True)

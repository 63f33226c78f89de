"""Layers: what a network is a list of.

A layer has `forward(X, training=False)`, `backward(dA, need_dX=True)` and its arrays. `forward` with `training=True`
keeps the one array that `backward` needs; without it nothing is kept, so predicting costs no memory.
"""

import inspect

import numpy as np

from nnlib.activations import FUNCTIONS

RANGES = {"slope": 1, "alpha": np.inf}  # an option lies between 0 and this; beyond, A would not tell the side of Z


class Dense:
    """`Z = X @ W + b`, with X (m, n_in), W (n_in, n_out), b (n_out,) and Z (m, n_out).

    `parameters` holds W and b end to end, `gradient` holds dW and db; all four are views into these two vectors, which
    are themselves pieces of the network's (see `Network`).
    """

    def __init__(self, n_in, n_out):
        self.n_in, self.n_out = n_in, n_out
        self.size = n_in * n_out + n_out  # number of parameters
        self.lay_out(np.zeros(self.size), np.zeros(self.size))

    def lay_out(self, parameters, gradient):
        """Keep these vectors, both (size,), and look at them as W, b and dW, db."""
        self.parameters, self.gradient = parameters, gradient
        self._W, self._b = self._views(parameters)
        self.dW, self.db = self._views(gradient)

    def _views(self, vector):
        weights = self.n_in * self.n_out
        return vector[:weights].reshape(self.n_in, self.n_out), vector[weights:]

    @property
    def W(self):
        """The weights (n_in, n_out). Setting them writes into the parameters; they stay a view."""
        return self._W

    @W.setter
    def W(self, W):
        self._W[...] = W

    @property
    def b(self):
        """The biases (n_out,). Setting them writes into the parameters; they stay a view."""
        return self._b

    @b.setter
    def b(self, b):
        self._b[...] = b

    def forward(self, X, training=False):
        self.X = X if training else None
        Z = X @ self._W
        Z += self._b
        return Z

    def backward(self, dZ, need_dX=True):
        """From dZ (m, n_out) fill dW and db; return dX (m, n_in), or None when nobody needs it (the first layer)."""
        np.matmul(self.X.T, dZ, out=self.dW)
        np.sum(dZ, axis=0, out=self.db)  # a sum, since b was added to every row
        return dZ @ self._W.T if need_dX else None

    def __repr__(self):
        return f"Dense({self.n_in}, {self.n_out})"


class Activation:
    """`A = f(Z)`, elementwise (softmax: by rows). Options go to f: `Activation("leaky_relu", slope=0.1)`.

    Raises ValueError for a name that is not in `activations.FUNCTIONS`.
    """

    size = 0  # it has no parameters

    def __init__(self, name, **options):
        self.name, self.options = name, options
        self.function, self.backward_function = look_up("activation", name, FUNCTIONS)
        known = list(inspect.signature(self.function).parameters)[1:]
        for option, value in options.items():
            if option not in known or not 0 <= value <= RANGES[option]:
                allowed = ", ".join(f"{k} from 0 to {RANGES[k]}" for k in known) or "no options"
                raise ValueError(f"{name} with {option}={value}; {name} takes {allowed}")

    def lay_out(self, parameters, gradient):
        self.parameters, self.gradient = parameters, gradient

    def forward(self, Z, training=False):
        A = self.function(Z, **self.options)
        self.A = A if training else None
        return A

    def backward(self, dA, need_dX=True):
        """dZ from dA, both (m, n)."""
        return self.backward_function(dA, self.A, **self.options)

    def __repr__(self):
        return f"Activation({', '.join([repr(self.name), *(f'{k}={v}' for k, v in self.options.items())])})"


def look_up(kind, name, known):
    """`known[name]`, or a ValueError that lists the names there are."""
    if not isinstance(name, str) or name not in known:
        raise ValueError(f"unknown {kind} {name!r}; known: {', '.join(known)}")
    return known[name]

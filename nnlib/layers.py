"""Layers: what a network is a list of.

A layer has `forward(X, training=False)` and `backward(dA, need_dX=True)`. `forward` with `training=True` keeps what
`backward` needs; without it nothing is kept, so predicting costs no memory. X is (m, n), one sample per row; pictures
on their way through the layers of `convolution` are (m, channels, height, width).
"""

import copy
import inspect
import json
import math
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from nnlib.activations import FUNCTIONS
from nnlib.threads import matmul

RANGES = {"slope": 1, "alpha": 1e6}  # an option lies between 0 and this; beyond, A does not tell Z's side, or exp(Z)
KINKED = ("relu", "leaky_relu", "elu")  # the function or its slope has a kink at Z = 0


class Layer:
    """What all layers share. A layer without parameters gives no shapes.

    `shapes` names the parameter arrays: {"W": (n_in, n_out), "b": (n_out,)} for Dense. They and their derivatives (W
    and dW, b and db) are views into two vectors, pieces of the network's (see `Network`); setting them writes there.
    """

    decayed: tuple[str, ...] = ()  # the parameter arrays that weight decay pulls towards 0
    kept: tuple[str, ...] = ()  # what forward keeps for backward
    trainable = True  # False freezes the layer: training leaves its parameters, and batch norm's means, as they are
    views: frozenset[str] = frozenset()  # the names of the parameter arrays and their derivatives

    def __init__(self, **shapes: tuple[int, ...]) -> None:
        self.shapes, self.views = shapes, frozenset([*shapes, *(f"d{name}" for name in shapes)])
        self.n_parameters = sum(map(math.prod, shapes.values()))
        self.lay_out(np.zeros(self.n_parameters), np.zeros(self.n_parameters))

    def lay_out(self, parameters: np.ndarray, gradient: np.ndarray) -> None:
        """Look at these two vectors, both (n_parameters,), as the parameter arrays and their derivatives."""
        start = 0
        for name, shape in self.shapes.items():
            end = start + math.prod(shape)
            self.__dict__[name] = parameters[start:end].reshape(shape)
            self.__dict__["d" + name] = gradient[start:end].reshape(shape)
            start = end

    def __setattr__(self, name, value):
        if name not in self.views:
            super().__setattr__(name, value)
        elif value is not self.__dict__[name]:  # `layer.W -= step` has already written
            write(self.__dict__[name], value)

    if TYPE_CHECKING:  # lay_out makes them: W, dW, b, db, gamma and so on

        def __getattr__(self, name: str) -> Any: ...

    def start(self, rng: np.random.Generator, initializer) -> None:
        """Fill the parameters as they are before training."""

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of one sample behind this layer, from its shape before. Raises ValueError if that does not fit."""
        return shape

    def state(self) -> dict[str, np.ndarray]:
        """What is neither parameter nor argument: a dict of arrays, copies. `restore` takes it back."""
        return {}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Take back what `state` returned."""

    def sides(self) -> np.ndarray | None:
        """On which side of each kink the last forward pass was, as an array; None for a layer without kinks."""
        return None

    def config(self) -> dict:
        """The arguments that make this layer again."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def bare(self) -> Self:
        """A copy without parameters and without what `forward` kept: a network lays its own vectors out in it."""
        left_out = self.views.union(self.kept)
        twin = object.__new__(type(self))
        twin.__dict__.update(copy.deepcopy({k: v for k, v in self.__dict__.items() if k not in left_out}))
        return twin

    def __repr__(self):
        words = [
            repr(getattr(self, name)) if argument.default is argument.empty else f"{name}={getattr(self, name)}"
            for name, argument in inspect.signature(type(self)).parameters.items()
            if getattr(self, name) != argument.default
        ]
        return f"{type(self).__name__}({', '.join(words)})"


class Dense(Layer):
    """`Z = X @ W + b`, with X (m, n_in), W (n_in, n_out), b (n_out,) and Z (m, n_out)."""

    decayed, kept = ("W",), ("X",)

    def __init__(self, n_in: int, n_out: int) -> None:
        self.n_in, self.n_out = whole("n_in", n_in), whole("n_out", n_out)
        super().__init__(W=(self.n_in, self.n_out), b=(self.n_out,))

    def start(self, rng: np.random.Generator, initializer) -> None:
        self.W, self.b = initializer(rng, self.n_in, self.n_out)

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if shape != (self.n_in,):
            hint = "; put Flatten() before it" if shape[1:] else ""
            raise ValueError(f"takes rows of {self.n_in} values, and gets {in_words(shape)}{hint}")
        return (self.n_out,)

    def forward(self, X: np.ndarray, training: bool = False) -> np.ndarray:
        self.X = X if training else None
        Z = matmul(X, self.W)
        Z += self.b
        return Z

    def backward(self, dZ: np.ndarray, need_dX: bool = True) -> np.ndarray | None:
        """From dZ (m, n_out) fill dW and db; return dX (m, n_in), or None when nobody needs it (the first layer)."""
        matmul(self.X.T, dZ, out=self.dW)
        np.sum(dZ, axis=0, out=self.db)  # a sum, since b was added to every row
        return matmul(dZ, self.W.T) if need_dX else None


class Activation(Layer):
    """`A = f(Z)`, elementwise (softmax: by rows). Options go to f: `Activation("leaky_relu", slope=0.1)`.

    Raises ValueError for a name that is not in `activations.FUNCTIONS` and for an option out of its range.
    """

    kept = ("A",)

    def __init__(self, name: str, **options: float) -> None:
        self.function, self.backward_function = look_up("activation", name, FUNCTIONS)
        known = list(inspect.signature(self.function).parameters)[1:]
        for option, value in options.items():
            if option not in known or not isinstance(value, Real) or not 0 <= value <= RANGES[option]:
                allowed = ", ".join(f"{k} from 0 to {RANGES[k]:g}" for k in known) or "no options"
                raise ValueError(f"{name} with {option}={value}; {name} takes {allowed}")
        # A NumPy float64 would make a float32 network compute in float64.
        self.name, self.options = name, {option: float(value) for option, value in options.items()}
        super().__init__()

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if self.name == "softmax" and len(shape) > 1:
            raise ValueError(f"takes rows, and gets {in_words(shape)}")
        return shape

    def forward(self, Z: np.ndarray, training: bool = False) -> np.ndarray:
        A = self.function(Z, **self.options)
        self.A = A if training else None
        return A

    def backward(self, dA: np.ndarray, need_dX: bool = True) -> np.ndarray | None:
        """dZ from dA, both (m, n)."""
        return self.backward_function(dA, self.A, **self.options)

    def sides(self) -> np.ndarray | None:
        return self.A > 0 if self.name in KINKED else None

    def config(self) -> dict:
        return {"name": self.name, **self.options}

    def __repr__(self):
        return f"{type(self).__name__}({', '.join([repr(self.name), *(f'{k}={v}' for k, v in self.options.items())])})"


class Dropout(Layer):
    """While training, each value is set to 0 with probability `rate` and the others are divided by 1 - rate.

    So the mean of a value stays, and a prediction needs no change (Srivastava et al. 2014, in the "inverted" form). The
    layer's own generator draws the masks. Raises ValueError unless 0 <= rate < 1.
    """

    kept = ("mask",)

    def __init__(self, rate: float) -> None:
        if not isinstance(rate, Real) or not 0 <= rate < 1:
            raise ValueError(f"Dropout with rate={rate!r}; expected the share that is dropped, 0 <= rate < 1")
        self.rate, self.rng = float(rate), np.random.default_rng(0)
        super().__init__()

    def start(self, rng: np.random.Generator, initializer) -> None:
        # A child of the network's seed: drawing masks changes no start weights.
        self.rng = np.random.default_rng(rng.bit_generator.seed_seq.spawn(1)[0])

    def forward(self, X: np.ndarray, training: bool = False) -> np.ndarray:
        if not training:
            self.mask = None
            return X
        drawn = self.rng.random(X.shape, dtype=np.float32) >= self.rate
        self.mask = drawn * X.dtype.type(1 / (1 - self.rate))
        return X * self.mask

    def backward(self, dA: np.ndarray, need_dX: bool = True) -> np.ndarray | None:
        """dX from dA, in X's shape."""
        return dA * self.mask

    def state(self) -> dict[str, np.ndarray]:
        return {"rng": np.array(json.dumps(self.rng.bit_generator.state))}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        self.rng.bit_generator.state = json.loads(str(state["rng"]))


class BatchNorm(Layer):
    """Give each of n units (or channels) mean 0 and variance 1 over the batch, then `A = gamma X_hat + beta`.

    X is (m, n) or (m, n, height, width); gamma and beta are (n,). While predicting, the mean and variance of the batch
    give way to running averages of them, so that an answer does not depend on the other rows: after each training batch
    `running = (1 - momentum) running + momentum batch`, with the unbiased variance (Ioffe & Szegedy 2015, algorithms 1
    and 2; momentum as in PyTorch). Frozen, it takes the running averages in training, too, and leaves them as they are
    (as in Keras; PyTorch's goes on until `.eval()`). Raises ValueError for a training batch of one value.
    """

    kept = ("X_hat", "deviation")

    def __init__(self, n: int, momentum: float = 0.1, epsilon: float = 1e-5) -> None:
        self.n = whole("n", n)
        for name, value, end in (("momentum", momentum, 1), ("epsilon", epsilon, np.inf)):
            if not isinstance(value, Real) or not 0 < value <= end or np.isinf(value):
                raise ValueError(f"BatchNorm with {name}={value!r}; expected a number above 0, at most {end}")
        self.momentum, self.epsilon = float(momentum), float(epsilon)
        self.running_mean, self.running_variance = np.zeros(self.n), np.ones(self.n)
        super().__init__(gamma=(self.n,), beta=(self.n,))
        self.gamma = 1

    def start(self, rng: np.random.Generator, initializer) -> None:
        self.gamma, self.running_mean, self.running_variance = 1, np.zeros(self.n), np.ones(self.n)

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if len(shape) not in (1, 3) or shape[0] != self.n:
            raise ValueError(f"takes {self.n} units or channels, and gets {in_words(shape)}")
        return shape

    def _axes(self, X):
        """The axes that a mean is over, and the shape in which it meets X again."""
        return ((0,), (self.n,)) if X.ndim == 2 else ((0, 2, 3), (self.n, 1, 1))

    def forward(self, X: np.ndarray, training: bool = False) -> np.ndarray:
        over, one = self._axes(X)
        mean, variance = self.running_mean.astype(X.dtype), self.running_variance.astype(X.dtype)
        if training and self.trainable:
            m = X.size // self.n
            if m == 1:
                raise ValueError(f"{self} was given a training batch of one row; choose a batch_size that leaves none")
            mean, variance = X.mean(axis=over), X.var(axis=over)
            self.running_mean += self.momentum * (mean - self.running_mean)
            self.running_variance += self.momentum * (variance * (m / (m - 1)) - self.running_variance)
        deviation = np.sqrt(variance + self.epsilon).reshape(one)
        X_hat = (X - mean.reshape(one)) / deviation
        self.X_hat, self.deviation = (X_hat, deviation) if training else (None, None)
        return self.gamma.reshape(one) * X_hat + self.beta.reshape(one)

    def backward(self, dA: np.ndarray, need_dX: bool = True) -> np.ndarray | None:
        """From dA fill dgamma and dbeta; return dX, in the same shape, or None when nobody needs it."""
        over, one = self._axes(dA)
        np.sum(dA * self.X_hat, axis=over, out=self.dgamma)
        np.sum(dA, axis=over, out=self.dbeta)
        if not need_dX:
            return None
        if not self.trainable:  # mean and deviation are constants
            return (self.gamma / self.deviation.ravel()).reshape(one) * dA
        # Each x also moves the batch's mean and deviation: their two terms (Ioffe & Szegedy 2015, section 3).
        m = dA.size // self.n
        return (self.gamma.reshape(one) / self.deviation) * (
            dA - self.dbeta.reshape(one) / m - self.X_hat * (self.dgamma.reshape(one) / m)
        )

    def state(self) -> dict[str, np.ndarray]:
        return {"running_mean": self.running_mean.copy(), "running_variance": self.running_variance.copy()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        self.running_mean, self.running_variance = state["running_mean"].copy(), state["running_variance"].copy()


def whole(name, n, least=1, hint=""):
    """`n` as an int, or a ValueError."""
    if isinstance(n, bool) or not isinstance(n, Integral) or n < least:
        raise ValueError(f"{name} is {n!r}; expected a whole number from {least}{hint}")
    return int(n)


def in_words(shape):
    """The shape of one sample, for messages."""
    return f"{shape[0]} values" if len(shape) == 1 else "{1}x{2} pictures of {0} channel(s)".format(*shape)


def write(array, values):
    """Set an array's values in place, all to one number or each to its own; ValueError for another shape."""
    if np.shape(values) not in ((), array.shape):
        raise ValueError(f"values of shape {np.shape(values)} for an array of shape {array.shape}; expected the same")
    array[...] = values


def look_up(kind, name, known):
    """`known[name]`, or a ValueError that lists the names there are."""
    if not isinstance(name, str) or name not in known:
        raise ValueError(f"unknown {kind} {name!r}; known: {', '.join(known)}")
    return known[name]

"""The network: a list of layers, and one loop each way."""

import copy
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, DTypeLike

from nnlib import files, inputs, losses
from nnlib.architecture import check_output, fully_connected, shapes_along, summary
from nnlib.initializers import INITIALIZERS
from nnlib.layers import Activation, Dense, Layer, look_up, write

# The outputs there are, and the loss that matches each.
OUTPUTS = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy", "identity": "mean_squared_error"}

# Output and loss whose derivative at Z is (A - Y) / m; every other pair goes through the output's own derivative.
MATCHED = {
    ("softmax", "cross_entropy"): losses.cross_entropy_from_logits,
    ("sigmoid", "binary_cross_entropy"): losses.binary_cross_entropy_from_logits,
    ("identity", "mean_squared_error"): losses.mean_squared_error,
}


class Network:
    """A network of layers, one behind the other: `Network([784, 128, 64, 10])` or `Network(layers=[Dense(784, 10)])`.

    sizes        units per layer of a fully connected network, input first
    activations  with `sizes`: one name for all hidden layers ("relu" unless given), or a list, one each: names or
                 `Activation("leaky_relu", slope=0.1)`
    layers       in place of `sizes`: any layers, the last one for Z of the output. They are patterns: the network's own
                 start with parameters of their own
    input_shape  with `layers`: shape of one sample, (n,) or (channels, height, width); for pictures that are not square
    output       "softmax" or "sigmoid" for a classifier, "identity" for a regression
    loss         "cross_entropy", "binary_cross_entropy" or "mean_squared_error"; unless given, the one that matches the
                 output, in this order: softmax, sigmoid, identity
    initializer  "he", "xavier", "zeros", or a function such as `initializers.uniform(-0.5, 0.5)`
    dtype, seed  np.float32 or np.float64; a number or a numpy Generator, for the start weights

    All parameters lie end to end in the vector `parameters`, their derivatives in `gradient`. The layers look into
    these two, so an optimizer is a few lines of vector arithmetic. `net.layers[0].trainable = False` freezes a layer.
    `history` is that of the last training.

    Samples are rows, pictures flattened. One sigmoid output is a binary classifier (labels 0 and 1, threshold 0.5);
    several outputs decide by the largest.
    Raises ValueError for a name that is not known, and for a layer that does not fit the one before it.
    """

    parameters: np.ndarray
    gradient: np.ndarray

    def __init__(self, sizes: Sequence[int] | None = None, activations: str | Activation | Sequence | None = None,
                 output: str = "softmax", loss: str | None = None, initializer: str | Callable = "he",
                 dtype: DTypeLike = np.float32, seed: int | np.random.Generator = 0,
                 layers: Sequence[Layer] | None = None, input_shape: Sequence[int] | None = None) -> None:  # fmt: skip
        if (sizes is None) == (layers is None):
            raise ValueError("give either sizes, such as [784, 128, 10], or layers=[...]")
        if layers is None:
            layers = fully_connected(sizes, "relu" if activations is None else activations)
        elif activations is not None:
            raise ValueError("activations go with sizes; among layers, put Activation(name) where it belongs")
        self.shapes = shapes_along(layers, input_shape)  # of one sample: before the first layer, and behind each
        self.layers = tuple(layer.bare() for layer in layers)
        matching = look_up("output", output, OUTPUTS)
        loss = matching if loss is None else loss
        self.output = Activation(output)
        self.loss_name, self.loss_function = loss, look_up("loss", loss, losses.LOSSES)
        self.matched = MATCHED.get((output, loss))
        check_output(self)
        self.target_ndim = 1  # of the y that a regression was trained on: it predicts in that shape
        self.metadata: dict = {}  # what JSON can hold: how it was trained, say; kept by save and load
        self.history: pd.DataFrame | None = None

        self._lay_out(np.zeros(sum(layer.n_parameters for layer in self.layers), inputs.check_dtype(dtype)))
        initialize = initializer if callable(initializer) else look_up("initializer", initializer, INITIALIZERS)
        rng = np.random.default_rng(seed)
        for layer in self.layers:
            layer.start(rng, initialize)

    # -- the arithmetic: X (m, n_in) and Y (m, K) are checked arrays -------------------------------------------------

    def logits(self, X: np.ndarray, training: bool = False) -> np.ndarray:
        """Z of the output layer (m, K). `training=True` keeps what `backward` needs."""
        A = X.astype(self.dtype, copy=False).reshape(-1, *self.shapes[0])
        for layer in self.layers:
            A = layer.forward(A, training)
        return A

    def compare(self, Z: np.ndarray, Y: np.ndarray) -> tuple[float, np.ndarray]:
        """The loss of the logits Z against the targets Y, and dZ (m, K)."""
        if self.matched:
            return self.matched(Z, Y)
        loss, dA = self.loss_function(self.output.forward(Z, training=True), Y)
        return loss, self.output.backward(dA)

    def backward(self, dZ: np.ndarray) -> None:
        """From dZ of the output layer (m, K) fill `gradient`, with 0 for layers that are not trainable."""
        frozen, first = [layer for layer in self.layers if not layer.trainable], self._first
        if frozen:
            first = next((k for k, layer in enumerate(self.layers) if layer.n_parameters and layer.trainable), None)
            if first is None:
                raise ValueError("every layer with parameters is frozen; set trainable = True for those to learn")
        for layer in reversed(self.layers[first:]):
            dZ = layer.backward(dZ, need_dX=layer is not self.layers[first])
        for layer in frozen:
            for name in layer.shapes:
                setattr(layer, f"d{name}", 0)

    def loss_and_gradient(self, X: np.ndarray, Y: np.ndarray) -> tuple[float, np.ndarray]:
        """Forward and backward once: fills `gradient`, returns the loss and the logits Z (m, K)."""
        Z = self.logits(X, training=True)
        loss, dZ = self.compare(Z, Y)
        self.backward(dZ)
        return loss, Z

    def decide(self, A: np.ndarray, threshold: float = 0.5) -> np.ndarray:
        """Classes (m,) int64 from probabilities or one-hot rows A (m, K): the largest; for K = 1, A >= threshold."""
        return A.argmax(axis=1) if A.shape[1] > 1 else (A[:, 0] >= threshold).astype(np.int64)

    def accuracy_of(self, Z: np.ndarray, Y: np.ndarray) -> float:
        """Accuracy of the logits Z against Y; NaN for a regression."""
        if not self.is_classifier:
            return np.nan
        # Softmax and sigmoid rise with Z, so logits decide as A does, and exactly even where A has rounded to 1.
        return np.count_nonzero(self.decide(Z, threshold=0) == self.decide(Y)) / len(Y)

    @np.errstate(over="ignore", invalid="ignore")  # what overflows is inf or NaN
    def score(self, X: np.ndarray, Y: np.ndarray) -> tuple[float, float]:
        """Mean loss and accuracy over all rows."""
        loss = right = 0.0
        for rows in self._chunks(X):
            Z = self.logits(X[rows])
            loss += self.compare(Z, Y[rows])[0] * len(Z)
            right += self.accuracy_of(Z, Y[rows]) * len(Z)
        return loss / len(X), right / len(X)

    def guess_loss(self) -> float:
        """Loss of the answer 1/K for each of K classes, without looking: ln K for cross-entropy."""
        A = np.full((1, self.sizes[-1]), 1 / max(self.sizes[-1], 2))
        return self.loss_function(A, np.eye(*A.shape))[0]

    def _chunks(self, X):
        """Slices of rows such that a layer's array has about a million entries, however many rows X has."""
        rows = max(1, 2**20 // max(map(math.prod, self.shapes)))
        return [slice(start, start + rows) for start in range(0, len(X), rows)]

    # -- what users call: X and y are checked first ------------------------------------------------------------------

    def forward(self, X: ArrayLike) -> np.ndarray:
        """A of the output layer (m, K), for X (m, n_in). ValueError for an X that does not fit or is far too large."""
        return self.output.forward(self._answers(X))

    def _answers(self, X):
        X = self.check_X(X)
        with np.errstate(over="ignore", invalid="ignore"):  # told in words
            Z = np.concatenate([self.logits(X[rows]) for rows in self._chunks(X)])
        return inputs.finite(Z, self)

    def loss(self, X: ArrayLike, y: ArrayLike) -> float:
        """Mean loss over the rows, a float."""
        return inputs.finite(self.score(*self.check_X_y(X, y))[0], self)

    def gradients(self, X: ArrayLike, y: ArrayLike) -> list[dict[str, np.ndarray]]:
        """Copies of the derivatives of the mean loss: for each layer with parameters a dict such as {"dW", "db"}."""
        before = self.state()  # what a training step would change besides
        with np.errstate(over="ignore", invalid="ignore"):
            self.loss_and_gradient(*self.check_X_y(X, y))
        self.restore(before)
        inputs.finite(self.gradient, self)
        return [{f"d{name}": getattr(layer, f"d{name}").copy() for name in layer.shapes} for _, layer in self.learning]

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Probabilities (m, K); of class 1 alone, (m, 1), for one sigmoid output. ValueError for a regression."""
        if not self.is_classifier:
            raise ValueError("a network with identity output has no probabilities; call predict")
        return self.forward(X)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Classes (m,) int64; for a regression real values, in the shape of the targets it was trained on."""
        if not self.is_classifier:
            A = self.forward(X)
            return A if self.sizes[-1] > 1 or self.target_ndim == 2 else A[:, 0]
        return self.decide(self._answers(X), threshold=0)

    def accuracy(self, X: ArrayLike, y: ArrayLike) -> float:
        """Share of rows whose predicted class is y. Raises ValueError for a regression."""
        if not self.is_classifier:
            raise ValueError("a network with identity output has no accuracy; look at its loss")
        return inputs.finite(self.score(*self.check_X_y(X, y)), self)[1]

    check_X, targets, check_X_y = inputs.check_X, inputs.targets, inputs.check_X_y

    # -- what it is made of ------------------------------------------------------------------------------------------

    @property
    def sizes(self) -> list[int]:
        """Values of a sample, units of each hidden Dense layer, and outputs K."""
        hidden = [layer.n_out for layer in self.dense[:-1]]
        return [math.prod(self.shapes[0]), *hidden, self.shapes[-1][0]]

    @property
    def dense(self) -> list[Dense]:
        """The Dense layers, first to last."""
        return [layer for layer in self.layers if isinstance(layer, Dense)]

    @property
    def learning(self) -> list[tuple[int, Layer]]:
        """The layers with parameters, numbered from 1: [(1, Dense(784, 128)), (2, Dense(128, 10))]."""
        return list(enumerate((layer for layer in self.layers if layer.n_parameters), 1))

    @property
    def weights(self) -> tuple[np.ndarray, ...]:
        """W of every layer that has one, (n_in, n_out) of Dense, writable in place."""
        return tuple(layer.W for _, layer in self.learning if "W" in layer.shapes)

    @property
    def biases(self) -> tuple[np.ndarray, ...]:
        """b of every layer that has one, (n_out,) of Dense, writable in place."""
        return tuple(layer.b for _, layer in self.learning if "b" in layer.shapes)

    @property
    def dtype(self) -> np.dtype:
        return self.parameters.dtype

    @property
    def is_classifier(self) -> bool:
        return self.output.name != "identity"

    summary = summary

    def __repr__(self):
        table = self.summary().to_string(formatters={"parameters": "{:,}".format})
        return f"Network {'-'.join(map(str, self.sizes))}, {self.loss_name} loss, {self.dtype}\n{table}"

    # -- copies and files --------------------------------------------------------------------------------------------

    def state(self) -> list[dict[str, np.ndarray]]:
        """What of the layers is no parameter (running means, generators of masks), as copies for `restore`."""
        return [layer.state() for layer in self.layers]

    def restore(self, state: list[dict[str, np.ndarray]]) -> None:
        """Take back what `state` returned."""
        for layer, before in zip(self.layers, state, strict=True):
            layer.restore(before)

    def _lay_out(self, parameters):
        """Take this vector as `parameters`, a new one as `gradient`, and let every layer look into its pieces."""
        self.__dict__.update(parameters=parameters, gradient=np.zeros_like(parameters))
        # Nobody needs dX of the first layer that learns, nor anything of the layers before it.
        self._first = next(k for k, layer in enumerate(self.layers) if layer.n_parameters)
        end = 0
        for layer in self.layers:
            start, end = end, end + layer.n_parameters
            layer.lay_out(self.parameters[start:end], self.gradient[start:end])

    def __setattr__(self, name, value):
        # Another vector would leave the layers behind, so its values are written into the one they look into.
        if name == "layers" and name in self.__dict__:
            raise AttributeError("the layers of a network stay what they are; make a new Network(layers=[...])")
        if name not in ("parameters", "gradient"):
            super().__setattr__(name, value)
        elif value is not self.__dict__[name]:  # `net.parameters -= step` has already written
            write(self.__dict__[name], value)

    def __getstate__(self):
        # Copied views are no views any more: training a copy would change nothing. So the layers go without arrays ...
        bare = {"layers": tuple(layer.bare() for layer in self.layers), "output": self.output.bare()}
        return {**self.__dict__, **bare, "parameters": self.parameters.copy(), "gradient": None}

    def __setstate__(self, state):
        # ... and look into the copy's own vectors.
        self.__dict__.update(state)
        self._lay_out(self.parameters)

    def astype(self, dtype: DTypeLike) -> "Network":
        """A copy of the network in another dtype (np.float64 for gradient checks)."""
        net = copy.deepcopy(self)
        net._lay_out(self.parameters.astype(inputs.check_dtype(dtype)))
        return net

    save = files.save

    @classmethod
    def load(cls, path: files.FilePath) -> "Network":
        """The network that `save` wrote. Raises FileNotFoundError, or ValueError for a file that is not one."""
        return files.load(cls, path)


def load_pretrained() -> Network:
    """The digit classifier that ships with the package, 784 pixels to 10; its `metadata` say how it was trained."""
    return Network.load(Path(__file__).parent / "models" / "digits.npz")

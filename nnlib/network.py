"""The network: a list of layers, and one loop each way."""

import copy
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from nnlib import files, losses
from nnlib.initializers import INITIALIZERS
from nnlib.layers import Activation, Dense, look_up

# The outputs there are, and the loss that matches each.
OUTPUTS = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy", "identity": "mean_squared_error"}

# Output and loss whose derivative at Z is (A - Y) / m; every other pair goes through the output's own derivative.
MATCHED = {
    ("softmax", "cross_entropy"): losses.cross_entropy_from_logits,
    ("sigmoid", "binary_cross_entropy"): losses.binary_cross_entropy_from_logits,
    ("identity", "mean_squared_error"): losses.mean_squared_error,
}


class Network:
    """A fully connected network.

    sizes        units per layer, input first: [784, 128, 64, 10]
    activations  one name for all hidden layers, or a list, one each: names or `Activation("leaky_relu", slope=0.1)`
    output       "softmax" or "sigmoid" for a classifier, "identity" for a regression
    loss         "cross_entropy", "binary_cross_entropy" or "mean_squared_error"; unless given, the one that matches the
                 output, in this order: softmax, sigmoid, identity
    initializer  "he", "xavier", "zeros", or a function such as `initializers.uniform(-0.5, 0.5)`
    dtype        np.float32 or np.float64
    seed         of the start weights: a number or a numpy Generator

    All weights and biases lie end to end in the vector `parameters`, their derivatives in `gradient`, both (size,). The
    layers look into these two, so an optimizer is a few lines of vector arithmetic. Change them in place:
    `net.weights[0][...] = W`.

    One sigmoid output is a binary classifier (labels 0 and 1, threshold 0.5); several outputs decide by the largest.
    Raises ValueError for a name that is not known, or for sizes that are not two or more positive whole numbers.
    """

    def __init__(
        self,
        sizes,
        activations="relu",
        output="softmax",
        loss=None,
        initializer="he",
        dtype=np.float32,
        seed=0,
    ):
        self.sizes = _check_sizes(sizes)
        hidden = len(self.sizes) - 2
        if isinstance(activations, str | Activation):
            activations = [activations] * hidden
        if len(activations) != hidden:
            raise ValueError(
                f"{len(activations)} activations given for {hidden} hidden layers: give one name or one each"
            )
        loss = look_up("output", output, OUTPUTS) if loss is None else loss
        if self.sizes[-1] == 1 and (output == "softmax" or (output == "sigmoid" and loss == "cross_entropy")):
            raise ValueError(f"{output} with {loss} needs two outputs or more; for one: sigmoid, binary_cross_entropy")

        self.layers = []
        for k, (n_in, n_out) in enumerate(pairwise(self.sizes)):
            self.layers.append(Dense(n_in, n_out))
            if k < hidden:
                given = activations[k]
                self.layers.append(copy.deepcopy(given) if isinstance(given, Activation) else Activation(given))
        self.output = Activation(output)
        self.loss_name, self.loss_function = loss, look_up("loss", loss, losses.LOSSES)
        self.matched = MATCHED.get((output, loss))
        self.target_ndim = 1  # of the y that a regression was trained on: it predicts in that shape
        self.metadata = {}  # what JSON can hold: how it was trained, say; kept by save and load

        self._lay_out(np.zeros(sum(layer.size for layer in self.layers), _check_dtype(dtype)))
        initialize = initializer if callable(initializer) else look_up("initializer", initializer, INITIALIZERS)
        rng = np.random.default_rng(seed)
        for layer in self.dense:
            layer.W[...], layer.b[...] = initialize(rng, layer.n_in, layer.n_out)

    # -- the arithmetic: X (m, n_in) and Y (m, K) are arrays of the network's dtype, unchecked -----------------------

    def logits(self, X, training=False):
        """Z of the output layer (m, K). `training=True` keeps what `backward` needs."""
        for layer in self.layers:
            X = layer.forward(X, training)
        return X

    def compare(self, Z, Y):
        """The loss of the logits Z against the targets Y, and dZ (m, K)."""
        if self.matched:
            return self.matched(Z, Y)
        loss, dA = self.loss_function(self.output.forward(Z, training=True), Y)
        return loss, self.output.backward(dA)

    def backward(self, dZ):
        """From dZ of the output layer (m, K) fill `gradient`."""
        for layer in reversed(self.layers):
            dZ = layer.backward(dZ, need_dX=layer is not self.layers[0])

    def loss_and_gradient(self, X, Y):
        """Forward and backward once: fills `gradient`, returns the loss and the logits Z (m, K)."""
        Z = self.logits(X, training=True)
        loss, dZ = self.compare(Z, Y)
        self.backward(dZ)
        return loss, Z

    def share_right(self, Z, Y):
        """Accuracy of the logits Z against Y; NaN for a regression."""
        if not self.is_classifier:
            return np.nan
        return np.count_nonzero(self.decide(Z, threshold=0) == self.decide(Y)) / len(Y)

    def score(self, X, Y):
        """Mean loss and accuracy over all rows."""
        loss = right = 0.0
        for rows in self._chunks(X):
            Z = self.logits(X[rows])
            loss += self.compare(Z, Y[rows])[0] * len(Z)
            right += self.share_right(Z, Y[rows]) * len(Z)
        return loss / len(X), right / len(X)

    def guess_loss(self):
        """Loss of the answer 1/K for each of K classes, without looking: ln K for cross-entropy."""
        K = self.sizes[-1]
        A, Y = (np.full((K, K), 1 / K), np.eye(K)) if K > 1 else (np.full((1, 1), 0.5), np.ones((1, 1)))
        return self.loss_function(A, Y)[0]

    # -- what users call: X and y are checked first ------------------------------------------------------------------

    def forward(self, X):
        """A of the output layer (m, K), for X (m, n_in). Raises ValueError for an X that does not fit."""
        X = self.check_X(X)
        return np.concatenate([self.output.forward(self.logits(X[rows])) for rows in self._chunks(X)])

    def loss(self, X, y):
        """Mean loss over the rows, a float."""
        return self.score(*self.check(X, y))[0]

    def gradients(self, X, y):
        """Copies of the derivatives of the mean loss: one dict {"dW", "db"} per Dense layer."""
        self.loss_and_gradient(*self.check(X, y))
        return [{"dW": layer.dW.copy(), "db": layer.db.copy()} for layer in self.dense]

    def predict_proba(self, X):
        """Probabilities (m, K); of class 1 alone, (m, 1), for one sigmoid output. ValueError for a regression."""
        if not self.is_classifier:
            raise ValueError("a network with identity output has no probabilities; call predict")
        return self.forward(X)

    def predict(self, X):
        """Classes (m,) int64; for a regression real values, in the shape of the targets it was trained on."""
        if not self.is_classifier:
            A = self.forward(X)
            return A if self.sizes[-1] > 1 or self.target_ndim == 2 else A[:, 0]
        X = self.check_X(X)
        return np.concatenate([self.decide(self.logits(X[rows]), threshold=0) for rows in self._chunks(X)])

    def accuracy(self, X, y):
        """Share of rows whose predicted class is y. Raises ValueError for a regression."""
        if not self.is_classifier:
            raise ValueError("a network with identity output has no accuracy; look at its loss")
        return self.score(*self.check(X, y))[1]

    # -- from the user's arrays to X and Y, from A to labels: called once by training, never by layers ---------------

    def check_X(self, X):
        """X as an array (m, n_in) of the network's dtype. Raises ValueError for another shape, NaN or infinity."""
        given = _numbers("X", X)
        if len(given) == 0:
            raise ValueError("X has no rows; give at least one")
        if given.ndim != 2 or given.shape[1] != self.sizes[0]:
            hint = " (one sample is a row: X[None, :]; images: X.reshape(len(X), -1))" if given.ndim != 2 else ""
            raise ValueError(f"X has shape {given.shape}, the network expects (samples, {self.sizes[0]}){hint}")
        with np.errstate(over="ignore"):  # what is too large for float32 is found below
            X = given.astype(self.dtype, copy=False)
        if not (np.isfinite(X.min()) and np.isfinite(X.max())):
            row, column = np.argwhere(~np.isfinite(X))[0]
            raise ValueError(f"X[{row}, {column}] is {given[row, column]}; remove, fill or scale such values first")
        return X

    def targets(self, y):
        """y as Y (m, K) of the network's dtype.

        A classifier takes classes 0..K-1, (m,), or one-hot rows, (m, K); a regression real values, (m,) or (m, K).
        Raises ValueError for a class out of range, a value that is not finite, or another shape.
        """
        y, K = _numbers("y", y), self.sizes[-1]
        if not np.isfinite(y).all():
            raise ValueError(f"y[{np.argwhere(~np.isfinite(y))[0][0]}] is not finite; remove or fill such values first")
        if not ((y.ndim == 1 and (K == 1 or self.is_classifier)) or (y.ndim == 2 and y.shape[1] == K)):
            shapes = f"(samples,) or (samples, {K})" if K == 1 or self.is_classifier else f"(samples, {K})"
            raise ValueError(f"y has shape {y.shape}, the network expects {shapes}")
        if not self.is_classifier:
            with np.errstate(over="ignore"):
                Y = y.reshape(-1, K).astype(self.dtype)
            if not np.isfinite(Y).all():
                raise ValueError(f"y holds {np.abs(y).max():.3g}, too large for {self.dtype}; scale the targets")
            return Y
        if y.ndim == 2 and K > 1:
            if not (np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all()):
                raise ValueError("y has one column per class, but not a single 1 in each row: expected one-hot rows")
            return y.astype(self.dtype)
        y = y.ravel()
        wrong = np.flatnonzero((y < 0) | (y >= max(K, 2)) | (y != np.round(y)))
        if len(wrong):
            raise ValueError(f"y[{wrong[0]}] is {y[wrong[0]]}; expected classes 0..{max(K, 2) - 1}")
        y = y.astype(np.int64)
        return y[:, None].astype(self.dtype) if K == 1 else np.eye(K, dtype=self.dtype)[y]

    def decide(self, A, threshold=0.5):
        """Classes (m,) int64 from probabilities or one-hot rows A (m, K): the largest; for K = 1, is it `threshold`?

        Softmax and sigmoid rise with Z, so logits may take A's place, with the threshold 0: exact even where A has
        rounded to 1.
        """
        return A.argmax(axis=1) if A.shape[1] > 1 else (A[:, 0] >= threshold).astype(np.int64)

    def check(self, X, y):
        """X and Y, checked, with one target per row."""
        X, Y = self.check_X(X), self.targets(y)
        if len(X) != len(Y):
            raise ValueError(f"X has {len(X)} rows and y has {len(Y)}: give one target per row")
        return X, Y

    def _chunks(self, X):
        """Slices of rows such that a layer's array has about a million entries, however many rows X has."""
        rows = max(1, 2**20 // max(self.sizes))
        return [slice(start, start + rows) for start in range(0, len(X), rows)]

    # -- what it is made of ------------------------------------------------------------------------------------------

    @property
    def dense(self):
        """The Dense layers, first to last."""
        return [layer for layer in self.layers if isinstance(layer, Dense)]

    @property
    def weights(self):
        """W of every Dense layer, (n_in, n_out) each, writable in place."""
        return tuple(layer.W for layer in self.dense)

    @property
    def biases(self):
        """b of every Dense layer, (n_out,) each, writable in place."""
        return tuple(layer.b for layer in self.dense)

    @property
    def dtype(self):
        return self.parameters.dtype

    @property
    def is_classifier(self):
        return self.output.name != "identity"

    def summary(self):
        """A DataFrame, one row per Dense layer with the activation behind it, and the total number of parameters."""
        names = [layer.name for layer in self.layers if isinstance(layer, Activation)] + [self.output.name]
        rows = [(f"{d.n_in} -> {d.n_out}", name, d.size) for d, name in zip(self.dense, names, strict=True)]
        index = [*range(1, len(rows) + 1), "total"]
        rows.append(("", "", len(self.parameters)))
        return pd.DataFrame(rows, pd.Index(index, name="layer"), ["shape", "activation", "parameters"])

    def __repr__(self):
        table = self.summary().to_string(formatters={"parameters": "{:,}".format})
        return f"Network {'-'.join(map(str, self.sizes))}, {self.loss_name} loss, {self.dtype}\n{table}"

    # -- copies and files --------------------------------------------------------------------------------------------

    def _lay_out(self, parameters):
        """Take this vector as `parameters`, a new one as `gradient`, and let every layer look into its pieces."""
        self.parameters, self.gradient = parameters, np.zeros_like(parameters)
        ends = np.cumsum([layer.size for layer in self.layers])
        for layer, end in zip(self.layers, ends, strict=True):
            layer.lay_out(self.parameters[end - layer.size : end], self.gradient[end - layer.size : end])

    def __getstate__(self):
        # Copied views are no views any more: training a copy would change nothing. So the layers go without arrays ...
        layers = [copy.copy(layer) for layer in (*self.layers, self.output)]
        for layer in layers:
            for name in ("parameters", "gradient", "W", "b", "dW", "db", "X", "A"):
                layer.__dict__.pop(name, None)
        state = {**self.__dict__, "layers": layers[:-1], "output": layers[-1], "parameters": self.parameters.copy()}
        del state["gradient"]
        return state

    def __setstate__(self, state):
        # ... and look into the copy's own vectors.
        self.__dict__.update(state)
        self._lay_out(self.parameters)

    def astype(self, dtype):
        """A copy of the network in another dtype (np.float64 for gradient checks)."""
        net = copy.deepcopy(self)
        net._lay_out(self.parameters.astype(_check_dtype(dtype)))
        return net

    def save(self, path):
        """Write the network to one .npz file (the ending is added if missing), whole or not at all; returns the path.

        It holds W1, b1, W2, b2, ... and, as JSON text, the architecture and `metadata`.
        """
        architecture = {
            "sizes": self.sizes,
            "activations": [[layer.name, layer.options] for layer in self.layers if isinstance(layer, Activation)],
            "output": self.output.name,
            "loss": self.loss_name,
            "dtype": str(self.dtype),
            "target_ndim": self.target_ndim,
            "metadata": self.metadata,
        }
        arrays = {f"{name}{k}": getattr(d, name) for k, d in enumerate(self.dense, 1) for name in ("W", "b")}
        return files.write_model(path, architecture, arrays)

    @classmethod
    def load(cls, path):
        """The network that `save` wrote. Raises FileNotFoundError, or ValueError for a file that is not one."""
        architecture, arrays = files.read_model(path)
        try:
            # Before a network is made: sizes that are not those of the arrays may need more memory than there is.
            for k, (n_in, n_out) in enumerate(pairwise(_check_sizes(architecture["sizes"])), 1):
                for name, expected in ((f"W{k}", (n_in, n_out)), (f"b{k}", (n_out,))):
                    given = arrays.get(name, np.empty(0))
                    if given.shape != expected or given.dtype.kind != "f":
                        raise ValueError(f"{name} is {given.shape} {given.dtype}, expected {expected}")
            target_ndim, metadata = architecture.pop("target_ndim"), architecture.pop("metadata", {})
            activations = [Activation(name, **options) for name, options in architecture.pop("activations")]
            net = cls(**architecture, activations=activations, initializer="zeros")
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is not a model file of this version of nnlib: {error}") from error
        net.target_ndim, net.metadata = target_ndim, metadata
        for k, layer in enumerate(net.dense, 1):
            layer.W[...], layer.b[...] = arrays[f"W{k}"], arrays[f"b{k}"]
        return net


def load_pretrained():
    """The digit classifier that ships with the package, 784 pixels to 10; its `metadata` say how it was trained."""
    return Network.load(Path(__file__).parent / "models" / "digits.npz")


def _numbers(name, values):
    """`values` as an array of numbers, or a ValueError."""
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"{name} is not a table of numbers: {error}") from error
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} holds values of type {array.dtype}; expected numbers")
    return array


def _check_dtype(dtype):
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise ValueError(f"dtype is {np.dtype(dtype)}; give np.float32 or np.float64")
    return dtype


def _check_sizes(sizes):
    try:
        sizes = list(sizes)
        whole = [int(n) for n in sizes]
    except (TypeError, ValueError, OverflowError):
        whole = []
    if len(whole) < 2 or min(whole) < 1 or whole != sizes:
        raise ValueError(f"sizes is {sizes!r}; expected two or more positive whole numbers, such as [784, 128, 10]")
    return whole

"""Checks: is the gradient right, and is a network ready to be trained?"""

import copy
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from nnlib.layers import BatchNorm, Dropout
from nnlib.network import Network
from nnlib.optimizers import SGD, Adam, Optimizer
from nnlib.threads import one_blas_thread


def numerical_gradient(f: Callable[[], float], array: np.ndarray, epsilon: float = 1e-5,
                       entries: Iterable[int] | None = None) -> np.ndarray:  # fmt: skip
    """Derivative of the number `f()` by every entry of `array`, in the array's shape, by central differences.

    `(f(w + epsilon) - f(w - epsilon)) / (2 epsilon)`, whose error falls with epsilon squared. `f` looks at `array`
    (float64), whose entries are moved in place one by one and put back. With `entries`, flat indices, only those are
    computed and the others stay 0.
    """
    if array.dtype != np.float64:
        raise ValueError(f"array holds {array.dtype}, too coarse; expected float64: check net.astype(np.float64)")
    gradient = np.zeros_like(array)
    for i in range(array.size) if entries is None else entries:
        before = array.flat[i]
        try:
            array.flat[i] = before + epsilon
            above = f()
            array.flat[i] = before - epsilon
            below = f()
        finally:
            array.flat[i] = before
        gradient.flat[i] = (above - below) / (2 * epsilon)
    return gradient


def relative_error(a: ArrayLike, b: ArrayLike) -> float:
    """`||a - b|| / (||a|| + ||b||)`: 0 for equal arrays (two zeros included), 1 for opposite ones; same shapes."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise ValueError(f"a has shape {a.shape}, b has shape {b.shape}; expected the same")
    size = np.linalg.norm(a) + np.linalg.norm(b)
    return float(np.linalg.norm(a - b) / size) if size else 0.0


def check_gradients(net: Network, X: ArrayLike, y: ArrayLike, epsilon: float = 1e-5, sample: int | None = None,
                    seed: int | np.random.Generator = 0) -> pd.DataFrame:  # fmt: skip
    """Compare the network's gradient with the numerical one, on a float64 copy.

    As in training: batch norm takes the batch's statistics, dropout drops, with the same masks each time. Costs two
    forward passes per entry: for small networks, or `sample` entries of each array, drawn with `seed`. Returns a
    DataFrame, one row per parameter array (none for frozen layers): shape, entries checked, entries left out because a
    kink was crossed between +epsilon and -epsilon (a ReLU changed its side, a max pooling its winner), error (see
    `relative_error`; below 1e-6 is right, above 1e-3 wrong; NaN if all were left out), largest absolute difference.
    """
    net, rng = net.astype(np.float64), np.random.default_rng(seed)
    X, Y = net.check_X_y(X, y)
    before, sides = net.state(), []

    def loss():
        net.restore(before)
        Z = net.logits(X, training=True)
        sides.append(hash(b"".join(s.tobytes() for s in (layer.sides() for layer in net.layers) if s is not None)))
        return net.compare(Z, Y)[0]

    net.restore(before)
    start, _ = net.loss_and_gradient(X, Y)
    # As good as zero (b in front of batch norm): what rounding leaves of a sum, and of a central difference.
    tiny, noise = 1e-12 * np.abs(net.gradient).max(), 100 * np.finfo(float).eps * abs(start) / epsilon
    rows = {}
    for k, layer in net.learning:
        for name in layer.shapes if layer.trainable else ():
            array, analytic = getattr(layer, name), getattr(layer, f"d{name}")
            every = sample is None or sample >= array.size
            entries = np.arange(array.size) if every else rng.choice(array.size, sample, replace=False)
            sides.clear()
            numeric = numerical_gradient(loss, array, epsilon, entries).flat[entries]
            same = np.array(sides[0::2]) == np.array(sides[1::2])
            a, n = analytic.flat[entries][same], numeric[same]
            largest = np.abs(a - n).max(initial=0)
            zero = np.abs(a).max(initial=0) <= tiny and largest <= noise
            error = np.nan if not same.any() else 0.0 if zero else relative_error(a, n)
            rows[f"{name}{k}"] = (array.shape, same.sum(), (~same).sum(), error, largest)
    columns = ["shape", "checked", "left_out", "error", "largest_difference"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("parameter")


def preflight(net: Network, X: ArrayLike, y: ArrayLike, optimizer: Optimizer | None = None,
              seed: int | np.random.Generator = 0) -> pd.DataFrame:  # fmt: skip
    """What to look at before training: a second that saves hours. Changes neither `net` nor `optimizer` (`SGD(0.1)`).

    Returns a DataFrame with the columns check, value, expected, passed. Takes up to 500 rows, drawn with `seed`:

    - size of the inputs: pixels left at 0-255 spoil everything that follows
    - labels fit the rows (50 rows or more): a row's nearest neighbour shares its label more often than by chance
    - probabilities (losses with a logarithm): the outputs lie in [0, 1], softmax's rows sum to 1
    - start loss: near that of logits 0, ln K for softmax with cross-entropy; weights too large lie far above
    - spread of the logits (hidden layers): start weights too small or zero give all rows the same ones
    - gradient: `check_gradients` on 20 entries of each array
    - learned by heart: 20 rows in 1,000 steps of Adam. Accuracy; for a regression the share of the loss removed
    - same answer twice, and alone (dropout or batch norm): largest difference between a row's outputs among others,
      predicted again, and alone
    - update / weight: the first update's size by the weights', the layers' smallest and largest; shows a rate far off
    """
    optimizer = SGD() if optimizer is None else copy.copy(optimizer)
    optimizer.reset()
    (X, Y), rng = net.check_X_y(X, y), np.random.default_rng(seed)
    rows = rng.permutation(len(X))[:500]
    net, X, Y = copy.deepcopy(net), X[rows].astype(net.dtype), Y[rows]
    labels = net.decide(Y) if net.is_classifier else Y
    hidden = len(net.weights) > 1
    # Nearly all products are of 20 rows.
    with np.errstate(over="ignore", invalid="ignore"), one_blas_thread():
        Z = net.logits(X, training=True)
        start, at_zero = net.compare(Z, Y)[0], net.compare(np.zeros_like(Z), Y)[0]
        smallest, largest = _update_by_weight(net, X[:64], Y[:64], optimizer)
        checks: list[tuple] = [("size of the inputs (root mean square)", _size(X), 0.01, 10)]
        if net.is_classifier:
            if len(X) >= 50:
                share, chance = _neighbours_agree(X, labels)
                checks.append(("labels fit the rows (nearest row has the same)", share, chance, 1))
            checks.append(("start loss", start, 0.3 * at_zero, 4 * at_zero))
        if net.loss_name != "mean_squared_error":
            checks.append(("probabilities (farthest from being one)", _improbability(net, Z), 0, 1e-3))
        if hidden:
            checks.append(("spread of the logits over the rows", _size(Z - Z.mean(axis=0)), 3e-4, 30))
        errors = check_gradients(net, X[:20], labels[:20], sample=20, seed=rng)["error"]
        if errors.isna().any():  # biases of 0 beneath dark pixels: every unit stands on its kink
            for bias in (moved := copy.deepcopy(net)).biases:
                bias += 0.01 * np.random.default_rng(0).normal(size=bias.shape)
            errors = check_gradients(moved, X[:20], labels[:20], sample=20)["error"]
        checks.append(("gradient (relative error)", errors.max(), 0, 1e-4))
        checks.append(("20 rows learned by heart", _learned_by_heart(net, X[:20], Y[:20]), 0.95, 1))
        if any(isinstance(layer, Dropout | BatchNorm) for layer in net.layers):
            checks.append(("same answer twice, and alone", _inconstancy(net, X[:20]), 0, 1e-3))
        if not np.isnan(smallest) or hidden:  # zero weights are a good start without hidden layers
            checks.append(("smallest update / weight", smallest, 1e-6, 3))
            checks.append(("largest update / weight", largest, 1e-6, 3))
    table = [
        (name, float(f"{value:.3g}"), f"{low:.3g} to {high:.3g}", bool(low <= value <= high))
        for name, value, low, high in checks
    ]
    # As objects, each value is shown in its own way, 2e-09 beside 0.33.
    return pd.DataFrame(table, columns=["check", "value", "expected", "passed"]).astype({"value": object})


def _size(array):
    """Root mean square."""
    return np.sqrt(np.mean(np.square(array, dtype=np.float64)))


def _neighbours_agree(X, labels):
    """Share of rows whose nearest other row has the same label, and the most that shuffled labels would reach."""
    squares = (X * X).sum(axis=1)
    distances = squares[:, None] - 2 * X @ X.T + squares
    np.fill_diagonal(distances, np.inf)
    share = np.mean(labels == labels[distances.argmin(axis=1)])
    by_chance = np.sum((np.unique(labels, return_counts=True)[1] / len(labels)) ** 2)
    return share, min(1, by_chance + 4 * np.sqrt(by_chance * (1 - by_chance) / len(labels)))


def _improbability(net, Z):
    """How far the outputs lie outside [0, 1], and softmax's row sums from 1."""
    A = net.output.forward(Z)
    sums = np.abs(A.sum(axis=1) - 1).max() if net.output.name == "softmax" else 0
    return max(-A.min(), A.max() - 1, sums, 0)


def _inconstancy(net, X):
    """The largest difference between the outputs of a row among others, predicted twice, and alone."""
    together, again = net.output.forward(net.logits(X)), net.output.forward(net.logits(X))
    alone = np.concatenate([net.output.forward(net.logits(row)) for row in X[:, None]])
    return max(np.abs(together - again).max(), np.abs(together - alone).max())


def _update_by_weight(net, X, Y, optimizer):
    """Smallest and largest ratio of update to weight over the layers; a layer of zeros has none."""
    moved = copy.deepcopy(net)
    moved.loss_and_gradient(X, Y)
    optimizer.step(moved)
    learned = [(moved.layers[k].W, old.W) for k, old in enumerate(net.layers) if "W" in old.shapes and old.trainable]
    ratios = [_size(new - old) / _size(old) for new, old in learned if old.any()]
    return min(ratios, default=np.nan), max(ratios, default=np.nan)


def _learned_by_heart(net, X, Y):
    """Accuracy on these rows after up to 1,000 steps of Adam; for a regression the share of the loss they remove."""
    net, adam, before, start = copy.deepcopy(net), Adam(0.02), net.state(), None
    for _ in range(1000):
        net.restore(before)  # dropout's masks are held: the units that are left must learn the rows
        loss, Z = net.loss_and_gradient(X, Y)
        start = loss if start is None else start
        learned = net.accuracy_of(Z, Y) if net.is_classifier else 1 - loss / start if start else 1.0
        if learned > 0.99:
            break
        adam.step(net)
    return learned

"""What a trained classifier answers, how far its probabilities can be trusted, and the curves of the activations."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from nnlib import calibration
from nnlib.extras import from_an_extra
from nnlib.layers import Activation
from nnlib.network import Network
from nnlib.plots.style import COLORS, GREY, RIGHT, as_text, figure, name_ticks, styled


@styled
def confusion_matrix(y_true: ArrayLike, y_pred: ArrayLike, class_names: Sequence[str] | None = None,
                     ax: Axes | None = None) -> Figure:  # fmt: skip
    """How often a sample of each true class (a row) was given each class (a column): counts, from scikit-learn.

    Mistakes are coloured by their share of the row, the right answers are grey; the share of right answers stands at
    the right. Labels are 0 to K - 1; K is the number of `class_names`, or else what the labels show.
    """
    with from_an_extra():
        from sklearn import metrics

    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.shape != y_pred.shape or y_true.ndim != 1 or len(y_true) == 0:
        raise ValueError(f"y_true has shape {y_true.shape}, y_pred {y_pred.shape}; give one class per sample in each")
    top = int(max(y_true.max(), y_pred.max()))
    names = class_names if class_names is not None else range(top + 1)
    K = len(names)
    if top >= K or min(y_true.min(), y_pred.min()) < 0:
        raise ValueError(f"labels go from {min(y_true.min(), y_pred.min())} to {top}, and class_names has {K} names")
    counts = metrics.confusion_matrix(y_true, y_pred, labels=range(K))
    totals, right = counts.sum(axis=1), np.diag(counts)

    names = [as_text(name) for name in names]
    cell = min(0.62, 8.4 / K)  # inches
    if ax is None:
        _, ax = figure(1.8 + 0.1 * max(map(len, names)) + cell * max(K, 4), 1.8 + 0.8 * cell * K)
    shares = (counts - np.diag(right)) / np.maximum(totals, 1)[:, None]
    ax.imshow(np.where(shares > 0, shares, np.nan), cmap="Oranges", vmin=0, vmax=2 * shares.max() or 1, aspect="auto")
    for true, said in np.argwhere(counts):
        look = dict(color=GREY) if true == said else dict(weight="bold")
        ax.text(said, true, counts[true, said], ha="center", va="center", fontsize=min(14, 30 * cell), **look)
    for k in range(K):
        ax.add_patch(Rectangle((k - 0.5, k - 0.5), 1, 1, color="#EEEEEE", zorder=0))
        share = f"{right[k] / totals[k]:.0%}" if totals[k] else "–"
        ax.text(K - 0.4, k, share, va="center", color=RIGHT)
    ax.text(K - 0.4, -0.6, "right", va="bottom", color=RIGHT)
    ax.set_title(f"{right.sum():,} of {counts.sum():,} right ({right.sum() / counts.sum():.1%})", pad=26)
    name_ticks(ax.xaxis, names)
    name_ticks(ax.yaxis, names)
    ax.tick_params(length=0)
    ax.set(xlabel="predicted class", ylabel="true class")
    ax.spines[:].set(visible=True, color="#BBBBBB")
    ax.grid(False)
    return ax.figure


@styled
def activation(name: str, ax: Axes | None = None, **options: float) -> Figure:
    """The curve of an activation and, dashed, of its derivative: `activation("elu", alpha=0.5)`.

    A list of names makes a figure with one panel each. Raises ValueError for softmax, which is no curve: each of its
    outputs depends on the whole row.
    """
    names = [name] if isinstance(name, str) else list(name)
    if ax is not None and len(names) > 1:
        raise ValueError(f"{len(names)} names given for one ax; give one name, or leave out ax")
    if "softmax" in names:
        raise ValueError("softmax is no curve: each of its outputs depends on the whole row; sigmoid is that of two")
    if ax is not None:
        fig, axes = ax.figure, [ax]
    else:
        columns = min(len(names), 3)
        rows = -(-len(names) // columns)
        width = 5.5 if columns == 1 else 3.7 * columns
        fig, axes = figure(width, 3.7 * rows, nrows=rows, ncols=columns, squeeze=False)
        axes = list(axes.flat)
    for axis in axes[len(names) :]:
        axis.axis("off")
    # No point at 0, where a derivative may jump: the curve is interrupted instead of steep.
    Z = np.r_[np.linspace(-4, -1e-6, 200), np.nan, np.linspace(1e-6, 4, 200)]
    for axis, one in zip(axes, names):
        layer = Activation(one, **options)
        axis.plot(Z, layer.forward(Z, training=True), label="$A = f(Z)$")
        axis.plot(Z, layer.backward(np.ones_like(Z)), "--", label="$f'(Z)$")
        axis.set_title(", ".join([one, *(f"{k} = {v}" for k, v in options.items())]))
        axis.set(xlabel="$Z$", ylim=(-2.1, 2.6))
        if axis is axes[0]:
            axis.legend(loc="upper left")
    return fig


@styled
def decision_regions(net: Network, X: ArrayLike, y: ArrayLike, ax: Axes | None = None) -> Figure:
    """Where in the plane a classifier says what: X (m, 2) over the colours of the predicted classes.

    Raises ValueError for a regression, which has no classes, and for a network whose inputs are not two.
    """
    if not net.is_classifier or net.sizes[0] != 2:
        kind = "classifier" if net.is_classifier else "regression"
        raise ValueError(f"this network is a {kind} of {net.sizes[0]} inputs; give a classifier of 2")
    X, Y = net.check_X_y(X, y)
    y = net.decide(Y)
    fig, ax = (ax.figure, ax) if ax is not None else figure(5, 5)
    low, high = X.min(axis=0) - 0.3, X.max(axis=0) + 0.3
    grid = np.stack(np.meshgrid(*np.linspace(low, high, 200).T), axis=-1)
    classes = max(net.sizes[-1], 2)
    colors = [COLORS[k % len(COLORS)] for k in range(classes)]
    said = net.predict(grid.reshape(-1, 2)).reshape(200, 200)
    extent = (low[0], high[0], low[1], high[1])
    scale = {"cmap": ListedColormap(colors), "vmin": 0, "vmax": classes - 1}
    ax.imshow(said, **scale, alpha=0.3, origin="lower", extent=extent, aspect="auto")
    for k in range(classes):
        ax.scatter(
            *X[y == k].T,
            s=20,
            color=colors[k],
            edgecolor="white",
            linewidth=0.5,
            label=f"class {k}",
            marker="os^D"[(k + k // len(COLORS)) % 4],  # classes of one colour differ in it
        )
    ax.grid(False)
    ax.set(xlabel="$x_1$", ylabel="$x_2$")
    return fig


@styled
def reliability(p: ArrayLike, right: ArrayLike, edges: Sequence[float] | np.ndarray = calibration.EDGES,
                ax: Axes | None = None) -> Figure:  # fmt: skip
    """Reliability diagram: the share of right answers over the mean probability p that they were given with.

    One point for each group of `calibration.groups`, with the 95 % interval (Wilson) of its share; an honest classifier
    lies on the dashed diagonal, one that is too sure below it. p and right (m,) as there.
    """
    with from_an_extra():
        from scipy.stats import binomtest

    table = calibration.groups(p, right, edges)
    fig, ax = (ax.figure, ax) if ax is not None else figure(5, 5)
    ax.plot([0, 1], [0, 1], "--", color=GREY, linewidth=1.5)
    for row in table.itertuples():
        low, high = binomtest(round(row.n * row.right), row.n).proportion_ci(method="wilson")
        bar = [[max(row.right - low, 0)], [max(high - row.right, 0)]]
        ax.errorbar(row.said, row.right, bar, marker="o", markersize=8, capsize=4, color=COLORS[0])
    left = min(0.3, table["said"].min() - 0.05)
    ax.set(xlabel="mean p of the group", ylabel="share that is right", xlim=(left, 1.03), ylim=(-0.03, 1.03))
    return fig

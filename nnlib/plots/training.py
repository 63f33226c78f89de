"""What training does: the loss over the epochs, the gradients of one batch, one update of the weights."""

import copy
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from nnlib.network import Network
from nnlib.optimizers import SGD, Optimizer
from nnlib.plots.pictures import heat, picture_shape, tile, values
from nnlib.plots.style import (
    check_dense,
    count,
    empty_figure,
    figure,
    is_first,
    name_ticks,
    output_names,
    short,
    styled,
)

MOST_PICTURES = 12  # of the units of a first layer


@styled
def history(history: pd.DataFrame, ax: Axes | None = None, xlabel: str = "epoch") -> Figure:
    """Loss and accuracy over the epochs of `nnlib.train`'s DataFrame, training and validation where they are known.

    With `ax`, the loss alone goes there. `xlabel` names what the rows count, if not epochs.
    """
    panels = ["loss"] if ax is not None or history["accuracy"].isna().all() else ["loss", "accuracy"]
    if ax is not None:
        fig, axes = ax.figure, [ax]
    else:
        fig, axes = figure(5 * len(panels), 4, ncols=len(panels), squeeze=False)
        axes = axes[0]
    for axis, name in zip(axes, panels, strict=True):
        marker = "o" if len(history) < 3 else None  # a line needs two points
        axis.plot(history["epoch"], history[name], marker=marker, label="training")
        if history[f"val_{name}"].notna().any():
            axis.plot(history["epoch"], history[f"val_{name}"], "--", marker=marker, label="validation")
        axis.set(xlabel=xlabel, ylabel=name)
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.legend()
    return fig


@styled
def gradients(net: Network, X: ArrayLike, y: ArrayLike, image_shape: tuple[int, int] | Literal[False] | None = None,
              class_names: Sequence[str] | None = None) -> Figure:  # fmt: skip
    """Backpropagation of the mean loss over X (m, n_in) and y: the prediction A against the label Y, the output's error
    dZ, then dW and db of every layer from the last to the first, and the size of each.

    Of a large batch the first 16 rows of A, Y and dZ are shown. If the samples are pictures, so are the columns of the
    first dW: those of the 12 units with the largest. `image_shape=False` says that they are none. The network stays as
    it is.
    """
    check_dense(net, "plots.gradients")
    net = copy.deepcopy(net)
    X, Y = net.check_X_y(X, y)
    image_shape, names = picture_shape(net.sizes[0], image_shape), output_names(net, class_names)
    Z = net.logits(X, training=True)
    loss, dZ = net.compare(Z, Y)
    net.backward(dZ)
    A, last, m = net.output.forward(Z), len(net.dense), len(X)

    columns = min(last, 5)
    bands = -(-last // columns)
    heights = [max(3.4, 0.6 * last + 1), 3.8 * bands]
    fig = empty_figure(11, sum(heights), space=0.1)
    above, below = fig.subfigures(2, 1, height_ratios=heights)
    shown = " (the first 16 rows are shown)" if m > 16 else ""
    above.suptitle(f"{count(m, 'row')}, loss {loss:.3g}{shown}. Red: above 0, blue: below 0")
    *outputs, norms = above.subplots(1, 4, width_ratios=[1, 1, 1, 1.2])
    share = f" / {m}" if m > 1 else ""
    formula = f" = $(A_{{{last}}} - Y)${share}" if net.matched else ""
    limit = max(np.abs(A).max(), np.abs(Y).max())
    _batch(outputs[0], f"prediction $A_{{{last}}}$", A, names, limit)
    _batch(outputs[1], f"{'label' if net.is_classifier else 'target'} $Y$", Y, names, limit)
    _batch(outputs[2], f"$dZ_{{{last}}}${formula}", dZ, names)

    axes = below.subplots(2 * bands, columns, squeeze=False, height_ratios=[1, 0.16] * bands)
    pairs = [(axes[row, column], axes[row + 1, column]) for row in range(0, 2 * bands, 2) for column in range(columns)]
    sizes = {}
    for k, (upper, lower) in zip(range(last, 0, -1), pairs):
        layer = net.dense[k - 1]
        sizes |= {f"$dW_{{{k}}}$": np.linalg.norm(layer.dW), f"$db_{{{k}}}$": np.linalg.norm(layer.db)}
        numbers = layer.n_out * columns <= 12
        upper.set_title(f"$dW_{{{k}}}$: {layer.n_in} × {layer.n_out}\nlargest {short(np.abs(layer.dW).max())}")
        _weights(upper, layer.dW, image_shape if k == 1 else None, layer.dW, numbers=numbers)
        heat(lower, layer.db[None, :], numbers=numbers)
        lower.set_xlabel(f"$db_{{{k}}}$: {layer.n_out}")
    for upper, lower in pairs[last:]:
        upper.axis("off")
        lower.axis("off")
    norms.set_title("size (norm) of each")
    values(norms, np.array(list(sizes.values())), list(sizes), [short(size) for size in sizes.values()])
    return fig


@styled
def weight_update(net: Network, X: ArrayLike, y: ArrayLike, optimizer: Optimizer | None = None, layer: int = 0,
                  image_shape: tuple[int, int] | Literal[False] | None = None) -> Figure:  # fmt: skip
    """The weights of one Dense layer before and after one update on X (m, n_in) and y, and their difference.

    `optimizer` is `SGD(0.1)` unless given. The update is made on copies: network and optimizer stay as they are. If the
    samples are pictures, so are the first layer's weights: of the 12 units that change most.
    """
    check_dense(net, "plots.weight_update")
    first = is_first(net, layer)
    after = copy.deepcopy(net)
    # What the optimizer remembers belongs to the network; its copy's, to the network's copy.
    optimizer = copy.deepcopy(optimizer or SGD(), {id(net): after})
    loss, _ = after.loss_and_gradient(*after.check_X_y(X, y))
    optimizer.step(after)

    image_shape = picture_shape(net.sizes[0], image_shape) if first else None
    W, W_after = net.weights[layer], after.weights[layer]
    limit = max(np.abs(W).max(), np.abs(W_after).max())
    change = W_after - W
    k = range(1, len(net.dense) + 1)[layer]
    across, down = _tiling(min(W.shape[1], MOST_PICTURES))
    height = 1.7 + 2.9 * down / across * image_shape[0] / image_shape[1] if image_shape else 4.8
    fig = empty_figure(11, min(height, 7), space=0.1)
    axes = fig.subplots(1, 3)
    fig.suptitle(f"One step of {optimizer}\nloss on these rows: {loss:.3g} before, {after.loss(X, y):.3g} after")
    axes[0].set_title(f"$W_{{{k}}}$ before")
    axes[1].set_title(f"$W_{{{k}}}$ after")
    axes[2].set_title("difference: after − before")
    for ax, table, end in zip(axes, [W, W_after, change], [limit, limit, np.abs(change).max()]):
        end = end or 1  # nothing changed
        drawn = _weights(ax, table, image_shape, change, end, numbers=3 * W.shape[1] <= 12)
        bar = fig.colorbar(drawn, ax=ax, orientation="horizontal", aspect=30)
        bar.set_ticks([-end, 0, end], labels=[short(-end), "0", short(end)])
    return fig


def _weights(ax, W, image_shape, change, limit=None, numbers=False):
    """W (n_in, n_out) as colours; or as pictures, those 12 columns where `change` (n_in, n_out) is largest."""
    if image_shape is None:
        ax.set(xlabel=count(W.shape[1], "unit"), ylabel=count(W.shape[0], "input"))
        return heat(ax, W, limit, numbers and len(W) <= 10)
    most = np.sort(np.argsort(-np.linalg.norm(change, axis=0))[:MOST_PICTURES])
    ax.set_xlabel((f"{len(most)} of " if len(most) < W.shape[1] else "") + count(W.shape[1], "unit"))
    return heat(ax, tile(W.T[most], image_shape, _tiling(len(most))[0]), limit, aspect="equal")


def _tiling(n):
    """How many pictures stand side by side and how many one below the other."""
    across = 5 if n % 5 == 0 else min(n, 4)
    return across, -(-n // across)


def _batch(ax, title, table, names, limit=None):
    """Outputs of the first 16 rows (m, K): bars for one row or one column, else colours."""
    ax.set_title(title)
    table = table[:16]
    if len(table) == 1 and len(names) <= 16:
        values(ax, table[0], names if len(names) == table.size else names[-1:])
        return
    if table.shape[1] == 1:
        values(ax, table[:, 0])
    else:
        heat(ax, table, limit)
        ax.set_xlabel("output")
        if len(names) <= 16:
            name_ticks(ax.xaxis, names)
    ax.set_ylabel("row")

"""What a network is, and one sample's way through it."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from nnlib.layers import Dense
from nnlib.network import Network
from nnlib.plots.pictures import heat, picture_shape, probabilities, values
from nnlib.plots.style import (
    COLORS,
    GREY,
    both_classes,
    check_dense,
    count,
    empty_figure,
    figure,
    input_names,
    output_names,
    short,
    styled,
)

MOST_UNITS = 10  # a layer of more units is drawn as its first and last four, and dots between
LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")  # matplotlib's own $x_1$ takes 5 ms each


@styled
def architecture(net: Network, ax: Axes | None = None) -> Figure:
    """The layers of a network as columns of circles, with the number of units, weights and biases of each."""
    check_dense(net, "plots.architecture")
    sizes = [net.dense[0].n_in, *(layer.n_out for layer in net.dense)]
    places = [_places(n) for n in sizes]
    top, last = max(max(heights) for _, heights in places) + 1, len(sizes) - 1
    if ax is None:
        _, ax = figure(max(6, min(11, 3 * len(sizes)), 1.1 * len(sizes)), 2.7 + 0.4 * max(top, 2))
    ax.set(xlim=(-0.4, last + 0.4), ylim=(-top, top))
    ax.axis("off")
    put = partial(ax.annotate, textcoords="offset points", annotation_clip=False)

    for k, layer in enumerate(net.dense):  # lines first, so that the circles cover their ends
        lines = [[(k, a), (k + 1, b)] for a in places[k][1] for b in places[k + 1][1]]
        ax.add_collection(LineCollection(lines, colors=GREY, linewidths=0.6, alpha=0.5, agg_filter=_coarse))
        W, b = f"W{k + 1}".translate(LOW), f"b{k + 1}".translate(LOW)
        counts = f"{W}\n{layer.n_in} × {layer.n_out}\n= {layer.W.size:,}\n{b}: {layer.n_out:,}"
        put(counts, (k + 0.5, -top), (0, -4), ha="center", va="top", color=COLORS[1])

    functions = [""]  # of each column: what comes after its Dense layer, an activation or none or several
    for layer in [*net.layers, net.output]:
        if isinstance(layer, Dense):
            functions.append("")
        else:
            functions[-1] = f"{functions[-1]}\n{_function(layer)}".strip()
    pad = 57 + 19 * max(text.count("\n") + 1 for text in functions)  # points: room for the texts above the columns
    title = f"{'-'.join(map(str, sizes))}: {len(net.parameters):,} parameters, {net.loss_name} loss"
    ax.set_title(title, pad=pad)
    for k, (n, function, (units, heights)) in enumerate(zip(sizes, functions, places, strict=True)):
        kind, color = ("input", 5) if k == 0 else ("output", 4) if k == last else (f"hidden {k}", 2)
        ax.scatter(np.full(len(units), k), heights, 330, COLORS[color], edgecolor="white", zorder=3)
        if len(units) < n:
            put("⋮", (k, 0), (0, 0), ha="center", va="center", fontsize=22)
        put(f"{kind}\n{count(n, 'unit')}\n{function}", (k, top), (0, 4), ha="center", va="bottom", linespacing=1.3)
    for unit, height in zip(*places[0]):
        put(f"x{unit}".translate(LOW), (0, height), (-13, 0), ha="right", va="center", style="italic")
    for unit, height in zip(*places[-1]) if last and sizes[-1] > 1 else ():
        put(unit, (last, height), (13, 0), ha="left", va="center")
    return ax.figure


def _places(n):
    """Which of n units are drawn, and how high they stand: 2 apart, around 0."""
    if n <= MOST_UNITS:
        return range(n), range(n - 1, -n, -2)
    return [*range(4), *range(n - 4, n)], [8, 6, 4, 2, -2, -4, -6, -8]


def _function(activation):
    """An activation's name and, a line each, its options."""
    return "\n".join([activation.name, *(f"{option} = {value}" for option, value in activation.options.items())])


def _coarse(image, dpi):
    """Fewer shades for the edges of hundreds of lines: half the size of the PNG, which a notebook keeps as text."""
    return np.round(6 * image) / 6, 0, 0


@styled
def forward_flow(net: Network, x: ArrayLike, image_shape: tuple[int, int] | Literal[False] | None = None,
                 class_names: Sequence[str] | None = None) -> Figure:  # fmt: skip
    """One sample's way through a network: x (n_in,), every Z and A, the probabilities (a regression: the outputs).

    Below a picture stand the weights into those eight units of the first layer whose Z is largest. Unless given,
    `image_shape` is a square of at least 8 x 8 pixels; False says that x is no picture. Raises ValueError when x is not
    one sample of the network.
    """
    check_dense(net, "plots.forward_flow")
    x = np.asarray(x)
    if x.size != net.sizes[0]:
        raise ValueError(f"x has {x.size} values (shape {x.shape}), the network takes one sample of {net.sizes[0]}")
    x = net.check_X(x.reshape(1, -1))
    image_shape, names = picture_shape(net.sizes[0], image_shape), output_names(net, class_names)
    flow = [("$X$", "one sample", x), *_steps(net, x)]
    strips = -(-len(flow) // 7)
    columns = -(-len(flow) // strips)

    fig = empty_figure(11, 3.3 * strips + (2.4 if image_shape else 0))
    *rows, below = fig.subfigures(strips + 1, 1, height_ratios=[3.3] * strips + [2.4 if image_shape else 0.01])
    axes = []
    for row in rows:
        axes += _strip(row, min(columns, len(flow) - len(axes)), columns, last=1.3 if strips == 1 else 1)
    for k, (ax, (name, formula, array)) in enumerate(zip(axes, flow)):
        ax.set_title(f"{name}\n{formula}")
        if k == 0 and image_shape:
            ax.imshow(x.reshape(image_shape), vmin=min(x.min(), 0))
            ax.axis("off")
        elif k == len(flow) - 1 and net.is_classifier:
            probabilities(ax, both_classes(net, array)[0], names)
        else:
            named = input_names(array.size) if k == 0 else names if k >= len(flow) - 2 else None
            values(ax, array[0], named if named and len(named) == array.size else None)
    if image_shape:
        Z = flow[1][2][0]
        below.suptitle("$W_1$ of the units whose $Z_1$ is largest: red pixels add to it, blue take away")
        for unit, ax in zip(np.argsort(-Z)[:8], below.subplots(1, 8)):
            ax.set_title(f"unit {unit}: {short(Z[unit])}")
            heat(ax, net.weights[0][:, unit].reshape(image_shape), aspect="equal")
        for ax in below.axes[len(Z) :]:
            ax.axis("off")
    return fig


def _steps(net, X):
    """What happens to X (m, n_in) on its way: (name, formula, array) of every Z and A, the output's last."""
    k, name = 0, "X"
    for layer in [*net.layers, net.output]:
        X = layer.forward(X)
        if isinstance(layer, Dense):
            k += 1
            name, formula = f"Z_{{{k}}}", f"${name} W_{{{k}}} + b_{{{k}}}$"
        else:
            name, formula = f"A_{{{k}}}", layer.name
        yield f"${name}$", formula, X


def _strip(row, n, columns, last):
    """n axes side by side with arrows between them, in a row that has place for more; the last of another width."""
    grid = row.add_gridspec(1, 2 * columns - 1, width_ratios=[*[1, 0.15] * (columns - 1), last])
    for k in range(1, 2 * n - 1, 2):
        ax = row.add_subplot(grid[k])
        ax.axis("off")
        ax.text(0.5, 0.5, "→", ha="center", va="center", fontsize=22, color=GREY)
    return [row.add_subplot(grid[2 * k]) for k in range(n)]

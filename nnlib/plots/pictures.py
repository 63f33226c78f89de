"""Rows of numbers as pictures: samples, weights, what a classifier says of a sample."""

from collections.abc import Sequence
from math import isqrt
from typing import Literal

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from nnlib.network import Network
from nnlib.plots.style import (
    COLORS,
    GREY,
    NEGATIVE,
    POSITIVE,
    RIGHT,
    SIGNED,
    WRONG,
    both_classes,
    check_dense,
    count,
    figure,
    input_names,
    is_first,
    numerals,
    output_names,
    short,
    styled,
)


@styled
def images(X: ArrayLike, image_shape: tuple[int, int] | None = None, titles: Sequence[str] | None = None,
           columns: int = 10, signed: bool = False, title_colors: Sequence[str] | None = None) -> Figure:  # fmt: skip
    """A grid of pictures: rows of X (n, pixels), one row (pixels,), or pictures (n, height, width).

    `image_shape` (height, width) is square unless given. `signed` shows weights: one scale for all, blue below 0, red
    above. `titles` and `title_colors` have one entry per picture. Raises ValueError when there is no picture.
    """
    X = np.atleast_2d(X)
    if X.size == 0:
        raise ValueError(f"no pictures to draw: X has shape {X.shape}")
    if X.ndim == 3:
        image_shape, X = image_shape or X.shape[1:], X.reshape(len(X), -1)
    height, width = image_shape or 2 * (isqrt(X.shape[1]),)
    if height * width != X.shape[1]:
        raise ValueError(f"a row has {X.shape[1]} pixels, which is not {height} x {width}; give image_shape")
    limit = np.abs(X).max() or 1
    if signed:
        scale = {"cmap": SIGNED, "vmin": -limit, "vmax": limit}
    else:
        scale = {"cmap": "gray", "vmin": min(X.min(), 0), "vmax": max(X.max(), 0)}
    fig, axes = _grid(len(X), columns, titles, title_colors)
    for row, ax in zip(X, axes):
        ax.imshow(row.reshape(height, width), **scale)
        ax.axis("off")
    return fig


@styled
def weights(net: Network, layer: int = 0, image_shape: tuple[int, int] | Literal[False] | None = None,
            columns: int = 10, most: int = 40) -> Figure:  # fmt: skip
    """The weights into the units of a Dense layer as pictures, `most` at most; red is positive, blue negative.

    Weights that do not come from a picture, and those of later layers, are shown as one coloured table: a column per
    unit, a row per input. Raises ValueError for a layer that there is not.
    """
    check_dense(net, "plots.weights")
    first, W = is_first(net, layer), net.weights[layer]
    image_shape = picture_shape(len(W), image_shape) if first else None
    if image_shape:
        return images(W.T[:most], image_shape, columns=columns, signed=True)
    fig, ax = figure(min(10, 2.5 + 0.8 * W.shape[1]), min(6, 1.5 + 0.5 * len(W)))
    fig.colorbar(heat(ax, W, numbers=W.shape[1] <= 10 and len(W) <= 10), ax=ax)
    ax.set(xlabel=count(W.shape[1], "unit"), ylabel=count(len(W), "input"))
    return fig


@styled
def predictions(net: Network, X: np.ndarray, y: np.ndarray, image_shape: tuple[int, int] | Literal[False] | None = None,
                class_names: Sequence[str] | None = None, columns: int = 8) -> Figure:  # fmt: skip
    """Samples X (n, n_in) with what a classifier says of them and how sure it is; wrong ones name the true class.

    A sample that is no picture (`image_shape=False` says so) is drawn as bars, one per feature.
    """
    P = both_classes(net, net.predict_proba(X))
    image_shape = picture_shape(net.sizes[0], image_shape)
    names = output_names(net, class_names)
    between = ": " if max(map(len, names)) <= 4 else "\n"
    titles, colors = [], []
    for p, k, label in zip(P.max(axis=1), P.argmax(axis=1), y, strict=True):
        titles.append(f"{names[k]}{between}{p:.0%}" + ("" if k == label else f"\nis {names[label]}"))
        colors.append(RIGHT if k == label else WRONG)
    if image_shape:
        return images(X, image_shape, titles, columns, title_colors=colors)
    fig, axes = _grid(len(X), min(columns, 5), titles, colors)
    fig.get_layout_engine().set(w_pad=0.12)  # inches: room for the numbers beside the bars
    for row, ax in zip(np.asarray(X), axes):
        values(ax, row, input_names(len(row)))
    return fig


def tile(X: np.ndarray, image_shape: tuple[int, int], columns: int) -> np.ndarray:
    """Small pictures side by side in one array, `columns` in a row, a pixel of NaN between: rows of X (n, pixels)."""
    height, width = image_shape
    rows = -(-len(X) // columns)
    tiles = np.full((rows * columns, height + 1, width + 1), np.nan, np.result_type(X, np.float32))
    tiles[: len(X), :height, :width] = X.reshape(-1, height, width)
    return tiles.reshape(rows, columns, height + 1, width + 1).swapaxes(1, 2).reshape(rows * (height + 1), -1)[:-1, :-1]


def picture_shape(n, image_shape=None):
    """(height, width) of n values that are a picture, else None. Unless given: a square of at least 8 x 8.

    `image_shape=False` says that they are no picture, as many as they may be.
    """
    side = isqrt(n)
    if image_shape is False:
        return None
    if image_shape is None:
        return (side, side) if side >= 8 and side * side == n else None
    if len(image_shape) != 2 or image_shape[0] * image_shape[1] != n:
        raise ValueError(f"image_shape is {image_shape}, and the network has {n} inputs: height x width must be {n}")
    return tuple(image_shape)


def heat(ax, table, limit=None, numbers=False, aspect="auto"):
    """Numbers (rows, columns) as colours: blue below 0, white 0, red above, full colour at `limit`. Returns the image.

    `numbers` writes them into the cells, too.
    """
    limit = limit or np.nanmax(np.abs(table)) or 1
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set(visible=True, color="#BBBBBB")
    for (row, column), text in zip(np.ndindex(table.shape), numerals(table.ravel()) if numbers else []):
        color = "white" if abs(table[row, column]) > 0.6 * limit else "black"
        ax.text(column, row, text, ha="center", va="center", fontsize=12, color=color)
    scale = {"cmap": SIGNED, "vmin": -limit, "vmax": limit}
    return ax.imshow(table, **scale, interpolation="nearest", aspect=aspect)


def values(ax, row, names=None, texts=None):
    """One row of numbers: up to 16 as bars between their names and `texts`; more as a block of colours."""
    n = len(row)
    if n > 16 and texts is None:
        # As wide as divides n without a rest, and between half and whole as wide as high.
        columns = next(c for c in range(isqrt(n), 0, -1) if n % c == 0 or 4 * c * c < n)
        block = np.full(-(-n // columns) * columns, np.nan)
        block[:n] = row
        heat(ax, block.reshape(-1, columns), aspect="equal")
        ax.set_xlabel(f"{count(n, 'value')}\n{short(row.min())} to {short(row.max())}")
        return
    ax.barh(range(n), row, color=[POSITIVE if value > 0 else NEGATIVE for value in row])
    ax.axvline(0, color=GREY, linewidth=1, clip_on=False)
    for k, text in enumerate(numerals(row) if texts is None else texts):
        ax.text(1.05, k, text, transform=ax.get_yaxis_transform(), va="center", fontsize=12)
    _name_bars(ax, range(n) if names is None else names)
    ax.set_xticks([])
    ax.spines[["left", "bottom"]].set_visible(False)


def probabilities(ax, p, names):
    """Probabilities (K,) as bars from 0 to 1, the largest in a strong colour; of more than 16 the ten largest."""
    order = np.arange(len(p)) if len(p) <= 16 else np.argsort(-p)[:10]
    bars = ax.barh(range(len(order)), p[order], color=[COLORS[0] if k == p.argmax() else COLORS[5] for k in order])
    ax.bar_label(bars, [f"{p[k]:.1%}" if p[k] >= 0.0005 else "" for k in order], padding=2, fontsize=12)
    ax.set(xlim=(0, 1.6), xticks=[0, 1])
    _name_bars(ax, [names[k] for k in order])
    ax.spines["bottom"].set_bounds(0, 1)


def _name_bars(ax, names):
    """Names beside horizontal bars, the first on top; few bars do not become thick."""
    n, space = len(names), max(0, 6 - len(names)) / 2
    ax.set_ylim(n - 0.4 + space, -0.6 - space)
    ax.set_yticks(range(n), names)
    ax.tick_params(left=False)
    ax.grid(False)


def _grid(n, columns, titles, colors):
    """A figure with n axes, `columns` in a row, and their titles."""
    columns = min(columns, n)
    rows = -(-n // columns)
    size = 10 / max(columns, 5)
    lines = 0 if titles is None else max(str(title).count("\n") + 1 for title in titles)
    fig, axes = figure(size * columns, (size + 0.27 * lines) * rows, nrows=rows, ncols=columns, squeeze=False)
    for ax in axes.flat[n:]:
        ax.axis("off")
    for k, ax in enumerate(axes.flat[:n] if lines else []):
        ax.set_title(titles[k], color=colors[k] if colors else "black")
    return fig, axes.flat[:n]

"""A kernel on its way over a picture, with its numbers."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from nnlib.plots.pictures import heat
from nnlib.plots.style import COLORS, figure, styled


@styled
def convolution(X: ArrayLike, W: ArrayLike, place: tuple[int, int] = (0, 0), b: float = 0.0,
                titles: Sequence[str] = ("X", "W", "Z")) -> Figure:  # fmt: skip
    """X (h, w), a kernel W (k, k) and the map that (9.1) of notebook 09 makes of them, as tables with their numbers.

    The patch of X at `place` (row, column of the map) and the value of the map that it gives are framed. Raises
    ValueError for shapes that do not fit and for a place that the map does not have.
    """
    X, W = np.asarray(X, float), np.asarray(W, float)
    if X.ndim != 2 or W.ndim != 2 or W.shape[0] > X.shape[0] or W.shape[1] > X.shape[1]:
        raise ValueError(f"X has the shape {X.shape}, W {W.shape}; expected a picture and a kernel that fits into it")
    Z = np.tensordot(np.lib.stride_tricks.sliding_window_view(X, W.shape), W) + b
    if not all(0 <= at < n for at, n in zip(place, Z.shape, strict=True)):
        raise ValueError(f"place is {place}; the map has {Z.shape[0]} rows and {Z.shape[1]} columns, from (0, 0)")
    widths = [table.shape[1] for table in (X, W, Z)]
    fig, axes = figure(0.62 * sum(widths) + 1.2, 0.62 * X.shape[0] + 0.5, ncols=3, width_ratios=widths)
    for ax, table, title in zip(axes, (X, W, Z), titles, strict=True):
        heat(ax, table, 1.6 * np.abs(table).max() or 1, aspect="equal")
        for (i, j), value in np.ndenumerate(table):
            ax.text(j, i, f"{value:.3g}".replace("-", "−"), ha="center", va="center", fontsize=14)
        ax.set_title(f"${title}$  {table.shape[0]}×{table.shape[1]}")
        ax.set_ylim(X.shape[0] - 0.5, -0.5)  # cells of one size, from the top
        ax.spines[:].set_visible(False)
        ax.add_patch(_frame(-0.5, -0.5, table.shape, "#777777", 1))
    row, column = place
    axes[0].add_patch(_frame(column - 0.5, row - 0.5, W.shape, COLORS[4], 4))
    axes[2].add_patch(_frame(column - 0.5, row - 0.5, (1, 1), COLORS[4], 4))
    return fig


def _frame(x, y, shape, color, width):
    return Rectangle((x, y), shape[1], shape[0], fill=False, edgecolor=color, linewidth=width, clip_on=False, zorder=3)

"""Static figures. Every function draws into `ax`, or makes its own figure, and returns the figure.

A figure made here is not registered with pyplot: as the last line of a cell it is shown once. One style for all; the
colours are Okabe & Ito's (2008), which colour-blind readers tell apart.
"""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000"]
RIGHT, WRONG = COLORS[0], COLORS[1]

STYLE = {
    "font.size": 13,
    "axes.prop_cycle": plt.cycler(color=COLORS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.3,
    "lines.linewidth": 2.5,
    "legend.frameon": False,
    "image.cmap": "gray",
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
}


styled = plt.rc_context(STYLE)  # as a decorator: the function draws in this style, whatever the notebook's is


def use_style():
    """Draw the cells' own pyplot figures in the style of this module."""
    plt.rcParams.update(STYLE)


@styled
def figure(width, height, **grid):
    """A Figure of this module's style and its axes: `figure(10, 4, ncols=2)`. Sizes in inches; a page is 10 wide."""
    fig = Figure((width, height), layout="constrained")
    return fig, fig.subplots(**grid)


@styled
def images(X, image_shape=None, titles=None, columns=10, signed=False, title_colors=None):
    """Rows of X (n, pixels), or one row (pixels,), as a grid of pictures.

    `image_shape` (height, width) is square unless given. `signed` shows weights: one scale for all, blue below 0, red
    above. `titles` and `title_colors` have one entry per picture.
    """
    X = np.atleast_2d(X)
    height, width = image_shape or 2 * (int(np.sqrt(X.shape[1])),)
    if height * width != X.shape[1]:
        raise ValueError(f"a row has {X.shape[1]} pixels, which is not {height} x {width}; give image_shape")
    columns = min(columns, len(X))
    rows = -(-len(X) // columns)
    size = 10 / max(columns, 5)
    fig, axes = figure(
        size * columns, (size + (0.35 if titles is not None else 0)) * rows, nrows=rows, ncols=columns, squeeze=False
    )
    limit = np.abs(X).max() or 1
    for k, ax in enumerate(axes.flat):
        ax.axis("off")
        if k < len(X):
            scale = dict(cmap="RdBu_r", vmin=-limit, vmax=limit) if signed else dict(cmap="gray", vmin=0)
            ax.imshow(X[k].reshape(height, width), **scale)
            if titles is not None:
                ax.set_title(titles[k], fontsize=13, color=title_colors[k] if title_colors else "black")
    return fig


def tile(X, image_shape, columns):
    """Rows of X (n, pixels) side by side in one array, `columns` in a row, a pixel of NaN between them."""
    height, width = image_shape
    rows = -(-len(X) // columns)
    tiles = np.full((rows * columns, height + 1, width + 1), np.nan)
    tiles[: len(X), :height, :width] = X.reshape(-1, height, width)
    return tiles.reshape(rows, columns, height + 1, width + 1).swapaxes(1, 2).reshape(rows * (height + 1), -1)[:-1, :-1]


@styled
def history(history, ax=None):
    """Loss and accuracy over the epochs of `nnlib.train`'s DataFrame, training and validation where they are known.

    With `ax`, the loss alone goes there.
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
        axis.set(xlabel="epoch", ylabel=name)
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.legend()
    return fig


def weights(net, layer=0, image_shape=None, columns=10, most=40):
    """The weights into the units of a Dense layer as pictures, `most` at most; red is positive, blue negative."""
    W = net.weights[layer]
    return images(W.T[:most], image_shape, columns=columns, signed=True)


@styled
def predictions(net, X, y, image_shape=None, class_names=None, columns=8):
    """Pictures X (n, pixels) with what a classifier says of them and how sure it is; wrong ones name the true class."""
    P = net.predict_proba(X)
    P = np.hstack([1 - P, P]) if P.shape[1] == 1 else P
    names = class_names or [str(k) for k in range(P.shape[1])]
    titles, colors = [], []
    for p, k, label in zip(P.max(axis=1), P.argmax(axis=1), y, strict=True):
        titles.append(f"{names[k]}: {p:.0%}" if k == label else f"{names[k]}: {p:.0%}\nis {names[label]}")
        colors.append(RIGHT if k == label else WRONG)
    return images(X, image_shape, titles, columns, title_colors=colors)


@styled
def decision_regions(net, X, y, ax=None):
    """Where in the plane a classifier says what: X (m, 2) over the colours of the predicted classes."""
    fig, ax = (ax.figure, ax) if ax is not None else figure(5, 5)
    low, high = X.min(axis=0) - 0.3, X.max(axis=0) + 0.3
    grid = np.stack(np.meshgrid(*np.linspace(low, high, 200).T), axis=-1)
    classes = max(net.sizes[-1], 2)
    colors = ListedColormap(COLORS[:classes])
    said = net.predict(grid.reshape(-1, 2)).reshape(200, 200)
    extent = (low[0], high[0], low[1], high[1])
    ax.imshow(said, cmap=colors, vmin=0, vmax=classes - 1, alpha=0.3, origin="lower", extent=extent, aspect="auto")
    for k in range(classes):
        ax.scatter(
            *X[y == k].T,
            s=20,
            color=COLORS[k],
            edgecolor="white",
            linewidth=0.5,
            label=f"class {k}",
            marker="os^D"[k % 4],
        )
    ax.grid(False)
    ax.set(xlabel="$x_1$", ylabel="$x_2$")
    return fig

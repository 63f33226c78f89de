"""One style for all figures, and what several of them need."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from nnlib.layers import Activation, Dense

COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000"]
RIGHT, WRONG = COLORS[0], COLORS[1]
SIGNED = "RdBu_r"  # the colours of weights and derivatives: blue below 0, white 0, red above
NEGATIVE, POSITIVE, GREY = "#4393C3", "#D6604D", "#777777"

STYLE: dict[Any, Any] = {
    "font.size": 13,
    "axes.prop_cycle": plt.cycler(color=COLORS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 13,
    "figure.titlesize": 14,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.3,
    "lines.linewidth": 2.5,
    "legend.frameon": False,
    "image.cmap": "gray",
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
}


# A kernel shows figures as pictures once its own backend is loaded, which pyplot would do at its own first figure.
if "inline" in os.environ.get("MPLBACKEND", ""):
    plt.switch_backend(os.environ["MPLBACKEND"])


@contextlib.contextmanager
def in_style() -> Iterator[None]:
    with plt.rc_context(STYLE):
        yield


styled = in_style()  # as a decorator: the function draws in this style, whatever the notebook's is


def use_style() -> None:
    """Draw the cells' own pyplot figures in the style of this module."""
    plt.rcParams.update(STYLE)


@styled
def figure(width: float, height: float, **grid: Any) -> tuple[Figure, Any]:
    """A Figure of this module's style and its axes: `figure(10, 4, ncols=2)`. Sizes in inches; a page is 11 wide."""
    fig = Figure((width, height), layout="constrained")
    return fig, fig.subplots(**grid)


def empty_figure(width, height, space=0.04):
    """A Figure without axes, for those that divide it themselves; `space` beside each of the axes, in inches."""
    fig = Figure((width, height), layout="constrained")
    fig.get_layout_engine().set(w_pad=space)
    return fig


def name_ticks(axis, names):
    """A tick for each name; long names on the x-axis are turned."""
    axis.set_ticks(range(len(names)), names)
    if axis.axis_name == "x" and max(map(len, names)) > 3:
        axis.set_tick_params(rotation=30)
        for label in axis.get_ticklabels():
            label.set(ha="right", rotation_mode="anchor")


def numerals(row):
    """Numbers as texts with equally many decimals, so that the largest shows two digits or more."""
    top = np.abs(row).max() or 1
    decimals = 0 if top >= 100 else max(2, 1 - int(np.floor(np.log10(top))))
    sign = "+" if np.min(row) < 0 else ""
    if decimals > 5:
        return [f"{value:{sign}.0e}".replace("-", "−") for value in row]
    # Adding 0 makes a rounded -0.0 a 0.0.
    return [f"{value:{sign}.{decimals}f}".replace("-", "−") for value in np.round(row, decimals) + 0.0]


def short(value):
    return f"{value:.2g}".replace("-", "−")


def count(n, noun):
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def input_names(n):
    return [f"$x_{{{k}}}$" for k in range(1, n + 1)]


def output_names(net, class_names=None):
    """What the K outputs are called; a binary classifier's one output has two names, of class 0 and of class 1."""
    K = net.sizes[-1]
    names = [str(k) for k in range(max(K, 2) if net.is_classifier else K)]
    if class_names is not None and len(class_names) != len(names):
        raise ValueError(f"{len(class_names)} class_names given for {len(names)} outputs")
    return names if class_names is None else [as_text(name) for name in class_names]


def as_text(name):
    """A name from a user's data for a figure: between two dollars matplotlib would read a formula, or fail to."""
    return str(name).replace("$", r"\$")


def check_dense(net, what):
    """ValueError unless the network is made of Dense layers and activations alone, which is what `what` draws."""
    other = next((layer for layer in net.layers if not isinstance(layer, Dense | Activation)), None)
    if other is not None:
        raise ValueError(f"{what} draws Dense layers and activations; this network has {other!r}")


def is_first(net, layer):
    """Is this number, which may count from the end, the first Dense layer's? ValueError if it is no layer's."""
    if not -len(net.dense) <= layer < len(net.dense):
        raise ValueError(f"layer is {layer}; the network has Dense layers 0 to {len(net.dense) - 1}")
    return layer in (0, -len(net.dense))


def both_classes(net, A):
    """Outputs A (m, K); one sigmoid output, which is the probability of class 1, becomes two columns."""
    return np.hstack([1 - A, A]) if net.is_classifier and A.shape[1] == 1 else A

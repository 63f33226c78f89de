"""Static figures. Every function draws into `ax`, or makes its own figure, and returns the figure.

A figure made here is not registered with pyplot: as the last line of a cell it is shown once. One style for all; the
colours are Okabe & Ito's (2008), which colour-blind readers tell apart.
"""

from nnlib.plots.network import architecture, forward_flow
from nnlib.plots.pictures import images, predictions, tile, weights
from nnlib.plots.results import activation, confusion_matrix, decision_regions
from nnlib.plots.style import COLORS, RIGHT, STYLE, WRONG, figure, styled, use_style
from nnlib.plots.training import gradients, history, weight_update

__all__ = [
    "COLORS",
    "RIGHT",
    "STYLE",
    "WRONG",
    "activation",
    "architecture",
    "confusion_matrix",
    "decision_regions",
    "figure",
    "forward_flow",
    "gradients",
    "history",
    "images",
    "predictions",
    "styled",
    "tile",
    "use_style",
    "weight_update",
    "weights",
]

"""Static figures, all in one style; the colours are Okabe & Ito's (2008), which colour-blind readers tell apart.

Into `ax`, if one is given, draw `activation`, `architecture`, `confusion_matrix`, `decision_regions`, `history` and
`reliability`.
Always a figure of their own make `convolution`, `forward_flow`, `gradients`, `images`, `predictions`, `weight_update`
and `weights`.
All of these return the figure. It is not registered with pyplot: as the last line of a cell it is shown once.

The rest draws nothing: `figure` makes an empty figure and its axes, `use_style` gives the style to the cells' own
pyplot figures, `styled` to a function's, and `tile` puts pictures side by side in one array.
"""

from nnlib.extras import from_an_extra

with from_an_extra():
    from nnlib.plots.convolution import convolution
    from nnlib.plots.network import architecture, forward_flow
    from nnlib.plots.pictures import images, predictions, tile, weights
    from nnlib.plots.results import activation, confusion_matrix, decision_regions, reliability
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
    "convolution",
    "decision_regions",
    "figure",
    "forward_flow",
    "gradients",
    "history",
    "images",
    "predictions",
    "reliability",
    "styled",
    "tile",
    "use_style",
    "weight_update",
    "weights",
]

"""Live panels: sliders that act while a network trains. `panel.py` holds what all of them share."""

from nnlib.widgets.browser import DataBrowser
from nnlib.widgets.playground import Playground

__all__ = ["DataBrowser", "Playground"]

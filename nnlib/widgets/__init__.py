"""Live panels: sliders that act while a network trains. `panel.py` holds what all of them share.

A panel is loaded when it is asked for. Some bring SciPy, which a browser takes seconds for.
"""

import importlib

from nnlib.extras import from_an_extra

_MODULES = {
    "ActivationExplorer": "activation_explorer",
    "BackpropStepper": "stepper",
    "DataBrowser": "browser",
    "DataSize": "data_size",
    "DrawingPad": "pad",
    "ExpressionStepper": "expression",
    "Generalise": "generalise",
    "GradientCheck": "gradient_check",
    "KernelPad": "kernel",
    "MistakeGallery": "mistakes",
    "Playground": "playground",
    "Race": "race",
    "Transform": "transform",
    "Upload": "upload",
    "Valley": "valley",
}
__all__ = [*_MODULES]


def __getattr__(name):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; panels are {', '.join(_MODULES)}")
    with from_an_extra():
        return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__():
    return __all__

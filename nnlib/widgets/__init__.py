"""Live panels: sliders that act while a network trains. `panel.py` holds what all of them share.

A panel is loaded when it is asked for. Some bring SciPy, which a browser takes seconds for.
"""

import importlib
from typing import TYPE_CHECKING, Any

from nnlib.extras import from_an_extra

if TYPE_CHECKING:
    from nnlib.widgets.activation_explorer import ActivationExplorer as ActivationExplorer
    from nnlib.widgets.browser import DataBrowser as DataBrowser
    from nnlib.widgets.data_size import DataSize as DataSize
    from nnlib.widgets.expression import ExpressionStepper as ExpressionStepper
    from nnlib.widgets.generalise import Generalise as Generalise
    from nnlib.widgets.gradient_check import GradientCheck as GradientCheck
    from nnlib.widgets.kernel import KernelPad as KernelPad
    from nnlib.widgets.mistakes import MistakeGallery as MistakeGallery
    from nnlib.widgets.pad import DrawingPad as DrawingPad
    from nnlib.widgets.playground import Playground as Playground
    from nnlib.widgets.race import Race as Race
    from nnlib.widgets.stepper import BackpropStepper as BackpropStepper
    from nnlib.widgets.transform import Transform as Transform
    from nnlib.widgets.upload import Upload as Upload
    from nnlib.widgets.valley import Valley as Valley

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


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; panels are {', '.join(_MODULES)}")
    with from_an_extra():
        return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__():
    return __all__

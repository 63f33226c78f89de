"""Live panels: sliders that act while a network trains. `panel.py` holds what all of them share."""

from nnlib.widgets.activation_explorer import ActivationExplorer
from nnlib.widgets.browser import DataBrowser
from nnlib.widgets.data_size import DataSize
from nnlib.widgets.expression import ExpressionStepper
from nnlib.widgets.generalise import Generalise
from nnlib.widgets.gradient_check import GradientCheck
from nnlib.widgets.kernel import KernelPad
from nnlib.widgets.mistakes import MistakeGallery
from nnlib.widgets.pad import DrawingPad
from nnlib.widgets.playground import Playground
from nnlib.widgets.race import Race
from nnlib.widgets.stepper import BackpropStepper
from nnlib.widgets.transform import Transform
from nnlib.widgets.upload import Upload
from nnlib.widgets.valley import Valley

__all__ = ["ActivationExplorer", "BackpropStepper", "DataBrowser", "DataSize", "DrawingPad", "ExpressionStepper",
           "Generalise", "GradientCheck", "KernelPad", "MistakeGallery", "Playground", "Race", "Transform", "Upload",
           "Valley"]  # fmt: skip

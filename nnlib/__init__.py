"""nnlib: neural networks in NumPy, as the notebooks work them out by hand.

`import nnlib` brings the core. `from nnlib import widgets` brings the live panels.
"""

from nnlib import activations, initializers, losses, schedules
from nnlib.checks import check_gradients, numerical_gradient, preflight, relative_error
from nnlib.convolution import Conv2D, Flatten, MaxPool2D
from nnlib.data import datasets
from nnlib.data.datasets import Dataset, load_dataset
from nnlib.exercises import check
from nnlib.layers import Activation, BatchNorm, Dense, Dropout
from nnlib.network import Network, load_pretrained
from nnlib.optimizers import SGD, Adam, RMSprop
from nnlib.training import train, train_steps

__all__ = [
    "SGD",
    "Activation",
    "Adam",
    "BatchNorm",
    "Conv2D",
    "Dataset",
    "Dense",
    "Dropout",
    "Flatten",
    "MaxPool2D",
    "Network",
    "RMSprop",
    "activations",
    "check",
    "check_gradients",
    "datasets",
    "initializers",
    "load_dataset",
    "load_pretrained",
    "losses",
    "numerical_gradient",
    "preflight",
    "relative_error",
    "schedules",
    "train",
    "train_steps",
]

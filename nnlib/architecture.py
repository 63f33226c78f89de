"""Which layers a network has, and whether one fits the next."""

import math
from itertools import pairwise

import numpy as np
import pandas as pd

from nnlib.convolution import Conv2D, Flatten, MaxPool2D
from nnlib.layers import Activation, BatchNorm, Dense, Dropout, Layer, in_words, whole

LAYERS = {kind.__name__: kind for kind in (Dense, Activation, Dropout, BatchNorm, Conv2D, MaxPool2D, Flatten)}
LARGEST_SIDE = 256  # of a picture whose size is found out from the layers


def fully_connected(sizes, activations):
    """A Dense layer between each two of `sizes`, with an activation behind each hidden one.

    `activations` is one for all hidden layers or a list, one each: names or `Activation` layers. Raises ValueError for
    sizes that are not two or more positive whole numbers, and for a wrong number of activations.
    """
    try:
        units = [int(n) for n in sizes]
        fits = len(units) > 1 and min(units) > 0 and units == list(sizes)
    except (TypeError, ValueError, OverflowError):
        fits = False
    if not fits:
        raise ValueError(f"sizes is {sizes!r}; expected two or more positive whole numbers, such as [784, 128, 10]")
    hidden = len(units) - 2
    activations = list(activations) if isinstance(activations, list | tuple) else [activations] * hidden
    if len(activations) != hidden:
        raise ValueError(f"{len(activations)} activations given for {hidden} hidden layers: give one name or one each")
    layers = []
    for (n_in, n_out), activation in zip(pairwise(units), [*activations, None], strict=True):
        layers.append(Dense(n_in, n_out))
        if activation is not None:
            layers.append(activation if isinstance(activation, Activation) else Activation(activation))
    return layers


def shapes_along(layers, input_shape=None):
    """The shape of one sample before the first layer and behind each: [(784,), (128,), (128,), (10,)].

    `input_shape` is found out from the layers unless it is given: (n_in,) of the first Dense layer, or the smallest
    square picture that fits behind which every layer fits. Raises ValueError, naming the layer, if there is none.
    """
    for number, layer in enumerate(layers if isinstance(layers, list | tuple) else [layers]):
        if not isinstance(layer, Layer):
            raise ValueError(f"layers[{number}] is {layer!r}; expected a layer, such as Dense(784, 10)")
    if not any(layer.n_parameters for layer in layers):
        raise ValueError(f"layers is {layers!r}; expected a list with a layer that has parameters, such as Dense")
    if input_shape is not None:
        input_shape = tuple(whole("input_shape", n) for n in np.ravel(input_shape).tolist())
        if len(input_shape) not in (1, 3):
            raise ValueError(f"input_shape is {input_shape}; expected (n,) or (channels, height, width)")
        return _along(layers, input_shape)
    sized = [layer for layer in layers if not isinstance(layer, Activation | Dropout)]
    if isinstance(sized[0], Dense | BatchNorm):
        return _along(layers, (sized[0].n_in if isinstance(sized[0], Dense) else sized[0].n,))
    dense = next((number for number, layer in enumerate(layers) if isinstance(layer, Dense)), None)
    if not isinstance(sized[0], Conv2D) or dense is None:
        raise ValueError(f"{sized[0]} fits pictures of many sizes; give input_shape, such as input_shape=(1, 28, 28)")

    def misfit(side):  # how many values too many or too few the first Dense layer gets
        try:
            shape = _along(layers[:dense], (sized[0].channels_in, side, side))[-1]
        except ValueError:
            return math.inf
        return abs(math.prod(shape) - layers[dense].n_in)

    side = min(range(1, LARGEST_SIDE + 1), key=misfit)  # of the smallest misfits the first
    side = side if misfit(side) < math.inf else LARGEST_SIDE
    try:
        return _along(layers, (sized[0].channels_in, side, side))
    except ValueError as error:
        raise ValueError(f"{error} (for pictures of {side}x{side}; if yours are others, give input_shape)") from None


def _along(layers, shape):
    shapes = [shape]
    for number, layer in enumerate(layers):
        try:
            shapes.append(layer.output_shape(shapes[-1]))
        except ValueError as error:
            raise ValueError(f"layers[{number}], {layer}, {error}") from None
    return shapes


def check_output(net):
    """Raise ValueError unless output and loss fit the last layer."""
    K, output, loss = net.shapes[-1], net.output.name, net.loss_name
    if len(K) != 1:
        raise ValueError(f"the last layer gives {in_words(K)}; expected one value per output: end in Flatten or Dense")
    if K == (1,) and (output == "softmax" or (output == "sigmoid" and loss == "cross_entropy")):
        raise ValueError(f"{output} with {loss} needs two outputs or more; for one: sigmoid, binary_cross_entropy")
    if isinstance(net.layers[-1], Activation) and net.layers[-1].name in ("softmax", output):
        raise ValueError(
            f"{net.layers[-1]} ends the layers, and output={output!r} follows them; leave it out of the layers"
        )


def summary(net) -> pd.DataFrame:
    """A DataFrame, one row per layer with the activation behind it, and the total number of parameters."""
    rows = []
    for layer, before, behind in zip(net.layers, net.shapes, net.shapes[1:], strict=False):
        if isinstance(layer, Activation) and rows:
            rows[-1][1] += f"{', ' if rows[-1][1] else ''}{layer.name}"
        else:
            shape = " -> ".join("x".join(map(str, shape)) for shape in (before, behind))
            shape = shape if isinstance(layer, Dense) else f"{layer}: {shape}"
            rows.append([shape if layer.trainable else f"{shape}, frozen", "", layer.n_parameters])
    rows[-1][1] += f"{', ' if rows[-1][1] else ''}{net.output.name}"
    index = [*range(1, len(rows) + 1), "total"]
    rows.append(["", "", len(net.parameters)])
    return pd.DataFrame(rows, pd.Index(index, name="layer"), ["shape", "activation", "parameters"])

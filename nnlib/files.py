"""Model files: a network in one .npz file."""

import json
from pathlib import Path

import numpy as np

from nnlib.architecture import LAYERS
from nnlib.npz import DAMAGED, write_npz


def save(net, path, dtype=None):
    """Write the network to `path` (the ending .npz is added if missing), whole or not at all; returns the path.

    The file holds the parameters, W1, b1, W2, b2, ..., the layers' state, and as JSON text the architecture and
    `metadata`. `dtype` np.float16 halves its size; `load` makes the network's own type of it. Raises ValueError for a
    layer that `load` could not make again.
    """
    path = Path(path) if str(path).endswith(".npz") else Path(f"{path}.npz")
    for layer in net.layers:
        if LAYERS.get(type(layer).__name__) is not type(layer):
            raise ValueError(f"{layer} cannot be saved: load would not know its class; known are {', '.join(LAYERS)}")
    architecture = {
        "layers": [[type(layer).__name__, layer.config()] for layer in net.layers],
        "input_shape": net.shapes[0],
        "output": net.output.name,
        "loss": net.loss_name,
        "dtype": str(net.dtype),
        "target_ndim": net.target_ndim,
        "metadata": net.metadata,
    }
    if (
        dtype not in (None, np.float16, np.float32, np.float64)
        or np.abs(net.parameters).max() > np.finfo(dtype or net.dtype).max
    ):
        raise ValueError(
            f"dtype is {dtype}; expected np.float16, np.float32 or np.float64, large enough for the weights"
        )
    arrays = {name: array.astype(dtype or net.dtype) for name, array in _parameters(net.layers).items()}
    write_npz(path, {"architecture": json.dumps(architecture), **arrays, **_state(net.layers)})
    return path


def load(network_class, path):
    """The network that `save` wrote. Raises FileNotFoundError, or ValueError for a file that is not one."""
    if not Path(path).exists():
        raise FileNotFoundError(f"no model file at {path}; give the path that net.save(...) returned")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        architecture = json.loads(str(arrays.pop("architecture")))
    except (OSError, KeyError, TypeError, AttributeError, *DAMAGED) as error:
        # Without NumPy's words, which advise to load such a file unsafely.
        raise ValueError(f"{path} is not a file that net.save wrote, or it is damaged") from error
    try:
        layers = [LAYERS[kind](**config) for kind, config in architecture.pop("layers")]
        # Before a network is made: shapes that are not those of the arrays may need more memory than there is.
        for name, expected in {**_parameters(layers), **_state(layers)}.items():
            given = arrays.get(name, np.empty(0))
            if given.shape != expected.shape or given.dtype.kind != expected.dtype.kind:
                raise ValueError(f"{name} is {given.shape} {given.dtype}, expected {expected.shape} {expected.dtype}")
        target_ndim, metadata = architecture.pop("target_ndim"), architecture.pop("metadata", {})
        net = network_class(**architecture, layers=layers, initializer="zeros")
        for name, array in _parameters(net.layers).items():
            array[...] = arrays[name]
        net.restore([{name: arrays[f"layers[{k}].{name}"] for name in state} for k, state in enumerate(net.state())])
    except (KeyError, TypeError, ValueError, MemoryError) as error:
        raise ValueError(f"{path} is not a model file of this version of nnlib: {error}") from error
    net.target_ndim, net.metadata = target_ndim, metadata
    return net


def _parameters(layers):
    learning = enumerate((layer for layer in layers if layer.shapes), 1)
    return {f"{name}{k}": getattr(layer, name) for k, layer in learning for name in layer.shapes}


def _state(layers):
    return {f"layers[{k}].{name}": array for k, layer in enumerate(layers) for name, array in layer.state().items()}

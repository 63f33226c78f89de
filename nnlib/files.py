"""Model files: a network in one .npz file. Checkpoints: a training in one."""

import glob
import json
import os
import re
import shutil
import warnings
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from nnlib.architecture import LAYERS
from nnlib.npz import DAMAGED, read_npz, write_npz

UNREADABLE = (OSError, KeyError, TypeError, AttributeError, MemoryError, RecursionError, *DAMAGED)

FilePath = str | os.PathLike


def save(net, path: FilePath, dtype: DTypeLike | None = None) -> Path:
    """Write the network to `path` (the ending .npz is added if missing), whole or not at all; returns the path.

    The file holds the parameters, W1, b1, W2, b2, ..., the layers' state, and as JSON text the architecture and
    `metadata`. `dtype` np.float16 halves its size; `load` makes the network's own type of it. Raises ValueError for a
    layer that `load` could not make again, weights that are not finite or too large for `dtype`, and metadata that JSON
    cannot hold.
    """
    path = _with_ending(path)
    architecture = {**_architecture(net), "target_ndim": net.target_ndim, "metadata": net.metadata}
    largest = np.abs(net.parameters).max()
    if dtype not in (None, np.float16, np.float32, np.float64) or not largest <= np.finfo(dtype or net.dtype).max:
        raise ValueError(
            f"dtype is {dtype} and the largest weight {largest:.3g}; expected np.float16, np.float32 or np.float64, "
            "large enough for the weights, and these finite"
        )
    try:
        text = json.dumps(architecture)
    except TypeError as error:
        raise ValueError(f"metadata cannot be saved ({error}); give what JSON holds: float(value), say") from error
    arrays = {name: array.astype(dtype or net.dtype) for name, array in _parameters(net.layers).items()}
    write_npz(path, {"architecture": text, **arrays, **_state(net.state())})
    return path


def load(network_class, path: FilePath):
    """What `Network.load` returns, made by `network_class`."""
    if not Path(path).exists():
        raise FileNotFoundError(f"no model file at {path}; give the path that net.save(...) returned")
    try:
        arrays = read_npz(path)
        architecture = json.loads(str(arrays.pop("architecture")))
    except UNREADABLE as error:
        # Without NumPy's words, which advise to load such a file unsafely.
        raise ValueError(f"{path} is not a file that net.save wrote, or it is damaged") from error
    try:
        # Before layers and network are made: what is not as large as the arrays may need more memory than there is.
        most = 1000 + sum(array.size for array in arrays.values())
        for kind, config in architecture["layers"]:
            if any(isinstance(value, int) and value > most for value in config.values()):
                raise ValueError(f"{kind} with {config} is larger than the file")
        layers = [LAYERS[kind](**config) for kind, config in architecture.pop("layers")]
        for name, expected in {**_parameters(layers), **_state([layer.state() for layer in layers])}.items():
            given = arrays.get(name, np.empty(0))
            if given.shape != expected.shape or given.dtype.kind != expected.dtype.kind:
                raise ValueError(f"{name} is {given.shape} {given.dtype}, expected {expected.shape} {expected.dtype}")
        target_ndim, metadata = architecture.pop("target_ndim"), architecture.pop("metadata", {})
        for k in architecture.pop("frozen", []):
            layers[k].trainable = False
        net = network_class(**architecture, layers=layers, initializer="zeros")
        with np.errstate(over="ignore"):  # found in the next line but one
            for name, array in _parameters(net.layers).items():
                array[...] = arrays[name]
        if not np.isfinite(net.parameters).all():
            raise ValueError(f"not all its weights are finite numbers of {net.dtype}")
        net.restore(_states(arrays, net))
    except (*UNREADABLE, OverflowError) as error:
        raise ValueError(f"{path} is not a model file of this version of nnlib: {error}") from error
    net.target_ndim, net.metadata = target_ndim, metadata
    return net


def _parameters(layers):
    learning = enumerate((layer for layer in layers if layer.shapes), 1)
    return {f"{name}{k}": getattr(layer, name) for k, layer in learning for name in layer.shapes}


def _state(states, prefix=""):
    return {f"{prefix}layers[{k}].{name}": array for k, state in enumerate(states) for name, array in state.items()}


def _architecture(net):
    for layer in net.layers:
        if LAYERS.get(type(layer).__name__) is not type(layer):
            raise ValueError(f"{layer} cannot be saved: load would not know its class; known are {', '.join(LAYERS)}")
    frozen = [k for k, layer in enumerate(net.layers) if not layer.trainable]
    return {
        **({"frozen": frozen} if frozen else {}),
        "layers": [[type(layer).__name__, layer.config()] for layer in net.layers],
        "input_shape": net.shapes[0],
        "output": net.output.name,
        "loss": net.loss_name,
        "dtype": str(net.dtype),
    }


def _states(arrays, net, prefix=""):
    """From an array for each name what `net.restore` takes: the layers' states."""
    return [{name: arrays[f"{prefix}layers[{k}].{name}"] for name in state} for k, state in enumerate(net.state())]


def _words(thing):
    return re.sub(" at 0x[0-9A-Fa-f]+", "", repr(thing))  # a function as learning rate has another place each time


def _with_ending(path):
    path = Path(path)
    return path if path.name.endswith(".npz") else path.with_name(f"{path.name}.npz")


class Checkpoint:
    """A training's file: what `train` needs to go on after a power cut as if there had been none.

    `rngs` are the generators (or None) that the training draws from, X and Y its rows, `settings` what else
    must be the same for the weights to be the same bits in the end. Raises ValueError for an optimizer that is not one
    of nnlib's, FileNotFoundError if there is no folder for the file.
    """

    def __init__(self, path, net, optimizer, rngs, X, Y, seed, **settings):
        self.path, self.net, self.optimizer = _with_ending(path), net, optimizer
        self.rngs = [rng for rng in rngs if rng is not None]
        if not hasattr(optimizer, "_memory"):
            raise ValueError(f"checkpoint: what {optimizer!r} remembers is not known; expected an optimizer of nnlib's")
        if not self.path.absolute().parent.is_dir():
            raise FileNotFoundError(f"there is no folder for the checkpoint {self.path.absolute()}; make it first")
        self.settings = {
            "network": _architecture(net),
            "optimizer": _words(optimizer),
            "rows": [list(X.shape), *(zlib.crc32(np.ascontiguousarray(part)) for part in (X, Y))],
            "seed": None if isinstance(seed, np.random.Generator) else _words(seed),  # of a generator the state is kept
            "augment": None not in rngs,
            **settings,
        }

    def write(self, history, best):
        """Write `history`, the rows so far, and `best`, the best epoch's parameters and state (or None).

        A file that cannot be written gives a warning: a full disk is no reason to lose the training.
        """
        rate = self.optimizer.learning_rate
        told = {
            "settings": self.settings,
            "history": history,
            "rngs": [rng.bit_generator.state for rng in self.rngs],
            "steps": self.optimizer.steps,
            "learning_rate": None if callable(rate) else float(rate),
        }
        arrays = {"parameters": self.net.parameters, **_state(self.net.state())}
        arrays |= {f"memory[{k}]": vector for k, vector in enumerate(self.optimizer._memory or [])}
        if best:
            arrays |= {"best.parameters": best[0], **_state(best[1], "best.")}
        try:
            write_npz(self.path, {"training": json.dumps(told, default=np.ndarray.tolist), **arrays})
        except OSError as error:
            warnings.warn(f"checkpoint {self.path} was not written ({error}); training goes on", stacklevel=3)

    def read(self):
        """Put network, optimizer and generators where they were, if there is a file.

        Returns history, seconds so far, `best`, and the least validation loss with its epoch. Raises ValueError for a
        file that is no checkpoint, or one of another training.
        """
        for left_over in self.path.parent.glob(f".{glob.escape(self.path.name)}-*"):  # of a process that was killed
            shutil.rmtree(left_over, ignore_errors=True)
        if not self.path.exists():
            return [], 0.0, None, np.inf, 0
        net, optimizer = self.net, self.optimizer
        try:
            arrays = read_npz(self.path)
            told = json.loads(str(arrays["training"]))
            mine, there = json.loads(json.dumps(self.settings)), told["settings"]
            other = [f"{k}: {there[k]!s:.80}, now {mine[k]!s:.80}" for k in mine if there[k] != mine[k]]
            if not other:
                best = arrays.get("best.parameters")
                best = best if best is None else (best, _states(arrays, net, "best."))
                net.parameters = arrays["parameters"]
                net.restore(_states(arrays, net))
                optimizer.steps = told["steps"]
                optimizer._memory = [arrays[f"memory[{k}]"] for k in range(sum(n.startswith("memory") for n in arrays))]
                optimizer._owner = net
                if told["learning_rate"] is not None:
                    optimizer.learning_rate = told["learning_rate"]
                for rng, state in zip(self.rngs, told["rngs"], strict=True):
                    rng.bit_generator.state = state
                history = told["history"]
                losses = [(row["val_loss"], row["epoch"]) for row in history if row["val_loss"] < np.inf]
                return history, history[-1]["seconds"], best, *min(losses, default=(np.inf, 0))
        except UNREADABLE as error:
            raise ValueError(f"{self.path} is no checkpoint, or it is damaged; delete it or give another") from error
        raise ValueError(
            f"{self.path} is the checkpoint of another training ({'; '.join(other)}). Delete it to begin anew, or give "
            "another path"
        )

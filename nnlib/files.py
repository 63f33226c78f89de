"""Model files: arrays and a description in one .npz file."""

import json
import os
import zipfile
import zlib
from pathlib import Path

import numpy as np

DAMAGE = (OSError, EOFError, KeyError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error)


def write_model(path, architecture, arrays):
    """Write a dict that JSON can hold and a dict of arrays, whole or not at all. Returns the path, ending in .npz."""
    path = Path(path)
    path = path if path.suffix == ".npz" else path.with_name(path.name + ".npz")
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(unfinished, "wb") as file:
            np.savez(file, architecture=json.dumps(architecture), **arrays)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def read_model(path):
    """What `write_model` wrote. Raises FileNotFoundError, or ValueError for a damaged file or one of another kind."""
    if not Path(path).exists():
        raise FileNotFoundError(f"no model file at {path}; give the path that net.save(...) returned")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        return json.loads(str(arrays.pop("architecture"))), arrays
    except (*DAMAGE, TypeError, AttributeError) as error:  # these two: a .npy file, which holds a single array
        # Without NumPy's words, which advise to load such a file unsafely.
        raise ValueError(f"{path} is not a file that net.save wrote, or it is damaged") from error

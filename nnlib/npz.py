"""Files of arrays: written whole or not at all."""

import os
import tempfile
import zipfile
import zlib
from pathlib import Path

import numpy as np

# What reading a damaged or foreign file raises; the last two, an .npy file, which holds a single array.
DAMAGE = (OSError, EOFError, KeyError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error,
          TypeError, AttributeError)  # fmt: skip


def write_npz(path, arrays):
    """Write a dict of arrays to `path`: others see the whole file or none, and an older one stays until then."""
    path = Path(path)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as scratch:
        with open(Path(scratch) / path.name, "wb") as file:
            np.savez(file, **arrays)
        os.replace(file.name, path)

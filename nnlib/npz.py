"""Files of arrays: written whole or not at all."""

import gzip
import lzma
import os
import tempfile
import zipfile
import zlib
from pathlib import Path

import numpy as np

# What damaged content raises; a file of another kind may raise KeyError, TypeError or AttributeError besides.
DAMAGED = (EOFError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile, RuntimeError)


def write_npz(path, arrays):
    """Write a dict of arrays to `path`: others see the whole file or none, and an older one stays until then."""
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent.absolute()} to write {path.name} to; make it first")
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as scratch:
        with open(Path(scratch) / path.name, "wb") as file:
            np.savez(file, **arrays)
        os.replace(file.name, path)

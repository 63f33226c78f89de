"""Files of arrays: written whole or not at all, and read without trusting them."""

import gzip
import lzma
import math
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
            file.flush()
            os.fsync(file.fileno())  # or a power cut might leave the new name with nothing in it
        os.replace(file.name, path)


def read_npz(path):
    """The arrays that `write_npz` wrote, as a dict.

    Raises OSError, one of DAMAGED, KeyError or MemoryError for another file. A packed file, which `write_npz` never
    makes, may unpack to ten times its size, not more.
    """
    with open(path, "rb") as file:
        with zipfile.ZipFile(file) as archive:
            unpacked, size = sum(member.file_size for member in archive.infolist()), os.fstat(file.fileno()).st_size
            if unpacked > 10 * size:
                raise ValueError(f"{size} bytes that unpack to {unpacked}")
            for member in archive.infolist():
                check_header(archive, member)
        file.seek(0)
        with np.load(file, allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}


def check_header(archive, member):
    """Raise BadZipFile for an array whose header promises more than follows: NumPy would take the memory first."""
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        else:
            shape, _, dtype = np.lib.format.read_array_header_2_0(file)
    if not dtype.hasobject and math.prod(shape) * dtype.itemsize > member.file_size:  # NumPy refuses objects itself
        raise zipfile.BadZipFile(f"{member.filename} promises the shape {shape} and is shorter")

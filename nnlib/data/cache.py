"""Keep what was slow to read in a cache."""

import contextlib
import os
import zlib
from pathlib import Path

import numpy as np

from nnlib.extras import from_an_extra
from nnlib.npz import DAMAGED, read_npz, write_npz

CACHE_VERSION = 4  # raise it when the readers change, so that older cache files are made again


@from_an_extra()
def cache_folder():
    """Return the folder of the cache: $NNLIB_CACHE, or the usual place of this operating system.

    Raises OSError where that is in a home folder and there is none.
    """
    given = os.environ.get("NNLIB_CACHE")
    if not given:
        import pooch
    try:
        return Path(given or pooch.os_cache("nnlib")).expanduser().absolute()
    except RuntimeError as error:
        raise OSError(f"there is no folder for downloads and parsed files: {error} Set NNLIB_CACHE to one.") from error


def cached(name, stamp, compute):
    """
    Return `compute()`, a dict of arrays, from the cache file `name` if that was made with this `stamp` (whole numbers).

    A missing, older, damaged or edited file is made again. A cache that cannot be written costs time, not the result.
    """
    stamp = np.array([CACHE_VERSION, *stamp])
    # whatever is wrong with it, the file can be made again; without pooch there is none
    with contextlib.suppress(OSError, ModuleNotFoundError, KeyError, TypeError, AttributeError, MemoryError, *DAMAGED):
        arrays = read_npz(cache_folder() / f"{name}.npz")
        checksum = arrays.pop("checksum")
        if np.array_equal(arrays.pop("stamp"), stamp) and checksum == checksum_of(arrays):
            return arrays
    arrays = compute()
    with contextlib.suppress(OSError, ModuleNotFoundError):
        path = cache_folder() / f"{name}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        # other kernels see the whole file or none
        write_npz(path, {"stamp": stamp, "checksum": np.array(checksum_of(arrays)), **arrays})
    return arrays


def checksum_of(arrays):
    """A number that another value, shape or type anywhere in this dict of arrays changes."""
    checksum = 0
    for name, array in sorted(arrays.items()):
        array = np.ascontiguousarray(array)
        checksum = zlib.crc32(f"{name} {array.dtype} {array.shape}".encode(), checksum)
        checksum = zlib.crc32(array.view(np.uint8) if array.size else b"", checksum)
    return checksum

"""Keep what was slow to read in a cache."""

import os
from pathlib import Path

import numpy as np

from nnlib.npz import DAMAGED, write_npz

CACHE_VERSION = 3  # raise it when the readers change, so that older cache files are made again


def cache_folder():
    """Return the folder of the cache: $NNLIB_CACHE, or the usual place of this operating system."""
    if os.environ.get("NNLIB_CACHE"):
        return Path(os.environ["NNLIB_CACHE"]).expanduser()
    import pooch

    return Path(pooch.os_cache("nnlib"))


def cached(name, stamp, compute):
    """
    Return `compute()`, a dict of arrays, from the cache file `name` if that was made with this `stamp` (whole numbers).

    A missing, older or damaged file is made again. A cache that cannot be written costs time, not the result.
    """
    path, stamp = cache_folder() / f"{name}.npz", np.array([CACHE_VERSION, *stamp])
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as kept:  # a zip: its checksums find damage
            if np.array_equal(kept["stamp"], stamp):
                return {key: kept[key] for key in kept.files if key != "stamp"}
    except (OSError, KeyError, TypeError, *DAMAGED):  # whatever is wrong with it, the file can be made again
        pass
    arrays = compute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_npz(path, {"stamp": stamp, **arrays})  # other kernels see the whole file or none
    except OSError:
        pass
    return arrays

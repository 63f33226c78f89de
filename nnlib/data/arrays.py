"""Read arrays: IDX files, as MNIST has them, .npz and .npy."""

import math
import warnings
import zipfile
from pathlib import Path

import numpy as np

from nnlib.data import columns
from nnlib.data.layout import members, open_plain
from nnlib.npz import DAMAGED, check_header

PAIRS: dict[str, tuple[str, ...]] = {
    "x": ("y", "target", "targets", "label", "labels"),
    "data": ("target", "targets", "label", "labels", "y"),
    "images": ("labels", "label", "target", "targets", "y"),
    "features": ("labels", "target", "y"),
    "arr_0": ("arr_1",),
}


def read_idx(path, dimensions):
    """
    Read an IDX file of bytes (the format of MNIST's own files), plain or gzip, as (n, pixels) uint8; labels as (n, 1).

    Raises ValueError if it is truncated, is not IDX, or has not as many `dimensions` (3 for images, 1 for labels).
    """
    try:
        with open_plain(path) as file:
            raw = file.read()
    except DAMAGED as error:
        raise ValueError(f"{path} is truncated or damaged ({error}). Get the file again.") from error
    if raw[:2] == b"PK":
        raise ValueError(f"{path} is a .zip; IDX files are read unpacked or as .gz. Unpack it.")
    if raw[:200].lstrip().lower().startswith((b"<!doctype", b"<html")):
        raise ValueError(
            f"{path} is a web page, perhaps of an error or a login, and not the file itself. Open the address in a "
            "browser to see what it says, then download the file again."
        )
    start, magic = 4 + 4 * dimensions, bytes([0, 0, 8, dimensions])  # 8: unsigned bytes
    if raw[:4] != magic or len(raw) < start:
        raise ValueError(f"{path} starts with {raw[:4].hex(' ') or 'nothing'}; expected {magic.hex(' ')} (IDX).")
    shape = np.frombuffer(raw, ">u4", dimensions, offset=4).tolist()
    if len(raw) - start != math.prod(shape):
        raise ValueError(
            f"{path} holds {len(raw) - start} bytes of data; expected {math.prod(shape)} for the shape {shape} in its "
            "header. Get the file again."
        )
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape[0], math.prod(shape[1:]))


def read_idx_pair(images, labels):
    """Read a file of pictures and one of labels. Returns the dict X (n, pixels), labels (n,), names, as read_table."""
    X, y = read_idx(images, 3), columns.clean_labels(labels, read_idx(labels, 1))
    return check_pair(f"{images} with {Path(labels).name}", {"X": X, "labels": y, "pictures": True})


def check_pair(source, part):
    """Return the dict of X and labels with names; ValueError if they are empty or differ in length."""
    X, labels = part["X"], part["labels"]
    if len(X) != len(labels):
        raise ValueError(f"{source}: {len(X)} pictures but {len(labels)} labels; expected one label per picture.")
    if len(X) == 0:
        raise ValueError(f"{source} holds no pictures; expected at least one per class.")
    return {"names": np.array([], dtype=str), **part}


def read_npz(path):
    """
    Read an .npz file: arrays of pictures (n, height, width) or rows (n, columns), and of labels (n,).

    Known by name, in any case: X, data or images with y, target or labels; the same with train and test, as x_train,
    y_train, x_test, y_test in Keras' mnist.npz. Returns the dict X, labels, names, with test rows X_test, labels_test.
    """
    if Path(path).suffix == ".gz":
        raise ValueError(f"{path}: an .npz file is read as it stands, not inside a .gz. Unpack it.")
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in members(archive):
                    if name.endswith(".npy"):
                        check_header(archive, archive.getinfo(name))
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as kept:
            if any(key.endswith(".npz") for key in kept.files):
                raise ValueError(f"{path}: an .npz file is read as it stands, not inside a .zip. Unpack it.")
            arrays = {key.lower(): np.asarray(load_array(path, kept, key)) for key in kept.files}
    except (*DAMAGED, AttributeError, TypeError, MemoryError) as error:  # a .npy array under that name; a false header
        if "pickle" in str(error) or type(error) is not ValueError:  # not NumPy's words: they advise to load unsafely
            raise ValueError(f"{path} cannot be read as an .npz file: it is damaged. Get the file again.") from error
        raise
    train, test = find_arrays(arrays, "train"), find_arrays(arrays, "test")
    if train is None and test is None:
        train = find_arrays(arrays, None)
    half = any("test" in key for key in arrays) and not (test and test[1] is not None)
    if train is None or train[1] is None or half:
        raise ValueError(
            f"{path} holds the arrays {', '.join(arrays) or 'none'}; expected x_train, y_train, x_test and y_test, or "
            "X and y. Write it anew: numpy.savez(path, X=..., y=...)."
        )
    parts = {"": train, "_test": test} if test else {"": train}
    rows = {}
    for part, (X, labels) in parts.items():
        source = f"{path}, {'test' if part else 'train'}" if test else path
        part_rows = check_pair(source, {"X": to_rows(source, X), "labels": columns.clean_labels(source, labels)})
        rows |= {f"X{part}": part_rows["X"], f"labels{part}": part_rows["labels"], "names": part_rows["names"]}
        rows |= {"pictures": True} if X.ndim > 2 else {}
    return rows


def load_array(path, kept, key):
    try:
        return kept[key]
    except ValueError as error:
        if "pickle" not in str(error) and "Object arrays" not in str(error):
            raise
        raise ValueError(
            f"{path}: {key} is an array of Python objects, which is not read, since such a file can run any program. "
            f"Write it anew with numbers or text: numpy.savez(path, {key}={key}.astype(int)), say."
        ) from None


def find_arrays(arrays, part):
    """X and labels of a part by their customary names; labels None if missing, None if there is nothing."""
    for name, partners in PAIRS.items():
        for form in ("{0}_{1}", "{1}_{0}", "{0}{1}") if part else ("{0}",):
            partner_names = [form.format(partner, part) for partner in partners]
            labels = next((arrays[key] for key in partner_names if key in arrays), None)
            if form.format(name, part) in arrays:
                return arrays[form.format(name, part)], labels
    return None


def to_rows(source, X):
    """An array (n, ...) of numbers as (n, columns), uint8 if nothing is lost by it. ValueError for other arrays."""
    if X.dtype.kind not in "iufb" or X.ndim < 2:
        raise ValueError(
            f"{source}: X is {X.dtype} of shape {X.shape}; expected numbers, one row or picture per label."
        )
    if X.ndim == 4 and X.shape[3] in (3, 4):
        raise ValueError(
            f"{source}: X has the shape {X.shape}, pictures in colour; expected grey ones (n, height, width). "
            "Take the mean of their colours first: X[..., :3].mean(axis=-1)."
        )
    X = X.reshape(len(X), math.prod(X.shape[1:]))
    small = X if X.dtype == np.uint8 else columns.as_uint8(X)
    return X if small is None else small


def read_npy(path, label=None):
    """Read an .npy file of a table (n, columns), its label first or last. Returns the dict X, labels, names."""
    try:
        with open_plain(path) as file:
            table = np.load(file, allow_pickle=False)
    except (*DAMAGED, MemoryError) as error:
        raise ValueError(
            f"{path} is damaged, or an .npy file of Python objects, which is not read, since such a file can run any "
            "program. Write it anew with numbers: numpy.save(path, array.astype(int)), say."
        ) from error
    if table.ndim != 2 or table.dtype.kind not in "iufb":
        raise ValueError(
            f"{path} holds {table.dtype} of shape {table.shape}; expected numbers (n, columns), the label first or "
            "last. Pictures and labels in arrays of their own: numpy.savez('digits.npz', X=X, y=y)."
        )
    if label is None and math.isqrt(table.shape[1]) ** 2 == table.shape[1] >= 64:
        raise ValueError(
            f"{path}: {table.shape[1]} columns are the pixels of a picture, without a label. Keep the labels with "
            "them: numpy.savez('digits.npz', X=X, y=y)."
        )
    found, _ = columns.find_columns(path, [], [""] * table.shape[1], label)
    if found is None:
        found, note = columns.guess_label(path, table[:, 0], table[:, -1], [])
        found %= table.shape[1]
        if note:
            warnings.warn(note, stacklevel=2)
    X = to_rows(path, np.delete(table, found, axis=1))
    labels = columns.clean_labels(path, table[:, found])
    return {**check_pair(path, {"X": X, "labels": labels}), "label": found}

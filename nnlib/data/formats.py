"""Read the files that digits come in (CSV, IDX, .npz) and check every value."""

import csv
import gzip
import hashlib
import math
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from nnlib.data.cache import DAMAGED, cached

CACHED_FROM = 1_000_000  # bytes; a smaller CSV file is parsed as fast as its cache file would be read


# ---------------------------------------------------------------- checks that all formats share
def to_pixels(source, numbers, describe):
    """
    Return `numbers` (n, columns) as uint8 if all are whole, else as float32.

    Raises ValueError if one is NaN or not in 0-255; `describe(row, column)` says where that is and what stands there.
    """
    wrong = ~((numbers >= 0) & (numbers <= 255))
    if wrong.any():
        place = describe(*np.argwhere(wrong)[0])
        raise ValueError(f"{source}: {place}; expected a number from 0 to 255. Correct or remove that row.")
    small = np.ascontiguousarray(numbers, dtype=np.uint8)
    return small if np.array_equal(small, numbers) else numbers.astype(np.float32)


def to_digits(source, labels, place="row {}".format):
    """
    Return `labels`, (n,), (n, 1) or one-hot (n, 10), as (n,) int64.

    Raises ValueError if one is not a digit 0-9; `place(row)` says where it is.
    """
    if labels.ndim == 2 and labels.shape[1] > 1:
        if labels.shape[1] != 10:
            raise ValueError(f"{source} has {labels.shape[1]} columns of labels; expected 1, or one-hot labels in 10.")
        wrong = ((labels != 0) & (labels != 1)).any(axis=1) | (labels.sum(axis=1) != 1)
        if wrong.any():
            raise ValueError(f"{source}: {place(wrong.argmax())} is not one-hot; expected one 1, the rest 0.")
        labels = labels.argmax(axis=1)
    labels = labels.reshape(-1)
    wrong = ~((labels >= 0) & (labels <= 9)) | (labels % 1 != 0)
    if wrong.any():
        row = wrong.argmax()
        raise ValueError(f"{source}: {place(row)} has the label {labels[row]}; expected a digit from 0 to 9.")
    return labels.astype(np.int64)


def check_pair(source, X, y):
    """Return (X, y); ValueError if they are empty or differ in length, or a row of X is not a square picture."""
    if len(X) != len(y):
        raise ValueError(f"{source}: {len(X)} pictures but {len(y)} labels; expected one label per picture.")
    if len(X) == 0:
        raise ValueError(f"{source} holds no pictures; expected at least one per digit.")
    pixels = X.shape[1]
    if pixels < 4 or math.isqrt(pixels) ** 2 != pixels:
        raise ValueError(
            f"{source}: {pixels} pixels per picture; expected 784 (28x28) or another square number. In a CSV file the "
            "label comes first, then the pixels, separated by commas: is a column missing, or one too many?"
        )
    return X, y


# ---------------------------------------------------------------- CSV
def read_csv(path):
    """
    Read a CSV file of numbers 0-255, with or without a header, one picture (or label) per line.

    Returns numbers (n, columns), uint8 or float32, and the list of column names, empty without a header. Cached.
    Raises ValueError for an empty or damaged file, text, a missing value or a number outside 0-255.
    """
    path = Path(path).resolve()
    name = f"{path.name}-{hashlib.md5(str(path).encode()).hexdigest()}"
    stat = path.stat()
    if stat.st_size < CACHED_FROM:
        table = parse_csv(path)
    else:
        table = cached(name, (stat.st_size, stat.st_mtime_ns), lambda: parse_csv(path))
    return table["numbers"], table["names"].tolist()


def parse_csv(path):
    """Do the work of read_csv, without the cache."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # lines that are longer than the header
            top = pd.read_csv(path, header=None, nrows=2, dtype=str, keep_default_na=False)
            header = None if is_number(top.iat[0, 0]) else 0
            try:
                # not as uint8: some versions of pandas would read 300 as 44
                frame = pd.read_csv(path, header=header, index_col=False, dtype=np.float32)
            except ValueError:  # text somewhere: read it as it stands, to say where
                frame = pd.read_csv(path, header=header, index_col=False, low_memory=False)
    except pd.errors.EmptyDataError:
        raise ValueError(f"{path} is empty; expected one picture per line.") from None
    except (*DAMAGED, pd.errors.ParserWarning) as error:
        raise ValueError(f"{path} cannot be read as a CSV file ({str(error).strip()}). Get the file again.") from error
    if frame.empty:
        raise ValueError(f"{path} holds a header but no rows; expected one picture per line.")

    def describe(row, column):
        value = frame.iat[row, column]
        what = "empty (or NaN)" if pd.isna(value) else value[:40] if isinstance(value, str) else f"{value:g}"
        return f"{line(path, header == 0, row)}, column {str(frame.columns[column])[:40]} is {what}"

    numbers = frame if (frame.dtypes == np.float32).all() else frame.apply(pd.to_numeric, errors="coerce")
    names = frame.columns.to_numpy(dtype=str) if header == 0 else np.array([], dtype=str)
    numbers = to_pixels(path, numbers.to_numpy(), describe)
    truths = top.iloc[-1].str.lower().isin(["true", "false"])  # a column of these alone is 1 and 0 to pandas
    if truths.any():
        name = str(frame.columns[truths.argmax()])[:40]
        raise ValueError(f"{path}: column {name} holds True or False; expected numbers from 0 to 255.")
    return {"numbers": numbers, "names": names}


def line(path, header, row):
    """Return "line 5", say, where this row of a CSV file stands; blank lines, which pandas passes over, count."""
    whole = {"sep": "\x01", "quoting": csv.QUOTE_NONE, "dtype": str, "keep_default_na": False}  # a line is one cell
    lines = pd.read_csv(path, names=["line"], skip_blank_lines=False, **whole)["line"]
    return f"line {np.flatnonzero(lines.str.strip() != '')[row + header] + 1}"


def is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def read_labelled_csv(path):
    """Read Kaggle's train.csv, or the mnist_train.csv form: label, then pixels. Returns X (n, pixels), y (n,) int64."""
    numbers, names = read_csv(path)
    if names and names[0].strip().lower() != "label":
        raise ValueError(
            f"{path} has no labels: its first column is {names[0]!r}, expected 'label'. "
            "Kaggle's test.csv has none; use train.csv."
        )
    return check_pair(path, numbers[:, 1:], to_digits(path, numbers[:, 0], partial(line, path, bool(names))))


def read_csv_pair(path_X, path_y):
    """Read pixels from one CSV file, integer or one-hot labels from another. Returns X (n, pixels), y (n,) int64."""
    X, _ = read_csv(path_X)
    labels, names = read_csv(path_y)
    return check_pair(f"{path_X} with {path_y.name}", X, to_digits(path_y, labels, partial(line, path_y, bool(names))))


# ---------------------------------------------------------------- IDX and .npz
def read_idx(path, dimensions):
    """
    Read an IDX file of bytes (http://yann.lecun.com/exdb/mnist), plain or gzip, as (n, pixels) uint8; labels as (n, 1).

    Raises ValueError if it is truncated, is not IDX, or has not as many `dimensions` (3 for images, 1 for labels).
    """
    raw = Path(path).read_bytes()
    try:
        if raw[:2] == b"\x1f\x8b":  # by content, since browsers unpack a .gz and keep the name
            raw = gzip.decompress(raw)
    except DAMAGED as error:
        raise ValueError(f"{path} is truncated or damaged ({error}). Get the file again.") from error
    if raw[:2] == b"PK":
        raise ValueError(f"{path} is a .zip; IDX files are read unpacked or as .gz. Unpack it.")
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


def read_npz(path):
    """Read Keras' mnist.npz: x_train (n, 28, 28) or (n, 784), y_train (n,), x_test, y_test. Returns two (X, y)."""
    if path.suffix != ".npz":
        raise ValueError(f"{path}: an .npz file is read as it stands, not inside a {path.suffix}. Unpack it.")
    keys = ("x_train", "y_train", "x_test", "y_test")
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as kept:
            arrays = {key: kept[key] for key in keys if key in kept.files}
    except (*DAMAGED, AttributeError, TypeError) as error:  # the last two: one .npy array under that name
        raise ValueError(f"{path} cannot be read as an .npz file ({error}). Get the file again.") from error
    for key in keys:
        if key not in arrays or arrays[key].dtype.kind not in "iuf" or arrays[key].ndim < 1:
            raise ValueError(f"{path}: {key} is missing or not an array of numbers; expected {', '.join(keys)}.")
    parts = []
    for part in ("train", "test"):
        X, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        X = X.reshape(len(X), math.prod(X.shape[1:]))
        source = f"{path}, {part}"
        X = to_pixels(source, X, lambda row, column, X=X: f"row {row}, pixel {column} is {X[row, column]}")
        parts.append(check_pair(source, X, to_digits(source, y)))
    return parts


# ---------------------------------------------------------------- a user's file or folder
def find(folder, *names):
    """Return the first of `names` that is a file in `folder`, as it stands or with .gz or .zip after it, else None."""
    paths = [Path(folder) / (name + end) for name in names for end in ("", ".gz", ".zip")]
    return next((path for path in paths if path.is_file()), None)


def need(folder, *names):
    """Return find(folder, *names), or raise FileNotFoundError."""
    path = find(folder, *names)
    if path is None:
        raise FileNotFoundError(
            f"{folder} has no {names[0]} (nor .gz), which the other files there need. Put it there."
        )
    return path


def idx_names(part, what, dimensions):
    return [f"{part}-{what}{mark}idx{dimensions}-ubyte" for mark in "-."]


def read_folder(folder):
    """
    Read the first known form of data in `folder` (in the order of the code below; the table is in data/README.md).

    Returns train (X, y) and test (X, y), or test None for a single table; None if the folder holds no known form.
    """
    if find(folder, *idx_names("train", "images", 3)):
        parts = []
        for part in ("train", "t10k"):
            images, labels = need(folder, *idx_names(part, "images", 3)), need(folder, *idx_names(part, "labels", 1))
            X, y = read_idx(images, 3), to_digits(labels, read_idx(labels, 1))
            parts.append(check_pair(f"{images} with {labels.name}", X, y))
        return parts
    if find(folder, "mnist.npz"):
        return read_npz(find(folder, "mnist.npz"))
    if find(folder, "train_X.csv"):
        names = [(f"{part}_X.csv", f"{part}_label.csv") for part in ("train", "test")]
        return [read_csv_pair(need(folder, X), need(folder, y)) for X, y in names]
    if find(folder, "mnist_train.csv"):
        test = find(folder, "mnist_test.csv")
        return read_labelled_csv(find(folder, "mnist_train.csv")), read_labelled_csv(test) if test else None
    if find(folder, "train.csv"):
        return read_labelled_csv(find(folder, "train.csv")), None
    return None


def read_path(path):
    """Read a user's file or folder. Returns train (X, y) and test (X, y), or test None for a single table."""
    if path.is_dir():
        parts = read_folder(path)
        if parts is None:
            found = ", ".join(sorted(item.name for item in path.iterdir())[:8]) or "nothing"
            raise FileNotFoundError(
                f"{path} holds no data that is known here (found: {found}). Expected the four IDX files, mnist.npz, "
                "train_X.csv with its three companions, mnist_train.csv (with mnist_test.csv) or Kaggle's train.csv."
            )
        return parts
    if "ubyte" in path.name:
        raise ValueError(f"{path} is one of four IDX files; give the folder that holds all four: {path.parent}")
    return read_npz(path) if ".npz" in path.suffixes else (read_labelled_csv(path), None)

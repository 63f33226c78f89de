"""Read folders: the files of a known data set, or pictures in sub-folders that are named by their class."""

import re
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from nnlib.data.arrays import check_pair, read_idx_pair, read_npz
from nnlib.data.columns import INDEX, clean_labels
from nnlib.data.layout import look
from nnlib.data.tables import line, parse_csv, read_csv, read_table
from nnlib.extras import from_an_extra

PICTURES = (".png", ".jpg", ".jpeg", ".jfif", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".pgm", ".ppm", ".pbm")
SPLITS = ("letters", "balanced", "byclass", "bymerge", "digits", "mnist")
TABLES = {  # file of training rows: file of test rows, which may be missing
    "mnist_train.csv": "mnist_test.csv",
    "train.csv": "test.csv",
    "fashion-mnist_train.csv": "fashion-mnist_test.csv",
    **{f"emnist-{split}-train.csv": f"emnist-{split}-test.csv" for split in SPLITS},
    "A_Z Handwritten Data.csv": None,
}


def find(folder, *names):
    """
    Return the first of `names` that is a file in `folder`, as it stands or with .gz or .zip after it, else None.

    It may also be in a folder of its own name, as Kaggle unpacks it, or in `raw`, as torchvision does.
    """
    ends = [name + end for name in names for end in ("", ".gz", ".zip")]
    paths = [Path(folder) / place / end for place in ("", "raw") for end in ends]
    paths += [Path(folder) / place / end for end in ends for place in (end, end.split(".gz")[0])]
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


def join(train, test):
    """The dict of training rows, with the test rows' X and labels as X_test and labels_test."""
    return train if test is None else {**train, "X_test": test["X"], "labels_test": test["labels"]}


def read_idx_folder(folder, prefix=""):
    """Read the four files of MNIST, or of a split of EMNIST with the `prefix` "emnist-letters-", say."""
    parts = []
    for part in ("train", "test" if prefix else "t10k"):
        names = idx_names(prefix + part, "images", 3), idx_names(prefix + part, "labels", 1)
        parts.append(read_idx_pair(*(need(folder, *some) for some in names)))
    return join(*parts)


def read_csv_pairs(folder):
    """Read train_X.csv, train_label.csv, test_X.csv and test_label.csv."""
    names = [(f"{part}_X.csv", f"{part}_label.csv") for part in ("train", "test")]
    return join(*(read_csv_pair(need(folder, X), need(folder, y)) for X, y in names))


def read_csv_pair(path_X, path_y):
    """Read pixels from one CSV file, labels (a column, or one-hot) from another, as `read_table` does from one."""
    names = look(path_y).names
    if (names and names[0].lower() in INDEX and len(names) == 2) or len(look(path_y).text) == 1:
        labels = parse_csv(path_y, label=-1)["labels"]
    else:
        labels = clean_labels(path_y, read_csv(path_y)[0], lambda row: line(path_y, look(path_y), row))
    return check_pair(f"{path_X} with {path_y.name}", {"X": read_csv(path_X)[0], "labels": labels})


def forms(folder, options):
    """
    Yield the known forms of data that `folder` holds, each as the name of its first file and a function that reads it.

    The order is that of the table in data/README.md.
    """
    if find(folder, *idx_names("train", "images", 3)):
        yield "train-images-idx3-ubyte", lambda: read_idx_folder(folder)
    if path := find(folder, "mnist.npz"):
        yield "mnist.npz", lambda path=path: read_npz(path)
    if find(folder, "train_X.csv"):
        yield "train_X.csv", lambda: read_csv_pairs(folder)
    for train, test in TABLES.items():
        if path := find(folder, train):
            yield train, lambda path=path, test=test: read_tables(path, find(folder, test) if test else None, options)
    images = [path for place in (".", "raw") for path in Path(folder, place).glob("emnist-*-train-images*")]
    for prefix in sorted({path.name.split("train-images")[0] for path in images}):
        yield prefix, lambda prefix=prefix: read_idx_folder(folder, prefix)


def read_folder(folder, options):
    """
    Read the first known form of data in `folder`.

    Returns the dict X, labels, names, with X_test and labels_test if there are test rows; None for an unknown folder.
    """
    found = list(forms(folder, options))
    if not found:
        return None
    title, read = found[0]
    if title.startswith("emnist-") and len(found) > 1:
        raise ValueError(
            f"{folder} holds several data sets: {', '.join(title.rstrip('-') for title, _ in found)}. "
            "Give the path of one file of it."
        )
    return {**read(), "title": title}


def read_tables(train, test, options):
    """Read a table, and its test rows if that file has them: Kaggle's test.csv has no labels and is passed over."""
    if test is None or len(look(test).text) != len(look(train).text):
        return read_table(train, options)
    rows = read_table(train, options)
    same_column = replace(options, label=int(rows["label"]))  # also where it is guessed
    test_rows = read_table(test, same_column)
    names = rows["names"].tolist(), test_rows["names"].tolist()
    if all(names) and names[0] != names[1]:
        raise ValueError(f"{train} and {test.name} have columns of other names, or in another order: make them agree.")
    return join(rows, test_rows)


# ---------------------------------------------------------------- pictures in sub-folders named by class
def visible(folder):
    return sorted(path for path in Path(folder).iterdir() if path.name[0] not in "._")


def is_picture(path):
    return path.suffix.lower() in PICTURES and path.name[0] != "."


def class_folders(folder):
    """The sub-folders of `folder` that hold pictures."""
    return [sub for sub in visible(folder) if sub.is_dir() and any(is_picture(path) for path in sub.iterdir())]


def read_picture_folder(folder, options):
    """
    Read pictures in sub-folders named by class; or in train/ and test/ (or val/), each with such sub-folders.

    Returns the dict X (n, side * side) uint8, labels, names, with X_test and labels_test; None if there are none.
    """
    parts = {}
    for sub in (sub for sub in visible(folder) if sub.is_dir()):
        part = re.match("train|test|val", sub.name.lower())
        if part and class_folders(sub):
            parts[part.group()] = sub
    if "train" in parts:
        test = parts.get("test", parts.get("val"))
        if len(parts) == 3:
            warnings.warn(
                f"{folder}: {parts['val'].name} is left out, since validation rows are taken from the training rows.",
                stacklevel=2,
            )
        return join(read_classes(parts["train"], options), read_classes(test, options) if test else None)
    return read_classes(folder, options) if len(class_folders(folder)) > 1 else None


def read_classes(folder, options):
    """Read the pictures of one folder per class, as grey ones of one size."""
    paths = [path for sub in class_folders(folder) for path in visible(sub)]
    passed = [path for path in paths if not is_picture(path)]
    if passed:
        told = ", ".join(sorted({path.suffix or path.name for path in passed})[:5])
        warnings.warn(
            f"{folder}: {len(passed)} files are passed over, since they are no pictures that can be read ({told}). "
            f"Expected {', '.join(PICTURES)}.",
            stacklevel=2,
        )
    paths = [path for path in paths if is_picture(path)]
    side = 28 if options.prepare else options.side
    X = np.empty((len(paths), side * side), np.uint8)
    for row, path in zip(X, paths):
        row[:] = read_picture(path, options)
    labels = np.array([path.parent.name for path in paths])
    return {"X": X, "labels": labels, "names": np.array([], dtype=str), "pictures": True, "folders": True}


@from_an_extra()
def read_picture(path, options):
    """A picture as one row of grey pixels, uint8: resized, or through images.prepare."""
    from PIL import Image

    from nnlib import images

    grey = images.prepare(path) if options.prepare else images.read_grey(path)
    pixels = np.rint(255 * grey).astype(np.uint8)
    if pixels.shape != (options.side, options.side) and not options.prepare:
        pixels = np.asarray(Image.fromarray(pixels).resize((options.side, options.side), Image.Resampling.LANCZOS))
    return pixels.ravel()

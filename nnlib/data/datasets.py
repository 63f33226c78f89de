"""Load a data set by name or from a user's files, split it by class, scale it, and show what is in it."""

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from nnlib.data import columns
from nnlib.data.labels import encode
from nnlib.data.named import NAMES, data_folder, find_path, mnist_5k, read_named, sample
from nnlib.data.scaling import scale, scaled, scaling
from nnlib.data.splits import split, subset

__all__ = ["NAMES", "Dataset", "data_folder", "find_path", "load_dataset", "mnist_5k", "sample", "scale"]

TEST_SHARE = 0.2  # of a single table


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
    class_names: list[str]
    image_shape: tuple[int, int] | None = None  # (28, 28) or (8, 8); None if a row is not a picture
    feature_names: list[str] | None = None  # None if a row is a picture

    @classmethod
    def from_arrays(cls, X: ArrayLike, y: ArrayLike, X_test: ArrayLike | None = None, y_test: ArrayLike | None = None,
                    *, name: str = "arrays", class_names: Sequence[str] | None = None,
                    image_shape: tuple[int, int] | Literal[False] | None = None,
                    feature_names: Sequence[str] | None = None, validation: float = 0.2,
                    max_train_samples: int | None = None) -> "Dataset":  # fmt: skip
        """
        Split and scale arrays: X (n, features) or (n, height, width) of numbers, y (n,) whole numbers or text.

        X_test, y_test: test rows; without them a fifth of the rows, class by class.
        class_names: names of the labels 0, 1, ...; None takes the labels as they are, sorted.
        image_shape: (28, 28), say; None: pictures are recognised as in a file; False: rows are no pictures.
        validation, max_train_samples: as in load_dataset. Raises ValueError.
        """
        from nnlib.data.arrays import to_rows

        rows = {"X": to_rows("X", np.asarray(X)), "labels": columns.clean_labels("y", y), "names": feature_names or []}
        if (X_test is None) != (y_test is None):
            raise ValueError("only one of X_test and y_test was given; expected both or none.")
        if X_test is not None:
            rows |= {
                "X_test": to_rows("X_test", np.asarray(X_test)),
                "labels_test": columns.clean_labels("y_test", y_test),
            }
        for part in ("", "_test") if X_test is not None else ("",):
            n, m = len(rows[f"X{part}"]), len(rows[f"labels{part}"])
            if n != m or n == 0:
                raise ValueError(
                    f"X{part} has {n} rows, y{part} {m}; expected one label per row, and at least one row."
                )
        if image_shape and tuple(image_shape) != columns.image_shape_of(rows["X"], [], name, known=True):
            raise ValueError(
                f"image_shape={image_shape}, but a row of X has {rows['X'].shape[1]} numbers; see X.shape."
            )
        rows["pictures"] = (np.ndim(X) > 2 or image_shape) if image_shape is not False else False
        check_share(validation)
        return build(rows, name, name, validation, max_train_samples, class_names)

    @classmethod
    def from_frame(cls, df: pd.DataFrame, label: str | int | None = None, *, name: str = "DataFrame",
                   **options: Any) -> "Dataset":  # fmt: skip
        """
        Split and scale a DataFrame of numbers with one column of labels, whole numbers or text.

        label: name or position of that column; None finds it as in a file (label, class, target, species, digit, y;
        the only text; first or last). options: as in from_arrays. Raises ValueError.
        """
        from nnlib.data.tables import read_frame

        table = read_frame(df, name, label)
        options = {"feature_names": table["names"].tolist(), **options}
        return cls.from_arrays(table["X"], table["labels"], name=name, **options)

    def summary(self) -> pd.DataFrame:
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
        import html

        return f"<p>{html.escape(self._title())}</p>{self.summary().to_html()}"


def load_dataset(name: str | os.PathLike | pd.DataFrame | None = None, validation: float = 0.2,
                 max_train_samples: int | None = None, *, label: str | int | None = None,
                 transpose: bool | None = None, prepare: bool = False, image_size: int = 28) -> Dataset:  # fmt: skip
    """
    Load a data set, split and scaled.

    name: "mnist-5k", "mnist", "fashion", "letters", "digits", "iris", or the path of a file or folder (data/README.md
        lists the formats); None means the environment's NNLIB_DATASET, or else "mnist-5k".
    validation: share of the training rows held back, in [0, 1); 0 gives X_val (0, features).
    max_train_samples: upper bound for the rows of X_train. Validation and test rows stay the same whatever it is.
    label: name or position of the label's column in a table; None finds it by its name, or first or last.
    transpose: whether pictures lie on their side in the file, as EMNIST's do; None: those whose name says emnist.
    prepare: pictures in folders go through nnlib.images.prepare, for photographs of handwriting.
    image_size: height and width that pictures in folders are brought to otherwise.

    Pixels end up in [0, 1]; other features have mean 0 and standard deviation 1 over the training rows, all of them:
    the scaling comes before max_train_samples.
    Returns a Dataset. Raises ValueError (arguments, content of a file) and FileNotFoundError.
    """
    if isinstance(name, pd.DataFrame):
        return Dataset.from_frame(name, label, validation=validation, max_train_samples=max_train_samples)
    name = name or os.environ.get("NNLIB_DATASET") or "mnist-5k"
    check_share(validation)
    if name in NAMES:
        rows, source = read_named(name)
    else:
        from nnlib.data.formats import read_path
        from nnlib.data.tables import Options

        source = find_path(name)
        rows = read_path(source, Options(label, prepare, image_size))
        name = source.name
    if label is not None and "label" not in rows:
        raise ValueError(f"label={label!r}: {source} is no table with a column of labels, so leave label out.")
    if prepare and "folders" not in rows:
        raise ValueError(f"prepare=True: {source} is no folder of pictures; its rows are pixels already.")
    if transpose is None:
        transpose = any(str(title).lower().startswith("emnist-") for title in (name, rows.get("title")))
    return build({**rows, "transpose": transpose}, str(name), source, validation, max_train_samples)


def check_share(validation):
    if not 0 <= validation < 1:
        raise ValueError(
            f"validation={validation}; expected a share of the training rows, 0 <= validation < 1. "
            "For 1000 of 33600 rows write 1000 / 33600."
        )


def build(rows, name, source, validation, max_train_samples, class_names=None):
    """Make a Dataset of the dict that a reader returns: number the classes, split, scale. Raises ValueError."""
    X, X_test, names = rows["X"], rows.get("X_test"), [str(name) for name in rows.get("names", [])]
    if X.shape[1] == 0:
        raise ValueError(f"{source} holds labels alone; expected columns of numbers beside them.")
    shape = None
    if rows.get("pictures") is not False:
        shape = columns.image_shape_of(X, names, source, bool(rows.get("pictures")))
    one = "feature" if shape is None else "pixel"
    if X_test is not None and X_test.shape[1] != X.shape[1]:
        what = "row" if shape is None else "picture"
        raise ValueError(f"{source}: {X.shape[1]} {one}s per training {what}, but {X_test.shape[1]} per test {what}.")
    for part, table in (("train", X), ("test", X_test)):
        if table is not None:
            told = source if X_test is None else f"{source}, {part}"
            columns.check_numbers(told, table, lambda i, k, T=table: f"row {i}, {one} {k} is {T[i, k]:g}", bool(shape))
    if rows.get("transpose"):
        if shape is None:
            raise ValueError(f"transpose=True: the rows of {source} are no pictures.")
        X, X_test = (part if part is None else transposed(part, shape) for part in (X, X_test))
    labels = [rows["labels"]] if X_test is None else [rows["labels"], rows["labels_test"]]
    if class_names is None:
        (y, *y_test), class_names = encode(source, labels, f"{name} {rows.get('title', '')}", bool(shape))
    else:
        y, *y_test = numbered(labels, class_names)
    present, counts = np.unique(y, return_counts=True)
    if counts.min() == 1 and (X_test is None or validation > 0):
        row = np.flatnonzero(y == present[counts.argmin()])[0]
        raise ValueError(
            f"{source}: {rows.get('place', 'row {}'.format)(row)} has the label {class_names[y[row]]}, which no other "
            "row has; expected several rows of each class. Correct or remove that row."
        )
    if max_train_samples is not None and max_train_samples < len(present):
        raise ValueError(
            f"max_train_samples={max_train_samples}; expected at least one for each of {len(present)} classes."
        )

    train = np.arange(len(y))
    if X_test is None:
        train, held = split(y, TEST_SHARE, name, class_names)
        X_test, test, y_test = X, held, y[held]
    else:
        test, y_test = np.arange(len(X_test)), y_test[0]
        unknown = sorted({class_names[k] for k in np.setdiff1d(y_test, y)})
        if unknown:
            warnings.warn(f"{source}: no training row is of the class {', '.join(unknown[:5])}.", stacklevel=3)
    kept, held = split(y[train], validation, f"the training rows of {name}, validation={validation}", class_names)
    train, val = train[kept], train[held]
    rule = scaling(X, train, ((X, val), (X_test, test)), shape, source)
    if max_train_samples is not None and max_train_samples < len(train):
        train = train[subset(y[train], int(max_train_samples))]
    return Dataset(
        name=name,
        source=str(source),
        X_train=scaled(X, train, *rule),
        y_train=y[train],
        X_val=scaled(X, val, *rule),
        y_val=y[val],
        X_test=scaled(X_test, test, *rule),
        y_test=y_test,
        class_names=class_names,
        image_shape=shape,
        feature_names=None if shape else names or [f"column {k}" for k in range(X.shape[1])],
    )


def numbered(labels, class_names):
    """The labels of each part as they are; ValueError if they are not numbers of `class_names`."""
    for part in labels:
        if part.dtype.kind == "U" or part.min() < 0 or part.max() >= len(class_names):
            raise ValueError(
                f"labels from {part.min()} to {part.max()} with {len(class_names)} class names; expected whole numbers "
                f"from 0 to {len(class_names) - 1}."
            )
    return labels


def transposed(X, shape):
    return np.ascontiguousarray(X.reshape(-1, *shape).swapaxes(1, 2)).reshape(X.shape)

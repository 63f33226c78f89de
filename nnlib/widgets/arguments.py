"""What several panels are given: a data set, the units of hidden layers, numbers between bounds."""

from numbers import Integral

import numpy as np
import traitlets

from nnlib.data.datasets import Dataset, load_dataset


def dataset_of(data, needs_validation=False):
    """`data`, or the data set of that name; with `needs_validation` it must have validation rows."""
    data = load_dataset(data) if isinstance(data, str) else data
    if not isinstance(data, Dataset):
        raise TypeError(
            f"data is a {type(data).__name__}; expected a Dataset of nnlib.load_dataset, or the name of one"
        )
    if needs_validation and not len(data.X_val):
        raise ValueError(f"{data.name} was loaded without validation rows; load it with validation=0.2")
    return data


def rows_of(X, y):
    """X as float32 and y as it is; ValueError unless they are rows with a class number each."""
    # Row after row in memory: a batch gathered from columns, as a DataFrame keeps them, takes many times as long.
    X, y = np.ascontiguousarray(X, np.float32), np.asarray(y)
    classes = y.dtype.kind in "iu" and y.shape == X.shape[:1] and len(y) and y.min() >= 0 and y.max() >= 1
    if X.ndim != 2 or not classes:
        raise ValueError(
            f"X has the shape {X.shape}, y the shape {y.shape} and the type {y.dtype}; expected rows (n, features) and "
            "class numbers (n,) that count from 0, of two classes or more"
        )
    return X, y


def units_of(hidden):
    """`hidden` as a list, units of each hidden layer."""
    if np.ndim(hidden) != 1:
        raise TypeError(f"hidden is {hidden!r}; expected a list: [16] is one hidden layer of 16 units, [] is none")
    return [int(whole_number("a number of hidden units", units)) for units in hidden]


def whole_number(name, value, least=1):
    """`value`; ValueError unless it is a whole number from `least`."""
    if not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} is {value!r}; expected a whole number from {least}")
    return value


class Number(traitlets.CFloat):
    """A float between `min` and `max`. NaN, which passes every comparison, and infinity are refused too."""

    def validate(self, obj, value):
        value = super().validate(obj, value)
        if not np.isfinite(value):
            to = f" to {self.max:g}" if np.isfinite(self.max) else ""
            raise traitlets.TraitError(f"{self.name} is {value}; expected a number from {self.min:g}{to}")
        return value

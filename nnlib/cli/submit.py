"""python -m nnlib submit: Kaggle's test.csv, labelled."""

import re

import numpy as np
import pandas as pd

from nnlib import files
from nnlib.cli.output import check_writable
from nnlib.cli.predict import load_model
from nnlib.data import datasets, formats


def run(args):
    check_writable(args.output)
    net, names = load_model(args.model)
    if names != list("0123456789"):
        raise ValueError(f"{args.model} tells apart {', '.join(names)}; the competition takes the ten digits 0 to 9")
    X, ids = read_test(datasets.find_path(args.test))
    labels = net.predict(X)
    pd.DataFrame({"ImageId": ids, "Label": labels}).to_csv(args.output, index=False)
    print(f"{args.output}: {len(labels):,} rows. Digits 0-9:", *np.bincount(labels, minlength=10))


def read_test(path):
    """The pictures of a table like Kaggle's test.csv, (n, 784) float32 in [0, 1], and their ids (n,).

    The ids are the column ImageId, if there is one, else 1 to n. Pixels are put in the order of the numbers in their
    names: pixel0 ... pixel783, or 1x1 ... 28x28. Raises ValueError for what is no such table.
    """
    try:
        first = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False).iloc[0]
        has_names = first.is_unique  # of 784 pixels from 0 to 255, some are equal
        table = pd.read_csv(path, header=0 if has_names else None)
    except files.DAMAGE as error:
        raise ValueError(f"{path} cannot be read as a CSV file ({error})") from error
    if table.empty:
        raise ValueError(f"{path} holds no rows; expected one picture per line")
    if not isinstance(table.index, pd.RangeIndex):
        raise ValueError(f"{path} has a header that is shorter than its rows; expected a name for each column")
    table.columns = [str(name).strip() for name in table.columns]
    ids = pd.Series(np.arange(1, len(table) + 1))
    for name in table.columns:
        if name.lower() == "imageid":
            ids = table.pop(name)
    if table.shape[1] != 784:
        raise ValueError(
            f"{path} has {table.shape[1]} columns, expected the 784 pixels of Kaggle's test.csv, separated by commas"
            f"{hint(table, has_names)}"
        )
    if ids.isna().any():
        raise ValueError(
            f"{path}: row {ids.isna().argmax() + 1} has no ImageId; expected one in each row, or no column"
        )
    numbers = [[int(n) for n in re.findall(r"\d+", name)] for name in table.columns]
    table = table.iloc[:, sorted(range(784), key=numbers.__getitem__)]
    table = table.astype(dict.fromkeys(table.select_dtypes("bool"), str))  # True is no pixel, and 1 to pandas

    def describe(row, column):
        return f"row {row + 1}, column {table.columns[column]} is {table.iat[row, column]}"

    pixels = formats.to_pixels(path, table.apply(pd.to_numeric, errors="coerce").to_numpy(), describe)
    return datasets.scale(pixels, pixels[:0], pixels[:0], (28, 28), path)[0], ids


def hint(table, has_names):
    if table.shape[1] != 785:
        return ""
    if has_names and table.columns[0].lower() != "label":
        return f"; is the first, {table.columns[0]!r}, a number of the picture? Call it ImageId"
    return "; are these labelled rows, such as train.csv? They are for training"

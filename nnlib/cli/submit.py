"""python -m nnlib submit: Kaggle's test.csv, labelled."""

import re

import numpy as np
import pandas as pd

from nnlib.cli.output import check_writable
from nnlib.cli.predict import load_model
from nnlib.data import datasets
from nnlib.data.columns import check_numbers
from nnlib.data.layout import look
from nnlib.data.tables import Options, read_table, reading


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
    with reading(path):
        lower = [name.strip().lower() for name in look(path).names]
    table = read_table(path, Options(label=lower.index("imageid") if "imageid" in lower else False))
    X, names = table["X"], table["names"].tolist()
    if X.shape[1] != 784:
        raise ValueError(
            f"{path} has {X.shape[1]} columns, expected the 784 pixels of Kaggle's test.csv{hint(names, X)}"
        )
    check_numbers(path, X, lambda row, column: f"row {row + 1}, pixel {column} is {X[row, column]:g}", pictures=True)
    numbers = [[int(n) for n in re.findall(r"\d+", name)] for name in names]
    X = X[:, sorted(range(784), key=numbers.__getitem__)] if names else X
    ids = table.get("labels", np.arange(1, len(X) + 1))
    return datasets.scale(X, X[:0], X[:0], (28, 28), path)[0], ids


def hint(names, X):
    if X.shape[1] != 785:
        return ""
    if names and names[0].lower() != "label":
        return f"; is the first, {names[0]!r}, a number of the picture? Call it ImageId"
    return "; are these labelled rows, such as train.csv? They are for training"

"""Which line is a header, which column is the label, and are the rows pictures: what a table does not say itself."""

import math
import re

import numpy as np

LABELS = ("label", "labels", "class", "target", "species", "digit", "y")
INDEX = ("", "unnamed: 0", "index", "id", "imageid")  # columns that number the rows; pandas writes the first


def is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def counts_up(cells):
    """True for "0", "1", "2", ... or "1", "2", "3", ..., at least three of them; from elsewhere at least 16."""
    start = int(cells[0]) if cells and cells[0].isdecimal() else None
    if start is None or len(cells) < (3 if start < 2 else 16):
        return False
    return list(cells) == [str(start + k) for k in range(len(cells))]


def is_renamed_row(cells):
    """True for "0", "0.1", "0.2", ...: a row of pixels that pandas took for a header, whose names must differ."""
    seen, names = {}, []
    for pixel in (cell.split(".")[0] for cell in cells):
        seen[pixel] = seen.get(pixel, -1) + 1
        names.append(f"{pixel}.{seen[pixel]}" if seen[pixel] else pixel)
    return len(cells) > 16 and len(seen) < len(cells) and list(cells) == names


def has_header(first, below):
    """Is the line `first` (a list of str) a header of the lines `below` (lists of str)?"""
    if counts_up(first) or is_renamed_row(first) or any(cell.lower() in LABELS for cell in first):
        return True
    for rest, end in ((first[1:], first[0]), (first[:-1], first[-1])):
        if counts_up(rest) and not is_number(end):
            return True
    numeric = [all(is_number(cell) or cell == "" for cell in column) for column in zip(*below)] or [True] * len(first)
    words = sum(below_it and not is_number(cell) for cell, below_it in zip(first, numeric))
    return words > sum(numeric) / 2 if any(numeric) else len(below) > 0


def stem(names):
    """What the column names have in common: "pixel" of pixel0, pixel1, ...; "" of 1x1, 1x2, ... or none; else None."""
    stems = {re.sub(r"[\W\d_]|(?<=\d)x(?=\d)", "", name.lower()) for name in names}
    return None if len(stems) > 1 else "".join(stems)


def image_shape_of(X, names, source, known=False):
    """
    Return (side, side) if the rows of X (n, columns) are pictures, None if they are not.

    They are if the columns are called pixel0, pixel1, ..., or if 64 columns or more, a square number, have no names of
    their own and numbers from 0 to 255; or if that is `known`. Raises ValueError if pictures are not square.
    """
    columns, common = X.shape[1], stem(names)
    side = math.isqrt(columns)
    square = side * side == columns and columns >= 4
    if not known and common not in ("pixel", "pix", "px"):
        if common is None or columns < 64 or not (square or common == ""):
            return None
        if X.dtype != np.uint8 and ((X >= 0) & (X <= 255)).mean() < 0.99:  # a wrong cell or two: told by check_numbers
            return None
    if not square:
        raise ValueError(
            f"{source}: {columns} pixels per picture; expected 784 (28x28) or another square number: is a column "
            "missing, or one too many? If the rows are no pictures, give every column a name of its own."
        )
    return side, side


def find_columns(source, names, text, label):
    """
    Return the positions of the label's column and of a column that numbers the rows; None for what is not named.

    names: of all columns, empty without a header. text: for each column a cell that is text, or "".
    label: a name or position, None (found by its name, or as the only text at an end), or False (there is none).
    Raises ValueError if there is no such column, if more than one may be meant, or if another column holds text.
    """
    lower = [name.strip().lower() for name in names]
    index = 0 if len(names) > 1 and lower[0] in INDEX else None
    if label is None:
        known = [k for k, name in enumerate(lower) if name in LABELS]
        if len(known) > 1 and lower.count("y") == 1:  # may be a coordinate
            known.remove(lower.index("y"))
        if len(known) > 1:
            both = " and ".join(repr(names[k]) for k in known)
            raise ValueError(
                f"{source}: the columns {both} may both be the label. Give label={names[known[0]]!r}, say, and "
                "drop the other: it would tell the network the answer."
            )
        ends = {0 if index is None else 1, len(text) - 1}
        texts = [k for k, cell in enumerate(text) if cell and k in ends]
        found = known[0] if known else texts[0] if len(texts) == 1 else None
        if found is None and stem(names[1:]) in ("pixel", "pix", "px") and not texts:
            raise ValueError(
                f"{source} has no labels: its first column is {names[0]!r}, expected 'label'. "
                "Kaggle's test.csv has none; use train.csv. If a column has another name, give label=."
            )
    elif label is False:
        found = None
    elif isinstance(label, str):
        same = [k for k, name in enumerate(names) if name == label] or [
            k for k, name in enumerate(lower) if name == label.strip().lower()
        ]
        if len(same) != 1:
            said = ", ".join(names[:8]) or "none, since the file has no header: give the position, 0 or -1"
            raise ValueError(f"{source}: {len(same)} columns are called {label!r}. Columns: {said}")
        found = same[0]
    elif not -len(text) <= label < len(text):
        raise ValueError(f"{source}: label={label}; expected a position from 0 to {len(text) - 1}, or -1 for the last.")
    else:
        found = int(label) % len(text)
    index = None if found == index else index
    wrong = [k for k, cell in enumerate(text) if cell and k not in (found, index)]
    if wrong:
        cell = "True or False" if text[wrong[0]].lower() in ("true", "false") else f"text ({text[wrong[0]][:40]})"
        raise ValueError(
            f"{source}: column {names[wrong[0]] if names else wrong[0]} holds {cell}; expected numbers beside the "
            "label. Drop such a column (df.drop(columns=...)) or encode it (pandas.get_dummies(df, columns=..., "
            "dtype=int)), then use Dataset.from_frame. If it is the label, give label=."
        )
    return found, index


def index_note(source, name):
    called = f"called {name!r}" if name else "without a name"
    return f"{source}: the column {called} only numbers the rows and is left out."


def guess_label(source, first, last, names):
    """
    Is the label the `first` column or the `last`, (n,) each? Returns 0 or -1, and a note for the user or None.

    A label has a few values, and none of them fills nearly all rows, as 0 fills a pixel at the edge of a digit.
    Raises ValueError if neither column can be a label.
    """
    values = []
    for column in (first, last):
        present, counts = np.unique(column, return_counts=True)
        likely = (column % 1 == 0).all() and 2 <= len(present) <= len(column) / 2 and counts.max() < 0.9 * len(column)
        values.append(len(present) if likely else None)
    chosen = 0 if values[1] is None or (values[0] is not None and values[0] <= values[1]) else -1
    if values == [None, None] and len(np.unique(first)) == 1:
        raise ValueError(
            f"{source}: the first column is {first[0]:g} in every row, and the last is no label either. "
            "Expected the label in the first or last column, at least two classes. Give label=."
        )
    called = f"called {names[chosen]!r}" if names else "of a table without names"
    note = None
    if chosen == -1 or None not in values or (names and not is_number(names[chosen])):
        note = (
            f"{source}: the {'last' if chosen else 'first'} column, {called}, is taken as the label. Else give label=."
        )
    return chosen, note


def as_uint8(numbers):
    """`numbers` as uint8 if that changes none of them, else None."""
    with np.errstate(invalid="ignore"):
        small = numbers.astype(np.uint8)
    return small if np.array_equal(small, numbers) else None


def check_numbers(source, X, describe, pictures):
    """ValueError if one of X (n, columns) is not finite or, in `pictures`, not in 0-255; `describe(row, column)`."""
    if X.dtype == np.uint8:
        return
    wrong = ~((X >= 0) & (X <= 255)) if pictures else ~np.isfinite(X)
    if wrong.any():
        place = describe(*np.argwhere(wrong)[0])
        expected = "a number from 0 to 255. Correct" if pictures else "a number. Fill"
        raise ValueError(f"{source}: {place}; expected {expected} or remove that row.")


def clean_labels(source, labels, place="row {}".format, name="label"):
    """
    Return labels, (n,), (n, 1) or one-hot (n, K), as (n,): int64 if they are whole numbers, else str.

    Raises ValueError if one is missing, is a fraction, or is text among numbers; `place(row)` and `name`, the column's,
    say where it is.
    """
    labels = np.asarray(labels)
    if labels.ndim == 2 and labels.shape[1] > 1:
        wrong = ((labels != 0) & (labels != 1)).any(axis=1) | (labels.sum(axis=1) != 1)
        if wrong.any():
            row = wrong.argmax()
            raise ValueError(
                f"{source}: {place(row)} is not one-hot; expected one column of labels, or one 1 in "
                f"{labels.shape[1]} columns and the rest 0."
            )
        labels = labels.argmax(axis=1)
    labels = labels.reshape(-1)
    if labels.dtype.kind not in "iufb":
        cells = np.array([str(cell).strip() for cell in labels])
        empty = np.isin(cells, ["", "nan", "NaN", "None", "<NA>"])
        if empty.any():
            raise ValueError(f"{source}: {place(empty.argmax())}, column {name} is empty (or NaN). Remove that row.")
        if not all(map(is_number, set(cells))):
            typed = {cell: is_number(cell) for cell in set(cells)}
            odd = np.array([not typed[cell] for cell in cells])
            if odd.mean() < 0.1:
                row = odd.argmax()
                raise ValueError(
                    f"{source}: {place(row)}, column {name} is {cells[row][:40]}, though most labels are numbers. "
                    "Correct or remove that row."
                )
            return cells
        labels = cells.astype(float)
    if labels.dtype.kind == "b":
        return labels.astype(str)
    wrong = ~np.isfinite(labels) | (labels % 1 != 0)
    if wrong.any():
        row = wrong.argmax()
        raise ValueError(
            f"{source}: {place(row)} has the label {labels[row]}; expected whole numbers or text, one for each class."
        )
    return labels.astype(np.int64)

"""Read tables: CSV files of any separator, in chunks so that a large one fits in memory, and pandas' DataFrames."""

import contextlib
import csv
import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from nnlib.data import columns
from nnlib.data.cache import cached
from nnlib.data.layout import look, open_table
from nnlib.npz import DAMAGED

CACHED_FROM = 1_000_000  # bytes; a smaller CSV file is parsed as fast as its cache file would be read
CHUNK = 4_000_000  # cells that are parsed at a time


@dataclass(frozen=True)
class Options:
    """How to read: the label's column, pictures by images.prepare or resized to `side`, and whether to keep a cache."""

    label: str | int | None = None
    prepare: bool = False
    side: int = 28
    cache: bool = True


def read_table(path, options=None):
    """
    Read a CSV file, its label first, last or named. Returns the dict X (n, columns), labels (n,), names (columns,).

    X is uint8 if all numbers are whole and from 0 to 255, else float; labels are int64 or str; names is empty without a
    header. What was assumed or left out is said in a warning. Cached. Raises ValueError, with the line or column.
    """
    options, path = options or Options(), Path(path).resolve()
    stat = path.stat()
    key = hashlib.md5(f"{path}{options.label!r}".encode(), usedforsecurity=False).hexdigest()  # a name, no secret
    if stat.st_size < CACHED_FROM or not options.cache:
        table = parse_csv(path, options.label)
    else:
        stamp = (stat.st_size, stat.st_mtime_ns)
        table = cached(f"{path.name}-{key}", stamp, lambda: parse_csv(path, options.label))
    for note in table.pop("notes").tolist():
        warnings.warn(note, stacklevel=2)
    return {**table, "place": lambda row: line(path, look(path), row)}


def read_csv(path):
    """Read a CSV file of pixels without labels. Returns numbers 0-255 (n, columns) and the list of column names."""
    table = read_table(path, Options(label=False))
    X, names = table["X"], table["names"].tolist()
    if X.dtype != np.uint8:
        columns.check_numbers(path, X, describe(path, look(path), X, names or range(X.shape[1])), pictures=True)
    return X, names


def parse_csv(path, label=None):
    """Do the work of read_table, without the cache."""
    with reading(path):
        return parse(path, look(path), label)


@contextlib.contextmanager
def reading(path):
    """Turn what pandas raises over a file that is no CSV file into a ValueError that says what is wrong with it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # lines that are longer than the header
            yield
    except pd.errors.EmptyDataError:
        raise ValueError(f"{path} is empty; expected one picture or row per line.") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is text in another encoding ({error}); save it as UTF-8.") from error
    except (*DAMAGED, pd.errors.ParserError, pd.errors.ParserWarning) as error:
        if type(error) is ValueError:  # our own
            raise
        told = str(error).strip().replace("Error tokenizing data. C error: ", "")
        uneven = isinstance(error, (pd.errors.ParserError, pd.errors.ParserWarning))
        advice = (
            "Every line needs as many columns as the first: correct that line." if uneven else "Get the file again."
        )
        raise ValueError(f"{path} cannot be read as a CSV file ({told}). {advice}") from error


def parse(path, layout, label):
    """Read every cell once, what may be the label or the index as text; then find out which columns these are."""
    notes, names, width = [], layout.names, len(layout.text)
    if columns.counts_up(names) or columns.is_renamed_row(names):
        what = "counts" if columns.counts_up(names) else "is a row of pixels that pandas once renamed"
        notes.append(f"{path}: the first line {what} ({', '.join(names[:3])}, ...); it is taken as a header.")
    found, index = columns.find_columns(path, names, layout.text, label)
    guessed = found is None and label is not False
    edges = {0, min(1, width - 1), width - 1} if guessed else {found}
    few, X = read_cells(path, layout, sorted((edges | {index}) - {None}))
    if not len(X):
        raise ValueError(f"{path} holds a header but no rows; expected one picture or row per line.")
    if index is not None and few[index].is_unique:
        notes.append(columns.index_note(path, names[index]))
    else:
        index = None
    if guessed:
        ends = [0 if index is None else 1, width - 1]
        first, last = as_numbers(few[ends], layout).T
        chosen, note = columns.guess_label(path, first, last, [names[k] for k in ends] if names else [])
        found, notes = ends[chosen], notes + [note] * (note is not None)
    features = [k for k in range(width) if k not in (found, index)]
    X, kept = with_columns(path, layout, X, few, features), [names[k] for k in features] if names else []
    table = {"X": X, "names": np.array(kept, dtype=str), "notes": np.array(notes, dtype=str)}
    if found is not None:
        name = names[found] if names else "label"
        table["labels"] = columns.clean_labels(path, few[found], lambda row: line(path, layout, row), name)
        table["label"] = np.array(found)
    if X.dtype != np.uint8:
        pictures = columns.image_shape_of(X, kept, path) is not None
        columns.check_numbers(path, X, describe(path, layout, X, kept or features), pictures)
    return table


def read_cells(path, layout, edges):
    """The columns `edges` as text, a DataFrame (n, edges), and the others as numbers, as `narrow` gives them."""
    inner, few, X = [k for k in range(len(layout.text)) if k not in edges], [], []
    # No dtype: whole numbers are read faster than float, and some versions of pandas would read 300 as 44 for uint8.
    for chunk in read_chunks(path, layout, converters=dict.fromkeys(edges, str), low_memory=False):
        few.append(chunk.iloc[:, edges].set_axis(edges, axis=1))
        rows = chunk.iloc[:, inner].to_numpy()
        if rows.size and rows.dtype.kind not in "iuf":
            refuse_text(path, layout, inner)
            rows = rows.astype(float)  # whole numbers of more than 64 bits
        X.append(narrow(rows, layout))
    return pd.concat(few, ignore_index=True), np.concatenate(X)


def with_columns(path, layout, X, few, features):
    """X with those of `few`, the columns that were read as text, that are features after all: (n, features)."""
    also = [k for k in few if k in features]
    if not also:
        return X
    numbers = as_numbers(few[also], layout)
    if np.isnan(numbers).any():
        refuse_text(path, layout, also)
    numbers, inside = narrow(numbers, layout), np.isin(features, also)
    whole = np.empty((len(X), len(features)), np.result_type(X, numbers))
    whole[:, ~inside], whole[:, inside] = X, numbers
    return whole


def narrow(rows, layout):
    """`rows` as uint8 if all are whole and from 0 to 255, else as float32, or of a few columns as float64."""
    small = columns.as_uint8(rows)
    if small is not None:
        return small
    with np.errstate(over="ignore"):  # infinite is told of later
        return rows.astype(np.float32 if len(layout.text) > 64 else np.float64)  # float32 is enough for pixels


def as_numbers(cells, layout):
    """A DataFrame of text as float (n, columns): NaN where there is no number."""
    if "decimal" in layout.options:
        cells = cells.apply(lambda column: column.str.replace(",", "."))
    return cells.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)


def read_chunks(path, layout, **options):
    """The table as DataFrames of some thousand rows, so that a large one never fills the memory."""
    rows = max(1, CHUNK // len(layout.text))
    with open_table(path) as file, pd.read_csv(file, chunksize=rows, **options, **layout.options) as chunks:
        yield from chunks


def refuse_text(path, layout, features):
    """ValueError for the first cell of these columns that is no number, empty ones apart: where, and what to do."""
    start = 0
    for chunk in read_chunks(path, layout, dtype=str):
        chunk = chunk.iloc[:, features]
        wrong = np.isnan(as_numbers(chunk, layout)) & chunk.notna().to_numpy()
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            name = str(layout.names[features[column]])[:40] if layout.names else features[column]
            pixels = " from 0 to 255" if len(layout.text) > 64 else ""
            raise ValueError(
                f"{path}: {line(path, layout, start + row)}, column {name} is {chunk.iat[row, column][:40]}; "
                f"expected a number{pixels}. Correct or remove that row."
            )
        start += len(chunk)


def describe(path, layout, X, names):
    """A function that says of a row and column of X where they stand in the file, and what stands there."""

    def place(row, column):
        what = "empty (or NaN)" if np.isnan(X[row, column]) else f"{X[row, column]:g}"
        return f"{line(path, layout, row)}, column {str(names[column])[:40]} is {what}"

    return place


def line(path, layout, row):
    """Return "line 5", say, where this row of a CSV file stands; blank lines, which pandas passes over, count."""
    whole = {"sep": "\x01", "quoting": csv.QUOTE_NONE, "dtype": str, "keep_default_na": False}  # a line is one cell
    with open_table(path) as file:
        lines = pd.read_csv(file, names=["line"], skip_blank_lines=False, encoding=layout.options["encoding"], **whole)
    return f"line {np.flatnonzero(lines['line'].str.strip() != '')[row + bool(layout.names)] + 1}"


def read_frame(frame, source, label=None):
    """A DataFrame as `read_table` returns a file: dict of X, labels and names. Raises ValueError."""
    names = [str(name) for name in frame.columns]
    if frame.empty:
        raise ValueError(f"{source} has the shape {frame.shape}; expected rows of numbers with a column of labels.")
    numeric = [pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes]  # True and False too: 1 and 0
    text = ["" if is_numeric else str(frame.iat[0, k]) for k, is_numeric in enumerate(numeric)]
    found, index = columns.find_columns(source, names, text, label)
    notes = []
    if index is not None and frame.iloc[:, index].is_unique:
        notes.append(columns.index_note(source, names[index]))
    else:
        index = None
    if found is None:
        ends = (0 if index is None else 1, len(names) - 1)
        first, last = (frame.iloc[:, k].to_numpy(dtype=float, na_value=np.nan) for k in ends)
        chosen, note = columns.guess_label(source, first, last, [names[k] for k in ends])
        found, notes = ends[chosen], notes + [note] * (note is not None)
    for note in notes:
        warnings.warn(note, stacklevel=2)
    features = [k for k in range(len(names)) if k not in (found, index)]
    X = frame.iloc[:, features]
    if not (X.dtypes == np.uint8).all():
        X = X.astype(np.float32 if len(features) >= 64 else np.float64)
    X = X.to_numpy()
    small = columns.as_uint8(X)
    return {
        "X": X if small is None else small,
        "labels": columns.clean_labels(source, frame.iloc[:, found].to_numpy()),
        "names": np.array([names[k] for k in features], dtype=str),
        "label": found,
    }

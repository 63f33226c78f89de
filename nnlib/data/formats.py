"""Read a user's file or folder, whatever it is: known by its content, not by its name."""

import hashlib
import tempfile
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from nnlib.data.arrays import read_idx, read_npy, read_npz
from nnlib.data.cache import cached
from nnlib.data.folders import (
    class_folders,
    find,
    idx_names,
    read_folder,
    read_idx_folder,
    read_picture_folder,
    visible,
)
from nnlib.data.layout import members, open_plain
from nnlib.data.tables import CACHED_FROM, parse_csv, read_csv, read_frame, read_table
from nnlib.npz import DAMAGED

__all__ = ["CACHED_FROM", "find", "idx_names", "parse_csv", "read_csv", "read_idx", "read_path"]

PICTURE = "a picture; a data set is a folder with one folder of pictures for each class"
KINDS = {  # how a file begins: what it is, and what to do
    b"\x80\x02": "pickle", b"\x80\x03": "pickle", b"\x80\x04": "pickle", b"\x80\x05": "pickle",
    b"\x93NUMPY": "npy", b"PAR1": "Parquet", b"PK\x03\x04": "zip", b"PK\x05\x06": "zip",
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls); save it as CSV",
    b"\x89HDF": "HDF5; write its arrays anew: numpy.savez('data.npz', X=..., y=...)",
    b"MATLAB": "MATLAB's .mat; read it with scipy.io.loadmat, then numpy.savez('data.npz', X=..., y=...)",
    b"\x89PNG": PICTURE, b"\xff\xd8\xff": PICTURE, b"GIF8": PICTURE,
    b"\x28\xb5\x2f\xfd": "compressed by zstd; unpack it",
    b"7z\xbc\xaf": "a 7z archive; unpack it and give the folder",
    b"Rar!": "a rar archive; unpack it and give the folder",
    b"%PDF": "a PDF", b"{": "JSON; pandas.read_json reads tables, then Dataset.from_frame takes them",
    b"@relation": "ARFF; read it with scipy.io.arff.loadarff, then Dataset.from_frame(pandas.DataFrame(...))",
    b"<!doctype": "a web page", b"<html": "a web page",
}  # fmt: skip


def kind_of(path):
    """What a file is: "csv", "npy", "zip", "npz", "xlsx", "Parquet", "pickle" or a description with advice."""
    try:
        with open_plain(path) as file:
            head = file.read(512)
    except (*DAMAGED, OSError) as error:
        if isinstance(error, OSError) and error.errno:  # not readable for this user, say
            raise
        raise ValueError(f"{path} is compressed and truncated or damaged ({error}). Get the file again.") from error
    if head[257:262] == b"ustar":
        return "a .tar archive; unpack it and give the folder"
    start = head.lstrip(b"\xef\xbb\xbf \r\n\t") if head[:1] != b"\x80" else head
    kind = next((kind for magic, kind in KINDS.items() if start[: len(magic)].lower() == magic.lower()), "csv")
    if kind == "zip" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            members(archive)  # raises for one that is not what it seems
            names = archive.namelist()
        if "[Content_Types].xml" in names:
            return "xlsx"
        if names and all(name.endswith(".npy") for name in names):
            return "npz"
    return kind


def read_path(path, options):
    """
    Read a user's file or folder.

    Returns the dict X (n, columns), labels (n,) int64 or str, names (columns,) or none, and where there are test rows
    X_test, labels_test. Raises ValueError and FileNotFoundError that say what is wrong with it and what to do.
    """
    if path.is_dir():
        return read_any_folder(path, options)
    if "ubyte" in path.name:
        if path.name.startswith("emnist-"):
            prefix = "-".join(path.name.split("-")[:2]) + "-"
            return {**read_idx_folder(path.parent, prefix), "title": prefix}
        raise ValueError(f"{path} is one of four IDX files; give the folder that holds all four: {path.parent}")
    if path.suffixes[-2:] == [".npz", ".gz"]:
        return read_npz(path)
    kind = kind_of(path)
    if kind == "npz" or (path.suffix == ".npz" and kind in ("csv", "npy", "zip")):
        return read_npz(path)
    if kind == "npy":
        return read_npy(path, options.label)
    if kind == "csv":
        return read_table(path, options)
    if kind == "zip":
        return read_zip(path, options)
    if kind in ("Parquet", "xlsx"):
        return read_by_pandas(path, kind, options)
    if kind == "pickle":
        raise ValueError(
            f"{path} is a pickle, which is not read, since such a file can run any program. If you trust where it "
            "comes from, read it with pandas.read_pickle and write a table: df.to_csv('table.csv', index=False), or "
            "arrays: numpy.savez('data.npz', X=..., y=...)."
        )
    raise ValueError(f"{path} is {kind}. Expected a CSV file, .npz, .npy, a .zip or a folder (see data/README.md).")


def read_by_pandas(path, kind, options):
    """Read Parquet or Excel, if the package for it is installed; ValueError says how to convert it if not."""
    try:
        frame = pd.read_parquet(path) if kind == "Parquet" else pd.read_excel(path)
    except ImportError as error:
        package, reader = ("pyarrow", "read_parquet") if kind == "Parquet" else ("openpyxl", "read_excel")
        raise ValueError(
            f"{path} is {kind}, which pandas reads with the package {package} (pip install {package}). Or convert it "
            f"where that is installed: pandas.{reader}({path.name!r}).to_csv('table.csv', index=False)."
        ) from error
    except Exception as error:  # whatever the package raises for a damaged file
        raise ValueError(f"{path} cannot be read as {kind} ({error}). Get the file again.") from error
    return read_frame(frame, path, options.label)


def read_any_folder(path, options):
    """Read a folder of a known form, of pictures, with one table in it, or with one such folder in it."""
    rows = read_folder(path, options)
    rows = read_picture_folder(path, options) if rows is None else rows
    if rows is not None:
        return rows
    inside = [item for item in visible(path) if not item.name.startswith("sample_submission")]
    tables = [item for item in inside if item.is_file() and set(item.suffixes) & {".csv", ".tsv", ".npz", ".parquet"}]
    tables = [item for item in tables if item.name != "test.csv"]
    if len(tables) == 1:
        return {"title": tables[0].name, **read_path(tables[0], options)}
    for folder in [] if tables else [item for item in inside if item.is_dir()]:
        rows = read_folder(folder, options)
        rows = read_picture_folder(folder, options) if rows is None else rows
        if rows is not None:
            return rows
    alone = class_folders(path)
    if len(alone) == 1:
        raise ValueError(f"{path} has pictures of one class only, {alone[0].name}; expected a folder for each class.")
    found = ", ".join(item.name for item in visible(path)[:8]) or "nothing"
    raise FileNotFoundError(
        f"{path} holds no data that is known here (found: {found}). Expected the four IDX files, mnist.npz, "
        "train_X.csv with its three companions, mnist_train.csv (with mnist_test.csv), Kaggle's train.csv, one table, "
        "or one folder of pictures for each class."
    )


def read_zip(path, options):
    """Read a .zip as the folder that it unpacks to, without what Finder and Kaggle add to it."""

    def compute():
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            scratch = str(Path(folder).resolve())
            try:
                with zipfile.ZipFile(path) as archive:
                    archive.extractall(scratch, members(archive))
            except (*DAMAGED, RuntimeError, NotImplementedError, OSError) as error:
                raise ValueError(f"{path} cannot be unpacked ({error}). Get the file again, or unpack it.") from error
            try:
                files = [file for file in Path(scratch).rglob("*") if file.is_file()]
                one = files[0] if len(files) == 1 else None
                rows = read_path(one or Path(scratch), replace(options, cache=False))
            except (ValueError, FileNotFoundError) as error:
                raise type(error)(str(error).replace(scratch, str(path))) from error
            notes = [str(warning.message).replace(scratch, str(path)) for warning in told]
            rows = {"title": one.name if one else "", **rows}
        rows.pop("place", None)
        return {key: np.asarray(value) for key, value in {**rows, "notes": notes}.items()}

    stat = path.stat()
    if options.cache and stat.st_size >= CACHED_FROM:
        key = hashlib.md5(f"{path}{options}".encode(), usedforsecurity=False).hexdigest()
        rows = cached(f"{path.name}-{key}", (stat.st_size, stat.st_mtime_ns), compute)
    else:
        rows = compute()
    for note in rows.pop("notes").tolist():
        warnings.warn(note, stacklevel=2)
    return {**rows, "title": str(rows["title"])}

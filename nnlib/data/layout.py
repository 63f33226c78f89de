"""Open a file whatever it is compressed by, and see from its first lines how a table is laid out."""

import bz2
import gzip
import io
import lzma
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath

import pandas as pd

from nnlib.data import columns

LOOKED_AT = 20  # lines from which header and columns of text are known
OPENERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
LARGE, RATIO = 2**30, 100  # a file may unpack to so many bytes, or to so many times its size; zeros pack 1,000-fold


class Unpacked(io.RawIOBase):
    """What a packed file holds, until it is more than a file of that size may hold: then ValueError."""

    def __init__(self, path, file):
        self.path, self.file, self.left = path, file, max(LARGE, RATIO * os.path.getsize(path))

    def readable(self):
        return True

    seekable = readable

    def seek(self, offset, whence=os.SEEK_SET):
        return self.file.seek(offset, whence)

    def readinto(self, buffer):
        count = self.file.readinto(buffer)
        self.left -= count
        if self.left < 0:
            raise ValueError(bomb(self.path))
        return count

    def close(self):
        self.file.close()
        super().close()


def bomb(path):
    return f"{path} unpacks to more than {RATIO} times its size, as no table or picture does. Unpack it by hand."


def open_plain(path):
    """Open a file for reading bytes, unpacked if it is gzip, bz2 or xz: by content, since browsers unpack a .gz."""
    with open(path, "rb") as file:
        start = file.read(6)
    opener = next((opener for magic, opener in OPENERS.items() if start.startswith(magic)), None)
    return open(path, "rb") if opener is None else io.BufferedReader(Unpacked(path, opener(path, "rb")), 1 << 16)


def members(archive):
    """Names of the files in a ZipFile, without what Finder and Kaggle add.

    Raises ValueError for a name that leads out of the folder it is unpacked to, and if there is more in it than can be.
    """
    for name in archive.namelist():
        path = PureWindowsPath(name)  # both kinds of slashes, drives
        if path.drive or path.root or ".." in path.parts or PurePosixPath(name).is_absolute():
            raise ValueError(f"{archive.filename} holds the name {name!r}, which leads elsewhere. It is not unpacked.")
    unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > max(LARGE, RATIO * os.path.getsize(archive.filename)):
        raise ValueError(bomb(archive.filename))
    names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
    return [name for name in names if not name.split("/")[-1].startswith(("._", "sample_submission"))]


def open_table(path):
    """As open_plain, and out of a .zip with that one file in it."""
    if not zipfile.is_zipfile(path):
        return open_plain(path)
    with zipfile.ZipFile(path) as archive:
        names = members(archive)
        if len(names) != 1:
            raise ValueError(f"{path} holds {len(names)} files; expected one table. Unpack it.")
        return archive.open(names[0])


@dataclass
class Layout:
    """
    How a CSV file is laid out: options for pandas.read_csv, column names ([] without a header), and for each column
    "" if it holds numbers, else a cell of it.
    """

    options: dict
    names: list
    text: list


def look(path):
    """Read the first lines of a CSV file. Returns its Layout."""
    with open_table(path) as file:
        head = file.read(1 << 18)
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = head.decode(encoding, errors="replace")
    if "\0" in text:
        raise ValueError(
            f"{path} holds zero bytes, as UTF-16 without its mark or a binary file does; save it as UTF-8."
        )
    lines = [line for line in text.splitlines() if line.strip()][:2]
    separator = find_separator(lines)
    options = {"sep": separator, "encoding": encoding, "index_col": False}
    options["skipinitialspace"] = separator + " " in text or "\n " in text  # for numbers alone, a fifth of the time
    if separator != "," and lines and re.search(r"\d,\d", lines[-1]):
        options["decimal"] = ","
    with open_table(path) as file:
        top = pd.read_csv(file, header=None, nrows=LOOKED_AT, dtype=str, keep_default_na=False, **options)
    if "decimal" in options:
        top = top.apply(lambda column: column.str.replace(",", "."))
    cells = [[cell.strip() for cell in row] for row in top.to_numpy().tolist()]
    header = columns.has_header(cells[0], cells[1:])
    options["header"] = 0 if header else None
    text = [text_in(column) for column in zip(*cells[header:])] or [""] * len(cells[0])
    options["skipinitialspace"] |= any(text)  # further down, a quote behind a space would be part of a label
    return Layout(options, cells[0] if header else [], text)


def text_in(cells):
    """The first of these cells that is no number, if most are none (empty ones count as numbers); else ""."""
    words = [cell for cell in cells if cell and not columns.is_number(cell) and cell.lower() not in ("na", "n/a")]
    return words[0] if 2 * len(words) > len(cells) else ""


def find_separator(lines):
    """The separator of a file's first two lines: the one that stands in both equally often."""
    for separator in "\t;|,":
        if lines and 0 < lines[0].count(separator) == lines[-1].count(separator):
            return separator
    words = {len(line.split()) for line in lines}
    return r"\s+" if len(words) == 1 and max(words) > 1 and "," not in lines[0] else ","

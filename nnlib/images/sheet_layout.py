"""A sheet to print, on which somebody writes digits or letters to train and test with; `sheet_reading` reads it.

All lengths are millimetres from the middle of the upper left corner mark: x to the right, y down. Whatever size the
printer makes of them, and from wherever a camera looks, the four marks say where everything is.
"""

import os
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nnlib.extras import from_an_extra

PAPERS = {"a4": (210, 297), "letter": (215.9, 279.4)}
WIDE, HIGH = 180, 250  # from mark to mark
MARK = 9  # a mark's side: black, white and black nested squares whose sides are as 7 to 5 to 3
COLUMNS, ROWS = 10, 12
PITCH, FIRST, SIDE = (17, 18.6), (7, 25), 13  # from box to box; the first box's corner; a box's side
CELL, START = 3, (1, 1, 0, 1)  # the code's cells; what it begins with, so that the sheet's upper edge is known
USUAL = ("0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")  # sheets known without being told
TITLE = "Write each character into the box below it, with a dark pen, without touching the box."
ADVICE = "Photograph the whole sheet from above, all four corner marks in the picture."


def write_sheet(path: str | os.PathLike, labels: Sequence[str] = "0123456789", paper: str = "a4") -> Path:
    """Write a sheet of 10 x 12 boxes to print, with one of `labels` above each box in turn; returns the path.

    `path` ends in .pdf to print, in .png (300 pixels an inch) to look at. `labels`: a text whose characters are the
    classes, or a list of short texts. `paper`: "a4" or "letter". Raises ValueError for labels that are repeated, too
    long or not in the sheet's font, another paper or ending; FileNotFoundError if there is no such folder.
    """
    path = Path(path)
    if path.suffix.lower() not in (".pdf", ".png"):
        raise ValueError(f"the path is {path}; expected one that ends in .pdf or .png")
    if paper not in PAPERS:
        raise ValueError(f"the paper is {paper!r}; expected one of {', '.join(PAPERS)}")
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.absolute().parent}; make it first")
    drawn_sheet(check_labels(labels), PAPERS[paper]).savefig(path, dpi=300)
    return path


def check_labels(labels):
    """The labels as a list of texts. Raises ValueError."""
    labels = [str(label) for label in labels]
    if not 2 <= len(labels) <= COLUMNS * ROWS or len(set(labels)) < len(labels):
        raise ValueError(f"labels is {labels!r:.80}; expected 2 to {COLUMNS * ROWS} different ones")
    if wrong := [label for label in labels if not 1 <= len(label) <= 4 or not label.isprintable() or label.isspace()]:
        raise ValueError(f"labels has {wrong[0]!r:.40}; expected texts of 1 to 4 characters that can be seen")
    return labels


def boxes():
    """Corners of the boxes, row by row: float (120, 2), x and y of each one's upper left corner."""
    row, column = np.divmod(np.arange(COLUMNS * ROWS), COLUMNS)
    return np.column_stack([FIRST[0] + PITCH[0] * column, FIRST[1] + PITCH[1] * row])


def code(labels):
    """The labels' code, as printed between the upper marks: START, a checksum of 16 bits, and a last 1."""
    checksum = zlib.crc32("\n".join(labels).encode()) & 0xFFFF
    return np.array([*START, *(checksum >> k & 1 for k in range(15, -1, -1)), 1])


def code_cells(n):
    """x of the middles of the code's n cells, whose y is 0."""
    return WIDE / 2 + CELL * (np.arange(n) - (n - 1) / 2)


@from_an_extra()
def drawn_sheet(labels, size):
    """The sheet as a matplotlib figure, `size` (width, height) in millimetres."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties, findfont, get_font
    from matplotlib.patches import Rectangle

    with rc_context({"pdf.fonttype": 42, "font.family": "DejaVu Sans", "text.parse_math": False}):
        font = get_font(findfont(FontProperties(family="DejaVu Sans")))
        if missing := [letter for letter in "".join(labels) if not font.get_char_index(ord(letter))]:
            raise ValueError(
                f"labels has {missing[0]!r}, which the sheet's font does not; expected letters that it has"
            )
        figure = Figure(figsize=(size[0] / 25.4, size[1] / 25.4), facecolor="white", layout="none")
        axes = figure.add_axes((0, 0, 1, 1))
        left, top = (size[0] - WIDE) / 2, (size[1] - HIGH) / 2
        axes.set(xlim=(-left, WIDE + left), ylim=(HIGH + top, -top))
        axes.axis("off")

        def square(x, y, side, **options):
            axes.add_patch(Rectangle((x, y), side, side, **{"linewidth": 0, **options}))

        for x, y in ((0, 0), (WIDE, 0), (WIDE, HIGH), (0, HIGH)):
            for sevenths, colour in ((7, "black"), (5, "white"), (3, "black")):
                side = MARK * sevenths / 7
                square(x - side / 2, y - side / 2, side, facecolor=colour)
        bits = code(labels)
        for x, bit in zip(code_cells(len(bits)), bits):
            if bit:
                square(x - CELL / 2, -CELL / 2, CELL, facecolor="black")
        text = {"ha": "left", "va": "center", "color": "black"}
        axes.text(FIRST[0], 8, TITLE, fontsize=10, **text)
        axes.text(FIRST[0], 13, ADVICE, fontsize=10, **text)
        axes.text(WIDE / 2, HIGH, "Writer:  ______________________", fontsize=10, **(text | {"ha": "center"}))
        for k, (x, y) in enumerate(boxes()):
            square(x, y, SIDE, facecolor="none", edgecolor="0.35", linewidth=0.8)
            label = labels[k % len(labels)]
            axes.text(x + SIDE / 2, y - 2.3, label, fontsize=10, **(text | {"ha": "center", "color": "0.25"}))
    return figure

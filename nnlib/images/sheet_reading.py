"""A photograph of a filled-in sheet (`sheet_layout`) as labelled pictures.

The four corner marks are found and the sheet is made straight by them. A sheet that is not quite flat still has its
boxes a millimetre off their places, so each box is looked for near its own. What is inside is a digit or a letter as
`split_digits` would cut it out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import ndimage

from nnlib.images.digits import FAINTEST, brightest_near, centred
from nnlib.images.light import closing, noise_level
from nnlib.images.reading import Source, read_grey
from nnlib.images.several import pieces_of, together
from nnlib.images.sheet import from_corners
from nnlib.images.sheet_layout import (
    COLUMNS,
    HIGH,
    MARK,
    ROWS,
    SIDE,
    START,
    USUAL,
    WIDE,
    boxes,
    check_labels,
    code,
    code_cells,
)

PIXELS = 2000  # of the photograph's longer side: what is more shows nothing more
FINE = 6  # pixels of a millimetre of the straightened sheet
AROUND = 8  # millimetres around the marks that are kept
BLACK = 0.45  # a print's contrast with the paper around it, at least
BENT, SEARCH = 5, 1.5  # millimetres that a row or column may be off its place, and a box from there
INSIDE = 0.9  # of a box, from its line: where no ink is looked for
INK = 0.1  # contrast of ink: what is fainter shows through from behind
SMALLEST = 2.0  # millimetres of a character's longer side: what is smaller is a dot


@dataclass(repr=False)
class ReadSheet:
    """What a sheet holds. `X` are the pictures that are there, n of them, row by row, with their labels.

    X         (n, 28, 28) float32 in [0, 1], each as `prepare` makes it
    y         (n,) texts: what was to be written
    places    (n, 2) int: row and column of each one's box, from 0
    empty     (120 - n, 2) int: row and column of the boxes with nothing in them
    page      the straightened sheet, float32 (height, width), 6 pixels a millimetre
    boxes     (120, 4) int: left, top, right, bottom of every box, in pixels of `page`
    labels    the sheet's classes, a list of texts
    """

    X: np.ndarray
    y: np.ndarray
    places: np.ndarray
    empty: np.ndarray
    page: np.ndarray
    boxes: np.ndarray
    labels: list[str]

    def __repr__(self):
        return f"ReadSheet: {len(self.X)} pictures of {len(self.labels)} classes, {len(self.empty)} boxes empty"


def read_sheet(photo: Source, labels: Sequence[str] | None = None) -> ReadSheet:
    """The characters on a photographed sheet that `write_sheet` made, with their labels: a `ReadSheet`.

    `photo` as in `prepare`: from 2 megapixels on, turned in any way, from an angle, in shadows. `labels` are those that
    the sheet was written for; unless given, digits or letters, whichever the sheet says.

    Raises ValueError, beside `prepare`'s errors, for a photograph without the four marks or with a part of the sheet
    cut off, for a sheet of other labels, and for one with nothing in its boxes.
    """
    grey = read_grey(photo, PIXELS)
    marks = find_marks(grey)
    known = [list(text) for text in USUAL] if labels is None else [check_labels(labels)]
    page, labels = upright(grey, marks, known)
    contrast, noise = dark_parts(page)
    found = locate_boxes(contrast)
    inner = round(INSIDE * FINE)
    X, places, empty = [], [], []
    for k, (left, top, right, bottom) in enumerate(found):
        part = contrast[top + inner : bottom - inner, left + inner : right - inner]
        least = max(FAINTEST, INK, 1.2 * noise)
        part = part / np.maximum(brightest_near(part, FINE // 2), 2 * least)  # faint parts of a stroke as bold ones
        piece = character(part)
        (empty if piece is None else places).append(divmod(k, COLUMNS))
        if piece is not None:
            X.append(centred(part, piece))
    if not X:
        raise ValueError(
            f"the sheet was found, and all its {COLUMNS * ROWS} boxes are empty; expected characters in them. Write "
            "with a dark pen, and photograph the side that is written on."
        )
    y = np.array([labels[(COLUMNS * r + c) % len(labels)] for r, c in places])
    return ReadSheet(np.stack(X), y, np.array(places), np.reshape(empty, (-1, 2)).astype(int), page, found, labels)


def dark_parts(grey, scale=FINE):
    """Contrast of what is dark and narrower than half a mark with the paper around it; and its noise.

    `scale`: pixels of a millimetre, at least as many as there are.
    """
    n = round(MARK / 2 * scale)
    smooth = ndimage.gaussian_filter(grey, 0.6)
    paper = closing(smooth, max(n, 3))
    contrast = (paper - smooth) / np.maximum(paper, 0.2 * np.quantile(paper[::5, ::5], 0.9) + 1e-3)
    return contrast, noise_level(contrast)


def find_marks(grey):
    """The middles of the four corner marks, (4, 2) as x and y, clockwise. Raises ValueError."""
    mask = dark_parts(grey, max(grey.shape) / HIGH)[0] > BLACK
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    found = []
    for k, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        high, wide = rows.stop - rows.start, columns.stop - columns.start
        if min(high, wide) >= 10 and max(high, wide) < min(2 * min(high, wide), 0.12 * max(grey.shape)):
            mark = mark_in(labels[rows, columns] == k, mask[rows, columns])
            if mark is not None:
                found.append((columns.start + mark[0], rows.start + mark[1], mark[2]))
    found = np.array(found).reshape(-1, 3)
    if len(found) > 4:
        found = best_four(found)
    if len(found) < 4:
        raise ValueError(missing_marks(found, grey.shape))
    points = found[:, :2]
    angles = np.arctan2(*(points - points.mean(axis=0)).T[::-1])
    return points[np.argsort(angles)]


def mark_in(ring, ink):
    """Middle (x, y) and area of a mark, if the piece `ring` is the outer square of one: its hole holds a square."""
    filled = ndimage.binary_fill_holes(ring)
    core = filled & ~ring & ink
    whole, outer, inner = filled.sum(), ring.sum(), core.sum()
    # Of 49 parts the ring has 24 and the core 9; turned by up to 45 degrees, a square fills half of its box.
    if whole <= 0.45 * ring.size or not 0.3 < outer / whole < 0.68 or not 0.07 < inner / whole < 0.35:
        return None
    (y, x), (y2, x2) = ndimage.center_of_mass(core), ndimage.center_of_mass(filled)
    if max(abs(x - x2) / ring.shape[1], abs(y - y2) / ring.shape[0]) > 0.1:
        return None
    return x + 0.5, y + 0.5, whole


def best_four(found):
    """Of more than four marks those that are most alike and farthest apart; the 12 largest are looked at."""
    found = found[np.argsort(-found[:, 2])][:12]

    def spread(four):
        x, y, areas = np.array(four).T
        order = np.argsort(np.arctan2(y - y.mean(), x - x.mean()))
        x, y = x[order], y[order]
        return abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) * (areas.min() / areas.max()) ** 2

    return np.array(max(combinations(found, 4), key=spread))


def missing_marks(found, shape):
    """What to tell somebody whose photograph shows fewer than four marks."""
    if len(found) == 3:  # the fourth corner of the parallelogram
        points = found[:, :2]
        far = [np.linalg.norm(points[k] - points[k - 1]) for k in range(3)]
        corner = int(np.argmax(far)) - 2  # the one that is not an end of the longest side
        gone = points.sum(axis=0) - 2 * points[corner]
        x, y = gone - points.mean(axis=0)
        where = f"; the one at the {'lower' if y > 0 else 'upper'} {'right' if x > 0 else 'left'} is missing"
    else:
        where = ""
    n = f"{len(found)} of the sheet's four corner marks" if len(found) else "no corner mark of a sheet"
    return (
        f"the photograph ({shape[1]}x{shape[0]} pixels as it is read) shows {n}{where}; expected all four nested "
        "squares. Photograph the whole sheet that images.write_sheet made, from above, in focus, with some table "
        "around it."
    )


def page_shape():
    return round(FINE * (HIGH + 2 * AROUND)), round(FINE * (WIDE + 2 * AROUND))


def upright(grey, marks, known):
    """The sheet made straight, its code above, and which of the `known` lists of labels it was printed for."""
    flat = FINE * (AROUND + np.array([(0, 0), (WIDE, 0), (WIDE, HIGH), (0, HIGH)]))
    codes, seen = [code(labels) for labels in known], []
    x = np.rint(FINE * (AROUND + code_cells(len(codes[0])))).astype(int)
    y, reach = round(FINE * AROUND), FINE * BENT
    for turn in range(4):
        page = from_corners(grey, np.roll(marks, -turn, axis=0), flat, page_shape()[::-1])
        strip = ndimage.uniform_filter(dark_parts(page[: 2 * y])[0], FINE)[y - reach : y + reach, x]
        bits = (strip[strip.sum(axis=1).argmax()] > BLACK / 2).astype(int)  # of a sheet that may be bent
        errors = [(bits != own).sum() for own in codes]
        if min(errors) <= 1:
            return page, known[int(np.argmin(errors))]
        seen.append((tuple(bits[: len(START)]) == START) and bits[-1])
    if any(seen):
        raise ValueError(
            f"the sheet was printed for other labels than {' or '.join(''.join(labels)[:30] for labels in known)}. "
            "Give those that images.write_sheet was given: read_sheet(photo, labels=...)"
        )
    raise ValueError(
        "four corner marks were found, and no code between the upper two; expected a sheet that images.write_sheet "
        "made, not mirrored, with nothing lying on its upper edge"
    )


def locate_boxes(contrast):
    """Left, top, right, bottom of every box in pixels, int (120, 4): each is where its four lines are.

    A sheet that is bent has whole rows and columns off their places; within them, the boxes are looked for one by one.
    Raises ValueError if lines are not there.
    """
    dark = np.minimum(contrast, 0.4)  # bold ink counts no more than the line
    places = np.rint(FINE * (AROUND + boxes())).astype(int)
    far, near = (round(FINE * reach) for reach in (BENT, SEARCH))
    down, right = (line_profiles(dark, places, far, axis).reshape(ROWS, COLUMNS, -1) for axis in (0, 1))
    down = np.tile(down.sum(axis=0).argmax(axis=1) - far, ROWS)  # one for each column
    right = np.repeat(right.sum(axis=1).argmax(axis=1) - far, COLUMNS)
    places = places + np.column_stack([right, down])
    profiles = [line_profiles(dark, places, near, axis) for axis in (1, 0)]
    places = places + np.column_stack([profile.argmax(axis=1) - near for profile in profiles])
    seen = np.min([profile.max(axis=1) for profile in profiles], axis=0)
    if (gone := np.flatnonzero(seen < 0.4 * np.median(seen))).size:
        row, column = divmod(int(gone[0]), COLUMNS)
        raise ValueError(
            f"{len(gone)} of the sheet's {len(seen)} boxes are not to be seen, such as the one in row {row + 1}, "
            f"column {column + 1}; expected the whole sheet, flat, with nothing lying on it. Smooth it and photograph "
            "it again."
        )
    return np.column_stack([places, places + round(FINE * SIDE)])


def line_profiles(dark, places, reach, axis):
    """How dark the two lines of each box are that cross `axis`, moved by -reach to reach pixels: (120, 2 reach + 1)."""
    side = round(FINE * SIDE)
    length, middle = side + 2 * reach + 1, slice(reach + side // 8, reach + side - side // 8)
    parts = np.stack([dark[y - reach :, x - reach :][:length, :length] for x, y in places])
    profiles = parts[:, :, middle].mean(axis=2) if axis == 0 else parts[:, middle].mean(axis=1)
    profiles = ndimage.gaussian_filter1d(profiles, 1, axis=1)
    return profiles[:, : 2 * reach + 1] + profiles[:, side:]


def character(part):
    """The ink of a box's inside, where it is more than 0.5, as one piece (box, mask); None if there is none."""
    pieces = [piece for piece in pieces_of(part > 0.5) if max(piece[1].shape) > 0.5 * FINE]
    if not pieces or max(max(piece[1].shape) for piece in pieces) < SMALLEST * FINE:
        return None
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = together(whole, piece)
    return whole

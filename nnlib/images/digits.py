"""The stages from a grey picture to a digit like MNIST's.

How MNIST was made (LeCun, Bottou, Bengio and Haffner 1998, "Gradient-based learning applied to document recognition",
section III.A; doi:10.1109/5.726791): black-and-white digits were shrunk, aspect ratio kept, to fit a box of
20x20 pixels, which made them grey by anti-aliasing, and placed so that their centre of mass is the centre of a 28x28
field. A network trained on such digits wants just such digits.

A picture is a float32 array (height, width), a mask a bool one (True is ink), a box (left, top, right, bottom).
"""

import warnings
from pathlib import Path
from typing import Literal, overload

import numpy as np
from scipy import ndimage

from nnlib.images.light import LOOK, ink_level, light_on_dark, noise_level, polarity_and_width, running, stroke_width
from nnlib.images.lines import remove_lines
from nnlib.images.pieces import choose_digit, grown
from nnlib.images.reading import Source, read_grey, resize, shrink
from nnlib.images.sheet import straighten_sheet

FIELD, BOX, CENTER = 28, 20, 14  # the centre of mass of MNIST's digits is pixel (14, 14), on average, within +-0.5
PEN_WIDTH = 1.9, 3.4  # pixels: the middle 80 % of MNIST's digits by `pen_width` (2,000 of them; mean 2.5)
FINE = 4  # the pen's width is measured and changed at 4 times the final resolution
OVERVIEW = 256  # pixels of the longer side at which the ink is looked for
FAINTEST = 0.012  # contrast, as a share of the paper's brightness: three of 255 steps
HALF, LESS = 0.5, 0.3  # an edge is where ink has half its brightness; in a picture smaller than FIELD, less
SPECK = 0.06  # a piece of ink with less than this share of the largest piece's area is dirt


@overload
def prepare(source: Source, stages: Literal[False] = False) -> np.ndarray: ...
@overload
def prepare(source: Source, stages: Literal[True]) -> dict[str, np.ndarray]: ...
def prepare(source: Source, stages: bool = False) -> np.ndarray | dict[str, np.ndarray]:
    """One digit as MNIST would show it: float32 (28, 28) in [0, 1], white on black.

    `source`: a path, a file's bytes, a PIL image, or an array (height, width) or (height, width, channels) with 1 to 4
    channels and pixels 0-1, 0-255 or 0-65535. Any size from 8 pixels; dark on light or light on dark, in colours,
    transparent or not, in shadows, on lined paper, in a box, on a sheet that lies on a table. `stages=True` returns a
    dict of every stage's name and picture instead, in order; the last, "centred", is the result.

    Raises FileNotFoundError, IsADirectoryError, or ValueError for what is no picture, damaged, too large (64 million
    pixels) or without ink. Warns when a file has several frames (the first is taken), and when there are several pieces
    of ink any of which may be the digit (the likeliest is taken; the stage "digit" shows the others in grey).
    """
    grey = straighten_sheet(read_grey(source))
    overview = shrink(enlarged(grey), OVERVIEW)
    light, sign, wide = find_light(overview)
    share = HALF if max(grey.shape) >= FIELD else LESS
    ink = ink_mask(light, wide, source, share)
    lineless = remove_lines(ink)
    digit, rivals = choose_digit(lineless, light)
    if rivals.any():
        warn_of_rivals(source)
    cropped, clean = cut_out(grey, overview, digit, ink & ~digit, sign, wide, share)
    done = finish(clean)
    if not stages:
        return done["centred"]
    shown = {"light on dark": np.maximum(light, 0), "ink": ink, "without lines": lineless}
    shown |= {"digit": digit + 0.4 * rivals, "cropped": cropped, "clean": clean}
    return {"grey": grey} | {name: stage.astype(np.float32) for name, stage in shown.items()} | done


def finish(mask):
    """The stages after the digit's ink was found: a dict of name and picture."""
    pen = set_pen_width(mask)
    boxed = fit_box(pen)
    return {"pen width": pen, "20 pixels": boxed, "centred": center(boxed)}


def centred(light, piece, ink=None):
    """The piece as `prepare` leaves a digit, (28, 28). `ink`, the mask of the picture: the rest of it is left out."""
    (left, top, right, bottom), mask = piece
    near = grown(np.pad(mask, 2), 2)
    if ink is not None:
        near &= np.pad(mask, 2) | ~np.pad(ink, 2)[top : bottom + 4, left : right + 4]
    padded = np.pad(light, 2)[top : bottom + 4, left : right + 4]
    factor = FINE * BOX / max(mask.shape)
    shape = [max(1, round(n * factor)) for n in near.shape]
    large = resize(np.where(near, padded, 0), shape)
    clean = large > 0.5 * np.median(light[top:bottom, left:right][mask])
    return finish(drop_specks(clean) if clean.any() else resize(near.astype(np.float32), shape) > 0.5)["centred"]


def enlarged(picture):
    """A small picture made larger, so that its strokes are some pixels wide."""
    factor = 4 * FIELD / max(picture.shape)
    return picture if factor <= 1 else resize(picture, [max(1, round(n * factor)) for n in picture.shape]).clip(0, 1)


def find_light(grey):
    """Paper taken away: the picture light on dark, the ink's sign, and a width in pixels that no stroke has.

    Twice: the second time with squares not much wider than the strokes, which follow the paper's folds closely.
    """
    small = shrink(grey, LOOK)
    sign, width = polarity_and_width(small)
    wide = int(np.ceil(1.3 * (width + 1) * max(grey.shape) / max(small.shape)))
    light = light_on_dark(grey, sign, wide)
    strong = light > max(0.5 * ink_level(light), noise_level(light))
    if strong.any():
        narrow = int(2.2 * stroke_width(strong)) + 5
        if narrow < 0.7 * wide:
            return light_on_dark(grey, sign, narrow), sign, narrow
    return light, sign, wide


def ink_mask(light, wide, source=None, share=HALF):
    """The mask of the ink: what has half the brightness of the brightest pixel near it, faint and bold ink alike.

    Where pixels are as wide as strokes a thin stroke is faint, since it covers a part of each: then a smaller `share`.
    Raises ValueError where nothing stands out.
    """
    smooth = ndimage.gaussian_filter(light, 0.6)
    level, noise = ink_level(smooth), noise_level(light)
    least = max(FAINTEST, 0.14 * level, noise)
    needed = max(FAINTEST, 1.2 * noise)
    if level < needed:
        name = f"{source}: " if isinstance(source, (str, Path)) else ""
        raise ValueError(
            f"{name}no ink found: nothing stands out from the background. The strongest contrast is "
            f"{np.floor(1000 * max(0, level)) / 10:.1f} %; with this picture's noise at least "
            f"{np.ceil(1000 * needed) / 10:.1f} % is needed. Expected a digit, darker or lighter than its background."
        )
    return smooth > np.maximum(share * brightest_near(smooth, wide // 4), least)


def brightest_near(picture, reach):
    """Of each pixel the brightest one that is at most `reach` pixels away, in rows and in columns."""
    return running(np.maximum, np.pad(picture, reach, mode="edge"), 2 * reach + 1)


def warn_of_rivals(source):
    name = f"{source}: " if isinstance(source, (str, Path)) else ""
    warnings.warn(
        f"{name}this looks like more than one digit: several pieces of ink may be it, and the likeliest is taken; "
        "nnlib.images.split_digits reads them all",
        stacklevel=3,
    )


def cut_out(grey, overview, digit, other, sign, wide, share):
    """The digit's box, its longer side about 4 x 20 pixels: what was light on dark there, and the mask of its ink.

    `digit` and `other` are masks of the overview: what is the digit's ink, and what is not. `share` as in `ink_mask`.
    """
    left, top, right, bottom = bounding_box(digit)
    side = max(right - left, bottom - top)
    margin = max(0.1 * side, wide) + 1
    box = (max(0, left - margin), max(0, top - margin),
           min(digit.shape[1], right + margin), min(digit.shape[0], bottom + margin))  # fmt: skip
    factor = FINE * BOX / side
    shape = max(1, round((box[3] - box[1]) * factor)), max(1, round((box[2] - box[0]) * factor))
    allowed = grown(digit, 2) & ~other
    gate = resize(allowed.astype(np.float32), shape, box) > 0.5
    larger = enlarged(grey)
    cropped = resize(larger, shape, scaled(box, overview, larger))
    light = light_on_dark(cropped, sign, max(3, int(np.ceil(wide * factor))))
    smooth = ndimage.gaussian_filter(light, 0.5)
    edge = share * brightest_near(np.where(gate, smooth, 0), max(1, int(wide * factor) // 4))
    faint = 0.3 * np.median(light[gate & (smooth > edge)]) if gate.any() else 0  # of a line that touches the digit
    mask = gate & (smooth > np.maximum(edge, max(faint, FAINTEST / 2)))
    if not mask.any():
        mask = resize(digit.astype(np.float32), shape, box) > 0.5
    return np.where(gate, light, 0), drop_specks(mask)


def drop_specks(mask):
    """Without pieces smaller than the share SPECK of the largest."""
    labels, n = ndimage.label(grown(mask), np.ones((3, 3)))  # grown: a broken stroke is one piece
    area = np.bincount((labels * mask).ravel(), minlength=n + 1)
    area[0] = 0
    return mask & (area >= SPECK * area.max())[labels]


def bounding_box(mask):
    """(left, top, right, bottom) of the ink; right and bottom are the first column and row after it."""
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return cols[0], rows[0], cols[-1] + 1, rows[-1] + 1


def scaled(box, small, large):
    """A box in the picture `small`, in pixels of the same picture at its `large` size."""
    y, x = large.shape[0] / small.shape[0], large.shape[1] / small.shape[1]
    return box[0] * x, box[1] * y, box[2] * x, box[3] * y


def pen_width(mask: np.ndarray) -> float:
    """The mean width of the strokes, if the digit's longer side is 20 pixels, as MNIST's.

    Across a stroke of width w the distance to its nearest edge rises from 0 to w/2 and falls again: its mean is w/4.
    """
    left, top, right, bottom = bounding_box(mask)
    distance = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1] - 0.5  # from a pixel's centre to the edge
    return 4 * distance[mask].mean() * BOX / max(right - left, bottom - top)


def set_pen_width(mask):
    """The digit with its pen's width in MNIST's range, as a picture with soft edges, a margin around it.

    Dilating or eroding by a disc of radius r is adding r to the signed distance from the edge, so r may be a fraction.
    A digit grows with its pen: to have the width v after the longer side was brought back to 20 pixels, a pen of width
    w needs 2 r = (v - w) / (1 - v / 20).
    """
    width = pen_width(mask)
    wanted = np.clip(width, *PEN_WIDTH)
    left, top, right, bottom = bounding_box(mask)
    radius = (wanted - width) / (1 - wanted / BOX) / 2 * max(right - left, bottom - top) / BOX
    mask = np.pad(mask, int(max(radius, 0)) + 3)
    return dilated(mask, radius)


def dilated(mask, radius):
    """A mask grown by `radius` pixels, shrunk if that is negative; a picture, its edges one pixel soft."""
    if radius == 0:
        return mask.astype(np.float32)
    inside = ndimage.distance_transform_edt(mask)
    outside = ndimage.distance_transform_edt(~mask)
    distance = np.where(mask, inside - 0.5, 0.5 - outside)
    return np.clip(distance + radius + 0.5, 0, 1).astype(np.float32)


def fit_box(picture):
    """The ink alone, shrunk so that its longer side is 20 pixels, aspect ratio kept."""
    left, top, right, bottom = (int(n) for n in bounding_box(picture > 0.4))
    factor = BOX / max(right - left, bottom - top)
    shape = max(1, round((bottom - top) * factor)), max(1, round((right - left) * factor))
    return np.clip(resize(picture, shape, (left, top, right, bottom)), 0, 1)


def center(boxed):
    """(28, 28) with the centre of mass at pixel (14, 14), by whole pixels as in MNIST, nothing cut off."""
    field = np.zeros((FIELD, FIELD), np.float32)
    middle = ndimage.center_of_mass(boxed)
    top, left = (int(np.clip(round(CENTER - m), 0, FIELD - n)) for m, n in zip(middle, boxed.shape))
    field[top : top + boxed.shape[0], left : left + boxed.shape[1]] = boxed
    return field

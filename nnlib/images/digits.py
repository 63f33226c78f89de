"""The stages from a grey picture to digits like MNIST's.

How MNIST was made (LeCun, Bottou, Bengio and Haffner 1998, "Gradient-based learning applied to document recognition",
section III.A; doi:10.1109/5.726791): black-and-white digits were shrunk, aspect ratio kept, to fit a box of
20x20 pixels, which made them grey by anti-aliasing, and placed so that their centre of mass is the centre of a 28x28
field. A network trained on such digits wants just such digits.

A picture is a float32 array (height, width), a mask a bool one (True is ink), a box (left, top, right, bottom).
"""

import numpy as np
from scipy import ndimage

from nnlib.images.reading import read_grey, resize, shrink

FIELD, BOX, CENTER = 28, 20, 14  # the centre of mass of MNIST's digits is pixel (14, 14), on average, within +-0.5
PEN_WIDTH = 1.9, 3.4  # pixels: the middle 80 % of MNIST's digits by `pen_width` (2,000 of them; mean 2.5)
FINE = 4  # the pen's width is measured and changed at 4 times the final resolution
OVERVIEW = 200  # pixels of the longer side at which the ink is looked for
SPECK = 0.06  # a piece of ink with less than this share of the largest piece's area is dirt


def prepare(source, stages=False):
    """One digit as MNIST would show it: float32 (28, 28) in [0, 1], white on black.

    `source`: a path, a file's bytes, a PIL image, or an array (height, width) or (height, width, channels) with 1 to 4
    channels and pixels 0-1, 0-255 or 0-65535. Any size from 8 pixels; dark on light or light on dark, transparent or
    not, shaded or not. `stages=True` returns a dict of every stage's name and picture instead, in order; the last,
    "centred", is the result.

    Raises FileNotFoundError, IsADirectoryError, or ValueError for what is no picture, damaged, too large (64 million
    pixels) or without ink. Warns when a file has several frames: the first is taken.
    """
    grey = cut_out_sheet(read_grey(source))
    light = light_on_dark(grey)
    overview = shrink(light, OVERVIEW)
    where = find_ink(overview, share=0.001, whole=True)
    done = finish(light, scaled(bounding_box(where), overview, light))
    if not stages:
        return done["centred"]
    return {"grey": grey, "light on dark": light, "ink": where.astype(np.float32), **done}


def finish(light, box):
    """The stages after the digit was found in `box`: a dict of name and picture."""
    cropped = crop(light, box)
    mask = find_ink(cropped, share=0.03)
    pen = set_pen_width(mask)
    boxed = fit_box(pen)
    return {"cropped": cropped, "clean": mask.astype(np.float32), "pen width": pen, "20 pixels": boxed,
            "centred": center(boxed)}  # fmt: skip


def cut_out_sheet(grey):
    """The sheet alone, if the picture shows one lying straight on a table of another brightness; else the picture.

    A sheet, its holes filled (the ink), is a rectangle; no stroke is as wide as that, and no 0 as angular.
    """
    light = light_on_dark(shrink(grey, 64))
    labels, n = ndimage.label(light > 0.5 * np.quantile(light, 0.99))
    largest = labels == np.bincount(labels[labels > 0], minlength=2).argmax()
    if n == 0:
        return grey
    sheet = ndimage.binary_fill_holes(largest)
    left, top, right, bottom = bounding_box(sheet)
    large = min(right - left, bottom - top) > 0.3 * min(light.shape)
    rectangle = sheet.sum() > 0.85 * (right - left) * (bottom - top) and largest.sum() > 0.8 * sheet.sum()
    if not (large and rectangle and pen_width(sheet) > 0.5 * BOX):
        return grey
    edge = 0.03 * min(right - left, bottom - top)
    inner = scaled((left + edge, top + edge, right - edge, bottom - edge), light, grey)
    left, top, right, bottom = (round(n) for n in inner)
    return grey[top:bottom, left:right]


def light_on_dark(grey):
    """Background removed and polarity settled: 0 is paper, above 0 ink, whichever of them was darker.

    Paper in uneven light is a smooth surface: c0 + c1 x + c2 y + c3 x^2 + c4 xy + c5 y^2, fitted by least squares to
    the picture's margin, six times, each time without the pixels that the last surface missed by far (ink). What
    differs from it in one direction more than in the other (by the sum of cubes, as skewness has it) is ink.
    """
    small = shrink(grey, 64)
    terms = surface_terms(small.shape)
    margin = np.ones(small.shape, bool)
    edge = max(1, round(0.08 * min(small.shape)))
    margin[edge:-edge, edge:-edge] = False
    A, b = terms[margin], small[margin]
    coefficients = np.array([np.median(b), 0, 0, 0, 0, 0])
    for _ in range(6):
        missed = np.abs(b - A @ coefficients)
        paper = missed <= 3 * np.median(missed) + 0.02
        coefficients = np.linalg.lstsq(A[paper], b[paper], rcond=1e-3)[0]
    sign = 1 if ((small - terms @ coefficients) ** 3).sum() > 0 else -1
    paper = resize((terms @ coefficients).astype(np.float32), grey.shape)
    return sign * (grey - paper)


def surface_terms(shape):
    """1, x, y, x^2, xy, y^2 for every pixel, x and y from -1 to 1: (height, width, 6)."""
    y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)


def find_ink(light, share, whole=False, speck=SPECK):
    """The mask of the ink, which covers at least about `share` of the picture: what has half the ink's brightness.

    Pieces smaller than the share `speck` of the largest are dropped as dirt. If this is the `whole` picture, so are
    pieces that lie along its edge (a shadow's or the table's). Raises ValueError where nothing stands out.
    """
    smooth = ndimage.gaussian_filter(light, 0.5)
    brightest = np.quantile(smooth, 1 - share)
    noise = np.median(np.abs(np.diff(light))) if whole else 0  # from one pixel to the next: about a standard deviation
    if brightest < max(0.04, 4 * noise):
        raise ValueError(
            f"no ink found: nothing stands out from the background (contrast {max(0, brightest):.2f} of 1, expected "
            "0.04 and four times the noise). Expected a digit, darker or lighter than its background."
        )
    mask = smooth > np.median(smooth[smooth >= brightest / 2]) / 2
    labels, n = ndimage.label(ndimage.binary_dilation(mask), np.ones((3, 3)))  # dilated: a broken stroke is one piece
    labels *= mask
    area = count(labels, mask, n)
    if whole:
        area[at_the_edge(labels, mask, n)] = 0
    return mask & np.isin(labels, np.flatnonzero(area >= speck * area.max()))


def count(labels, where, n):
    """How many pixels of `where` each label 0 ... n has; 0 for label 0, which is no piece."""
    pixels = np.bincount(labels[where], minlength=n + 1)
    pixels[0] = 0
    return pixels


def at_the_edge(labels, mask, n):
    """Pieces with a quarter of their outline on the picture's edge, (n + 1,) bool; none if no other is of fair size."""
    edge = np.ones_like(mask)
    edge[1:-1, 1:-1] = False
    outline = mask & ~ndimage.binary_erosion(mask)
    along = count(labels, edge & mask, n) > 0.25 * count(labels, outline, n)
    sizes = [max(rows.stop - rows.start, cols.stop - cols.start) for rows, cols in ndimage.find_objects(labels, n)]
    fair = np.array([0, *sizes]) >= 0.1 * min(mask.shape)
    return along if (fair & ~along).any() else np.zeros(n + 1, bool)


def bounding_box(mask):
    """(left, top, right, bottom) of the ink; right and bottom are the first column and row after it."""
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return cols[0], rows[0], cols[-1] + 1, rows[-1] + 1


def scaled(box, small, large):
    """A box in the picture `small`, in pixels of the same picture at its `large` size."""
    y, x = large.shape[0] / small.shape[0], large.shape[1] / small.shape[1]
    return box[0] * x, box[1] * y, box[2] * x, box[3] * y


def crop(light, box):
    """The box with a tenth of its longer side around it, that side about 4 x 20 pixels long."""
    left, top, right, bottom = box
    side = max(right - left, bottom - top)
    margin = 0.1 * side + side / OVERVIEW
    left, right = max(0, left - margin), min(light.shape[1], right + margin)
    top, bottom = max(0, top - margin), min(light.shape[0], bottom + margin)
    factor = FINE * BOX / side
    shape = max(1, round((bottom - top) * factor)), max(1, round((right - left) * factor))
    return resize(light, shape, (left, top, right, bottom))


def pen_width(mask):
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

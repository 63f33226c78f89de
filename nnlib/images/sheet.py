"""A sheet of paper on a table, turned or seen from a side, made straight."""

import numpy as np
from PIL import Image
from scipy import ndimage

from nnlib.images.light import closing
from nnlib.images.reading import shrink

LOOK = 96  # pixels of the longer side at which the sheet is looked for


def straighten_sheet(grey):
    """The sheet alone, its corners brought to a rectangle's, if the picture shows one; else the picture as it is.

    With its ink taken out, a sheet is a quadrilateral of one brightness, and no stroke is as wide. Turned by less than
    45 degrees, its corners are the points farthest to the four diagonal directions.
    """
    if max(grey.shape) < LOOK:
        return grey
    small = shrink(grey, LOOK)
    n = max(3, round(0.2 * min(small.shape)))
    both = np.stack([small, -small])  # a light sheet, or a dark one
    for seen, bare, least in zip(both, closing(both, n), (0.12, 0.35)):
        corners = find_corners(bare, bare - seen, least)
        if corners is not None:
            return cut_out(grey, corners * (np.array(grey.shape[::-1]) / small.shape[::-1]))
    return grey


def find_corners(bare, ink, least):
    """Corners (4, 2) as (x, y), clockwise from the top left, of the one bright quadrilateral in the picture; or None.

    It has to cover the share `least` of the picture, and to have ink on it.
    """
    low, high = np.quantile(bare, (0.02, 0.9))
    if high - low < 0.12:
        return None
    labels, _ = ndimage.label(bare > otsu(bare))
    largest = labels == np.bincount(labels.ravel())[1:].argmax() + 1
    size, at_edge = largest.sum(), largest.sum() - largest[1:-1, 1:-1].sum()
    if not least < size / bare.size < 0.9 or at_edge >= 0.15 * (2 * sum(bare.shape) - 4):
        return None
    y, x = np.nonzero(largest)
    at = [(x + y).argmin(), (x - y).argmax(), (x + y).argmax(), (x - y).argmin()]
    corners = np.column_stack([x[at], y[at]]) + 0.5
    area = 0.5 * abs(np.sum(corners[:, 0] * np.roll(corners[:, 1], -1) - np.roll(corners[:, 0], -1) * corners[:, 1]))
    whole = ndimage.binary_fill_holes(largest).sum() == size
    paper = (largest & (ink > 0.2 * (high - low))).sum() < 0.15 * size  # a bold light digit is none: it is filled up
    written = paper and (ink * ndimage.binary_erosion(largest, iterations=4)).max() > 0.08
    inner = largest & ~ndimage.binary_erosion(largest, iterations=3)
    outer = ndimage.binary_dilation(largest, iterations=3) & ~largest
    step = bare[inner].mean() - bare[outer].mean() > 0.35 * (high - low)  # no smooth shade
    return corners if whole and written and step and 0.92 < size / (area + np.sqrt(4 * size)) < 1.06 else None


def otsu(picture):
    """The threshold between which and which the two groups' means differ most (Otsu 1979)."""
    counts, edges = np.histogram(picture, 64)
    middles = (edges[1:] + edges[:-1]) / 2
    below, total = np.cumsum(counts)[:-1], counts.sum()
    sums = np.cumsum(counts * middles)
    between = (sums[-1] * below / total - sums[:-1]) ** 2 / np.maximum(below * (total - below), 1)
    return edges[1 + between.argmax()]


def cut_out(grey, corners, margin=0.03):
    """The quadrilateral as a rectangle of about its size, without a margin along its edges."""
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    width, height = round((sides[0] + sides[2]) / 2), round((sides[1] + sides[3]) / 2)
    dx, dy = margin * width, margin * height
    flat = [(-dx, -dy), (width + dx, -dy), (width + dx, height + dy), (-dx, height + dy)]
    return from_corners(grey, corners, flat, (width, height))


def from_corners(grey, corners, flat, size):
    """The picture (width, height) = `size` whose points `flat` are `corners` in `grey`; both (4, 2), x and y.

    A camera maps (x, y) to ((a x + b y + c) / w, (d x + e y + f) / w) with w = g x + h y + 1: eight unknowns, and each
    corner gives two equations.
    """
    zero, one = np.zeros(4), np.ones(4)
    x, y = np.transpose(flat)
    rows_x = np.column_stack([x, y, one, zero, zero, zero, -x * corners[:, 0], -y * corners[:, 0]])
    rows_y = np.column_stack([zero, zero, zero, x, y, one, -x * corners[:, 1], -y * corners[:, 1]])
    camera = np.linalg.solve(np.vstack([rows_x, rows_y]), np.concatenate([corners[:, 0], corners[:, 1]]))
    image = Image.fromarray(np.ascontiguousarray(grey, np.float32))
    method = Image.Transform.PERSPECTIVE
    return np.asarray(image.transform(size, method, camera.tolist(), Image.Resampling.BILINEAR))

"""Several digits in one picture: a postcode, a phone number on paper."""

from itertools import pairwise

import numpy as np
from scipy import ndimage

from nnlib.images.digits import bounding_box, finish
from nnlib.images.reading import read_grey

SIDE = 1500  # pixels of the longer side: ten digits beside one another need more than one
DIRT = 0.01  # a piece with less than this share of the largest one's area
SMALL = 0.45  # what is not as high as this share of a usual digit is a hyphen, a dot or dirt
WIDE = 1.3  # what is wider than this many times a usual digit's height is several digits that touch


def split_digits(source, stages=False):
    """Every digit of a picture, line by line from left to right: float32 (n, 28, 28), each as `prepare` makes it.

    `source` and errors as in `prepare`. Connected pieces of ink are digits; pieces above one another or nearly touching
    are joined (the bar of a 5); a piece far too wide is cut where it has least ink; hyphens and dots are left out.
    `stages=True` returns a dict: "grey", "light on dark", "ink" (pictures), "boxes", int (n, 4) of left, top, right,
    bottom in pixels of "grey", and "digits", the result.
    """
    grey = cut_out_sheet(read_grey(source, SIDE))
    light = light_on_dark(grey)
    mask = find_ink(light, share=0.001, whole=True, speck=DIRT)
    pieces = reading_order(cut_wide(join_pieces(pieces_of(mask))))
    digits = np.stack([finish(only(light, *piece), piece[0])["centred"] for piece in pieces])
    if not stages:
        return digits
    boxes = np.array([box for box, _ in pieces])
    return {"grey": grey, "light on dark": light, "ink": mask.astype(np.float32), "boxes": boxes, "digits": digits}


def pieces_of(mask):
    """Connected pieces of ink: a list of (box, mask of that box)."""
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    places = ndimage.find_objects(labels)
    return [((c.start, r.start, c.stop, r.stop), labels[r, c] == k) for k, (r, c) in enumerate(places, start=1)]


def usual_height(pieces):
    """The median height of the pieces that are at least half as high as the highest."""
    heights = np.array([bottom - top for (_, top, _, bottom), _ in pieces])
    return np.median(heights[heights >= 0.5 * heights.max()])


def join_pieces(pieces):
    """Pieces that belong to one digit joined, then what is too small for a digit left out."""
    high = usual_height(pieces)
    pieces = sorted(pieces, key=lambda piece: -piece[1].sum())
    whole = []
    for piece in pieces:  # from the largest to the smallest: a small one joins the nearest large one that it fits
        fits = [k for k, other in enumerate(whole) if belongs(piece[0], other[0], high)]
        if fits:
            nearest = min(fits, key=lambda k: sum(gaps(piece[0], whole[k][0])))
            whole[nearest] = together(piece, whole[nearest])
        else:
            whole.append(piece)
    return [piece for piece in whole if piece[0][3] - piece[0][1] >= SMALL * high]


def gaps(one, other):
    """How many pixels lie between two boxes, in x and in y; 0 where they overlap."""
    return (max(0, one[0] - other[2], other[0] - one[2]), max(0, one[1] - other[3], other[1] - one[3]))


def belongs(small, large, high):
    """Whether two boxes are one digit: above one another and close, or nearly touching and one of them a fragment."""
    across, down = gaps(small, large)
    overlap = min(small[2], large[2]) - max(small[0], large[0])
    both = max(small[3], large[3]) - min(small[1], large[1])
    if both > 1.4 * high:  # then they are on two lines
        return False
    above = overlap >= 0.4 * min(small[2] - small[0], large[2] - large[0]) and down <= 0.25 * high
    fragment = min(small[3] - small[1], large[3] - large[1]) < 0.6 * high
    return above or (fragment and max(across, down) <= 0.08 * high)


def together(one, other):
    """Two pieces as one."""
    left, top = min(one[0][0], other[0][0]), min(one[0][1], other[0][1])
    right, bottom = max(one[0][2], other[0][2]), max(one[0][3], other[0][3])
    mask = np.zeros((bottom - top, right - left), bool)
    for (x, y, x2, y2), part in (one, other):
        mask[y - top : y2 - top, x - left : x2 - left] |= part
    return (left, top, right, bottom), mask


def cut_wide(pieces):
    """Pieces that are too wide for one digit cut into as many as their width suggests, in columns with little ink."""
    high, parts = usual_height(pieces), []
    for (left, top, right, bottom), mask in pieces:
        width = right - left
        n = max(2, round(width / (0.7 * high))) if width > WIDE * high else 1
        ink, reach = mask.sum(axis=0), max(1, round(0.25 * width / n))
        expected = [round(k * width / n) for k in range(1, n)]
        cuts = [0, *(x - reach + int(ink[x - reach : x + reach].argmin()) for x in expected), width]
        cut = [part_of((left, top, right, bottom), mask, *ends) for ends in pairwise(cuts)]
        digits = all(y2 - y >= SMALL * high for (_, y, _, y2), _ in cut)  # else it was the tail of a 2, say
        parts += cut if digits else [((left, top, right, bottom), mask)]
    return parts


def part_of(box, mask, start, end):
    """The columns from `start` to `end` of a piece as a piece; its box is empty if they have no ink."""
    mask = mask[:, start:end]
    if not mask.any():
        return (0, 0, 0, 0), mask
    x, y, x2, y2 = bounding_box(mask)
    left, top = box[0] + start, box[1]
    return (left + x, top + y, left + x2, top + y2), mask[y:y2, x:x2]


def reading_order(pieces):
    """Lines from top to bottom, each from left to right. A line: middles within 0.6 of a digit's height."""
    high, lines = usual_height(pieces), []
    for piece in sorted(pieces, key=middle):
        if lines and middle(piece) < np.mean([middle(other) for other in lines[-1]]) + 0.6 * high:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [piece for line in lines for piece in sorted(line, key=lambda piece: piece[0][0])]


def middle(piece):
    """The height in the picture of a piece's middle."""
    return (piece[0][1] + piece[0][3]) / 2


def only(light, box, mask):
    """The picture with nothing but this piece and the pixels next to it: a neighbour may reach into its box."""
    left, top, right, bottom = box
    near = np.zeros(light.shape, bool)
    near[top:bottom, left:right] = mask
    return np.where(ndimage.binary_dilation(near, iterations=2), light, 0)

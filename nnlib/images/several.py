"""Several digits in one picture: a postcode, a phone number on paper."""

from typing import Any, Literal, overload

import numpy as np
from scipy import ndimage

from nnlib.images.digits import centred, enlarged, find_light, ink_mask
from nnlib.images.lines import remove_lines
from nnlib.images.pieces import compact, frames
from nnlib.images.reading import Source, read_grey
from nnlib.images.sheet import straighten_sheet
from nnlib.images.touching import cut_touching, probabilities, shipped

SIDE = 1200  # pixels of the longer side: ten digits beside one another need more than one
SMALL, SMALL_ZERO = 0.45, 0.25  # what is not as high as this share of a usual digit is a hyphen, a dot or dirt


@overload
def split_digits(source: Source, stages: Literal[False] = False, network: Any = None) -> np.ndarray: ...
@overload
def split_digits(source: Source, stages: Literal[True], network: Any = None) -> dict[str, np.ndarray]: ...
def split_digits(source: Source, stages: bool = False, network: Any = None) -> np.ndarray | dict[str, np.ndarray]:
    """Every digit of a picture, line by line from left to right: float32 (n, 28, 28), each as `prepare` makes it.

    `source` and errors as in `prepare`. Connected pieces of ink are digits; pieces above one another or nearly touching
    are joined (the bar of a 5); hyphens and dots are left out. A piece that may be several digits which touch is cut
    where the parts are likeliest to be digits, as `network` (an nnlib.Network; unless given, the one that ships with
    nnlib) and a model of parts see them.
    `stages=True` returns a dict: "grey", "light on dark", "ink" (pictures), "boxes", int (n, 4) of left, top, right,
    bottom in pixels of "grey", "digits", the result, and "probabilities" (n, classes): `network`'s, and of a digit that
    was cut off a neighbour those of both models, since the model of parts has learned what such digits lack.
    """
    grey = enlarged(straighten_sheet(read_grey(source, SIDE)))
    light, _, wide = find_light(grey)
    mask = without_foreign_pieces(remove_lines(ink_mask(light, wide, source)))
    pieces = join_pieces(pieces_of(mask))
    high, network = usual_height(pieces), network or shipped("digits")
    parts = reading_order(cut_touching(pieces, high, network))
    digits = np.stack([centred(light, part, mask) for part in parts])
    if not stages:
        return digits
    shown = {"grey": grey, "light on dark": light, "ink": mask.astype(np.float32)}
    shown |= {"boxes": np.array([box for box, _ in parts]), "digits": digits}
    cut = np.array([all(part is not piece for piece in pieces) for part in parts])
    return shown | {"probabilities": probabilities(digits, parts, cut, high, network)}


def without_foreign_pieces(mask):
    """Without frames, holes, dots, specks and what the edge cuts off; the mask itself if nothing else is there."""
    mask = mask if cut_at_edge(mask).all(where=mask) else mask & ~cut_at_edge(mask)
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    places = ndimage.find_objects(labels)
    boxes = np.array([(c.start, r.start, c.stop, r.stop) for r, c in places])
    sizes = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    foreign = compact(labels, places, sizes) | frames(labels, places, boxes, sizes) | (sizes < 0.04 * sizes.max())
    rest = mask & ~np.r_[False, foreign][labels]
    return rest if rest.any() else mask


def cut_at_edge(mask):
    """The mask of the pieces that reach the picture's edge."""
    inner = np.zeros_like(mask)
    inner[2:-2, 2:-2] = True
    return ndimage.binary_propagation(mask & ~inner, np.ones((3, 3)), mask=mask)


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
    return [
        piece for piece in whole if piece[0][3] - piece[0][1] >= (SMALL_ZERO if is_ring(piece[1]) else SMALL) * high
    ]


def is_ring(mask):
    """Whether the piece encloses much: a small 0."""
    return ndimage.binary_fill_holes(mask).sum() > 1.25 * mask.sum()


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

"""Several digits in one picture: a postcode, a phone number on paper."""

from typing import Any, Literal, overload

import numpy as np
from scipy import ndimage

from nnlib.images.digits import BOX, FINE, bounding_box, drop_specks, enlarged, find_light, finish, ink_mask
from nnlib.images.lines import remove_lines
from nnlib.images.pieces import compact, frames
from nnlib.images.reading import Source, read_grey, resize
from nnlib.images.sheet import straighten_sheet

SIDE = 1200  # pixels of the longer side: ten digits beside one another need more than one
SMALL, SMALL_ZERO = 0.45, 0.25  # what is not as high as this share of a usual digit is a hyphen, a dot or dirt
WIDE = 0.9  # what is wider than this share of a usual digit's height may be several digits that touch
MOST_CUTS = 14  # places in a piece at which it may be cut
USUAL_WIDTH = 0.65, 0.3  # of a digit, as a share of its height: mean and deviation


@overload
def split_digits(source: Source, stages: Literal[False] = False, network: Any = None) -> np.ndarray: ...
@overload
def split_digits(source: Source, stages: Literal[True], network: Any = None) -> dict[str, np.ndarray]: ...
def split_digits(source: Source, stages: bool = False, network: Any = None) -> np.ndarray | dict[str, np.ndarray]:
    """Every digit of a picture, line by line from left to right: float32 (n, 28, 28), each as `prepare` makes it.

    `source` and errors as in `prepare`. Connected pieces of ink are digits; pieces above one another or nearly touching
    are joined (the bar of a 5); hyphens and dots are left out. A piece that may be several digits which touch is cut
    where `network` (anything with `predict_proba`; unless given, the one that ships with nnlib) reads the parts best.
    `stages=True` returns a dict: "grey", "light on dark", "ink" (pictures), "boxes", int (n, 4) of left, top, right,
    bottom in pixels of "grey", and "digits", the result.
    """
    grey = enlarged(straighten_sheet(read_grey(source, SIDE)))
    light, _, wide = find_light(grey)
    mask = without_foreign_pieces(remove_lines(ink_mask(light, wide, source)))
    pieces = reading_order(cut_touching(join_pieces(pieces_of(mask)), light, network))
    digits = np.stack([centred(light, piece) for piece in pieces])
    if not stages:
        return digits
    boxes = np.array([box for box, _ in pieces])
    return {"grey": grey, "light on dark": light, "ink": mask.astype(np.float32), "boxes": boxes, "digits": digits}


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


def centred(light, piece):
    """The piece as `prepare` leaves a digit, (28, 28)."""
    (left, top, right, bottom), mask = piece
    near = ndimage.binary_dilation(np.pad(mask, 2), iterations=2)
    padded = np.pad(light, 2)[top : bottom + 4, left : right + 4]
    factor = FINE * BOX / max(mask.shape)
    shape = [max(1, round(n * factor)) for n in near.shape]
    large = resize(np.where(near, padded, 0), shape)
    clean = large > 0.5 * np.median(light[top:bottom, left:right][mask])
    return finish(drop_specks(clean) if clean.any() else resize(near.astype(np.float32), shape) > 0.5)["centred"]


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


def cut_touching(pieces, light, network):
    """Pieces that may be several digits taken apart, where the parts are read best."""
    high, parts = usual_height(pieces), []
    for piece in pieces:
        wide = piece[1].shape[1] > WIDE * min(high, 1.2 * piece[1].shape[0])
        parts += best_cut(piece, light, high, network or shipped()) if wide else [piece]
    return parts


def shipped():
    from nnlib.network import load_pretrained  # not above: nothing else in this folder knows of networks

    return load_pretrained()


def best_cut(piece, light, high, network):
    """The piece as a list of parts: the path over its cuts whose parts the network is surest of.

    The score of a part is the logarithm of its greatest probability, less where it is too wide or too narrow for a
    digit, and less what a cut goes through. The best path ends in every cut at once (dynamic programming).
    """
    box, mask = piece
    cuts = candidates(mask, high)
    owner = np.zeros(mask.shape, np.int16)  # for each pixel, how many cuts lie to its left
    rows = np.arange(len(mask))[:, None] - len(mask) / 2
    for x, slope, _ in cuts:
        owner += (np.arange(mask.shape[1]) - slope * rows >= x).astype(np.int16)
    ends, segments = len(cuts) + 1, {}
    for start in range(ends):
        for end in range(start + 1, ends + 1):
            part = part_of(box, mask & (owner >= start) & (owner < end))
            shape = part[1].shape if part else (0, 0)
            whole = start == 0 and end == ends
            if whole or (shape[0] > SMALL * high and 0.06 * high < shape[1] < 1.3 * high):
                segments[start, end] = part
    X = np.stack([centred(light, part) for part in segments.values()]).reshape(-1, 784)
    P = network.predict_proba(X)
    score = dict(zip(segments, np.log(P.max(axis=1) + 1e-6)))
    best = {0: (0.0, [])}
    for end in range(1, ends + 1):
        ways = []
        for start in range(end):
            if (start, end) in segments and start in best:
                part, digit = segments[start, end], P[list(segments).index((start, end))].argmax()
                total = best[start][0] + score[start, end] - oddness(part[1].shape, high, digit)
                ways.append((total - (cuts[end - 1][2] if end < ends else 0), [*best[start][1], part]))
        if ways:
            best[end] = max(ways, key=lambda way: way[0])
    return best[ends][1]


def oddness(shape, high, digit):
    """How unusual a digit's width is, as the exponent of a normal distribution; a 1 may be narrow."""
    mean, deviation = USUAL_WIDTH
    ratio = shape[1] / max(high, shape[0])
    return 0 if digit == 1 and ratio < mean else 0.5 * ((ratio - mean) / deviation) ** 2


def candidates(mask, high):
    """Places to cut: (column at half height, slope, cost). Straight cuts, upright or leaning, through little ink."""
    height, width = mask.shape
    rows, columns = np.arange(height), np.arange(width)
    ink = []
    for slope in (-0.3, -0.15, 0.0, 0.15, 0.3):
        at = np.rint(columns + slope * (rows[:, None] - height / 2)).astype(int)
        inside = (at >= 0) & (at < width)
        ink.append((mask[rows[:, None], at.clip(0, width - 1)] & inside).sum(axis=0))
    ink = np.array(ink) + np.array([[0.04], [0.02], [0], [0.02], [0.04]]) * high
    least, slope = ink.min(axis=0), np.array([-0.3, -0.15, 0.0, 0.15, 0.3])[ink.argmin(axis=0)]
    reach = max(1, int(0.06 * high))
    lowest = ndimage.minimum_filter1d(least, 2 * reach + 1)
    found = np.flatnonzero((least <= lowest) & (columns > 0.1 * high) & (columns < width - 0.1 * high))
    groups = np.split(found, np.flatnonzero(np.diff(found) > 1) + 1) if len(found) else []
    middles = [int(np.median(group)) for group in groups]
    chosen = sorted(sorted(middles, key=lambda x: least[x])[:MOST_CUTS])
    return [(x, slope[x], 1.5 * least[x] / high + 1.0) for x in chosen]


def part_of(box, mask):
    """What `mask` leaves of a piece, as a piece; None if it is empty. Crumbs are dropped."""
    if not mask.any():
        return None
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    area = np.bincount(labels.ravel())
    area[0] = 0
    mask = (area >= 0.08 * area.max())[labels]
    x, y, x2, y2 = bounding_box(mask)
    return (box[0] + x, box[1] + y, box[0] + x2, box[1] + y2), mask[y:y2, x:x2]


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

"""Which pieces of ink are the digit: not a frame around it, a punch hole, dirt, a name, or a neighbour at the edge."""

import numpy as np
from scipy import ndimage

COMPACT = 0.6  # a piece whose widest place has this share of its length is a hole, a dot or a blot
RIVAL = 0.75  # another piece as good as this share of the best may be the digit just as well


def choose_digit(mask, light):
    """The mask of the digit, and that of the other pieces that may be it as well; both of `mask`'s shape."""
    labels, n = ndimage.label(grown(mask), np.ones((3, 3)))  # grown: a broken stroke is one piece
    labels *= mask
    places = ndimage.find_objects(labels)
    boxes = np.array(
        [(c.start, r.start, c.stop, r.stop) if r else (0, 0, 0, 0) for r, c in (p or (None, None) for p in places)]
    )
    sizes = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    inked = np.flatnonzero(labels)
    own, its = labels.ravel()[inked], light.ravel()[inked]
    area = np.bincount(own, minlength=n + 1)[1:]
    worth = sizes * np.sqrt(np.maximum(area, 1) / np.maximum(sizes, 1))
    level = np.maximum(np.bincount(own, its, n + 1)[1:] / np.maximum(area, 1), 0)
    worth *= central(boxes, mask.shape) * np.sqrt(level / max(level.max(), 1e-6))
    worth[sizes < 0.25 * sizes.max()] *= 0.2
    for bad, factor in (
        (compact(labels, places, sizes), 0.02),
        (frames(labels, places, boxes, sizes), 0.02),
        (cut_off(boxes, mask.shape), 0.4),
    ):
        worth[bad] *= factor
    best = int(worth.argmax())
    chosen = gather(best, boxes, sizes, area, np.where(level > 0.35 * level[best], worth, 0))
    rivals = ~chosen & (worth > RIVAL * worth[best]) & (sizes > 0.6 * sizes[best])
    pick = lambda some: np.r_[False, some][labels]  # noqa: E731
    return pick(chosen), pick(rivals)


def grown(mask, n=1):
    """The mask and what is at most n steps up, down or sideways from it: binary_dilation, at a tenth of its time."""
    for _ in range(n):
        mask, before = mask.copy(), mask
        mask[1:] |= before[:-1]
        mask[:-1] |= before[1:]
        mask[:, 1:] |= before[:, :-1]
        mask[:, :-1] |= before[:, 1:]
    return mask


def central(boxes, shape):
    """1 for a box in the middle of the picture, 0.6 for one in a corner."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    away = np.abs(middle / np.array(shape[::-1]) - 0.5).max(axis=1)
    return 1 - 0.8 * away


def compact(labels, places, sizes):
    """Pieces with no stroke: nearly as wide at their widest place as they are long."""
    found = np.zeros(len(places), bool)
    for k in np.flatnonzero((sizes >= 3) & (sizes > 0.1 * sizes.max())):
        part = np.pad(labels[places[k]] == k + 1, 1)
        found[k] = 2 * ndimage.distance_transform_edt(part).max() > COMPACT * sizes[k]
    return found if not found.all() else np.zeros(len(places), bool)


def frames(labels, places, boxes, sizes):
    """Pieces that go around another of fair height, and fill little of what they enclose."""
    found = np.zeros(len(places), bool)
    for k in np.flatnonzero(sizes > 0.3 * sizes.max()):
        left, top, right, bottom = boxes[k]
        inside = (boxes[:, 0] > left) & (boxes[:, 1] > top) & (boxes[:, 2] < right) & (boxes[:, 3] < bottom)
        inside &= boxes[:, 3] - boxes[:, 1] > 0.3 * (bottom - top)
        part = labels[places[k]] == k + 1
        if inside.any() and part.mean() < 0.35:
            within = ndimage.binary_fill_holes(part)
            found[k] = any((within & (labels[places[k]] == j + 1)).any() for j in np.flatnonzero(inside))
    return found


def cut_off(boxes, shape):
    """Pieces that touch the picture's left or right edge, or its top or bottom; none if all do."""
    height, width = shape
    at = (boxes[:, 0] <= 1) | (boxes[:, 1] <= 1) | (boxes[:, 2] >= width - 1) | (boxes[:, 3] >= height - 1)
    return at


def gather(best, boxes, sizes, area, worth):
    """The best piece, and those near it that belong to it: the bar of a 5, parts of a broken stroke. (n,) bool."""
    chosen = np.zeros(len(boxes), bool)
    chosen[best] = True
    size = sizes[best]
    for _ in range(3):
        left, top = boxes[chosen, :2].min(axis=0)
        right, bottom = boxes[chosen, 2:].max(axis=0)
        across = np.maximum(0, np.maximum(boxes[:, 0] - right, left - boxes[:, 2]))
        down = np.maximum(0, np.maximum(boxes[:, 1] - bottom, top - boxes[:, 3]))
        overlap = np.minimum(boxes[:, 2], right) - np.maximum(boxes[:, 0], left)
        above = (overlap > 0.4 * np.minimum(boxes[:, 2] - boxes[:, 0], right - left)) & (down <= 0.22 * size)
        fragment = (sizes < 0.6 * size) & (np.maximum(across, down) <= 0.12 * size)
        tall = np.maximum(bottom, boxes[:, 3]) - np.minimum(top, boxes[:, 1]) < 2 * size
        fair = (area > 0.05 * area[best]) & (worth > 0.03 * worth[best])
        chosen |= (above | fragment) & tall & fair
    return chosen

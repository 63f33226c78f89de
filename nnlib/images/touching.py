"""Digits that touch: cut apart in many ways, each part judged by networks, the best way from left to right taken.

Heuristic over-segmentation (LeCun, Bottou, Bengio and Haffner 1998, "Gradient-based learning applied to document
recognition", section VI): more cuts than are needed, every stretch between two of them a part that may be a digit, and
the path over the parts that is likeliest as a whole. A cut is a seam: the way from top to bottom through least ink,
where ink between two corners costs little, since where two strokes meet the outline has a corner on either side.
"""

import functools
from pathlib import Path

import numpy as np
from scipy import ndimage
from scipy.special import log_expit, logsumexp, softmax

from nnlib.images.digits import bounding_box, center, fit_box
from nnlib.images.light import stroke_width

CHORD = 0.1  # what a pixel of ink on a chord between two corners costs, beside 1 for any other
LONGEST = 0.9  # of a chord, in usual heights of a digit
CORNER = 0.58  # a corner of the outline has more ink around it than this share; an edge has half
CORNERS = 30  # of a piece, for each usual height that it is wide: digits have 12 at most, scribbles hundreds
STEP = 0.08  # what a seam's step to the side costs, in pixels of ink
DEEPEST = 0.9  # a seam through more ink than this share of a usual digit's height is none
NEARBY = 0.03  # of that height: of the seams that pass so close to one another the cheapest is taken
ALIKE = 0.01  # of that height squared: two seams with less ink between them are one
MOST = 16  # seams for each usual height that the piece is wide
# The logarithm of the odds that a part is a digit, from the energy that a network gives it and its height and width in
# usual heights (mean, deviation): a logistic regression on the parts of 200 rows of MNIST's training digits.
ENERGY, MISS, HIGH, WIDE = 0.367, 4.83, (1.04, 0.19), (0.77, 0.31)
DIGITS, NO_DIGIT = "0123456789", 10  # the class of the model "parts" that follows the ten digits
PRIOR = 1.5  # for each part: most parts are no digits, but of those that follow one another to the end most are
KEPT = 1.1  # to tear a piece its parts have to be likelier than the whole by this
AGREED = 0.5  # weight of how much both models say of a part that it is the same digit
SAID = 0.7  # what the model "parts" says of a cut digit's class has this weight, the network the rest
NARROW = 0.5  # a piece that is not wider than this share of a usual digit's height is one digit
WIDEST, LOWEST = 1.4, 0.4  # of a part: its width and height, in usual heights


def seams(mask, high):
    """Ways to cut a piece: int columns (n, rows), the first that lies right of the cut, from left to right."""
    cost, height = cost_of_cuts(mask, high), len(mask)
    (down, above), (up, below) = sweep(cost), sweep(cost[::-1])
    reach, found = 2 * max(1, int(NEARBY * high)) + 1, {}
    for y in (np.linspace(0.1, 0.9, 9) * (height - 1)).astype(int):
        through = down[y] + up[height - 1 - y] - cost[y]  # the cheapest seam through each pixel of this row
        least = (through <= ndimage.minimum_filter1d(through, reach)) & (through <= DEEPEST * high)
        labels, _ = ndimage.label(least)
        for place in ndimage.find_objects(labels):
            x = (place[0].start + place[0].stop) // 2
            seam = follow(above, y, x)[::-1] + follow(below, height - 1 - y, x)[1:]
            found[tuple(seam)] = through[x]
    return distinct(np.array(sorted(found, key=found.get), int).reshape(-1, height), mask, high)


def cost_of_cuts(mask, high):
    """What a seam pays for each pixel: nothing for paper, 1 for ink, CHORD for ink between two corners."""
    cost, points = mask.astype(np.float32), corners(mask)[: int(CORNERS * max(1, mask.shape[1] / high))]
    one, other = (points[ends] for ends in np.triu_indices(len(points), 1))
    near = np.hypot(*(one - other).T) < LONGEST * high
    one, other, t = one[near, None], other[near, None], np.linspace(0, 1, int(LONGEST * high) + 2)[:, None]
    lines = np.rint(one * (1 - t) + other * t).astype(int)  # (chords, points, 2)
    at_end = np.minimum(np.abs(lines - one).max(axis=2), np.abs(lines - other).max(axis=2)) <= 1
    lines = lines.clip(0, np.array(mask.shape) - 1)
    in_ink = mask[lines[..., 0], lines[..., 1]] | at_end
    y, x = lines[in_ink.all(axis=1)].reshape(-1, 2).T
    cost[y, x] = CHORD * mask[y, x]
    return cost


def corners(mask):
    """Points (n, 2) just outside the ink, y and x, where the outline is concave, as where two strokes meet.

    The first has the most ink around it.
    """
    mask, width = np.pad(mask, 1), stroke_width(mask)
    share = ndimage.gaussian_filter(mask.astype(np.float32), 0.3 * width, mode="constant")
    share[mask | ~ndimage.binary_dilation(mask, np.ones((3, 3)))] = 0
    most = ndimage.maximum_filter(share, 2 * max(1, int(0.5 * width)) + 1)
    points = np.argwhere((share == most) & (share > CORNER))
    return points[np.argsort(-share[tuple(points.T)], kind="stable")] - 1


def sweep(cost):
    """The cost of the cheapest seam from the top to each pixel, and the step that it comes by (-1, 0, 1)."""
    total, step = cost.copy(), np.zeros(cost.shape, np.int8)
    for y in range(1, len(cost)):
        before = np.pad(total[y - 1], 1, constant_values=np.inf)
        ways = np.stack([before[1:-1], before[:-2] + STEP, before[2:] + STEP])
        best = ways.argmin(axis=0)
        total[y] += np.take_along_axis(ways, best[None], 0)[0]
        step[y] = np.array([0, -1, 1])[best]
    return total, step


def follow(step, y, x):
    """The columns of the seam from (y, x) back to the first row."""
    columns = [x]
    for row in range(y, 0, -1):
        columns.append(columns[-1] + int(step[row, columns[-1]]))
    return columns


def distinct(found, mask, high):
    """Of seams, the cheapest first, those that are not nearly like a cheaper one; from left to right."""
    ink = left_of(found, mask)
    most, least = int(MOST * max(1, mask.shape[1] / high)), ALIKE * high**2
    kept = [np.zeros(len(mask), int), mask.sum(axis=1)]  # nothing, and all
    chosen = []
    for seam, its in zip(found, ink):
        if (np.abs(np.array(kept) - its).sum(axis=1) >= least).all() and len(chosen) < most:
            kept.append(its)
            chosen.append(seam)
    order = np.argsort([its.sum() for its in kept[2:]])
    return np.array(chosen, int).reshape(-1, len(mask))[order.astype(int)]


def left_of(found, mask):
    """How much of each row's ink lies left of each seam: (n, rows)."""
    ink = np.pad(np.cumsum(mask, axis=1), ((0, 0), (1, 0)))
    return ink[np.arange(len(mask)), found]


def parts_between(piece, found, high):
    """Every part that may be a digit: {(number of the cut at its left, at its right): piece}; 0 is the left end."""
    (left, top, _, _), mask = piece
    ends = np.vstack([np.zeros(len(mask), int), found, np.full(len(mask), mask.shape[1])])
    ink, columns, parts = left_of(ends, mask), np.arange(mask.shape[1]), {}
    for i in range(len(ends) - 1):
        crossed = np.maximum(ink[i] - ink, 0).sum(axis=1) > ALIKE * high**2
        enough = np.maximum(ink - ink[i], 0).sum(axis=1) > 2 * ALIKE * high**2
        for j in np.flatnonzero(enough & ~crossed):
            if j > i:
                own = mask & (columns >= ends[i][:, None]) & (columns < ends[j][:, None])
                part = largest(left, top, own)
                height, width = part[1].shape
                whole = i == 0 and j == len(ends) - 1
                if whole or (height > LOWEST * high and width < WIDEST * high):
                    parts[i, int(j)] = part
    return parts


def largest(left, top, mask):
    """The part of a piece at (left, top) as a piece, without crumbs."""
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    area = np.bincount(labels.ravel())
    area[0] = 0
    mask = (area >= 0.08 * area.max())[labels]
    x, y, x2, y2 = bounding_box(mask)
    return (left + x, top + y, left + x2, top + y2), mask[y:y2, x:x2]


def cut_touching(pieces, high, network):
    """Pieces that may be several digits taken apart, where the parts are likeliest to be digits; others as they are.

    `high` is a usual digit's height, `network` an nnlib.Network of 784 inputs. One that reads something else than the
    ten digits gets its pieces as they are, since the models know parts of digits alone.
    """
    parts = []
    if not reads_digits(network):
        return pieces
    for piece in pieces:
        wide = piece[1].shape[1] > NARROW * high
        parts += likeliest(piece, high, network) if wide else [piece]
    return parts


def reads_digits(network):
    """Whether the network's classes are the ten digits, the only ones of which the model "parts" knows anything."""
    return network.sizes[-1] == 10 and [str(name) for name in network.metadata.get("classes", range(10))] == [*DIGITS]


@functools.cache
def shipped(name):
    """One of the two models: "digits", which reads digits, and "parts", which tells whole ones from parts and pairs."""
    from nnlib.network import Network  # not above: nothing else in this folder knows of networks

    return Network.load(Path(__file__).parents[1] / "models" / f"{name}.npz")


def likeliest(piece, high, network):
    """The piece as a list of parts, each a piece: the path over its cuts whose parts are likeliest to be digits."""
    cuts = seams(piece[1], high)
    parts = parts_between(piece, cuts, high)
    worth = dict(zip(parts, worths(list(parts.values()), high, network)))
    whole = 0, len(cuts) + 1
    worth[whole] += KEPT
    path = best_path(worth, len(cuts) + 1)
    return [parts[ends] for ends in path] if len(path) > 1 else [piece]


def best_path(worth, end):
    """The pairs (0, i), (i, j), ... (k, end) whose sum of `worth`, a dict by pair, is largest (dynamic programming)."""
    best = {0: (0.0, [])}  # for each place, the best path that ends there
    for i, j in sorted(worth, key=lambda pair: pair[1]):
        if i in best and (j not in best or best[i][0] + worth[i, j] > best[j][0]):
            best[j] = best[i][0] + worth[i, j], [*best[i][1], (i, j)]
    return best[end][1]


def worths(parts, high, network):
    """Of each part how likely it is a digit: (n,), the mean of two logarithms of a probability, PRIOR and AGREED.

    One is that of the model "parts". The other is of the part's height and width and of the energy of the logits that
    `network` gives it, log sum exp Z: low for what is like nothing that it has learned (Liu, Wang, Owens and Li 2020,
    "Energy-based out-of-distribution detection"). The two models agree as much as the Bhattacharyya coefficient of
    their classes says, the sum of sqrt(p q): 1 if they say the same of each, 0 if they exclude one another.
    """
    X = shown(parts, high)
    h, w = X[:, 784:].T
    Z, P = network.logits(X[:, :784]), shipped("parts").predict_proba(X)
    odds = ENERGY * logsumexp(Z, axis=1) - MISS
    odds -= ((h - HIGH[0]) / HIGH[1]) ** 2 / 2 + ((w - WIDE[0]) / WIDE[1]) ** 2 / 2
    whole = 1 - P[:, NO_DIGIT] + 1e-7
    both = np.sqrt(softmax(Z, axis=1) * P[:, :NO_DIGIT] / whole[:, None]).sum(axis=1)
    return (log_expit(odds) + np.log(whole)) / 2 + PRIOR + AGREED * np.log(both + 1e-7)


def probabilities(digits, parts, cut, high, network):
    """How probable each class is, of `digits` (n, 28, 28) and the `parts` that they were: (n, classes).

    Of those that are `cut` (n,) the geometric mean, weighted by SAID, of what the network and the model "parts" say.
    """
    P = np.array(network.predict_proba(digits.reshape(-1, 784)))
    if cut.any():
        Q = shipped("parts").predict_proba(shown([part for part, its in zip(parts, cut) if its], high))[:, :NO_DIGIT]
        both = P[cut] ** (1 - SAID) * (Q + 1e-9) ** SAID
        P[cut] = both / both.sum(axis=1, keepdims=True)
    return P


def shown(parts, high):
    """Of each part 28x28 pixels as in MNIST, then its height and width in usual heights: float32 (n, 786)."""
    pixels = np.stack([center(fit_box(mask.astype(np.float32))) for _, mask in parts]).reshape(-1, 784)
    sizes = np.array([mask.shape for _, mask in parts], np.float32) / np.float32(high)
    return np.hstack([pixels, sizes.clip(0, 2)])

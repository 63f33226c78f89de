"""Printed and ruled lines in a mask of ink: found as long straight runs, and taken out without tearing the digit.

A line is thin, straight and long, and it belongs to a form: both its ends lie at the picture's edge or on another line
of the form. So the sides of a box, ruled and squared paper and the cells of a table hold one another up, and the stem
of a 4 stands alone. A line under the digit has free ends; it is known by reaching beyond the digit on both sides.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

SLOPES = np.linspace(-0.21, 0.21, 29)  # pixels up per pixel right: up to 12 degrees either way
SHORTEST = 0.11  # of the picture's shorter side: what is not longer is part of a digit, or dirt
THICKEST = 0.045  # of the shorter side
MOST_LINES = 60  # in one direction


@dataclass
class Line:
    """y = slope x + height, from x = start to x = end; `width` pixels thick. Lines that go down: x and y exchanged."""

    slope: float
    height: float
    start: int
    end: int
    width: float

    def at(self, x):
        return self.slope * x + self.height


def remove_lines(mask):
    """The mask without the lines of a form, and without a line under the digit; the mask itself if nothing is left."""
    turned = np.ascontiguousarray(mask.T)
    all_across, all_down = find_lines(mask), find_lines(turned)
    across, down = of_a_form(*alike(all_across, all_down), mask.shape)
    rest = mask
    if across or down:
        rest = erase(np.ascontiguousarray(erase(rest, across).T), down).T
        rest = drop_crumbs(erase(rest, across) if down else rest, mask)
    free = [line for line in all_across if line not in across]
    rest = without_underline(rest, free)
    return np.ascontiguousarray(rest) if rest is not mask and substantial(rest, mask) else mask


def substantial(rest, mask):
    """Whether what is left could be a digit: a piece at least as high or wide as a seventeenth of the picture."""
    labels, n = ndimage.label(rest, np.ones((3, 3)))
    sizes = [max(r.stop - r.start, c.stop - c.start) for r, c in ndimage.find_objects(labels)]
    return n > 0 and max(sizes) > 0.06 * min(mask.shape)


def runs(mask):
    """For each pixel of ink the first row of the vertical run that it lies in, and the first row after it (else 0)."""
    columns = np.pad(mask.T, ((0, 0), (1, 1)))  # a row of paper above and below, so that no run goes on in the next
    x, change = np.divmod(np.flatnonzero(columns.ravel()[1:] != columns.ravel()[:-1]), columns.shape[1])
    start, end = change[::2], change[1::2]
    length = end - start
    x, y = np.repeat(x[::2], length), np.arange(length.sum()) + np.repeat(start - np.cumsum(length) + length, length)
    first, after = np.zeros(mask.shape, np.int16), np.zeros(mask.shape, np.int16)
    first[y, x], after[y, x] = np.repeat(start, length), np.repeat(end, length)
    return first, after


def find_lines(mask):
    """All long straight thin runs that go across: a list of Line.

    Each pixel of a thin vertical run votes for the lines that it may lie on (Hough 1962); the line with most votes is
    fitted by least squares, taken with all its pixels, and the votes are counted again.
    """
    shorter = min(mask.shape)
    first, after = runs(mask)
    thickest, shortest = max(3, THICKEST * shorter), max(8, SHORTEST * shorter)
    y, x = np.nonzero(mask & (after - first <= thickest))
    thickness = (after - first)[y, x]
    if len(x) < shortest:
        return []
    offset = int(0.25 * mask.shape[1]) + 2
    heights = mask.shape[0] + 2 * offset
    rho = np.rint(y - SLOPES[:, None] * x).astype(np.int32) + offset  # (slopes, pixels)
    votes = np.stack([np.bincount(r, minlength=heights) for r in rho])
    found, free = [], np.ones(len(x), bool)
    for _ in range(MOST_LINES):
        both = votes[:, :-1] + votes[:, 1:]  # a line lies in two rows of the count
        k, r = divmod(int(both.argmax()), heights - 1)
        if both[k, r] < 0.8 * shortest:
            break
        line, its = fit(x, y, thickness, free, SLOPES[k], r - offset + 0.5, mask)
        if not its.any():
            its = free & (np.abs(rho[k] - r) <= 1)
        if line is not None and line.end - line.start >= shortest:
            found.append(line)
        votes -= np.stack([np.bincount(r[its], minlength=heights) for r in rho])
        free &= ~its
    return found


def fit(x, y, thickness, free, slope, height, mask):
    """The Line near `slope` and `height`, None if there is none, and which of the pixels (x, y) are its own."""
    for reach in (3, 2, 1.5):
        near = free & (np.abs(y - slope * x - height) <= reach + (reach == 1.5) * np.median(thickness) / 4)
        if near.sum() < 8 or np.ptp(x[near]) < 8:
            return None, near
        slope, height = least_squares(x[near], y[near])
    columns = np.arange(mask.shape[1])
    at = np.clip(np.rint(slope * columns + height).astype(int), 1, mask.shape[0] - 2)
    inked = mask[at, columns] | mask[at - 1, columns] | mask[at + 1, columns]
    inside = (slope * columns + height > -1) & (slope * columns + height < mask.shape[0])
    thin = np.bincount(x[near], minlength=mask.shape[1]) > 0
    start, end = longest_run(inked & inside, max(2, 0.07 * mask.shape[1]))
    its = near & (x >= start - 1) & (x <= end)
    if end <= start or thin[start:end].mean() < 0.5:
        return None, its
    return Line(slope, height, start, end, float(np.median(thickness[its]))), its


def least_squares(x, y):
    """Slope and height of the straight line through points: np.polyfit's of degree 1, at a fifth of the time."""
    from_mean = x - x.mean()
    slope = from_mean @ y / (from_mean @ from_mean)
    return slope, y.mean() - slope * x.mean()


def longest_run(inked, gap):
    """Start and end of the longest run of True, gaps of up to `gap` places bridged."""
    places = np.flatnonzero(inked)
    if len(places) == 0:
        return 0, 0
    breaks = np.flatnonzero(np.diff(places) > gap + 1)
    starts, ends = np.r_[places[0], places[breaks + 1]], np.r_[places[breaks], places[-1]] + 1
    k = (ends - starts).argmax()
    return int(starts[k]), int(ends[k])


def alike(across, down):
    """Those lines that are as thin as the longest ones, and nearly parallel to them: no strokes of the pen."""
    if not across + down:
        return across, down
    longest = max(line.end - line.start for line in across + down)
    long = [line for line in across + down if line.end - line.start > 0.5 * longest]
    widest = 1.7 * np.median([line.width for line in long]) + 1
    slopes = [[line.slope for line in lines if line in long] for lines in (across, down)]
    slopes = [np.median(some) if some else -np.median(slopes[1 - k] or 0) for k, some in enumerate(slopes)]
    return tuple(
        [line for line in lines if line.width <= widest and abs(line.slope - slope) < 0.1]
        for lines, slope in zip((across, down), slopes)
    )


def of_a_form(across, down, shape):
    """Those lines whose two ends both lie at the picture's edge or at another such line."""
    height, width = shape
    near = 4 + 0.02 * min(shape)
    while True:
        kept = (
            [held_up(line, down, width, near) for line in across],
            [held_up(line, across, height, near) for line in down],
        )
        if all(kept[0]) and all(kept[1]):
            break
        across = [line for line, keep in zip(across, kept[0]) if keep]
        down = [line for line, keep in zip(down, kept[1]) if keep]
    return across, down


def held_up(line, others, side, near):
    """Whether each end of the line is at the picture's edge or at one of the lines that cross its direction."""
    ends = [line.start <= near, line.end >= side - near]
    if all(ends):
        return True
    for k, x in enumerate((line.start, line.end)):
        y = line.at(x)
        ends[k] |= any(abs(o.at(y) - x) <= near and o.start - near <= y <= o.end + near for o in others)
    return all(ends)


def erase(mask, lines):
    """The mask without the lines. Where a stroke crosses a line, the ink there is higher than the line: it stays."""
    if not lines:
        return mask
    first, after = runs(mask)
    rest = mask.copy()
    for line in lines:
        x = np.arange(max(0, line.start - 2), min(mask.shape[1], line.end + 2))
        y = np.clip(np.rint(line.at(x)).astype(int), 0, len(mask) - 1)
        for dy in (0, -1, 1):  # a line that is a pixel off its fit
            at = np.clip(y + dy, 0, len(mask) - 1)
            thin = mask[at, x] & (after[at, x] - first[at, x] <= 1.6 * line.width + 1.5)
            top, bottom = first[at, x][thin], after[at, x][thin]
            for row in range(int((bottom - top).max(initial=0))):
                rest[np.minimum(top + row, bottom - 1), x[thin]] = False
    return rest


def drop_crumbs(rest, mask):
    """Without what is left of the lines alone: pieces of a few pixels."""
    labels, _ = ndimage.label(rest, np.ones((3, 3)))
    places = ndimage.find_objects(labels)
    sizes = np.array([0] + [max(r.stop - r.start, c.stop - c.start) for r, c in places])
    return rest & (sizes > 0.02 * min(mask.shape) + 1)[labels]


def without_underline(mask, lines):
    """Without one of the `lines` that runs below a digit, touches it or not, and reaches beyond it on both sides."""
    lines = [line for line in lines if line.end - line.start > 0.12 * mask.shape[1]]
    for line in sorted(lines, key=lambda line: line.start - line.end):
        rest = erase(mask, [line])
        x = np.arange(line.start, line.end)
        labels, _ = ndimage.label(mask, np.ones((3, 3)))
        y = np.clip(np.rint(line.at(x)).astype(int), 0, len(mask) - 1)
        own = np.bincount(labels[y, x])[1:].argmax() + 1 if labels[y, x].any() else 0
        left = rest & (labels == own)
        left = drop_crumbs(left, mask)
        if not left.any():  # a stroke by itself: an underline, unless it is all there is, or another's upper bar
            mask = rest if substantial(rest, mask) and below_it_all(line, rest) else mask
            continue
        rows, columns = np.flatnonzero(left.any(axis=1)), np.flatnonzero(left.any(axis=0))
        wide, length = columns[-1] + 1 - columns[0], line.end - line.start
        below = line.at((line.start + line.end) / 2) > rows[0] + 0.85 * (rows[-1] - rows[0])
        beyond = min(columns[0] - line.start, line.end - columns[-1] - 1) > 0.1 * wide
        if below and beyond and length > 1.35 * wide and len(rows) > 0.4 * wide:
            mask = rest
    return mask


def below_it_all(line, rest):
    """Whether the line lies below the largest other piece and is wider, or far from it: no bar of a 5."""
    labels, _ = ndimage.label(rest, np.ones((3, 3)))
    rows, columns = max(ndimage.find_objects(labels), key=lambda place: place[0].stop - place[0].start)
    high, y = rows.stop - rows.start, line.at((line.start + line.end) / 2)
    below = y > rows.start + 0.85 * high and line.end - line.start > columns.stop - columns.start
    far = max(line.start - columns.stop, columns.start - line.end, rows.start - y, y - rows.stop) > 0.3 * high
    return below or far

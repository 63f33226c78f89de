"""The questions of notebook 06."""

import numpy as np
from PIL import Image

from nnlib.exercises import Question
from nnlib.exercises.bugs import wrong_line


def share_of_sixes_read_as_nine(net, X, y):
    """In percent, of the sixes among X that are turned by 180 degrees."""
    from nnlib import images

    return 100 * np.mean(net.predict(images.warp(X[y == 6], rotate=180)) == 9)


def center_exactly(p):
    """The picture moved so that its centre of mass is in the middle of the field, by bilinear interpolation."""
    places = np.indices(p.shape)
    move = (np.array(p.shape) - 1) / 2 - (places * p).sum(axis=(1, 2)) / p.sum()
    whole = np.floor(move).astype(int)
    p = np.roll(p, whole, axis=(0, 1))
    for axis, delta in enumerate(move - whole):
        p = (1 - delta) * p + delta * np.roll(p, 1, axis=axis)
    return p


def a_patch_of_ink(rng):
    """A picture (28, 28), random ink in a box of up to 12x12 pixels: wherever it is moved to, nothing is cut off."""
    height, width = rng.integers(1, 13, 2)
    top, left = rng.integers(1, 15, 2)
    p = np.zeros((28, 28))
    p[top : top + height, left : left + width] = rng.uniform(0.1, 1, (height, width))
    return (p,)


def as_mnist(p):
    """Dark ink on white paper, p (height, width) from 0 to 255, as MNIST has it: (28, 28), ink near 1, longer side 20,
    centre of mass within half a pixel of (14, 14)."""
    ink = 1 - p / 255
    r, c = np.flatnonzero((ink > 0.5).any(axis=1)), np.flatnonzero((ink > 0.5).any(axis=0))
    ink = ink[r[0] : r[-1] + 1, c[0] : c[-1] + 1]
    scale = 20 / max(ink.shape)
    height, width = (max(round(n * scale), 1) for n in ink.shape)
    small = np.asarray(Image.fromarray(ink.astype(np.float32)).resize((width, height), Image.Resampling.BOX))
    rows, columns = np.indices(small.shape)
    r_mean, c_mean = (rows * small).sum() / small.sum(), (columns * small).sum() / small.sum()
    down, right = round(14 - r_mean), round(14 - c_mean)
    field = np.zeros((28, 28), np.float32)
    field[: small.shape[0], : small.shape[1]] = small
    return np.roll(field, (down, right), axis=(0, 1))


PLANTED_IN = as_mnist
BUGS = [  # a right line, and what stands in its place
    ("ink = 1 - p / 255", "ink = p / 255"),
    ("ink = 1 - p / 255", "ink = 255 - p"),
    ("scale = 20 / max(ink.shape)", "scale = 20 / ink.shape[0]"),
    ("scale = 20 / max(ink.shape)", "scale = 18 / max(ink.shape)"),
    ("height, width = (max(round(n * scale), 1) for n in ink.shape)", "height, width = 20, 20"),
    (
        "small = np.asarray(Image.fromarray(ink.astype(np.float32)).resize((width, height), Image.Resampling.BOX))",
        "small = np.asarray(Image.fromarray(ink.astype(np.float32)).resize((height, width), Image.Resampling.BOX))",
    ),
    ("rows, columns = np.indices(small.shape)", "columns, rows = np.indices(small.shape)"),
    (
        "r_mean, c_mean = (rows * small).sum() / small.sum(), (columns * small).sum() / small.sum()",
        "r_mean, c_mean = rows.mean(), columns.mean()",
    ),
    ("down, right = round(14 - r_mean), round(14 - c_mean)", "down, right = round(r_mean - 14), round(c_mean - 14)"),
    ("down, right = round(14 - r_mean), round(14 - c_mean)", "down, right = round(10 - r_mean), round(10 - c_mean)"),
    ("return np.roll(field, (down, right), axis=(0, 1))", "return np.roll(field, (right, down), axis=(0, 1))"),
]


def a_sheet(rng):
    """A hook of ink on white paper, wider than high or higher than wide, and with more ink below and to the left."""
    p = np.full((100, 100), 255.0)
    long, short = rng.integers(44, 49), rng.integers(36, 39)
    height, width = (long, short) if rng.random() < 0.5 else (short, long)
    top, left = rng.integers(5, 35, 2)
    p[top : top + height, left : left + 8] = rng.integers(0, 60)
    p[top + height - 9 : top + height, left : left + width] = rng.integers(0, 60)
    return (p,)


QUESTIONS = {
    "06.1 center_7": Question(
        [0.6, 1.2],
        hint="Five pixels of ink: the mean of their rows, and the mean of their columns.",
        more="Rows: 0, 0, 0, 1, 2. Columns: 0, 1, 2, 2, 1.",
    ),
    "06.1 move_7": Question(
        [2, 1],
        hint="The middle of the field minus the centre of mass, each rounded.",
        more="The pixels are counted from 0 to 5: where is the middle?",
    ),
    "06.2 costs_100": Question(
        [7000, 2500, 1500, 1950], hint="5 cents for each sent back plus 100 for each wrong one."
    ),
    "06.2 best_100": Question(0.99, hint="The smallest of the four costs."),
    "06.2 best_20": Question(0.9, hint="The same four costs, with 20 cents for a wrong one."),
    "06.3 useful": Question(
        (True, False, False, True), hint="A turned 6 is a 9. A mirrored 2 is no digit, and nobody writes it."
    ),
    "06.3 sixes_as_nine": Question(
        share_of_sixes_read_as_nine,
        hint="Turn the sixes of the validation rows with images.warp, and let `plain` read them.",
        more="The mean of (predicted == 9), times 100.",
    ),
    "06.4 center_exactly": Question(
        center_exactly,
        inputs=a_patch_of_ink,
        tolerance=1e-4,
        hint="Print center_of_mass of what it makes of digits[0]. Further off than before: the sign, or down and right "
        "exchanged. Half a pixel off: the middle of 28 pixels, counted from 0. Less: the part of a pixel.",
        more="move = 13.5 - center_of_mass(p) has two parts, down (axis 0) and right (axis 1). np.floor gives the "
        "whole pixels, and (6.3) with delta = move - whole the rest, once along each axis.",
    ),
    "06.5 line": Question(
        wrong_line("06"),
        hint="Measure what comes out, of a sheet whose answer you know: its range, its longer side, its shape, its "
        "centre of mass. In the order of the recipe, the first that is off says where.",
        more="Draw a wide hook and a high one: some mistakes need the one or the other.",
    ),
    "06.5 mended": Question(
        as_mnist,
        inputs=a_sheet,
        tolerance=1e-4,
        hint="Draw it beside what it should be: range, side, shape, centre of mass.",
    ),
}

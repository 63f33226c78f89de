"""Digits as photographs show them: in a box, on squared paper, in a shadow, on a crumpled sheet. To measure with.

`photograph(digit, kind, rng)` draws a digit (28, 28) anew, large, in one of KINDS. How much a surface reflects (paper,
ink, printed lines) times the light that falls on it, then a lens's blur, noise and JPEG: so a camera sees it.
"""

import numpy as np
from scipy import ndimage

from nnlib.images.scene import SIDE, Scene, drawn

NAMES = "Anna", "Bela", "Cem", "Dora", "Emil", "Fatma", "Georg", "Hanna", "Ivo", "Jana"


def photograph(digit, kind, rng, other=False):
    """A picture of `digit` (28, 28), white on black in [0, 1], of one of KINDS: uint8 (height, width[, 3]).

    `rng` is a Generator or a seed. `other` draws with other pens, papers, boxes and light, to see what a method does
    where nobody has looked. Raises ValueError for another kind.
    """
    if kind not in KINDS:
        raise ValueError(f"the kind is {kind!r}; expected one of {', '.join(KINDS)}")
    scene = Scene(np.asarray(digit, np.float32), np.random.default_rng(rng), other)
    KINDS[kind](scene)
    return scene.picture()


def photograph_row(digits, kind, rng, other=False):
    """A row of `digits` (n, 28, 28) in one picture, uint8 (height, width): "apart", "touching" or "boxes".

    In "touching", three in five digits touch the one before, overlapping by one to three pixels.
    Raises ValueError for another kind.
    """
    if kind not in ("apart", "touching", "boxes"):
        raise ValueError(f"the kind is {kind!r}; expected apart, touching or boxes")
    rng = np.random.default_rng(rng)
    high = int(rng.uniform(60, 90)) if other else int(rng.uniform(70, 110))
    pen = rng.uniform(-0.5, 0.4)
    shapes = [drawn(digit, high * (1 if kind == "boxes" else rng.uniform(0.92, 1.08)), pen) for digit in digits]
    cell = int(high * rng.uniform(1.25, 1.6))
    width = sum(s.shape[1] for s in shapes) + (len(shapes) + 3) * cell
    scene = Scene(None, rng, other, (high + int(1.5 * high), width))
    x, top = cell, int(0.7 * high)
    for k, shape in enumerate(shapes):
        if kind == "boxes":
            left, y = x + (cell - shape.shape[1]) // 2, top + (high - shape.shape[0]) // 2
        else:
            y = top + high - shape.shape[0] + int(rng.uniform(-0.06, 0.06) * high)
            near = kind == "touching" and k > 0 and rng.random() < 0.6
            left = reaching(scene.ink, shape, y, x, int(rng.integers(1, 4))) if near else x
        scene.put(shape, left, y)
        x = x + cell if kind == "boxes" else left + shape.shape[1] + int(rng.uniform(0.15, 0.5) * high)
    if kind == "boxes":
        low = top - (cell - high) // 2
        scene.grid(cell, low + cell * (len(shapes) + 1), low, 1, len(shapes), origin=(cell, low))
        x += cell // 2
    scene.crop(x + cell // 2)
    return scene.picture()


def reaching(ink, shape, y, x, depth):
    """The place where `shape` goes, moved left until it touches what is written, and `depth` pixels further."""
    rows = slice(y, y + shape.shape[0])
    written = [np.flatnonzero(row)[-1] if row.any() else -(10**6) for row in ink[rows] > 0.5]
    starts = [np.flatnonzero(row)[0] if row.any() else 10**6 for row in shape > 0.5]
    return int(max(w - s for w, s in zip(written, starts))) + 1 - depth


def plain(scene):
    """Nothing but the digit."""


def box(scene):
    gap = scene.rng.uniform(0.08, 0.4, 4) * scene.high
    left, right = scene.left - gap[0], scene.right + gap[1]
    top, bottom = scene.top - gap[2], scene.bottom + gap[3]
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top), (right, top)]
    turn = np.deg2rad(scene.rng.uniform(-4, 4)) if scene.other else 0
    middle = np.array([(left + right) / 2, (top + bottom) / 2])
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    scene.draw(scene.lines, [[tuple(middle + matrix @ (np.array(c) - middle)) for c in corners]], scene.line_width())


def row_of_cells(scene):
    """The digit in the middle one of a row; the cells beside it are empty, and cut by the picture's edge."""
    cell = scene.high * scene.rng.uniform(1.15, 1.4)
    x0 = (scene.left + scene.right) / 2 - cell / 2 - 2 * cell
    y0 = (scene.top + scene.bottom) / 2 - cell / 2
    scene.grid(cell, 0, 0, 1, 5, (x0, y0))


def lines_of_a_cell(scene):
    x = scene.left - scene.rng.uniform(0.05, 0.3) * scene.high
    y = scene.bottom + scene.rng.uniform(0.05, 0.3) * scene.high
    scene.draw(scene.lines, [[(x, 0), (x, SIDE)], [(0, y), (SIDE, y)]], scene.line_width())


def underline(scene):
    y = scene.bottom + scene.rng.uniform(-0.02, 0.2) * scene.high
    beyond = scene.rng.uniform(0.1, 0.5, 2) * scene.high
    lean = scene.rng.uniform(-6, 6)
    points = [(scene.left - beyond[0], y - lean / 2), (scene.right + beyond[1], y + lean / 2)]
    scene.draw(scene.ink, [points], scene.rng.uniform(2, 5))


def name_and_underline(scene):
    scene.write(str(scene.rng.choice(NAMES)), int(scene.rng.uniform(8, 40)), 8, int(scene.rng.uniform(20, 36)))
    underline(scene)


def punch_holes(scene):
    radius, x = scene.rng.uniform(7, 14), scene.rng.uniform(16, 26)
    for y in (70 + scene.rng.uniform(-20, 20), 230 + scene.rng.uniform(-20, 20)):
        scene.draw(scene.lines, [[(x - 0.1, y), (x + 0.1, y)]], 1)
        yy, xx = np.mgrid[: scene.shape[0], : scene.shape[1]]
        disc = np.clip(radius - np.hypot(xx - x, yy - y) + 0.5, 0, 1)
        scene.lines = np.maximum(scene.lines, disc.astype(np.float32))


def ruled(scene):
    scene.pencil()
    step = scene.rng.uniform(40, 75) if scene.other else scene.rng.uniform(45, 65)
    start, lean = scene.rng.uniform(0, step), scene.rng.uniform(-5, 5)
    rows = np.arange(start, SIDE, step)
    scene.draw(scene.lines, [[(-5, y - lean), (SIDE + 5, y + lean)] for y in rows], scene.rng.uniform(1, 2.2))


def squared(scene):
    scene.pencil()
    step = scene.rng.uniform(18, 40) if scene.other else scene.rng.uniform(22, 34)
    lean = scene.rng.uniform(-4, 4)
    marks = np.arange(scene.rng.uniform(0, step) - step, SIDE + step, step)
    across = [[(-5, y - lean), (SIDE + 5, y + lean)] for y in marks]
    down = [[(x + lean, -5), (x - lean, SIDE + 5)] for x in marks]
    scene.draw(scene.lines, across + down, scene.rng.uniform(0.8, 1.8))


def shadow(scene, share=(0.35, 0.65), depth=(0.35, 0.55)):
    """A sharp shadow's edge, at any angle: it covers about `share` of the picture and takes `depth` of the light."""
    angle = scene.rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[: scene.shape[0], : scene.shape[1]]
    along = (x - SIDE / 2) * np.cos(angle) + (y - SIDE / 2) * np.sin(angle)
    edge = np.quantile(along, scene.rng.uniform(*share))
    inside = np.clip((edge - along) / scene.rng.uniform(0.5, 3 if scene.other else 2) + 0.5, 0, 1)
    scene.light = (1 - scene.rng.uniform(*depth) * inside).astype(np.float32)


def pencil_in_shadow(scene):
    scene.pencil()
    shadow(scene, (0.5, 0.75), (0.3, 0.45))


def equal_brightness(scene):
    """Ink and ground of two colours that a grey picture shows alike."""
    pairs = OTHER_COLOURS if scene.other else COLOURS
    ground, pen = (np.array(colour) / 255 for colour in pairs[scene.rng.integers(len(pairs))])
    weights = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, Pillow's
    pen = np.clip(pen * (ground @ weights) / (pen @ weights), 0, 1)
    scene.colours = ground, pen + (ground - pen) @ weights


COLOURS = [((60, 110, 220), (220, 85, 30)), ((120, 160, 60), (220, 120, 90)), ((160, 90, 170), (60, 140, 60))]
OTHER_COLOURS = [((200, 80, 80), (70, 130, 70)), ((70, 150, 150), (190, 110, 50)), ((110, 110, 190), (150, 110, 30))]


def turned_sheet(scene):
    """The sheet lies turned on a darker table, seen from a side."""
    rng = scene.rng
    angle = np.deg2rad(rng.choice([-1, 1]) * rng.uniform(5, 14 if scene.other else 10))
    table = rng.uniform(0.1, 0.5)
    lean = rng.uniform(-0.2, 0.2, 2) / SIDE
    grain = ndimage.gaussian_filter(rng.normal(0, 1, (SIDE, SIDE)), (1, 12)) * 0.1

    def warp(seen):
        y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
        scale = 1.35 * (1 + lean[0] * x + lean[1] * y)
        old_x = scale * (np.cos(angle) * x + np.sin(angle) * y) + SIDE / 2
        old_y = scale * (-np.sin(angle) * x + np.cos(angle) * y) + SIDE / 2
        warped = ndimage.map_coordinates(seen, [old_y, old_x], order=1, mode="nearest")
        sheet = (old_x > 0) & (old_x < SIDE) & (old_y > 0) & (old_y < SIDE)
        return np.where(sheet, warped, table + grain)

    scene.warp = warp


def crumpled(scene):
    """Facets of paper, each in a light of its own."""
    rng, n = scene.rng, 25 if scene.other else 14
    points, slopes = rng.uniform(0, SIDE, (n, 2)), rng.normal(0, 0.0012, (n, 2))
    y, x = np.mgrid[:SIDE, :SIDE]
    distance = np.hypot(y[..., None] - points[:, 0], x[..., None] - points[:, 1])
    k = distance.argmin(axis=-1)
    light = rng.uniform(0.72, 1, n)[k] + slopes[k, 0] * (y - points[k, 0]) + slopes[k, 1] * (x - points[k, 1])
    scene.light = ndimage.gaussian_filter(light, 1.5).clip(0.4, 1.1).astype(np.float32)


def neighbours(scene):
    """Parts of the digits before and after, cut by the picture's edge."""
    shape = scene.ink[scene.top : scene.bottom, scene.left : scene.right].copy()
    gap = scene.rng.uniform(0.15, 0.35) * scene.high
    left, right = max(0, int(scene.left - gap)), min(SIDE, int(scene.right + gap))
    cut = [int(scene.rng.uniform(0.15, 0.4) * (scene.right - scene.left)) for _ in range(2)]
    scene.ink[scene.top : scene.bottom, max(0, left - cut[0]) : left] = shape[:, -min(cut[0], left) :] if left else 0
    part = scene.ink[scene.top : scene.bottom, right : right + cut[1]]
    part[:] = shape[:, : part.shape[1]]
    scene.ink, scene.lines, scene.light = (
        a[:, max(0, left - cut[0]) : right + cut[1]] for a in (scene.ink, scene.lines, scene.light)
    )


KINDS = {
    "plain paper": plain,
    "box": box,
    "row of cells": row_of_cells,
    "lines of a cell": lines_of_a_cell,
    "underline": underline,
    "name, underline": name_and_underline,
    "punch holes": punch_holes,
    "ruled, pencil": ruled,
    "squared, pencil": squared,
    "shadow": shadow,
    "pencil in shadow": pencil_in_shadow,
    "equal brightness": equal_brightness,
    "turned sheet": turned_sheet,
    "crumpled": crumpled,
    "neighbours": neighbours,
}

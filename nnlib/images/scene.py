"""A sheet with ink and printed lines, and the light that falls on it, as a camera sees it."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from nnlib.images.digits import dilated
from nnlib.images.reading import resize

SIDE = 300  # pixels of a picture of one digit
FINE = 3  # lines are drawn at 3 times that size, so that their edges are soft


def drawn(digit, high, pen):
    """A digit's ink alone, `high` pixels on its longer side, its pen wider by `pen` of MNIST's pixels: (h, w) 0-1."""
    scale = high / 20
    large = resize(digit, [round(28 * scale)] * 2)
    large = dilated(ndimage.gaussian_filter(large, 0.25 * scale) > 0.5, pen * scale / 2)
    rows, columns = np.flatnonzero(large.any(axis=1)), np.flatnonzero(large.any(axis=0))
    return large[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


class Scene:
    """A sheet while it is drawn on: `ink` and `lines` say how much of each pixel is covered, 0 to 1."""

    def __init__(self, digit, rng, other, shape=(SIDE, SIDE)):
        self.rng, self.other, self.shape = rng, other, shape
        self.ink, self.lines = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        self.light = np.ones(shape, np.float32)
        self.paper = rng.uniform(0.72, 0.95) if other else rng.uniform(0.85, 0.95)
        self.dark = rng.uniform(0.05, 0.4) if other else rng.uniform(0.1, 0.3)  # what ink reflects
        self.printed = rng.uniform(0.05, 0.5) if other else rng.uniform(0.1, 0.4)  # and a printed line
        self.colours = self.warp = None
        if digit is not None:
            self.high = int(rng.uniform(80, 160) if other else rng.uniform(100, 140))
            shape = drawn(digit, self.high, rng.uniform(-1, 0.8) if other else rng.uniform(-0.8, 0.5))
            h, w = shape.shape
            reach = 20 if other else 30
            self.left, self.top = (
                (side - n) // 2 + int(rng.uniform(-reach, reach)) for side, n in zip(self.shape[::-1], (w, h))
            )
            self.right, self.bottom = self.left + w, self.top + h
            self.put(shape, self.left, self.top)

    def put(self, shape, left, top):
        h, w = shape.shape
        part = self.ink[top : top + h, left : left + w]
        np.maximum(part, shape[: part.shape[0], : part.shape[1]], out=part)

    def draw(self, onto, paths, width):
        """Lines `width` pixels wide onto `ink` or `lines`, each a list of points (x, y)."""
        page = Image.new("L", (FINE * self.shape[1], FINE * self.shape[0]))
        for path in paths:
            points = [FINE * n for point in path for n in point]
            ImageDraw.Draw(page).line(points, fill=255, width=max(1, round(FINE * width)), joint="curve")
        np.maximum(onto, np.asarray(page.reduce(FINE), np.float32) / 255, out=onto)

    def line_width(self):
        return self.rng.uniform(1, 4) if self.other else self.rng.uniform(1.5, 3)

    def grid(self, dx, width, height, rows, columns, origin):
        """`rows` x `columns` cells: the first corner at `origin`, each dx wide and high enough for a square."""
        x0, y0 = origin
        high = self.rng.uniform(1, 1.2) * dx
        across = [[(x0, y0 + k * high), (x0 + columns * dx, y0 + k * high)] for k in range(rows + 1)]
        down = [[(x0 + k * dx, y0), (x0 + k * dx, y0 + rows * high)] for k in range(columns + 1)]
        self.draw(self.lines, across + down, self.line_width())

    def write(self, text, x, y, size):
        page = Image.new("L", self.shape[::-1])
        ImageDraw.Draw(page).text((x, y), text, 255, ImageFont.load_default(size))
        np.maximum(self.ink, np.asarray(page, np.float32) / 255, out=self.ink)

    def crop(self, width):
        self.ink, self.lines, self.light = (a[:, :width] for a in (self.ink, self.lines, self.light))

    def pencil(self):
        """A pencil, which is no darker than the lines of the paper."""
        self.dark = self.rng.uniform(0.45, 0.62) if self.other else self.rng.uniform(0.45, 0.6)
        self.printed = min(self.dark + self.rng.uniform(-0.05, 0.1), 0.7)

    def picture(self):
        """What a camera sees: uint8 (height, width), or (height, width, 3) if there are colours."""
        rng = self.rng
        cover = (1 - self.ink) * (1 - self.lines)
        seen = self.paper * cover + self.dark * self.ink + self.printed * self.lines * (1 - self.ink)
        tilt = rng.uniform(-0.1, 0.1, 2)
        y, x = np.mgrid[-1 : 1 : 1j * seen.shape[0], -1 : 1 : 1j * seen.shape[1]]
        seen = seen * self.light * (1 - np.abs(tilt).sum() + tilt[0] * x + tilt[1] * y)
        if self.warp is not None:
            seen = self.warp(seen)
        if self.colours is not None:
            ground, pen = self.colours
            seen = ground + self.ink[..., None] * (pen - ground)
        seen = ndimage.gaussian_filter(seen, [rng.uniform(0.4, 1)] * 2 + [0] * (seen.ndim - 2))
        seen = seen + rng.normal(0, rng.uniform(0.004, 0.02), seen.shape)
        file = io.BytesIO()
        pixels = (255 * seen.clip(0, 1)).round().astype(np.uint8)
        Image.fromarray(pixels).save(file, "JPEG", quality=int(rng.uniform(70, 95)))
        return np.asarray(Image.open(file))

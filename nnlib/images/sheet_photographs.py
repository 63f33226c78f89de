"""A sheet (`sheet_layout`) that a program fills in and photographs: to measure with, and to try things out."""

import io

import numpy as np
from PIL import Image
from scipy import ndimage

from nnlib.images.scene import drawn
from nnlib.images.sheet import from_corners
from nnlib.images.sheet_layout import HIGH, PAPERS, SIDE, WIDE, boxes, check_labels, drawn_sheet


def filled_sheet(pictures, labels="0123456789", rng=0, dark=0.8, size=(0.55, 0.78)):
    """A sheet of `images.write_sheet` with `pictures` drawn into its boxes: float32 (2339, 1654), 0-1, 1 is paper.

    `pictures`: up to 120 of (28, 28), white on black, None for a box that stays empty. Each is `size` of its box high,
    not quite in the middle, with a pen of another width; `dark` is the ink's contrast.
    """
    rng, fine = np.random.default_rng(rng), 200 / 25.4  # pixels a millimetre
    file, paper = io.BytesIO(), PAPERS["a4"]
    drawn_sheet(check_labels(labels), paper).savefig(file, format="png", dpi=200)
    page = np.array(Image.open(file).convert("L"), np.float32) / 255
    for (x, y), picture in zip(boxes() + (np.array(paper) - (WIDE, HIGH)) / 2, pictures):
        if picture is not None:
            ink = drawn(picture, round(rng.uniform(*size) * SIDE * fine), rng.uniform(-0.8, 0.3))
            room = SIDE * fine - np.array(ink.shape)
            top, left = np.rint(fine * np.array([y, x]) + room * rng.uniform(0.25, 0.75, 2)).astype(int)
            page[top : top + ink.shape[0], left : left + ink.shape[1]] *= 1 - dark * ink
    return page


def photograph_sheet(page, rng, megapixels=3, turn=10, lean=0.15, bend=0.0, shade=0.35):
    """A printed page (height, width), 0-1, on a table, as a phone sees it: uint8 (height, width), 4 to 3.

    It lies turned by up to `turn` degrees and is seen from a side, which brings lines together by up to the share
    `lean`; its middle is `bend` of its width higher than its edges, and up to `shade` of the light is missing.
    """
    rng = np.random.default_rng(rng)
    page = np.asarray(page, np.float32)
    high, wide = page.shape
    if bend:
        rows = np.arange(high)[:, None] + np.rint(bend * wide * np.sin(np.linspace(0, np.pi, wide))).astype(int)
        page = np.take_along_axis(page, rows.clip(0, high - 1), axis=0)
    width = round(np.sqrt(megapixels * 1e6 * 3 / 4))
    height = round(width * 4 / 3)
    angle, near = np.deg2rad(rng.uniform(-turn, turn)), rng.uniform(-lean, lean, 2)
    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]) * (wide, high)
    corners = corners @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = corners / (1 + corners / (wide, high) @ near)[:, None]
    size = np.ptp(corners, axis=0)
    corners = (corners - corners.min(axis=0) - size / 2) * 0.94 * min(width / size[0], height / size[1])
    corners += np.array([width, height]) / 2
    flat = np.array([(0, 0), (wide, 0), (wide, high), (0, high)])
    paper = from_corners(page + 1, flat, corners, (width, height))  # 0 outside
    y, x = np.mgrid[-1 : 1 : 1j * height, -1 : 1 : 1j * width].astype(np.float32)
    table = rng.uniform(0.15, 0.5) * (1 + 0.2 * np.sin(40 * x + 3 * y))
    slope = rng.uniform(-1, 1, 2)
    light = 1 - shade * (0.5 + (slope[0] * x + slope[1] * y) / (2 * np.abs(slope).sum()))
    seen = np.where(paper > 0.5, rng.uniform(0.8, 0.95) * (0.06 + 0.94 * (paper - 1).clip(0)), table) * light
    seen = ndimage.gaussian_filter(seen.astype(np.float32), rng.uniform(0.5, 0.9) * np.sqrt(max(1, megapixels / 3)))
    seen += rng.normal(0, 0.012, seen.shape).astype(np.float32)
    file = io.BytesIO()
    Image.fromarray((255 * seen.clip(0, 1)).round().astype(np.uint8)).save(file, "JPEG", quality=85)
    return np.asarray(Image.open(file))

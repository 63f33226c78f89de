"""Digits drawn by strokes, as European hands write them and MNIST's writers seldom did: to train with.

A 1 with a hook or a foot, a 7 with a bar through it, a 9 like a g, a curled 6, a closed or a wide 4.
"""

import numpy as np
from PIL import Image, ImageDraw

from nnlib.images.digits import finish

SIDE = 112


def arc(x, y, rx, ry, start, end):
    """Points of an ellipse's arc around (x, y), from `start` to `end` degrees, clockwise from the right."""
    angles = np.deg2rad(np.linspace(start, end, 16))
    return np.column_stack([x + rx * np.cos(angles), y + ry * np.sin(angles)])


def one(u):
    hook = (-u(0.18, 0.5), u(0.12, 0.48))
    strokes = [[(hook[0], hook[1]), (0, 0), (u(-0.05, 0.05), 1)]]
    return strokes + ([[(-u(0.12, 0.5), 1), (u(0.12, 0.5), 1)]] if u(0, 1) < 0.35 else [])


def seven(u):
    bottom, wide = u(0.1, 0.4), u(0.45, 0.7)
    middle = np.array([(wide + bottom) / 2, u(0.42, 0.58)])
    half, tilt = u(0.12, 0.28), u(-0.08, 0.08)
    serif = [(0, u(0.05, 0.2))] if u(0, 1) < 0.3 else []
    strokes = [[*serif, (0, 0), (wide, u(-0.04, 0.06)), (bottom, 1)]]
    return strokes + ([[middle - (half, tilt), middle + (half, tilt)]] if u(0, 1) < 0.75 else [])


def nine(u):
    r, x = u(0.18, 0.28), u(0.25, 0.35)
    loop = arc(x, r, r, r * u(0.9, 1.2), 0, -360)
    tail = [(x + r, u(0.6, 0.85)), *arc(x - u(0, 0.1), u(0.7, 0.85), r + u(0, 0.1), u(0.12, 0.22), 10, u(120, 190))]
    return [[*loop, *(tail if u(0, 1) < 0.6 else [(x + r * u(0.4, 1), 1)])]]


def six(u):
    r, x = u(0.16, 0.27), 0.3
    top = arc(x + u(0.05, 0.2), u(0.12, 0.2), u(0.1, 0.22), u(0.1, 0.18), u(-30, 20), -150)
    return [[*top, (x - r, 0.7), *arc(x, 0.95 - r, r, r, 180, -180)]]


def four(u):
    corner, right, stem = u(0.55, 0.72), u(0.6, 1.3), u(0.4, 0.6)
    if u(0, 1) < 0.6:  # closed
        corner = u(0.3, 0.7)
        return [
            [(stem, 0), (0, corner), (max(stem + u(0, 0.25), right * (u(0, 1) < 0.5)), corner)],
            [(stem, 0), (stem, 1)],
        ]
    return [[(u(0.05, 0.3), 0), (0, corner), (right, corner)], [(stem, u(0.05, 0.4)), (stem - u(0, 0.1), 1)]]


DRAW = {1: one, 4: four, 6: six, 7: seven, 9: nine}


def stroke_digits(n, rng):
    """`n` digits as `images.prepare` gives them, and their labels: float32 (n, 784), int64 (n,)."""
    y = rng.choice(list(DRAW), n, p=[0.3, 0.2, 0.15, 0.2, 0.15])
    X = np.empty((n, 784), np.float32)
    for k, digit in enumerate(y):
        strokes = [np.array(stroke, float) for stroke in DRAW[int(digit)](rng.uniform)]
        lean, turn = rng.uniform(-0.1, 0.35), np.deg2rad(rng.uniform(-8, 8))
        matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ [
            [rng.uniform(0.75, 1.2), -lean],
            [0, 1],
        ]
        strokes = [(stroke + rng.normal(0, 0.012, stroke.shape)) @ matrix.T for stroke in strokes]
        low, high = np.min(np.vstack(strokes), axis=0), np.max(np.vstack(strokes), axis=0)
        page, width = Image.new("L", (SIDE, SIDE)), int(rng.uniform(5, 15))
        scale, draw = (SIDE - 32) / (high - low).max(), ImageDraw.Draw(page)
        for stroke in strokes:
            points = ((stroke - low) * scale + 16).ravel().tolist()
            draw.line(points, fill=255, width=width, joint="curve")
        X[k] = finish(np.asarray(page) > 0)["centred"].ravel()
    return X, y.astype(np.int64)

"""Digits and capital letters as a program draws them, by made-up writers: to try things out before people have written.

A character is a few strokes. A writer bends each of them in a way of their own, always the same, and leans, widens and
presses as they always do; each copy differs a little besides. No hand of a person is in it: what is measured on these
writers says how methods compare, and nothing about people.
"""

import functools

import numpy as np
from PIL import Image, ImageDraw
from scipy.interpolate import make_interp_spline

from nnlib.images.digits import finish

SIDE = 112  # pixels of the page that a character is drawn on
LEFT, BAR = "0,0 0,16", "0,8 9,8"
# Strokes in a field 10 wide and 16 high, y downwards: a straight line from two points, a smooth curve from more.
STROKES = {
    "0": ["5,0 1,4 1,12 5,16 9,12 9,4 5,0"],
    "1": ["1,4 5,0", "5,0 5,16"],
    "2": ["1,4 4,0 8.5,3 6,9 0,16", "0,16 10,16"],
    "3": ["1,2 5,0 8.5,3.5 4,7.5", "4,7.5 9,11 6,16 .5,14"],
    "4": ["6,0 .5,10", ".5,10 10,10", "7.5,5 7,16"],
    "5": ["2,0 1.5,7", "1.5,7 5,6 9,10 6,15 .5,15", "2,0 9,0"],
    "6": ["7.5,0 3,5 1,12 5,16 9,12 5.5,8.5 1.5,11.5"],
    "7": ["0,.5 9.5,.5", "9.5,.5 3.5,16"],
    "8": ["8.5,2.5 5,0 1.5,3 5,7.5 9,12 5,16 1,12.5 5,7.8 8.5,2.5"],
    "9": ["8.5,3.5 5,0 1.2,4 4.5,8 8.5,4 8,10 7,16"],
    "A": ["0,16 5,0", "5,0 10,16", "2,10 8,10"],
    "B": [LEFT, "0,0 7,1.5 7,6 0,7.5", "0,7.5 9,9.5 8.5,15 0,16"],
    "C": ["9,2.5 5,0 1,5 1,11 5,16 9.5,13.5"],
    "D": [LEFT, "0,0 7.5,2.5 9.5,8 7.5,13.5 0,16"],
    "E": [LEFT, "0,0 9,0", "0,7.5 7,7.5", "0,16 9,16"],
    "F": [LEFT, "0,0 9,0", "0,7.5 7,7.5"],
    "G": ["9,2.5 5,0 1,5 1,11 5,16 9,13", "9,13 9,9", "5.5,9 9,9"],
    "H": [LEFT, "9,0 9,16", BAR],
    "I": ["5,0 5,16", "2.5,0 7.5,0", "2.5,16 7.5,16"],
    "J": ["8,0 8,6 7.8,12 4.5,16 1,12.5"],
    "K": [LEFT, "9,0 0,9", "3,6.5 9.5,16"],
    "L": [LEFT, "0,16 8.5,16"],
    "M": ["0,16 1,0", "1,0 5,9", "5,9 9,0", "9,0 10,16"],
    "N": [LEFT, "0,0 9,16", "9,16 9,0"],
    "O": ["5,0 .5,4.5 .5,11.5 5,16 9.5,11.5 9.5,4.5 5,0"],
    "P": [LEFT, "0,0 8.5,1.5 8.5,7 0,8.5"],
    "Q": ["5,0 .5,4.5 .5,11.5 5,16 9.5,11.5 9.5,4.5 5,0", "6,11.5 10,17"],
    "R": [LEFT, "0,0 8.5,1.5 8.5,7 0,8.5", "3,8.5 9.5,16"],
    "S": ["9,2 5,0 1.2,3.5 5,7.8 9.2,12 5,16 .5,13.5"],
    "T": ["0,0 10,0", "5,0 5,16"],
    "U": [".5,0 .8,10 5,16 9.2,10 9.5,0"],
    "V": ["0,0 5,16", "5,16 10,0"],
    "W": ["0,0 2.5,16", "2.5,16 5,5", "5,5 7.5,16", "7.5,16 10,0"],
    "X": ["0,0 10,16", "10,0 0,16"],
    "Y": ["0,0 5,8", "10,0 5,8", "5,8 5,16"],
    "Z": ["0,0 10,0", "10,0 0,16", "0,16 10,16"],
}


def write(labels, writers=10, copies=5, seed=0):
    """`copies` of every label by each of so many writers: X (n, 28, 28) float32 as `prepare` makes it, y (n,) texts and
    writer (n,) int from 0, n = writers x copies x labels. The writers of one `seed` differ from those of another.

    Raises ValueError for a label that is neither a digit nor a capital letter.
    """
    if unknown := [label for label in labels if label not in STROKES]:
        raise ValueError(f"labels has {unknown[0]!r}; expected digits 0-9 and letters A-Z")
    X, y, writer = [], [], []
    for number in range(writers):
        rng = np.random.default_rng([seed, number])
        habits = {"lean": rng.normal(0.12, 0.15), "wide": rng.uniform(0.7, 1.25), "pen": rng.uniform(5, 13)}
        bends = {label: rng.normal(0, 0.06, (2, 3, 3)) for label in STROKES}
        for label in labels:
            for _ in range(copies):
                X.append(one(label, bends[label] + rng.normal(0, 0.02, (2, 3, 3)), rng, **habits))
                y.append(label)
                writer.append(number)
    return np.stack(X), np.array(y), np.array(writer)


def one(label, bend, rng, lean, wide, pen):
    """One character (28, 28): its strokes bent, leaning, drawn with a round pen."""
    lines = [bent(stroke_points(stroke), bend) for stroke in STROKES[label]]
    turn = rng.normal(0, 0.05)
    matrix = np.array([[wide, -(lean + rng.normal(0, 0.04))], [0, 1.6]])
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ matrix
    lines = [line @ matrix.T for line in lines]
    low, high = np.min(np.vstack(lines), axis=0), np.max(np.vstack(lines), axis=0)
    page = Image.new("L", (SIDE, SIDE))
    width = max(2, round(pen + rng.normal(0, 0.7)))
    scale = (SIDE - 32) / (high - low).max()
    for line in lines:
        points = ((line - low) * scale + 16).ravel().tolist()
        ImageDraw.Draw(page).line(points, fill=255, width=width, joint="curve")
    return finish(np.asarray(page) > 0)["centred"]


@functools.cache
def stroke_points(stroke):
    """20 points (x, y) of a stroke, from 0 to 1."""
    points = np.array([pair.split(",") for pair in stroke.split()], float) / (10, 16)
    along = np.linspace(0, 1, len(points))
    return make_interp_spline(along, points, k=min(3, len(points) - 1))(np.linspace(0, 1, 20))


def bent(points, bend):
    """Points moved by sums of waves, `bend` (2, 3, 3) high: strokes that meet still meet."""
    x, y = (np.cos(np.pi * np.outer(np.arange(3), points[:, k])) for k in (0, 1))
    return points + np.einsum("cij,ip,jp->pc", bend, x, y) / 1.5

"""Train the model that tells a whole digit from a part of one and from two that touch, nnlib/models/parts.npz:

    python tools/train_parts.py [mnist, or the path of MNIST's files]

Five minutes on one core. Rows of MNIST's training digits (without the last 5,000) and of drawn ones are written so that
neighbours touch, photographed, and cut in every way that `nnlib.images.touching` tries. A part that covers a digit is
of that digit's class, another of class 10, "no digit"; what is in between is left out. Digits that nobody cut are
added: they teach what a digit looks like, and each costs nothing.
"""

import argparse
from pathlib import Path

import numpy as np
from tqdm import tqdm

import nnlib
from nnlib import images
from nnlib.images import several, touching, writers
from nnlib.images.digits import enlarged, find_light, ink_mask
from nnlib.images.lines import remove_lines
from nnlib.images.photographs import reaching
from nnlib.images.reading import read_grey, resize
from nnlib.images.scene import Scene, drawn

MODEL = Path(nnlib.__file__).parent / "models" / "parts.npz"
RECIPE = {"rows": 2000, "whole_digits": 20000, "seed": 1000, "no_digits_of_a_piece": 30}
RECIPE |= {"hidden": [200], "batch_size": 128}
RECIPE |= {"epochs": 8, "learning_rate": 0.001, "schedule": "half a cosine", "whole": 0.8, "no_digit": 0.7}
MOVES = {"shift": 1, "rotate": 8, "scale": 0.08, "shear": 0.1}  # of images.augment


def digits_of_a_row(X, rng):
    """One to five digits (28, 28), and of each its place in X, or -1 - label if drawn by strokes (one row in five)."""
    n = int(rng.integers(1, 6))
    if rng.random() >= 0.2:
        places = rng.integers(0, len(X), n)
        return X[places], places
    labels = rng.choice(list("0123456789"), n)
    drawings, texts, _ = writers.write(sorted(set(labels)), 1, 1, int(rng.integers(10**6)))
    return [drawings[list(texts).index(label)] for label in labels], [-1 - int(label) for label in labels]


def write_row(digits, rng):
    """A picture of the row, uint8 (height, width), and of each digit (left, top, mask)."""
    other, high, pen = rng.random() < 0.5, int(rng.uniform(45, 120)), rng.uniform(-0.9, 0.8)
    same, shapes = rng.random() < 0.5, []
    for digit in digits:
        shape = drawn(digit, high * rng.uniform(0.85, 1.1), pen + (0 if same else rng.uniform(-0.2, 0.2)))
        if shape.shape[0] > 5 and rng.random() < 0.3:
            wide = max(3, round(shape.shape[1] * rng.uniform(0.75, 1.2)))
            shape = resize(shape, (shape.shape[0], wide)).clip(0, 1)
        shapes.append(shape)
    cell = int(1.3 * high)
    width = sum(shape.shape[1] for shape in shapes) + (len(shapes) + 3) * cell
    scene = Scene(None, rng, other, (int(2.6 * high), width))
    x, before, places = cell, 0, []
    touch, how = rng.choice([0.5, 0.8, 1.0]), rng.choice(3)
    for k, shape in enumerate(shapes):
        y = int(0.7 * high) + high - shape.shape[0] + int(rng.uniform(-0.1, 0.1) * high)
        left = x
        if k and rng.random() < touch:
            left = max(reaching(scene.ink, shape, y, x, overlap(how, high, rng)), before + int(0.1 * high))
        scene.put(shape, left, y)
        before = left
        places.append((left, y, shape > 0.5))
        x = left + shape.shape[1] + int(rng.uniform(0.1, 0.5) * high)
    scene.crop(x + cell // 2)
    return scene.picture(), places


def overlap(how, high, rng):
    """Pixels by which two digits overlap: a few, fewer, or a share of their height."""
    if how < 2:
        return int(rng.integers(1, 7 if how == 0 else 4))
    return max(1, int(rng.uniform(0.3, 2.2) * high / 20))


def parts_of_a_row(picture, places):
    """Of each piece: its parts, a usual digit's height, how much each part is a digit (n,), and which (n,)."""
    light, _, wide = find_light(enlarged(several.straighten_sheet(read_grey(picture, several.SIDE))))
    mask = several.without_foreign_pieces(remove_lines(ink_mask(light, wide)))
    pieces = several.join_pieces(several.pieces_of(mask))
    high = several.usual_height(pieces)
    whole = np.zeros((len(places), *mask.shape), bool)
    for digit, (left, top, shape) in zip(whole, places):
        at = digit[top : top + shape.shape[0], left : left + shape.shape[1]]
        at |= shape[: at.shape[0], : at.shape[1]]
    for piece in several.reading_order(pieces):
        narrow = piece[1].shape[1] <= 0.3 * high
        cuts = np.zeros((0, len(piece[1])), int) if narrow else touching.seams(piece[1], high)
        parts = list(touching.parts_between(piece, cuts, high).values())
        if parts:
            shared = np.array([alike(part, whole) for part in parts])
            yield parts, high, shared.max(axis=1), shared.argmax(axis=1)


def alike(part, whole):
    """Of a part and each digit (n, height, width): the ink that both have, as a share of what one of them has."""
    (left, top, right, bottom), mask = part
    both = (whole[:, top:bottom, left:right] & mask).sum(axis=(1, 2))
    return both / (whole.sum(axis=(1, 2)) + mask.sum() - both)


def rows_of_parts(X, y, rows, seed):
    """Inputs (n, 786) and classes (n,) from 0 to 10: of `rows`, an iterable of numbers, each with chance of its own."""
    inputs, classes = [], []
    for k in tqdm(rows, unit="row", smoothing=0):
        rng = np.random.default_rng([seed, 78, k])
        digits, its = digits_of_a_row(X, rng)
        for parts, high, shared, which in parts_of_a_row(*write_row(digits, rng)):
            labels = np.array([y[place] if place >= 0 else -1 - place for place in its])[which]
            label = np.where(shared > RECIPE["whole"], labels, np.where(shared < RECIPE["no_digit"], 10, -1))
            no_digits = rng.permutation(np.flatnonzero(shared <= 0.6))
            label[no_digits[RECIPE["no_digits_of_a_piece"] :]] = -1
            some = np.flatnonzero(label >= 0)
            if len(some):
                inputs.append(touching.shown([parts[i] for i in some], high))
                classes.append(label[some])
    return np.concatenate(inputs), np.concatenate(classes)


def whole_digits(X, y, n, seed):
    """`n` digits that touch nothing, as the model is shown them: inputs (n, 786) and their classes."""
    rng = np.random.default_rng([seed, 79])
    some = rng.permutation(len(X))[:n]
    ink = X[some] > 0.4
    sizes = np.stack([ink.any(axis=2).sum(axis=1), ink.any(axis=1).sum(axis=1)], axis=1) / 20  # 20 pixels are usual
    sizes *= rng.uniform(0.85, 1.1, (n, 1))
    return np.hstack([X[some].reshape(n, 784), sizes.astype(np.float32)]), y[some]


def train(X, y):
    net = nnlib.Network([786, *RECIPE["hidden"], 11], "relu", seed=0)
    optimizer, rng = nnlib.Adam(), np.random.default_rng(0)
    for epoch in range(RECIPE["epochs"]):
        optimizer.learning_rate = RECIPE["learning_rate"] * (1 + np.cos(np.pi * epoch / RECIPE["epochs"])) / 2
        moved = np.hstack([images.augment(X[:, :784], rng, **MOVES), X[:, 784:]])
        nnlib.train(net, moved, y, 1, RECIPE["batch_size"], optimizer, seed=rng, progress=False)
    return net


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", default="mnist", help="mnist, or the path of MNIST's files (mnist)")
    parser.add_argument("--output", type=Path, default=MODEL)
    args = parser.parse_args()
    data = nnlib.load_dataset(args.data, 0)
    X, y = data.X_train[:-5000].reshape(-1, 28, 28), data.y_train[:-5000]
    parts = rows_of_parts(X, y, range(RECIPE["rows"]), RECIPE["seed"])
    whole = whole_digits(X, y, RECIPE["whole_digits"], RECIPE["seed"])
    net = train(*map(np.concatenate, zip(parts, whole)))
    net.metadata = {
        "what": "tells whether ink is a whole digit (classes 0-9) or a part of one, or two (10), from 28x28 pixels, "
        "its height and its width (in usual heights of a digit)",
        "data": "rows of MNIST's training digits, without its last 5,000, and of drawn ones, that touch",
        "recipe": {**RECIPE, "moves": MOVES, "command": "python tools/train_parts.py"},
    }
    path = net.save(args.output, np.float16)
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

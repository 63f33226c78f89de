"""Train the digit classifier that ships with the package, nnlib/models/digits.npz, from full MNIST:

    python tools/train_pretrained.py [mnist, or the path of MNIST's files]

A few minutes on one core. The network sees every training digit once per epoch, each time moved anew by
`nnlib.images.augment`. Sizes, epochs, rates and moves were chosen with `--validation 0.1667`, which trains on 50,000
rows, scores on the 10,000 others and writes no file. Without it the network is trained on all 60,000 rows, and scored
once on MNIST's 10,000 test rows.
"""

import argparse
import datetime
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np
from tqdm import tqdm

import nnlib
from nnlib import images
from nnlib.cli.train import wilson_interval

MODEL = Path(nnlib.__file__).parent / "models" / "digits.npz"
RECIPE = {
    "hidden": [500, 128],
    "activations": "relu",
    "optimizer": "Adam",
    "learning_rate": 0.001,
    "schedule": "half a cosine, to 0 after the last epoch",
    "batch_size": 128,
    "epochs": 40,
    "seed": 0,
}
MOVES = {"shift": 1.5, "rotate": 12, "scale": 0.12, "shear": 0.15}  # of images.augment


def train(data, epochs, report):
    """The trained network; `report(net)` is printed now and then."""
    rng = np.random.default_rng(RECIPE["seed"])
    net = nnlib.Network([784, *RECIPE["hidden"], 10], RECIPE["activations"], seed=rng)
    optimizer = nnlib.Adam()
    for epoch in tqdm(range(epochs), unit="epoch", smoothing=0):
        optimizer.learning_rate = RECIPE["learning_rate"] * (1 + np.cos(np.pi * epoch / epochs)) / 2
        moved = images.augment(data.X_train, rng, **MOVES)
        nnlib.train(net, moved, data.y_train, 1, RECIPE["batch_size"], optimizer, seed=rng, progress=False)
        if epoch % 10 == 9:
            tqdm.write(f"epoch {epoch + 1}: {report(net)}")
    return net


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", default="mnist", help="mnist, or the path of MNIST's files (mnist)")
    parser.add_argument("--validation", type=float, default=0, help="share of the training rows to score on")
    parser.add_argument("--epochs", type=int, default=RECIPE["epochs"])
    parser.add_argument("--output", type=Path, default=MODEL)
    args = parser.parse_args()
    data = nnlib.load_dataset(args.data, args.validation)
    if args.validation:
        train(data, args.epochs, lambda net: f"validation accuracy {net.accuracy(data.X_val, data.y_val):.4f}")
        return
    if (len(data.X_train), len(data.X_test)) != (60_000, 10_000):
        parser.error(f"{data.source} is not MNIST with its 60,000 training and 10,000 test rows")

    net = train(data, args.epochs, lambda net: f"accuracy on unmoved training rows {net.accuracy(*first(data)):.4f}")
    net.parameters[:] = net.parameters.astype(np.float16)  # as they are stored
    right = round(net.accuracy(data.X_test, data.y_test) * 10_000)
    low, high = wilson_interval(right, 10_000)
    net.metadata = {
        "what": "reads a handwritten digit from 28x28 pixels in [0, 1], white on black, centred as in MNIST",
        "data": "MNIST's training set, 60,000 rows, moved anew in each epoch",
        "recipe": {**RECIPE, "epochs": args.epochs, "moves": MOVES, "command": "python tools/train_pretrained.py"},
        "test_accuracy": right / 10_000,
        "test_samples": 10_000,
        "test_interval_95": [round(low, 4), round(high, 4)],
        "date": datetime.date.today().isoformat(),
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "nnlib": version("nnlib")},
    }
    path = net.save(args.output, np.float16)
    print(f"test accuracy {right / 10_000:.2%} of 10,000, 95 % interval {100 * low:.2f}-{100 * high:.2f}")
    print(f"{path}: {path.stat().st_size:,} bytes")


def first(data):
    return data.X_train[:10_000], data.y_train[:10_000]


if __name__ == "__main__":
    main()

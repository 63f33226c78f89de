"""Train the digit classifier that ships with the package, nnlib/models/digits.npz, from full MNIST:

    python tools/train_pretrained.py [mnist, or the path of MNIST's files]

Some ten minutes on one core. The network sees every training digit once per epoch, each time moved anew by
`nnlib.images.augment`; in eight further epochs half of them as `images.prepare` leaves them (`as_prepared`: thick,
torn where a line was taken out, with a trace of a frame), and 6,000 digits drawn by strokes (`stroke_digits`). The last
5,000 training rows are held out: on them, and on 1,000 other drawn digits, its temperature is fitted. Sizes, epochs,
rates and moves were chosen with `--validation 0.1667`, which trains on 50,000 rows, scores on the 10,000 others and
writes no file. Without it the network is scored once, on MNIST's 10,000 test rows. `--start FILE` begins with a model
that has the first 40 epochs behind it; the one that ships was begun so, with a model that had seen all 60,000 rows in
those, so the rows of its temperature were held out of its further epochs alone.
"""

import argparse
import datetime
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from stroke_digits import stroke_digits
from tqdm import tqdm

import nnlib
from nnlib import images
from nnlib.cli.train import wilson_interval
from nnlib.images.digits import dilated, finish
from nnlib.images.reading import resize

MODEL = Path(nnlib.__file__).parent / "models" / "digits.npz"
RECIPE = {
    "hidden": [500, 128],
    "activations": "relu",
    "optimizer": "Adam",
    "learning_rate": 0.001,
    "schedule": "half a cosine, to 0 after the last epoch",
    "batch_size": 128,
    "epochs": 40,
    "further_epochs": 8,
    "further_learning_rate": 0.0003,
    "prepared": 0.5,
    "drawn": 6000,
    "seed": 0,
}
HELD = 5000  # training rows held out for the temperature
MOVES = {"shift": 1.5, "rotate": 12, "scale": 0.12, "shear": 0.15}  # of images.augment


def as_prepared(X, rng):
    """Digits (n, 784) as `images.prepare` leaves them: some thicker, some torn by a line, some with a trace of one."""
    out = np.empty_like(X)
    for k, x in enumerate(X.reshape(-1, 28, 28)):
        mask = resize(x, (112, 112)) > 0.5
        if rng.random() < 0.25:
            mask = dilated(mask, rng.uniform(0, 3.5)) > 0.5
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        kind = rng.random()
        if kind < 0.12:  # torn
            row, thick = int(rng.integers(rows[0], rows[-1] + 1)), int(rng.integers(2, 5))
            whole = mask.copy()
            mask[row : row + thick] = False
            mask = mask if mask.any() else whole
        elif kind < 0.22:  # a trace of a frame
            row = int(rng.choice([rows[0] - rng.integers(0, 8), rows[-1] + rng.integers(0, 8)]))
            start = int(rng.integers(columns[0], columns[-1] + 1))
            mask[max(0, row) : row + 3, start : start + int(rng.integers(5, 18))] = True
        out[k] = finish(mask)["centred"].ravel()
    return out


def train(X, y, epochs, report, start=None):
    """The trained network; `report(net)` is printed now and then. `start` has the first part behind it.

    First MNIST's digits alone, then `further_epochs` with half of them as `prepare` leaves them, and drawn ones. The
    mean of the weights before and after keeps most of what each reads (Wortsman et al. 2022, "Robust fine-tuning").
    """
    rng = np.random.default_rng(RECIPE["seed"])
    net = start or nnlib.Network([784, *RECIPE["hidden"], 10], RECIPE["activations"], seed=rng)
    if start is None:
        run(net, X, y, epochs, RECIPE["learning_rate"], rng, report)
    X, y = X.copy(), y.copy()
    some = rng.random(len(X)) < RECIPE["prepared"]
    X[some] = as_prepared(X[some], rng)
    drawn, its = stroke_digits(RECIPE["drawn"] if len(X) > 10_000 else 100, rng)
    further, before = min(RECIPE["further_epochs"], epochs), net.parameters.copy()
    X, y = np.concatenate([X, drawn]), np.concatenate([y, its])
    run(net, X, y, further, RECIPE["further_learning_rate"], rng, report)
    net.parameters[:] = (net.parameters + before) / 2
    return net


def run(net, X, y, epochs, learning_rate, rng, report):
    """The network after `epochs`, every digit moved anew in each."""
    optimizer = nnlib.Adam()
    for epoch in tqdm(range(epochs), unit="epoch", smoothing=0):
        optimizer.learning_rate = learning_rate * (1 + np.cos(np.pi * epoch / epochs)) / 2
        moved = images.augment(X, rng, **MOVES)
        nnlib.train(net, moved, y, 1, RECIPE["batch_size"], optimizer, seed=rng, progress=False)
        if epoch % 10 == 9:
            tqdm.write(f"epoch {epoch + 1}: {report(net)}")
    return net


def best_temperature(net, X, y):
    """The temperature T at which softmax(Z / T) has the least cross-entropy (Guo et al. 2017, On calibration)."""
    Z = net.logits(X).astype(float)

    def cross_entropy(T):
        scaled = Z / T
        top = scaled.max(axis=1)
        return np.mean(top + np.log(np.exp(scaled - top[:, None]).sum(axis=1)) - scaled[np.arange(len(y)), y])

    return float(minimize_scalar(cross_entropy, bounds=(0.5, 5), method="bounded").x)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", default="mnist", help="mnist, or the path of MNIST's files (mnist)")
    parser.add_argument("--validation", type=float, default=0, help="share of the training rows to score on")
    parser.add_argument("--epochs", type=int, default=RECIPE["epochs"])
    parser.add_argument("--start", type=Path, help="a model of these sizes: train it further, leave out the first part")
    parser.add_argument("--output", type=Path, default=MODEL)
    args = parser.parse_args()
    data = nnlib.load_dataset(args.data, args.validation)
    if args.validation:
        train(
            data.X_train,
            data.y_train,
            args.epochs,
            lambda net: f"validation accuracy {net.accuracy(data.X_val, data.y_val):.4f}",
        )
        return
    if (len(data.X_train), len(data.X_test)) != (60_000, 10_000):
        parser.error(f"{data.source} is not MNIST with its 60,000 training and 10,000 test rows")

    held, its = data.X_train[-HELD:], data.y_train[-HELD:]
    report = lambda net: f"accuracy on {HELD:,} rows held out {net.accuracy(held, its):.4f}"  # noqa: E731
    net = train(
        data.X_train[:-HELD],
        data.y_train[:-HELD],
        args.epochs,
        report,
        nnlib.Network.load(args.start) if args.start else None,
    )
    net.parameters[:] = net.parameters.astype(np.float16)  # as they are stored
    rng = np.random.default_rng(1)
    drawn, of_drawn = stroke_digits(1000, rng)
    held, its = np.concatenate([held[:2500], as_prepared(held[2500:], rng), drawn]), np.concatenate([its, of_drawn])
    right = round(net.accuracy(data.X_test, data.y_test) * 10_000)
    low, high = wilson_interval(right, 10_000)
    net.metadata = {
        "what": "reads a handwritten digit from 28x28 pixels in [0, 1], white on black, centred as in MNIST",
        "data": "MNIST's training set without its last 5,000 rows"
        + (", which the network that it started from had seen," if args.start else ",")
        + " half as images.prepare leaves them; 6,000 digits drawn by strokes",
        "recipe": {
            **RECIPE,
            "epochs": args.epochs,
            "moves": MOVES,
            "command": "python tools/train_pretrained.py" + (f" --start {args.start.name}" if args.start else ""),
        },
        "temperature": round(best_temperature(net, held, its), 3),
        "test_accuracy": right / 10_000,
        "test_samples": 10_000,
        "test_interval_95": [round(low, 4), round(high, 4)],
        "date": datetime.date.today().isoformat(),
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "nnlib": version("nnlib")},
    }
    path = net.save(args.output, np.float16)
    print(f"test accuracy {right / 10_000:.2%} of 10,000, 95 % interval {100 * low:.2f}-{100 * high:.2f}")
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

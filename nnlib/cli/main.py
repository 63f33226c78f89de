"""The command line: python -m nnlib train|predict|submit|datasets, each with --help."""

import datetime
import os
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from nnlib.cli.parser import OPTIMIZERS, REPORTED_ROWS, build_parser
from nnlib.data import cache, datasets, formats
from nnlib.network import Network, load_pretrained
from nnlib.training import train

PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
SMALL = 10**8  # multiplications per update and pass: fewer are faster on one thread

# -- train -------------------------------------------------------------------------------------------------------------


def run_train(args):
    from threadpoolctl import threadpool_limits

    for path in (args.curves, args.output):  # now, not after an hour of training
        check_writable(path)
    if args.curves and args.curves.suffix not in (".png", ".svg", ".pdf"):
        raise ValueError(f"--curves {args.curves}; expected a name that ends in .png, .svg or .pdf")
    if args.report is not None and args.report < 1:
        raise ValueError(f"--report {args.report}; expected a number of iterations from 1")
    data = datasets.load_dataset(args.data, args.validation, args.max_train_samples)
    activations = args.activations[0] if len(args.activations) == 1 else args.activations
    net = Network(
        [data.X_train.shape[1], *args.hidden, len(data.class_names)],
        activations,
        args.output_activation,
        args.loss,
        args.initializer,
        seed=args.seed,
    )
    rate = [] if args.learning_rate is None else [args.learning_rate]
    optimizer = OPTIMIZERS[args.optimizer](*rate)
    parts = {"training": (data.X_train, data.y_train), "validation": (data.X_val, data.y_val)}
    parts = {name: rows for name, rows in parts.items() if len(rows[1])}
    print(data, net, sep="\n\n", end="\n\n", flush=True)
    if args.report:
        report_every(args.report, optimizer, parts)
    X, y = parts["training"]
    # On a busy machine a second thread makes small products up to 70 times slower; large ones it halves.
    small = (args.batch_size or len(X)) * len(net.parameters) < SMALL
    with threadpool_limits(1 if small else None):
        history = train(net, X, y, args.epochs, args.batch_size, optimizer, parts.get("validation"), args.seed)
    interrupted = len(history) < args.epochs or ("validation" in parts and history["val_loss"].isna().any())
    if interrupted and history.empty:
        raise KeyboardInterrupt

    shown = np.unique(np.linspace(0, len(history) - 1, min(len(history), 10)).round().astype(int))
    table = history.dropna(axis="columns", how="all").iloc[shown]
    print(table.to_string(index=False, float_format="{:.4f}".format))
    for name in list(parts)[1:]:
        print(f"{name} accuracy:", share_right(net, *parts[name]))
    if args.test:
        print("test accuracy:", share_right(net, data.X_test, data.y_test))
    if args.output:
        net.metadata = {
            "data": data.name,
            "classes": data.class_names,
            "recipe": f"{optimizer}, batch size {args.batch_size}, {len(history)} epochs, seed {args.seed}",
            "date": datetime.date.today().isoformat(),
        }
        print("model:", net.save(args.output))
    if args.curves:
        from nnlib import plots

        plots.history(history).savefig(args.curves)
        print("curves:", args.curves)
    if interrupted:
        raise KeyboardInterrupt


def report_every(iterations, optimizer, parts):
    """Let `optimizer` print loss and accuracy of a network, on rows of each part, after every so many updates."""
    from tqdm import tqdm

    update, taken = optimizer.step, 0

    def step(net):
        nonlocal taken
        update(net)
        taken += 1
        if taken % iterations == 0:
            line = f"iteration {taken:5}"
            for name, (X, y) in parts.items():
                loss, accuracy = net.score(*net.check_X_y(X[:REPORTED_ROWS], y[:REPORTED_ROWS]))
                line += f"   {name}: loss {loss:.4f}, accuracy {accuracy:6.1%}"
            tqdm.write(line)  # above the progress bar

    optimizer.step = step


def share_right(net, X, y):
    """Accuracy in words, with its 95 % interval (Wilson 1927)."""
    from scipy.stats import binomtest

    right = round(net.accuracy(X, y) * len(y))
    low, high = binomtest(right, len(y)).proportion_ci(method="wilson")
    return f"{right / len(y):.2%} ({right:,} of {len(y):,}; 95 % interval {100 * low:.1f}-{100 * high:.1f})"


def check_writable(path):
    if path and not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.absolute().parent} to write {path.name} to; make it first")


# -- predict and submit ------------------------------------------------------------------------------------------------


def load_model(path):
    """The network in that file, or the one that ships with nnlib; ValueError if it does not read 28x28 digits."""
    net = load_pretrained() if path is None else Network.load(path)
    if net.sizes[0] != 784 or net.sizes[-1] != 10 or not net.is_classifier:
        raise ValueError(
            f"{path} is a network of {net.sizes[0]} inputs and {net.sizes[-1]} outputs ({net.output.name}); expected a "
            "classifier from 784 (28x28 pixels) to 10. Train one: python -m nnlib train mnist-5k --output net.npz"
        )
    return net


def run_predict(args):
    """A picture that cannot be read does not keep the others from being read."""
    from nnlib import images

    net, paths, failures = load_model(args.model), list(find_pictures(args.pictures)), 0
    width = max(len(str(path)) for path in paths)
    for path in paths:
        try:
            stages = images.prepare(path, stages=True)
        except (ValueError, OSError) as error:
            failures += 1
            complain(args.prog, error)
            continue
        A = net.predict_proba(list(stages.values())[-1].reshape(1, 784))[0]
        best = np.argsort(-A)[:3]
        print(f"{path!s:<{width}}  ", "   ".join(f"{digit} {A[digit]:6.1%}" for digit in best), flush=True)
        if args.show:
            print("    stages:", draw_stages(path, stages))
    return 2 if failures else 0


def find_pictures(paths):
    """The paths themselves; of a folder, the pictures in it and below."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = sorted(file for file in path.rglob("*") if file.suffix.lower() in PICTURES)
        if not found:
            raise FileNotFoundError(f"{path} holds no picture ({', '.join(PICTURES)})")
        yield from found


def draw_stages(picture, stages):
    """Write the stages side by side to the current folder, never over another file; return the file's name."""
    from nnlib import plots

    fig, axes = plots.figure(2 * len(stages), 2.4, ncols=len(stages))
    for ax, (name, stage) in zip(axes, stages.items()):
        ax.imshow(stage, cmap="gray", vmin=0)
        ax.set_title(name)
        ax.axis("off")
    names = (f"{picture.stem}_stages{n}.png" for n in ["", *range(2, 10_000)])
    path = next(path for path in map(Path, names) if not path.exists())
    fig.savefig(path)
    return path


def run_submit(args):
    check_writable(args.output)
    net, path = load_model(args.model), datasets.find_path(args.test)
    X, _ = formats.read_csv(path)
    if X.shape[1] != 784:
        labelled = X.shape[1] == 785
        hint = "; are these labelled rows, such as train.csv? They are for training" if labelled else ""
        raise ValueError(f"{path} has {X.shape[1]} columns, expected the 784 pixels of Kaggle's test.csv{hint}")
    X, _, _ = datasets.scale(X, X[:0], X[:0], (28, 28), path)
    labels = net.predict(X)
    table = pd.DataFrame({"ImageId": np.arange(1, len(labels) + 1), "Label": labels})
    table.to_csv(args.output, index=False)
    print(f"{args.output}: {len(labels):,} rows. Digits 0-9:", *np.bincount(labels, minlength=10))


# -- datasets ----------------------------------------------------------------------------------------------------------

NAMES = """\
Names
  mnist-5k   5,000 digits of 28x28 pixels; no download
  mnist      60,000 digits to train on, 10,000 to test; your files, else 11 MB from the net
  digits     1,797 digits of 8x8 pixels; no download
  iris       150 flowers, 4 measurements, 3 classes; no download

Paths of a file
  train.csv  and the like: a label and the pixels of a square picture in each line
  mnist.npz  as Keras has it: x_train, y_train, x_test, y_test

Paths of a folder that holds
  train-images-idx3-ubyte, train-labels-..., t10k-images-..., t10k-labels-...  (or .gz)
  mnist.npz, or train.csv, or mnist_train.csv with mnist_test.csv
  train_X.csv, train_label.csv, test_X.csv, test_label.csv  (labels 0-9 or one-hot)

Pixels are 0-255 or 0-1; test.csv, which has no labels, is for submit. A path is looked
for from the current folder, then from the folder of your files.
"""


def run_datasets(args):
    if args.data:
        print(datasets.load_dataset(args.data))
        return
    print(NAMES)
    for what, place, variable in (
        ("Your files", datasets.data_folder(), "NNLIB_DATA"),
        ("Downloads and parsed files", cache.cache_folder(), "NNLIB_CACHE"),
        ("Without a name, train takes", os.environ.get("NNLIB_DATASET") or "mnist-5k", "NNLIB_DATASET"),
    ):
        print(f"{what + ':':<30}{place}   (to change it, set {variable})")


# -- the start ---------------------------------------------------------------------------------------------------------


def complain(prog, error):
    """One line, however many the message has."""
    print(f"{prog}: error: {' '.join(str(error).split())}", file=sys.stderr)


COMMANDS = {"train": run_train, "predict": run_predict, "submit": run_submit, "datasets": run_datasets}


def main(arguments=None):
    """Run one command; returns the exit code: 0, 2 for an error that is the user's to mend, 130 for Ctrl-C."""
    args = build_parser().parse_args(arguments)
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: print(f"{args.prog}: note: {message}", file=sys.stderr)
        try:
            return COMMANDS[args.command](args) or 0
        except (ValueError, OSError) as error:
            complain(args.prog, error)
            return 2
        except KeyboardInterrupt:
            print(f"{args.prog}: interrupted", file=sys.stderr)
            return 130

"""The command line: python -m nnlib train|predict|submit|datasets, each with --help."""

import argparse
import datetime
import os
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from nnlib import datasets, formats, initializers
from nnlib.activations import FUNCTIONS
from nnlib.losses import LOSSES
from nnlib.network import Network, load_pretrained
from nnlib.optimizers import SGD, Adam, RMSprop
from nnlib.training import train

OPTIMIZERS = {"sgd": SGD, "rmsprop": RMSprop, "adam": Adam}
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
REPORTED_ROWS = 1000  # --report scores that many, so that it costs little
SMALL = 10**8  # multiplications per update and pass: fewer are faster on one thread

ABOUT = """\
Train and use small neural networks from the shell. To begin with:

  python -m nnlib train mnist-5k --output net.npz     5,000 digits, a few seconds
  python -m nnlib predict photo.jpg                   which digit is it?
  python -m nnlib datasets                            what there is to train on
"""

TRAIN = """\
Train a network on a data set. Without options: two hidden layers of 128 and 64
ReLU units, ten epochs of gradient descent in batches of 64. The accuracy that is
printed is that of the validation rows, which are held back from training. The
value that an option has if it is not given stands in parentheses.
"""
TRAIN_MORE = """\
examples:
  python -m nnlib train
  python -m nnlib train digits --hidden 32 --epochs 30 --curves curves.png
  python -m nnlib train iris --hidden 8 --activations tanh --epochs 100
  python -m nnlib train mnist --optimizer adam --epochs 20 --output net.npz
  python -m nnlib train train.csv --activations leaky_relu elu \\
         --batch-size full --epochs 500 --report 10

An iteration is one update of the weights, from one batch; an epoch is one pass
over all training rows. With --batch-size full the two are the same, and ten
epochs are only ten updates: take hundreds.

Is nothing learned (the loss stays near ln 10 = 2.30)? Try a learning rate ten
times smaller, then ten times larger. Is training accuracy far above validation
accuracy? That is overfitting: more rows, a smaller network or fewer epochs help.
Compare settings by validation accuracy, and ask for --test once, at the end.

Ctrl-C ends training early; what was learned so far is saved all the same.
"""

PREDICT = """\
Read one digit per picture and print the three most probable, with the network's
confidence. A picture may have any size and be dark on light or light on dark: it
is first made into what MNIST's digits are, 28x28 pixels (--show draws how).
"""
PREDICT_MORE = """\
examples:
  python -m nnlib predict photo.jpg
  python -m nnlib predict photo.jpg --show           writes photo_stages.png
  python -m nnlib predict my_digits                  all pictures in a folder
  python -m nnlib predict *.png --model net.npz      with a network of your own

The confidences of the ten digits add up to 100 %, so a letter is read as a digit
too. Is a digit misread? Look at its stages: often the crop or the pen shows why.
"""

SUBMIT = """\
Label the pictures of Kaggle's test.csv and write the file that its competition
"Digit Recognizer" takes: ImageId,Label.
"""
SUBMIT_MORE = """\
examples:
  python -m nnlib train train.csv --optimizer adam --epochs 20 --output net.npz
  python -m nnlib submit test.csv --model net.npz --output submission.csv

Both files are at https://www.kaggle.com/competitions/digit-recognizer/data (free
account). Pixels 0-255 are divided by 255, as they were for training. Most of
Kaggle's test rows are in MNIST's training set, which the model that ships with
nnlib has seen: for a score that means something, train your own on train.csv.
"""

DATASETS = """\
List the names of data sets, the kinds of files that are understood, and the
folders where files go. With a name: load it and count the samples of each class.
"""


def build_parser():
    parser = argparse.ArgumentParser(
        prog="python -m nnlib",
        description=ABOUT,
        epilog="python -m nnlib COMMAND --help explains each command, with examples.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(run, usage, summary, description, epilog=None):
        name = run.__name__.removeprefix("run_")
        one = commands.add_parser(
            name,
            usage=f"python -m nnlib {name} {usage}",
            help=summary,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        one.set_defaults(run=run, prog=one.prog)
        return one.add_argument

    add = command(run_train, "[DATA] [options]", "train a network on a data set", TRAIN, TRAIN_MORE)
    # fmt: off
    add("data", metavar="DATA", nargs="?",
        help="a name or a path: see `python -m nnlib datasets` (mnist-5k, or $NNLIB_DATASET)")
    add("--hidden", metavar="UNITS", nargs="*", type=int, default=[128, 64], help="units of each hidden layer (128 64)")
    add("--activations", metavar="NAME", nargs="+", default=["relu"],
        help=f"one for all hidden layers, or one each (relu): {', '.join(FUNCTIONS)}")
    add("--output-activation", metavar="NAME", choices=("softmax", "sigmoid"), default="softmax",
        help="of the last layer (softmax), or sigmoid")
    add("--loss", metavar="NAME", choices=LOSSES,
        help=f"what training makes small (the one that matches the last layer): {', '.join(LOSSES)}")
    add("--initializer", metavar="NAME", type=initializer, default="he",
        help="start weights (he): he, xavier, zeros, normal:0.01 (its scale), uniform:-0.5:0.5 (its ends)")
    add("--optimizer", metavar="NAME", choices=OPTIMIZERS, default="sgd",
        help=f"how weights follow from gradients (sgd): {', '.join(OPTIMIZERS)}")
    add("--learning-rate", metavar="RATE", type=float, help="size of a step (sgd 0.1, rmsprop and adam 0.001)")
    add("--batch-size", metavar="ROWS", type=batch_size, default=64, help="rows per update (64), or `full` for all")
    add("--epochs", metavar="N", type=int, default=10, help="passes over the training rows (10)")
    add("--validation", metavar="SHARE", type=float, default=0.2, help="share of the training rows held back (0.2)")
    add("--max-train-samples", metavar="N", type=int, help="train on fewer rows")
    add("--seed", metavar="N", type=int, default=0, help="of the start weights and the order of rows (0)")
    add("--report", metavar="N", type=int,
        help=f"print loss and accuracy every N iterations (on {REPORTED_ROWS:,} rows at most)")
    add("--test", action="store_true", help="print the accuracy on the test rows at the end")
    add("--curves", metavar="PICTURE", type=Path, help="save loss and accuracy over the epochs (.png, .svg or .pdf)")
    add("--output", metavar="MODEL", type=Path, help="save the network (.npz): for predict, submit and Network.load")

    model_help = "what `train --output` or net.save wrote (the model that ships with nnlib)"
    add = command(run_predict, "PICTURE ... [options]", "say which digit a picture shows", PREDICT, PREDICT_MORE)
    add("pictures", metavar="PICTURE", nargs="+", type=Path, help="picture files, or folders of them")
    add("--model", metavar="MODEL", type=Path, help=model_help)
    add("--show", action="store_true", help="write each picture's stages to NAME_stages.png in the current folder")

    add = command(run_submit, "[TEST.CSV] [options]", "write Kaggle's submission file", SUBMIT, SUBMIT_MORE)
    add("test", metavar="TEST.CSV", nargs="?", default="test.csv", help="784 pixels a line, no labels (test.csv)")
    add("--model", metavar="MODEL", type=Path, help=model_help)
    add("--output", metavar="FILE", type=Path, default=Path("submission.csv"), help="what is written (submission.csv)")

    add = command(run_datasets, "[DATA]", "list data sets, file formats and folders", DATASETS)
    add("data", metavar="DATA", nargs="?", help="a name or a path")
    # fmt: on
    return parser


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
                loss, accuracy = net.score(*net.check(X[:REPORTED_ROWS], y[:REPORTED_ROWS]))
                line += f"   {name}: loss {loss:.4f}, accuracy {accuracy:6.1%}"
            tqdm.write(line)  # above the progress bar

    optimizer.step = step


def share_right(net, X, y):
    """Accuracy in words, with its 95 % interval (Wilson 1927)."""
    from scipy.stats import binomtest

    right = round(net.accuracy(X, y) * len(y))
    low, high = binomtest(right, len(y)).proportion_ci(method="wilson")
    return f"{right / len(y):.2%} ({right:,} of {len(y):,}; 95 % interval {100 * low:.1f}-{100 * high:.1f})"


def initializer(text):
    """`he`, or with numbers after it `normal:0.01`: what Network takes. argparse turns the ValueError into words."""
    name, *numbers = text.split(":")
    if not numbers:
        return name
    if name not in ("normal", "uniform"):
        raise ValueError
    try:
        return getattr(initializers, name)(*map(float, numbers))
    except TypeError as error:  # one number too many or too few
        raise ValueError from error


def batch_size(text):
    return None if text == "full" else int(text)


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
        ("Downloads and parsed files", formats.cache_folder(), "NNLIB_CACHE"),
        ("Without a name, train takes", os.environ.get("NNLIB_DATASET") or "mnist-5k", "NNLIB_DATASET"),
    ):
        print(f"{what + ':':<30}{place}   (to change it, set {variable})")


# -- the start ---------------------------------------------------------------------------------------------------------


def complain(prog, error):
    """One line, however many the message has."""
    print(f"{prog}: error: {' '.join(str(error).split())}", file=sys.stderr)


def main(arguments=None):
    """Run one command; returns the exit code: 0, 2 for an error that is the user's to mend, 130 for Ctrl-C."""
    args = build_parser().parse_args(arguments)
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: print(f"{args.prog}: note: {message}", file=sys.stderr)
        try:
            return args.run(args) or 0
        except (ValueError, OSError) as error:
            complain(args.prog, error)
            return 2
        except KeyboardInterrupt:
            print(f"{args.prog}: interrupted", file=sys.stderr)
            return 130


if __name__ == "__main__":
    sys.exit(main())

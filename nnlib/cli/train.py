"""python -m nnlib train: from a data set to a network, its accuracy in words, a model file and curves."""

import datetime
import functools

import numpy as np

from nnlib import training
from nnlib.cli.output import check_writable, save_model
from nnlib.cli.parser import AUGMENT, OPTIMIZERS
from nnlib.data import datasets
from nnlib.network import Network
from nnlib.schedules import Cosine


def run(args):
    """What can be wrong with the command line is found before the training, which may take an hour."""
    if args.output:
        check_writable(args.output, replaced=True)
    if args.curves:
        check_writable(args.curves)
        if args.curves.suffix not in (".png", ".svg", ".pdf"):
            raise ValueError(f"--curves {args.curves}; expected a name that ends in .png, .svg or .pdf")
        from nnlib import plots
    optimizer = make_optimizer(args)
    data = datasets.load_dataset(args.data, args.validation, args.max_train_samples, **given(label=args.label))
    net = Network(
        [data.X_train.shape[1], *args.hidden, len(data.class_names)],
        args.activations[0] if len(args.activations) == 1 else args.activations,
        args.output_activation,
        args.loss,
        args.initializer,
        seed=args.seed,
    )
    parts = {"training": (data.X_train, data.y_train), "validation": (data.X_val, data.y_val)}
    parts = {name: rows for name, rows in parts.items() if len(rows[1])}
    if args.test:
        parts["test"] = data.X_test, data.y_test
    if len(parts) > 1:  # for the accuracies' intervals: where it is missing, that is said now
        from scipy import stats  # noqa: F401
    print(data, net, sep="\n\n", end="\n\n", flush=True)

    X, y = parts["training"]
    per_epoch = -(-len(X) // (args.batch_size or len(X)))
    if args.schedule == "cosine":
        optimizer.learning_rate = Cosine(optimizer.learning_rate, steps=max(args.epochs * per_epoch, 1))
    options = {"patience": args.patience, "restore_best": True} if args.patience else {}
    if args.report:
        options["callback"] = report_every(args.report, per_epoch)
    if args.augment:
        options["augment"] = augment_of(args.augment, data)
    interrupted = False
    try:
        history = training.train(
            net, X, y, args.epochs, args.batch_size, optimizer, parts.get("validation"), args.seed, **options
        )
    except KeyboardInterrupt:
        history, interrupted = net.history, True
        if history is None or history.empty:  # nothing was learned yet
            raise
    if args.output:  # before anything is printed: the reader of a pipe may be gone
        best = f", weights of the best epoch (patience {args.patience})" if args.patience else ""
        net.metadata = {
            "data": data.name,
            "classes": data.class_names,
            "recipe": f"{optimizer}, batch size {args.batch_size}, {len(history)} epochs{best}, seed {args.seed}"
            + (f", augment {args.augment}" if args.augment else ""),
            "date": datetime.date.today().isoformat(),
        }
        saved, failure = save_model(net, args.output)

    if len(history):
        shown = np.unique(np.linspace(0, len(history) - 1, min(len(history), 10)).round().astype(int))
        table = history.dropna(axis="columns", how="all").iloc[shown]
        print(table.to_string(index=False, float_format="{:.4f}".format))
    if args.patience and len(history) < args.epochs and not interrupted:
        print(f"stopped after epoch {len(history)}: no better one since the best, whose weights these are")
    for name in list(parts)[1:]:
        print(f"{name} accuracy:", accuracy_in_words(net, *parts[name]))
    if args.output and saved:
        print("model:", saved)
    if args.curves:
        plots.history(history).savefig(args.curves)
        print("curves:", args.curves)
    if args.output and failure:
        raise failure
    if interrupted:
        raise KeyboardInterrupt


def given(**options):
    """Those that were given on the command line; for the others, what is called has its own default."""
    return {name: value for name, value in options.items() if value is not None}


def make_optimizer(args):
    if args.momentum is not None and args.optimizer != "sgd":
        raise ValueError(f"--momentum is for --optimizer sgd; {args.optimizer} has running means of its own")
    settings = given(learning_rate=args.learning_rate, momentum=args.momentum, weight_decay=args.weight_decay)
    return OPTIMIZERS[args.optimizer](**settings)


def augment_of(name, data):
    """What `train` takes as `augment`. Raises ValueError for rows that are no pictures."""
    from nnlib import images

    if data.image_shape is None:
        raise ValueError(f"--augment is for pictures, and the rows of {data.name} are none; leave it out")
    return functools.partial(images.augment, **AUGMENT[name], image_shape=data.image_shape)


def report_every(iterations, per_epoch):
    """A callback for `train` that prints an epoch's row if the epoch completed another so many iterations."""
    from tqdm import tqdm

    def report(row):
        taken = row["epoch"] * per_epoch
        if taken // iterations == (taken - per_epoch) // iterations:
            return
        line = f"iteration {taken:5}   training: loss {row['loss']:.4f}, accuracy {row['accuracy']:6.1%}"
        if np.isfinite(row["val_loss"]):
            line += f"   validation: loss {row['val_loss']:.4f}, accuracy {row['val_accuracy']:6.1%}"
        with tqdm.external_write_mode():  # above the progress bar
            print(line, flush=True)

    return report


def accuracy_in_words(net, X, y):
    right = round(net.accuracy(X, y) * len(y))
    low, high = wilson_interval(right, len(y))
    return f"{right / len(y):.2%} ({right:,} of {len(y):,}; 95 % interval {100 * low:.1f}-{100 * high:.1f})"


def wilson_interval(right, n):
    """The 95 % interval (low, high) of an accuracy, `right` of `n` (Wilson 1927)."""
    from scipy.stats import binomtest

    interval = binomtest(right, n).proportion_ci(method="wilson")
    return interval.low, interval.high

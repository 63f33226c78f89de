"""The command line: python -m nnlib train|predict|submit|sheet|datasets, each with --help."""

import os
import sys
import warnings
from collections.abc import Sequence

from nnlib.cli import predict, submit, train
from nnlib.cli.output import complain
from nnlib.cli.parser import build_parser
from nnlib.data import cache, datasets
from nnlib.extras import from_an_extra

NAMES = """\
Names
  mnist-5k   5,000 digits of 28x28 pixels; no download
  mnist      60,000 digits to train on, 10,000 to test; your files, else 11 MB from the net
  digits     1,797 digits of 8x8 pixels; no download
  iris       150 flowers, 4 measurements, 3 classes; no download
  letters    EMNIST's letters, 26 classes, 28x28 pixels; your files
  fashion    Fashion-MNIST, 10 kinds of clothes, 28x28 pixels; your files, else 30 MB

Paths of a file
  train.csv  and any CSV table: a label in each line, and a picture's pixels or other numbers.
             The label's column is called label, class, target, species or y, is the first or
             the last, or is named by --label
  mnist.npz  as Keras has it: x_train, y_train, x_test, y_test; or X, y
  any.zip    with one of these in it

Paths of a folder that holds
  train-images-idx3-ubyte, train-labels-..., t10k-images-..., t10k-labels-...  (or .gz)
  mnist.npz, or train.csv, or mnist_train.csv with mnist_test.csv
  train_X.csv, train_label.csv, test_X.csv, test_label.csv  (labels or one-hot)
  a folder of pictures for each class, named like the class

Pixels are 0-255 or 0-1; other numbers are scaled. test.csv, which has no labels, is for
submit. A path is looked for from the current folder, then from the folder of your files.
"""


def run_datasets(args):
    if args.data:
        print(datasets.load_dataset(args.data, **train.given(label=args.label)))
        return
    print(NAMES)
    for what, place, variable in (
        ("Your files", datasets.data_folder(), "NNLIB_DATA"),
        ("Downloads and parsed files", cache.cache_folder(), "NNLIB_CACHE"),
        ("Without a name, train takes", os.environ.get("NNLIB_DATASET") or "mnist-5k", "NNLIB_DATASET"),
    ):
        print(f"{what + ':':<30}{place}   (to change it, set {variable})")


def run_sheet(args):
    from nnlib import images

    print(f"{images.write_sheet(args.path, args.labels, args.paper)}: print it at full size")


COMMANDS = {
    "train": train.run,
    "predict": predict.run,
    "submit": submit.run,
    "sheet": run_sheet,
    "datasets": run_datasets,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, 2 for an error that is the user's to mend, 130 for Ctrl-C.

    Raises BrokenPipeError when nobody reads its output any more.
    """
    args = build_parser().parse_args(arguments)
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: print(f"{args.prog}: note: {message}", file=sys.stderr)
        try:
            with from_an_extra():
                return COMMANDS[args.command](args) or 0
        except BrokenPipeError:
            raise
        except (ValueError, OSError, MemoryError, ModuleNotFoundError) as error:
            complain(args.prog, error)
            return 2
        except KeyboardInterrupt:
            print(f"{args.prog}: interrupted", file=sys.stderr)
            return 130

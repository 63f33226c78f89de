"""The options of the command line, and their help."""

import argparse
from pathlib import Path

from nnlib import initializers, optimizers
from nnlib.activations import FUNCTIONS
from nnlib.losses import LOSSES

OPTIMIZERS = {name.lower(): optimizer for name, optimizer in optimizers.OPTIMIZERS.items()}
AFFINE = {"shift": 1.5, "rotate": 12, "scale": 0.12, "shear": 0.15}
PAPERS = "a4", "letter"  # those of images.write_sheet, whose module is slow to load
AUGMENT = {"affine": AFFINE, "elastic": {**AFFINE, "elastic": 1.0}}  # how far `images.augment` moves and bends

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
  python -m nnlib train mnist --hidden 1000 500 --optimizer adam --schedule cosine \\
         --augment elastic --batch-size 128 --epochs 50    the best one that we know
  python -m nnlib train letters.csv --hidden 128 --patience 3
  python -m nnlib train wine.csv --label quality --hidden 16 --weight-decay 1e-3
  python -m nnlib train train.csv --activations leaky_relu elu \\
         --batch-size full --epochs 500 --report 10

An iteration is one update of the weights, from one batch; an epoch is one pass
over all training rows. With --batch-size full the two are the same, and ten
epochs are only ten updates: take hundreds.

Is nothing learned (the loss stays near ln K for K classes, 2.30 for ten)? Try a
learning rate ten times smaller, then ten times larger. Is training accuracy far
above validation accuracy? That is overfitting: more rows, or --augment for
pictures, help most (notebook 07 compares the remedies); --weight-decay and
--patience make the confidence honest. Compare settings by validation accuracy, and
ask for --test once, at the end.

Ctrl-C ends training early; what was learned so far is saved all the same.
"""

PREDICT = """\
Read one digit per picture and print the three most probable, with the network's
confidence. With a --model that was trained on other classes, on letters say, it
prints these. A picture may have any size and be dark on light or light on dark:
it is first made into what MNIST's digits are, 28x28 pixels (--show draws how).
"""
PREDICT_MORE = """\
examples:
  python -m nnlib predict photo.jpg
  python -m nnlib predict photo.jpg --show           writes photo_stages.png
  python -m nnlib predict postcode.jpg --digits      all digits of a number
  python -m nnlib predict my_digits                  all pictures in a folder
  python -m nnlib predict *.png --model net.npz      with a network of your own

The confidences of all classes add up to 100 %, so a letter is read as a digit too.
If a picture seems to show several digits, all are read. Is one misread? Look at its
stages: often "digit", "clean" or the pen shows why.

Every file of a folder is tried, except hidden ones. If one is no picture that can
be read, standard error says which and why, and the exit code is 2.
"""

SUBMIT = """\
Label the pictures of Kaggle's test.csv and write the file that its competition
"Digit Recognizer" takes: ImageId,Label. The ids are those of the column ImageId;
without one they are 1, 2, 3 and so on.
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

SHEET = """\
Write a sheet to print: 120 boxes, above each of them a digit or a letter to write.
From a photograph of it, nnlib.images.read_sheet has the labelled pictures.
"""
SHEET_MORE = """\
examples:
  python -m nnlib sheet sheet.pdf
  python -m nnlib sheet letters.pdf --labels ABCDEFGHIJKLMNOPQRSTUVWXYZ
  python -m nnlib sheet sheet.pdf --paper letter
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

    def command(name, usage, summary, description, epilog=None):
        one = commands.add_parser(
            name,
            usage=f"python -m nnlib {name} {usage}",
            help=summary,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        one.set_defaults(command=name, prog=one.prog)
        return one.add_argument

    add = command("train", "[DATA] [options]", "train a network on a data set", TRAIN, TRAIN_MORE)
    # fmt: off
    add("data", metavar="DATA", nargs="?",
        help="a name or a path: see `python -m nnlib datasets` (mnist-5k, or $NNLIB_DATASET)")
    add("--hidden", metavar="UNITS", nargs="*", type=from_1, default=[128, 64],
        help="units of each hidden layer (128 64)")
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
    add("--schedule", metavar="NAME", choices=("constant", "cosine"), default="constant",
        help="of the learning rate (constant), or cosine: down to 0 at the end")
    add("--augment", metavar="NAME", choices=AUGMENT,
        help=f"train on changed copies of pictures, new ones in each epoch (no): {', '.join(AUGMENT)}")
    add("--momentum", metavar="SHARE", type=float, help="share of the last step that sgd keeps (0)")
    add("--weight-decay", metavar="STRENGTH", type=float, help="how strongly weights are drawn to 0 (0)")
    add("--batch-size", metavar="ROWS", type=batch_size, default=64, help="rows per update (64), or `full` for all")
    add("--epochs", metavar="N", type=from_0, default=10, help="passes over the training rows (10)")
    add("--patience", metavar="N", type=from_1,
        help="stop after N epochs without a better one, and keep the weights of the best (no)")
    add("--label", metavar="COLUMN", help="column of a table that holds the classes (found by its name or place)")
    add("--validation", metavar="SHARE", type=float, default=0.2, help="share of the training rows held back (0.2)")
    add("--max-train-samples", metavar="N", type=from_1, help="train on fewer rows")
    add("--seed", metavar="N", type=from_0, default=0, help="of the start weights and the order of rows (0)")
    add("--report", metavar="N", type=from_1,
        help="print loss and accuracy at the end of the first epoch after each N iterations")
    add("--test", action="store_true", help="print the accuracy on the test rows at the end")
    add("--curves", metavar="PICTURE", type=Path, help="save loss and accuracy over the epochs (.png, .svg or .pdf)")
    add("--output", metavar="MODEL", type=Path, help="save the network (.npz): for predict, submit and Network.load")

    model_help = "what `train --output` or net.save wrote (the model that ships with nnlib)"
    add = command("predict", "PICTURE ... [options]", "say which digit a picture shows", PREDICT, PREDICT_MORE)
    add("pictures", metavar="PICTURE", nargs="+", type=Path, help="picture files, or folders of them")
    add("--model", metavar="MODEL", type=Path, help=model_help)
    add("--digits", action="store_true", help="read all digits of a number, also where the picture seems to show one")
    add("--show", action="store_true", help="write each picture's stages to NAME_stages.png in the current folder")

    add = command("submit", "[TEST.CSV] [options]", "write Kaggle's submission file", SUBMIT, SUBMIT_MORE)
    add("test", metavar="TEST.CSV", nargs="?", default="test.csv", help="784 pixels a line, no labels (test.csv)")
    add("--model", metavar="MODEL", type=Path, help=model_help)
    add("--output", metavar="FILE", type=Path, default=Path("submission.csv"), help="what is written (submission.csv)")

    add = command("sheet", "[FILE] [options]", "write a sheet to print, to collect handwriting on", SHEET, SHEET_MORE)
    add("path", metavar="FILE", nargs="?", default="sheet.pdf", help="what is written, .pdf or .png (sheet.pdf)")
    add("--labels", metavar="TEXT", default="0123456789", help="the characters that are to be written (0123456789)")
    add("--paper", metavar="NAME", choices=PAPERS, default="a4", help=f"size (a4): {', '.join(PAPERS)}")

    add = command("datasets", "[DATA] [options]", "list data sets, file formats and folders", DATASETS)
    add("data", metavar="DATA", nargs="?", help="a name or a path")
    add("--label", metavar="COLUMN", help="as in train")
    # fmt: on
    return parser


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


def from_0(text):
    return whole(text, 0)


def from_1(text):
    return whole(text, 1)


def batch_size(text):
    return None if text == "full" else whole(text, 1)


def whole(text, least):
    """argparse puts the option's name before these words."""
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a whole number from {least}")
    return number

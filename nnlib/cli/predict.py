"""python -m nnlib predict: what do pictures show? And the model that predict and submit take."""

import os
import warnings
from pathlib import Path

import numpy as np

from nnlib.cli.output import complain
from nnlib.network import Network, load_pretrained


def run(args):
    """A picture that cannot be read does not keep the others from being read."""
    from nnlib import images

    net, names = load_model(args.model)
    paths, errors = find_pictures(args.pictures)
    for error in errors:
        complain(args.prog, error)
    width, name_width = max((len(str(path)) for path in paths), default=0), max(map(len, names))
    for path in paths:
        try:
            with warnings.catch_warnings(record=True) as notes:  # that a number was given: all its digits are read
                warnings.simplefilter("always")
                stages = images.prepare(path, stages=True)
            several = args.digits or bool(is_grey(stages["digit"]).any())
            found = images.split_digits(path, stages=True, network=net) if several else None
        except (ValueError, OSError) as error:
            errors.append(error)
            complain(args.prog, error)
            continue
        if several and (args.digits or len(found["digits"]) > 1):
            print(f"{path!s:<{width}}  ", read_number(names, found["probabilities"]), flush=True)
        else:
            A = net.predict_proba(stages["centred"].reshape(1, 784))[0]
            best = [f"{names[k]:<{name_width}} {A[k]:6.1%}" for k in np.argsort(-A)[:3]]
            print(f"{path!s:<{width}}  ", "   ".join(best), flush=True)
        for note in notes:
            if "more than one digit" not in str(note.message):
                warnings.warn(str(note.message), stacklevel=1)
        if args.show:
            print("    stages:", draw_stages(path, stages))
    return 2 if errors else 0


def is_grey(stage):
    """Where the stage "digit" shows a piece that may be the digit just as well."""
    return (stage > 0) & (stage < 1)


def read_number(names, P):
    """What several digits say, in words; P (n, classes) their probabilities."""
    text = "".join(names[k] for k in P.argmax(axis=1))
    return (
        f"{text}   {len(P)} digit{'s' if len(P) > 1 else ''} in this picture, the least sure {P.max(axis=1).min():.1%}"
    )


def load_model(path):
    """The network in that file, or the one that ships with nnlib, and the names of its classes.

    Raises ValueError if it is no classifier of 28x28 pixels.
    """
    net = load_pretrained() if path is None else Network.load(path)
    inputs, K = net.sizes[0], net.sizes[-1]
    if inputs != 784 or K < 2 or not net.is_classifier:
        raise ValueError(
            f"{path} is a network of {inputs} inputs and {K} outputs ({net.output.name}); expected a classifier of 784 "
            "inputs (28x28 pixels) and an output for each class. Train one: python -m nnlib train mnist-5k --output "
            "net.npz"
        )
    names = net.metadata.get("classes", range(K))
    if len(names) != K:
        raise ValueError(f"{path} names {len(names)} classes in its metadata and has {K} outputs; train it again")
    return net, [str(name) for name in names]


def find_pictures(paths):
    """The files among `paths` and those of its folders, and an OSError for each folder that gave none.

    Of a folder all files are taken, since only its content says what a file is; those that systems hide there are not.
    """
    found, errors = [], []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        files = []
        for folder, below, names in os.walk(path, onerror=errors.append):
            below[:] = sorted(name for name in below if not is_hidden(name))
            files += [Path(folder, name) for name in sorted(names) if not is_hidden(name)]
        if not files:
            errors.append(FileNotFoundError(f"the folder {path} holds no picture"))
        found += files
    return found, errors


def is_hidden(name):
    return name.startswith(".") or name.lower() in ("thumbs.db", "desktop.ini", "__macosx")


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

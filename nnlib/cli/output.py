"""What the commands write: whether it can be written is found out before the work, and no model is lost after it."""

import os
import sys
import tempfile
from pathlib import Path


def check_writable(path, replaced=False):
    """Raise now the OSError that writing `path` would raise after the work; leaves nothing behind.

    `replaced`: a file that exists is not written over, but a new one takes its place, as `net.save` does it.
    """
    folder = path.absolute().parent
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder} to write {path.name} to; make it first")
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; expected the name of a file, for instance of one in it")
    try:
        if path.is_file():
            open(path, "ab").close()
        if replaced or not path.exists():
            trial = path.with_name(f".{path.name}.{os.getpid()}")
            open(trial, "xb").close()
            trial.unlink()
    except OSError as error:
        raise OSError(f"{path} cannot be written ({error.strerror}); give another place") from error


def save_model(net, path):
    """Save `net`; if that fails (the disk has filled up), into the folder for temporary files.

    Returns where the model is (None: nowhere) and the OSError that says so, None if all went well.
    """
    try:
        return net.save(path), None
    except OSError as error:
        failure = f"{path} could not be written ({error})"
    try:
        rescued = net.save(Path(tempfile.mkdtemp(prefix="nnlib-"), "net.npz"))
    except OSError as error:
        return None, OSError(f"{failure}, nor could the folder for temporary files ({error}): the model is lost")
    return rescued, OSError(f"{failure}; the model is in {rescued} instead")


def complain(prog, error):
    """One line on standard error, however many the message has."""
    print(f"{prog}: error: {' '.join(str(error).split())}", file=sys.stderr)

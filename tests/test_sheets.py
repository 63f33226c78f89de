"""The sheet to print, drawn on, photographed and read back; and what a bad photograph is told."""

import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from outside import MNIST, needs
from PIL import Image

import nnlib
from nnlib import images
from nnlib.images import sheet_layout
from nnlib.images.sheet_photographs import filled_sheet, photograph_sheet
from nnlib.plots.style import STYLE

answers = {}  # of each photographed sheet: which digits were read right
ROOT, DIGITS = Path(__file__).resolve().parent.parent, "0123456789"


@pytest.fixture(scope="module")
def some(dataset):
    """Digits of the test part, of which one is drawn for each label."""
    data = dataset("mnist-5k")
    return data.X_test.reshape(-1, 28, 28), data.y_test


def chosen(some, seed, n=120):
    """n digits, one for each label in turn."""
    X, y = some
    rng = np.random.default_rng(seed)
    return [X[rng.choice(np.flatnonzero(y == k % 10))] for k in range(n)]


@pytest.fixture(scope="module")
def page(some):
    return filled_sheet(chosen(some, 0))


def right(sheet):
    return nnlib.load_pretrained().predict(sheet.X.reshape(-1, 784)) == sheet.y.astype(int)


def likeness(sheet, pictures):
    """How alike what was read is to what was drawn into the same box: the cosine of the two, for each."""
    drawn = np.stack([images.prepare(pictures[k]) for k in sheet.places @ (10, 1)])
    products = [np.sum(a * b, axis=(1, 2)) for a, b in ((sheet.X, drawn), (sheet.X, sheet.X), (drawn, drawn))]
    return products[0] / np.sqrt(products[1] * products[2])


@pytest.mark.filterwarnings("ignore:this looks like more than one digit")  # of prepare, for some of MNIST's digits
@pytest.mark.parametrize(
    ("megapixels", "options"),
    [
        (2, {}),
        (3, {"turn": 0, "lean": 0, "shade": 0}),
        (5, {"lean": 0.25}),
        (12, {}),
        (3, {"bend": 0.01, "shade": 0.6}),
        (3, {"bend": -0.02}),
        (3, {"turn": 45}),
    ],
    ids=str,
)
def test_a_photographed_sheet_is_read(some, megapixels, options):
    pictures, empty = chosen(some, megapixels), np.random.default_rng(megapixels).random(120) < 0.2
    pictures = [None if gone else picture for picture, gone in zip(pictures, empty)]
    sheet = images.read_sheet(photograph_sheet(filled_sheet(pictures), 1, megapixels, **options))
    assert sheet.X.shape[1:] == (28, 28) and sheet.X.dtype == np.float32 and 0 <= sheet.X.min() <= sheet.X.max() <= 1
    assert np.array_equal(sheet.places @ (10, 1), np.flatnonzero(~empty))
    assert np.array_equal(sheet.empty @ (10, 1), np.flatnonzero(empty))
    assert list(sheet.y) == [DIGITS[k % 10] for k in np.flatnonzero(~empty)]
    assert np.quantile(likeness(sheet, pictures), 0.05) > 0.7
    answers[str((megapixels, options))] = right(sheet)
    assert right(sheet).mean() >= 0.95  # of some hundred digits


def test_of_all_these_sheets_97_percent_are_read():
    if len(answers) < 7:
        pytest.skip("the tests above were not all run")
    assert np.mean(np.concatenate([*answers.values()])) >= 0.97


@needs(MNIST)
def test_mnists_test_digits_are_read():
    """1,200 digits that the shipped model has not seen, at 2 to 12 megapixels, turned by up to 10 degrees, leaning."""
    data, found = nnlib.load_dataset(str(MNIST)), []
    some = data.X_test.reshape(-1, 28, 28), data.y_test
    for seed, megapixels in enumerate((2, 2, 2, 3, 3, 5, 8, 12, 12, 12)):
        page = filled_sheet(chosen(some, seed), rng=seed)
        sheet = images.read_sheet(photograph_sheet(page, seed, megapixels))
        assert np.array_equal(sheet.places @ (10, 1), np.arange(120))
        found.append(right(sheet))
    assert np.mean(found) >= 0.985  # asked for: 0.97; README says 99 %


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_photograph_on_its_side_or_head(page, turns):
    photo = photograph_sheet(page, 0)
    upright, turned = images.read_sheet(photo), images.read_sheet(np.rot90(photo, turns))
    assert np.array_equal(upright.places, turned.places) and np.abs(upright.X - turned.X).mean() < 0.02


@pytest.mark.parametrize("dark", [0.3, 0.9])
def test_pencil_and_ink(some, dark):
    sheet = images.read_sheet(photograph_sheet(filled_sheet(chosen(some, 5), dark=dark), 5))
    assert right(sheet).sum() >= 116 and len(sheet.empty) == 0


def test_a_file_is_read_like_an_array(page, tmp_path):
    Image.fromarray(photograph_sheet(page, 0)).save(tmp_path / "sheet.png")
    assert np.array_equal(images.read_sheet(tmp_path / "sheet.png").X, images.read_sheet(photograph_sheet(page, 0)).X)


def test_colours_and_a_phones_mark_of_how_it_was_held(page):
    photo = photograph_sheet(page, 0)
    blue = 255 - (255 - photo[..., None].astype(float)) * (1, 0.9, 0.35)  # blue ink
    for colours in (blue, photo[..., None] * np.array([1, 0.9, 0.7])):  # and a lamp's light
        assert right(images.read_sheet(colours.astype(np.uint8))).mean() >= 0.95
    image, file = Image.fromarray(photo), io.BytesIO()
    exif = image.getexif()
    exif[0x112] = 6  # Orientation: to be turned clockwise
    image.rotate(90, expand=True).save(file, "JPEG", exif=exif)
    assert right(images.read_sheet(file.getvalue())).mean() >= 0.95


def test_empty_boxes_are_told(some):
    pictures = chosen(some, 6)
    for k in (0, 57, 119):
        pictures[k] = None
    sheet = images.read_sheet(photograph_sheet(filled_sheet(pictures), 6))
    assert sheet.empty.tolist() == [[0, 0], [5, 7], [11, 9]] and sheet.X.shape[0] == 117
    assert repr(sheet) == "ReadSheet: 117 pictures of 10 classes, 3 boxes empty"
    assert sheet.y[0] == "1" and [5, 7] not in sheet.places.tolist()


def test_letters_and_any_short_labels(some):
    """What is drawn does not matter here: the labels come from the sheet."""
    pictures = chosen(some, 7)
    capitals = images.read_sheet(photograph_sheet(filled_sheet(pictures, sheet_layout.USUAL[1]), 7))
    assert "".join(capitals.y[:28]) == "ABCDEFGHIJKLMNOPQRSTUVWXYZAB" and len(capitals.labels) == 26
    photo = photograph_sheet(filled_sheet(pictures, ["yes", "no", "ä"]), 8)
    assert list(images.read_sheet(photo, ["yes", "no", "ä"]).y[:4]) == ["yes", "no", "ä", "yes"]
    for labels in (None, ["no", "yes", "ä"], DIGITS):
        with pytest.raises(ValueError, match=r"printed for other labels than .* read_sheet\(photo, labels="):
            images.read_sheet(photo, labels)


def test_what_was_read_trains_a_network(page):
    sheet = images.read_sheet(photograph_sheet(page, 0))
    data = nnlib.Dataset.from_arrays(sheet.X, sheet.y, name="sheet")
    assert data.image_shape == (28, 28) and data.class_names == list(DIGITS)
    net = nnlib.Network([784, 32, 10], seed=0)
    nnlib.train(net, data.X_train, data.y_train, 40, 16, nnlib.SGD(0.2), progress=False)
    assert net.accuracy(data.X_train, data.y_train) > 0.95


# -- bad photographs ---------------------------------------------------------------------------------------------------


def covered(photo):
    photo = photo.copy()
    high, wide = photo.shape
    photo[int(0.5 * high) : int(0.6 * high), int(0.3 * wide) : int(0.6 * wide)] = 120
    return photo


BAD = {
    "no sheet": (
        lambda photo: np.full((1200, 900), 200, np.uint8),
        "shows no corner mark of a sheet; expected all four",
    ),
    "a small picture": (
        lambda photo: ROOT / "data" / "samples" / "my_digit.png",
        "no corner mark .* Photograph the whole sheet",
    ),
    "cut off at the right": (lambda photo: photo[:, :1300], "shows [23] of the sheet's four corner marks"),
    "cut off below": (lambda photo: photo[:1700], "shows [23] of the sheet's four corner marks"),
    "one corner": (lambda photo: corner_gone(photo), "shows 3 .*; the one at the lower right is missing; expected"),
    "mirrored": (lambda photo: photo[:, ::-1], "no code between the upper two; expected .*, not mirrored"),
    "something on it": (covered, r"\d+ of the sheet's 120 boxes are not to be seen, .*row \d+, column \d+; expected"),
}


def corner_gone(photo):
    photo = photo.copy()
    photo[1600:, 1000:] = 90
    return photo


@pytest.mark.parametrize("what", BAD)
def test_a_bad_photograph_is_told_what_is_wrong(page, what):
    spoil, words = BAD[what]
    with pytest.raises(ValueError, match=words):
        images.read_sheet(spoil(photograph_sheet(page, 0, turn=2, lean=0.05)))


def test_an_empty_sheet():
    with pytest.raises(ValueError, match=r"all its 120 boxes are empty; expected characters in them\. Write with"):
        images.read_sheet(photograph_sheet(filled_sheet([]), 0))


# -- the file ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("paper", "box"), [("a4", (595, 842)), ("letter", (612, 792))])
def test_a_pdf_has_the_papers_size(tmp_path, paper, box):
    content = images.write_sheet(tmp_path / "sheet.pdf", paper=paper).read_bytes()
    assert content.startswith(b"%PDF")
    size = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", content)
    assert np.allclose([float(n) for n in size.groups()], box, atol=1)


def test_a_png_is_the_sheet(tmp_path):
    with Image.open(images.write_sheet(tmp_path / "sheet.png")) as picture:
        assert picture.size == (2480, 3507)
        with pytest.raises(ValueError, match="all its 120 boxes are empty"):
            images.read_sheet(picture)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"labels": "aab"}, "labels is .* expected 2 to 120 different ones"),
        ({"labels": "a"}, "expected 2 to 120 different ones"),
        ({"labels": ["a", ""]}, "labels has ''; expected texts of 1 to 4 characters"),
        ({"labels": ["a", "seven"]}, "labels has 'seven'; expected texts of 1 to 4 characters"),
        ({"labels": "a\U00020000"}, "which the sheet's font does not"),
        ({"paper": "a5"}, "the paper is 'a5'; expected one of a4, letter"),
        ({"path": "sheet.doc"}, r"expected one that ends in .pdf or .png"),
    ],
    ids=str,
)
def test_what_cannot_be_printed(tmp_path, options, words):
    with pytest.raises(ValueError, match=words):
        images.write_sheet(**{"path": tmp_path / "sheet.pdf", **options})
    assert not list(tmp_path.iterdir())


def test_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*; make it first"):
        images.write_sheet(tmp_path / "gone" / "sheet.pdf")


def test_from_the_shell(tmp_path):
    command = [sys.executable, "-m", "nnlib", "sheet", str(tmp_path / "letters.pdf"), "--labels", "ABC"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "letters.pdf" in done.stdout and (tmp_path / "letters.pdf").read_bytes().startswith(b"%PDF")
    wrong = subprocess.run([*command[:4], "sheet.doc"], capture_output=True, text=True, cwd=tmp_path)
    assert wrong.returncode == 2 and "ends in .pdf or .png" in wrong.stderr


@pytest.mark.filterwarnings("error")
def test_a_user_style_changes_nothing():
    """Whatever rcParams a notebook has set."""
    from matplotlib import rc_context

    def drawn():
        file = io.BytesIO()
        sheet_layout.drawn_sheet(list("$x$"[:2]), (210, 297)).savefig(file, format="png", dpi=50)
        return file.getvalue()

    plain = drawn()
    with (
        rc_context({"font.size": 30, "axes.facecolor": "red", "lines.linewidth": 9, "patch.linewidth": 9}),
        rc_context(STYLE),
    ):
        assert drawn() == plain

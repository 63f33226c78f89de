"""What notebook 06 says in words, recomputed. Its cells are run by nbval; its panels are tested in test_widgets_*."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

import nnlib
from nnlib import images
from nnlib.widgets.panel import numerics

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
SINGLE = sorted(SAMPLES.glob("*_[0-9].*"))
LABELS = np.array([int(path.stem[-1]) for path in SINGLE])


@pytest.fixture(scope="module")
def data(dataset):
    return dataset("mnist-5k", max_train_samples=3200)


@pytest.fixture(scope="module")
def fit(data):
    def train(augmented, seed=0):
        net, adam, rng = nnlib.Network([784, 128, 64, 10], seed=seed), nnlib.Adam(0.001), np.random.default_rng(seed)
        with numerics():
            for _ in range(30):
                X = images.augment(data.X_train, rng) if augmented else data.X_train
                nnlib.train(net, X, data.y_train, epochs=1, optimizer=adam, seed=rng, progress=False)
        return net

    return train


@pytest.fixture(scope="module")
def plain(fit):
    return fit(augmented=False)


@pytest.fixture(scope="module")
def augmented(fit):
    return fit(augmented=True)


@pytest.fixture(scope="module")
def reader():
    return nnlib.load_pretrained()


def squeeze(source):
    picture = Image.fromarray((255 * source).astype(np.uint8)) if isinstance(source, np.ndarray) else Image.open(source)
    p = np.asarray(picture.convert("L").resize((28, 28)), dtype=np.float32) / 255
    return 1 - p if p.mean() > 0.5 else p


def redraw(digit, side=280, place=(0, 0), pen=0.0):
    digit = images.thicken(digit, pen) if pen else digit
    large = np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC))
    page = np.zeros((280, 280), np.float32)
    page[place[1] : place[1] + side, place[0] : place[0] + side] = large.clip(0, 1)
    return page


def shade(page, rng):
    light = np.linspace(1, 0.5, len(page))[:, None]
    return ((1 - 0.7 * page) * light + rng.normal(0, 0.02, page.shape)).clip(0, 1).astype(np.float32)


def accuracy(net, prepare, pictures, labels):
    return net.accuracy(np.stack([prepare(picture) for picture in pictures]).reshape(-1, 784), labels)


# -- 1 to 4: MNIST's recipe --------------------------------------------------------------------------------------------


def test_mnist_is_boxed_and_centred(data):
    digits = data.X_train.reshape(-1, 28, 28)
    sides = [(digits > 0).any(axis=axis).sum(axis=1) for axis in (1, 2)]
    assert np.maximum(*sides).max() == 20 and np.mean(np.maximum(*sides) == 20) > 0.99
    centers = np.array([ndimage.center_of_mass(digit) for digit in digits])
    assert np.abs(centers - 14).max() < 0.6
    assert np.abs(centers.mean(axis=0) - 14).max() < 0.05


def test_predict_1_squeezed_one_or_two_of_six_are_read(reader):
    """D; prepared, all six."""
    assert len(SINGLE) == 6
    assert 1 <= 6 * accuracy(reader, squeeze, SINGLE, LABELS) <= 2.01
    assert accuracy(reader, images.prepare, SINGLE, LABELS) == 1


def test_the_marker_s_pen_is_made_thinner_the_ballpoint_s_wider():
    for name, wider in (("marker_5.png", False), ("ballpoint_shaded_2.jpg", True)):
        stages = images.prepare(SAMPLES / name, stages=True)
        before, after = images.pen_width(stages["clean"] > 0.5), images.pen_width(stages["pen width"] > 0.5)
        assert (after > before) == wider
    assert images.PEN_WIDTH == (1.9, 3.4)


def test_squeezed_and_prepared_on_pages_drawn_anew(data, plain):
    digits, labels = data.X_val[::8].reshape(-1, 28, 28), data.y_val[::8]
    rng = np.random.default_rng(0)
    ways = {
        "as it is": redraw,
        "wide": lambda digit: np.pad(redraw(digit), ((0, 0), (140, 140))),
        "thick": lambda digit: redraw(digit, pen=3),
        "small": lambda digit: redraw(digit, 112, (150, 30)),
        "shaded": lambda digit: shade(redraw(digit, 196, (40, 40)), rng),
    }
    pages = {name: [way(digit) for digit in digits] for name, way in ways.items()}
    squeezed = {name: accuracy(plain, squeeze, pages[name], labels) for name in ways}
    prepared = {name: accuracy(plain, images.prepare, pages[name], labels) for name in ways}
    assert squeezed["as it is"] > 0.88 and 0.6 < squeezed["wide"] < 0.85
    assert squeezed["small"] < 0.25 and squeezed["shaded"] < 0.25, "guessing"
    assert min(prepared[name] for name in ways if name != "thick") > 0.87
    assert 0.75 < prepared["thick"] < min(prepared[name] for name in ways if name != "thick")


# -- 5 and 6: ways in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("p*_[0-9][0-9]*")), ids=lambda path: path.stem)
def test_whole_numbers_are_read(reader, path):
    answers = reader.predict(images.split_digits(path).reshape(-1, 784))
    assert "".join(map(str, answers)) == path.stem.split("_")[1]


def test_my_digit_is_read(reader):
    assert reader.predict(images.prepare(SAMPLES / "my_digit.png").reshape(1, 784))[0] == 3


def test_ten_digits(reader):
    assert 0.895 < 0.99**10 < 0.905
    assert reader.metadata["test_accuracy"] > 0.99, "99 % of MNIST's test digits"


# -- 7: what confuses it -----------------------------------------------------------------------------------------------


def test_predict_2_shifted_by_two_pixels(data, plain):
    """C: about 70 %. At one pixel about 90, at four hardly anything."""
    X, y = data.X_val, data.y_val
    assert 0.91 < plain.accuracy(X, y) < 0.95
    assert 0.87 < plain.accuracy(images.warp(X, (1, 0)), y) < 0.93
    assert 0.63 < plain.accuracy(images.warp(X, (2, 0)), y) < 0.78
    assert plain.accuracy(images.warp(X, (4, 0)), y) < 0.3
    assert images.warp(X, (2, 0)).sum() > 0.999 * X.sum(), "hardly any ink is cut off"


@pytest.mark.parametrize("seed", [0, 1])
def test_predict_3_inverted_is_below_guessing(data, plain, fit, seed):
    """C. Nearly the same answer for all; without what all have in common the true class is next to last."""
    net = fit(augmented=False, seed=seed) if seed else plain
    inverted, y = 1 - data.X_val, data.y_val
    P = net.predict_proba(inverted)
    assert np.mean(P.argmax(axis=1) == y) < 0.08
    assert P.max(axis=1).mean() > 0.85
    assert np.sort(np.bincount(P.argmax(axis=1), minlength=10))[-2:].sum() > 0.85 * len(y)
    Z = net.logits(inverted)
    Z = Z - Z.mean(axis=0)
    own = Z[np.arange(len(y)), y][:, None]
    place = 1 + (own < Z).sum(axis=1)
    assert 8.7 < place.mean() < 9.8


def test_border_pixels_are_not_the_reason(data, plain):
    inverted = 1 - data.X_val
    before = plain.predict(inverted)
    inverted[:, data.X_train.max(axis=0) == 0] = 0
    assert np.mean(plain.predict(inverted) == before) > 0.8


# -- 8: not sure -------------------------------------------------------------------------------------------------------


def write(letter, font):
    page = Image.new("L", (200, 200))
    font = ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{font}.ttf", 120)
    ImageDraw.Draw(page).text((100, 100), letter, 255, font, anchor="mm")
    return images.prepare(np.asarray(page))


def test_a_threshold_and_its_price(data, plain):
    P = plain.predict_proba(data.X_val)
    sure, wrong = P.max(axis=1), P.argmax(axis=1) != data.y_val
    assert 0.06 < np.mean(sure < 0.9) < 0.13, "about one in ten is sent back"
    assert np.mean(wrong[sure >= 0.9]) < 0.036 and 0.055 < np.mean(wrong) < 0.09
    letters = [write(letter, font) for letter in "AEFHKMNPRTUVWXY" for font in ("DejaVuSans", "DejaVuSerif", "cmr10")]
    said = plain.predict_proba(np.stack(letters).reshape(-1, 784)).max(axis=1)
    assert 0.3 < np.mean(said >= 0.9) < 0.75, "about half of the letters are taken for digits"
    static = np.random.default_rng(0).random((200, 784), dtype=np.float32)
    assert np.mean(plain.predict_proba(static).max(axis=1) >= 0.8) > 0.3


# -- 9 and 10: augmentation --------------------------------------------------------------------------------------------


def test_before_and_after_augmentation(data, plain, augmented):
    X, y = data.X_val, data.y_val
    moved = images.augment(X, np.random.default_rng(2))
    gain = augmented.accuracy(moved, y) - plain.accuracy(moved, y)
    assert 0.15 < gain < 0.3, "about 20 points"
    assert 0.015 < augmented.accuracy(X, y) - plain.accuracy(X, y) < 0.05, "2 to 4 points"
    assert augmented.accuracy(images.warp(X, (4, 0)), y) > 0.55
    assert augmented.accuracy(1 - X, y) < 0.14, "inverted: guessing"


def test_the_test_set(data, plain, augmented):
    X, y = data.X_test, data.y_test
    rng = np.random.default_rng(1)
    pages = [shade(redraw(digit, 140, (120, 20)), rng) for digit in X[::8].reshape(-1, 28, 28)]
    for net, least in ((plain, 0.92), (augmented, 0.94)):
        assert net.accuracy(X, y) > least
        assert accuracy(net, images.prepare, pages, y[::8]) > net.accuracy(X, y) - 0.06
    assert augmented.accuracy(X, y) > plain.accuracy(X, y)


def test_most_turned_sixes_are_read_as_nines(data, plain):
    turned = images.warp(data.X_val[data.y_val == 6], rotate=180)
    assert np.mean(plain.predict(turned) == 9) > 0.5

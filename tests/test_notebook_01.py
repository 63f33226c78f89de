"""What notebook 01 says in words and numbers is true, and every control of its panel works."""

import re
from collections import Counter
from math import comb
from pathlib import Path

import ipywidgets
import nbformat
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.stats import binom, binomtest, hypergeom
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

import nnlib
from nnlib import widgets
from nnlib.activations import softmax
from nnlib.data import cache, formats

PATH = Path(__file__).resolve().parent.parent / "notebooks" / "01_data_loading.ipynb"


@pytest.fixture(scope="module")
def cells():
    return nbformat.read(PATH, as_version=4).cells


@pytest.fixture(scope="module")
def data():
    return nnlib.load_dataset("mnist-5k")


@pytest.fixture(scope="module")
def shipped():
    return nnlib.datasets.mnist_5k()


@pytest.fixture(scope="module")
def mnist_counts(cells):
    """The ten numbers that the notebook gives as a fact."""
    found = re.search(r"mnist = np\.array\((\[[\d, ]+\])\)", "\n".join(cell.source for cell in cells))
    return np.array([int(number) for number in re.findall(r"\d+", found[1])])


def nearest_mean(data, X_train=None, X_val=None):
    """Predictions of scikit-learn's nearest class mean for the validation rows."""
    X_train, X_val = data.X_train if X_train is None else X_train, data.X_val if X_val is None else X_val
    constant = X_train.std(axis=0) == 0  # scikit-learn warns of pixels that are always 0, and they change nothing
    model = NearestCentroid().fit(X_train[:, ~constant] + 0.0, data.y_train)
    return model.predict(X_val[:, ~constant])


def interval(right):
    return binomtest(int(right.sum()), len(right)).proportion_ci(method="wilson")


# ---------------------------------------------------------------- page one: the pad
@pytest.fixture(scope="module")
def picture():
    return Image.open(nnlib.datasets.sample("my_digit")).convert("L")


def test_the_pad_reads_what_page_one_says(picture):
    pad = widgets.DrawingPad()
    assert pad.network.parameters.size == 457_918
    pad.pixels = np.asarray(picture.resize((280, 280)))
    pad.update()
    assert pad.answer == 3 and pad.probabilities[3] > 0.99
    tiny = np.zeros((280, 280), np.uint8)
    tiny[10:66, 200:256] = np.asarray(picture.resize((56, 56)))  # in a corner
    pad.pixels = tiny
    pad.update()
    assert pad.answer == 3
    answers = {}
    letter_h = [[(80, 40), (80, 240)], [(200, 40), (200, 240)], [(80, 140), (200, 140)]]
    drawings = {"bar": [[(60, 60), (220, 60)]], "7": [[(60, 60), (220, 60), (120, 240)]], "H": letter_h}
    drawings["X"] = [[(50, 50), (230, 230)], [(230, 50), (50, 230)]]
    for name, strokes in drawings.items():
        pad.clear()
        pad.draw_strokes(strokes)
        pad.update()
        answers[name] = (pad.answer, float(pad.probabilities.max()))
    assert [answers[name][0] for name in drawings] == [2, 7, 4, None]
    assert min(answers["bar"][1], answers["H"][1]) > 0.95  # "nearly certain", "with full confidence"
    assert set(pad.probabilities.argsort()[-2:]) == {1, 8}  # of the X: "between 1 and 8"


def test_the_network_of_the_pad_learned_from_some_60_000_pictures():
    """MNIST's 60,000 without the last 5,000, which were held back, and 6,000 drawn ones."""
    metadata = nnlib.load_pretrained().metadata
    assert metadata["data"].startswith("MNIST's training set without its last 5,000 rows, ")
    assert metadata["data"].endswith("6,000 digits drawn by strokes")


# ---------------------------------------------------------------- section 2: counts
def test_counts(data, mnist_counts):
    assert [len(y) for y in (data.y_train, data.y_val, data.y_test)] == [3200, 800, 1000]
    assert np.bincount(np.concatenate([data.y_train, data.y_val, data.y_test])).tolist() == [500] * 10
    assert mnist_counts.sum() == 60_000
    percent = 100 * mnist_counts / 60_000
    assert (percent.argmin(), percent.min().round(1)) == (5, 9.0)
    assert (percent.argmax(), percent.max().round(1)) == (1, 11.2)
    digits = nnlib.load_dataset("digits")
    counts = np.bincount(np.concatenate([digits.y_train, digits.y_val, digits.y_test]))
    percent = 100 * counts / counts.sum()
    assert (percent.min().round(1), percent.max().round(1)) == (9.7, 10.2)


def test_mnist_counts_are_those_of_the_real_labels(mnist_counts):
    folders = [nnlib.datasets.data_folder() / "mnist", nnlib.datasets.data_folder(), cache.cache_folder() / "mnist"]
    paths = [formats.find(folder, *formats.idx_names("train", "labels", 1)) for folder in folders]
    path = next((path for path in paths if path), None)
    if path is None:
        pytest.skip("MNIST's labels are not on this machine")
    assert np.array_equal(np.bincount(formats.read_idx(path, 1)[:, 0]), mnist_counts)


# ---------------------------------------------------------------- section 3: scaling
def test_the_drawn_neuron(cells):
    source = next(cell.source for cell in cells if cell.source.startswith("# The picture: one neuron"))
    numbers = [np.array(eval(found)) for found in re.findall(r"np\.array\((\[.*?\])\)", source)]
    inputs, weights = numbers
    assert inputs[0] == 0 and (np.sign(weights) == [1, -1, 1]).all()  # "the first pixel is black", "the blue one"
    assert round(inputs @ weights, 2) == 0.16 == round(0 - 0.24 + 0.4, 2)


def test_weighted_sums(shipped):
    W = np.random.default_rng(5).normal(0, 1 / 28, (784, 100))  # another seed than the notebook's
    Z_raw = shipped[0][::10] @ W
    Z = Z_raw / 255
    assert 0.3 < Z.std() < 0.4 and 75 < Z_raw.std() < 100
    assert (np.abs(Z) < 1).mean() > 0.98  # "most sums lie between -1 and 1"
    assert np.exp([-1.0, 1.0]).round(1).tolist() == [0.4, 2.7]
    limit = np.log(np.finfo(np.float32).max)
    assert round(float(limit), 1) == 88.7
    assert 0.13 < (Z_raw > limit).mean() < 0.19  # "about one sum in six"
    with np.errstate(over="ignore"):
        assert np.isinf(np.exp(np.float32(88.8))) and np.isfinite(np.exp(np.float32(88.7)))


def test_ten_random_neurons_are_certain_of_unscaled_pictures(shipped):
    Z = shipped[0][::10] @ np.random.default_rng(6).normal(0, 1 / 28, (784, 10))
    sure = softmax(Z).max(axis=1)
    assert 0.85 < (sure > 0.99).mean() < 0.97  # "more than 99 % sure for nine pictures in ten"
    assert softmax(Z / 255).max(axis=1).mean() < 0.25


def test_a_step_moves_the_sum_65025_times_as_far(shipped):
    """dz/dw = x, so a step of -rate * dZ * x moves z = x @ w by -rate * dZ * (x @ x)."""
    p = shipped[0][100].astype(np.float64)
    x = p / 255
    assert np.isclose((p @ p) / (x @ x), 65_025)


def test_bytes(shipped):
    sizes = [shipped[0].astype(dtype).nbytes / 1e6 for dtype in (np.uint8, np.float32, np.float64)]
    assert np.round(sizes, 1).tolist() == [3.9, 15.7, 31.4]
    a, b = np.array([200, 10], np.uint8), np.array([100, 20], np.uint8)
    assert (a + b)[0] == 44 == 300 - 256 and (a - b)[1] == 246 == 256 - 10


# ---------------------------------------------------------------- section 4: the split
def test_split_without_a_shuffle_scores_nothing(shipped):
    X, y = shipped
    assert (np.diff(y) >= 0).all()
    assert set(y[4000:]) == {8, 9} and not set(y[:4000]) & {8, 9}
    model = KNeighborsClassifier(1).fit(X[:4000], y[:4000])
    assert model.score(X[4000::10], y[4000::10]) == 0


def test_split_by_hand(shipped, data):
    """Digit by digit after 320 and 400 rows: the sizes and shares of `load_dataset`."""
    _, y = shipped
    cut = [np.split(np.flatnonzero(y == k), [320, 400]) for k in range(10)]
    parts = [np.concatenate(pieces) for pieces in zip(*cut, strict=True)]
    for part, labels in zip(parts, (data.y_train, data.y_val, data.y_test), strict=True):
        assert np.array_equal(np.bincount(y[part]), np.bincount(labels))


def test_shares_up_to_rounding():
    """Counts that cannot be divided: every part of the 8x8 digits has its share of each digit, to less than a row."""
    data = nnlib.load_dataset("digits")
    counts = [np.bincount(y) for y in (data.y_train, data.y_val, data.y_test)]
    total = sum(counts)
    shares = [total * count.sum() / total.sum() for count in counts]
    assert all(0 < abs(count - share).max() < 1 for count, share in zip(counts, shares))


def test_rule_from_the_training_rows():
    from sklearn.datasets import load_iris

    iris, raw = nnlib.load_dataset("iris"), load_iris()
    assert np.allclose(iris.X_train.mean(axis=0), 0, atol=1e-5) and np.allclose(iris.X_train.std(axis=0), 1, atol=1e-5)
    assert 0.1 < np.abs(iris.X_val.mean(axis=0)).max() < 0.4  # "miss it a little"
    assert len(iris.y_train) + len(iris.y_val) + len(iris.y_test) == len(raw.target) == 150
    # one linear rule per column, the same in all parts: undone, every row is one of the raw rows
    scaled = np.vstack([iris.X_train, iris.X_val, iris.X_test])
    slope = (raw.data.max(axis=0) - raw.data.min(axis=0)) / (scaled.max(axis=0) - scaled.min(axis=0))
    undone = np.round((scaled - scaled.min(axis=0)) * slope + raw.data.min(axis=0), 1)
    assert sorted(map(tuple, undone)) == sorted(map(tuple, np.round(raw.data, 1)))


# ---------------------------------------------------------------- section 5: baselines
def test_nearest_class_mean(data):
    right = nearest_mean(data) == data.y_val
    assert 0.805 < right.mean() < 0.815  # "about 81 %"
    low, high = interval(right)
    assert (round(low, 2), round(high, 2)) == (0.78, 0.84)


def test_what_is_to_be_seen_in_the_browser(data):
    """ "151 of the 800 are wrong", 26 of the 80 fives, none of the ones; thin digits are called 1."""
    X, y, said = data.X_val, data.y_val, nearest_mean(data)
    wrong = said != y
    assert 150 <= wrong.sum() <= 152  # a tie may be decided by rounding
    by_digit = np.bincount(y[wrong], minlength=10)
    assert by_digit[1] == 0 and by_digit.argmax() == 5 and 25 <= by_digit[5] <= 27
    pairs = Counter(zip(y[wrong].tolist(), said[wrong].tolist()))
    assert {pair for pair, _ in pairs.most_common(2)} == {(3, 5), (5, 3)}
    assert said[y == 4][0] == 9  # "the very first, index 0"
    ink, ones = X.sum(axis=1), np.flatnonzero(wrong & (said == 1))
    assert 27 <= len(ones) <= 29 and np.mean([ink[i] < ink[y == y[i]].mean() for i in ones]) > 0.9
    means = np.array([data.X_train[data.y_train == k].mean(axis=0) for k in range(10)])
    assert means.sum(axis=1).argmin() == 1  # "the mean of the ones has the least grey"
    dark = X[ones] < 0.1
    gain = (means[y[ones]] - X[ones]) ** 2 - (means[1] - X[ones]) ** 2  # of the 1 on the true digit, pixel by pixel
    assert ((gain * dark).sum(axis=1) > 0).all()  # "it gains on the many black pixels"
    assert (gain * ~dark).sum() < 0 and (gain.sum(axis=1) > 0).all()  # "than it loses on the stroke"


def test_other_data_sets():
    """Appendix C."""
    digits, iris = nnlib.load_dataset("digits"), nnlib.load_dataset("iris")
    assert 0.915 < np.mean(nearest_mean(digits) == digits.y_val) < 0.925
    right = nearest_mean(iris) == iris.y_val
    assert (right.sum(), len(right)) == (22, 24)
    low, high = interval(right)
    assert (round(low, 2), round(high, 2)) == (0.74, 0.98)


# ---------------------------------------------------------------- section 6: overlap (predict: B)
def test_overlapping_rows(data):
    X, y = data.X_val, data.y_val
    honest = KNeighborsClassifier(1).fit(data.X_train, data.y_train).predict(X) == y
    assert 0.93 < honest.mean() < 0.95  # "about 94 %"
    model = KNeighborsClassifier(1).fit(np.vstack([data.X_train, X[::2]]), np.append(data.y_train, y[::2]))
    leaky = model.predict(X) == y
    assert leaky[::2].all()
    assert 0.915 < leaky[1::2].mean() < 0.935 and 0.915 < honest[1::2].mean() < 0.935  # "92 or 93 %, as before"
    assert honest[1::2].mean() < honest[::2].mean()  # "a little harder"
    assert 0.955 < leaky.mean() < 0.965  # "about 96 %"


def test_memory(data):
    nonsense = np.random.default_rng(1).permutation(data.y_train)
    model = KNeighborsClassifier(1).fit(data.X_train, nonsense)
    assert model.score(data.X_train[:300], nonsense[:300]) == 1
    assert model.score(data.X_val, data.y_val) < 0.2


# ---------------------------------------------------------------- section 7: the best of 50 (predict: B)
def test_best_of_50(data):
    expected = {n: (1 - binom.cdf(np.arange(n), n, 0.1) ** 50).sum() / n for n in (10, 100, 800, 10_000)}
    luck = np.random.default_rng(1)
    for n, value in expected.items():  # the notebook's simulation and the formula agree
        assert luck.binomial(n, 0.1, (10_000, 50)).max(axis=1).mean() / n == pytest.approx(value, rel=0.02)
    assert round(100 * expected[100]) == 17
    best, fresh = [], []
    for seed in range(200):
        hits = np.random.default_rng(seed).integers(0, 10, (50, 800)) == data.y_val
        winner = hits[:, :100].mean(axis=1).argmax()
        best.append(hits[winner, :100].mean())
        fresh.append(hits[winner, 100:].mean())
    assert abs(np.mean(best) - expected[100]) < 0.005  # simulation and formula agree
    assert abs(np.mean(fresh) - 0.10) < 0.005
    assert 0.15 <= best[0] <= 0.20 and 0.08 < fresh[0] < 0.12  # what the reader sees: seed 0
    assert (
        binomtest(round(100 * best[0]), 100).proportion_ci(method="wilson").low > 0.10
    )  # "the interval excludes 10 %"
    assert round((50 - 10) / binom.std(100, 0.1)) == 13 and round(binom.std(100, 0.1)) == 3


# ---------------------------------------------------------------- section 8: the scramble (predict: C)
def test_scrambled_pixels(data):
    order = np.random.default_rng(3).permutation(784)
    before, after = nearest_mean(data), nearest_mean(data, data.X_train[:, order], data.X_val[:, order])
    assert np.array_equal(before, after)


def test_network_does_not_mind_the_scramble(data):
    """The weights scrambled with the pixels: the same scores, the same gradients, and so the same training."""
    order = np.random.default_rng(3).permutation(784)
    X, y = data.X_train[:200].astype(np.float64), data.y_train[:200]
    net = nnlib.Network([784, 20, 10], dtype=np.float64, seed=0)
    other = nnlib.Network([784, 20, 10], dtype=np.float64, seed=0)
    other.weights[0][:] = net.weights[0][order]
    for _ in range(3):
        assert np.allclose(net.predict_proba(X), other.predict_proba(X[:, order]), atol=1e-10)
        nnlib.train(net, X, y, epochs=1, batch_size=50, optimizer=nnlib.SGD(0.1), seed=0, progress=False)
        nnlib.train(other, X[:, order], y, epochs=1, batch_size=50, optimizer=nnlib.SGD(0.1), seed=0, progress=False)


# ---------------------------------------------------------------- appendix: one-hot, Kaggle's table
def test_one_hot():
    y = np.array([3, 1, 4, 1, 5])
    assert np.eye(y.max() + 1)[y].shape == (5, 6)
    assert np.array_equal(nnlib.Network([784, 10]).targets(y), np.eye(10)[y])


def test_a_batch_without_a_nine():
    """Rows are drawn without return from 3,200 with 320 nines: by formula, and by drawing."""
    assert round(100 * 0.9**10, 2) == 34.87 and round(100 * 0.9**64, 2) == 0.12  # with return
    assert [round(100 * hypergeom.pmf(0, 3200, 320, m), 2) for m in (10, 64)] == [34.81, 0.11]
    # an epoch of 50 batches has one without a nine: the chance of a union, by inclusion and exclusion
    chance = sum((-1) ** (k + 1) * comb(50, k) * hypergeom.pmf(0, 3200, 320, 64 * k) for k in range(1, 12))
    assert round(1 / chance) == 19  # "about one epoch in nineteen"
    rng, is_nine = np.random.default_rng(0), np.arange(3200) < 320
    drawn = np.mean([not rng.permutation(is_nine).reshape(50, 64).any(axis=1).all() for _ in range(4000)])
    assert abs(drawn - chance) < 0.012


@pytest.fixture
def kaggle(tmp_path, shipped, monkeypatch):
    """A table like Kaggle's, and the path it goes to. The cache is a new one."""
    monkeypatch.setenv("NNLIB_CACHE", str(tmp_path / "cache"))
    pixels, labels = shipped
    table = pd.DataFrame(pixels[::25], columns=[f"pixel{i}" for i in range(784)])
    table.insert(0, "label", labels[::25])
    return table, tmp_path / "train.csv"


def test_kaggle_csv(kaggle):
    table, path = kaggle
    table.to_csv(path, index=False)
    read = nnlib.load_dataset(path)
    X = np.vstack([read.X_train, read.X_val, read.X_test])
    y = np.concatenate([read.y_train, read.y_val, read.y_test])
    theirs = Counter((row.tobytes(), label) for row, label in zip(X, y))
    hand = table.drop(columns="label").to_numpy(np.float32) / np.float32(255)
    assert theirs == Counter((row.tobytes(), label) for row, label in zip(hand, table["label"])) and len(X) == 200


def test_parsed_numbers_are_kept_from_1_mb_on():
    assert formats.CACHED_FROM == 1_000_000


def test_damaged_csv_says_where(kaggle):
    table, path = kaggle
    table.drop(columns="pixel783").to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"train\.csv.*783 pixels"):
        nnlib.load_dataset(path)
    table["pixel300"] = table["pixel300"].astype(int)
    table.loc[7, "pixel300"] = 300
    table.to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"train\.csv.*line 9, column pixel300 is 300"):
        nnlib.load_dataset(path)


# ---------------------------------------------------------------- exercises
def test_always_no(mnist_counts):
    assert (
        0.90 < 1 - mnist_counts[5] / mnist_counts.sum() < 0.915
    )  # "91 %: more than the trained model", which has 90 %


def test_no_row_is_in_two_parts(data):
    train, val, test = ({row.tobytes() for row in X} for X in (data.X_train, data.X_val, data.X_test))
    assert not (train & val or train & test or val & test)


# ---------------------------------------------------------------- the panel
def controls(widget):
    """All widgets inside a widget, by their description."""
    found = {}
    for child in getattr(widget, "children", ()):
        found |= {child.description: child} if getattr(child, "description", "") else controls(child)
    return found


@pytest.fixture
def panel(data):
    panel = widgets.DataBrowser(data)
    panel.draw()
    yield panel
    panel.close()


@pytest.mark.parametrize(
    ("name", "value"), [("index", 17), ("digit", "7"), ("part", "validation"), ("scrambled", True)]
)
def test_every_control_redraws(panel, name, value):
    before = panel.picture.drawing, panel.message.value
    setattr(panel, name, value)
    assert panel.picture.drawing != before[0]
    assert "Paused" not in panel.message.value
    assert (panel.message.value != before[1]) == (name != "scrambled")  # a scramble changes no distance
    moved = [control for control in controls(panel).values() if getattr(control, "value", None) == value]
    assert len(moved) == 1  # the control went along


def test_controls_move_the_attributes(panel):
    by_name = controls(panel)
    by_name["digit"].value = "3"
    by_name["part"].value = "validation"
    by_name["index"].value = by_name["index"].max
    next(control for control in by_name.values() if isinstance(control, ipywidgets.ToggleButton)).value = True
    assert (panel.digit, panel.part, panel.index, panel.scrambled) == ("3", "validation", 79, True)
    assert "label 3" in panel.message.value
    by_name["digit"].value = "all"  # and back to a longer list
    by_name["index"].value = 799
    assert panel.index == 799 and "Paused" not in panel.message.value


def test_index_stays_in_range_when_the_list_gets_shorter(panel):
    panel.index = 3000
    panel.digit = "9"  # 320 rows
    assert panel.index == 319 and "label 9" in panel.message.value


# ---------------------------------------------------------------- form
def test_every_equation_is_cited_by_code(cells):
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    numbers = re.findall(r"\\tag\{(1\.\d+)\}", text)
    assert numbers == [f"1.{k}" for k in range(1, len(numbers) + 1)] and len(numbers) >= 7
    assert all(f"({number})" in code for number in numbers)


def test_one_word_for_accuracy(cells):
    """A score is a logit in notebook 02, so nothing is called one here."""
    assert not [cell.source for cell in cells if re.search(r"(?<!\.)\bscor(e|es|ed|ing)\b", cell.source, re.IGNORECASE)]


def test_a_fold_after_every_panel_says_what_was_to_be_seen(cells):
    sources = [cell.source for cell in cells]
    panels = [k for k, source in enumerate(sources) if re.search(r"widgets\.[A-Z]", source)]
    folds = [k for k, source in enumerate(sources) if "<summary>What you should have seen</summary>" in source]
    tried = "\n".join(sources).count("*Try:*")
    assert len(panels) == len(folds) == tried == 3
    assert all(panel < fold <= panel + 3 for panel, fold in zip(panels, folds))


def test_files_come_after_everything_else(cells):
    headings = re.findall(r"^## (.+)", "\n".join(cell.source for cell in cells if cell.cell_type == "markdown"), re.M)
    assert [heading[:10] for heading in headings[-5:]] == [
        "What you l", "Appendix A", "Appendix B", "Appendix C", "References",
    ]  # fmt: skip

"""Every number that the text of notebook 04 states, and the answers of its predictions, worked out again."""

import functools
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

import nnlib
from nnlib import widgets
from nnlib.exercises.notebook_04 import a_batch_and_a_net, forward_backward
from nnlib.widgets.panel import numerics

ROOT = Path(__file__).resolve().parent.parent
SIZES = [784, 128, 64, 10]


@pytest.fixture(scope="module", autouse=True)
def few_threads():
    with numerics():
        yield


@pytest.fixture(scope="module")
def data(dataset):
    return dataset("mnist-5k")


@pytest.fixture(scope="module")
def train(data):
    """A net of these settings, trained, and its history; the same settings are trained once."""

    @functools.cache
    def run(epochs, batch_size=64, activation="relu", sizes=tuple(SIZES), seed=0):
        net = nnlib.Network(sizes, activation, seed=seed)
        validation = (data.X_val, data.y_val)
        return net, nnlib.train(net, data.X_train, data.y_train, epochs, batch_size, validation=validation, seed=seed)

    return run


@pytest.fixture(scope="module")
def cells():
    return json.loads((ROOT / "notebooks/04_two_hidden_layer_net.ipynb").read_text(encoding="utf-8"))["cells"]


def wilson(right, n):
    low, high = binomtest(right, n).proportion_ci(method="wilson")
    return round(100 * low, 1), round(100 * high, 1)


def confidence(net, X, y, factor=1):
    """Of each row the largest probability, and whether it is right; the logits are multiplied by `factor`."""
    P = nnlib.activations.softmax(factor * net.logits(X))
    return P.max(axis=1), P.argmax(axis=1) == y


def median_if_honest(p):
    """The median of p over the mistakes of a net that is wrong with probability 1 - p."""
    order = np.argsort(p)
    weight = np.cumsum(1 - p[order])
    return p[order][np.searchsorted(weight, weight[-1] / 2)]


# -- parts 1 and 2: by hand -------------------------------------------------------------------------------------------


def test_parameters():
    counts = [n_in * n_out + n_out for n_in, n_out in pairwise(SIZES)]
    assert counts == [100_480, 8_256, 650] and sum(counts) == 109_386 == len(nnlib.Network(SIZES).parameters)
    assert counts[0] / sum(counts) > 0.9
    assert round(sum(counts) / 3200) == 34
    assert sum(SIZES) == 986 and sum(counts) - 202 == 109_184  # the answers that forget something
    assert round(109_386 / 7_850) == 14


def test_mask_on_the_output():
    Z = np.random.default_rng(0).normal(size=1000)
    A = np.maximum(Z, 0)
    assert np.array_equal(A > 0, Z > 0) and (A >= 0).all()


def test_the_loop_is_nnlib():
    """Equations (4.7), (4.5) and (4.8), written out here once more."""
    rng = np.random.default_rng(0)
    net = nnlib.Network([7, 6, 5, 4, 3], "relu", dtype=np.float64, seed=0)
    X, y = rng.normal(size=(9, 7)), rng.integers(3, size=9)
    A = [X]
    for W, b in zip(net.weights[:-1], net.biases[:-1], strict=True):
        A.append(np.maximum(A[-1] @ W + b, 0))
    dZ = (nnlib.activations.softmax(A[-1] @ net.weights[-1] + net.biases[-1]) - np.eye(3)[y]) / 9
    for k in reversed(range(4)):
        expected = net.gradients(X, y)[k]
        assert np.allclose(A[k].T @ dZ, expected["dW"], atol=1e-12)
        assert np.allclose(dZ.sum(axis=0), expected["db"], atol=1e-12)
        dZ = (dZ @ net.weights[k].T) * (A[k] > 0)


# -- part 3: pictures -------------------------------------------------------------------------------------------------


def test_one_update_is_small(train, data):
    net = train(2)[0].astype(np.float32)
    before = net.weights[0].copy()
    X, y = data.X_train[:64], data.y_train[:64]
    gradient = net.gradients(X, y)[0]["dW"]
    assert 0.1 < np.abs(before).max() < 0.5  # a few tenths
    assert 0.001 < 0.1 * np.abs(gradient).max() < 0.01  # a few thousandths
    assert np.linalg.norm(0.1 * gradient) / np.linalg.norm(before) < 0.01
    assert not gradient[X.max(axis=0) == 0].any()
    dZ = net.predict_proba(X) - np.eye(10)[y]
    sizes = np.sort((dZ**2).sum(axis=1))[::-1]
    assert 0.82 < sizes[:16].sum() / sizes.sum() < 0.98  # a quarter of the pictures makes about nine tenths
    assert np.mean(net.predict(X) == y) > 0.75  # most are right


def test_where_to_look(train, data):
    """Of the ten panels of the way back: the row, the column and the bars that the text points at."""
    net, X, y = train(2)[0], data.X_train[:64], data.y_train[:64]
    P, gradients = net.predict_proba(X), net.gradients(X, y)
    errors = np.abs(P - np.eye(10)[y])[:16].sum(axis=1)
    assert errors.argmax() == 12 == 16 - 4 and y[12] == 8 and P[12].argmax() == 9  # the fourth from below
    assert np.sum(errors < 0.3) >= 12  # most are nearly white
    columns = np.linalg.norm(gradients[2]["dW"], axis=0)
    assert columns.argmax() == 8 and columns[8] > 1.3 * np.sort(columns)[-2]
    assert gradients[2]["dW"][:, 8].min() < -5 * max(0, gradients[2]["dW"][:, 8].max()) and gradients[2]["db"][8] < 0
    assert np.sum(y == 8) == 10 and np.sum(P.argmax(axis=1) == 8) == 6
    sizes = [np.linalg.norm(gradient["dW"]) for gradient in gradients]
    assert max(sizes) < 2 * min(sizes)


# -- part 4: batches --------------------------------------------------------------------------------------------------


def test_predict_batches(train):
    full, small = train(10, None)[1], train(10)[1]
    assert 0.45 < full["val_accuracy"].iloc[-1] < 0.68  # about 0.57
    assert small["val_accuracy"].iloc[-1] > 0.9  # answer C


def test_no_rate_saves_full_batch(data):
    best = 0
    for rate in (0.1, 0.2, 0.3, 0.5, 0.7, 1.0):
        net = nnlib.Network(SIZES)
        for _ in nnlib.train_steps(net, data.X_train, data.y_train, 10, None, nnlib.SGD(rate)):
            pass
        best = max(best, net.accuracy(data.X_val, data.y_val))
    assert 0.68 < best < 0.84  # about 0.76


@pytest.fixture(scope="module")
def angles(data):
    """A function: the angles, in degrees, between the gradients of a few rows and of all, by the number of rows."""

    def measure(net, sizes):
        rng = np.random.default_rng(1)

        def direction(rows):
            net.loss_and_gradient(*net.check_X_y(data.X_train[rows], data.y_train[rows]))
            return net.gradient / np.linalg.norm(net.gradient)

        full = direction(slice(None))
        cosines = [[full @ direction(rng.choice(3200, size, replace=False)) for _ in range(20)] for size in sizes]
        return np.degrees(np.arccos(np.mean(cosines, axis=1)))

    return measure


def test_angles(angles):
    one, middle, large = angles(nnlib.Network(SIZES), (1, 64, 512))
    assert 75 < one < 90
    assert 0.25 < np.tan(np.radians(large)) / np.tan(np.radians(middle)) < 0.45  # about a third


def test_the_noise_grows_in_training(angles, train):
    middle, large = angles(train(10)[0], (64, 512))
    assert 52 < middle < 70 and 27 < large < 42  # about 60 and 34


def test_a_step_changes_the_weights_by_about_half_a_percent(data):
    net, changes = nnlib.Network(SIZES), []
    before = net.parameters.copy()
    for _ in nnlib.train_steps(net, data.X_train, data.y_train, 10, 64):
        changes.append(np.linalg.norm(net.parameters - before) / np.linalg.norm(before))
        before[:] = net.parameters
    assert 0.003 < np.median(changes) < 0.008 and max(changes) < 0.03


def test_three_axes(data):
    """Steps and epochs until the validation loss is below 0.5."""

    def reach(batch_size, every):
        net = nnlib.Network(SIZES)
        per_epoch = -(-3200 // (batch_size or 3200))
        for record in nnlib.train_steps(net, data.X_train, data.y_train, 100, batch_size):
            if record["step"] % every == 0 and net.loss(data.X_val, data.y_val) < 0.5:
                return record["step"], record["step"] / per_epoch
        return np.inf, np.inf

    full, middle, small = reach(None, 2), reach(64, 2), reach(8, 10)
    assert 0.6 < middle[0] / full[0] < 2 and small[0] > 1.5 * middle[0]
    assert full[1] > 20 and middle[1] < 3 and small[1] < middle[1]


# -- part 5: overfitting ----------------------------------------------------------------------------------------------


def test_overfitting(train):
    history = train(60)[1].set_index("epoch")
    assert history["accuracy"][30] > 0.997 and history["loss"][30] < 0.03
    assert 0.92 < history["val_accuracy"][30] < 0.95
    assert history["val_accuracy"][12:20].mean() > 0.92
    lowest = history["val_loss"].idxmin()
    assert 10 <= lowest <= 30
    assert 1.1 < history["val_loss"][60] / history["val_loss"][lowest] < 1.35
    later, around = history["val_accuracy"][51:].mean(), history["val_accuracy"][lowest - 5 : lowest + 5].mean()
    assert -0.002 < later - around < 0.015  # does not fall
    assert history["val_accuracy"][15:].between(0.915, 0.945).all()  # about 93 of 100, give or take one


def test_stopping_early_is_training_for_fewer_epochs(train, data):
    lowest = train(60)[1]["val_loss"].idxmin() + 1
    net = train(int(lowest))[0]
    assert net.loss(data.X_val, data.y_val) == pytest.approx(train(60)[1]["val_loss"].min(), rel=1e-4)


def test_an_honest_net_is_sure_where_it_is_wrong():
    """(4.9) and the weighted median, against nets that are honest because their labels are drawn from what they say."""
    rng = np.random.default_rng(0)
    p = 1 - 0.5 * rng.random(200_000) ** 4  # most answers are given with a large p
    wrong = rng.random(len(p)) > p
    announced, chance = np.sum(1 - p), np.sqrt(np.sum(p * (1 - p)))
    assert abs(wrong.sum() - announced) < 3 * chance
    assert np.median(p[wrong]) == pytest.approx(median_if_honest(p), abs=0.005)


def test_predict_announced(train, data):
    """The numbers of the table: mistakes announced, made, and how sure the net is of them."""
    lowest = int(train(60)[1]["val_loss"].idxmin()) + 1
    made, announced, chance, median, honest = {}, {}, {}, {}, {}
    for epochs in (5, lowest, 60):
        p, right = confidence(train(epochs)[0], data.X_val, data.y_val)
        made[epochs], announced[epochs], chance[epochs] = np.sum(~right), np.sum(1 - p), np.sqrt(np.sum(p * (1 - p)))
        median[epochs], honest[epochs] = np.median(p[~right]), median_if_honest(p)
    assert 44 < made[60] < 60 and 0.4 < announced[60] / made[60] < 0.6  # answer B
    assert made[60] - announced[60] > 4 * chance[60]  # far more than chance allows
    assert 1.25 < announced[5] / made[5] < 1.7 and announced[5] - made[5] > 2 * chance[5]  # half as many again
    assert abs(made[lowest] - announced[lowest]) < 2 * chance[lowest]
    assert 0.75 < median[60] < 0.85 and 0.64 < honest[60] < 0.74  # 0.80, and an honest net's 0.69
    assert abs(median[lowest] - honest[lowest]) < 0.05  # the two agree


def test_other_seeds_are_as_sure(train, data):
    for seed in (1, 2):
        p, right = confidence(train(60, seed=seed)[0], data.X_val, data.y_val)
        assert 0.4 < np.sum(1 - p) / np.sum(~right) < 0.65


def test_the_reliability_diagram(train, data):
    lowest = int(train(60)[1]["val_loss"].idxmin()) + 1
    below = {}
    for epochs in (5, lowest, 60):
        p, right = confidence(train(epochs)[0], data.X_val, data.y_val)
        group = np.digitize(p, [0.5, 0.7, 0.9, 0.99])
        said, share = (np.array([values[group == k].mean() for k in range(5)]) for values in (p, right))
        below[epochs] = share < said
        inside = [
            low <= 100 * s <= high
            for s, (low, high) in zip(said, (wilson(right[group == k].sum(), np.sum(group == k)) for k in range(5)))
        ]
        if epochs == lowest:
            assert np.sum(group == 0) == 17 and inside == [False, True, True, True, True]  # only the leftmost is off
        if epochs == 60:
            assert 1 / 8 < 1 - share[3] < 1 / 5 and 1 / 35 < 1 - said[3] < 1 / 20  # one in six, one in twenty-five
    assert not below[5].any() and below[60].all()  # too modest, too sure


def test_a_factor_for_all_logits(train, data):
    net, history = train(60)
    P = nnlib.activations.softmax(0.6 * net.logits(data.X_val))
    p, right = confidence(net, data.X_val, data.y_val, factor=0.6)
    assert np.array_equal(P.argmax(axis=1), net.predict(data.X_val))  # no answer changes
    loss = -np.log(P[np.arange(len(P)), data.y_val]).mean()
    assert loss < history["val_loss"].min() + 0.005  # the whole climb is gone
    assert abs(np.sum(1 - p) - np.sum(~right)) < 5  # as many mistakes as it announces


@pytest.mark.parametrize("seed", range(3))
def test_what_the_panel_data_size_shows(data, seed):
    panel = widgets.DataSize(data, hidden=[64], seed=seed)
    panel.samples = 20
    panel.advance(500)
    curve = pd.DataFrame(
        panel._finished_curves[20, seed], columns=["step", "loss", "accuracy", "val_loss", "val_accuracy"]
    )
    curve = curve.set_index("step")
    assert curve["accuracy"][60] == 1 and curve["val_loss"].idxmin() <= 100
    assert curve["val_loss"].iloc[-1] > 1.03 * curve["val_loss"].min()
    assert curve["val_accuracy"].iloc[-1] > curve["val_accuracy"][60] - 0.01
    score = {}
    for panel.samples in (50, 100, 1000, 2000, 3200):
        panel.advance(500)
    for row in panel.results.to_dict("records"):
        score[row["samples"]] = row["val_accuracy"]
    assert 0.37 < score[20] < 0.53 and 0.89 < score[3200] < 0.93
    assert 0.06 < score[100] - score[50] < 0.16 and -0.005 < score[2000] - score[1000] < 0.035


def test_the_panel_data_size(data):
    panel = widgets.DataSize(data, hidden=[64])
    panel.samples = 20
    panel.advance(500)
    panel.samples = len(data.X_train)
    panel.advance(500)
    few, all_rows = panel.results.to_dict("records")
    assert few["accuracy"] == 1 and few["val_accuracy"] < 0.5
    assert all_rows["accuracy"] < 0.98 and all_rows["val_accuracy"] > 0.9


# -- part 6: failures without an error --------------------------------------------------------------------------------


def test_no_activation(train, data):
    net = train(20, activation="identity")[0]
    (W1, W2, W3), (b1, b2, b3) = net.weights, net.biases
    Z = data.X_val @ (W1 @ W2 @ W3) + (b1 @ W2 + b2) @ W3 + b3
    assert np.mean(Z.argmax(axis=1) == net.predict(data.X_val)) > 0.99
    straight = net.accuracy(data.X_val, data.y_val)
    templates = train(20, sizes=(784, 10))[0].accuracy(data.X_val, data.y_val)
    bent = train(20)[0].accuracy(data.X_val, data.y_val)
    assert straight < templates + 0.015 and straight < bent - 0.02 and straight > 0.85


def losses(data, rate, epochs=5, factor=1):
    net = nnlib.Network(SIZES)
    X = data.X_train * np.float32(factor)
    steps = nnlib.train_steps(net, X, data.y_train, epochs, 64, nnlib.SGD(rate))
    return net, [record["loss"] for record in steps]


def test_predict_rate(data):
    net, run = losses(data, 3.0)
    assert max(run) > 100 and np.mean(run[-50:]) == pytest.approx(np.log(10), abs=0.05)  # answer C
    assert net.accuracy(data.X_val, data.y_val) < 0.15
    A1 = net.layers[1].forward(net.layers[0].forward(data.X_train))
    A2 = net.layers[3].forward(net.layers[2].forward(A1))
    assert np.mean(A2.max(axis=0) == 0) > 0.9


def test_train_warns_at_ln_10(data):
    with pytest.warns(UserWarning, match="nothing was learned"):
        nnlib.train(nnlib.Network(SIZES), data.X_train, data.y_train, 1, optimizer=nnlib.SGD(3.0), progress=False)


def test_the_range_of_rates(data):
    assert np.mean(losses(data, 0.3, 3)[1][-50:]) < 0.4  # the valley
    assert np.mean(losses(data, 10.0, 3)[1][-50:]) > 2.2  # silent
    with pytest.raises(ValueError, match="diverged"):
        losses(data, 1000.0, 3)
    valley = np.mean(losses(data, 0.001, 3, factor=255)[1][-50:])
    assert valley < 2
    assert np.mean(losses(data, 0.1, 3, factor=255)[1][-50:]) == pytest.approx(np.log(10), abs=0.05)
    with pytest.raises(ValueError, match="diverged"):
        losses(data, 10.0, 3, factor=255)


def test_the_playground_after_too_large_a_rate(data):
    panel = widgets.Playground(data, hidden=[32, 16], full=True, learning_rate=10.0)
    panel.advance(200)
    panel.learning_rate = 0.1
    panel.advance(200)
    assert panel.history["loss"].iloc[-1] > 2.2  # lowering the rate does not help,
    panel.reset()
    panel.advance(300)
    assert panel.history["loss"].iloc[-1] < 0.6  # Reset does


@pytest.mark.parametrize(
    "settings, steps, accuracy",
    [
        ({"hidden": [8, 8, 8]}, 500, (0.83, 0.92)),
        ({"hidden": [8, 8, 8], "seed": 1}, 500, (0.65, 0.78)),
        ({"hidden": [128, 128, 128]}, 500, (0.915, 0.95)),
        ({"activation": "sigmoid"}, 300, (0.5, 0.7)),
        ({"activation": "sigmoid"}, 3000, (0.86, 0.91)),
        ({"batch_size": 1, "learning_rate": 0.1}, 2000, (0.2, 0.5)),
        ({"batch_size": 1, "learning_rate": 0.01}, 2000, (0.79, 0.88)),
        ({"samples": 50}, 500, (0.48, 0.6)),
        ({"optimizer": "Adam", "learning_rate": 0.001}, 500, (0.87, 0.92)),
        ({"optimizer": "Adam", "learning_rate": 0.1}, 500, (0.15, 0.4)),
    ],
    ids=lambda value: None if isinstance(value, tuple | int) else "-".join(map(str, value.values())),
)
def test_what_the_playground_shows(data, settings, steps, accuracy):
    panel = widgets.Playground(data, full=True, **{"hidden": [32, 16], **settings})
    panel.advance(steps)
    last = panel.history.iloc[-1]
    assert accuracy[0] < last["val_accuracy"] < accuracy[1]
    if steps == 300:
        assert 1.6 < last["loss"] < 2  # near 1.8
    if settings == {"samples": 50}:
        assert last["loss"] < 0.01 and last["accuracy"] == 1


# -- the appendix: five systems ---------------------------------------------------------------------------------------


def test_systems_a_and_b(data, train):
    uniform, scores = nnlib.initializers.uniform(-0.5, 0.5), {}
    for name, sizes, start, rate in (("A", SIZES, uniform, 0.1), ("B", [784, 128, 10], "he", 0.15)):
        net = nnlib.Network(sizes, "relu", initializer=start)
        nnlib.train(net, data.X_train, data.y_train, 20, 64, nnlib.SGD(rate), progress=False)
        assert net.accuracy(data.X_train, data.y_train) > 0.97
        scores[name] = net.accuracy(data.X_val, data.y_val)
    assert 0.86 < scores["A"] < scores["B"] - 0.01 and 0.9 < scores["B"] < 0.95
    assert train(20)[0].accuracy(data.X_val, data.y_val) > scores["A"] + 0.02  # A with He's start weights


def test_system_c(dataset):
    digits = dataset("digits")
    start = nnlib.initializers.normal(0.1)
    net = nnlib.Network([64, 64, 10], "sigmoid", loss="binary_cross_entropy", initializer=start)
    nnlib.train(net, 16 * digits.X_train, digits.y_train, 1000, None, progress=False)
    assert 0.93 < net.accuracy(16 * digits.X_val, digits.y_val) <= 1


@pytest.mark.parametrize("factor, train, validation", [(1, (0.6, 0.9), (0.6, 0.85)), (255, (0.98, 1.01), (0.84, 0.92))])
def test_system_d(dataset, factor, train, validation):
    """Fewer rows than in the notebook, for time; what is claimed holds for them as well."""
    data = dataset("mnist-5k", max_train_samples=250)
    X, X_val = data.X_train * np.float32(factor), data.X_val * np.float32(factor)
    net = nnlib.Network([784, 1000, 10], "tanh", initializer=nnlib.initializers.normal(0.01))
    nnlib.train(net, X, data.y_train, 100, None, nnlib.SGD(0.02), progress=False)
    assert train[0] < net.accuracy(X, data.y_train) < train[1]
    assert validation[0] - 0.05 < net.accuracy(X_val, data.y_val) < validation[1]
    saturated = np.mean(np.abs(np.tanh(X @ net.weights[0] + net.biases[0])) > 0.99)
    assert saturated > 0.8 if factor == 255 else saturated < 0.1


def test_the_first_layer_of_d_matters_little(dataset):
    """Pixels 0-255: the right derivative, the wrong one of D's own code, and frozen start weights."""
    data, scores = dataset("mnist-5k", max_train_samples=250), {}
    X, X_val, Y = 255 * data.X_train, 255 * data.X_val, np.eye(10, dtype=np.float32)[data.y_train]
    slopes = {"right": lambda A: 1 - A**2, "wrong": lambda A: 1 - np.tanh(A) ** 2, "frozen": lambda A: 0 * A}
    for name, slope in slopes.items():
        net = nnlib.Network([784, 1000, 10], "tanh", initializer=nnlib.initializers.normal(0.01))
        (W1, W2), (b1, b2) = net.weights, net.biases
        for _ in range(100):
            A1 = np.tanh(X @ W1 + b1)
            dZ2 = (nnlib.activations.softmax(A1 @ W2 + b2) - Y) / len(X)
            dZ1 = (dZ2 @ W2.T) * slope(A1)
            for array, derivative in ((W2, A1.T @ dZ2), (b2, dZ2.sum(0)), (W1, X.T @ dZ1), (b1, dZ1.sum(0))):
                array -= np.float32(0.02) * derivative
        scores[name] = net.accuracy(X_val, data.y_val)
    assert min(scores.values()) > 0.79 and max(scores.values()) - min(scores.values()) < 0.05


def test_system_e(data):
    net = nnlib.Network([784, 10, 10], "leaky_relu")
    nnlib.train(net, data.X_train, data.y_train, 20, progress=False)
    assert 0.86 < net.accuracy(data.X_val, data.y_val) < 0.93


# -- part 8: the test set ---------------------------------------------------------------------------------------------


def test_the_intervals():
    assert wilson(930, 1000) == (91.2, 94.4)
    assert [round(bound) for bound in wilson(90, 100)] == [83, 94]


def test_the_test_set(train, data):
    lowest = int(train(60)[1]["val_loss"].idxmin()) + 1
    net = train(lowest)[0]
    predicted, P = net.predict(data.X_test), net.predict_proba(data.X_test)
    right = predicted == data.y_test
    assert 0.91 < right.mean() < 0.95
    precision, recall, f1, support = precision_recall_fscore_support(data.y_test, predicted)
    assert (support == 100).all() and (f1 <= np.maximum(precision, recall)).all()
    sure = P.max(axis=1)
    assert (
        0.99 < right[sure >= 0.99].mean() < 0.998 and np.mean(sure >= 0.99) > 0.4
    )  # about one in two hundred is wrong
    assert sure[~right].max() > 0.95  # the surest mistakes are sure
    assert np.sum(~right) - np.sum(1 - sure) < 2 * np.sqrt(np.sum(sure * (1 - sure)))  # no more than announced
    for least in (0.99, 0.9, 0.5, 0):
        kept = sure >= least
        low, high = wilson(right[kept].sum(), kept.sum())
        assert low - 0.05 < 100 * sure[kept].mean() < high + 0.05


def test_my_own_digit(train, data):
    picture = Image.open(ROOT / "data/samples/my_digit.png").convert("L").resize(data.image_shape[::-1])
    digit = np.asarray(picture, dtype=np.float32).reshape(1, -1) / 255
    assert train(20)[0].predict(digit) == [3]


# -- exercises --------------------------------------------------------------------------------------------------------


def test_exercises():
    assert 20 * 48_000 // 64 == 15_000 and 20 * 48_000 // 640 == 1_500 and 15_000 / (48_000 / 640) == 200
    true, said = np.repeat([0, 1, 2], 100), np.repeat([0, 2, 0, 1, 2, 2], [90, 10, 5, 80, 15, 100])
    assert confusion_matrix(true, said).tolist() == [[90, 0, 10], [5, 80, 15], [0, 0, 100]]
    precision, recall, _, _ = precision_recall_fscore_support(true, said)
    assert precision[2] == pytest.approx(0.8) and recall[2] == 1 and np.mean(true == said) == pytest.approx(0.9)


def test_the_exercise_that_builds_a_net():
    """The reference against nnlib, whose gradients are checked by numbers elsewhere."""
    rng, depths = np.random.default_rng(1), set()
    for _ in range(30):
        X, Y, weights, biases = a_batch_and_a_net(rng)
        net = nnlib.Network([len(weights[0]), *(len(b) for b in biases)], "tanh", dtype=np.float64)
        for own, given in zip([*net.weights, *net.biases], [*weights, *biases], strict=True):
            own[:] = given
        expected = [(layer["dW"], layer["db"]) for layer in net.gradients(X, Y.argmax(axis=1))]
        for pair, theirs in zip(forward_backward(X, Y, weights, biases), expected, strict=True):
            assert all(np.allclose(a, b, atol=1e-12) for a, b in zip(pair, theirs, strict=True))
        depths.add(len(weights))
    assert depths == {1, 2, 3, 4}

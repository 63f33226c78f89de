"""What notebook 08 says in words, recomputed. Its cells are run by nbval."""

import functools
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import nnlib
from nnlib import Activation, BatchNorm, Dense, schedules, widgets
from nnlib.widgets.panel import numerics

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "08_train_deep.ipynb"
STEPS = 500  # ten epochs


@pytest.fixture(scope="module")
def data(dataset):
    return dataset("mnist-5k", max_train_samples=3200)


@pytest.fixture(scope="module")
def train(data):
    """Validation loss and accuracy in % of a net after its training; what diverges counts as guessing."""

    @functools.cache
    def run(make, epochs, seed, kind, *arguments):
        net = make(seed)
        with warnings.catch_warnings(), numerics():
            warnings.simplefilter("ignore")
            try:
                optimizer = kind(*arguments)
                nnlib.train(net, data.X_train, data.y_train, epochs, 64, optimizer, seed=seed, progress=False)
            except ValueError:
                return np.log(10), 10.0
            loss, right = net.score(*net.check_X_y(data.X_val, data.y_val))
        return loss, 100 * right

    return run


def wide(seed):
    return nnlib.Network([784, 128, 64, 10], "relu", seed=seed)


def deep_net(activation, norm, seed):
    layers, n_in = [], 784
    for _ in range(8):
        layers += [Dense(n_in, 64), *([BatchNorm(64)] if norm else []), Activation(activation)]
        n_in = 64
    return nnlib.Network(layers=[*layers, Dense(n_in, 10)], seed=seed)


DEEP = {
    (activation, norm): functools.partial(deep_net, activation, norm)
    for activation in ("sigmoid", "relu")
    for norm in (False, True)
}


# -- 1 to 4: the valley -----------------------------------------------------------------------------------------------


def test_plain_steps():
    assert pytest.approx([0.08, -0.75, 0.93]) == [2 / 25, 1 - 0.07 * 25, 1 - 0.07]
    rates = np.linspace(0.001, 0.08, 8000)
    slowest = np.maximum(np.abs(1 - rates), np.abs(1 - 25 * rates))
    assert slowest.min() == pytest.approx(24 / 26, abs=1e-4) and rates[slowest.argmin()] == pytest.approx(
        2 / 26, abs=1e-4
    )
    assert round(24 / 26, 2) == 0.92 and round(999 / 1001, 3) == 0.998


def test_momentum_and_its_sum():
    v = 0.0
    for _ in range(200):
        v = 0.9 * v + 1
    assert v == pytest.approx(10)


def test_rmsprop_moves_by_its_rate_and_does_not_see_the_scale():
    from nnlib.widgets.valley import descend

    path = descend(nnlib.RMSprop(0.1), (-4.0, 1.2), 300)
    assert np.linalg.norm(path[1] - path[0]) == pytest.approx(0.1 / np.sqrt(0.1) * np.sqrt(2), rel=1e-3), "3.2 rates"
    assert 0.03 < np.abs(np.diff(path[-50:], axis=0)).max() < 0.3, "it keeps hopping"


def test_what_the_valley_shows():
    valley = widgets.Valley(rate=0.08, adaptive_rate=0.1, momentum=0.8)
    assert np.abs(valley.paths["SGD"][:, 1]) == pytest.approx(1.2), "from wall to wall for ever"
    valley.rate = 0.09
    assert "SGD diverges" in valley.message.value and valley.losses["momentum"] < 0.01
    valley.steps = 300
    for valley.rate, diverges in ((0.143, False), (0.146, True)):  # 2 (1 + 0.8) / 25 = 0.144
        assert ("momentum diverges" in valley.message.value) == diverges
    valley.steps, valley.rate, valley.momentum = 50, 0.07, 0
    assert np.array_equal(valley.paths["SGD"], valley.paths["momentum"])
    valley.momentum = 0.95
    assert min(valley.losses["momentum"], valley.losses["Adam"]) > 0.1 and valley.paths["momentum"][:, 0].max() > 1.5
    valley.momentum, valley.adaptive_rate = 0.8, 0.5
    assert 0.5 < valley.losses["RMSprop"] < 3 and valley.losses["Adam"] < 1e-3
    valley.adaptive_rate = 0.2
    assert max(valley.losses.values()) < 0.01
    valley.adaptive_rate = 0.3
    assert valley.losses["RMSprop"] > 0.01
    valley.adaptive_rate = 0.1
    assert valley.losses["Adam"] > 0.01


class Uncorrected(nnlib.Adam):
    def _update(self, w, g, rate, u, q, _):
        u[:], q[:] = 0.9 * u + 0.1 * g, 0.999 * q + 0.001 * g**2
        w -= rate * u / (np.sqrt(q) + 1e-8)


def test_without_bias_correction(train):
    t = np.arange(1, 3001)
    factor = (1 - 0.9**t) / np.sqrt(1 - 0.999**t)
    assert factor[0] == pytest.approx(3.16, abs=0.005) and factor.max() == pytest.approx(6.57, abs=0.005)
    assert t[factor.argmax()] == 12 and factor[999] > 1.2
    for rate, low, high in ((0.02, -60, -15), (0.001, 0.5, 7)):
        ahead = [train(wide, 1, k, Uncorrected, rate)[1] - train(wide, 1, k, nnlib.Adam, rate)[1] for k in range(3)]
        assert low < np.mean(ahead) < high


# -- 5: optimizers ----------------------------------------------------------------------------------------------------


def test_predict_1_ahead_after_one_epoch_and_a_tie_after_ten(train):
    """B. On the processor that wrote the text: 3.9 points after one, 0.1 after ten."""

    def ahead(epochs, rates):
        return np.mean(
            [
                train(wide, epochs, k, nnlib.Adam, rates[1])[1] - train(wide, epochs, k, nnlib.SGD, rates[0])[1]
                for k in range(3, 8)
            ]
        )

    assert 1.5 < ahead(1, (0.2, 0.01)) < 8
    assert ahead(1, (0.5, 0.005)) > ahead(1, (0.2, 0.01)), "SGD's rate for ten epochs is rough in the first"
    assert abs(ahead(10, (0.5, 0.005))) < 1


def test_the_other_two_tie_as_well(train):
    for k in (3, 4, 5):
        sgd = train(wide, 10, k, nnlib.SGD, 0.5)[1]
        assert abs(train(wide, 10, k, nnlib.SGD, 0.05, 0.9)[1] - sgd) < 2
        assert abs(train(wide, 10, k, nnlib.RMSprop, 0.002)[1] - sgd) < 2


def test_what_the_race_shows(data):
    race = widgets.Race(data, ["relu"] * 3, rates=[0.5, 0.05, 0.005], optimizers=["SGD", "momentum", "Adam"])

    def after(steps):
        race.advance(steps)
        return race.history.groupby("lane")["val_accuracy"].last().to_numpy()

    assert (np.abs(after(800) - 0.93) < 0.025).all()
    race.reset()
    race.same_rate, race.rates = True, [0.1] * 3
    sgd, momentum, adam = after(800)
    assert min(sgd, momentum) > 0.88 and abs(sgd - momentum) < 0.03 and 0.3 < adam < 0.8
    race.same_rate, race.rates = False, [0.5, 0.05, 0.003]
    race.lanes, race.depth = ["sigmoid"] * 3, 8
    sgd, momentum, adam = after(400)
    assert max(sgd, momentum) < 0.15 and 0.15 < adam < 0.45
    sgd, momentum, adam = after(600)
    assert max(sgd, momentum) < 0.15 and 0.3 < adam < 0.75


# -- 6 and 7: rates ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "best"), [(nnlib.SGD, 0.5), (nnlib.Adam, 0.005)])
def test_the_finder_brackets_what_the_sweep_chose(kind, best, data):
    losses, growing = [], kind(lambda step: 1e-5 * 1e6 ** (step / 240))
    net = wide(0)
    for record in nnlib.train_steps(net, data.X_train, data.y_train, 10, 64, growing):
        losses.append(record["loss"])
        if record["step"] == 240 or losses[-1] > 4 * losses[0]:
            break
    rates, smooth = 1e-5 * 1e6 ** (np.arange(len(losses)) / 240), pd.Series(losses).ewm(span=12).mean().to_numpy()
    falls = rates[np.flatnonzero(smooth < 0.9 * smooth[0])[0]]
    rises = rates[smooth.argmin() + np.flatnonzero(smooth[smooth.argmin() :] > 2 * smooth.min())[0]]
    assert falls < best < rises and rises / falls > 10


def test_a_schedule_buys_loss_and_room(train):
    cosine, step = schedules.Cosine(0.5, steps=STEPS), schedules.Step(0.5, every=STEPS // 2, factor=0.1)
    for schedule in (cosine, step):
        pairs = [(train(wide, 10, k, nnlib.SGD, schedule), train(wide, 10, k, nnlib.SGD, 0.5)) for k in range(3, 8)]
        loss, accuracy = np.mean([np.subtract(*pair) for pair in pairs], axis=0)
        assert -0.06 < loss < -0.005 and abs(accuracy) < 0.8
    fast = schedules.Cosine(1.0, steps=STEPS)
    saved, ruined = ([train(wide, 10, k, nnlib.SGD, rate)[1] > 80 for k in range(3, 8)] for rate in (fast, 1.0))
    assert sum(saved) >= sum(ruined) + 2


# -- 8 to 11: batch normalisation -------------------------------------------------------------------------------------


def test_adam_alone_does_not_wake_the_dead_net_in_six_epochs(train):
    reached = [train(DEEP["sigmoid", False], 6, 0, nnlib.Adam, rate)[1] for rate in (0.0003, 0.001, 0.003, 0.01)]
    assert 12 < max(reached) < 50


def test_predict_2_the_dead_net_learns_at_every_rate(train):
    """D. Here 90, 90, 90, 89, 87, 82, 83, 76 %; plain 10 at each."""
    plain, normed = (
        [train(DEEP["sigmoid", norm], 6, 0, nnlib.SGD, rate)[1] for rate in (0.05, 0.2, 0.5, 10.0)]
        for norm in (False, True)
    )
    assert max(plain) < 15 and min(normed[:3]) > 86 and 30 < normed[3] < min(normed[:3])


def test_relus_usable_rates(train):
    plain, normed = (
        {rate: train(DEEP["relu", norm], 6, 0, nnlib.SGD, rate)[1] for rate in (0.05, 0.2, 1.0, 2.0)}
        for norm in (False, True)
    )
    assert min(plain[0.05], plain[0.2]) > 80 and max(plain[1.0], plain[2.0]) < 50
    assert min(normed.values()) > 80


def test_batch_norm_is_sooner_and_not_better(train):
    def ahead(epochs, seeds):
        nets = DEEP["relu", True], DEEP["relu", False]
        return np.mean([np.subtract(*(train(net, epochs, k, nnlib.SGD, 0.1)[1] for net in nets)) for k in seeds])

    assert 1 < ahead(6, (1, 2, 3, 4)) < 6 and abs(ahead(20, (1,))) < 2
    for norm in (True, False):
        assert 91.5 < train(DEEP["relu", norm], 20, 1, nnlib.SGD, 0.1)[1] < 95


def test_what_goes_back_through_eight_sigmoid_layers(data):
    ratios = {}
    for norm in (False, True):
        net, sizes, s = deep_net("sigmoid", norm, 0), [], []
        X, Y = net.check_X_y(data.X_train[:500], data.y_train[:500])
        _, dZ = net.compare(net.logits(X, training=True), Y)
        for layer in reversed(net.layers):
            s += [layer.deviation.mean()] if isinstance(layer, BatchNorm) else []
            dZ = layer.backward(dZ)
            sizes += [np.sqrt((dZ**2).mean())] if isinstance(layer, Activation) else []
        ratios[norm] = sizes[-1] / sizes[0]
    assert ratios[False] < 1e-3 and 0.5 < ratios[True] < 2.5
    assert np.mean(s[:-1]) == pytest.approx(0.29, abs=0.015)
    assert 2.8 < 1 / np.mean(s[:-1]) < 4


# -- 12: while predicting ---------------------------------------------------------------------------------------------


def with_batch_statistics(net, X):
    for layer in net.layers:
        if isinstance(layer, BatchNorm):
            X = layer.gamma * (X - X.mean(axis=0)) / np.sqrt(X.var(axis=0) + layer.epsilon) + layer.beta
        else:
            X = layer.forward(X)
    return X


@pytest.fixture(scope="module")
def living(data):
    net = deep_net("sigmoid", True, seed=0)
    with numerics():
        nnlib.train(net, data.X_train, data.y_train, 6, 64, nnlib.SGD(0.1), progress=False)
    return net


def test_predict_3_alone_every_picture_gets_the_same_answer(living, data):
    """C, and nnlib refuses to train on a batch of one."""
    answers = [with_batch_statistics(living, row[None, :]) for row in data.X_val[:20]]
    np.testing.assert_allclose(answers, np.broadcast_to(answers[0], np.shape(answers)), atol=1e-4)
    with pytest.raises(ValueError, match="batch of one row"):
        living.logits(data.X_val[:1], training=True)


def test_your_digit_and_its_neighbours(living, data):
    picture = Image.open(ROOT / "data" / "samples" / "my_digit.png").convert("L").resize((28, 28))
    digit = np.asarray(picture, dtype=np.float32).ravel() / 255
    assert living.predict(digit[None, :]) == [3] and living.predict_proba(digit[None, :]).max() > 0.6
    said = []
    for k in range(10):
        company = np.vstack([digit, data.X_val[data.y_val == k][:7]])
        said.append(with_batch_statistics(living, company)[0].argmax())
    assert len(set(said)) >= 3 and 2 <= np.sum(np.array(said) != 3) <= 9


def test_shuffled_batches_hide_the_mistake_and_sorted_ones_show_it(living, data):
    def accuracy(order, size):
        batches = np.split(order, range(size, len(order), size))
        right = [with_batch_statistics(living, data.X_val[b]).argmax(axis=1) == data.y_val[b] for b in batches]
        return np.concatenate(right).mean()

    shuffled, by_class = np.random.default_rng(0).permutation(800), np.argsort(data.y_val, kind="stable")
    honest = living.accuracy(data.X_val, data.y_val)
    assert abs(accuracy(shuffled, 64) - honest) < 0.03
    assert accuracy(shuffled, 2) < 0.45 < 0.6 < accuracy(shuffled, 8) < honest - 0.04
    assert max(accuracy(by_class, size) for size in (2, 8, 64)) < 0.5

"""What notebook 05 says in words, recomputed. Its cells are run by nbval."""

import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.model_selection import GridSearchCV

import nnlib
from nnlib import initializers, widgets
from nnlib.activations import FUNCTIONS
from nnlib.estimator import NetworkClassifier
from nnlib.widgets.panel import numerics

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "05_activation_comparison.ipynb"
RATES = [0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]


@pytest.fixture(scope="module")
def data(dataset):
    return dataset("mnist-5k", max_train_samples=3200)


@pytest.fixture(scope="module")
def accuracy(data):
    """Validation accuracy of a net 784-hidden-10 after its training."""

    def train(activation, rate, epochs=20, hidden=(128, 64), seed=0, prepare=None, **options):
        net = nnlib.Network([784, *hidden, 10], activation, seed=seed, **options)
        if prepare:
            prepare(net)
        with warnings.catch_warnings(), numerics():
            warnings.simplefilter("ignore")
            nnlib.train(net, data.X_train, data.y_train, epochs, 64, nnlib.SGD(rate), seed=seed, progress=False)
        return net.accuracy(data.X_val, data.y_val)

    return train


def sizes_by_layer(net, X, y):
    X, Y = net.check_X_y(X, y)
    _, dZ = net.compare(net.logits(X, training=True), Y)
    spread, size = [], []
    for layer in reversed(net.layers):
        dZ = layer.backward(dZ)
        if isinstance(layer, nnlib.Activation):
            spread.insert(0, layer.A.std(axis=0).mean())
            size.insert(0, np.sqrt((dZ**2).mean()))
    return spread, size


# -- 1: five bends ----------------------------------------------------------------------------------------------------


def test_what_the_explorer_shows():
    panel = widgets.ActivationExplorer("sigmoid", z=0.0)
    assert (panel.value, panel.derivative) == (0.5, 0.25) and panel.factor == pytest.approx(1.5e-5, rel=0.02)
    panel.z = 5.0
    assert panel.value == pytest.approx(0.993, abs=5e-4) and panel.derivative == pytest.approx(0.0066, abs=1e-4)
    panel.activation, panel.alpha = "elu", 2.0
    sides = []
    for panel.z in (-1e-6, 1e-6):
        sides.append(panel.derivative)
    assert sides == pytest.approx([2, 1], abs=1e-4)


# -- 2 and 3: one rate for all ----------------------------------------------------------------------------------------


def test_predict_1_the_gap_is_the_rate(accuracy):
    """C: about 6 points at rate 0.1, about 1 or less at the own rates."""
    at_one_rate = accuracy("relu", 0.1) - accuracy("sigmoid", 0.1)
    at_own_rates = accuracy("relu", 0.5) - accuracy("sigmoid", 5.0)
    assert 0.04 < at_one_rate < 0.085
    assert abs(at_own_rates) < 0.02
    assert abs(accuracy("relu", 0.5) - accuracy("relu", 0.1)) < 0.015, "at 0.1 ReLU has little to gain"


def test_two_ways_to_fall(data, accuracy):
    """One raises; the other says nothing: a finite loss (not always near ln 10), and one answer for every digit."""
    fallen = []
    assert accuracy("elu", 1.0, epochs=2, prepare=fallen.append) < 0.2
    assert accuracy("tanh", 2.0, epochs=2, prepare=fallen.append) < 0.2
    for net in fallen:
        loss = net.loss(data.X_train, data.y_train)
        assert np.isfinite(loss) and loss > 4
        assert len(np.unique(net.predict(data.X_val))) == 1
    with pytest.raises(ValueError, match="diverged"):
        accuracy("leaky_relu", 10.0, epochs=2)


def test_one_seed_at_the_edge_of_the_cliff(accuracy):
    """Tanh at rate 1 depends on the seed (here one of three sits at 10 %); at 0.5 it does not."""
    at_the_edge, before = ([accuracy("tanh", rate, epochs=10, seed=k) for k in range(3)] for rate in (1.0, 0.5))
    assert max(at_the_edge) > 0.85
    assert min(at_the_edge) < min(before) - 0.005
    assert min(before) > 0.9


def test_the_search_in_five_lines(data):
    """Sigmoid more than ten points behind at 0.02, within three at 0.5."""
    network = NetworkClassifier(hidden=[64], optimizer="SGD", epochs=10, random_state=0)
    choices = {"activation": ["relu", "sigmoid"], "learning_rate": [0.02, 0.5]}
    search = GridSearchCV(network, choices, cv=3, refit=False).fit(data.X_train[::2], data.y_train[::2])
    scores = np.reshape(search.cv_results_["mean_test_score"], (2, 2))  # by activation, by rate
    behind = scores[0] - scores[1]
    assert behind[0] > 0.1 and abs(behind[1]) < 0.03


def test_elu_was_held_back_by_the_grid(accuracy):
    """Between 0.2, its best in the grid, and 0.5, where it falls, ELU does as well as the others."""
    assert accuracy("elu", 0.35, seed=3) > max(0.925, accuracy("elu", 0.2, seed=3))
    assert accuracy("elu", 0.5, epochs=3, seed=3) < 0.2


def test_start_weights_of_their_own_hardly_matter_with_two_hidden_layers(accuracy):
    for name, rate in (("tanh", 0.5), ("sigmoid", 5.0)):
        he, xavier = (accuracy(name, rate, epochs=10, initializer=start, seed=3) for start in ("he", "xavier"))
        assert abs(he - xavier) < 0.02


def test_the_band_is_narrower_than_the_interval(accuracy):
    band = np.std([accuracy("relu", 0.5, epochs=10, seed=seed) for seed in (3, 4, 5)], ddof=1)
    low, high = binomtest(936, 1000).proportion_ci(method="wilson")
    assert band < 0.012 < (high - low) / 2 < 0.018
    assert 1.96 * np.sqrt(0.936 * 0.064 / 1000) == pytest.approx((high - low) / 2, abs=5e-4)
    assert 1.96 * np.sqrt(0.9385 * 0.0615 / 10_000) > 0.9385 - 0.934


# -- 4: depth ---------------------------------------------------------------------------------------------------------


def test_chain_of_eight_sigmoids():
    a, product = 0.5, 1.0
    for _ in range(8):
        a = 1 / (1 + np.exp(-a))
        product *= a * (1 - a)
    assert product == pytest.approx(6.9e-6, rel=0.02) and product < 0.25**8


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("sigmoid", 0, 1e-3), ("relu", 0.2, 5), ("leaky_relu", 0.2, 5), ("elu", 0.5, 10), ("tanh", 0.5, 5)],
)
def test_predict_2_gradients_in_the_first_of_eight_layers(data, name, low, high):
    """C: less than a thousandth for sigmoid. The others keep their size."""
    for seed in range(3):
        net = nnlib.Network([784, *[64] * 8, 10], name, seed=seed)
        spread, size = sizes_by_layer(net, data.X_train[:500], data.y_train[:500])
        assert low < size[0] / size[-1] < high
        if name == "sigmoid":
            assert spread[-1] < 1e-3 * spread[0], "all digits look the same"
            factors = np.array(size[:-1]) / size[1:]
            assert ((factors > 0.2) & (factors < 0.45)).all(), "about a third from layer to layer"


def test_no_rate_trains_the_deep_sigmoid_net(accuracy):
    deep = partial(accuracy, epochs=6, hidden=[64] * 8)
    assert max(deep("sigmoid", rate) for rate in RATES) < 0.25
    assert deep("relu", 0.1) > 0.8
    assert deep("tanh", 0.1) > 0.85


def test_what_the_race_shows(data):
    race = widgets.Race(data, ["relu", "tanh", "sigmoid"], rates=0.1)

    def after(steps):
        race.advance(steps)
        return race.history.groupby("lane")["val_accuracy"].last().to_numpy()

    relu, tanh, sigmoid = after(1000)
    assert min(relu, tanh) > 0.89 and 0.82 < sigmoid < 0.89
    race.same_rate, race.rates = False, [0.1, 0.1, 5.0]
    assert after(300)[2] > 0.86
    relu, tanh, sigmoid = after(1000)
    assert abs(sigmoid - (relu + tanh) / 2) < 0.02
    race.depth = 8
    relu, tanh, sigmoid = after(400)
    assert min(relu, tanh) > 0.85 and sigmoid < 0.15
    sizes = []
    for net in race.networks:
        sizes.append([np.sqrt((g["dW"] ** 2).mean()) for g in net.gradients(data.X_train[:500], data.y_train[:500])])
    sizes = np.array(sizes)[:, :8]  # of the hidden layers
    assert (sizes[:2].max(axis=1) / sizes[:2].min(axis=1) < 6).all(), "nearly level"
    assert 2 < (sizes[2, 7] / sizes[2, 0]) ** (1 / 7) < 4.5, "a factor of three per layer"


# -- 5: dead units ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 3, 4])
def test_predict_3_dead_units(data, seed):
    """B: about half of the first layer dies and none comes back; of the dead in the second layer some do."""
    net, sgd = nnlib.Network([784, 128, 64, 10], "relu", seed=seed), nnlib.SGD(1.0)
    first, second = [], []
    for record in nnlib.train_steps(net, data.X_train, data.y_train, 8, 64, sgd, seed=seed):
        if record["step"] % 10 == 0:
            net.logits(data.X_train, training=True)
            for found, layer in zip((first, second), (net.layers[1], net.layers[3]), strict=True):
                found.append(~(layer.A > 0).any(axis=0))
        if record["step"] == 100:
            sgd.learning_rate = 0.1
    first, second = np.array(first), np.array(second)
    assert first[9].sum() > 50
    assert not (first[:-1] & ~first[1:]).any()
    assert (second[9] & ~second[10:].all(axis=0)).any()
    assert net.accuracy(data.X_val, data.y_val) > 0.5, "the living units still classify"


def test_elu_far_below_zero_is_as_good_as_dead():
    function, backward = FUNCTIONS["elu"]
    assert 0 <= backward(1.0, function(np.array([-20.0])))[0] < 1e-8


# -- 6: slope ---------------------------------------------------------------------------------------------------------


def test_slope(accuracy):
    def with_slope(s):
        def prepare(net):
            for W in net.weights[:-1]:
                W /= np.sqrt(1 + s**2)
            for layer in net.layers:
                if isinstance(layer, nnlib.Activation):
                    layer.options["slope"] = s

        return np.mean([accuracy("leaky_relu", 0.1, epochs=10, seed=seed, prepare=prepare) for seed in (1, 2)])

    relu, leaky, half, linear = map(with_slope, (0.0, 0.01, 0.5, 1.0))
    assert abs(relu - leaky) < 0.012
    assert relu > half + 0.005 > linear
    assert 0.87 < linear < 0.91, "what softmax regression reaches"


# -- 7: start weights -------------------------------------------------------------------------------------------------


def constant(rng, n_in, n_out):
    return np.full((n_in, n_out), 0.01), np.zeros(n_out)


def test_seven_starts(data, accuracy):
    starts = {
        "zero": "zeros",
        "constant": constant,
        "0.01": initializers.normal(0.01),
        "0.1": initializers.normal(0.1),
        "uniform": initializers.uniform(-0.5, 0.5),
        "Xavier": "xavier",
        "He": "he",
    }
    nets = {name: nnlib.Network([784, 128, 64, 10], "relu", initializer=start) for name, start in starts.items()}
    loss = {name: net.loss(data.X_train, data.y_train) for name, net in nets.items()}
    dZ = {name: sizes_by_layer(net, data.X_train[:500], data.y_train[:500])[1][0] for name, net in nets.items()}
    after = {name: accuracy("relu", 0.1, epochs=5, initializer=start) for name, start in starts.items()}
    assert 10 < loss["uniform"] < 13 and all(2.25 < loss[name] < 2.6 for name in starts if name != "uniform")
    assert dZ["zero"] == 0 and dZ["constant"] < 1e-9
    assert 100 < dZ["He"] / dZ["0.01"] < 1000
    assert after["zero"] < 0.15 and after["constant"] < 0.4 and after["0.01"] < 0.6
    assert min(after[name] for name in ("0.1", "Xavier", "He")) > 0.88
    assert 0.8 < after["uniform"] < after["He"]
    one_layer = accuracy("relu", 0.1, epochs=5, hidden=[128], initializer=initializers.normal(0.01))
    assert one_layer > 0.86, "with one hidden layer the small start does well"


def test_he_keeps_the_size_over_twenty_layers():
    rng = np.random.default_rng(0)
    n, rows = 400, rng.normal(size=(300, 400))
    sizes = []
    for variance in (1 / n, 2 / n, 4 / n):
        A = rows
        for _ in range(20):
            A = np.maximum(A @ rng.normal(0, np.sqrt(variance), (n, n)), 0)
        sizes.append(np.sqrt((A**2).mean()))
    assert sizes[0] < 3e-3 and 0.3 < sizes[1] < 3 and sizes[2] > 300


@pytest.mark.parametrize("slope", [0.0, 0.1, 0.5])
def test_what_a_bend_keeps_of_the_mean_square(slope):
    """(5.7), and with a slope (5.5): (1 + slope^2) / 2 of Var(z)."""
    rng = np.random.default_rng(0)
    z = rng.uniform(size=400) @ rng.normal(0, 0.1, (400, 100_000))
    kept = (FUNCTIONS["leaky_relu"][0](z, slope=slope) ** 2).mean() / z.var()
    assert kept == pytest.approx((1 + slope**2) / 2, rel=0.02)


def test_128_twins(data):
    """Equal units stay equal in float64; what float32's rounding does depends on the processor, so only bounds."""
    gap, score = {}, {}
    for dtype in (np.float64, np.float32):
        net = nnlib.Network([784, 128, 10], "relu", initializer=constant, dtype=dtype)
        for _ in nnlib.train_steps(net, data.X_train, data.y_train, 6, 64, nnlib.SGD(0.1), seed=0):
            pass
        W = net.weights[0]
        gap[dtype] = (W.max(axis=1) - W.min(axis=1)).max()
        score[dtype] = net.accuracy(data.X_val, data.y_val)
    assert gap[np.float64] < 1e-9 and score[np.float64] < 0.5
    assert gap[np.float32] >= gap[np.float64]


# -- 8: the test ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def right(data, accuracy):
    """For ReLU, sigmoid and ELU at their own rates: five nets (rows), right on which test pictures (columns)?"""
    nets = {"relu": [], "sigmoid": [], "elu": []}
    for name, rate in (("relu", 0.5), ("sigmoid", 5.0), ("elu", 0.2)):
        for seed in (3, 4, 5, 6, 7):
            accuracy(name, rate, seed=seed, prepare=nets[name].append)
    return {name: np.array([net.predict(data.X_test) == data.y_test for net in five]) for name, five in nets.items()}


def bootstrap(D, level=0.95, draws=1000):
    rng, (R, n) = np.random.default_rng(0), D.shape
    means = [D[rng.integers(R, size=R)][:, rng.integers(n, size=n)].mean() for _ in range(draws)]
    return np.quantile(means, [(1 - level) / 2, (1 + level) / 2])


def test_relu_is_ahead_of_elu_and_not_ordered_with_sigmoid(right):
    """Bands wide enough for another processor: at the one that wrote the text 1.1 [0.2, 1.9], and -0.0 [-0.9, 0.9]."""
    D = 100.0 * right["relu"] - 100.0 * right["elu"]
    low, high = bootstrap(D)
    assert 0.5 < D.mean() < 1.7 and -0.3 < low < 0.8 and 1.3 < high < 2.6
    low, high = bootstrap(100.0 * right["relu"] - 100.0 * right["sigmoid"])
    assert -1.6 < low < 0 < high < 1.6


def test_bars_overlap_all_the_same(right):
    bars = []
    for name in ("relu", "elu"):
        n = right[name].shape[1]
        bars.append(binomtest(round(right[name].mean() * n), n).proportion_ci(method="wilson"))
    assert bars[1].high > bars[0].low


def test_what_is_hard_for_one_is_mostly_hard_for_all(right):
    for other in ("sigmoid", "elu"):
        assert 0.02 < (right["relu"] != right[other]).mean() < 0.05
        assert (~right["relu"] & ~right[other]).sum() > 0.5 * (~right["relu"]).sum()


def test_the_border_of_a_paired_comparison():
    """(5.9) beside the exact test: 0.4 points on 10,000 pictures, 400 of which only one of the nets gets right."""
    assert 0.04 < binomtest(220, 400).pvalue < 0.06
    assert 100 * 1.96 * np.sqrt(0.04 / 10_000) == pytest.approx(0.39, abs=0.005)
    assert 100 * 1.96 * np.sqrt(0.04 / 1000) == pytest.approx(1.2, abs=0.05)
    assert 100 * 1.96 * np.sqrt(2 * 0.9385 * 0.0615 / 10_000) == pytest.approx(0.66, abs=0.01)
    assert round(1 - 0.95**15, 2) == 0.54
    rng = np.random.default_rng(0)
    kinds = rng.choice([1, -1, 0], p=[0.02, 0.02, 0.96], size=(2000, 10_000)).sum(axis=1)  # equally good nets
    assert np.mean(np.abs(kinds) / 100 > 0.392) == pytest.approx(0.05, abs=0.02)


# -- Your turn --------------------------------------------------------------------------------------------------------


def test_exercises():
    assert 4 * 0.5 * (1 - 0.5) == 1 and 1 - np.tanh(0.0) ** 2 == 1
    w = np.array([0.5, -1.0, 0.3, 0.2])
    corners = np.array(np.meshgrid(*[[0, 1]] * 4)).reshape(4, -1).T
    assert (corners @ w).max() == pytest.approx(1.0)
    assert round(0.94 * 0.06 * (1.96 / 0.002) ** 2, -3) == 54_000
    assert round(0.04 * (1.96 / 0.004) ** 2, -2) == 9600

"""nnlib.checks: the numerical gradient on known functions, and preflight on planted mistakes and correct nets."""

import copy

import numpy as np
import pytest
from planted import PLANTED, BiasMean, DividedTwice, MaskedOnOutput, TransposeForgotten, replace

from nnlib import (
    SGD,
    Activation,
    Adam,
    Dense,
    Dropout,
    Network,
    check_gradients,
    numerical_gradient,
    preflight,
    relative_error,
)
from nnlib.activations import sigmoid

CLASSIFIER = ("softmax", "cross_entropy")
BINARY = ("sigmoid", "binary_cross_entropy")
REGRESSION = ("identity", "mean_squared_error")


def rows(m=20, n=4, K=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, n)), rng.integers(K, size=m)


# -- numerical_gradient and relative_error --


def test_the_numerical_gradient_of_known_functions():
    w = np.random.default_rng(0).normal(size=(3, 4))
    np.testing.assert_allclose(numerical_gradient(lambda: (w**3).sum(), w), 3 * w**2, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(numerical_gradient(lambda: np.exp(w).prod(), w), np.full((3, 4), np.exp(w.sum())))


def test_the_array_is_put_back_to_the_bit():
    w = np.random.default_rng(0).normal(size=(3, 4))
    before = w.copy()
    numerical_gradient(lambda: (w**2).sum(), w)
    np.testing.assert_array_equal(w, before)


def test_only_the_entries_asked_for_are_computed():
    w = np.ones((2, 3))
    np.testing.assert_allclose(numerical_gradient(lambda: (w**2).sum(), w, entries=[1, 5]), [[0, 2, 0], [0, 0, 2]])


def test_relative_error():
    assert relative_error(np.zeros(3), np.zeros(3)) == 0
    assert relative_error(np.ones(3), np.ones(3)) == 0
    assert relative_error(np.ones(3), -np.ones(3)) == 1
    assert relative_error(np.array([3.0, 0]), np.array([0, 4.0])) == pytest.approx(5 / 7)
    assert relative_error(np.ones((2, 2)), np.zeros((2, 2))) == 1


def test_relative_error_refuses_what_it_would_have_to_stretch():
    with pytest.raises(ValueError, match=r"a has shape \(3,\), b has shape \(3, 1\); expected the same"):
        relative_error(np.ones(3), np.ones((3, 1)))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int64])
def test_the_numerical_gradient_wants_float64(dtype):
    with pytest.raises(ValueError, match=r"array holds .*; expected float64: .*astype\(np.float64\)"):
        numerical_gradient(lambda: 0.0, np.ones(3, dtype))


def test_an_array_is_put_back_also_when_f_raises():
    w, calls = np.ones(3), []

    def f():
        calls.append(w.copy())
        if len(calls) == 4:
            raise RuntimeError("no more")
        return w.sum()

    with pytest.raises(RuntimeError):
        numerical_gradient(f, w)
    np.testing.assert_array_equal(w, np.ones(3))


# -- check_gradients --


def test_the_report_has_a_row_per_parameter_array():
    report = check_gradients(Network([4, 5, 3], "tanh"), *rows())
    assert list(report.index) == ["W1", "b1", "W2", "b2"]
    assert list(report["shape"]) == [(4, 5), (5,), (5, 3), (3,)]
    assert list(report["checked"]) == [20, 5, 15, 3] and not report["left_out"].any()
    assert (report["error"] < 1e-6).all()


def test_a_float32_network_is_checked_on_a_copy_and_left_alone():
    net = Network([4, 5, 3])
    parameters, gradient = net.parameters.copy(), net.gradient.copy()
    assert (check_gradients(net, *rows())["error"] < 1e-6).all()
    np.testing.assert_array_equal(net.parameters, parameters)
    np.testing.assert_array_equal(net.gradient, gradient)


def test_a_sample_is_drawn_with_the_seed():
    net = Network([4, 50, 3])
    first, again = (check_gradients(net, *rows(), sample=7, seed=1) for _ in range(2))
    assert ((first["checked"] + first["left_out"]) == [7, 7, 7, 3]).all()
    assert first.equals(again)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "elu"])
def test_entries_on_both_sides_of_a_kink_are_left_out_and_counted(activation):
    net = Network([2, 2, 2], activation, dtype=np.float64)
    net.weights[0][...] = [[1, 1], [0, 1]]  # Z1 = [[0, 1]]: the first unit stands on its kink
    report = check_gradients(net, [[0.0, 1.0]], [0])
    assert report.loc["b1", ["checked", "left_out"]].tolist() == [1, 1]
    assert report.loc["W1", ["checked", "left_out"]].tolist() == [3, 1]  # the other weight has an input of 0
    assert (report["error"] < 1e-6).all()


@pytest.mark.parametrize("which, kind", [([2], TransposeForgotten), ([0], BiasMean), ([0], DividedTwice)])
def test_a_wrong_dense_layer_is_found(which, kind):
    net = Network([4, 5, 5, 3], "tanh", dtype=np.float64)
    before = check_gradients(net, *rows())["error"].max()
    assert before < 1e-6 and check_gradients(replace(net, which, kind), *rows())["error"].max() > 1e-3


def test_relu_masked_on_its_output_is_found():
    net = replace(Network([4, 5, 3], "relu", dtype=np.float64), [1], MaskedOnOutput)
    assert check_gradients(net, *rows())["error"].max() > 1e-3


# -- preflight --


def plane(seed, m=300):
    """Points in the plane, whose class is whether x and y have the same sign: no line separates them."""
    X = np.random.default_rng(seed).uniform(-2, 2, (m, 2))
    return X, (X[:, 0] * X[:, 1] > 0).astype(int)


def wave(seed, m=300):
    """A regression: X (m, 3) and a y of mean 0 and size about 1."""
    X = np.random.default_rng(seed).normal(size=(m, 3))
    return X, np.sin(2 * X[:, 0]) + 0.5 * X[:, 1]


def correct_nets(dataset, seed):
    """Networks, data and optimizers with nothing wrong with them."""
    hidden = seed % 4
    activation = ("relu", "leaky_relu", "elu", "tanh", "sigmoid")[seed % 5]
    initializer = "xavier" if activation in ("tanh", "sigmoid") else "he"
    optimizer = (SGD(0.1), SGD(0.02, momentum=0.9), Adam(0.001))[seed % 3]

    def net(widths, how, K):
        return Network([*widths[: hidden + 1], K], activation, *how, initializer, seed=seed)

    for name, widths in [("mnist-5k", (784, 128, 64, 32)), ("digits", (64, 64, 32, 32)), ("iris", (4, 16, 16, 16))]:
        data = dataset(name)
        for how in (CLASSIFIER, BINARY):
            yield f"{name} {how[0]}", net(widths, how, len(data.class_names)), data.X_train, data.y_train, optimizer
    hidden = max(hidden, 1)
    for how, K in ((CLASSIFIER, 2), (BINARY, 1)):
        yield f"plane {how[0]}", net((2, 16, 16, 16), how, K), *plane(seed), optimizer
    yield "wave", net((3, 32, 32, 16), REGRESSION, 1), *wave(seed), optimizer


@pytest.mark.parametrize("seed", range(30))
def test_preflight_raises_no_alarm_over_correct_nets(seed, dataset):
    alarms = []
    for name, net, X, y, optimizer in correct_nets(dataset, seed):
        result = preflight(net, X, y, optimizer, seed=seed)
        alarms += [f"{name}, {net.sizes}, {r.check}: {r.value:.3g}, not {r.expected}"
                   for r in result[~result["passed"]].itertuples()]  # fmt: skip
    assert alarms == []


def test_a_net_without_hidden_layers_may_start_at_zero(dataset):
    data = dataset("digits")
    net = Network([64, 10], initializer="zeros")
    assert preflight(net, data.X_train, data.y_train)["passed"].all()


@pytest.mark.parametrize("letter", "ABCDE")
def test_the_five_systems_pass_but_for_As_own_start(letter, dataset):
    from nnlib.initializers import normal, uniform

    net, name, rate = {
        "A": (Network([784, 128, 64, 10], initializer=uniform(-0.5, 0.5)), "mnist-5k", 0.1),
        "B": (Network([784, 128, 10]), "mnist-5k", 0.15),
        "C": (Network([64, 64, 10], "sigmoid", "softmax", "binary_cross_entropy", normal(0.1)), "digits", 0.1),
        "D": (Network([784, 1000, 10], "tanh", initializer=normal(0.01)), "mnist-5k", 0.02),
        "E": (Network([784, 10, 10], "leaky_relu", initializer="xavier"), "mnist-5k", 0.1),
    }[letter]
    data = dataset(name)
    result = preflight(net, data.X_train, data.y_train, SGD(rate)).set_index("check")
    assert list(result.index[~result["passed"]]) == (["start loss"] if letter == "A" else [])


# Which check is the one to speak of each mistake.
SPEAKS = {
    "unscaled pixels": "size of the inputs",
    "shuffled labels": "labels fit the rows",
    "transpose forgotten": "gradient",
    "bias mean instead of sum": "gradient",
    "divided by m twice": "gradient",
    "zero weights": "spread of the logits",
    "start weights too large": "start loss",
    "start weights too small": "spread of the logits",
    "rate too large": "largest update",
    "rate too small": "smallest update",
    "softmax left out": "probabilities",
    "ReLU masked on its output": "gradient",
}


@pytest.mark.parametrize("name", ["mnist-5k", "digits"])
@pytest.mark.parametrize("mistake", PLANTED)
def test_preflight_catches_a_planted_mistake(mistake, name, dataset):
    data = dataset(name)
    for seed in range(3):
        net = Network([data.X_train.shape[1], 32, 32, 10], seed=seed)
        assert preflight(net, data.X_train, data.y_train, SGD(0.1), seed=seed)["passed"].all()
        net, X, y, rate = PLANTED[mistake](net, data.X_train, data.y_train, 0.1)
        result = preflight(net, X, y, SGD(rate), seed=seed)
        caught = result["check"][~result["passed"]]
        assert caught.str.startswith(SPEAKS[mistake]).any(), result.to_string()


@pytest.mark.parametrize("name", ["mnist-5k", "digits", "iris"])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "elu", "tanh", "sigmoid"])
def test_preflight_catches_mistakes_whatever_the_activation(activation, name, dataset):
    data, missed = dataset(name), []
    for mistake, plant in PLANTED.items():
        if mistake == "ReLU masked on its output" and activation != "relu":
            continue
        if mistake == "unscaled pixels" and name == "iris":
            continue
        for how in (CLASSIFIER, BINARY):
            net = Network([data.X_train.shape[1], 32, 32, len(data.class_names)], activation, *how, "xavier")
            net, X, y, rate = plant(net, data.X_train, data.y_train, 0.1)
            if preflight(net, X, y, SGD(rate))["passed"].all():
                missed.append((mistake, how[0]))
    assert missed == []


def test_an_identity_output_in_place_of_softmax_is_caught(dataset):
    data = dataset("digits")
    net = Network([64, 32, 10], output="identity", loss="cross_entropy")
    assert not preflight(net, data.X_train, np.eye(10)[data.y_train])["passed"].all()


def test_preflight_changes_neither_network_nor_optimizer(dataset):
    data, net, adam = dataset("digits"), Network([64, 16, 10]), Adam()
    net.gradient[:] = 1
    adam.step(net)
    parameters, gradient, state = net.parameters.copy(), net.gradient.copy(), copy.deepcopy(adam._memory)
    first, again = (preflight(net, data.X_train, data.y_train, adam, seed=1) for _ in range(2))
    assert first.equals(again)
    np.testing.assert_array_equal(net.parameters, parameters)
    np.testing.assert_array_equal(net.gradient, gradient)
    np.testing.assert_array_equal(adam._memory, state)
    adam.step(net)  # it still belongs to this network


def test_the_table_says_value_expected_and_passed(dataset):
    data = dataset("digits")
    table = preflight(Network([64, 16, 10]), data.X_train, data.y_train)
    assert list(table.columns) == ["check", "value", "expected", "passed"]
    assert table["passed"].dtype == bool and table["expected"].str.contains(" to ").all()
    start = table.set_index("check").loc["start loss", "value"]
    assert 0.5 * np.log(10) < start < 3 * np.log(10)


def test_preflights_values_by_hand():
    net = Network([1, 1, 1], "identity", *REGRESSION, dtype=np.float64)
    net.weights[0][...], net.weights[1][...] = 2, 3
    X, y = np.tile([[1.0], [-1.0]], (20, 1)), np.zeros(40)
    # Z = 6 x: dW2 = mean(6 x * 2 x) = 12 and dW1 = mean(6 x * 3 * x) = 18, of which SGD takes a hundredth
    table = preflight(net, X, y, SGD(0.01)).set_index("check")
    assert list(table.index) == [
        "size of the inputs (root mean square)", "spread of the logits over the rows", "gradient (relative error)",
        "20 rows learned by heart", "smallest update / weight", "largest update / weight",
    ]  # fmt: skip
    value = table["value"]
    assert value["size of the inputs (root mean square)"] == 1
    assert value["spread of the logits over the rows"] == 6
    assert value["smallest update / weight"] == pytest.approx(0.12 / 3)
    assert value["largest update / weight"] == pytest.approx(0.18 / 2)
    assert 0.99 <= value["20 rows learned by heart"] <= 1 and value["gradient (relative error)"] < 1e-8


def test_what_preflight_expects():
    (X, _), ln_K = rows(60), np.log(4)
    y = np.arange(60) % 4
    layers = [Dense(4, 8), Activation("relu"), Dropout(0.1), Dense(8, 4)]
    expected = preflight(Network(layers=layers), X, y).set_index("check")["expected"].to_dict()
    chance = 1 / 4 + 4 * np.sqrt(1 / 4 * 3 / 4 / 60)  # four standard deviations of a share of 60 rows
    assert expected == {
        "size of the inputs (root mean square)": "0.01 to 10",
        "labels fit the rows (nearest row has the same)": f"{chance:.3g} to 1",
        "start loss": f"{0.3 * ln_K:.3g} to {4 * ln_K:.3g}",
        "probabilities (farthest from being one)": "0 to 0.001",
        "spread of the logits over the rows": "0.0003 to 30",
        "gradient (relative error)": "0 to 0.0001",
        "20 rows learned by heart": "0.95 to 1",
        "same answer twice, and alone": "0 to 0.001",
        "smallest update / weight": "1e-06 to 3",
        "largest update / weight": "1e-06 to 3",
    }


def test_the_share_of_nearest_rows_with_the_same_label():
    X = np.repeat(np.arange(30.0), 2)[:, None]  # 30 pairs of equal rows, of which 6 have unlike labels
    X = np.hstack([X, np.tile([[0.0], [0.1]], (30, 1))])
    y = np.repeat(np.arange(30) % 2, 2)
    y[1:12:2] = 1 - y[1:12:2]
    table = preflight(Network([2, 4, 2]), X, y).set_index("check")
    assert table.loc["labels fit the rows (nearest row has the same)", "value"] == 0.8


@pytest.mark.parametrize("outputs, farthest", [([-0.25, 1.75], 0.75), ([-0.5, 1.25], 0.5), ([0.25, 0.75], 0)])
def test_how_far_outputs_are_from_probabilities(outputs, farthest):
    net = Network([3, 2], output="identity", loss="cross_entropy", initializer="zeros")
    net.biases[0][...] = outputs
    table = preflight(net, rows(n=3)[0], np.eye(2)[np.arange(20) % 2]).set_index("check")
    assert table.loc["probabilities (farthest from being one)", "value"] == farthest


def test_a_softmax_whose_rows_do_not_sum_to_1_is_found():
    net = Network([3, 2], initializer="zeros")
    net.biases[0][...], net.output.function = np.log(3), sigmoid  # 3/4 and 3/4
    table = preflight(net, *rows(n=3, K=2)).set_index("check")
    assert table.loc["probabilities (farthest from being one)", ["value", "passed"]].tolist() == [0.5, False]


def test_labels_that_nothing_tells_apart_are_not_learned_by_heart():
    table = preflight(Network([2, 8, 2]), np.ones((20, 2)), np.arange(20) % 2).set_index("check")
    assert table.loc["20 rows learned by heart", ["value", "passed"]].tolist() == [0.5, False]
    net = Network([2, 1], "relu", *REGRESSION, initializer="zeros")  # which knows already that all is 0
    table = preflight(net, np.ones((20, 2)), np.zeros(20)).set_index("check")
    assert table.loc["20 rows learned by heart", ["value", "passed"]].tolist() == [1, True]


@pytest.mark.parametrize("m", [1, 2, 5, 19])
def test_few_rows_raise_nothing(m):
    X, y = rows(m)
    preflight(Network([4, 8, 3]), X, y)
    preflight(Network([4, 8, 1], "relu", *REGRESSION), X, y)


def test_an_activation_with_options_is_kept(dataset):
    data, net = dataset("digits"), Network([64, 16, 10], Activation("leaky_relu", slope=0.3))
    assert preflight(net, data.X_train, data.y_train)["passed"].all()

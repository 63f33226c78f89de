"""Notebook 03: every number that its text claims, every answer that it asks for, and its code against nnlib's."""

import math
from itertools import product
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import nnlib
from nnlib import losses
from nnlib.activations import FUNCTIONS, sigmoid, softmax, softmax_backward
from nnlib.widgets import BackpropStepper, GradientCheck
from nnlib.widgets.gradient_check import ACTIVATIONS, LOSSES

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "notebooks" / "03_backprop_derivation.ipynb"


@pytest.fixture(scope="module")
def book():
    """The names that the notebook's own code defines: its helpers, gradients by hand, mistakes and measurements."""
    names = {"np": np, "pd": pd, "nnlib": nnlib}
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        if {"helpers", "by-hand", "mistakes", "epsilons", "mystery"} & set(cell.metadata.get("tags", [])):
            exec(cell.source, names)
    return names


@pytest.fixture(scope="module")
def data(dataset):
    return dataset("mnist-5k", max_train_samples=3200)


def trained(net, data, rate=0.1, epochs=8, seed=0):
    for _ in nnlib.train_steps(net, data.X_train, data.y_train, epochs=epochs, optimizer=nnlib.SGD(rate), seed=seed):
        pass
    return net.accuracy(data.X_val, data.y_val)


# -- part 1 -------------------------------------------------------------------------------------------------------


def test_what_a_gradient_costs(monkeypatch):
    """2.08 forward passes, since the first layer of nnlib does not pass its derivative on."""
    net = nnlib.Network([784, 128, 64, 10])
    assert len(net.parameters) == 109_386
    products = []
    forward, backward = nnlib.Dense.forward, nnlib.Dense.backward

    def count_forward(self, X, training=False):
        products.append(self.W.size)
        return forward(self, X, training)

    def count_backward(self, dZ, need_dX=True):
        products.append(self.W.size * (2 if need_dX else 1))
        return backward(self, dZ, need_dX)

    monkeypatch.setattr(nnlib.Dense, "forward", count_forward)
    monkeypatch.setattr(nnlib.Dense, "backward", count_backward)
    net.loss_and_gradient(np.zeros((2, 784), np.float32), np.eye(10, dtype=np.float32)[:2])
    assert sum(products) / sum(W.size for W in net.weights) == pytest.approx(2.08, abs=0.005)


def test_one_weight():
    x, w, b, y = 1.5, 0.8, -0.4, 1.0
    a = np.tanh(w * x + b)
    dw = (a - y) * (1 - a**2) * x
    assert (round(a, 4), round((a - y) ** 2 / 2, 4)) == (0.6640, 0.0564)
    assert dw < 0 and (a - y) * (1 - a**2) < 0 and (a - y) * (1 - a**2) * w < 0
    w = np.array(w)
    assert nnlib.numerical_gradient(lambda: (np.tanh(w * x + b) - y) ** 2 / 2, w) == pytest.approx(dw, abs=1e-9)


def test_used_twice():
    t = np.array(2.0)
    assert nnlib.numerical_gradient(lambda: 3 * t * (t + 1), t) == pytest.approx(15, abs=1e-8)


def test_rows_of_dZ_sum_to_0_behind_softmax_whatever_the_loss():
    rng = np.random.default_rng(0)
    dZ = softmax_backward(rng.normal(size=(50, 7)), softmax(rng.normal(size=(50, 7))))
    assert np.abs(dZ.sum(axis=1)).max() < 1e-14 and np.abs(dZ).max() > 0.1


def test_jacobian():
    z = np.array([2.0, 1.0, 0.0])
    a = softmax(z)
    J = a[:, None] * (np.eye(3) - a[None, :])
    for k in range(3):
        assert np.allclose(J[k], nnlib.numerical_gradient(lambda k=k: softmax(z)[k], z), atol=1e-9)
    assert np.allclose(J.sum(axis=0), 0) and np.allclose(J.sum(axis=1), 0)


@pytest.mark.parametrize(
    "F, output, loss, Y",
    [
        (lambda Z: np.log(np.exp(Z).sum(axis=1)), softmax, losses.cross_entropy, np.eye(3)[[0, 2, 1, 1]]),
        (lambda Z: np.logaddexp(0, Z).sum(axis=1), sigmoid, losses.binary_cross_entropy, np.eye(4, 3, 1)),
        (lambda Z: (Z**2).sum(axis=1) / 2, lambda Z: Z, losses.mean_squared_error, np.arange(12.0).reshape(4, 3)),
    ],
)
def test_matched_pairs(F, output, loss, Y):
    """(3.19): the loss is F(z) - y z up to a constant, the slope of F is the output, and dZ = (A - Y) / m."""
    Z = np.random.default_rng(0).normal(size=(4, 3))
    A = output(Z)
    assert np.allclose(nnlib.numerical_gradient(lambda: F(Z).sum(), Z), A, atol=1e-8)
    constants = [loss(output(z), Y)[0] - (F(z) - (Y * z).sum(axis=1)).mean() for z in (Z, 2 * Z, -Z)]
    assert np.ptp(constants) < 1e-12
    assert np.allclose(nnlib.numerical_gradient(lambda: loss(output(Z), Y)[0], Z), (A - Y) / 4, atol=1e-8)


def test_predict_squared_error_behind_softmax():
    """Answer C: ten thousand times less; nnlib's dZ is the same."""
    z, y = np.array([[10.0, 0.0, 0.0]]), np.array([[0.0, 1.0, 0.0]])
    by_loss = {
        loss: nnlib.Network([2, 3], loss=loss, dtype=np.float64).compare(z, y)[1][0, 1]
        for loss in ("cross_entropy", "mean_squared_error")
    }
    assert by_loss["cross_entropy"] == pytest.approx(-1, abs=1e-3)
    assert -2e-4 < by_loss["mean_squared_error"] < -5e-5
    assert softmax(z)[0, 1] == pytest.approx(0.00005, abs=1e-5)
    assert losses.mean_squared_error(softmax(z), y)[0] <= 1
    a = softmax(z)[0]
    assert a[1] - 1 - (a * (a - y[0])).sum() == pytest.approx(-2, abs=1e-3)  # the bracket of (3.20)
    pull = [
        -nnlib.Network([2, 3], loss="mean_squared_error", dtype=np.float64).compare(np.array([[gap, 0.0, 0.0]]), y)[1][
            0, 1
        ]
        for gap in np.linspace(-6, 10, 33)
    ]
    assert (np.diff(pull) < 0).all()  # the surer of a wrong class, the weaker


@pytest.mark.parametrize("seed", range(5))
def test_gradients_by_hand_are_nnlibs(book, seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(6, 2)), rng.integers(0, 3, 6)
    net = nnlib.Network([2, 4, 3], "tanh", initializer=book["he_with_biases"], dtype=np.float64, seed=seed)
    parameters = [array for pair in zip(net.weights, net.biases, strict=True) for array in pair]
    for rows in (slice(0, 1), slice(0, 6)):
        expected = [layer[name] for layer in net.gradients(X[rows], y[rows]) for name in ("dW", "db")]
        by_hand = book["batch"](X[rows], np.eye(3)[y[rows]], *parameters)
        assert max(np.abs(a - b).max() for a, b in zip(by_hand, expected, strict=True)) < 1e-10
    one_by_one = [book["one_sample"](x, y, *parameters) for x, y in zip(X, np.eye(3)[y], strict=True)]
    for at_once, *rows in zip(by_hand, *one_by_one, strict=True):
        assert np.abs(at_once - np.mean(rows, axis=0)).max() < 1e-10


def test_compare_sees_right_and_wrong(book, capsys):
    compare = book["compare"]
    assert compare("a", np.ones(3), np.ones(3)) and compare("b", np.ones(3), np.ones(3) + 1e-9)
    assert not compare("c", np.ones(3), 1.001 * np.ones(3)) and not compare("d", np.ones((1, 3)), np.ones(3))
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["exact", "close", "WRONG", "WRONG"]


# -- part 2 -------------------------------------------------------------------------------------------------------


def test_the_iou_of_notebook_02(data):
    """(2.12) and (2.13) are nnlib's gradients, to 1e-10."""
    X, y = data.X_train[:20].astype(float), data.y_train[:20]
    net = nnlib.Network([784, 64, 10], "relu", dtype=np.float64)
    (W1, W2), (b1, b2) = net.weights, net.biases
    Z1 = X @ W1 + b1
    A1 = np.maximum(Z1, 0)
    dZ2 = (softmax(A1 @ W2 + b2) - np.eye(10)[y]) / 20
    dZ1 = (dZ2 @ W2.T) * (Z1 > 0)
    first, second = net.gradients(X, y)
    for by_hand, expected in (
        (A1.T @ dZ2, second["dW"]),
        (dZ2.sum(axis=0), second["db"]),
        (X.T @ dZ1, first["dW"]),
        (dZ1.sum(axis=0), first["db"]),
    ):
        assert np.abs(by_hand - expected).max() < 1e-10


def test_mean_or_sum(data):
    assert len(data.X_train) % 64 == 0  # every batch is full: the sum's step is 64 times as long
    assert trained(nnlib.Network([784, 64, 64, 10], seed=0), data, 0.1, epochs=4) > 0.85
    assert trained(nnlib.Network([784, 64, 64, 10], seed=0), data, 6.4, epochs=4) < 0.2


def test_slopes_of_the_activations():
    points = np.array([-2.0, -0.7, -0.1, 0.1, 0.7, 2.0])
    for name, (f, backward) in FUNCTIONS.items():
        if name != "softmax":
            numbers = nnlib.numerical_gradient(lambda f=f: f(points).sum(), points)
            assert np.allclose(backward(np.ones(6), f(points)), numbers, atol=1e-8), name


def test_relu_at_0():
    at = np.array(0.0)
    assert FUNCTIONS["relu"][1](1.0, 0.0) == 0
    assert nnlib.numerical_gradient(lambda: FUNCTIONS["relu"][0](at), at) == pytest.approx(0.5)


def test_the_digit_changes_its_class_and_dX_is_right(data):
    net = nnlib.Network([784, 64, 10], "relu", dtype=np.float64, seed=0)
    assert trained(net, data) > 0.85
    picture = Image.open(ROOT / "data" / "samples" / "my_digit.png").convert("L").resize((28, 28))
    digit = np.asarray(picture, dtype=float).reshape(1, -1) / 255
    wanted = int(net.predict_proba(digit)[0].argsort()[-2])

    def pixel_gradient(x):
        dZ = softmax(net.logits(x, training=True)) - np.eye(10)[[wanted]]
        for layer in reversed(net.layers):
            dZ = layer.backward(dZ)
        return dZ

    assert net.predict(digit)[0] == 3 and wanted == 8  # the supplied digit: ink is wanted where a 3 would close
    middle = -pixel_gradient(digit).reshape(28, 28)[:, 7:14]
    assert middle[8:12].mean() > 0 and middle[15:18].mean() > np.abs(middle).mean()
    entries = np.random.default_rng(0).choice(784, 50, replace=False)
    x = digit.copy()
    numbers = nnlib.numerical_gradient(lambda: net.loss(x, [wanted]), x, entries=entries)
    assert np.allclose(pixel_gradient(digit).flat[entries], numbers.flat[entries], atol=1e-6)
    steps = 0
    while net.predict_proba(x)[0, wanted] < 0.9 and steps < 100:
        dX = pixel_gradient(x)
        x, steps = np.clip(x - 0.05 * dX / np.abs(dX).max(), 0, 1), steps + 1
    assert 1 <= steps < 50 and np.abs(x - digit).mean() < 0.15


def test_error_over_epsilon(book):
    """(3.33) and (3.34): slopes +2 and -1, one-sided +1; ReLU has no slope on the right, but leaps."""
    epsilons, slope = book["epsilons"], book["log_slope"]
    central, one_sided = book["smooth_errors"].T
    assert slope(central, 1e-4, 1e-2) == pytest.approx(2, abs=0.05)
    assert slope(central, 1e-11, 1e-7) == pytest.approx(-1, abs=0.15)
    assert slope(one_sided, 1e-6, 1e-2) == pytest.approx(1, abs=0.05)
    assert 3e-6 < epsilons[central.argmin()] < 4e-5 and 1e-11 < central.min() < 1e-9
    assert 1e-8 < epsilons[one_sided.argmin()] < 1e-6 and 1e-9 < one_sided.min() < 2e-7
    kinked = book["kinked_errors"][:, 0]
    assert kinked[np.isclose(epsilons, 1e-4)].item() < 1e-9  # tanh has 5e-9 here
    assert kinked.max() > 1e-3 and np.count_nonzero(kinked[1:] / kinked[:-1] > 2) >= 3
    assert pytest.approx(7e-6, rel=0.05) == (3 * 2.0**-53) ** (1 / 3)


def test_the_check_in_float32():
    """Exercise 2: errors near 1 % in right code, 0.006 by (3.34), and the best epsilon 0.0056."""
    assert pytest.approx(0.006, rel=0.05) == 2**-24 / 1e-5
    assert pytest.approx(0.0056, rel=0.05) == (3 * 2**-24) ** (1 / 3)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(10, 4)), rng.integers(0, 3, 10)
    net = nnlib.Network([4, 5, 5, 3], "tanh", seed=0)
    X, Y = net.check_X_y(X, y)
    net.loss_and_gradient(X, Y)
    w, epsilon, numbers = net.parameters, np.float32(1e-5), np.zeros_like(net.gradient)
    for i, before in enumerate(w.copy()):
        w[i] = before + epsilon
        above = net.compare(net.logits(X), Y)[0]
        w[i] = before - epsilon
        numbers[i] = (above - net.compare(net.logits(X), Y)[0]) / (2 * epsilon)
        w[i] = before
    assert 2e-3 < nnlib.relative_error(net.gradient, numbers) < 5e-2
    with pytest.raises(ValueError, match="float32"):
        nnlib.numerical_gradient(lambda: 0.0, w)
    assert nnlib.check_gradients(net, X, y)["error"].max() < 1e-6


# -- the detective ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(30))
def test_every_planted_mistake_is_found_and_right_code_passes(book, seed):
    for activation in ("relu", "tanh"):
        assert book["fingerprint"](lambda net: net, activation, seed).max() < 1e-6
    for name, (activation, spoil) in book["MISTAKES"].items():
        assert book["fingerprint"](spoil, activation, seed).max() > 1e-3, name


def test_fingerprints(book):
    """Which arrays are wrong, as the text reads them."""
    wrong = {
        name: " ".join(errors.index[errors > 1e-3])
        for name, errors in (
            (name, book["fingerprint"](spoil, activation)) for name, (activation, spoil) in book["MISTAKES"].items()
        )
    }
    assert list(wrong.values()) == [
        "W1 b1 W2 b2",
        "W1 b1 W2 b2",
        "W1 b1",
        "b1 b2 b3",
        "W1 b1",
        "W1 b1 W2 b2 W3 b3",
    ]
    for name in ("divided by m twice in layer 1", "bias: mean instead of sum"):
        activation, spoil = book["MISTAKES"][name]
        assert book["fingerprint"](spoil, activation).max() == pytest.approx(9 / 11, abs=1e-6)


def test_no_setting_of_the_panel_hides_a_mistake(book):
    """Of them all, the masked ReLU behind leaky ReLU is nearest to right, by a few thousandths."""
    panel = GradientCheck(mistakes={name: spoil for name, (_, spoil) in book["MISTAKES"].items()})
    panel.unobserve_all()  # the networks are wanted, not the pictures
    for panel.mistake, panel.activation, panel.loss in product(book["MISTAKES"], ACTIVATIONS, LOSSES):
        error = nnlib.check_gradients(*panel._network())["error"].max()
        if panel.mistake == "ReLU masked by A >= 0" and panel.activation == "leaky_relu":
            assert 1e-3 < error < 1e-2
        else:
            assert error > 0.05, (panel.mistake, panel.activation, panel.loss)


def test_what_the_panels_show(book):
    """The three folds "What you should have seen"."""
    zeros = {}
    for activation in ("relu", "tanh"):
        values = BackpropStepper(position=10, activation=activation).values
        zeros[activation] = (values["dZ1"] == 0).tolist()
        shapes = [values[f"d{name}"].shape for name in ("Z2", "W2", "b2", "A1", "Z1", "W1", "b1", "X")]
        assert shapes == [(1, 2), (3, 2), (2,), (1, 3), (1, 3), (2, 3), (3,), (1, 2)]
        if activation == "relu":
            assert values["Z1"][0, 0] < 0 and np.array_equal(values["dZ1"][0, 1:], values["dA1"][0, 1:])
    assert zeros == {"relu": [[True, False, False]], "tanh": [[False, False, False]]}

    panel = GradientCheck(activation="tanh", mistakes={name: spoil for name, (_, spoil) in book["MISTAKES"].items()})
    panel.epsilon = 1e-10
    assert panel.verdict == "not sure" and 2e-6 < panel.report["error"].max() < 1e-4
    panel.activation, panel.epsilon = "relu", 1e-2
    every, without_kinks = (line.get_data()[1][-3] for line in panel._error_lines)
    assert every == pytest.approx(3e-3, rel=0.2) and without_kinks == pytest.approx(9e-6, rel=0.2)
    assert panel.report["left_out"].sum() == 4
    panel.activation, panel.epsilon, panel.loss = "tanh", 1e-5, "softmax, squared error"
    assert panel.verdict == "right" and panel.report["error"].max() < 1e-9
    panel.loss, panel.mistake = "softmax, cross-entropy", "ReLU masked by A >= 0"
    for panel.activation, low, high in (("relu", 0.07, 0.35), ("leaky_relu", 7e-4, 0.0032), ("identity", 0.45, 0.9)):
        errors = panel.report["error"]
        assert low < errors[:4].min() and errors[:4].max() < high and errors[4:].max() < 1e-6, panel.activation


def test_the_slope_of_tanh():
    """(3.3a), at the point that the picture marks."""
    z = np.array(1.5 * 0.8 - 0.4)
    assert (round(z.item(), 1), round(np.tanh(z).item(), 2)) == (0.8, 0.66)
    assert nnlib.numerical_gradient(lambda: np.tanh(z), z) == pytest.approx(1 - np.tanh(z) ** 2, abs=1e-9)


def test_one_sample_hides_what_divides_by_m(book):
    X, y = np.random.default_rng(0).normal(size=(1, 4)), [1]
    passed = []
    for name, (activation, spoil) in book["MISTAKES"].items():
        net = nnlib.Network([4, 5, 5, 3], activation, initializer=book["he_with_biases"], dtype=np.float64, seed=0)
        if nnlib.check_gradients(spoil(net), X, y)["error"].max() < 1e-6:
            passed.append(name)
    assert passed == ["divided by m twice in layer 1", "bias: mean instead of sum"]
    with pytest.raises(ValueError):  # layers of different widths
        nnlib.check_gradients(book["plant"](nnlib.Network([4, 5, 6, 3], seed=0), book["NotTransposed"], 2), X, y)


def test_the_seventh_mistake_is_in_dW2(book):
    errors = book["fingerprint"](lambda net: book["plant"](net, book["Mystery"], 2), "tanh")
    assert list(errors.index[errors > 1e-3]) == ["W2"] and errors.drop("W2").max() < 1e-6


@pytest.fixture(scope="module")
def twelve(book, data):
    """{what is planted: twelve trained networks}, from the same twelve seeds."""
    right = {"nothing (relu)": ("relu", lambda net: net), "nothing (tanh)": ("tanh", lambda net: net)}
    nets = {}
    for name, (activation, spoil) in {**right, **book["MISTAKES"]}.items():
        nets[name] = [spoil(nnlib.Network([784, 64, 64, 10], activation, seed=seed)) for seed in range(12)]
        for seed, net in enumerate(nets[name]):
            trained(net, data, seed=seed)
    return nets


def test_wrong_gradients_train(book, data, twelve):
    """Answer C: about 90 % with the masked ReLU, which no single run tells from the right code; one is near 83 %."""
    accuracy = {name: np.array([net.accuracy(data.X_val, data.y_val) for net in nets]) for name, nets in twelve.items()}
    assert accuracy["nothing (relu)"].mean() == pytest.approx(0.912, abs=0.006)
    assert np.ptp(accuracy["nothing (relu)"]) > 0.015
    assert accuracy["ReLU masked by A >= 0"].mean() == pytest.approx(0.90, abs=0.008)
    assert accuracy.pop("divided by m twice in layer 1").mean() == pytest.approx(0.833, abs=0.015)
    assert all(0.89 < values.mean() < 0.92 for values in accuracy.values()), accuracy


def test_what_the_mistakes_cost_in_pairs(book, data, twelve):
    """Mean of wrong - right over twelve seeds, its standard error, and how often the wrong code is worse."""
    accuracy = {name: np.array([net.accuracy(data.X_val, data.y_val) for net in nets]) for name, nets in twelve.items()}
    found = {}
    for name, (activation, _) in book["MISTAKES"].items():
        points = 100 * (accuracy[name] - accuracy[f"nothing ({activation})"])
        found[name] = points.mean(), points.std(ddof=1) / 12**0.5, np.sum(points < 0)
    means, errors, worse = (np.array(column) for column in zip(*found.values(), strict=True))
    assert np.allclose(means, [-1.4, -0.5, -7.9, -0.1, -1.3, 0], atol=[0.3, 0.2, 0.8, 0.15, 0.3, 1e-9]), found
    assert (errors < [0.3, 0.12, 0.6, 0.12, 0.3, 1e-9]).all(), found
    assert (worse >= [11, 11, 12, 0, 10, 0]).all() and worse[3] <= 10 and worse[5] == 0, found
    assert (means[[0, 1, 4]] < -4 * errors[[0, 1, 4]]).all() and abs(means[3]) < 3 * errors[3]
    tails = [sum(math.comb(12, k) for k in range(least, 13)) * 2 / 2**12 for least in (12, 11)]
    assert tails == [1 / 2048, 13 / 2048]


def test_the_short_form_is_cross_entropys_gradient(book, twelve):
    """To the last bit: only the loss that is reported differs."""
    for short, right in zip(twelve["squared error with dZ = (A - Y)/m"], twelve["nothing (relu)"], strict=True):
        assert np.array_equal(short.parameters, right.parameters)
    Z, Y = np.random.default_rng(0).normal(size=(6, 3)), np.eye(3)[[0, 1, 2, 0, 1, 2]]
    assert book["short_form"](Z, Y)[0] != pytest.approx(losses.cross_entropy(softmax(Z), Y)[0])


def cosine(a, b):
    return (a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b)


def test_step_sizes_directions_and_reports(book, data, twelve):
    """The cosines of wrong and right gradients, W1 b1 W2 b2 W3 b3, in the mean of twelve nets before and after."""
    table = {}
    for name, (activation, spoil) in book["MISTAKES"].items():
        starts = [spoil(nnlib.Network([784, 64, 64, 10], activation, seed=seed)) for seed in range(12)]
        right = nnlib.Network([784, 64, 64, 10], activation)
        for nets in (starts, twelve[name]):
            rows = []
            for net in nets:
                right.parameters[...] = net.parameters
                layers = [n.gradients(data.X_train[:640], data.y_train[:640]) for n in (net, right)]
                rows.append([cosine(a[d], b[d]) for a, b in zip(*layers, strict=True) for d in ("dW", "db")])
            table.setdefault(name, []).append(np.mean(rows, axis=0))
    masked, tanh, divided, bias, transposed, short = (np.array(values) for values in table.values())
    for values in (divided, bias, short):  # step sizes, and the report
        assert np.allclose(values, 1, atol=1e-4)
    assert (masked[:, :4] > 0.45).all() and (masked[:, :4] < 0.85).all() and np.allclose(masked[:, 4:], 1, atol=1e-4)
    assert (tanh[:, :4] > 0.97).all() and (tanh[:, :4] < 0.9995).all() and np.allclose(tanh[:, 4:], 1, atol=1e-4)
    assert np.allclose(transposed[:, 2:], 1, atol=1e-4)
    assert transposed[0, 0] == pytest.approx(0.05, abs=0.06) and transposed[1, 0] == pytest.approx(0.65, abs=0.06)
    X, y = data.X_train[:64], data.y_train[:64]  # 1/64 of the length
    for name, layer, d in (("divided by m twice in layer 1", 0, "dW"), ("bias: mean instead of sum", 1, "db")):
        right = nnlib.Network([784, 64, 64, 10], seed=0)
        wrong = book["MISTAKES"][name][1](nnlib.Network([784, 64, 64, 10], seed=0))
        assert np.allclose(wrong.gradients(X, y)[layer][d], right.gradients(X, y)[layer][d] / 64, atol=1e-6)


def test_feedback_alignment(book, data, twelve):
    """The untransposed W: W_2 nears its transpose, and with that the wrong way back agrees with the right one."""
    X, Y = data.X_train[:640], np.eye(10)[data.y_train[:640]]
    symmetry, agreement = [], []
    for seed, net in enumerate(twelve["W of layer 2 not transposed"]):
        start, now = nnlib.Network([784, 64, 64, 10], seed=seed).weights[1], net.weights[1]
        A1 = np.maximum(X @ net.weights[0] + net.biases[0], 0)
        Z2 = A1 @ now + net.biases[1]
        dZ2 = (softmax(net.logits(X)) - Y) @ net.weights[2].T * (Z2 > 0)
        symmetry.append([cosine(W, W.T) for W in (start, now)])
        agreement.append([cosine(dZ2 @ W * (A1 > 0), dZ2 @ W.T * (A1 > 0)) for W in (start, now)])
    assert np.mean(symmetry, axis=0) == pytest.approx([0.02, 0.17], abs=0.03)
    assert np.mean(agreement, axis=0) == pytest.approx([0.26, 0.58], abs=0.05)

    class Held(nnlib.Dense):
        def backward(self, dZ, need_dX=True):
            dX = super().backward(dZ, need_dX)
            self.dW[...], self.db[...] = 0, 0
            return dX

    for seed in range(4):
        held = book["plant"](nnlib.Network([784, 64, 64, 10], seed=seed), Held, 0)
        assert 0.70 < trained(held, data, seed=seed) < 0.80


def test_right_arrays_almost_surely_mean_a_right_dZ():
    """[A, 1] of ten samples has rank at most 6: some errors of dZ would change neither dW nor db."""
    A = np.random.default_rng(0).normal(size=(10, 5))
    with_ones = np.column_stack([A, np.ones(10)])
    assert np.linalg.matrix_rank(with_ones) == 6
    unseen = np.linalg.svd(with_ones.T)[2][6:]
    assert len(unseen) == 4 and np.abs(with_ones.T @ unseen.T).max() < 1e-12


def test_softplus():
    """Exercise 4: its slope is sigmoid, and 1 - e^-a; sigmoid at A is wrong."""
    Z = np.linspace(-5, 5, 11)
    A = np.logaddexp(0, Z)
    numbers = nnlib.numerical_gradient(lambda: np.logaddexp(0, Z).sum(), Z)
    assert np.allclose(numbers, sigmoid(Z), atol=1e-8) and np.allclose(numbers, 1 - np.exp(-A), atol=1e-8)
    assert np.abs(numbers - sigmoid(A)).max() > 0.1


def test_tiny_weights_hide_the_mistake(book, data):
    errors = []
    for start in (nnlib.initializers.normal(0.01), "he"):
        net = nnlib.Network([784, 100, 10], "tanh", initializer=start, seed=0)
        report = nnlib.check_gradients(
            book["plant"](net, book["SlopeAtA"], 1), data.X_train[:20], data.y_train[:20], sample=40
        )
        errors.append(report["error"].max())
    assert errors[0] < 1e-3 < 1e-2 < errors[1]

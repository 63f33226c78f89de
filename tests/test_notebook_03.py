"""Notebook 03: every number that its text claims, every answer that it asks for, and its code against nnlib's."""

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
from nnlib.widgets import GradientCheck
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


def trained(net, data, rate=0.1, epochs=8):
    for _ in nnlib.train_steps(net, data.X_train, data.y_train, epochs=epochs, optimizer=nnlib.SGD(rate)):
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
    u = np.array(2.0)
    assert nnlib.numerical_gradient(lambda: 3 * u * (u + 1), u) == pytest.approx(15, abs=1e-8)


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


def test_wrong_gradients_train(book, data):
    """Answer C: about 90 % with the masked ReLU; the others learn too, one more slowly; right code about 91 %."""
    accuracy = {"right": trained(nnlib.Network([784, 64, 64, 10], seed=0), data)}
    for name, (activation, spoil) in book["MISTAKES"].items():
        accuracy[name] = trained(spoil(nnlib.Network([784, 64, 64, 10], activation, seed=0)), data)
    slow = accuracy.pop("divided by m twice in layer 1")
    assert 0.78 < slow < 0.88
    assert all(0.87 < value < 0.94 for value in accuracy.values()), accuracy
    assert 0.88 < accuracy["ReLU masked by A >= 0"] < 0.93


def test_the_masked_relu_still_points_downhill(book, data):
    """The last layer's gradient is exact; the cosine between wrong and right in the two others is 0.5 to 0.8."""
    _, spoil = book["MISTAKES"]["ReLU masked by A >= 0"]
    net, right = (nnlib.Network([784, 64, 64, 10], seed=0) for _ in range(2))
    net, X, y = spoil(net), data.X_train[:640], data.y_train[:640]
    for _ in range(3):
        right.parameters[...] = net.parameters
        pairs = [(a["dW"], b["dW"]) for a, b in zip(net.gradients(X, y), right.gradients(X, y), strict=True)]
        first, second, last = ((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b) for a, b in pairs)
        assert 0.5 < first < 0.8 and 0.5 < second < 0.8 and last == pytest.approx(1, abs=1e-5)
        trained(net, data, epochs=3)


def test_tiny_weights_hide_the_mistake(book, data):
    errors = []
    for start in (nnlib.initializers.normal(0.01), "he"):
        net = nnlib.Network([784, 100, 10], "tanh", initializer=start, seed=0)
        report = nnlib.check_gradients(
            book["plant"](net, book["SlopeAtA"], 1), data.X_train[:20], data.y_train[:20], sample=40
        )
        errors.append(report["error"].max())
    assert errors[0] < 1e-3 < 1e-2 < errors[1]

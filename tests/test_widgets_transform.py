"""Shift, turn, thicken and scale a digit: every control is moved beyond its default."""

import numpy as np
import pytest
import traitlets

import nnlib
from nnlib import images
from nnlib.widgets import Transform
from nnlib.widgets.stored import outputs
from nnlib.widgets.transform import AT_REST


@pytest.fixture(scope="module")
def digits(dataset):
    data = dataset("mnist-5k", max_train_samples=3200)
    chosen = [np.flatnonzero(data.y_val == k)[0] for k in range(10)]
    return data.X_val[chosen], data.y_val[chosen]


@pytest.fixture
def panel(digits):
    return Transform(*digits)


def test_at_rest_the_digit_is_as_it_was(panel, digits):
    assert np.allclose(panel.moved, digits[0][0].reshape(28, 28), atol=1e-6)
    assert panel.answers == {"": 0} and "right" in panel.message.value


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("index", 7, lambda X: X[7]),
        ("shift_x", 5, lambda X: images.warp(X[:1], (5, 0))),
        ("shift_y", -4, lambda X: images.warp(X[:1], (0, -4))),
        ("rotation", 40, lambda X: images.warp(X[:1], rotate=40)),
        ("thickness", 2.5, lambda X: images.thicken(X[0].reshape(28, 28), 2.5)),
        ("scale", 0.6, lambda X: images.warp(X[:1], scale=0.6)),
    ],
)
def test_a_control_moves_the_digit_the_answer_and_the_picture(panel, digits, name, value, expected):
    picture, message, p = panel.picture.drawing, panel.message.value, panel.probabilities[""]
    panel.controls[name].value = value
    assert getattr(panel, name) == value
    assert np.allclose(panel.moved, expected(digits[0]).reshape(28, 28), atol=1e-6)
    assert panel.probabilities[""] == pytest.approx(panel.networks[""].predict_proba(panel.moved.reshape(1, 784))[0])
    assert not np.array_equal(panel.probabilities[""], p)
    assert panel.picture.drawing != picture and panel.message.value != message
    panel.rest_button.click()
    assert {key: getattr(panel, key) for key in AT_REST} == AT_REST
    assert panel.controls[name].value == (value if name == "index" else AT_REST[name])


def test_settings_from_code_move_the_controls(panel):
    panel.rotation, panel.scale, panel.index = -90, 1.5, 9
    assert [panel.controls[name].value for name in ("rotation", "scale", "index")] == [-90, 1.5, 9]
    with pytest.raises(traitlets.TraitError, match="10 digits"):
        panel.index = 10


def test_the_text_names_directions_and_the_slider(panel):
    panel.shift_x, panel.shift_y, panel.thickness = -10, -3, 1.5
    assert "shift 10 left, 3 up" in panel.message.value
    assert f"{panel.controls['thickness'].description} +1.50 pixels" in panel.message.value
    panel.shift_x, panel.shift_y = 4, 2
    assert "shift 4 right, 2 down" in panel.message.value


def test_a_wrong_answer_is_called_wrong(digits):
    panel = Transform(digits[0][3], 5)  # a 3 that is said to be a 5
    assert "<b>3</b>" in panel.message.value and "wrong</b>: it is 5" in panel.message.value


def test_two_networks_side_by_side(digits):
    nets = {"shipped": nnlib.load_pretrained(), "new": nnlib.Network([784, 10])}
    panel = Transform(*digits, nets)
    panel.shift_x = 2
    assert list(panel.answers) == list(nets)
    assert "shipped: <b>0</b>" in panel.message.value and "new: " in panel.message.value


def test_one_digit_without_a_label(digits):
    panel = Transform(digits[0][3].reshape(28, 28))
    assert panel.answers == {"": 3} and "right" not in panel.message.value.split("<br>")[0]
    assert "index" not in panel.controls


def test_what_does_not_fit_is_refused(digits):
    with pytest.raises(ValueError, match="one label per digit"):
        Transform(digits[0], [1, 2])
    with pytest.raises(ValueError, match="784 pixels"):
        Transform(digits[0], networks=nnlib.Network([64, 10]))
    with pytest.raises(ValueError, match="number of classes"):
        Transform(digits[0], networks={"a": nnlib.Network([784, 10]), "b": nnlib.Network([784, 5])})


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"X": np.zeros((5, 3))}, r"of shape \(5, 3\); expected a digit"),
        ({"X": np.zeros((784, 2))}, r"of shape \(784, 2\); expected a digit"),
        ({"X": None}, "NoneType"),
        ({"X": np.full(784, 255)}, "to 255; .* by 255"),
        ({"X": np.full(784, np.nan)}, "to nan; expected pixels"),
        ({"y": 10}, "y holds 10; expected labels, .* 0 to 9"),
        ({"y": 2.5}, "y holds 2.5; expected labels"),
        ({"networks": {}}, "0 networks given; expected at least one"),
        ({"networks": dict.fromkeys("abcdefghi")}, "9 networks given; .* at most 8"),
    ],
)
def test_arguments_that_are_mistaken_are_told_in_words(options, told):
    with pytest.raises(ValueError, match=told):
        Transform(**{"X": np.zeros(784), **options})


def test_what_is_no_network_is_told():
    with pytest.raises(TypeError, match=r"is a str; expected a Network.*Network.load"):
        Transform(np.zeros(784), networks={"mine": "model.npz"})


def test_names_are_escaped(digits):
    panel = Transform(*digits, {"a<b": None})
    assert "a&lt;b: <b>0</b>" in panel.message.value


def test_it_carries_a_picture_for_readers_without_a_kernel(panel):
    assert "image/png" in next(outputs(panel, panel._message_text))[0]


def test_the_curve_along_what_was_moved_last(panel):
    panel.shift_x = 4
    assert panel.along == "shift_x"
    for curve, net in zip(panel._curves, panel.networks.values(), strict=True):
        x, p = curve.get_data()
        here = net.predict_proba(panel.moved.reshape(1, 784))[0]
        k = panel.y[panel.index]
        at = np.abs(x - 4).argmin()
        panel.shift_x = round(float(x[at]))
        assert x[0] == -10 and x[-1] == 10
        near = sorted((p[at], p[min(at + 1, len(p) - 1)], p[at - 1]))
        assert near[0] - 0.05 <= here[k] <= near[-1] + 0.05
        panel.shift_x = 4

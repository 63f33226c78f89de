"""The explorer of activations: every control is moved beyond its default."""

import numpy as np
import pytest
from controls import control

from nnlib import activations
from nnlib.widgets import ActivationExplorer
from nnlib.widgets.stored import outputs


@pytest.fixture
def explorer():
    return ActivationExplorer("leaky_relu", slope=0.1, alpha=1.0, z=-2.0)


def test_values_at_the_start(explorer):
    assert explorer.value == pytest.approx(-0.2)
    assert explorer.derivative == pytest.approx(0.1)
    assert "0.1" in explorer.message.value


@pytest.mark.parametrize(
    ("description", "value", "expected"),
    [
        ("z", 3.0, (3.0, 1.0)),
        ("slope", 0.5, (-1.0, 0.5)),
        ("activation", "tanh", (np.tanh(-2), 1 - np.tanh(-2) ** 2)),
        ("activation", "sigmoid", (1 / (1 + np.e**2), np.e**2 / (1 + np.e**2) ** 2)),
        ("activation", "relu", (0, 0)),
        ("activation", "identity", (-2, 1)),
    ],
)
def test_a_control_moves_the_point_and_the_picture(explorer, description, value, expected):
    before = explorer.picture.drawing
    control(explorer, description).value = value
    assert (explorer.value, explorer.derivative) == pytest.approx(expected)
    assert explorer.picture.drawing != before


def test_alpha_moves_elu(explorer):
    control(explorer, "activation").value = "elu"
    before = explorer.picture.drawing
    control(explorer, "alpha").value = 2.5
    assert explorer.value == pytest.approx(2.5 * np.expm1(-2))
    assert explorer.derivative == pytest.approx(2.5 * np.exp(-2))
    assert explorer.picture.drawing != before


def test_a_slider_that_does_nothing_is_not_shown(explorer):
    shown = {}
    for name in ("leaky_relu", "elu", "tanh"):
        control(explorer, "activation").value = name
        shown[name] = {d for d in ("slope", "alpha", "z") if control(explorer, d).layout.display != "none"}
    assert shown == {"leaky_relu": {"slope", "z"}, "elu": {"alpha", "z"}, "tanh": {"z"}}


def test_settings_from_code_move_the_controls(explorer):
    explorer.z, explorer.slope = 1.25, 0.75
    assert control(explorer, "z").value == 1.25
    assert control(explorer, "slope").value == 0.75


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "sigmoid", "tanh", "identity"])
def test_the_derivative_is_the_slope_of_the_function(name):
    explorer = ActivationExplorer(name)
    for z in (-5.5, -1, -0.3, 0.4, 2, 6):
        explorer.z = z
        h = 1e-6
        options = {"slope": 0.1} if name == "leaky_relu" else {}
        f = activations.FUNCTIONS[name][0]
        numeric = (f(np.float64(z + h), **options) - f(np.float64(z - h), **options)) / (2 * h)
        assert explorer.derivative == pytest.approx(float(numeric), abs=1e-6)
    assert explorer.factor == explorer.derivative**8


def test_it_carries_a_picture_for_readers_without_a_kernel(explorer):
    assert "image/png" in next(outputs(explorer, explorer._message_text))[0]


@pytest.mark.parametrize("options", [("leaky_relu", 1.0), ("leaky_relu", 0.55), ("identity",), ("elu", 0.1, 3.0)])
@pytest.mark.parametrize("z", [-6.0, 6.0])
def test_the_point_stays_in_the_picture_and_is_whole(options, z):
    explorer = ActivationExplorer(*options, z=z)
    for axes in explorer.figure.axes:
        (point,) = [line for line in axes.lines if line.get_marker() == "o"]
        low, high = point.axes.get_ylim()
        assert low <= point.get_ydata()[0] <= high and not point.get_clip_on()


def test_a_second_function_in_grey(explorer):
    control(explorer, "beside it").value = "tanh"
    for axes, expected in zip(explorer.figure.axes, (np.tanh(-2.0), 1 - np.tanh(-2.0) ** 2), strict=True):
        other = axes.lines[2]
        assert np.interp(-2.0, other.get_xdata(), other.get_ydata()) == pytest.approx(expected, abs=1e-3)
    assert "In grey: tanh" in explorer.message.value

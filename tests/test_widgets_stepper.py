"""The stepper: its numbers are nnlib's, every control acts, nothing leaves the picture."""

import itertools
import re

import ipywidgets
import numpy as np
import pytest
from controls import control, controls

from nnlib import Network
from nnlib.widgets import BackpropStepper
from nnlib.widgets.controls import NumberControl
from nnlib.widgets.stepper import ACTIVATIONS, PLACES


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("samples", [1, 4])
def test_its_numbers_are_nnlibs(activation, samples):
    panel = BackpropStepper(activation=activation, samples=samples)
    v = panel.values
    net = Network([2, 3, 2], activation, dtype=np.float64)
    for layer, k in zip(net.dense, "12", strict=True):
        layer.W[...], layer.b[...] = v[f"W{k}"], v[f"b{k}"]
    first, second = net.gradients(v["X"], v["Y"])
    assert v["L"] == pytest.approx(net.loss(v["X"], v["Y"]))
    assert np.allclose(v["A2"], net.forward(v["X"]))
    for name, expected in (("dW1", first["dW"]), ("db1", first["db"]), ("dW2", second["dW"]), ("db2", second["db"])):
        assert np.abs(v[name] - expected).max() < 1e-12
    assert len(panel.differences) == 8 and max(panel.differences.values()) < 1e-7
    assert all(v[name].shape == v[name[1:]].shape for name in panel.differences)


def test_walk_by_the_buttons():
    panel = BackpropStepper()
    buttons = {one.description: one for one in controls(panel, kind=ipywidgets.Button)}
    pictures, messages = [panel.picture.drawing], [panel.message.value]
    for position in range(1, 14):
        buttons["Next"].click()
        assert panel.position == position
        pictures.append(panel.picture.drawing)
        messages.append(panel.message.value)
    assert len(set(pictures)) == 14 and len(set(messages)) == 14
    assert "<b>dX</b> &middot; num" in messages[13]  # what it does is in the picture
    assert ["numerical derivative: close" in message for message in messages] == [False] * 6 + [True] * 8
    buttons["Next"].click()
    assert panel.position == 13
    buttons["Back"].click()
    assert panel.position == 12 and panel.picture.drawing == pictures[12]
    buttons["Restart"].click()
    assert panel.position == 0 and panel.picture.drawing == pictures[0]
    buttons["Back"].click()
    assert panel.position == 0


def numbers_and_labels(panel):
    """The texts below the picture, from left to right: arrays and signs, and what stands below each."""
    texts = panel.figure.axes[0].texts
    return list(zip(*([text for text in texts if text.get_position()[1] == y] for y in (7.8, 0.9))))


def test_buttons_that_would_do_nothing_are_off():
    panel = BackpropStepper()
    buttons = {one.description: one for one in controls(panel, kind=ipywidgets.Button)}
    for position, off in ((0, {"Restart", "Back"}), (6, set()), (13, {"Next"})):
        panel.position = position
        assert {name for name, made in buttons.items() if made.disabled} == off


def test_the_loss_is_what_the_numbers_shown_make():
    panel = BackpropStepper(position=5, samples=4)
    texts = [number.get_text() for number, _ in numbers_and_labels(panel)]
    Y, A2, L = (np.array([row.strip(" []").split() for row in texts[k].split("\n")], float) for k in (2, 4, 6))
    assert [texts[k] for k in (0, 1, 3, 5)] == ["-1/4", "Σ", "ln", "="]
    assert -(Y * np.log(A2)).sum() / 4 == pytest.approx(L.item(), abs=0.02)


def test_sliders_and_menu():
    panel = BackpropStepper(position=10)
    sliders, menus = (
        {one.description: one for one in controls(panel, kind=kind)} for kind in (NumberControl, ipywidgets.Dropdown)
    )
    picture = panel.picture.drawing
    sliders["position"].value = 7
    assert panel.position == 7 and panel.picture.drawing != picture and "<b>dW2</b>" in panel.message.value
    picture = panel.picture.drawing
    sliders["samples"].value = 4
    assert panel.samples == 4 and panel.values["X"].shape == (4, 2) and panel.values["dW1"].shape == (2, 3)
    assert panel.picture.drawing != picture
    picture, before = panel.picture.drawing, panel.values["dW2"]
    menus["activation"].value = "relu"
    assert panel.activation == "relu" and not np.allclose(panel.values["dW2"], before)
    assert panel.picture.drawing != picture


def test_attributes_move_the_controls():
    panel = BackpropStepper()
    panel.position, panel.activation, panel.samples = 5, "sigmoid", 3
    assert control(panel, "position").value == 5
    assert control(panel, "samples").value == 3
    assert control(panel, "activation").value == "sigmoid"
    panel.step(-2)
    assert panel.position == 3


def test_relu_switches_something_off():
    """What the notebook asks its reader to see at position 10."""
    panel = BackpropStepper(position=10, activation="relu")
    assert (panel.values["dZ1"] == 0).any() and (panel.values["dZ1"] != 0).any()


def test_what_is_shown_is_what_was_computed():
    """The result on screen, rounded, is the result; its shape stands below it."""
    panel = BackpropStepper(samples=3)
    for position in range(1, 14):
        panel.position = position
        name = re.search("<b>(.*?)</b>", panel.message.value)[1]
        shown = [(number.get_text(), label.get_text()) for number, label in numbers_and_labels(panel)]
        text, label = [pair for pair in shown if pair[0]][-1]
        numbers = np.array([row.strip(" []").split() for row in text.split("\n")], dtype=float)
        assert np.allclose(numbers, np.atleast_2d(panel.values[name]), atol=0.0051)
        assert "-0.000" not in text.replace("-0.000]", "") and label.startswith(name)
        assert str(panel.values[name].shape) in label or name == "L"


@pytest.mark.parametrize("activation", ["tanh", "leaky_relu", "elu"])
def test_nothing_leaves_the_picture(activation):
    panel = BackpropStepper(activation=activation, samples=4)
    renderer = panel.canvas.get_renderer()
    for position in range(14):
        panel.position = position
        ends = []
        for text in panel.figure.axes[0].texts:
            if text.get_text():
                box = text.get_window_extent(renderer)
                assert box.x0 >= 0 and box.x1 <= panel.canvas.renderer.width, (position, text.get_text())
                assert box.y0 >= 0
        for number, _ in numbers_and_labels(panel):
            if number.get_text():
                box = number.get_window_extent(renderer)
                ends.append((box.x0, box.x1))
        assert all(left[1] <= right[0] for left, right in itertools.pairwise(ends)), position


def test_another_seed_gives_other_numbers():
    panel = BackpropStepper()
    panel.seed = 3
    assert np.array_equal(panel.values["W1"], BackpropStepper(seed=3).values["W1"])


def test_it_goes_on_by_itself():
    panel = BackpropStepper()
    for _ in range(20):
        panel.running = True
        panel.work()
    assert panel.position == 13 and not panel.running


def test_a_click_on_a_box_goes_there():
    panel = BackpropStepper()
    at = panel.figure.axes[0].transData.transform(PLACES["dW2"]).tolist()
    panel._heard(None, {"at": at, "clicked": True}, [])
    assert panel.position == 7 and "dW2" in panel.message.value


def test_the_update_is_gradient_descent():
    panel, losses = BackpropStepper(samples=3), []
    for _ in range(6):
        losses.append(float(panel.values["L"]))
        W, dW = panel.values["W1"], panel.values["dW1"]
        control(panel, "Do the update").click()
        np.testing.assert_allclose(panel.values["W1"], W - 0.5 * dW, atol=0.0051)  # rounded to what is shown
    assert np.all(np.diff([*losses, float(panel.values["L"])]) < 0) and f"{losses[-1]:.3f}" in panel.message.value
    panel.seed = 5
    assert not np.array_equal(panel.values["X"], BackpropStepper(samples=3).values["X"])

"""The gradient-check panel: right for every pair, every control acts, planted mistakes are seen."""

import numpy as np
import pytest
import traitlets
from controls import control, controls

from nnlib import Activation, BatchNorm, Dense, Network, check_gradients
from nnlib.widgets import GradientCheck, gradient_check
from nnlib.widgets.controls import NumberControl
from nnlib.widgets.gradient_check import ACTIVATIONS, EPSILONS, LOSSES, _short


class BiasMean(Dense):
    def backward(self, dZ, need_dX=True):
        dX = super().backward(dZ, need_dX)
        self.db /= len(dZ)
        return dX


def bias_mean(net):
    for layer in net.dense:
        layer.__class__ = BiasMean
    return net


@pytest.fixture(scope="module")
def panel():
    return GradientCheck(mistakes={"bias mean": bias_mean})


@pytest.fixture(autouse=True)
def default(panel):
    panel.activation, panel.loss, panel.epsilon, panel.mistake = "tanh", next(iter(LOSSES)), 1e-5, "none"


def lines(panel):
    """What is drawn over epsilon: the curves of every entry and without kinks, the present epsilon and its error."""
    return panel.figure.axes[1].lines[-4:]


def test_every_pair_is_right(monkeypatch):
    monkeypatch.setattr(gradient_check, "EPSILONS", EPSILONS[::22])  # the curves take most of the time
    panel = GradientCheck()
    for activation in ACTIVATIONS:
        for loss in LOSSES:
            with panel.hold_trait_notifications():
                panel.activation, panel.loss = activation, loss
            assert panel.verdict == "right", (activation, loss, panel.report)


def test_activation_and_loss(panel):
    pictures = {panel.picture.drawing}
    control(panel, "activation").value = "relu"
    pictures.add(panel.picture.drawing)
    control(panel, "loss").value = "softmax, squared error"
    pictures.add(panel.picture.drawing)
    assert (panel.activation, panel.loss) == ("relu", "softmax, squared error") and len(pictures) == 3


def test_the_report_is_that_of_check_gradients():
    networks = []
    panel = GradientCheck(
        "relu", "softmax, squared error", mistakes={"none yet": lambda net: networks.append(net) or net}
    )
    panel.mistake = "none yet"
    net = networks[-1]
    assert net.layers[1].name == "relu" and net.loss_name == "mean_squared_error"
    assert panel.report.equals(check_gradients(net, panel.X, np.arange(10) % 3, 1e-5))


def test_epsilon(panel):
    picture, slider = panel.picture.drawing, control(panel, "epsilon")
    assert panel.verdict == "right"
    slider.value = 1e-10  # what the notebook asks: still right? no
    assert panel.epsilon == 1e-10 and panel.verdict == "not sure" and panel.picture.drawing != picture
    slider.value = 0.1
    assert panel.verdict == "wrong" and "wrong" in panel.message.value
    assert lines(panel)[2].get_xdata()[0] == pytest.approx(0.1)
    panel.epsilon = 1e-6
    assert slider.value == 1e-6
    panel.epsilon = 10**-3.75
    assert "epsilon 1.8e-4 " in panel.message.value  # as beside the slider


def test_kinks(panel):
    """ReLU at epsilon 0.01: entries are left out and counted; with every entry the error is far larger."""
    panel.activation, panel.epsilon = "relu", 0.01
    assert panel.report["left_out"].sum() > 0 and f"{panel.report['left_out'].sum()} left out" in panel.message.value
    every, without_kinks, _, _ = (line.get_ydata() for line in lines(panel))
    place = np.argmin(np.abs(np.log(EPSILONS / 0.01)))
    assert lines(panel)[1].get_visible() and every[place] > 10 * without_kinks[place]
    panel.activation = "tanh"
    assert not lines(panel)[1].get_visible() and "kink" not in panel.message.value


def test_the_curve_is_a_valley(panel):
    errors = lines(panel)[0].get_ydata()
    assert 1e-6 < EPSILONS[np.argmin(errors)] < 1e-4
    right = (EPSILONS > 0.9e-4) & (EPSILONS < 1.1e-2)
    left = (EPSILONS > 0.9e-11) & (EPSILONS < 1.1e-7)
    for part, slope in ((right, 2), (left, -1)):
        assert np.polyfit(np.log(EPSILONS[part]), np.log(errors[part]), 1)[0] == pytest.approx(slope, abs=0.2)
    assert lines(panel)[3].get_ydata()[0] == pytest.approx(panel.report["error"].max())


def test_all_left_out_is_not_right(panel):
    with panel.hold_trait_notifications():
        panel.activation, panel.loss, panel.epsilon = "elu", "identity, squared error", 0.1
    empty = panel.report.index[panel.report["checked"] == 0]
    assert len(empty), "this case no longer leaves all entries of an array out: find another"
    texts = dict(zip(panel.report.index, (text.get_text() for text in panel.figure.axes[0].texts[:6]), strict=True))
    assert all("left out" in texts[name] for name in empty)


def test_mistakes(panel):
    picture = panel.picture.drawing
    control(panel, "mistake").value = "bias mean"
    assert panel.mistake == "bias mean" and panel.verdict == "wrong" and panel.picture.drawing != picture
    assert list(panel.report.index[panel.report["error"] > 1e-3]) == ["b1", "b2", "b3"]
    with pytest.raises(traitlets.TraitError, match="bias mean"):
        panel.mistake = "another"


def test_a_mistake_with_another_loss_than_the_menu_s_is_told():
    def squared(net):
        net.loss_name = "mean_squared_error"
        return net

    panel = GradientCheck(mistakes={"squared": squared}, mistake="squared")
    assert "this mistake uses squared error" in panel.message.value
    panel.loss = "sigmoid, squared error"
    assert "uses" not in panel.message.value
    panel.loss, panel.mistake = "softmax, cross-entropy", "none"
    assert "uses" not in panel.message.value


def test_an_error_beside_a_limit_has_a_digit_more():
    assert [_short(error) for error in (9.4e-4, 2e-3, 3e-10)] == ["9.4e-4", "2e-3", "3e-10"]


@pytest.mark.parametrize("mistakes", [[bias_mean], bias_mean, {"bias mean": "bias_mean"}])
def test_mistakes_are_a_dict_of_functions(mistakes):
    with pytest.raises(TypeError, match="expected a dict of names and functions"):
        GradientCheck(mistakes=mistakes)


def test_a_mistake_that_returns_nothing_is_told():
    with pytest.raises(TypeError, match="'forgot' returns None; expected the network"):
        GradientCheck(mistake="forgot", mistakes={"forgot": lambda net: None})


def test_a_mistake_with_a_layer_that_has_no_place_in_the_picture_is_told():
    class Mine(Activation):
        pass

    def insert(layer):
        return lambda net: Network(layers=[net.layers[0], layer, *net.layers[1:]], dtype=np.float64)

    assert GradientCheck(mistake="own", mistakes={"own": insert(Mine("identity"))}).verdict == "right"
    with pytest.raises(
        ValueError, match=r"GradientCheck draws Dense layers and activations; this network has BatchNorm\(5\)"
    ):
        GradientCheck(mistake="norm", mistakes={"norm": insert(BatchNorm(5))})


def test_without_mistakes_there_is_no_such_menu():
    assert controls(GradientCheck(), "mistake") == []


@pytest.mark.parametrize(
    "name, value",
    [("activation", "cosine"), ("loss", "hinge"), ("epsilon", 0.105), ("epsilon", 9.5e-13), ("epsilon", np.nan)],
)
def test_bad_settings_are_refused(panel, name, value):
    with pytest.raises(traitlets.TraitError, match=name):
        setattr(panel, name, value)
    panel.epsilon = control(panel, "epsilon").value = 1e-12  # the ends are allowed
    panel.epsilon = control(panel, "epsilon").value = 0.1


def test_labels_stay_in_the_picture(panel):
    for activation, loss, epsilon in (("relu", "softmax, cross-entropy", 0.1), ("elu", "identity, squared error", 0.1)):
        with panel.hold_trait_notifications():
            panel.activation, panel.loss, panel.epsilon, panel.mistake = activation, loss, epsilon, "bias mean"
        renderer = panel.canvas.get_renderer()
        edge = panel.figure.axes[0].get_window_extent(renderer).x1
        for text in panel.figure.axes[0].texts[:6]:
            assert text.get_window_extent(renderer).x1 <= edge + 30, text.get_text()


def test_sliders_are_reachable_by_keyboard(panel):
    choices = control(panel, "epsilon").choices
    assert isinstance(control(panel, "epsilon"), NumberControl) and len(choices) == 45
    assert (choices[0], choices[-1]) == (1e-12, 0.1)


def test_a_click_sets_epsilon():
    panel = GradientCheck()
    at = panel.figure.axes[1].transData.transform((3e-8, 1e-5)).tolist()
    panel._heard(None, {"at": at, "clicked": True}, [])
    assert panel.epsilon == pytest.approx(3e-8, rel=0.05)


def test_the_quiz_hides_the_mistake_s_name():
    def spoiled(net):
        net.loss_and_gradient_of = None
        return net

    panel = GradientCheck(mistakes={"a planted one": spoiled})
    names, quiz = control(panel, "mistake"), control(panel, "Quiz")
    quiz.value = True
    assert (
        names.layout.display == "none"
        and "planted" not in panel.message.value
        and "Which mistake" in panel.message.value
    )
    quiz.value = False
    assert names.layout.display is None and f"it was: {panel.mistake}" in panel.message.value

"""The race: every control is moved beyond its default."""

import asyncio

import numpy as np
import pytest
import traitlets

import nnlib
from nnlib.widgets import Race
from nnlib.widgets.stored import outputs


@pytest.fixture(scope="module")
def data(dataset):
    return dataset("digits")


@pytest.fixture
def race(data):
    return Race(data, ["relu", "tanh", "sigmoid"], rates=0.1, width=16)


def everything(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from everything(child)


def button(race, description):
    return next(w for w in everything(race) if getattr(w, "description", None) == description)


def test_same_start_weights_and_same_batches(race):
    first, *others = race.networks
    for other in others:
        np.testing.assert_array_equal(first.parameters, other.parameters)


def test_advance_is_what_train_steps_does(race, data):
    race.advance(40)
    for name, network in zip(race.lanes, race.networks, strict=True):
        net = nnlib.Network([64, 16, 16, 10], name, seed=0)
        steps = nnlib.train_steps(net, data.X_train, data.y_train, 10, 64, nnlib.SGD(0.1), seed=0)
        records = [next(steps) for _ in range(40)]
        # One BLAS thread there, perhaps more here: the sums may differ in the last digits.
        np.testing.assert_allclose(network.parameters, net.parameters, atol=1e-4)
        losses = race.history.query("activation == @name")["loss"]
        assert losses.iloc[-1] == pytest.approx(np.mean([r["loss"] for r in records[20:]]), rel=1e-3)
    assert list(race.history["step"].unique()) == [0, 1, 2, 3, 5, 10, 20, 40]


def test_step_button(race):
    button(race, "Step").click()
    button(race, "Step").click()
    assert race.step == 2


def test_train_button(race):
    train = button(race, "Train")
    train.value = True
    assert race.running and train.description == "Pause"
    train.value = False
    assert not race.running and train.description == "Train"


def test_reset_goes_back_to_the_start_weights(race):
    start = race.networks[0].parameters.copy()
    before = race.picture.drawing
    race.advance(40)
    assert race.picture.drawing != before
    button(race, "Reset").click()
    assert race.step == 0 and race.history.empty
    np.testing.assert_array_equal(race.networks[0].parameters, start)


def test_new_seed(race):
    start = race.networks[0].parameters.copy()
    button(race, "New seed").click()
    assert race.seed == 1
    assert not np.array_equal(race.networks[0].parameters, start)


def test_activation_of_a_lane(race):
    race.advance(20)
    race.names[1].value = "elu"
    assert race.lanes == ["relu", "elu", "sigmoid"]
    assert race.step == 0, "another activation begins a new race"
    assert "elu" in repr(race.networks[1])


def test_a_lane_may_be_empty(race):
    race.names[2].value = None
    race.advance(20)
    assert len(race.networks) == 2
    race.names[2].value = "leaky_relu"
    assert len(race.networks) == 3


def test_one_rate_for_all_and_a_rate_each(race, data):
    assert race.same_rate
    assert [control.disabled for control in race.rate_controls] == [False, True, True]
    race.rate_controls[0].value = 0.2
    assert [race.rate_of(k) for k in range(3)] == [0.2, 0.2, 0.2]
    button(race, "one rate for all").value = False
    assert not any(control.disabled for control in race.rate_controls)
    race.rate_controls[2].value = 5.0
    assert race.rates[2] == 5.0 and race.rate_of(0) == 0.2
    race.advance(200)
    other = Race(data, ["relu", "tanh", "sigmoid"], rates=[0.2, 0.2, 0.1], width=16)
    other.advance(200)
    accuracy = [r.history.groupby("lane")["val_accuracy"].last() for r in (race, other)]
    assert accuracy[0][2] > accuracy[1][2] + 0.1, "sigmoid learns faster at its own rate"


def test_a_rate_acts_on_the_race_under_way(race):
    race.advance(20)
    race.rate_controls[0].value = 0.5
    assert race.step == 20 and "learning rates 0.5, 0.5, 0.5" in race.message.value
    before = race.networks[0].parameters.copy()
    race.advance(1)
    assert race.step == 21 and not np.array_equal(race.networks[0].parameters, before)


def test_depth(race):
    before = race.picture.drawing
    race.depth_control.value = 8
    assert race.networks[0].sizes == [64, *[16] * 8, 10]
    assert race.picture.drawing != before
    sigmoid = race.figure.axes[2].lines[2].get_ydata()
    assert len(sigmoid) == 9 and sigmoid[0] < 1e-3 * sigmoid[-1], "vanishing gradients can be seen"


def test_a_lane_that_diverges_is_out_and_the_others_go_on(data):
    race = Race(data, ["elu", "tanh"], rates=[10.0, 0.1], depth=8)
    race.advance(40)
    assert "<b>lane 1</b> is out" in race.message.value
    last = race.history.groupby("lane")["step"].max()
    assert last[1] == 40 > last[0], "the curve of the lane that is out ends, and stays"
    (x,), (y,) = race._out[0].get_data()
    assert (
        last[0] < x <= 40
        and y == race.figure.axes[0].get_ylim()[1]
        and f"diverged at {x}" in race._name_texts[0].get_text()
    )
    assert np.isfinite(race.networks[0].parameters).all()
    race.rate_controls[0].value = 0.01
    race.advance(20)
    assert "is out" not in race.message.value and not len(race._out[0].get_xdata())
    assert race.history.groupby("lane")["step"].max()[0] == 60


def test_settings_from_code_move_the_controls(race):
    race.same_rate = False
    race.rates = [0.3, 0.02, 2.0]
    assert [control.value for control in race.rate_controls] == [0.3, 0.02, 2.0]
    race.lanes = ["tanh", "tanh", None]
    assert [name.value for name in race.names] == ["tanh", "tanh", ""]


def test_what_it_does_not_take(data):
    with pytest.raises(traitlets.TraitError, match="two or three"):
        Race(data, ["relu"])
    with pytest.raises(traitlets.TraitError, match="two or three"):
        Race(data, ["relu", "softmax"])


def test_lists_of_another_length_from_code(race):
    """Refused in words, or filled up; the controls act afterwards."""
    for lanes in (["relu"], ["relu", "magic"], ["relu"] * 4):
        with pytest.raises(traitlets.TraitError, match="two or three"):
            race.lanes = lanes
    with pytest.raises(traitlets.TraitError, match="one to three"):
        race.rates = []
    race.lanes, race.rates = ["relu", "elu"], [0.3, 0.2]
    assert race.lanes == ["relu", "elu", None] and race.rates == [0.3, 0.2, 0.2]
    race.names[0].value = "tanh"
    assert race.lanes == ["tanh", "elu", None]


def test_a_control_changes_its_own_entry(data):
    race = Race(data, ["relu", "tanh", "elu"], rates=[0.12, 0.34, 0.56], width=8)  # between two marks of the sliders
    race.rate_controls[1].value = 1.0
    assert race.rates == [0.12, 1.0, 0.56]
    race.names[0].value = "sigmoid"
    assert race.lanes == ["sigmoid", "tanh", "elu"] and race.rates == [0.12, 1.0, 0.56]


def test_epochs(race, data):
    race.advance(3 * -(-len(data.X_train) // 64))
    assert "epoch 3.0" in race.message.value


def test_it_carries_a_picture_for_readers_without_a_kernel(race):
    picture, words, live = [data for data, _ in outputs(race, race._message_text)]
    assert "image/png" in picture and "run this cell" in words["text/html"] and "step 0" in words["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in live
    assert live["text/plain"] == ""  # what VS Code shows of it when no kernel knows the panel


def test_a_race_that_nobody_can_win_stops(dataset):
    race = Race(dataset("digits"), ["relu", "elu"], rates=1e6, depth=4, width=8)

    async def session():
        race.running = True
        race.advance(20)
        return race.running

    assert not asyncio.run(session())
    assert race.message.value.count("is out") == 2


@pytest.mark.parametrize("rates", [None, "fast", [], [0.1, np.nan], [0.1] * 4, [np.inf]])
def test_rates_that_are_none(rates, dataset):
    with pytest.raises((traitlets.TraitError, TypeError, ValueError), match=r"rates|float"):
        Race(dataset("digits"), rates=rates)


def test_other_bad_arguments(dataset):
    with pytest.raises(ValueError, match="batch_size is 0"):
        Race(dataset("digits"), batch_size=0)
    with pytest.raises(TypeError, match="data is a tuple; expected a Dataset"):
        Race((np.zeros((2, 2)), [0, 1]))


# -- an optimizer per lane --------------------------------------------------------------------------------------------


def test_each_lane_has_its_optimizer(data):
    race = Race(data, ["relu"] * 3, rates=[0.05, 0.002, 0.003], width=16, optimizers=["momentum", "RMSprop", "Adam"])
    race.advance(40)
    for network, optimizer in zip(
        race.networks, (nnlib.SGD(0.05, momentum=0.9), nnlib.RMSprop(0.002), nnlib.Adam(0.003)), strict=True
    ):
        net = nnlib.Network([64, 16, 16, 10], "relu", seed=0)
        steps = nnlib.train_steps(net, data.X_train, data.y_train, 10, 64, optimizer, seed=0)
        for _ in range(40):
            next(steps)
        np.testing.assert_allclose(network.parameters, net.parameters, atol=1e-3)
    names = race.history.groupby("lane")["optimizer"].unique()
    assert [[*name] for name in names] == [["momentum"], ["RMSprop"], ["Adam"]]


def test_the_optimizer_of_a_lane_is_chosen(race):
    race.advance(20)
    race.optimizer_controls[1].value = "Adam"
    assert race.optimizers == ["SGD", "Adam", "SGD"]
    assert race.step == 0, "another optimizer begins a new race"
    race.rates = [0.1, 0.005, 0.1]
    assert race.optimizer_controls[1].value == "Adam"
    race.names[2].value = ""
    assert race.optimizer_controls[2].disabled and not race.optimizer_controls[1].disabled


def test_the_picture_names_what_differs(race):
    def names():
        return [text.get_text().split(":")[0] for text in race._name_texts]

    assert names() == ["relu", "tanh", "sigmoid"]
    race.optimizers = ["SGD", "momentum", "Adam"]
    assert names() == ["relu, SGD", "tanh, momentum", "sigmoid, Adam"]
    race.lanes = ["relu"] * 3
    assert names() == ["SGD", "momentum", "Adam"]


def test_a_lane_with_memory_that_diverged_comes_back(data):
    race = Race(data, ["relu", "relu"], rates=[1e6, 0.1], width=16, optimizers=["momentum", "SGD"])
    race.advance(40)
    assert "<b>lane 1</b> is out" in race.message.value
    race.rates = [0.01, 0.1]
    race.advance(40)
    assert "is out" not in race.message.value and np.isfinite(race.networks[0].parameters).all()


@pytest.mark.parametrize("optimizers", [[], ["SGD"] * 4, ["sgd"], [None], [0.1, "SGD"]])
def test_optimizers_that_are_none(optimizers, dataset):
    with pytest.raises(traitlets.TraitError, match="expected one to three of SGD, momentum, RMSprop, Adam"):
        Race(dataset("digits"), optimizers=optimizers)

"""The Playground: every control moved beyond its default, and training exactly as `train_steps` does it."""

import asyncio

import ipywidgets
import numpy as np
import pytest
import traitlets
from conftest import open_widgets
from controls import control, controls, press
from sklearn.datasets import make_circles

import nnlib
from nnlib.widgets import Playground, run
from nnlib.widgets.controls import NumberControl
from nnlib.widgets.panel import numerics

OPTIMIZERS = {"SGD": nnlib.SGD, "RMSprop": nnlib.RMSprop, "Adam": nnlib.Adam}


@pytest.fixture(scope="module")
def rings():
    return make_circles(200, factor=0.5, noise=0.08, random_state=0)


@pytest.fixture
def digits(dataset):
    return dataset("digits")


@pytest.fixture
def panel(digits):
    return Playground(digits, hidden=[12, 8], full=True)


def trained(panel, steps):
    """The network that `train_steps` makes with the panel's settings."""
    net = nnlib.Network(panel.network.sizes, panel.activation, seed=panel.seed)
    optimizer = OPTIMIZERS[panel.optimizer](panel.learning_rate)
    X, y = panel.X[: panel.samples], panel.y[: panel.samples]
    with numerics():
        records = nnlib.train_steps(net, X, y, 10**6, panel.batch_size, optimizer, seed=panel.seed)
        for _ in range(steps):
            next(records)
    return net


def same(a, b):
    return np.array_equal(a.parameters, b.parameters)


# -- exact ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"hidden": []},
        {"hidden": [5, 4, 3], "activation": ["tanh", "elu", "sigmoid"], "learning_rate": 0.3},
        {"optimizer": "Adam", "learning_rate": 0.01, "batch_size": 10, "samples": 55, "seed": 3},
        {"optimizer": "RMSprop", "learning_rate": 0.001, "batch_size": 500, "activation": "leaky_relu"},
    ],
    ids=str,
)
def test_advance_is_train_steps(digits, settings):
    panel = Playground(digits, **{"hidden": [12], **settings}, full=True)
    panel.advance(30)
    panel.advance(15)
    assert panel.step == 45
    assert same(panel.network, trained(panel, 45))


def test_advance_is_train_steps_on_a_pair(rings):
    panel = Playground(rings, hidden=[3], activation="tanh", learning_rate=0.5)
    panel.advance(50)
    assert same(panel.network, trained(panel, 50))
    assert panel.history["val_loss"].isna().all()


def test_reset_and_the_same_steps_again(panel):
    start = panel.network.parameters.copy()
    panel.advance(25)
    after = panel.network.parameters.copy()
    press(panel, "Reset")
    assert panel.step == 0 and panel.history.empty and panel.seed == 0
    assert np.array_equal(panel.network.parameters, start)
    panel.advance(25)
    assert np.array_equal(panel.network.parameters, after)


def test_reset_with_an_optimizer_that_remembers(panel):
    panel.optimizer, panel.learning_rate = "Adam", 0.01
    panel.advance(25)
    after = panel.network.parameters.copy()
    panel.reset()
    panel.advance(25)
    assert np.array_equal(panel.network.parameters, after)


def test_a_long_history_is_thinned_out(rings, monkeypatch):
    monkeypatch.setattr(run, "MOST_POINTS", 10)
    panel = Playground(rings, hidden=[3])
    panel.advance(199)
    assert list(panel.history["step"]) == [0, 1, 2, 3, 5, 10, *range(20, 200, 20)]
    panel.advance(1)
    assert list(panel.history["step"]) == [0, 40, 80, 120, 160, 200]
    panel.advance(300)
    assert list(panel.history["step"]) == [0, 80, 160, 240, 320, 400, 480]
    with numerics():
        records = list(nnlib.train_steps(nnlib.Network([2, 3, 2], seed=0), *rings, epochs=120))
    assert panel.history["loss"].iloc[-1] == np.mean([record["loss"] for record in records[460:480]])
    panel.reset()
    panel.advance(20)
    assert list(panel.history["step"]) == [0, 1, 2, 3, 5, 10, 20]


def test_history(panel, digits):
    start = panel.network.score(*panel.network.check_X_y(digits.X_train[:500], digits.y_train[:500]))
    panel.advance(60)
    assert list(panel.history["step"]) == [0, 1, 2, 3, 5, 10, 20, 40, 60]
    assert panel.history.iloc[0][["loss", "accuracy"]].tolist() == pytest.approx(start)
    with numerics():
        expected = panel.network.accuracy(digits.X_val[:500], digits.y_val[:500])
    assert panel.history["val_accuracy"].iloc[-1] == expected


# -- every control ----------------------------------------------------------------------------------------------------


def test_new_seed(panel):
    panel.advance(20)
    picture, weights = panel.picture.drawing, panel.network.parameters.copy()
    press(panel, "New seed")
    assert panel.seed == 1 and panel.step == 0 and panel.picture.drawing != picture
    assert same(panel.network, nnlib.Network([64, 12, 8, 10], seed=1))
    panel.advance(20)
    assert not np.array_equal(panel.network.parameters, weights)
    assert "seed 1" in panel.message.value


def test_step_button(panel):
    press(panel, "Step")
    press(panel, "Step")
    assert panel.step == 2 and not panel.running
    assert same(panel.network, trained(panel, 2))


def test_train_button(panel):
    button = control(panel, "Train", ipywidgets.ToggleButton)
    button.value = True
    assert panel.running and button.description == "Pause"
    panel.running = False
    assert not button.value and button.description == "Train"


def test_hidden_layers(panel):
    depth = control(panel, "hidden layers", NumberControl)
    rows = [controls(panel, f"units {k}", NumberControl)[0] for k in (1, 2, 3)]
    panel.advance(20)
    picture = panel.picture.drawing
    depth.value = 3
    assert len(panel.hidden) == 3 and panel.hidden[:2] == [12, 8]
    assert panel.network.sizes == [64, *panel.hidden, 10] and panel.step == 0
    assert panel.picture.drawing != picture
    rows[2].value = 7
    rows[0].value = 20
    assert panel.network.sizes == [64, 20, 8, 7, 10]
    depth.value = 1
    assert panel.network.sizes == [64, 20, 10]
    depth.value = 0
    assert panel.hidden == [] and panel.network.sizes == [64, 10]
    panel.advance(40)
    assert panel.network.accuracy(panel.X, panel.y) > 0.5
    depth.value = 2
    assert panel.network.sizes == [64, 20, 8, 10]
    panel.advance(3)


def test_activation_of_each_layer(panel):
    first, second, _ = controls(panel, "activation", ipywidgets.Dropdown)
    second.value = "tanh"
    assert panel.activation[:2] == ["relu", "tanh"]
    first.value = "sigmoid"
    assert [layer.name for layer in panel.network.layers[1::2]] == ["sigmoid", "tanh"]
    panel.advance(5)
    assert same(panel.network, trained(panel, 5))


@pytest.mark.parametrize("name", ["leaky_relu", "elu", "tanh", "sigmoid", "identity"])
def test_activation_of_the_simple_form(rings, name):
    panel = Playground(rings, hidden=[4])
    control(panel, "activation", ipywidgets.Dropdown).value = name
    assert panel.activation == name
    panel.advance(10)
    assert same(panel.network, trained(panel, 10))


def test_hidden_units_of_the_simple_form(rings):
    panel = Playground(rings, hidden=[4])
    picture = panel.picture.drawing
    control(panel, "hidden units", NumberControl).value = 9
    assert panel.hidden == [9] and panel.network.sizes == [2, 9, 2] and panel.picture.drawing != picture


def test_learning_rate_acts_on_the_training_under_way(panel):
    panel.advance(20)
    weights = panel.network.parameters.copy()
    control(panel, "learning rate", NumberControl).value = 0.5
    assert panel.learning_rate == 0.5 and panel.step == 20
    assert np.array_equal(panel.network.parameters, weights)
    panel.advance(5)
    net, optimizer = nnlib.Network([64, 12, 8, 10], "relu", seed=0), nnlib.SGD(0.1)
    with numerics():
        records = nnlib.train_steps(net, panel.X, panel.y, 10**6, 64, optimizer)
        for k in range(25):
            optimizer.learning_rate = 0.1 if k < 20 else 0.5
            next(records)
    assert same(panel.network, net)


@pytest.mark.parametrize(
    "kind, description, name, value",
    [
        (ipywidgets.Dropdown, "optimizer", "optimizer", "Adam"),
        (NumberControl, "batch size", "batch_size", 200),
        (NumberControl, "training rows", "samples", 100),
    ],
)
def test_controls_that_keep_the_network(digits, panel, kind, description, name, value):
    panel.advance(20)
    weights, other = panel.network.parameters.copy(), Playground(digits, hidden=[12, 8], full=True)
    other.advance(25)
    control(panel, description, kind).value = value
    assert getattr(panel, name) == value and panel.step == 20
    assert np.array_equal(panel.network.parameters, weights)
    panel.advance(5)
    assert not same(panel.network, other.network)
    assert panel.picture.drawing != other.picture.drawing


def test_few_training_rows_are_learned_by_heart(panel):
    control(panel, "training rows", NumberControl).value = 20
    panel.advance(400)
    last = panel.history.iloc[-1]
    assert last["accuracy"] == 1 and last["val_accuracy"] < 0.8


def test_settings_from_code_move_the_controls(panel):
    panel.hidden, panel.activation = [30], ["elu"]
    panel.learning_rate, panel.optimizer, panel.batch_size, panel.samples = 0.03, "RMSprop", 17, 99
    assert control(panel, "hidden layers", NumberControl).value == 1
    assert control(panel, "units 1", NumberControl).value == 30
    assert controls(panel, "activation", ipywidgets.Dropdown)[0].value == "elu"
    assert control(panel, "learning rate", NumberControl).value == 0.03
    assert control(panel, "optimizer", ipywidgets.Dropdown).value == "RMSprop"
    assert control(panel, "batch size", NumberControl).value == 17
    assert control(panel, "training rows", NumberControl).value == 99
    panel.advance(5)
    assert same(panel.network, trained(panel, 5))


def test_settings_that_make_no_sense_are_refused(panel):
    refused = {
        **{"batch_size": [0], "samples": [0], "optimizer": ["magic"], "hidden": [[0]], "seed": [-1]},
        "activation": ["magic", [], ["relu", "magic"], None],
    }
    for name, values in refused.items():
        for value in values:
            with pytest.raises((traitlets.TraitError, ValueError), match=f"{name}|expected a whole number from 1"):
                setattr(panel, name, value)


# -- a control changes its own entry, and shows what is in effect -----------------------------------------------------


def test_the_simple_form_leaves_the_other_layers(rings):
    panel = Playground(rings, hidden=[128, 64])
    control(panel, "activation", ipywidgets.Dropdown).value = "tanh"
    assert panel.hidden == [128, 64] and panel.activation == "tanh"
    units = control(panel, "hidden units", NumberControl)
    units.value = 100
    assert panel.hidden == [100, 64] and panel.network.sizes == [2, 100, 64, 2]
    units.value = 0  # there is no layer of 0 units among others
    assert panel.hidden == [1, 64]
    panel.hidden = []
    assert units.value == 0
    units.value = 5
    assert panel.hidden == [5]
    panel.hidden, panel.activation = [7, 6], ["elu", "sigmoid"]
    control(panel, "activation", ipywidgets.Dropdown).value = "relu"
    assert panel.activation == ["relu", "sigmoid"] and units.value == 7


@pytest.mark.parametrize("full", [True, False])
def test_a_wide_layer_stays_as_it_is(digits, full):
    panel = Playground(digits, hidden=[200], full=full)
    units = control(panel, "units 1" if full else "hidden units", NumberControl)
    controls(panel, "activation", ipywidgets.Dropdown)[0].value = "tanh"
    assert panel.hidden == [200] and units.value == 200 and panel.network.sizes == [64, 200, 10]
    panel.hidden = [300]
    assert units.value == 300 and panel.hidden == [300]


def test_more_layers_than_three(digits):
    panel = Playground(digits, hidden=[9, 8, 7, 6], full=True)
    depth = control(panel, "hidden layers", NumberControl)
    assert depth.value == 4 and control(panel, "units 4", NumberControl).value == 6
    panel.hidden = [9, 8, 7, 6, 5]
    assert depth.value == 5
    depth.value = 3
    assert panel.hidden == [9, 8, 7]
    depth.value = 5
    assert panel.hidden == [9, 8, 7, 6, 6]
    panel.advance(2)


def test_a_short_list_of_activations_goes_on_with_its_last(panel):
    panel.hidden, panel.activation = [30], ["elu"]
    panel.hidden = [8, 8]
    assert "Paused" not in panel.message.value
    assert [layer.name for layer in panel.network.layers[1::2]] == ["elu", "elu"]
    control(panel, "units 2", NumberControl).value = 5
    second = controls(panel, "activation", ipywidgets.Dropdown)[1]
    assert panel.hidden == [8, 5] and second.value == "elu"
    second.value = "tanh"
    assert panel.activation == ["elu", "tanh"]


def test_a_setting_that_fails_leaves_the_controls_alive(panel):
    with pytest.raises(traitlets.TraitError):
        panel.activation = ["relu", "magic"]
    control(panel, "units 1", NumberControl).value = 33
    assert panel.hidden == [33, 8]


def test_sliders_show_what_is_in_effect(rings):
    panel = Playground(rings, full=True, batch_size=2000, samples=10**6)
    batch, rows = (control(panel, name, NumberControl) for name in ("batch size", "training rows"))
    assert (panel.batch_size, batch.value, panel.samples, rows.value) == (2000, 2000, 200, 200)
    assert "batches of 200 from 200 rows" in panel.message.value
    panel.advance(3)
    assert "epoch 3.0" in panel.message.value
    panel.batch_size, panel.samples = 5000, 5
    assert (batch.value, rows.value, panel.samples) == (5000, 5, 5)
    panel.samples = 1000
    assert panel.samples == rows.value == 200


def test_no_depth_slider_where_none_is_shown(rings):
    before = {*open_widgets()}
    panel = Playground(rings)
    made = [w for key, w in open_widgets().items() if key not in before]
    assert not [w for w in made if getattr(w, "description", "") == "hidden layers"]
    panel.close()


# -- divergence -------------------------------------------------------------------------------------------------------


def test_divergence_is_told_and_reset_recovers(rings):
    panel = Playground((1e6 * rings[0], rings[1]), hidden=[8], learning_rate=10.0)
    with pytest.raises(ValueError, match="diverged"):
        panel.advance(500)
    panel.reset()
    for _ in range(500):
        press(panel, "Step")
        if "Paused" in panel.message.value:
            break
    assert "diverged" in panel.message.value and not panel.running
    assert np.isfinite(panel.network.parameters).all()
    panel.learning_rate = 1e-9
    press(panel, "Reset")
    assert "diverged" not in panel.message.value and panel.step == 0
    panel.advance(20)
    assert panel.step == 20


@pytest.mark.parametrize("batch_size", [200, 70])
def test_divergence_goes_back_to_where_the_epoch_began(batch_size, rings):
    """With batches of all 200 rows the first step of an epoch is its only one: that is the step where it fails."""
    panel = Playground((1e6 * rings[0], rings[1]), hidden=[8], learning_rate=10.0, batch_size=batch_size)
    before = [panel.network.parameters.copy()]
    with pytest.raises(ValueError, match=r"diverged.* those of step (\d+) again") as error:
        for _ in range(500):
            panel.advance(1)
            before.append(panel.network.parameters.copy())
    in_epoch = -(-200 // batch_size)
    assert panel.step == (len(before) - 1) // in_epoch * in_epoch
    assert f"step {panel.step} again" in str(error.value)
    np.testing.assert_array_equal(panel.network.parameters, before[panel.step])
    assert f"epoch {panel.step // in_epoch}.0" in panel.message.value


def test_steps_that_were_wanted_are_forgotten_when_one_fails(rings):
    async def session():
        panel = Playground((1e6 * rings[0], rings[1]), hidden=[8], learning_rate=10.0)
        for _ in range(500):  # pressed on the page, before the next frame
            asyncio.get_running_loop().call_soon(panel.step_once)
        for _ in range(500):
            await asyncio.sleep(0.01)
            if "diverged" in panel.message.value:
                break
        text, step = panel.message.value, panel.step
        panel.draw()
        panel.close()
        return text, step, panel.step

    text, step, after = asyncio.run(session())
    assert "diverged" in text and after == step


def test_divergence_in_the_live_loop(rings):
    async def session():
        panel = Playground((1e6 * rings[0], rings[1]), hidden=[8], learning_rate=10.0)
        panel.running = True
        for _ in range(500):
            await asyncio.sleep(0.01)
            if not panel.running:
                break
        told = panel.message.value
        panel.reset()
        await asyncio.sleep(0.5)  # without a page a frame waits a quarter of a second
        after = panel.message.value
        panel.close()
        return told, after, panel

    told, after, panel = asyncio.run(session())
    assert "Paused" in told and "diverged" in told
    assert "diverged" not in after and panel.step == 0


# -- other data -------------------------------------------------------------------------------------------------------


def test_no_hidden_layers(panel):
    panel.hidden = []
    panel.advance(10)
    assert panel.network.sizes == [64, 10]
    simple = Playground((panel.X, panel.y), hidden=[])
    simple.advance(10)
    assert same(simple.network, panel.network)


def test_iris(dataset):
    panel = Playground(dataset("iris"), hidden=[6], full=True)
    panel.advance(200)
    assert panel.history["val_accuracy"].iloc[-1] > 0.8


def test_mnist(dataset):
    panel = Playground(dataset("mnist-5k"), hidden=[32, 16], full=True)
    panel.advance(100)
    assert panel.network.sizes == [784, 32, 16, 10]
    assert panel.history["val_accuracy"].iloc[-1] > 0.75
    assert same(panel.network, trained(panel, 100))


def test_another_batch_size_keeps_what_the_optimizer_has_gathered(panel):
    panel.optimizer, panel.learning_rate = "Adam", 0.01
    panel.advance(5)
    panel.batch_size, panel.samples = 32, 500
    panel.advance(5)
    net, optimizer, order = nnlib.Network(panel.network.sizes, seed=0), nnlib.Adam(0.01), np.random.default_rng(0)
    with numerics():
        for rows, batch_size in ((len(panel.X), 64), (500, 32)):
            records = nnlib.train_steps(net, panel.X[:rows], panel.y[:rows], 9, batch_size, optimizer, order)
            for _ in range(5):
                next(records)
    assert same(panel.network, net)


def test_step_then_reset_is_step_0(panel):
    async def session():
        live = Playground((panel.X, panel.y), hidden=[4])
        for pressed in (live.step_once, live.reset):  # on the page, before the next frame
            asyncio.get_running_loop().call_soon(pressed)
        await asyncio.sleep(0.05)
        step = live.step
        live.close()
        return step

    assert asyncio.run(session()) == 0


@pytest.mark.parametrize(
    ("X", "y"),
    [
        (np.zeros((4, 2)), np.eye(4)),
        (np.zeros((4, 2)), ["a", "b", "a", "b"]),
        (np.zeros(4), [0, 1, 0, 1]),
        (np.zeros((0, 2)), np.zeros(0, int)),
        (np.zeros((4, 2)), [0, 0, 0, 0]),
        (np.zeros((4, 2)), [-1, 0, 1, 0]),
        (np.zeros((4, 2)), [0, 1]),
    ],
    ids=["one-hot", "names", "no rows", "empty", "one class", "negative", "too few"],
)
def test_a_pair_that_is_no_rows_with_classes(X, y):
    with pytest.raises(ValueError, match="expected rows"):
        Playground((X, y))


def test_other_bad_arguments(rings):
    with pytest.raises(TypeError, match="data is a list; expected a Dataset"):
        Playground([1, 2])
    with pytest.raises(TypeError, match="hidden is 16; expected a list"):
        Playground(rings, hidden=16)
    with pytest.raises(traitlets.TraitError, match="samples"):
        Playground(rings, samples=0)


def test_activations_in_words(rings):
    panel = Playground(rings, hidden=[4, 4], activation=["elu"])
    assert "2-4-4-2 (elu)" in panel.message.value
    panel.hidden = []
    assert "2-2 (no hidden layer)" in panel.message.value
    panel.hidden, panel.activation = [3, 3], ["elu", "relu"]
    assert "(elu, relu)" in panel.message.value


# -- regularisation, points, and how it is going ----------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{"dropout": 0.3}, {"batch_norm": True}, {"dropout": 0.2, "batch_norm": True}])
def test_dropout_and_batch_norm_are_nnlib_s(panel, settings):
    for name, value in settings.items():
        kind = NumberControl if name == "dropout" else ipywidgets.ToggleButton
        control(panel, name.replace("_", " "), kind).value = value
    layers = []
    for n_in, n_out in ((64, 12), (12, 8)):
        layers += [nnlib.Dense(n_in, n_out), *([nnlib.BatchNorm(n_out)] if "batch_norm" in settings else [])]
        layers += [nnlib.Activation("relu"), *([nnlib.Dropout(settings["dropout"])] if "dropout" in settings else [])]
    net = nnlib.Network(layers=[*layers, nnlib.Dense(8, 10)], seed=0)
    panel.advance(30)
    with numerics():
        records = nnlib.train_steps(net, panel.X, panel.y, optimizer=nnlib.SGD(0.1))
        for _ in range(30):
            next(records)
    assert same(panel.network, net)


def test_weight_decay_acts_on_the_training_under_way(panel):
    panel.advance(20)
    control(panel, "weight decay", NumberControl).value = 0.5
    assert panel.step == 20 and "weight decay 0.5" in panel.message.value
    before = np.abs(panel.network.weights[0]).mean()
    panel.advance(40)
    assert np.abs(panel.network.weights[0]).mean() < 0.5 * before


def test_other_points_and_one_more():
    panel = Playground("rings", hidden=[6], learning_rate=0.5)
    panel.advance(20)
    shape = control(panel, "points", ipywidgets.Dropdown)
    for name in ("XOR", "moons", "spiral", "blobs"):
        shape.value = name
        classes = len(np.unique(panel.y))
        assert panel.step == 0 and classes == (3 if name == "blobs" else 2) and np.abs(panel.X).max() < 2.5
        assert panel.network.sizes == [2, 6, classes] and panel.samples == len(panel.X) == 200
        panel.advance(300)
        assert panel.network.accuracy(panel.X, panel.y) > (0.55 if name == "spiral" else 0.8)
    spread = panel.X.std()
    control(panel, "noise", NumberControl).value = 0.5
    assert panel.X.std() > spread
    plane = panel.figure.axes[0]
    at = plane.transData.transform((0.5, -0.25)).tolist()
    control(panel, "a click adds", ipywidgets.Dropdown).value = 1
    step = panel.step
    panel._heard(None, {"at": at, "clicked": True}, [])
    assert panel.samples == len(panel.X) == 201 and panel.y[-1] == 1 and panel.step == step
    np.testing.assert_allclose(panel.X[-1], (0.5, -0.25), atol=1e-3)


def test_the_line_is_where_the_classes_are_even(rings):
    panel = Playground(rings, hidden=[8], activation="tanh", learning_rate=0.5)
    panel.advance(600)
    points = np.vstack(panel._view.line.get_segments())
    p = panel.network.predict_proba(points.astype(np.float32))
    assert len(points) > 20 and np.abs(p - 0.5).max() < 0.05
    assert panel.figure.axes[0].get_aspect() == 1


def test_what_the_pointer_is_over(dataset):
    panel = Playground(dataset("mnist-5k"), hidden=[16])
    axes = panel._view.above
    text = panel.pointed(axes, 29 + 3.5, 29 + 10.5, False)  # column 1, row 1
    unit = panel._view.columns + 1
    assert text == f"unit {unit}, pixel (10, 3): weight {panel.network.weights[0][10 * 28 + 3, unit]:+.3f}"
    assert panel.pointed(axes, 28.5, 5, False) is None


def test_dead_units_are_counted(panel):
    panel.network.biases[0][:5] = -1000
    panel.advance(1)
    assert "5 of 12 units are 0 for every row" in panel.message.value
    panel.reset()
    assert "for every row" not in panel.message.value


def test_the_last_run_stays_in_grey(panel):
    panel.advance(60)
    curve = panel._run.curve()
    panel.reset()
    panel.advance(20)
    np.testing.assert_array_equal(panel._curves.lines[0].get_xdata(), curve[:, 0])
    np.testing.assert_array_equal(panel._curves.lines[0].get_ydata(), curve[:, 3])


def test_a_training_that_diverged_keeps_its_curve(rings):
    panel = Playground((1e6 * rings[0], rings[1]), hidden=[8], learning_rate=10.0)
    with pytest.raises(ValueError, match="diverged"):
        panel.advance(500)
    curves, step = panel._curves, panel._run.diverged
    assert curves.diverged.get_text() == f"diverged at step {step}"
    assert step in curves.lines[6].get_xdata() and {*curves.lines[6].get_ydata()} == {curves.axes[0].get_ylim()[1]}
    assert panel.history["step"].iloc[0] == 0 and panel.history["step"].iloc[-1] < step
    panel.learning_rate = 1e-9
    panel.advance(1)
    assert not curves.diverged.get_text() and panel.history["step"].max() <= panel.step


def test_speed(rings):
    async def session():
        panel = Playground(rings)
        panel.speed = 20
        panel.running = True
        await asyncio.sleep(2)
        panel.close()
        return panel.step

    assert 2 <= asyncio.run(session()) <= 42

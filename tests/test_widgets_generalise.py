"""The panel Generalise: every control moved beyond its default, and training exactly as `train_steps` does it."""

import asyncio

import numpy as np
import pytest
import traitlets
from controls import control, press

import nnlib
from nnlib import Activation, Dense, Dropout, calibration, images
from nnlib.widgets import Generalise
from nnlib.widgets.controls import NumberControl
from nnlib.widgets.panel import numerics


@pytest.fixture
def data(dataset):
    return dataset("mnist-5k")


@pytest.fixture
def panel(data):
    return Generalise(data, hidden=[12], samples=100)


def trained(panel, steps, augment=None):
    """The network that `train_steps` makes with the panel's settings."""
    rate, (n_in, hidden, n_out) = panel.dropout, panel.network.sizes
    layers = [Dense(n_in, hidden), Activation("relu"), *([Dropout(rate)] if rate else []), Dense(hidden, n_out)]
    net = nnlib.Network(layers=layers, seed=panel.seed)
    X, y = panel.X[: panel.samples], panel.y[: panel.samples]
    sgd = nnlib.SGD(0.1, weight_decay=panel.weight_decay)
    with numerics():
        records = nnlib.train_steps(net, X, y, 10**6, 64, sgd, seed=panel.seed, augment=augment)
        for _ in range(steps):
            next(records)
    return net


@pytest.mark.parametrize(
    ("settings", "augment"),
    [
        ({}, None),
        ({"weight_decay": 0.05, "seed": 2}, None),
        ({"dropout": 0.5}, None),
        ({"augmentation": 1}, images.augment),
        ({"augmentation": 2}, lambda X, rng: images.augment(X, rng, 4, 20, 0.2, 0.2)),
    ],
)
def test_a_run_is_what_train_steps_does(settings, augment, data):
    panel = Generalise(data, hidden=[12], samples=100, **settings)
    panel.advance(45)
    assert np.array_equal(panel.network.parameters, trained(panel, 45, augment).parameters)
    assert panel.step == 45 and [*panel.history["step"]][::7] == [0, 40]


@pytest.mark.parametrize(
    ("kind", "description", "value", "words"),
    [
        (NumberControl, "L2", 0.05, "L2 0.05"),
        (NumberControl, "dropout", 0.9, "dropout 0.9"),
        (NumberControl, "augmentation", 2.0, "augmentation 2"),
        (NumberControl, "training rows", 1000, "1,000 training rows"),
    ],
)
def test_a_slider_acts_on_the_training_under_way(kind, description, value, words, panel, data):
    """The weights before the change stay; after it they become other ones than without it."""
    panel.advance(10)
    before = panel.network.parameters.copy()
    control(panel, description, kind).value = value
    assert words in panel.message.value
    assert np.array_equal(panel.network.parameters, before) and panel.step == 10
    panel.advance(10)
    untouched = trained(Generalise(data, hidden=[12], samples=100), 20)
    assert not np.array_equal(panel.network.parameters, untouched.parameters)


def test_an_attribute_moves_its_slider(panel):
    panel.weight_decay, panel.dropout, panel.augmentation, panel.samples = 0.003, 0.25, 0.5, 500
    assert control(panel, "L2", NumberControl).value == 0.003
    assert control(panel, "dropout", NumberControl).value == 0.25
    assert control(panel, "augmentation", NumberControl).value == 0.5
    assert control(panel, "training rows", NumberControl).value == 500
    panel.weight_decay = 0
    assert control(panel, "L2", NumberControl).value == 0


def test_the_curves_show_both_sets_of_rows_without_dropout_and_unmoved(data):
    panel = Generalise(data, hidden=[12], samples=100, dropout=0.5, augmentation=1)
    panel.advance(40)
    with numerics():
        for name, (X, y) in {"": (data.X_train[:100], data.y_train[:100]), "val_": (data.X_val, data.y_val)}.items():
            last = panel.history.iloc[-1]
            assert last[f"{name}loss"] == pytest.approx(panel.network.loss(X, y), rel=1e-6)
            assert last[f"{name}accuracy"] == pytest.approx(panel.network.accuracy(X, y))
    shown = [panel._curves.lines[k].get_ydata()[-1] for k in (1, 2, 4, 5)]
    assert shown == pytest.approx(last[["loss", "val_loss", "accuracy", "val_accuracy"]].to_list())
    low, high = np.sort([last["accuracy"], last["val_accuracy"]])
    edge = panel._gaps[1].get_paths()[0].vertices
    assert {low, high} <= set(np.round(edge[:, 1], 12)) | set(edge[:, 1])


def test_the_diagram_and_the_calibration_error(panel, data):
    panel.advance(60)
    P = panel.network.predict_proba(data.X_val)
    p, right = P.max(axis=1), P.argmax(axis=1) == data.y_val
    table = calibration.groups(p, right)
    np.testing.assert_allclose(panel._groups.get_xydata(), table[["said", "right"]], atol=1e-6)
    assert len(panel._bars.get_segments()) == len(table)
    assert f"calibration error {calibration.calibration_error(p, right):.1%}" in panel.message.value
    assert f"announced {np.sum(1 - p):.0f}, made {np.sum(~right)}" in panel.message.value


def test_reset_keeps_the_curves_of_the_run_before_in_grey(panel):
    panel.advance(60)
    curve, picture = panel.history[["step", "val_accuracy"]].to_numpy(), panel.picture.drawing
    panel.dropout = 0.5
    press(panel, "Reset")
    assert panel.step == 0 and panel.dropout == 0.5 and panel.history.empty
    np.testing.assert_allclose(panel._curves.lines[3].get_xydata(), curve)
    assert panel.picture.drawing != picture
    panel.advance(40)
    assert np.array_equal(panel.network.parameters, trained(panel, 40).parameters)


def test_new_seed_and_one_step(panel):
    press(panel, "Step")
    assert panel.step == 1
    before = panel.network.parameters.copy()
    press(panel, "New seed")
    assert panel.seed == 1 and panel.step == 0 and not np.array_equal(panel.network.parameters, before)


def test_more_rows_are_all_at_most(panel):
    panel.samples = 10**6
    assert panel.samples == len(panel.X) and f"{len(panel.X):,} training rows" in panel.message.value


def test_rows_that_are_no_pictures(dataset):
    panel = Generalise(dataset("iris"), hidden=[], samples=30)
    panel.advance(30)
    assert panel.network.sizes == [4, 3] and panel.step == 30
    assert control(panel, "augmentation", NumberControl).layout.display == "none"
    with pytest.raises(traitlets.TraitError, match="these rows are no pictures"):
        panel.augmentation = 1


def test_a_training_that_diverges_says_so(panel):
    """Rate times L2 above 2: every step makes the weights larger, and turns their signs."""
    panel.weight_decay = 1
    panel.advance(20)
    panel._optimizer.learning_rate = 100.0
    with pytest.raises(ValueError, match="diverged"):
        panel.advance(300)
    assert np.isfinite(panel.network.parameters).all()


def test_without_validation_rows(dataset):
    with pytest.raises(ValueError, match="without validation"):
        Generalise(dataset("iris", validation=0))


def test_live(data):
    """In a running loop it trains, a slider acts meanwhile, and Pause ends it."""

    async def session():
        panel = Generalise(data, hidden=[8], samples=100)
        panel.running = True
        while panel.step < 20:
            await asyncio.sleep(0.01)
        control(panel, "dropout", NumberControl).value = 0.5
        at_change = panel.step
        while panel.step < at_change + 40:
            await asyncio.sleep(0.01)
        panel.running = False
        rates = [layer.rate for layer in panel.network.layers if isinstance(layer, Dropout)]
        panel.close()
        return rates

    assert asyncio.run(asyncio.wait_for(session(), 60)) == [0.5]

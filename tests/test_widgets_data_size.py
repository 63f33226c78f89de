"""The panel DataSize: every control moved beyond its default, and training exactly as `train_steps` does it."""

import asyncio

import ipywidgets
import numpy as np
import pytest
import traitlets
from controls import control, press

import nnlib
from nnlib.widgets import DataSize
from nnlib.widgets.controls import NumberControl
from nnlib.widgets.panel import numerics


@pytest.fixture
def data(dataset):
    return dataset("mnist-5k")


@pytest.fixture
def panel(data):
    return DataSize(data, hidden=[8], steps=40)


def slider(panel):
    return control(panel, "training rows", NumberControl)


def finish(panel):
    panel.advance(10**6)
    assert not panel.running


def curve(panel, axes=0):
    """Steps and values of the training curve on screen: of the loss, or on axes 1 of the accuracy."""
    steps, values = panel.figure.axes[axes].lines[1].get_data()
    return steps[steps >= 20], values[steps >= 20]


@pytest.mark.parametrize(("samples", "seed"), [(300, 0), (40, 0), (300, 3)])
def test_a_run_is_what_train_steps_does(samples, seed, data):
    """More rows are the same rows and others: both are the first of one order, which belongs to the seed."""
    panel = DataSize(data, hidden=[8], steps=40, samples=samples, seed=seed)
    finish(panel)
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(data.X_train))[:samples]
    net = nnlib.Network([784, 8, 10], seed=seed)
    X, y = data.X_train[rows], data.y_train[rows]
    with numerics():
        losses = [record["loss"] for _, record in zip(range(40), nnlib.train_steps(net, X, y, 40, 64, None, rng))]
        accuracy, val_accuracy = net.accuracy(X, y), net.accuracy(data.X_val, data.y_val)
    assert np.array_equal(panel.network.parameters, net.parameters)
    steps, shown = curve(panel)
    assert list(steps) == [20, 40] and shown == pytest.approx([np.mean(losses[:20]), np.mean(losses[20:])])
    (result,) = panel.results.to_dict("records")
    assert (result["samples"], result["accuracy"], result["val_accuracy"]) == (samples, accuracy, val_accuracy)


def test_the_slider_trains_again(panel):
    finish(panel)
    before, picture = panel.network.parameters.copy(), panel.picture.drawing
    slider(panel).value = 1000
    assert panel.samples == 1000 and panel.running and panel.step == 0
    assert panel.picture.drawing != picture
    finish(panel)
    assert list(panel.results["samples"]) == [200, 1000]
    assert not np.array_equal(panel.network.parameters, before)
    assert "1,000 training rows" in panel.message.value and "step 40 of 40" in panel.message.value
    panel.samples = 50
    assert slider(panel).value == 50


def test_the_same_size_again_gives_the_same_numbers(panel):
    finish(panel)
    first = panel.network.parameters.copy()
    panel.samples = 20
    finish(panel)
    panel.samples = 200
    finish(panel)
    assert np.array_equal(panel.network.parameters, first)


def test_all_sizes(panel, data):
    press(panel, "All sizes")
    assert panel.samples == 20 and panel.running
    finish(panel)
    sizes = [20, 50, 100, 200, 500, 1000, 2000, len(data.X_train)]
    assert list(panel.results["samples"]) == sizes
    assert panel.results["val_accuracy"].iloc[-1] > panel.results["val_accuracy"].iloc[0] + 0.2
    assert len(panel.figure.axes[0].collections[0].get_segments()) == len(sizes)
    press(panel, "All sizes")
    assert panel.step == 0 and panel.samples == 20 and panel.running


def test_the_slider_leaves_a_sweep_and_a_size_set_from_code_alone(panel, data):
    panel.sweep()
    finish(panel)
    assert slider(panel).value == panel.samples == len(data.X_train)
    panel.samples = 1100
    assert slider(panel).value == panel.samples == 1100  # between two marks


def test_new_seed_begins_a_sweep_again(panel):
    panel.sweep()
    panel.advance(60)
    press(panel, "New seed")
    finish(panel)
    assert (panel.results["seed"] == 1).sum() == 8 and panel.seed == 1


def test_bad_arguments(data):
    with pytest.raises(ValueError, match="steps is 0"):
        DataSize(data, steps=0)
    with pytest.raises(TypeError, match="hidden is 64"):
        DataSize(data, hidden=64)


def test_a_run_ends_with_a_point_whatever_its_length(data):
    panel = DataSize(data, hidden=[8], samples=100, steps=45)
    finish(panel)
    assert list(curve(panel)[0]) == [20, 40, 45]
    (result,) = panel.results.to_dict("records")
    with numerics():
        assert result["val_accuracy"] == panel.network.accuracy(data.X_val, data.y_val)
    finish(panel)
    assert list(curve(panel)[0]) == [20, 40, 45]


def test_how_often_a_row_is_seen(data):
    """40 steps on 65 rows: 20 epochs of a batch of 64 and one of 1."""
    panel = DataSize(data, hidden=[8], samples=65, steps=40)
    finish(panel)
    assert "each row seen 20 times" in panel.message.value


def test_all_sizes_starts_with_the_size_that_is_set(data):
    panel = DataSize(data, hidden=[8], samples=20, steps=20)
    finish(panel)
    panel.sweep()
    assert panel.step == 0 and panel.running


def test_the_slider_ends_a_sweep(panel):
    panel.sweep()
    panel.advance(60)
    assert panel.samples == 50
    slider(panel).value = 700
    finish(panel)
    assert list(panel.results["samples"]) == [20, 700]


def test_new_seed(panel):
    finish(panel)
    weights, picture = panel.network.parameters.copy(), panel.picture.drawing
    press(panel, "New seed")
    assert panel.seed == 1 and panel.running and panel.results["seed"].tolist() == [0]
    finish(panel)
    assert panel.results["samples"].tolist() == [200, 200] and panel.results["seed"].tolist() == [0, 1]
    both = panel.results["val_accuracy"]
    (band,) = panel._bands[1].get_paths()
    assert {*band.vertices[:, 1].round(6)} == {*both.round(6)}
    assert panel._score_lines[1].get_ydata().tolist() == pytest.approx([both.mean()])
    assert not np.array_equal(panel.network.parameters, weights)
    assert panel.picture.drawing != picture and "seed 1" in panel.message.value


def test_pause_and_train(panel):
    train = control(panel, "Train", ipywidgets.ToggleButton)
    panel.samples = 100
    assert train.value and train.description == "Pause"
    panel.advance(10)
    train.value = False
    assert not panel.running and panel.step == 10
    train.value = True
    finish(panel)
    first = panel.network.parameters.copy()
    train.value = True  # at the end: the same run again
    panel.advance(1)
    assert panel.step == 1
    finish(panel)
    assert np.array_equal(panel.network.parameters, first)


def test_clear(panel):
    panel.sweep()
    panel.advance(50)
    picture = panel.picture.drawing
    press(panel, "Clear")
    assert panel.results.empty and panel.picture.drawing != picture
    finish(panel)
    assert list(panel.results["samples"]) == [50]  # the run under way; those to come were forgotten as well


def test_few_rows_many_rows_and_none(panel, dataset):
    with pytest.raises(traitlets.TraitError):
        panel.samples = 0
    panel.samples = 10**6
    assert panel.samples == len(panel.X)
    assert f"{len(panel.X):,} training rows" in panel.message.value
    with pytest.raises(ValueError, match="without validation"):
        DataSize(dataset("iris", validation=0))


def test_rows_that_are_no_pictures(dataset):
    panel = DataSize(dataset("iris"), hidden=[], samples=12, steps=20)
    panel.advance(100)
    assert list(panel.results["samples"]) == [12]
    assert panel.network.sizes == [4, 3]


def test_live(data):
    """In a running loop the slider alone makes it train, to the end of the run."""

    async def session():
        panel = DataSize(data, hidden=[8], steps=40)
        slider(panel).value = 100
        for _ in range(500):
            await asyncio.sleep(0.01)
            if not panel.running and len(panel.results):
                break
        panel.close()
        return panel

    panel = asyncio.run(session())
    assert list(panel.results["samples"]) == [100] and panel.step == 40


def test_a_sweep_in_a_cell(data):
    """In a kernel, where a loop is running, `advance` comes before the task: it still goes to the end."""

    async def cell():
        panel = DataSize(data, hidden=[8], steps=20)
        panel.sweep()
        panel.advance(10**6)
        panel.close()
        return panel

    panel = asyncio.run(cell())
    assert panel.step == 20 and not panel.running
    assert panel.results["samples"].iloc[-1] == len(data.X_train)
    assert list(curve(panel)[0]) == [20]

"""The kernel pad: its maps are SciPy's and nnlib's, every control acts, and what is refused is told."""

import itertools

import numpy as np
import pytest
import traitlets
from controls import control
from scipy.signal import correlate2d

import nnlib
from nnlib import Activation, Conv2D, Dense, Flatten, MaxPool2D
from nnlib.widgets import KernelPad
from nnlib.widgets.kernel import KERNELS, NAMES


@pytest.fixture(scope="module")
def digits(dataset):
    return dataset("mnist-5k", max_train_samples=3200).X_val[:10]


@pytest.fixture(scope="module")
def network():
    layers = [Conv2D(1, 10, 5, padding=1), Activation("relu"), MaxPool2D(2), Flatten(), Dense(1690, 10)]
    return nnlib.Network(layers=layers, seed=1)


@pytest.fixture
def panel(digits, network):
    panel = KernelPad(digits, network)
    yield panel
    panel.close()


@pytest.mark.parametrize("name", KERNELS)
def test_the_map_is_scipys(panel, digits, name):
    panel.preset, panel.index = name, 4
    assert np.allclose(panel.kernel, KERNELS[name])
    expected = correlate2d(digits[4].reshape(28, 28), np.asarray(KERNELS[name], float), mode="valid")
    assert panel.map.shape == (26, 26) and np.allclose(panel.map, expected, atol=1e-5)
    assert np.allclose(panel.figure.axes[2].images[0].get_array(), expected, atol=1e-5)


def test_the_learned_maps_are_the_networks(panel, digits, network):
    expected = network.layers[0].forward(digits[:1].reshape(1, 1, 28, 28))[0]
    assert panel.learned_maps.shape == (8, 26, 26) and np.allclose(panel.learned_maps, expected[:8], atol=1e-5)
    drawn = [axes.images[0].get_array() for axes in panel.figure.axes[3:]]
    assert np.allclose(drawn[::2], network.layers[0].W[:8, 0]) and np.allclose(drawn[1::2], expected[:8], atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_each_number_moves_the_map(panel, name):
    i, j = NAMES[name]
    before, picture = panel.map, panel.picture.moving
    control(panel, f"row {i}, col {j}").value = 4.5
    assert panel.kernel[i, j] == 4.5 and panel.preset == "my own" and control(panel, "kernel").value == "my own"
    change = (4.5 - np.asarray(KERNELS["edge, left"])[i, j]) * panel._pixels[i : 26 + i, j : 26 + j]
    assert np.allclose(panel.map - before, change, atol=1e-5) and panel.picture.moving != picture


def test_a_name_moves_the_numbers_and_numbers_find_their_name(panel):
    control(panel, "kernel").value = "sharpen"
    assert control(panel, "row 1, col 1").value == 5
    for name in NAMES:
        setattr(panel, name, 1 / 9)
    assert panel.preset == "blur"
    panel.kernel = np.eye(3)
    assert panel.preset == "my own" and np.array_equal(panel.kernel, np.eye(3))


def test_relu_digit_and_place(panel):
    shown = [panel.picture.moving]
    assert panel.map.min() < 0
    control(panel, "ReLU").value = True
    assert panel.map.min() == panel.learned_maps.min() == 0 and "after ReLU" in panel.message.value
    shown.append(panel.picture.moving)
    control(panel, "digit").value = 7
    assert panel.index == 7
    shown.append(panel.picture.moving)
    control(panel, "map's row").value, control(panel, "map's column").value = 3, 25
    assert (panel.row, panel.column) == (3, 25) and panel._patch.get_xy() == (24.5, 2.5)
    shown.append(panel.picture.moving)
    assert all(a != b for a, b in itertools.pairwise(shown))


def test_a_click_on_the_map_chooses_the_place(panel):
    axes = panel.figure.axes[2]
    assert panel.pointed(axes, 4.2, 19.6, False) == f"row 20, column 4: {panel.map[20, 4]:.2f}" and panel.row == 10
    panel.pointed(axes, 4.2, 19.6, True)
    assert (panel.row, panel.column) == (20, 4)
    assert panel.pointed(panel.figure.axes[0], 4, 4, True) is None and panel.row == 20
    assert f"{panel.map[20, 4]:.2f}".replace("-", "&minus;") in panel.message.value


def test_the_code_makes_it_again(panel, digits, network):
    panel.w00, panel.row, panel.relu = 2.5, 4, True
    scope = {"widgets": nnlib.widgets, "X": digits, "network": network}
    exec(panel.code, scope)
    again = scope["panel"]
    assert np.array_equal(again.kernel, panel.kernel) and (again.row, again.relu) == (4, True)
    panel.preset = "blur"
    assert "kernel='blur'" in panel.code and "w00" not in panel.code
    again.close()


def test_one_digit_without_a_network():
    panel = KernelPad(np.zeros((28, 28)), kernel=np.zeros((3, 3)))
    assert len(panel.figure.axes) == 3 and (panel.map == 0).all() and "0 &asymp; <b>0.00</b>" in panel.message.value
    panel.close()


@pytest.mark.parametrize(
    ("X", "options", "words"),
    [
        (np.zeros((3, 100)), {}, r"shape \(3, 100\); expected a digit"),
        (np.zeros((0, 784)), {}, r"shape \(0, 784\)"),
        (np.zeros(784), {"kernel": "edges"}, "unknown kernel 'edges'; known: identity"),
        (np.zeros(784), {"kernel": np.ones((5, 5))}, r"shape \(5, 5\); expected nine numbers"),
        (np.zeros(784), {"network": nnlib.Network([784, 10])}, r"begins with Dense\(784, 10\); expected Conv2D"),
    ],
)
def test_bad_input_is_told(X, options, words):
    with pytest.raises(ValueError, match=words):
        KernelPad(X, **options)


def test_bad_settings_are_refused(panel):
    for name, value in (("w11", 5.5), ("w11", np.nan), ("index", 10), ("row", 26), ("preset", "edges")):
        with pytest.raises(traitlets.TraitError):
            setattr(panel, name, value)


def test_nothing_is_white_in_a_dark_page(panel):
    for picture in (panel._table, *(axes.images[0] for axes in panel.figure.axes[2:])):
        assert picture.to_rgba(np.zeros((1, 1)))[0, 0, 3] < 0.05  # 0 is the page's own paper
    assert panel.learned_maps.size

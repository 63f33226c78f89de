"""What notebook 09 says in words, recomputed. Its cells are run by nbval."""

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import convolve2d, correlate2d

import nnlib
from nnlib import Activation, Conv2D, Dense, Flatten, MaxPool2D, images
from nnlib.exercises.notebook_09 import a_layer, conv_backward

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "09_convolution.ipynb"
SCRAMBLE = np.random.default_rng(1).permutation(784)


class LastPlaceOnly(Conv2D):
    def backward(self, dZ, need_dX=True):
        dX = super().backward(dZ, need_dX)
        self.dW = np.einsum("mf,mp->fp", dZ[:, :, -1, -1], self.patches[:, :, -1]).reshape(self.W.shape)
        return dX


def conv_net(seed=0, Conv=Conv2D):
    return nnlib.Network(
        layers=[Conv(1, 8, 5), Activation("relu"), MaxPool2D(2), Conv(8, 16, 5), Activation("relu"), MaxPool2D(2),
                Flatten(), Dense(256, 60), Activation("relu"), Dense(60, 10)], seed=seed)  # fmt: skip


@pytest.fixture(scope="module")
def data(dataset):
    return dataset("mnist-5k", max_train_samples=3200)


@pytest.fixture(scope="module")
def nets(data):
    """One network of each kind, as the notebook trains them with seed 1."""

    def fit(kind, X, augment=None, seed=1):
        if kind == "conv":
            net, epochs, batch = conv_net(seed), 6, 32
            optimizer = nnlib.Adam(nnlib.schedules.Cosine(0.004, steps=600))
        else:
            net, epochs, batch = nnlib.Network([784, 128, 64, 10], "relu", seed=seed), 30, 64
            optimizer = nnlib.Adam(0.001)
        nnlib.train(net, X, data.y_train, epochs, batch, optimizer, seed=seed, augment=augment, progress=False)
        return net

    X, mixed = data.X_train, data.X_train[:, SCRAMBLE]
    found = {kind: fit(kind, X) for kind in ("conv", "dense")}
    found |= {f"{kind}+": fit(kind, X, images.augment) for kind in ("conv", "dense")}
    return found | {f"{kind} scrambled": fit(kind, mixed) for kind in ("conv", "dense")}


def shifted(net, data, pixels):
    """Mean over right, left, down and up, a row's share of them."""
    ways = [(pixels, 0), (-pixels, 0), (0, pixels), (0, -pixels)]
    return np.mean([net.predict(images.warp(data.X_val, way)) == data.y_val for way in ways], axis=0)


# -- 2 and 3: on paper -------------------------------------------------------------------------------------------------


def test_the_numbers_on_paper():
    X = np.array([[0, 0, 2, 0, 0], [0, 1, 2, 0, 0], [0, 0, 2, 0, 0], [0, 0, 2, 0, 0], [0, 1, 2, 1, 0]])
    Z = correlate2d(X, [[-1, 0, 1]] * 3, mode="valid")
    assert Z[0, 0] == 6 and Z[0, 2] == -6


@pytest.mark.parametrize(("padding", "stride", "expected"), [(0, 1, 24), (2, 1, 28), (0, 2, 12)])
def test_the_rule_of_shapes(padding, stride, expected):
    """(9.3) for 28 pixels and k = 5, counted."""
    places = [i for i in range(-padding, 28 + padding, stride) if i + 5 <= 28 + padding]
    assert (28 + 2 * padding - 5) // stride + 1 == len(places) == expected


def test_the_sizes():
    net = conv_net()
    assert [net.layers[k].n_parameters for k in (0, 3)] == [208, 3216]
    assert net.parameters.size == 19_454 and 19_454 / 109_386 < 0.2
    assert nnlib.Network([784, 128, 64, 10]).parameters.size == 109_386
    assert Dense(784, 8 * 24 * 24).n_parameters == 3_617_280


# -- 5 and 6: backward -------------------------------------------------------------------------------------------------


def test_the_exercises_answer_is_the_layers_gradient():
    """SciPy's maps, which the exercise is judged by, and nnlib's layer, which the finite differences judge."""
    rng = np.random.default_rng(3)
    for _ in range(5):
        dZ, X, W = a_layer(rng)
        layer = Conv2D(W.shape[1], W.shape[0], W.shape[2])
        layer.W = W
        layer.forward(X, training=True)
        dX = layer.backward(dZ)
        for ours, theirs in zip((layer.dW, layer.db, dX), conv_backward(dZ, X, W), strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_one_pixel_of_dZ_sends_a_kernel_that_is_not_turned():
    dZ, W = np.zeros((3, 3)), np.arange(1, 10.0).reshape(3, 3)
    dZ[0, 0] = 1
    assert np.array_equal(convolve2d(dZ, W, mode="full")[:3, :3], W)


# -- 8: the mistake ----------------------------------------------------------------------------------------------------


def test_the_mistake_trains_and_the_gradient_check_finds_it(data, nets):
    net = conv_net(1, LastPlaceOnly)
    optimizer = nnlib.Adam(nnlib.schedules.Cosine(0.004, steps=600))
    nnlib.train(net, data.X_train, data.y_train, 6, 32, optimizer, seed=1, progress=False)
    lost = nets["conv"].accuracy(data.X_val, data.y_val) - net.accuracy(data.X_val, data.y_val)
    assert 0.01 < lost < 0.1, "a few points"
    change = [np.abs(n.layers[0].W - conv_net(1).layers[0].W).mean() for n in (net, nets["conv"])]
    assert change[0] < change[1] / 2, "the first kernels hardly learn"
    for Conv, wrong in ((Conv2D, []), (LastPlaceOnly, ["W1", "W2"])):
        net = conv_net(0, Conv)
        net.layers[0].b = net.layers[3].b = 0.1
        report = nnlib.check_gradients(net, data.X_train[:6], data.y_train[:6], sample=12)
        assert list(report.index[report["error"] > 0.5]) == wrong
        assert (report["error"].drop(wrong) < 1e-6).all()


def test_the_last_patch_is_paper(data):
    assert data.X_train.reshape(-1, 28, 28)[:, -5:, -5:].any(axis=(1, 2)).mean() < 0.05


# -- 9 and 10: what it minds -------------------------------------------------------------------------------------------


def test_scrambled_pixels_cost_the_convolutional_net_alone(data, nets):
    X, y = data.X_val, data.y_val
    before = {kind: nets[kind].accuracy(X, y) for kind in ("conv", "dense")}
    after = {kind: nets[f"{kind} scrambled"].accuracy(X[:, SCRAMBLE], y) for kind in ("conv", "dense")}
    assert 0.945 < before["conv"] < 0.98 and 0.86 < after["conv"] < 0.925
    assert abs(after["dense"] - before["dense"]) < 0.02 and after["conv"] < after["dense"] - 0.005


def test_shifts(data, nets):
    """Bands around the text's mean of three seeds: at rest 96.5 (dense+ 97), by two 85 (94), by four 42 (67)."""
    score = {
        kind: [shifted(nets[kind], data, pixels).mean() for pixels in (0, 2, 4)] for kind in nets if " " not in kind
    }
    assert abs(score["conv"][0] - score["dense+"][0]) < 0.02
    assert 0.81 < score["conv"][1] < 0.89 and 0.04 < score["dense+"][1] - score["conv"][1] < 0.14
    assert 0.34 < score["conv"][2] < 0.49 and 0.18 < score["dense+"][2] - score["conv"][2] < 0.33
    assert all(c - d > 0.01 for c, d in zip(score["conv"], score["dense"], strict=True))
    assert abs(score["conv+"][1] - score["dense+"][1]) < 0.025
    assert 0.01 < score["conv+"][2] - score["dense+"][2] < 0.13


def test_what_part_1_tells_of_notebook_06(data, nets):
    """93 % at rest, to the right by two pixels 72, by four 22."""
    score = [nets["dense"].accuracy(images.warp(data.X_val, (pixels, 0)), data.y_val) for pixels in (0, 2, 4)]
    assert np.allclose(score, [0.93, 0.72, 0.22], atol=0.04)


def test_equivariant_behind_a_convolution_and_only_for_even_shifts_behind_a_pooling(data, nets):
    X, layer, pool = data.X_val[:50].reshape(-1, 1, 28, 28), nets["conv"].layers[0], MaxPool2D(2)
    Z = layer.forward(X)
    A = pool.forward(np.maximum(Z, 0))
    for pixels, exact in ((2, True), (1, False)):
        moved = layer.forward(np.roll(X, pixels, axis=3))
        assert np.allclose(moved[..., pixels:], Z[..., :-pixels], atol=1e-5)
        A_moved = pool.forward(np.maximum(moved, 0))
        off = [np.abs(A_moved[..., 1:] - other).mean() / A.mean() for other in (A[..., 1:], A[..., :-1])]
        assert off[0] > 0.2 and (off[1] < 1e-5) == exact


# -- 11: what it sees --------------------------------------------------------------------------------------------------


def test_a_unit_of_the_second_convolution_sees_14_pixels(nets):
    """Its value at place (3, 5) changes with the pixels of rows 6 to 19 and columns 10 to 23, and with no others."""
    rng = np.random.default_rng(0)
    X = rng.random((1, 1, 28, 28), np.float32)

    def value(X):
        for layer in nets["conv"].layers[:4]:
            X = layer.forward(X)
        return X[0, :, 3, 5]

    outside = rng.random(X.shape, np.float32)
    outside[..., 6:20, 10:24] = X[..., 6:20, 10:24]
    assert np.allclose(value(outside), value(X), atol=1e-5)
    for row, column in ((6, 10), (6, 23), (19, 10), (19, 23)):  # the corners count
        moved = np.repeat(X, 1, axis=0)
        moved[..., row, column] += 50
        assert not np.allclose(value(moved), value(X), atol=1e-3)


def test_the_test_rows(data, nets):
    score = {kind: nets[kind].accuracy(data.X_test, data.y_test) for kind in nets if " " not in kind}
    assert abs(score["conv"] - score["dense+"]) < 0.02
    assert -0.003 < score["conv+"] - score["dense+"] < 0.025
    assert score["conv"] - score["dense"] > 0.01


# -- Your turn ---------------------------------------------------------------------------------------------------------


def test_exercises():
    layers = [Conv2D(3, 12, 5, padding=2), MaxPool2D(2), Conv2D(12, 24, 3), MaxPool2D(2)]
    shape = (3, 32, 32)
    for layer in layers:
        shape = layer.output_shape(shape)
    assert shape == (24, 7, 7) and sum(layer.n_parameters for layer in layers) == 3528

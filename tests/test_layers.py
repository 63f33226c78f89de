"""Dropout, BatchNorm, Conv2D, MaxPool2D and Flatten: by hand, by numbers, by PyTorch; alone and in a Network."""

import copy
import pickle

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

import nnlib
from nnlib import Activation, BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, Network, check_gradients, files

property_based = settings(derandomize=True, deadline=None, max_examples=60, database=None)


def picture_net(**options):
    """Every kind of layer once, for pictures of 6x6 and three classes."""
    layers = [Conv2D(1, 3, 3, padding=1), BatchNorm(3), Activation("relu"), MaxPool2D(2), Dropout(0.3), Flatten(),
              Dense(27, 5), BatchNorm(5), Activation("tanh"), Dropout(0.2), Dense(5, 3)]  # fmt: skip
    return Network(layers=layers, **{"dtype": np.float64, **options})


def pictures(m=20, seed=0, n=36, K=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, n)), np.arange(m) % K


# -- by hand -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_conv2d_is_scipys_cross_correlation(size, padding):
    rng = np.random.default_rng(0)
    layer = Conv2D(2, 3, size, padding)
    layer.W, layer.b, X = rng.normal(size=layer.W.shape), [1, 2, 3], rng.normal(size=(4, 2, 6, 5))
    Z = layer.forward(X)
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    for i, f in np.ndindex(4, 3):
        expected = sum(scipy.signal.correlate2d(framed[i, c], layer.W[f, c], "valid") for c in range(2)) + layer.b[f]
        np.testing.assert_allclose(Z[i, f], expected, atol=1e-12)
    assert Z.shape[1:] == layer.output_shape((2, 6, 5))


def test_the_worked_convolution():
    layer = Conv2D(1, 1, 2)
    layer.W = [[[[1, 2], [0, -1]]]]
    X = np.arange(9.0).reshape(1, 1, 3, 3)  # 0 1 2 / 3 4 5 / 6 7 8
    # top left: 0 + 2 * 1 + 0 - 4 = -2
    np.testing.assert_array_equal(layer.forward(X, training=True), [[[[-2, 0], [4, 6]]]])
    dX = layer.backward(np.array([[[[1.0, 0], [0, 0]]]]))
    np.testing.assert_array_equal(dX, [[[[1, 2, 0], [0, -1, 0], [0, 0, 0]]]])  # the kernel itself, at its place
    np.testing.assert_array_equal(layer.dW, [[[[0, 1], [3, 4]]]])  # the patch
    assert layer.db == [1]


def test_the_worked_pooling_and_whose_the_gradient_is():
    X = np.array([[[[1.0, 5, 2, 2], [3, 4, 2, 0]]]])
    layer = MaxPool2D(2)
    np.testing.assert_array_equal(layer.forward(X, training=True), [[[[5, 2]]]])
    np.testing.assert_array_equal(layer.sides(), [[[[1, 0]]]])  # which pixel of each square it is
    dX = layer.backward(np.array([[[[10.0, 7]]]]))
    np.testing.assert_array_equal(dX, [[[[0, 10, 7, 0], [0, 0, 0, 0]]]])  # of three equal ones the first has it all


def test_pooling_leaves_out_what_fills_no_square():
    X = np.arange(25.0).reshape(1, 1, 5, 5)
    layer = MaxPool2D(2)
    np.testing.assert_array_equal(layer.forward(X, training=True), [[[[6, 8], [16, 18]]]])
    assert layer.output_shape((1, 5, 5)) == (1, 2, 2)
    dX = layer.backward(np.ones((1, 1, 2, 2)))
    assert dX.shape == X.shape and not dX[..., 4].any() and not dX[..., 4, :].any() and dX.sum() == 4


def test_batch_norm_gives_mean_0_and_variance_1_and_keeps_running_averages():
    rng = np.random.default_rng(0)
    X, layer = rng.normal(3, 2, (50, 4)), BatchNorm(4, momentum=0.25)
    A = layer.forward(X, training=True)
    np.testing.assert_allclose(A.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(A.var(axis=0), 1, atol=1e-4)  # epsilon
    np.testing.assert_allclose(layer.running_mean, 0.25 * X.mean(axis=0))
    np.testing.assert_allclose(layer.running_variance, 0.75 + 0.25 * X.var(axis=0, ddof=1))
    mean, variance = layer.running_mean, layer.running_variance
    np.testing.assert_allclose(layer.forward(X[:1]), (X[:1] - mean) / np.sqrt(variance + 1e-5))  # one row alone
    np.testing.assert_allclose(layer.running_mean, 0.25 * X.mean(axis=0))  # predicting changes nothing


def test_batch_norm_of_pictures_is_that_of_their_pixels_channel_by_channel():
    X = np.random.default_rng(0).normal(2, 3, (5, 3, 4, 2))
    rows = X.transpose(0, 2, 3, 1).reshape(-1, 3)
    one, other = BatchNorm(3), BatchNorm(3)
    A = one.forward(X, training=True)
    np.testing.assert_allclose(A.transpose(0, 2, 3, 1).reshape(-1, 3), other.forward(rows, training=True))
    np.testing.assert_allclose(one.running_variance, other.running_variance)


def test_batch_norm_refuses_a_training_batch_of_one_row():
    net = Network(layers=[Dense(2, 3), BatchNorm(3), Dense(3, 2)])
    X, y = pictures(5, n=2, K=2)
    parameters = net.parameters.copy()
    for batch_size in (1, 2, 4):
        with pytest.raises(
            ValueError, match=rf"batches of {batch_size} of 5 rows leave one alone, which has no variance"
        ):
            nnlib.train(net, X, y, batch_size=batch_size, progress=False)
    np.testing.assert_array_equal(net.parameters, parameters)
    with pytest.raises(ValueError, match=r"BatchNorm\(3\) was given a training batch of one row"):
        net.gradients(X[:1], y[:1])
    assert net.predict(X[:1]).shape == (1,)  # predicting one row is fine


def test_dropout_drops_its_share_and_keeps_the_mean():
    layer, X = Dropout(0.3), np.ones((1000, 100))
    A = layer.forward(X, training=True)
    assert set(np.unique(A)) == {0, 1 / 0.7}
    assert (A == 0).mean() == pytest.approx(0.3, abs=0.01) and A.mean() == pytest.approx(1, abs=0.01)
    np.testing.assert_array_equal(layer.backward(X), A)  # the same mask, the same scale
    assert layer.forward(X) is X  # nothing is dropped or scaled when predicting


def test_dropout_draws_other_masks_each_time_and_the_same_ones_from_the_same_seed():
    nets = [Network(layers=[Dense(4, 50), Dropout(0.5), Dense(50, 2)], seed=s) for s in (3, 3, 4)]
    X = np.ones((8, 4), np.float32)
    first, again, other = (net.layers[1].forward(net.layers[0].forward(X), training=True) != 0 for net in nets)
    second = nets[0].layers[1].forward(nets[0].layers[0].forward(X), training=True) != 0
    assert (first == again).all() and (first != other).any() and (first != second).any()
    alone = [Dropout(0.5).forward(X, training=True) for _ in range(2)]
    np.testing.assert_array_equal(*alone)


def test_dropout_changes_no_start_weights():
    plain = Network(layers=[Dense(4, 5), Dense(5, 2)], seed=1)
    dropped = Network(layers=[Dropout(0.1), Dense(4, 5), Dropout(0.5), Dense(5, 2)], seed=1)
    np.testing.assert_array_equal(plain.parameters, dropped.parameters)


def test_sizes_are_a_short_form_of_layers():
    short = Network([4, 5, 3], "tanh", seed=2)
    long = Network(layers=[Dense(4, 5), Activation("tanh"), Dense(5, 3)], seed=2)
    np.testing.assert_array_equal(short.parameters, long.parameters)
    assert repr(short) == repr(long)


def test_a_layer_keeps_nothing_unless_it_is_training():
    net = picture_net()
    for training in ({"training": True}, {}):  # what was kept before is let go
        A = pictures()[0].reshape(-1, 1, 6, 6)
        for layer in net.layers:
            A = layer.forward(A, **training)
            assert [getattr(layer, name) is not None for name in layer.kept] == [bool(training)] * len(layer.kept), (
                layer
            )
    net.logits(pictures()[0])
    assert all(getattr(layer, name) is None for layer in net.layers for name in layer.kept)


def test_a_layer_gives_dX_unless_it_is_told_that_nobody_needs_it():
    X = pictures()[0].reshape(-1, 1, 6, 6).astype(np.float32)
    for layer in picture_net(dtype=np.float32).layers:
        A = layer.forward(X, training=True)
        dX = layer.backward(np.ones_like(A))
        assert dX.shape == X.shape and dX.dtype == A.dtype == np.float32, layer
        gradient = [getattr(layer, f"d{name}").copy() for name in layer.shapes]
        if layer.shapes:
            assert layer.backward(np.ones_like(A), need_dX=False) is None
            for name, before in zip(layer.shapes, gradient, strict=True):
                np.testing.assert_array_equal(getattr(layer, f"d{name}"), before)
        X = A


# -- by numbers --------------------------------------------------------------------------------------------------------

WIDTHS = st.integers(2, 4)
MIDDLE = st.one_of(
    st.sampled_from(["relu", "leaky_relu", "elu", "sigmoid", "tanh", "identity"]).map(
        lambda name: ("activation", name)
    ),
    st.just(("norm", None)),
    st.sampled_from([0.0, 0.2, 0.5]).map(lambda rate: ("dropout", rate)),
    WIDTHS.map(lambda n: ("dense", n)),
)
IN_PICTURES = st.one_of(
    MIDDLE.filter(lambda part: part[0] != "dense"),
    st.tuples(WIDTHS, st.integers(1, 3), st.integers(0, 2)).map(lambda part: ("conv", part)),
    st.integers(1, 2).map(lambda size: ("pool", size)),
)


def build(shape, parts, K):
    """Layers that fit one another, in the order drawn; a part for which a picture is too small is left out."""
    layers = []
    for kind, what in parts:
        if kind == "conv":
            layer = Conv2D(shape[0], *what)
        elif kind == "pool":
            layer = MaxPool2D(what)
        elif kind == "dense":
            layers += [Flatten()] if len(shape) > 1 else []
            layer = Dense(int(np.prod(shape)), what)
            shape = (layer.n_in,)
        else:
            layer = (
                BatchNorm(shape[0]) if kind == "norm" else {"activation": Activation, "dropout": Dropout}[kind](what)
            )
        try:
            shape = layer.output_shape(shape)
        except ValueError:
            continue
        layers.append(layer)
    return [*layers, *([Flatten()] if len(shape) > 1 else []), Dense(int(np.prod(shape)), K)]


@property_based
@given(st.lists(IN_PICTURES, max_size=5), st.lists(MIDDLE, max_size=4), st.integers(2, 7), st.integers(0, 2**32 - 1))
def test_the_gradient_is_the_numerical_one_whatever_layer_stands_where(first, then, m, seed):
    rng = np.random.default_rng(seed)
    shape, K = (int(rng.integers(1, 3)), 4, 5), int(rng.integers(2, 4))
    output, start = ["softmax", "sigmoid"][seed % 2], nnlib.initializers.uniform(-1, 1)
    layers = build(shape, [*first, *then], K)
    net = Network(None, None, output, None, start, np.float64, seed, layers, shape)
    X, y = rng.normal(size=(m, np.prod(shape))), rng.integers(K, size=m)
    before = net.state()
    report = check_gradients(net, X, y, sample=20, seed=seed)
    report = report[report["checked"] > 0]
    assert ((report["error"] < 1e-5) | (report["largest_difference"] < 1e-9)).all(), f"{net}\n{report.to_string()}"
    for one, other in zip(before, net.state(), strict=True):
        assert all((one[name] == other[name]).all() for name in one)


@pytest.mark.parametrize("kind", ["Dense", "BatchNorm", "Conv2D"])
@pytest.mark.parametrize("factor", [-3, 0.5])
def test_a_wrong_layer_of_each_kind_is_found(kind, factor):
    net = picture_net()
    for layer in net.layers:
        if type(layer).__name__ == kind:

            class Wrong(type(layer)):
                def backward(self, dA, need_dX=True):
                    dX = super().backward(dA, need_dX)
                    name = next(iter(self.shapes))
                    setattr(self, f"d{name}", factor * getattr(self, f"d{name}"))
                    return dX

            layer.__class__ = Wrong
            break
    assert check_gradients(picture_net(), *pictures())["error"].max() < 1e-6
    assert check_gradients(net, *pictures())["error"].max() > 0.1
    table = nnlib.preflight(net, *pictures()).set_index("check")
    assert not table.loc["gradient (relative error)", "passed"]


def test_ties_of_max_pooling_are_left_out_and_counted():
    net = Network(layers=[Conv2D(1, 1, 1), MaxPool2D(2), Flatten(), Dense(1, 2)], dtype=np.float64)
    net.layers[0].W, net.layers[0].b = 0, 0.5  # four equal pixels; with a weight of +-epsilon one or another is largest
    X = np.array([[1.0, 2, 3, 4]])
    report = check_gradients(net, X, [0])
    assert report.loc["W1", ["checked", "left_out"]].tolist() == [0, 1] and np.isnan(report.loc["W1", "error"])
    assert report.loc["b1", ["checked", "left_out"]].tolist() == [1, 0]
    assert report["error"].max() < 1e-6


def test_preflight_passes_a_net_of_every_kind_and_changes_nothing(dataset):
    data = dataset("digits")
    layers = [Conv2D(1, 8, 3, padding=1), BatchNorm(8), Activation("relu"), MaxPool2D(2), Flatten(), Dropout(0.2),
              Dense(128, 32), BatchNorm(32), Activation("relu"), Dense(32, 10)]  # fmt: skip
    net = Network(layers=layers)
    parameters, before = net.parameters.copy(), pickle.dumps(net.state())
    table = nnlib.preflight(net, data.X_train, data.y_train)
    assert table["passed"].all(), table.to_string()
    assert "same answer twice, and alone" in set(table["check"])
    np.testing.assert_array_equal(net.parameters, parameters)
    assert pickle.dumps(net.state()) == before


@pytest.mark.parametrize("kind", [Dropout, BatchNorm])
def test_preflight_catches_a_layer_that_trains_while_predicting(kind, dataset):
    data = dataset("digits")

    class Always(kind):
        def forward(self, X, training=False):
            return super().forward(X, training=True)

    layers = [Dense(64, 32), BatchNorm(32), Activation("relu"), Dropout(0.5), Dense(32, 10)]
    assert nnlib.preflight(Network(layers=layers), data.X_train, data.y_train)["passed"].all()
    net = Network(layers=layers)
    next(layer for layer in net.layers if isinstance(layer, kind)).__class__ = Always
    try:
        table = nnlib.preflight(net, data.X_train, data.y_train).set_index("check")
        assert not table.loc["same answer twice, and alone", "passed"]
    except ValueError as error:  # batch norm given one row
        assert "one row" in str(error)


# -- training, copies and files ----------------------------------------------------------------------------------------

COPIES = {
    "copy": lambda net, folder: copy.copy(net),
    "deepcopy": lambda net, folder: copy.deepcopy(net),
    "pickle": lambda net, folder: pickle.loads(pickle.dumps(net)),
    "file": lambda net, folder: Network.load(net.save(folder / "net.npz")),
}


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_has_parameters_and_state_and_goes_on_in_the_same_way(how, tmp_path):
    net = picture_net(dtype=np.float32)
    X, y = pictures()
    nnlib.train(net, X, y, epochs=2, batch_size=10, progress=False)
    twin = COPIES[how](net, tmp_path)
    assert repr(twin) == repr(net) and [repr(layer) for layer in twin.layers] == [repr(layer) for layer in net.layers]
    np.testing.assert_array_equal(twin.forward(X), net.forward(X))
    before, answer = net.parameters.copy(), net.forward(X)
    nnlib.train(twin, X, y, epochs=2, batch_size=10, progress=False)
    assert (twin.parameters != before).any() and (net.parameters == before).all()
    np.testing.assert_array_equal(net.forward(X), answer)
    nnlib.train(net, X, y, epochs=2, batch_size=10, progress=False)
    np.testing.assert_array_equal(net.parameters, twin.parameters)  # running averages and masks too
    np.testing.assert_array_equal(net.forward(X), twin.forward(X))


def test_a_pickle_holds_the_parameters_once():
    net = Network([784, 500, 10])
    assert len(pickle.dumps(net)) < net.parameters.nbytes + 20_000


def test_half_precision_halves_the_file(tmp_path):
    net = Network([784, 100, 10])
    small, full = files.save(net, tmp_path / "small.npz", np.float16), net.save(tmp_path / "full.npz")
    assert small.stat().st_size < 0.52 * full.stat().st_size
    np.testing.assert_allclose(Network.load(small).parameters, net.parameters, atol=1e-3)
    assert Network.load(small).dtype == np.float32


def test_a_layer_of_a_class_that_load_would_not_know_is_not_saved(tmp_path):
    class Mine(Dense):
        pass

    net = Network(layers=[Dense(4, 5), Mine(5, 3)])
    known = "Dense, Activation, Dropout, BatchNorm, Conv2D, MaxPool2D, Flatten"
    with pytest.raises(ValueError, match=rf"Mine\(5, 3\) cannot be saved: .* know its class; known are {known}$"):
        net.save(tmp_path / "net.npz")
    assert not list(tmp_path.iterdir())


def test_gradients_leave_the_network_as_it_is():
    net = picture_net()
    before, parameters = pickle.dumps(net.state()), net.parameters.copy()
    gradients = net.gradients(*pictures())
    assert [list(g) for g in gradients] == [
        ["dW", "db"],
        ["dgamma", "dbeta"],
        ["dW", "db"],
        ["dgamma", "dbeta"],
        ["dW", "db"],
    ]
    assert pickle.dumps(net.state()) == before and (net.parameters == parameters).all()


def test_a_diverged_training_restores_the_running_averages_too():
    net = Network(layers=[Dense(2, 8), BatchNorm(8), Dense(8, 1)], output="identity")
    X = np.random.default_rng(0).normal(size=(100, 2))
    with pytest.raises(ValueError, match="diverged"):
        nnlib.train(net, X, 1e30 * X[:, 0], 50, 10, nnlib.SGD(1e30), progress=False)
    assert all(np.isfinite(array).all() for layer in net.state() for array in layer.values() if array.dtype.kind == "f")


def test_a_convolutional_net_learns_digits(dataset):
    data = dataset("digits")
    layers = [Conv2D(1, 8, 3), Activation("relu"), MaxPool2D(2), Flatten(), Dense(72, 10)]
    net = Network(layers=layers)
    nnlib.train(net, data.X_train, data.y_train, 20, 32, nnlib.Adam(0.005), progress=False)
    assert net.accuracy(data.X_val, data.y_val) > 0.94


# -- arrays are written in place, layers stay --------------------------------------------------------------------------


def test_what_is_set_is_written_into_the_one_vector():
    net = picture_net()
    for _, layer in net.learning:
        for name in layer.shapes:
            setattr(layer, name, np.full(layer.shapes[name], 7.0))
            assert np.shares_memory(getattr(layer, name), net.parameters)
            setattr(layer, f"d{name}", 5)
            assert np.shares_memory(getattr(layer, f"d{name}"), net.gradient)
    assert (net.parameters == 7).all() and (net.gradient == 5).all()
    vector = net.parameters
    net.parameters = np.arange(len(vector))
    assert net.parameters is vector and net.layers[0].W.flat[3] == 3
    net.parameters *= 2
    assert net.parameters is vector and net.layers[0].W.flat[3] == 6
    with pytest.raises(ValueError, match="shape"):
        net.parameters = np.zeros(3)


def test_layers_cannot_be_exchanged_behind_the_networks_back():
    net = Network([4, 5, 3])
    with pytest.raises(TypeError):
        net.layers[0] = Dense(4, 5)
    with pytest.raises(AttributeError, match=r"make a new Network\(layers="):
        net.layers = [Dense(4, 3)]


def test_a_network_takes_copies_of_its_layers():
    layers = [Dense(4, 5), Activation("relu"), Dense(5, 2)]
    one, other = Network(layers=layers, seed=0), Network(layers=layers, seed=1)
    assert one.layers[0] is not layers[0] and (one.parameters != other.parameters).any()
    nnlib.train(one, np.ones((4, 4)), [0, 1, 0, 1], 1, progress=False)
    assert np.shares_memory(other.layers[0].W, other.parameters)


# -- what is shown -----------------------------------------------------------------------------------------------------


def test_summary_names_every_layer():
    table = picture_net().summary()
    assert list(table["shape"]) == [
        "Conv2D(1, 3, 3, padding=1): 1x6x6 -> 3x6x6", "BatchNorm(3): 3x6x6 -> 3x6x6", "MaxPool2D(2): 3x6x6 -> 3x3x3",
        "Dropout(0.3): 3x3x3 -> 3x3x3", "Flatten(): 3x3x3 -> 27", "27 -> 5", "BatchNorm(5): 5 -> 5",
        "Dropout(0.2): 5 -> 5", "5 -> 3", "",
    ]  # fmt: skip
    assert list(table["activation"]) == ["", "relu", "", "", "", "", "tanh", "", "softmax", ""]
    assert list(table["parameters"]) == [30, 6, 0, 0, 0, 140, 10, 0, 18, 204]


def test_summary_puts_activations_behind_the_layer_before_them():
    layers = [Activation("tanh"), Dense(4, 3), Activation("relu"), Activation("sigmoid"), Dense(3, 2)]
    net = Network(layers=layers)
    net.layers[1].trainable = False
    table = net.summary()
    assert list(table["shape"]) == ["Activation('tanh'): 4 -> 4", "4 -> 3, frozen", "3 -> 2", ""]
    assert list(table["activation"]) == ["", "relu, sigmoid", "softmax", ""]
    assert list(table.index) == [1, 2, 3, "total"] and table.index.name == "layer"
    ends = Network(layers=[*layers, Activation("tanh")]).summary()
    assert list(ends["activation"]) == ["", "relu, sigmoid", "tanh, softmax", ""]


def test_the_design_s_example():
    net = Network(layers=[Conv2D(1, 8, 5), Activation("relu"), MaxPool2D(2), Flatten(), Dense(1152, 10)])
    assert net.shapes == [(1, 28, 28), (8, 24, 24), (8, 24, 24), (8, 12, 12), (1152,), (10,)]
    assert net.sizes == [784, 10] and net.parameters.size == 8 * 25 + 8 + 11530
    for shape in ((3, 784), (3, 28, 28), (3, 1, 28, 28)):
        assert net.predict(np.zeros(shape)).shape == (3,)


@pytest.mark.parametrize("first", [[BatchNorm(4)], [Activation("tanh"), BatchNorm(4)], [Dropout(0.1)], []])
def test_the_first_layer_with_a_size_tells_how_wide_a_row_is(first):
    net = Network(layers=[*first, Dense(4, 3)])
    assert net.shapes == [(4,)] * (len(first) + 1) + [(3,)] and net.sizes == [4, 3]
    assert net.predict(np.zeros((2, 4))).shape == (2,)


# -- bad architectures and options -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, message",
    [
        ({"layers": [Dense(4, 5), Dense(6, 2)]}, r"layers\[1\], Dense\(6, 2\), takes rows of 6 values, and gets 5"),
        ({"layers": [Conv2D(1, 8, 5), Flatten(), Dense(1151, 10)]}, r"layers\[2\], Dense\(1151, 10\), takes rows of"),
        ({"layers": [Conv2D(1, 2, 3), Dense(8, 2)]}, r"Dense\(8, 2\), .* gets 2x2 pictures of 2 .*put Flatten\(\)"),
        ({"layers": [Conv2D(1, 2, 3), Conv2D(3, 2, 3), Flatten(), Dense(8, 2)]}, r"layers\[1\], Conv2D\(3, 2, 3\)"),
        ({"layers": [Conv2D(1, 2, 9), Flatten(), Dense(2, 2)], "input_shape": (1, 8, 8)}, "kernels larger than the"),
        ({"layers": [MaxPool2D(9), Flatten(), Dense(2, 2)], "input_shape": (1, 8, 8)}, "takes pictures of 9x9 or more"),
        ({"layers": [Dense(4, 5), BatchNorm(4), Dense(5, 2)]}, r"layers\[1\], BatchNorm\(4\), takes 4 units .* gets 5"),
        ({"layers": [Dense(4, 5), MaxPool2D(2), Dense(5, 2)]}, r"MaxPool2D\(2\), takes pictures .* gets 5 values"),
        ({"layers": [MaxPool2D(2), Flatten(), Dense(5, 2)]}, "give input_shape"),
        ({"layers": [Conv2D(1, 2, 3), Flatten()]}, "give input_shape"),
        ({"layers": [Conv2D(1, 2, 3)], "input_shape": (1, 8, 8)}, "the last layer gives 6x6 pictures of 2 channel"),
        ({"layers": [Dense(4, 3), Activation("softmax")]}, "leave it out of the layers"),
        ({"layers": [Dense(4, 3), Activation("softmax")], "output": "sigmoid"}, r"^Activation.* ends the layers"),
        ({"layers": [Dense(4, 3), Activation("sigmoid")], "output": "sigmoid"}, "output='sigmoid' follows them; leave"),
        ({"layers": [Dense(4, 1)]}, "softmax with cross_entropy needs two outputs or more"),
        ({"layers": []}, "expected a list with a layer that has parameters"),
        ({"layers": [Activation("relu")]}, "expected a list with a layer that has parameters"),
        ({"layers": [Dense]}, r"layers\[0\] is <class .*expected a layer"),
        ({"layers": ["relu", Dense(2, 2)]}, r"layers\[0\] is 'relu'; expected a layer"),
        ({"layers": [Dense(4, 2)], "activations": "relu"}, r"activations go with sizes"),
        ({"layers": [Dense(4, 2)], "sizes": [4, 2]}, "give either sizes"),
        ({}, "give either sizes"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_at_construction(options, message):
    with pytest.raises(ValueError, match=message):
        Network(**options)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Dense(0, 3), "n_in is 0; expected a whole number from 1"),
        (lambda: Dense(3, 2.5), "n_out is 2.5; expected"),
        (lambda: Dense(3, True), "n_out is True"),
        (lambda: Dropout(1), "rate=1; expected the share that is dropped, 0 <= rate < 1"),
        (lambda: Dropout(-0.1), "rate=-0.1"),
        (lambda: Dropout(np.nan), "rate=nan"),
        (lambda: Dropout("half"), "rate='half'"),
        (lambda: BatchNorm(0), "n is 0"),
        (lambda: BatchNorm(3, momentum=0), "momentum=0; expected a number above 0, at most 1"),
        (lambda: BatchNorm(3, momentum=1.5), "momentum=1.5"),
        (lambda: BatchNorm(3, epsilon=0), "epsilon=0; expected"),
        (lambda: BatchNorm(3, epsilon=np.inf), "epsilon=inf"),
        (lambda: Conv2D(0, 1, 3), "channels_in is 0"),
        (lambda: Conv2D(1, 0, 3), "channels_out is 0"),
        (lambda: Conv2D(1, 1, 0), "size is 0"),
        (lambda: Conv2D(1, 1, 3, padding=-1), "padding is -1; expected a whole number from 0"),
        (lambda: MaxPool2D(0), "size is 0"),
        (lambda: Activation("leaky_relu", slope=2), "slope=2; leaky_relu takes slope from 0 to 1"),
        (lambda: Activation("leaky_relu", slope=np.nan), "slope=nan"),
        (lambda: Activation("elu", alpha=np.inf), "alpha=inf; elu takes alpha from 0 to 1e"),
        (lambda: Activation("elu", alpha=-1), "alpha=-1"),
        (lambda: Activation("elu", alpha="1"), "alpha=1"),
        (lambda: Activation("relu", slope=0.1), "relu takes no options"),
    ],
)
def test_a_bad_option_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_what_lies_just_within_the_ranges_is_taken():
    X = np.array([[1.0, 5.0], [3.0, 1.0]])
    layer = BatchNorm(2, momentum=1)  # the last batch's averages alone
    layer.forward(X, training=True)
    np.testing.assert_array_equal(layer.running_mean, [2, 3])
    np.testing.assert_array_equal(layer.running_variance, [2, 8])
    np.testing.assert_array_equal(Activation("leaky_relu", slope=1).forward(-X), -X)
    np.testing.assert_array_equal(Activation("leaky_relu", slope=0).forward(-X), 0 * X)
    np.testing.assert_array_equal(Dropout(0).forward(X, training=True), X)
    assert Conv2D(1, 1, 1, padding=0).output_shape((1, 1, 1)) == MaxPool2D(1).output_shape((1, 1, 1)) == (1, 1, 1)


def test_numpy_numbers_as_options_keep_float32_and_can_be_saved(tmp_path):
    number = np.float64
    layers = [Dense(np.int64(4), np.int32(6)), Activation("leaky_relu", slope=number(0.1)), Dropout(number(0.1)),
              BatchNorm(6, momentum=number(0.2), epsilon=number(1e-3)), Activation("elu", alpha=np.float32(0.5)),
              Dense(6, 3)]  # fmt: skip
    net = Network(layers=layers)
    X, y = pictures(n=4)
    Z = net.logits(net.check_X(X), training=True)
    assert Z.dtype == np.float32
    nnlib.train(net, X, y, epochs=1, optimizer=nnlib.SGD(np.float64(0.1), momentum=np.float64(0.5)), progress=False)
    np.testing.assert_array_equal(Network.load(net.save(tmp_path / "net.npz")).forward(X), net.forward(X))


# -- found by a reader -------------------------------------------------------------------------------------------------


def test_layers_are_patterns_whose_parameters_and_averages_begin_anew():
    X, y = pictures(40, n=4, K=2)
    layers = [Dense(4, 3), BatchNorm(3), Dense(3, 2)]
    trained, fresh = Network(layers=layers), Network(layers=layers)
    nnlib.train(trained, 50 * X + 20, y, 2, 10, progress=False)
    again = Network(layers=trained.layers)
    np.testing.assert_array_equal(again.forward(X), fresh.forward(X))


def test_pictures_in_another_order_of_axes_are_refused_with_the_way_out():
    net = Network(layers=[Conv2D(3, 4, 3), Flatten(), Dense(144, 2)])
    with pytest.raises(
        ValueError, match=r"\(samples, 192\) or \(samples, 3, 8, 8\); where channels stand last: X.trans"
    ):
        net.predict(np.zeros((5, 8, 8, 3)))
    assert net.predict(np.zeros((5, 8, 8, 3)).transpose(0, 3, 1, 2)).shape == (5,)


@pytest.mark.parametrize("shape", [(1, 4, 9), (1, 9, 4)])
def test_pictures_that_are_not_square(shape):
    layers = [Conv2D(1, 2, 3, padding=1), Activation("relu"), Flatten(), Dense(72, 3)]
    net = Network(layers=layers, input_shape=shape)
    assert net.shapes[0] == shape and net.predict(np.zeros((5, *shape[1:]))).shape == (5,)
    with pytest.raises(ValueError, match="if yours are others, give input_shape"):
        Network(layers=[Conv2D(1, 2, 3), Flatten(), Dense(48, 3)])  # right for 6x8


@pytest.mark.parametrize("shape", [(28, 28), (1, 1, 28, 28), (1, 28.0, 28), (1, 0, 28), (), "784"])
def test_a_bad_input_shape_is_named(shape):
    with pytest.raises(ValueError, match="input_shape is"):
        Network(layers=[Conv2D(1, 2, 3), Flatten(), Dense(8, 2)], input_shape=shape)


def test_xavier_counts_the_places_of_a_patch_on_both_sides():
    layer = Network(layers=[Conv2D(16, 32, 5), Flatten(), Dense(32, 2)], initializer="xavier").layers[0]
    assert np.abs(layer.W).max() == pytest.approx(np.sqrt(6 / (25 * (16 + 32))), rel=0.01)  # as torch.nn.init has it
    assert layer.W.std() == pytest.approx(np.sqrt(2 / (25 * (16 + 32))), rel=0.02)


def test_softmax_among_pictures_is_refused():
    with pytest.raises(ValueError, match=r"Activation\('softmax'\), takes rows, and gets"):
        Network(layers=[Conv2D(1, 2, 3), Activation("softmax"), Flatten(), Dense(72, 3)])


def test_a_wrong_bias_beneath_dark_pixels_is_found():
    class Wrong(Conv2D):
        def backward(self, dZ, need_dX=True):
            dX = super().backward(dZ, need_dX)
            self.db = 7
            return dX

    X = np.zeros((60, 8, 8))
    X[:, 3:5, 3:5] = np.random.default_rng(0).random((60, 2, 2))  # where all is dark, Z = b = 0: on ReLU's kink
    net = Network(layers=[Conv2D(1, 3, 3, padding=1), Activation("relu"), MaxPool2D(2), Flatten(), Dense(48, 2)])
    rows = X.reshape(60, -1), np.arange(60) % 2
    gradient = lambda net: nnlib.preflight(net, *rows).set_index("check").loc["gradient (relative error)", "passed"]  # noqa: E731
    assert gradient(net)
    net.layers[0].__class__ = Wrong
    assert not gradient(net)


def test_augmentation_and_dropout_draw_different_numbers():
    net, seen = Network(layers=[Dropout(0.5), Dense(4, 2)]), []

    def noise(X, rng):
        seen.append(rng.random(X.shape, dtype=np.float32) >= 0.5)
        return X

    nnlib.train(net, np.ones((8, 4)), np.arange(8) % 2, 1, None, augment=noise, progress=False)
    assert (seen[0] != (net.layers[0].mask != 0)).any()


@pytest.mark.parametrize("values", [np.array([1.0, 2.0]), np.zeros(1), np.zeros((4, 3))])
def test_values_of_another_shape_are_not_spread_over_the_parameters(values):
    net = Network([4, 2])
    before = net.parameters.copy()
    for target, name in ((net, "parameters"), (net, "gradient"), (net.layers[0], "W"), (net.layers[0], "dW")):
        with pytest.raises(ValueError, match=r"values of shape .* for an array of shape .*; expected the same"):
            setattr(target, name, values)
    np.testing.assert_array_equal(net.parameters, before)


@pytest.mark.parametrize("dtype, factor", [(np.int8, 1), (complex, 1), (np.float16, 1e6)])
def test_a_file_that_would_lose_the_weights_is_not_written(dtype, factor, tmp_path):
    net = Network([4, 2])
    net.parameters *= factor
    with pytest.raises(
        ValueError, match=r"expected np.float16, np.float32 or np.float64, large enough for the weights"
    ):
        net.save(tmp_path / "net.npz", dtype)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere to write net\.npz to; make it first"):
        Network([4, 2]).save(tmp_path / "nowhere" / "net.npz")

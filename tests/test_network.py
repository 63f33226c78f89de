"""nnlib.Network: its gradient, its agreement with scikit-learn, what it accepts, and its copies and files."""

import copy
import json
import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neural_network import MLPClassifier, MLPRegressor

import nnlib
from nnlib import SGD, Dense, Network, check_gradients, losses
from nnlib.activations import FUNCTIONS
from nnlib.network import MATCHED, OUTPUTS

property_based = settings(derandomize=True, deadline=None, max_examples=8, database=None)
CLASSIFIER = {"output": "softmax", "loss": "cross_entropy"}
BINARY = {"output": "sigmoid", "loss": "binary_cross_entropy"}
REGRESSION = {"output": "identity", "loss": "mean_squared_error"}


def table(net, m=12, seed=0):
    """X and y that fit the network."""
    rng = np.random.default_rng(seed)
    X, K = rng.normal(size=(m, net.sizes[0])), net.sizes[-1]
    if not net.is_classifier:
        return X, rng.uniform(0.1, 0.9, (m, K))
    return X, rng.integers(max(K, 2), size=m)


# -- the gradient ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", losses.LOSSES)
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("activation", FUNCTIONS)
@property_based
@given(
    widths=st.lists(st.integers(2, 5), min_size=4, max_size=4),
    K=st.integers(1, 4),
    m=st.integers(1, 6),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_gradient_is_the_numerical_one(activation, output, loss, widths, K, m, seed):
    least = 1 if output == "identity" or (output, loss) == ("sigmoid", "binary_cross_entropy") else 2
    for hidden in range(4):
        sizes = [*widths[: hidden + 1], max(K, least)]
        net = Network(sizes, activation, output, loss, nnlib.initializers.uniform(-1, 1), np.float64, seed)
        X, y = table(net, m, seed)
        if output == "identity":  # a logarithm wants outputs inside (0, 1)
            net.biases[-1][...] = 0
            net.weights[-1][...] *= 0.3 / max(np.abs(net.forward(X)).max(), 0.1)
            net.biases[-1][...] = 0.5
        report = check_gradients(net, X, y)
        assert (report["checked"] > 0).all()
        assert ((report["error"] < 1e-6) | (report["largest_difference"] < 1e-10)).all(), report.to_string()


def test_matched_pairs_agree_with_the_outputs_own_derivative():
    for (output, loss), _ in MATCHED.items():
        net = Network([3, 4, 3], "tanh", output, loss, dtype=np.float64)
        X, Y = net.check_X_y(*table(net))
        short = net.loss_and_gradient(X, Y)[0], net.gradient.copy()
        net.matched = None
        long = net.loss_and_gradient(X, Y)[0], net.gradient
        assert short[0] == pytest.approx(long[0], rel=1e-12)
        np.testing.assert_allclose(short[1], long[1], rtol=1e-9, atol=1e-14)


def test_gradients_are_copies_in_the_shapes_of_the_weights():
    net = Network([3, 4, 2])
    X, y = table(net)
    gradients = net.gradients(X, y)
    assert [g["dW"].shape for g in gradients] == [(3, 4), (4, 2)]
    assert [g["db"].shape for g in gradients] == [(4,), (2,)]
    kept = gradients[0]["dW"].copy()
    net.gradients(-X, y)
    np.testing.assert_array_equal(gradients[0]["dW"], kept)


@pytest.mark.parametrize("sizes, options, y, dW", [([1, 2], CLASSIFIER, 1, [1, -1]), ([1, 1], BINARY, 0, [1])])
def test_the_loss_is_exact_where_the_output_has_rounded_to_0_or_1(sizes, options, y, dW):
    net = Network(sizes, **options)
    net.weights[0][...] = np.array([[200, 0]])[:, : sizes[1]]  # e^-200 is 0 in float32
    assert net.loss([[1]], [y]) == 200
    np.testing.assert_array_equal(net.gradients([[1]], [y])[0]["dW"], [dW])


# -- scikit-learn with the same weights --------------------------------------------------------------------------------

PEERS = [
    (MLPClassifier, 3, "softmax", "cross_entropy", 1),
    (MLPClassifier, 2, "sigmoid", "binary_cross_entropy", 1),
    (MLPClassifier, "one-hot", "sigmoid", "binary_cross_entropy", 1),
    (MLPRegressor, 1, "identity", "mean_squared_error", 1),
    (MLPRegressor, 4, "identity", "mean_squared_error", 4),  # scikit-learn takes the mean over the outputs
]


@pytest.mark.parametrize("hidden", [(), (5,), (6, 4)])
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("kind, K, output, loss, factor", PEERS)
def test_outputs_loss_and_one_step_agree_with_scikit_learn(kind, K, output, loss, factor, activation, hidden):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    if kind is MLPRegressor:
        y = rng.normal(size=(40, K) if K > 1 else 40)
    else:
        y = np.eye(3, dtype=int)[rng.integers(3, size=40)] if K == "one-hot" else rng.integers(K, size=40)
    name = "logistic" if activation == "sigmoid" else activation
    peer = kind(hidden_layer_sizes=hidden, activation=name, solver="sgd", alpha=0, momentum=0, learning_rate_init=0.1,
                batch_size=40, random_state=0, shuffle=False)  # fmt: skip
    peer.partial_fit(X, y, **({"classes": range(y.max() + 1 if y.ndim == 1 else 3)} if kind is MLPClassifier else {}))
    net = Network([3, *hidden, peer.n_outputs_], activation, output, loss, dtype=np.float64)
    for ours, theirs in zip([*net.weights, *net.biases], [*peer.coefs_, *peer.intercepts_]):
        ours[...] = theirs

    if kind is MLPRegressor:
        np.testing.assert_allclose(net.predict(X), peer.predict(X), atol=1e-6)
    else:
        expected = peer.predict_proba(X)[:, 1:] if K == 2 else peer.predict_proba(X)
        np.testing.assert_allclose(net.predict_proba(X), expected, atol=1e-6)
        if K != "one-hot":
            np.testing.assert_array_equal(net.predict(X), peer.predict(X))
            assert net.accuracy(X, y) == pytest.approx(peer.score(X, y))

    before = net.loss(X, y)
    peer.partial_fit(X, y)
    assert before == pytest.approx(factor * peer.loss_, rel=1e-6)
    nnlib.train(net, X, y, epochs=1, batch_size=None, optimizer=SGD(0.1), progress=False)
    for ours, theirs in zip([*net.weights, *net.biases], [*peer.coefs_, *peer.intercepts_]):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


# -- at a glance -------------------------------------------------------------------------------------------------------


def system_A(**options):
    return Network([784, 128, 64, 10], ["leaky_relu", "elu"], **options)


def test_A_has_109_386_parameters():
    assert system_A().parameters.shape == system_A().gradient.shape == (109_386,)
    assert system_A().summary().loc["total", "parameters"] == 109_386


def test_repr_and_summary_name_layer_shape_activation_and_parameters():
    summary = system_A().summary()
    assert list(summary.columns) == ["shape", "activation", "parameters"]
    assert list(summary.index) == [1, 2, 3, "total"]
    assert list(summary["shape"]) == ["784 -> 128", "128 -> 64", "64 -> 10", ""]
    assert list(summary["activation"]) == ["leaky_relu", "elu", "softmax", ""]
    assert list(summary["parameters"]) == [100_480, 8_256, 650, 109_386]
    text = repr(system_A())
    for part in ("784-128-64-10", "784 -> 128", "leaky_relu", "elu", "softmax", "cross_entropy", "100,480", "109,386"):
        assert part in text


def test_weights_and_biases_are_views_that_can_be_written():
    net = Network([3, 4, 2])
    for array in (*net.weights, *net.biases):
        assert np.shares_memory(array, net.parameters)
        array[...] = 7
    assert (net.parameters == 7).all()
    for layer in net.dense:
        assert np.shares_memory(layer.dW, net.gradient) and np.shares_memory(layer.db, net.gradient)


def test_the_worked_forward_pass():
    net = Network([2, 2, 2], "relu", initializer="zeros", dtype=np.float64)
    net.weights[0][...] = [[1, -1], [2, 1]]
    net.biases[0][...] = [0, 0.5]
    net.weights[1][...] = [[1, 0], [0, 1]]
    # Z1 = [1 + 4, -1 + 2 + 0.5] = [5, 1.5]
    np.testing.assert_allclose(net.logits(np.array([[1.0, 2.0]])), [[5, 1.5]])
    np.testing.assert_allclose(net.forward([[1, 2]]), scipy.special.softmax([[5, 1.5]], axis=1))


# -- seeds -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["he", "xavier", nnlib.initializers.normal(0.1), nnlib.initializers.uniform(-1, 1)])
def test_the_same_seed_gives_the_same_start(how):
    first, again = (system_A(initializer=how, seed=3) for _ in range(2))
    other, double = system_A(initializer=how, seed=4), system_A(initializer=how, seed=3, dtype=np.float64)
    generator = system_A(initializer=how, seed=np.random.default_rng(3))
    np.testing.assert_array_equal(first.parameters, again.parameters)
    np.testing.assert_array_equal(first.parameters, generator.parameters)
    np.testing.assert_array_equal(first.parameters, double.parameters.astype(np.float32))
    assert (first.weights[0] != other.weights[0]).mean() > 0.99
    assert (first.parameters.dtype, double.parameters.dtype) == (np.float32, np.float64)


def test_the_global_random_state_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    net = Network([3, 4, 2])
    nnlib.train(net, *table(net), epochs=1, progress=False)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_initializers_have_the_spread_they_promise():
    rng = np.random.default_rng(0)
    W, b = nnlib.initializers.he(rng, 800, 400)
    assert W.std() == pytest.approx(np.sqrt(2 / 800), rel=0.01) and not b.any()
    W, b = nnlib.initializers.xavier(rng, 800, 400)
    assert np.abs(W).max() == pytest.approx(np.sqrt(6 / 1200), rel=0.001) and not b.any()
    assert W.std() == pytest.approx(np.sqrt(2 / 1200), rel=0.01)
    W, b = nnlib.initializers.normal(0.1)(rng, 800, 400)
    assert W.std() == pytest.approx(0.1, rel=0.01) and not b.any()
    W, b = nnlib.initializers.uniform(-0.5, 0.5)(rng, 800, 400)
    assert -0.5 <= W.min() < -0.499 and 0.499 < W.max() < 0.5 and b.std() == pytest.approx(0.5 / np.sqrt(3), rel=0.1)


@pytest.mark.parametrize("how", ["he", "xavier", "zeros", "normal", "uniform"])
def test_an_initializer_gives_arrays_of_the_layers_shapes_around_0(how):
    make = {"normal": nnlib.initializers.normal(0.1), "uniform": nnlib.initializers.uniform(-0.5, 0.5)}
    W, b = (make.get(how) or nnlib.initializers.INITIALIZERS[how])(np.random.default_rng(0), 800, 400)
    assert W.shape == (800, 400) and b.shape == (400,) and W.dtype == b.dtype == np.float64
    assert abs(W.mean()) < 0.003  # five standard errors of uniform's: 5 * 0.29 / sqrt(320,000)
    assert abs(b.mean()) < 0.08  # of 400


# -- copies and files --------------------------------------------------------------------------------------------------


def through_a_file(net, folder):
    return Network.load(net.save(folder / "net.npz"))


COPIES = {
    "copy": lambda net, folder: copy.copy(net),
    "deepcopy": lambda net, folder: copy.deepcopy(net),
    "pickle": lambda net, folder: pickle.loads(pickle.dumps(net)),
    "file": through_a_file,
    "astype": lambda net, folder: net.astype(np.float32),
}
KINDS = {
    "classifier": ([4, 6, 3], CLASSIFIER),
    "binary": ([4, 6, 1], BINARY),
    "regression": ([4, 6, 2], REGRESSION),
    "unmatched": ([4, 6, 3], {"output": "softmax", "loss": "mean_squared_error"}),
}


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("trained", [False, True])
def test_a_copy_learns_and_leaves_the_original_alone(kind, how, trained, tmp_path):
    sizes, options = KINDS[kind]
    net = Network(sizes, "tanh", **options)
    X, y = table(net)
    if trained:
        nnlib.train(net, X, y, epochs=1, progress=False)
    twin = COPIES[how](net, tmp_path)
    np.testing.assert_array_equal(twin.parameters, net.parameters)
    np.testing.assert_array_equal(twin.forward(X), net.forward(X))
    np.testing.assert_array_equal(twin.predict(X), net.predict(X))
    assert repr(twin) == repr(net) and twin.loss(X, y) == net.loss(X, y)
    parameters, answer = net.parameters.copy(), net.forward(X)
    nnlib.train(twin, X, y, epochs=1, progress=False)
    assert (twin.forward(X) != answer).any()
    assert all(np.shares_memory(array, twin.parameters) for array in (*twin.weights, *twin.biases))
    np.testing.assert_array_equal(net.parameters, parameters)
    np.testing.assert_array_equal(net.forward(X), answer)
    nnlib.train(net, X, y, epochs=1, progress=False)  # and the original learns as well
    assert (net.forward(X) != answer).any()


def test_a_pickle_holds_no_data():
    for sizes, options in KINDS.values():
        net = Network(sizes, **options)
        before = len(pickle.dumps(net))
        nnlib.train(net, *table(net, m=5000), epochs=1, batch_size=None, progress=False)
        assert len(pickle.dumps(net)) < before + 1000


def test_save_adds_the_ending_and_returns_the_path(tmp_path):
    net = Network([3, 2])
    assert net.save(tmp_path / "model") == tmp_path / "model.npz"
    assert net.save(str(tmp_path / "model.v2")) == tmp_path / "model.v2.npz"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.npz", "model.v2.npz"]


def test_a_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    net = Network([3, 2])
    path = net.save(tmp_path / "net.npz")
    before = path.read_bytes()

    def fail(file, **arrays):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="disk full"):
        net.save(path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_activation_options_come_back_from_a_file(tmp_path):
    net = Network([3, 4, 2], nnlib.Activation("leaky_relu", slope=0.5))
    X, _ = table(net)
    np.testing.assert_array_equal(through_a_file(net, tmp_path).forward(X), net.forward(X))


def test_a_regression_predicts_in_the_shape_it_was_taught_after_a_file_too(tmp_path):
    net = Network([3, 4, 1], **REGRESSION)
    X, y = table(net)
    nnlib.train(net, X, y, epochs=1, progress=False)
    assert net.predict(X).shape == through_a_file(net, tmp_path).predict(X).shape == (12, 1)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no model file at .*nowhere\.npz"):
        Network.load(tmp_path / "nowhere.npz")


def bad_files(folder):
    good = Network([3, 4, 2]).save(folder / "good.npz").read_bytes()
    arrays = dict(np.load(folder / "good.npz"))
    architecture = json.loads(str(arrays["architecture"]))

    def npz(name, **changes):
        np.savez(folder / name, **{k: v for k, v in {**arrays, **changes}.items() if v is not None})
        return name

    (folder / "empty.npz").write_bytes(b"")
    (folder / "text.npz").write_text("label,pixel0\n1,0\n")
    (folder / "half.npz").write_bytes(good[: len(good) // 2])
    (folder / "pickle.npz").write_bytes(pickle.dumps(Network([3, 2])))
    np.save(folder / "one.npy", np.ones(3))
    np.savez(folder / "other.npz", a=np.ones(3))
    yield from ("empty.npz", "text.npz", "half.npz", "pickle.npz", "one.npy", "other.npz", ".")
    yield npz("shape.npz", W1=np.ones((4, 3)))
    yield npz("missing.npz", b2=None)
    yield npz("object.npz", W1=np.array([{"a": 1}], object))
    yield npz("words.npz", b2=np.array(["a", "b"]))
    yield npz("nojson.npz", architecture="{")
    yield npz("list.npz", architecture="[1, 2]")
    for name, value in [("sizes", [3, -4, 2]), ("sizes", "abc"), ("activations", ["rleu"]), ("output", 7),
                        ("loss", 5), ("dtype", "float63"), ("surprise", 1)]:  # fmt: skip
        yield npz(f"{name}-{value}.npz", architecture=json.dumps({**architecture, name: value}))


def test_files_that_are_no_model_raise_a_clear_error(tmp_path):
    for name in bad_files(tmp_path):
        try:
            with pytest.raises(ValueError) as caught:
                Network.load(tmp_path / name)
        except Exception as error:
            pytest.fail(f"{name}: {error!r}")
        assert str(tmp_path / name) in str(caught.value), name


def test_a_file_damaged_anywhere_loads_or_raises_a_clear_error(tmp_path):
    path = Network([3, 4, 2]).save(tmp_path / "net.npz")
    good, rng = path.read_bytes(), np.random.default_rng(0)
    for trial in range(300):
        damaged = bytearray(good)
        if trial % 2:
            damaged[rng.integers(len(good))] ^= int(rng.integers(1, 256))
        else:
            del damaged[rng.integers(len(good)) :]
        path.write_bytes(damaged)
        try:
            Network.load(path)
        except ValueError:
            pass
        except Exception as error:
            pytest.fail(f"trial {trial}: {error!r}")


# -- chunks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_chunks_do_not_change_the_answer(kind):
    sizes, options = KINDS[kind]
    net = Network([4, 2000, sizes[-1]], **options, dtype=np.float64)
    X, y = table(net, m=1300)
    X, Y = net.check_X_y(X, y)
    assert len(net._chunks(X)) > 2
    Z = net.logits(X)
    np.testing.assert_allclose(net.forward(X), net.output.forward(Z), rtol=1e-12)
    assert net.loss(X, y) == pytest.approx(net.compare(Z, Y)[0], rel=1e-12)
    if net.is_classifier:
        assert net.accuracy(X, y) == pytest.approx(net.accuracy_of(Z, Y))


def test_predicting_100_000_rows_through_a_wide_layer_takes_little_memory():
    net, X = Network([2, 1000, 2]), np.zeros((100_000, 2), np.float32)  # rows x width would be 400 MB
    tracemalloc.start()
    net.predict(X)
    net.loss(X, np.zeros(len(X), int))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6


# -- targets and what comes back ---------------------------------------------------------------------------------------


def test_classes_may_come_in_every_usual_form():
    net = Network([2, 3])
    expected = np.eye(3)[[0, 2, 1]]
    for y in ([0, 2, 1], np.array([0, 2, 1], np.uint8), np.array([0.0, 2.0, 1.0]), pd.Series([0, 2, 1]), expected,
              expected.astype(bool), expected.astype(int)):  # fmt: skip
        Y = net.targets(y)
        np.testing.assert_array_equal(Y, expected)
        assert Y.dtype == np.float32


def test_a_binary_classifier_takes_0_and_1_in_every_usual_form():
    net = Network([2, 1], **BINARY)
    for y in ([0, 1, 1], [False, True, True], [0.0, 1.0, 1.0], [[0], [1], [1]]):
        np.testing.assert_array_equal(net.targets(y), [[0], [1], [1]])


def test_predictions_have_the_promised_shapes_and_types():
    X = table(Network([4, 1], **BINARY))[0]
    net = Network([4, 5, 3])
    assert net.predict_proba(X).shape == (12, 3) and net.predict(X).shape == (12,) and net.predict(X).dtype == np.int64
    net = Network([4, 5, 1], **BINARY)
    assert net.predict_proba(X).shape == (12, 1) and net.predict(X).dtype == np.int64
    np.testing.assert_array_equal(net.predict(X), net.predict_proba(X)[:, 0] >= 0.5)
    net = Network([4, 5, 3], **BINARY)
    np.testing.assert_array_equal(net.predict(X), net.predict_proba(X).argmax(axis=1))
    assert net.predict(X[:1]).shape == (1,)


@pytest.mark.parametrize("shape", [(12,), (12, 1), (12, 3)])
def test_a_regression_predicts_in_the_shape_of_its_targets(shape):
    net = Network([4, 5, shape[1] if len(shape) > 1 else 1], **REGRESSION)
    X, y = table(net)[0], np.random.default_rng(0).normal(size=shape)
    history = nnlib.train(net, X, y, epochs=2, progress=False)
    assert net.predict(X).shape == shape and history["accuracy"].isna().all()


def test_looking_at_the_loss_does_not_change_the_shape_of_predictions():
    net = Network([4, 5, 1], **REGRESSION)
    X, y = table(net)
    nnlib.train(net, X, y[:, 0], epochs=1, progress=False)
    net.loss(X, y)
    assert net.predict(X).shape == (12,)


def test_accuracy_is_the_share_of_right_predictions_even_where_outputs_saturate():
    for sizes, options in [([1, 2], BINARY), ([1, 1], BINARY), ([1, 2], CLASSIFIER)]:
        net = Network(sizes, **options, initializer="zeros")
        net.weights[0][...] = np.array([[20, 30]])[:, : sizes[-1]]
        X = np.linspace(-3, 3, 61)[:, None]
        y = (X[:, 0] > 0).astype(int)
        assert net.accuracy(X, y) == pytest.approx(np.mean(net.predict(X) == y)), (sizes, options)


def test_lists_and_data_frames_are_taken_as_they_are():
    net = Network([2, 3])
    frame = pd.DataFrame({"a": [1.0, 2], "b": [3, 4]})
    np.testing.assert_array_equal(net.forward(frame), net.forward([[1, 3], [2, 4]]))


def test_a_regression_has_no_accuracy_and_no_probabilities():
    net = Network([4, 1], **REGRESSION)
    X, y = table(net)
    with pytest.raises(ValueError, match="no accuracy"):
        net.accuracy(X, y)
    with pytest.raises(ValueError, match="no probabilities"):
        net.predict_proba(X)


def test_many_classes_take_memory_by_the_row_not_by_the_square():
    net = Network([1, 20_000])  # 20,000 x 20,000 would be 1.6 GB
    tracemalloc.start()
    net.targets([3, 19_999])
    assert net.guess_loss() == pytest.approx(np.log(20_000), rel=1e-4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2e6


@pytest.mark.parametrize(
    "sizes, options, expected",
    [([4, 10], CLASSIFIER, np.log(10)), ([4, 1], BINARY, np.log(2)), ([4, 2], BINARY, 2 * np.log(2))],
)
def test_the_loss_of_a_guess(sizes, options, expected):
    assert Network(sizes, **options).guess_loss() == pytest.approx(expected)


def test_the_guess_of_a_zero_net_costs_ln_10():
    net = Network([4, 10], initializer="zeros")
    assert net.loss(*table(net)) == pytest.approx(np.log(10), rel=1e-6)


# -- bad input ---------------------------------------------------------------------------------------------------------

GOOD_X, GOOD_Y = np.zeros((5, 4)), [0, 1, 2, 0, 1]


def with_value(value):
    X = np.zeros((5, 4))
    X[3, 2] = value
    return X


@pytest.mark.parametrize(
    "X, message",
    [
        (with_value(np.nan), r"X\[3, 2\] is nan"),
        (with_value(-np.inf), r"X\[3, 2\] is -inf"),
        (with_value(1e300), r"X\[3, 2\]"),
        (np.zeros((5, 3)), r"shape \(5, 3\).*expects \(samples, 4\)"),
        (np.zeros(4), r"shape \(4,\).*X\[None, :\]"),
        (np.zeros((5, 2, 2)), r"shape \(5, 2, 2\).*reshape"),
        (np.zeros((0, 4)), "X has no rows"),
        (np.array([["a"] * 4] * 5), "X "),
        (np.array([["1.5"] * 4] * 5), "X "),
        ([[1, 2, 3, 4], [1, 2, 3]], "X "),
        (None, "X "),
        (np.full((5, 4), None), "X"),
        (np.zeros((5, 4)) * 1j, "X "),
        (3.0, r"shape \(\).*expects \(samples, 4\)"),
        (np.ma.masked_array(np.zeros((5, 4)), mask=np.eye(5, 4)), "X is a masked array; fill its gaps first"),
    ],
    ids=lambda value: getattr(value, "shape", None) and f"{value.dtype}{value.shape}",
)
def test_a_bad_X_is_named(X, message):
    net = Network([4, 3])
    for call in (net.forward, net.predict, net.predict_proba, lambda X: net.loss(X, GOOD_Y)):
        with pytest.raises(ValueError, match=message):
            call(X)


@pytest.mark.parametrize(
    "y, options, message",
    [
        ([0, 1, 2, 3, 1], CLASSIFIER, r"y\[3\] is 3; expected classes 0\.\.2"),
        ([0, 1, -1, 0, 1], CLASSIFIER, r"y\[2\] is -1"),
        ([0, 1, 0.5, 0, 1], CLASSIFIER, r"y\[2\] is 0.5"),
        ([0, 1, np.nan, 0, 1], CLASSIFIER, r"y\[2\] is not finite"),
        (["0", "1", "2", "0", "1"], CLASSIFIER, "y holds"),
        (np.array(["a", None, 1, 2, 3], object), CLASSIFIER, "y holds"),
        (None, CLASSIFIER, "y holds"),
        ([[1, 0], [0]], CLASSIFIER, "y "),
        ([0, 1, 2, 0], CLASSIFIER, r"5 rows.*4"),
        ([0, 1, 2, 0, 1, 1], CLASSIFIER, r"5 rows.*6"),
        ([], CLASSIFIER, r"5 rows.*0"),
        (np.zeros((5, 3)), CLASSIFIER, "one-hot"),
        (np.ones((5, 3)), CLASSIFIER, "one-hot"),
        (np.eye(5)[:, :4], CLASSIFIER, r"shape \(5, 4\)"),
        (np.zeros((5, 1)), CLASSIFIER, r"shape \(5, 1\)"),
        (1, CLASSIFIER, r"shape \(\)"),
        (np.ma.masked_array([0, 1, 2, 0, 1], mask=[0, 0, 1, 0, 0]), CLASSIFIER, "y is a masked array"),
        ([0, 1, 2, 0, 1], {**BINARY, "K": 1}, r"y\[2\] is 2; expected classes 0\.\.1"),
        (np.eye(2)[[0, 1, 1, 0, 1]], {**BINARY, "K": 1}, r"shape \(5, 2\)"),
        (np.zeros(5), REGRESSION, r"shape \(5,\).*expects \(samples, 3\)"),
        (np.zeros((5, 2)), REGRESSION, r"shape \(5, 2\)"),
        ([0, 1, np.inf, 0, 1], {**REGRESSION, "K": 1}, r"y\[2\] is not finite"),
    ],
)
def test_a_bad_y_is_named(y, options, message):
    options = dict(options)
    net = Network([4, options.pop("K", 3)], **options)
    before = net.parameters.copy()
    for call in (net.loss, net.gradients, lambda X, y: nnlib.train(net, X, y, progress=False)):
        with pytest.raises(ValueError, match=message):
            call(GOOD_X, y)
    np.testing.assert_array_equal(net.parameters, before)


def test_label_10_of_10_classes():
    with pytest.raises(ValueError, match=r"y\[1\] is 10; expected classes 0\.\.9"):
        Network([4, 10]).targets([9, 10])


@pytest.mark.parametrize(
    "options, message",
    [
        ({"activations": "rleu"}, "unknown activation 'rleu'; known: .*relu, leaky_relu, elu, sigmoid, tanh"),
        ({"activations": ["relu", "gelu"], "sizes": [4, 3, 3, 2]}, "unknown activation 'gelu'; known: "),
        ({"output": "tanh"}, "unknown output 'tanh'; known: softmax, sigmoid, identity"),
        ({"loss": "hinge"}, "unknown loss 'hinge'; known: cross_entropy, binary_cross_entropy, mean_squared_error"),
        ({"initializer": "glorot"}, "unknown initializer 'glorot'; known: he, xavier, zeros"),
        ({"activations": ["relu", "relu"]}, "2 activations given for 1 hidden"),
        ({"activations": []}, "0 activations given for 1 hidden"),
        ({"sizes": [4]}, r"sizes is \[4\]; expected two or more"),
        ({"sizes": []}, "sizes"),
        ({"sizes": 4}, "sizes is 4"),
        ({"sizes": "784"}, "sizes"),
        ({"sizes": [4, 0, 2]}, "sizes"),
        ({"sizes": [4, -3, 2]}, "sizes"),
        ({"sizes": [4, 2.5, 2]}, "sizes"),
        ({"sizes": [4, None, 2]}, "sizes"),
        ({"sizes": [4, 3, 1]}, "softmax with cross_entropy needs two outputs or more"),
        (
            {"sizes": [4, 3, 1], "output": "sigmoid", "loss": "cross_entropy"},
            "sigmoid with cross_entropy needs two outputs or more",
        ),
        ({"dtype": int}, "dtype is int64; give np.float32 or np.float64"),
        ({"dtype": np.float16}, "dtype is float16"),
        ({"dtype": complex}, "dtype is complex128"),
    ],
)
def test_a_bad_architecture_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        Network(**{"sizes": [4, 3, 2], **options})


def test_whole_sizes_of_any_kind_are_taken():
    for sizes in ((4, 3, 2), np.array([4, 3, 2]), [4.0, 3, 2]):
        assert Network(sizes).sizes == [4, 3, 2]


def test_the_first_layer_computes_no_dX():
    asked = []

    class Spy(Dense):
        def backward(self, dZ, need_dX=True):
            asked.append(need_dX)
            return super().backward(dZ, need_dX)

    net = Network([4, 3, 2])
    for layer in net.dense:
        layer.__class__ = Spy
    net.gradients(*table(net))
    assert asked == [True, False]

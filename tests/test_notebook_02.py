"""What notebook 02 says, worked out again: its numbers and the answers of its predictions, each within a band."""

import ipywidgets
import numpy as np
import pytest
from PIL import Image
from scipy.stats import binomtest
from sklearn.datasets import make_circles
from sklearn.linear_model import LogisticRegression

import nnlib
from nnlib import widgets
from nnlib.activations import relu, softmax
from nnlib.losses import cross_entropy_from_logits

UNIFORM = nnlib.initializers.uniform(-0.5, 0.5)


@pytest.fixture(scope="module")
def data():
    return nnlib.load_dataset("mnist-5k", max_train_samples=4000)


@pytest.fixture(scope="module")
def my_digit(data):
    picture = Image.open(nnlib.datasets.data_folder() / "samples" / "my_digit.png").convert("L")
    return np.asarray(picture.resize(data.image_shape), dtype=np.float64).ravel() / 255


@pytest.fixture(scope="module")
def rings():
    return make_circles(300, factor=0.5, noise=0.08, random_state=0)


def trained(data, net, rate=0.5):
    """The net after 100 updates with all rows, and the training's history."""
    optimizer, validation = nnlib.SGD(rate), (data.X_val, data.y_val)
    history = nnlib.train(net, data.X_train, data.y_train, 100, None, optimizer, validation, progress=False)
    return net, history


@pytest.fixture(scope="module")
def regression_run(data):
    """Softmax regression, as part 5 trains it."""
    return trained(data, nnlib.Network([784, 10], initializer="zeros"))


@pytest.fixture(scope="module")
def hidden_run(data):
    """784-64-10 from the start weights of part 7, as part 9 trains it."""
    return trained(data, start_of_part_7(np.float32))


@pytest.fixture
def regression(regression_run):
    return regression_run[0]


@pytest.fixture
def hidden_net(hidden_run):
    return hidden_run[0]


def start_of_part_7(dtype):
    net, rng = nnlib.Network([784, 64, 10], "relu", dtype=dtype), np.random.default_rng(0)
    net.weights[0][...] = rng.normal(0, np.sqrt(2 / 784), (784, 64))
    net.weights[1][...] = rng.normal(0, np.sqrt(2 / 64), (64, 10))
    return net


def means_as_layer(data):
    means = np.array([data.X_train[data.y_train == k].mean(axis=0) for k in range(10)], dtype=np.float64)
    return means, means.T, -0.5 * (means**2).sum(axis=1)


# -- parts 2 to 5 -----------------------------------------------------------------------------------------------------


def test_class_means_are_a_layer(data, my_digit):
    means, W, b = means_as_layer(data)
    answers = (data.X_val @ W + b).argmax(axis=1)
    distances = ((data.X_val[:, None, :] - means) ** 2).sum(axis=2)
    assert np.array_equal(answers, distances.argmin(axis=1))
    assert 0.78 < np.mean(answers == data.y_val) < 0.84  # "about eight in ten"
    no_bias = (data.X_val @ W).argmax(axis=1)
    assert np.mean(no_bias == data.y_val) < 0.7
    assert np.mean(no_bias == 0) > 0.2 > 0.12 > np.mean(answers == 0)  # "the 0 above all"
    counts = np.bincount(no_bias, minlength=10)
    assert set(counts.argsort()[-2:]) == {0, 8} and counts[[0, 8]].min() > 150  # of 80 each: "far too often"
    assert counts[5] == 0  # "never wins"
    assert (my_digit @ W + b).argmax() == 3


def test_predict_1_adding_and_multiplying():
    z = np.array([2.0, 1.0, 0.0])
    assert softmax(z) == pytest.approx([0.67, 0.24, 0.09], abs=0.006)
    assert softmax(z + 100) == pytest.approx(softmax(z), abs=1e-12)
    assert softmax(10 * z)[0] > 0.999
    assert np.array_equal(softmax(10 * z).argsort(), softmax(z).argsort())


def test_ten_times_all_weights_and_biases(data, regression):
    Z = regression.logits(data.X_val)
    other = regression.astype(np.float32)
    other.parameters[...] *= 10
    assert np.array_equal(other.predict(data.X_val), regression.predict(data.X_val))
    assert not np.allclose(softmax(other.logits(data.X_val)), softmax(Z), atol=0.01)


def test_the_gradient_of_a_sum_grows_with_the_rows(data):
    net, (X, y) = nnlib.Network([784, 10], initializer="zeros"), (data.X_train, data.y_train)
    sizes = [m * np.abs(net.gradients(X[:m], y[:m])[0]["dW"]).max() for m in (200, 3200)]
    assert 8 < sizes[1] / sizes[0] < 32


def test_where_the_naive_softmax_ends():
    with np.errstate(over="ignore", invalid="ignore"):
        assert np.isfinite(np.exp(709.0)) and np.isinf(np.exp(710.0))
        assert np.isfinite(np.exp(np.float32(88))) and np.isinf(np.exp(np.float32(89)))
        e = np.exp(np.array([1002.0, 1001.0, 1000.0]))
        assert np.isnan(e / e.sum()).all()
    assert softmax(np.array([1002.0, 1001.0, 1000.0])) == pytest.approx(softmax(np.array([2.0, 1.0, 0.0])))


def test_cross_entropy_from_the_logits():
    loss, dZ = cross_entropy_from_logits(np.array([[1000.0, 0.0]]), np.array([[0.0, 1.0]]))
    assert loss == 1000
    assert np.abs(dZ.sum(axis=1)).max() < 1e-12  # "each row of dZ sums to 0"
    assert -np.log([0.01, 0.1, 0.67, 0.99]) == pytest.approx([4.61, 2.30, 0.40, 0.01], abs=0.006)


def test_softmax_regression(data, regression, my_digit):
    assert nnlib.Network([784, 10], initializer="zeros").loss(data.X_train, data.y_train) == pytest.approx(np.log(10))
    assert 0.87 < regression.accuracy(data.X_val, data.y_val) < 0.92  # "nearly nine in ten"
    P = regression.predict_proba(my_digit[None])[0]
    assert P.argmax() == 3 and P[3] > 0.8
    (W,) = regression.weights
    middle = W[:, 0].reshape(28, 28)[12:16, 12:16]
    assert middle.mean() < -0.05  # "the 0 has a blue hole"
    assert np.abs(W.sum(axis=1)).max() < 1e-4  # "the ten weights of a pixel sum to 0"


# -- part 6 -----------------------------------------------------------------------------------------------------------


def best_line(X, y):
    best = 0.0
    for angle in np.linspace(0, 2 * np.pi, 180, endpoint=False):
        along = X @ [np.cos(angle), np.sin(angle)]
        ends = np.sort(along)
        best = max(best, ((along[:, None] >= (ends[1:] + ends[:-1]) / 2) == y[:, None]).mean(axis=0).max())
    return best


def test_no_line_is_good(rings):
    X, y = rings
    assert 0.62 < best_line(X, y) < 0.70  # 2/3 by geometry
    assert best_line(np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])) == 0.75
    assert LogisticRegression().fit(X, y).score(X, y) < 0.55
    net = nnlib.Network([2, 2], initializer="zeros", dtype=np.float64)
    *_, record = nnlib.train_steps(net, X, y, 500, batch_size=None)
    assert record["loss"] == pytest.approx(np.log(2), abs=2e-3)


def test_the_fold_solves_xor():
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    H = relu(X @ np.ones((2, 2)) + [0, -1])
    assert np.array_equal(H @ [1, -2], [0, 1, 1, 0])
    assert np.array_equal(H[1], H[2])  # "on one spot"


def test_training_finds_a_fold_but_not_from_every_start():
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    found = 0
    for seed in range(30):
        net = nnlib.Network([2, 2, 2], "relu", dtype=np.float64, seed=seed)
        for _ in nnlib.train_steps(net, X, y, 500, batch_size=None, optimizer=nnlib.SGD(0.5)):
            pass
        found += net.accuracy(X, y) == 1
    assert 1 <= found <= 6  # "from 3 of 30 random starts"


def on_rings(rings, hidden, activation="tanh", seed=0, steps=1000):
    net = nnlib.Network([2, hidden, 2], activation, initializer="xavier", dtype=np.float64, seed=seed)
    for _ in nnlib.train_steps(net, *rings, steps, batch_size=None, optimizer=nnlib.SGD(1.0)):
        pass
    return net.accuracy(*rings)


def test_predict_2_three_edges_close(rings):
    scores = {hidden: [on_rings(rings, hidden, seed=seed) for seed in range(2)] for hidden in (1, 2, 3, 8)}
    assert max(scores[1]) < 0.7
    assert 0.7 < max(scores[2]) < 0.85
    assert min(scores[3]) > 0.97 and min(scores[8]) > 0.97
    assert on_rings(rings, 8, "identity", steps=300) < 0.7  # no bend: a line


# -- parts 7 to 11 ----------------------------------------------------------------------------------------------------


def by_hand(X, Y, W1, b1, W2, b2):
    """Equations 2.8 to 2.13."""
    A1 = np.maximum(X @ W1 + b1, 0)
    Z2 = A1 @ W2 + b2
    E = np.exp(Z2 - Z2.max(axis=1, keepdims=True))
    dZ2 = (E / E.sum(axis=1, keepdims=True) - Y) / len(X)
    dZ1 = (dZ2 @ W2.T) * (X @ W1 + b1 > 0)
    return X.T @ dZ1, dZ1.sum(axis=0), A1.T @ dZ2, dZ2.sum(axis=0)


def test_by_hand_equals_nnlib(data):
    net, X = start_of_part_7(np.float64), data.X_train.astype(np.float64)
    ours = by_hand(X, np.eye(10)[data.y_train], net.weights[0], net.biases[0], net.weights[1], net.biases[1])
    first, second = net.gradients(X, data.y_train)
    for mine, theirs in zip(ours, (first["dW"], first["db"], second["dW"], second["db"])):
        assert np.abs(mine - theirs).max() < 1e-10


def test_the_iou_is_covered(data):
    report = nnlib.check_gradients(start_of_part_7(np.float64), data.X_train[:20], data.y_train[:20], sample=20)
    assert report["error"].max() < 1e-6


def test_predict_3_start_loss(data):
    X, y = data.X_train[:1000], data.y_train[:1000]
    nets = [nnlib.Network([784, 128, 64, 10], initializer=UNIFORM, seed=seed) for seed in range(60)]
    losses = [net.loss(X, y) for net in nets]
    assert 9.5 < nets[0].loss(data.X_train, data.y_train) < 13  # "about 11"
    assert 8.5 < min(losses) < 10 and 21 < max(losses) < 24  # "from about 9 to 23 (60 seeds)"
    assert min(net.predict_proba(X).max(axis=1).mean() for net in nets[:15]) > 0.7
    he = [nnlib.Network([784, 128, 64, 10], seed=seed).loss(X, y) for seed in range(15)]
    assert all(abs(loss - np.log(10)) < 0.5 for loss in he)
    assert abs(start_of_part_7(np.float32).loss(X, y) - np.log(10)) < 0.4


def test_hidden_layer_beats_regression(data, regression, hidden_net, my_digit):
    X, y = data.X_val, data.y_val
    n, right, before = len(y), hidden_net.predict(X) == y, regression.predict(X) == y
    assert 0.90 < right.mean() < 0.95
    mended, spoiled = np.sum(right & ~before), np.sum(~right & before)
    assert binomtest(int(mended), int(mended + spoiled)).pvalue < 0.01  # the sign test's probability is small
    intervals = [binomtest(int(k.sum()), n).proportion_ci(method="wilson") for k in (before, right)]
    assert intervals[0].high > intervals[1].low  # "the last two intervals overlap"
    assert hidden_net.loss(data.X_train, data.y_train) < hidden_net.loss(X, y)
    assert hidden_net.predict(my_digit[None])[0] == 3


def test_the_curve_falls_with_jumps(data, hidden_run, regression_run):
    assert (np.diff(hidden_run[1]["loss"]) > 0).sum() >= 3
    slower = trained(data, start_of_part_7(np.float32), rate=0.25)[1]["loss"]
    assert (np.diff(slower) < 0).all() and slower.iloc[-1] > hidden_run[1]["loss"].iloc[-1]
    with pytest.warns(UserWarning, match="nothing was learned"):
        fast = trained(data, start_of_part_7(np.float32), rate=1.5)[1]["loss"]
    assert fast.iloc[-1] > 1.5  # "next to nothing is learned"
    hidden, regression = hidden_run[1]["accuracy"], regression_run[1]["accuracy"]
    assert hidden[10] < regression[10] and hidden[99] > regression[99]  # "starts slower and ends higher"


def test_the_training_loss_of_the_table_is_measured_before_the_last_update(data, hidden_run):
    net, history = hidden_run
    assert net.loss(data.X_train, data.y_train) < history["loss"].iloc[-1]


def test_small_batches_need_fewer_passes(data):
    def passes(batch_size, learning_rate, epochs):
        """Epochs until nine validation digits in ten are right."""
        net, validation = start_of_part_7(np.float32), (data.X_val, data.y_val)
        optimizer = nnlib.SGD(learning_rate)
        history = nnlib.train(
            net, data.X_train, data.y_train, epochs, batch_size, optimizer, validation, progress=False
        )
        return history["epoch"][history["val_accuracy"] >= 0.9].min()

    assert 3 * passes(64, 0.1, 15) < passes(None, 0.5, 100)


def test_preflight_lamps(data):
    X, y = data.X_train, data.y_train
    sizes = [784, 128, 64, 10]
    net = nnlib.Network(sizes, "relu", seed=0)

    def lamps(net, X, y, *optimizer):
        table = nnlib.preflight(net, X, y, *optimizer)
        return {check.split(" (")[0] for check in table["check"][~table["passed"]]}

    updates = {"smallest update / weight", "largest update / weight"}
    assert lamps(net, X, y) == set()
    assert {"size of the inputs", "start loss"} <= lamps(net, 255 * X, y)
    one = [nnlib.Network([784, 64, 10], "relu", initializer=UNIFORM, seed=seed).loss(X, y) for seed in range(20)]
    assert min(one) > 4.5 and max(one) < 10.5  # "start at 5 to 10"
    assert np.mean(np.array(one) < 9.21) > 0.7  # "most of that lies inside the lamp's wide band"
    assert lamps(net, X, np.random.default_rng(0).permutation(y)) == {"labels fit the rows"}
    assert "start loss" in lamps(nnlib.Network(sizes, "relu", initializer=UNIFORM, seed=0), X, y)
    assert {"20 rows learned by heart", "spread of the logits over the rows"} <= lamps(
        nnlib.Network(sizes, "relu", initializer="zeros"), X, y
    )
    assert lamps(net, X, y, nnlib.SGD(1e-6)) == updates


def test_border_weights_never_move(data, hidden_net):
    black = data.X_train.max(axis=0) == 0
    assert black[:28].all()  # the upper border
    assert np.array_equal(hidden_net.weights[0][black], start_of_part_7(np.float32).weights[0][black])


# -- exercises --------------------------------------------------------------------------------------------------------


def test_exercises():
    true, predicted = np.arange(4.0), np.arange(4.0)[:, None]
    assert (predicted - true).shape == (4, 4)
    assert np.mean((predicted - true) ** 2) == 2.5
    assert np.log(26) == pytest.approx(3.258, abs=1e-3) and round(np.exp(4.61)) == 100
    net = nnlib.Network([1, 10], initializer="zeros", dtype=np.float64)
    nnlib.train(net, [[0.5]], [3], epochs=1, optimizer=nnlib.SGD(1.0), progress=False)
    assert net.weights[0][0] == pytest.approx(np.where(np.arange(10) == 3, 0.45, -0.05))


# -- live panels ------------------------------------------------------------------------------------------------------


def controls(panel):
    """Every control inside the panel, by its description."""
    found, todo = {}, [panel]
    while todo:
        widget = todo.pop()
        todo += getattr(widget, "children", ())
        if getattr(widget, "description", ""):
            found[widget.description] = widget
    return found


@pytest.fixture(params=["rings", "digits"])
def panel(request, data, rings):
    if request.param == "rings":
        panel = widgets.Playground(rings, hidden=[3], activation="tanh", learning_rate=0.5)
    else:
        panel = widgets.Playground(data, hidden=[16], activation="relu", learning_rate=0.1)
    yield panel
    panel.close()


def test_default_pictures(data, rings):
    panel = widgets.Playground(rings, hidden=[3], activation="tanh", learning_rate=0.5)
    panel.advance(1000)
    assert panel.network.accuracy(*rings) > 0.95
    assert len(np.unique(np.asarray(panel.snapshot()).reshape(-1, 3), axis=0)) > 100
    panel.close()
    panel = widgets.Playground(data, hidden=[16], activation="relu", learning_rate=0.1)
    panel.advance(200)
    assert panel.network.accuracy(data.X_val, data.y_val) > 0.85
    panel.close()


def test_every_control_acts(panel):
    panel.advance(20)
    knobs, picture = controls(panel), panel.picture.drawing
    assert {"hidden units", "activation", "learning rate", "Train", "Step", "Reset", "New seed"} <= set(knobs)

    knobs["hidden units"].value = 33
    assert panel.hidden == [33] and panel.network.sizes[1] == 33
    panel.advance(20)
    assert panel.picture.drawing != picture

    knobs["activation"].value = "sigmoid"
    assert panel.activation == "sigmoid"
    knobs["learning rate"].value = 0.01
    assert panel.learning_rate == pytest.approx(0.01)
    before = panel.network.parameters.copy()
    panel.advance(1)
    small = np.abs(panel.network.parameters - before).max()
    assert small > 0

    knobs["Reset"].click()
    start = panel.network.parameters.copy()
    assert np.array_equal(start, nnlib.Network(panel.network.sizes, "sigmoid", seed=0).parameters)
    knobs["learning rate"].value = 10.0  # beyond anything sensible, and it still acts
    panel.advance(1)
    assert np.abs(panel.network.parameters - start).max() > 10 * small

    knobs["New seed"].click()
    assert panel.seed == 1 and not np.array_equal(panel.network.parameters, start)
    now = panel.network.parameters.copy()
    knobs["Step"].click()
    assert not np.array_equal(panel.network.parameters, now)
    assert isinstance(knobs["Train"], ipywidgets.ToggleButton)


def test_attributes_move_the_controls(panel):
    panel.hidden, panel.learning_rate, panel.activation = [5], 0.2, "elu"
    knobs = controls(panel)
    assert (knobs["hidden units"].value, knobs["activation"].value) == (5, "elu")
    assert knobs["learning rate"].value == panel.learning_rate == 0.2
    panel.advance(20)
    assert panel.network.sizes[1] == 5 and panel.history["step"].tolist() == [0, 1, 2, 3, 5, 10, 20]


def test_what_play_shows_on_the_rings(rings):
    def play(hidden, activation, seed=0):
        panel = widgets.Playground(rings, hidden=[hidden], activation=activation, learning_rate=0.5, seed=seed)
        panel.advance(1000)
        panel.close()
        return panel.network.accuracy(*rings)

    three_relu = [play(3, "relu", seed) for seed in range(4)]
    assert min(three_relu) < 0.9 < max(three_relu)  # "do all of them get there?" No.
    assert play(1, "tanh") < 0.7
    assert play(8, "identity") < 0.7

"""What notebook 02 says, worked out again: its numbers and the answers of its predictions, each within a band."""

import re
from pathlib import Path
from types import SimpleNamespace

import ipywidgets
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from PIL import Image
from scipy.stats import binomtest
from sklearn.datasets import make_circles
from sklearn.linear_model import LogisticRegression

import nnlib
from nnlib import plots, widgets
from nnlib.activations import relu, softmax
from nnlib.exercises import notebook_02
from nnlib.losses import cross_entropy_from_logits

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "02_single_layer_net.ipynb"
UNIFORM = nnlib.initializers.uniform(-0.5, 0.5)


@pytest.fixture(scope="module")
def cells():
    return nbformat.read(NOTEBOOK, as_version=4).cells


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


# -- the whole -------------------------------------------------------------------------------------------------------


def test_one_word_one_meaning(cells):
    """Neither a logit nor an accuracy is called a score, in code as little as in prose."""
    for cell in cells:
        assert not re.search(r"\bscore", cell.source, re.I), cell.source


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


def test_cross_entropy_is_maximum_likelihood(data, regression):
    a = np.array([0.9, 0.5, 0.8])
    assert a.prod() == pytest.approx(0.36) and -np.log(a.prod()) / 3 == pytest.approx(0.3406, abs=5e-5)
    assert np.full(3200, 0.1).prod() == 0  # in float64
    assert np.power(0.9, 10) == pytest.approx(0.35, abs=0.003)  # the lecturer's question
    P = regression.predict_proba(data.X_val[:50])[np.arange(50), data.y_val[:50]].astype(float)
    assert -np.log(P.prod()) / 50 == pytest.approx(regression.loss(data.X_val[:50], data.y_val[:50]), abs=1e-5)


def test_normal_classes_give_softmax(data):
    """Part 4: equally frequent classes, one variance in all directions: Bayes' rule is softmax of part 2's logits."""
    means, W, b = means_as_layer(data)
    x, variance = data.X_val[:5].astype(float), 7.0
    log_density = -((x[:, None, :] - means) ** 2).sum(axis=2) / (2 * variance)
    shares = np.exp(log_density) / np.exp(log_density).sum(axis=1, keepdims=True)
    assert softmax((x @ W + b) / variance) == pytest.approx(shares)


def test_two_samples_in_one_product():
    X, dZ = np.array([[1, 2], [3, 0]]), (np.array([[0.8, 0.2], [0.6, 0.4]]) - np.eye(2)) / 2
    assert dZ == pytest.approx(np.array([[-0.1, 0.1], [0.3, -0.3]]))
    each = [np.outer(x, dz) for x, dz in zip(X, dZ)]
    assert each[0] == pytest.approx(np.array([[-0.1, 0.1], [-0.2, 0.2]]))
    assert each[1] == pytest.approx(np.array([[0.9, -0.9], [0, 0]]))
    assert sum(each) == pytest.approx(X.T @ dZ) == np.array([[0.8, -0.8], [-0.2, 0.2]])
    assert dZ.sum(axis=0) == pytest.approx([0.2, -0.2])


@pytest.fixture(scope="module")
def descent(cells, data):
    """What the cells about one and two weights define, and every rate that the slider has asked a picture of."""

    def cross_entropy(Z, y):
        return cross_entropy_from_logits(Z, np.eye(Z.shape[1])[y])[0]

    names = dict(np=np, plt=plt, plots=plots, ipywidgets=ipywidgets, data=data, cross_entropy=cross_entropy)
    names |= {"X": data.X_train.astype(float), "y": data.y_train}
    for cell in cells:
        if cell.cell_type == "code" and re.search(r"^def (loss_at|walk)|^w1_axis", cell.source, re.M):
            exec(cell.source, names)
    names["slider"] = next(cell.source for cell in cells if "ipywidgets.interact(walk" in cell.source)
    return names


def test_one_weight_at_four_rates(descent):
    loss_at, path = descent["loss_at"], descent["path"]
    losses = {rate: [loss_at(w) for w in path([-2.0], rate, 40)] for rate in (0.3, 3, 9, 20)}
    best = min(losses[3])
    assert losses[0.3][10] > best + 0.1 and (np.diff(losses[0.3]) < 0).all()  # "a crawl"
    assert losses[3][5] < best + 0.001 and (np.diff(path([-2.0], 3, 10).ravel()) > -1e-3).all()  # "straight there"
    over = path([-2.0], 9, 40).ravel()
    assert over[1] > over[-1] + 1 and losses[9][-1] < best + 0.001  # "over it, and back"
    assert max(losses[20][-10:]) > best + 0.1  # "never settles"
    e = 1e-3
    bottom = path([-2.0], 3, 40)[-1]
    curvature = (loss_at(bottom + e) - 2 * loss_at(bottom) + loss_at(bottom - e)) / e**2
    assert curvature == pytest.approx(0.20, abs=0.01)


def test_two_weights_on_the_map(descent):
    loss_at, path = descent["loss_at"], descent["path"]
    walks = {rate: path([0.0, 0.0], rate, 20) for rate in (0.3, 3, 5, 6, 8, 12)}
    ends = {rate: loss_at(places[-1]) for rate, places in walks.items()}
    assert (ends[0.3], ends[3], ends[12]) == pytest.approx((0.62, 0.51, 0.80), abs=0.006)
    lowest = path([0.0, 0.0], 4, 400)[-1]
    assert loss_at(lowest) == pytest.approx(0.50, abs=0.005) and descent["valley_floor"] < 0.51
    assert np.linalg.norm(walks[0.3][-1]) / np.linalg.norm(lowest) == pytest.approx(1 / 5, abs=0.03)
    assert ends[12] > loss_at(np.zeros(2)) == pytest.approx(np.log(2))

    def zigzag(places):
        """The size of the steps across the valley, where both weights change together; negative: they alternate."""
        return np.diff(places.sum(axis=1))

    for rate in (5, 6, 8, 12):
        assert (zigzag(walks[rate])[1:6:2] < 0).all() and (zigzag(walks[rate])[2:6:2] > 0).all()
    assert abs(zigzag(walks[5])[-1]) < abs(zigzag(walks[5])[2]) / 3
    assert abs(zigzag(walks[8])[-1]) > 1 and abs(zigzag(walks[12])[-1]) > 1

    rows, step = [], 1e-3
    for e in step * np.eye(2):
        slopes = [nnlib.numerical_gradient(lambda w=w: loss_at(w), w) for w in (lowest + e, lowest - e)]
        rows.append((slopes[0] - slopes[1]) / (2 * step))
    curvatures, directions = np.linalg.eigh(rows)
    assert curvatures[1] == pytest.approx(0.30, abs=0.01) and curvatures[0] < curvatures[1] / 5  # "a long valley"
    assert directions[0, 1] * directions[1, 1] > 0  # the steep direction: both weights grow together
    assert np.corrcoef(descent["ink"].T)[0, 1] > 0.6  # "much ink on both sides"
    assert np.corrcoef(descent["ink"][:, 0], descent["is_8"])[0, 1] > 0.2  # "an 8 has more ink on the left"


def test_the_slider_of_the_map(descent, monkeypatch):
    drawn, walk = [], descent["walk"]
    monkeypatch.setattr(plt, "show", lambda: drawn.append(plt.gca().get_title()))
    names = descent | {"walk": lambda learning_rate: walk(learning_rate)}
    exec(descent["slider"], names)
    for rate in (0.3, 12):
        names["rates"].value = rate
    assert [title.split(":")[0] for title in drawn] == ["rate 5", "rate 0.3", "rate 12"]
    assert drawn[2].endswith("loss 0.69 at the start, 0.80 after 20 steps")
    plt.close("all")


def test_templates_form(cells, data, my_digit):
    """The digit has 19 % after the first step and 94 % after the last; the slider shows them."""
    X, Y = data.X_train.astype(float), np.eye(10)[data.y_train]
    names = dict(np=np, plots=plots, ipywidgets=ipywidgets, data=data, softmax=softmax, digit=my_digit, kept=[])
    W, b = np.zeros((784, 10)), np.zeros(10)
    for _ in range(100):
        dZ = (softmax(X @ W + b) - Y) / len(X)
        W, b = W - 0.5 * X.T @ dZ, b - 0.5 * dZ.sum(axis=0)
        names["kept"].append((W, b))
    drawn = {}
    names["plots"] = SimpleNamespace(images=lambda X, shape, titles, **_: drawn.update(X=X, titles=titles))
    exec(next(cell.source for cell in cells if cell.source.startswith("def templates")), names)
    assert drawn["titles"][3].endswith(": 94 %") and np.array_equal(drawn["X"], W.T)
    names["steps"].value = 1
    assert drawn["titles"][3].endswith(": 19 %")
    logits = [np.ptp(my_digit @ W + b) for W, b in names["kept"]]
    assert logits[0] < 2 < logits[-1] / 2  # "the logits draw apart"


def test_the_fold_of_xor(cells):
    """At 10 all points lie on one line, class 1 in the middle; at 20 the dashed line parts the classes."""
    X, y = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0])
    names = dict(np=np, plt=plt, plots=plots, ipywidgets=ipywidgets, X_xor=X, y_xor=y)
    names |= dict(W_fold=np.ones((2, 2)), b_fold=np.array([0.0, -1.0]))
    for cell in cells:
        if cell.cell_type == "code" and re.search(r"^def (on_its_way|fold)\(", cell.source, re.M):
            exec(cell.source, names)
    assert names["slider"].value == names["film"].value == 20  # the link takes the film's value
    sums, folded = names["on_its_way"](X, 1), names["on_its_way"](X, 2)
    assert np.array_equal(names["on_its_way"](X, 0), X)
    assert np.linalg.matrix_rank(sums - sums[0]) == 1 and sums[0, 0] < sums[1, 0] == sums[2, 0] < sums[3, 0]
    line = folded[:, 1] - (folded[:, 0] - 0.5) / 2  # above 0: over the line from (0.5, 0) to (2.5, 1)
    assert ((line > 0) == (y == 0)).all()
    names["slider"].value = 10
    plt.close("all")


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


def test_labels_that_do_not_belong_to_their_rows(data):
    """The validation loss climbs, and does not merely stay; the accuracy is that of guessing."""
    nonsense = np.random.default_rng(0).permutation(data.y_train)
    history = nnlib.train(
        nnlib.Network([784, 128, 64, 10], "relu", seed=0),
        data.X_train,
        nonsense,
        epochs=60,
        optimizer=nnlib.SGD(0.1),
        validation=(data.X_val, data.y_val),
        progress=False,
    )
    assert history["loss"].iloc[-1] < 0.25
    assert abs(history["val_loss"][:5] - np.log(10)).max() < 0.1 and 4.8 < history["val_loss"].iloc[-1] < 6.3
    assert history["val_accuracy"].between(0.05, 0.15).all()


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


def test_the_gradient_with_weight_decay():
    """Exercise 4's reference, by numbers and beside nnlib's own update, which leaves the biases alone."""
    rng = np.random.default_rng(0)
    X, y, decay = rng.normal(size=(6, 4)), rng.integers(0, 3, size=6), 0.3
    net = nnlib.Network([4, 3], dtype=np.float64, seed=0)
    (W,), (b,) = net.weights, net.biases
    b[...] = rng.normal(size=3)
    dW, db = notebook_02.l2_gradient(X, np.eye(3)[y], W, b, decay)

    def loss():
        return cross_entropy_from_logits(X @ W + b, np.eye(3)[y])[0] + decay / 2 * (W**2).sum()

    assert nnlib.numerical_gradient(loss, W) == pytest.approx(dW, abs=1e-8)
    assert nnlib.numerical_gradient(loss, b) == pytest.approx(db, abs=1e-8)
    before = W.copy(), b.copy()
    nnlib.train(net, X, y, 1, None, nnlib.SGD(0.1, weight_decay=decay), progress=False)
    assert before[0] - 0.1 * dW == pytest.approx(W) and before[1] - 0.1 * db == pytest.approx(b)


def test_an_overflow_in_the_exercise_is_noticed():
    def naive(Z):
        with np.errstate(all="ignore"):
            return np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)

    def answer(X, Y, W, b, weight_decay):
        dZ = (naive(X @ W + b) - Y) / len(X)
        return X.T @ dZ + weight_decay * W, dZ.sum(axis=0)

    assert not nnlib.check("02.4 l2_gradient", answer)


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


def final(data, hidden, activation, steps, rate, seed=0):
    """The panel's network after some steps."""
    panel = widgets.Playground(data, hidden=[hidden], activation=activation, learning_rate=rate, seed=seed)
    panel.advance(steps)
    panel.close()
    return panel.network


def test_what_you_should_have_seen_on_the_rings(rings):
    def play(hidden, activation, seed=0, rate=0.5):
        return final(rings, hidden, activation, 1000, rate, seed).accuracy(*rings)

    assert all(0.72 < play(2, "tanh", seed) < 0.82 for seed in range(3))
    assert all(0.54 < play(1, "tanh", seed) < 0.66 for seed in range(3))
    three_relu = [play(3, "relu", seed) for seed in range(10)]
    fails = [share for share in three_relu if share < 0.9]
    assert 1 <= len(fails) <= 4 and all(0.7 < share < 0.87 for share in fails)  # "two of ten"
    assert all(play(8, "identity", seed) < 0.55 for seed in range(2))
    assert final(rings, 3, "tanh", 1000, 10.0).loss(*rings) > np.log(2)


def test_what_you_should_have_seen_on_digits(data):
    def play(hidden, activation="relu", steps=200, rate=0.1):
        return final(data, hidden, activation, steps, rate)

    def accuracy(*args, **options):
        return play(*args, **options).accuracy(data.X_val, data.y_val)

    assert 0.25 < accuracy(2) < 0.42 and 0.62 < accuracy(4) < 0.78
    assert 0.86 < accuracy(16) < accuracy(64) < 0.93
    fast = play(16, rate=10.0)
    assert fast.accuracy(data.X_val, data.y_val) < 0.15 and abs(fast.loss(data.X_val, data.y_val) - np.log(10)) < 0.3
    assert 0.70 < accuracy(16, "sigmoid") < 0.82
    assert abs(accuracy(16, "sigmoid", 2000) - accuracy(16, steps=2000)) < 0.03

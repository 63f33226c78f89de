"""The static figures, each over networks of every kind and samples that are pictures and that are not."""

import inspect
import io
import re
import time

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy.signal import correlate2d
from sklearn import metrics

import nnlib
from nnlib import plots
from nnlib.plots.pictures import picture_shape
from nnlib.plots.style import numerals

BINARY = {"output": "sigmoid", "loss": "binary_cross_entropy"}
REGRESSION = {"output": "identity", "loss": "mean_squared_error"}
FAMILY = {
    "784-128-64-10": ([784, 128, 64, 10], {"activations": ["leaky_relu", "elu"]}),
    "784-10": ([784, 10], {}),
    "64-64-10": ([64, 64, 10], {"activations": "sigmoid", "loss": "mean_squared_error"}),
    "4-8-3": ([4, 8, 3], {}),
    "2-3-1 sigmoid": ([2, 3, 1], BINARY),
    "784-1000-10": ([784, 1000, 10], {"activations": "tanh"}),
    "64-32-26": ([64, 32, 26], {}),
    "deep": ([64, 20, 20, 20, 20, 20, 20, 20, 20, 3], {}),
    "regression 3-6-2": ([3, 6, 2], REGRESSION),
    "regression 3-1": ([3, 1], REGRESSION),
    "100-1": ([100, 1], BINARY),
}


@pytest.fixture(params=FAMILY)
def sample(request):
    """A network, X (20, n_in) and y."""
    sizes, options = FAMILY[request.param]
    net = nnlib.Network(sizes, **options, seed=1)
    rng = np.random.default_rng(2)
    X = rng.random((20, sizes[0])).astype(np.float32)
    y = np.arange(20) % max(2, sizes[-1]) if net.is_classifier else rng.normal(size=(20, sizes[-1]))
    return net, X, y


@pytest.fixture(autouse=True)
def nothing_left_in_pyplot():
    yield
    assert plt.get_fignums() == []


def draw(function, *args, **options):
    """The figure of a function, drawn as a notebook does, and all its texts."""
    fig = function(*args, **options)
    fig.canvas.draw()
    assert isinstance(fig, Figure)
    return fig, " | ".join(text.get_text() for text in fig.findobj(Text) if text.get_visible())


def untouched(net, function):
    """What the function returns; the network must be what it was."""
    before = net.parameters.copy(), net.gradient.copy(), [dict(vars(layer)) for layer in net.layers]
    result = function()
    np.testing.assert_array_equal(net.parameters, before[0])
    np.testing.assert_array_equal(net.gradient, before[1])
    for layer, attributes in zip(net.layers, before[2]):
        assert vars(layer).keys() - {"X", "A"} == attributes.keys() - {"X", "A"}
        for name in ("X", "A"):  # what training keeps for backpropagation; no figure leaves something there
            left = vars(layer).get(name)
            assert left is None or left is attributes[name]
    return result


@pytest.mark.times
@pytest.mark.parametrize(
    "function, seconds", [(plots.architecture, 0.3), (plots.forward_flow, 1), (plots.predictions, 1.5)]
)
def test_pictures_are_drawn_in_time(sample, function, seconds):
    net, X, y = sample
    arguments = {plots.architecture: (), plots.forward_flow: (X[0],), plots.predictions: (X[:16], y[:16])}[function]
    taken = []
    for _ in range(2):  # the first figure of a process also loads fonts
        start = time.process_time()
        draw(function, net, *arguments)
        taken.append(time.process_time() - start)
    assert min(taken) < 4 * seconds  # promised: a quarter of that, on a quiet machine


# -- every function, every network -----------------------------------------------------------------------------------


def test_architecture(sample):
    net, _, _ = sample
    fig, texts = untouched(net, lambda: draw(plots.architecture, net))
    for layer in net.dense:
        assert f"{layer.n_in} × {layer.n_out}\n= {layer.W.size:,}" in texts
    for n in net.sizes:
        assert f"{n:,} unit" in texts
    for word in ("input", "output", net.output.name, f"{len(net.parameters):,} parameters"):
        assert word in texts
    circles = [len(points.get_offsets()) for points in fig.axes[0].collections[len(net.dense) :]]
    assert len(circles) == len(net.sizes)
    for drawn, n in zip(circles, net.sizes):
        assert drawn == (n if n <= 10 else 8)


def test_forward_flow(sample):
    net, X, _ = sample
    _, texts = untouched(net, lambda: draw(plots.forward_flow, net, X[0]))
    for k in range(1, len(net.dense) + 1):
        assert f"$Z_{{{k}}}$" in texts
        assert f"$A_{{{k}}}$" in texts
    A = net.forward(X[:1])[0]
    if net.is_classifier:
        assert f"{max(A.max(), 1 - A[0] if len(A) == 1 else 0):.1%}" in texts
    assert ("unit " in texts) == (net.sizes[0] >= 64)


def test_gradients(sample):
    net, X, y = sample
    gradients = net.gradients(X, y)
    for rows in (1, 20):
        _, texts = untouched(net, lambda rows=rows: draw(plots.gradients, net, X[:rows], y[:rows]))
        assert f"loss {net.loss(X[:rows], y[:rows]):.3g}" in texts
        assert ("- Y)$" in texts) == (net.loss_name != "mean_squared_error" or not net.is_classifier)
    for k, gradient in enumerate(gradients, 1):
        assert f"$dW_{{{k}}}$" in texts
        assert f"$db_{{{k}}}$" in texts
        for array in gradient.values():
            assert f"{np.linalg.norm(array):.2g}" in texts


def test_weight_update(sample):
    net, X, y = sample
    for layer in dict.fromkeys([0, len(net.dense) - 1]):
        fig, texts = untouched(net, lambda layer=layer: draw(plots.weight_update, net, X, y, layer=layer))
        assert f"$W_{{{layer % len(net.dense) + 1}}}$ before" in texts
    largest = np.abs(0.1 * net.gradients(X, y)[-1]["dW"]).max()
    assert fig.axes[2].images[0].norm.vmax == pytest.approx(largest, rel=0.01)


def test_weights(sample):
    net, _, _ = sample
    fig, _ = draw(plots.weights, net)
    assert len(fig.axes[0].images) == 1


def test_predictions(sample):
    net, X, y = sample
    if not net.is_classifier:
        with pytest.raises(ValueError, match="no probabilities"):
            plots.predictions(net, X, y)
        return
    _, texts = untouched(net, lambda: draw(plots.predictions, net, X[:16], y[:16]))
    wrong = np.count_nonzero(net.predict(X[:16]) != y[:16])
    assert texts.count("is ") == wrong


def test_the_figures_look_the_same_in_any_style_and_leave_it():
    net, x, y = nnlib.Network([64, 20, 10]), np.ones((1, 64)), [3]
    with plt.rc_context({"font.size": 5, "axes.grid": True}):
        figures = [plots.architecture(net), plots.forward_flow(net, x), plots.gradients(net, x, y)]
        figures += [plots.weight_update(net, x, y), plots.confusion_matrix(y, y), plots.activation("relu")]
        for fig in figures:
            fig.canvas.draw()
            assert min(text.get_fontsize() for text in fig.findobj(Text) if text.get_text()) >= 12
        assert plt.rcParams["font.size"] == 5


# -- what each of them shows and refuses -----------------------------------------------------------------------------


def test_class_names_are_shown_and_counted():
    net, x = nnlib.Network([4, 8, 3]), np.ones(4)
    names = ["setosa", "versicolor", "virginica"]
    assert "versicolor" in draw(plots.forward_flow, net, x, class_names=names)[1]
    assert "versicolor" in draw(plots.gradients, net, x[None], [1], class_names=names)[1]
    assert "versicolor" in draw(plots.predictions, net, np.eye(4), [1, 1, 1, 1], class_names=names)[1]
    with pytest.raises(ValueError, match="2 class_names given for 3 outputs"):
        plots.forward_flow(net, x, class_names=names[:2])
    net = nnlib.Network([4, 1], **BINARY)
    assert "no | yes" in draw(plots.forward_flow, net, x, class_names=["no", "yes"])[1]
    assert "yes" in draw(plots.gradients, net, x[None], [1], class_names=["no", "yes"])[1]


def test_forward_flow_takes_one_sample():
    net = nnlib.Network([784, 10])
    assert "Z" in draw(plots.forward_flow, net, np.zeros((28, 28)))[1]
    with pytest.raises(ValueError, match=r"x has 64 values \(shape \(8, 8\)\), the network takes one sample of 784"):
        plots.forward_flow(net, np.zeros((8, 8)))
    with pytest.raises(ValueError, match="1568 values"):
        plots.forward_flow(net, np.zeros((2, 784)))
    with pytest.raises(ValueError, match="784 inputs"):
        plots.forward_flow(net, np.zeros(784), image_shape=(28, 29))


def test_pictures_need_not_be_square():
    net, x = nnlib.Network([32, 5, 2]), np.ones(32)
    assert "unit " not in draw(plots.forward_flow, net, x)[1]
    assert "unit " in draw(plots.forward_flow, net, x, image_shape=(4, 8))[1]
    assert "5 units" in draw(plots.gradients, net, x[None], [0], image_shape=(4, 8))[1]
    assert "5 units" in draw(plots.weight_update, net, x[None], [0], image_shape=(4, 8))[1]
    assert [picture_shape(n) for n in (784, 64, 63, 49, 4)] == [(28, 28), (8, 8), None, None, None]


def test_weight_update_is_the_step_that_the_optimizer_would_make():
    net = nnlib.Network([4, 6, 3], seed=3)
    X, y = np.random.default_rng(0).normal(size=(30, 4)), np.arange(30) % 3
    optimizer = nnlib.Adam(0.01)
    nnlib.train(net, X, y, epochs=1, optimizer=optimizer, progress=False)
    steps, before = optimizer.steps, net.weights[1].copy()
    fig = untouched(net, lambda: plots.weight_update(net, X, y, optimizer, layer=1))
    assert optimizer.steps == steps
    net.loss_and_gradient(*net.check_X_y(X, y))
    optimizer.step(net)
    shown = [np.asarray(fig.axes[k].images[0].get_array()) for k in range(3)]
    np.testing.assert_array_equal(shown[0], before)
    np.testing.assert_array_equal(shown[1], net.weights[1])
    np.testing.assert_array_equal(shown[2], net.weights[1] - before)
    with pytest.raises(ValueError, match="Dense layers 0 to 1"):
        plots.weight_update(net, X, y, layer=2)


def test_a_net_that_does_not_change_can_be_drawn():
    net = nnlib.Network([4, 6, 3], initializer="zeros")
    X, y = np.ones((3, 4)), np.arange(3)
    draw(plots.gradients, net, X, y)  # every derivative of a hidden weight is 0
    draw(plots.weight_update, net, X, y)
    draw(plots.forward_flow, net, X[0])


@pytest.mark.parametrize("K", [2, 3, 10, 26])
def test_confusion_matrix_shows_the_counts_of_scikit_learn(K):
    rng = np.random.default_rng(K)
    y = rng.integers(K, size=500)
    said = np.where(rng.random(500) < 0.8, y, rng.integers(K, size=500))
    y[said == K - 1] = 0  # a class that never is true
    names = [f"c{k}" for k in range(K)]
    fig, texts = draw(plots.confusion_matrix, y, said, names)
    shown = np.zeros((K, K), int)
    for text in fig.axes[0].texts:
        column, row = text.get_position()
        if column == int(column):
            shown[int(row), int(column)] = int(text.get_text())
    np.testing.assert_array_equal(shown, metrics.confusion_matrix(y, said, labels=range(K)))
    assert f"({metrics.accuracy_score(y, said):.1%})" in texts
    assert all(name in texts for name in names)


def test_confusion_matrix_of_labels_alone_and_what_it_refuses():
    _, texts = draw(plots.confusion_matrix, [0, 1, 2, 2], [0, 1, 1, 2])
    assert "3 of 4 right (75.0%)" in texts
    draw(plots.confusion_matrix, [0, 1], [0, 1])  # no mistake to colour
    with pytest.raises(ValueError, match="one class per sample"):
        plots.confusion_matrix([0, 1], [0, 1, 2])
    with pytest.raises(ValueError, match="labels go from 0 to 3, and class_names has 2"):
        plots.confusion_matrix([0, 3], [0, 1], ["no", "yes"])


@pytest.mark.parametrize("name", ["identity", "relu", "leaky_relu", "elu", "sigmoid", "tanh"])
def test_activation_draws_the_function_and_its_derivative(name):
    fig, texts = draw(plots.activation, name)
    assert name in texts
    Z, A = fig.axes[0].lines[0].get_data()
    derivative = fig.axes[0].lines[1].get_ydata()
    inside = np.flatnonzero(np.abs(np.diff(Z)) < 0.1)  # steps that do not pass the gap at 0
    slope = np.diff(A)[inside] / np.diff(Z)[inside]
    np.testing.assert_allclose((derivative[inside] + derivative[inside + 1]) / 2, slope, atol=1e-3)


def test_activation_takes_options_and_lists():
    fig, texts = draw(plots.activation, "leaky_relu", slope=0.2)
    assert "slope = 0.2" in texts
    assert np.nanmin(fig.axes[0].lines[0].get_ydata()) == pytest.approx(-0.8)
    fig, texts = draw(plots.activation, ["relu", "tanh", "elu", "sigmoid"])
    assert all(name in texts for name in ("relu", "tanh", "elu", "sigmoid"))
    with pytest.raises(ValueError, match="softmax is no curve"):
        plots.activation("softmax")
    with pytest.raises(ValueError, match="unknown activation"):
        plots.activation("swish")


def test_a_given_ax_is_used():
    net = nnlib.Network([2, 3, 2])
    X, y = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 2
    history = nnlib.train(net, X, y, epochs=2, progress=False)
    fig, axes = plots.figure(10, 4, ncols=6)
    for ax, function in zip(
        axes,
        [
            lambda ax: plots.architecture(net, ax=ax),
            lambda ax: plots.confusion_matrix(y, net.predict(X), ax=ax),
            lambda ax: plots.activation("relu", ax=ax),
            lambda ax: plots.history(history, ax=ax),
            lambda ax: plots.decision_regions(net, X, y, ax=ax),
            lambda ax: plots.reliability([0.6, 0.8], [True, False], ax=ax),
        ],
    ):
        assert function(ax) is fig
        assert ax.has_data()
    assert len(fig.axes) == 6
    fig.canvas.draw()
    with pytest.raises(ValueError, match="leave out ax"):
        plots.activation(["relu", "tanh"], ax=axes[0])


def test_images_and_history_of_their_own():
    fig, texts = draw(plots.images, np.eye(64), titles=list(range(64)))
    assert len(fig.axes) == 70
    assert "63" in texts
    with pytest.raises(ValueError, match="give image_shape"):
        plots.images(np.ones((2, 10)))
    net = nnlib.Network([4, 3])
    X, y = np.eye(4), np.array([0, 1, 2, 0])
    history = nnlib.train(net, X, y, epochs=3, validation=(X, y), progress=False)
    _, texts = draw(plots.history, history)
    assert all(word in texts for word in ("epoch", "loss", "accuracy", "training", "validation"))


def test_images_takes_pictures_and_refuses_none():
    X = np.random.default_rng(0).random((3, 6, 4))
    for given in (X, X.tolist()):
        fig, _ = draw(plots.images, given)
        for ax, picture in zip(fig.axes, X, strict=True):
            np.testing.assert_array_equal(ax.images[0].get_array(), picture)
    with pytest.raises(ValueError, match="24 pixels, which is not 5 x 5"):
        plots.images(X, image_shape=(5, 5))
    for nothing in (X[:0], np.empty((0, 784)), []):
        with pytest.raises(ValueError, match="no pictures to draw"):
            plots.images(nothing)


def test_pixels_below_0_are_told_from_0():
    x = np.linspace(-2, 1, 64)
    net = nnlib.Network([64, 10])
    for fig in (plots.images(x), plots.forward_flow(net, x)):
        picture = next(ax.images[0] for ax in fig.axes if ax.images)
        assert picture.get_clim() == pytest.approx((-2, 1))
    assert plots.images(abs(x)).axes[0].images[0].get_clim() == pytest.approx((0, 2))
    assert plots.images(x, signed=True).axes[0].images[0].get_clim() == pytest.approx((-2, 2))
    draw(plots.images, np.zeros((2, 64)))


def test_weights_that_are_no_pictures_are_a_table():
    net = nnlib.Network([64, 64, 10])
    assert len(plots.weights(net, most=30).axes) == 30
    assert plots.weights(net, layer=-2).axes[0].images[0].get_array().shape == (8, 8)
    for options in ({"layer": 1}, {"layer": -1}, {"image_shape": False}):  # 64 units of a layer are no picture
        fig, texts = draw(plots.weights, net, **options)
        assert fig.axes[0].images[0].get_array().shape[0] == 64
        assert "64 inputs" in texts
    for layer in (2, 5, -3):
        with pytest.raises(ValueError, match=f"layer is {layer}; the network has Dense layers 0 to 1"):
            plots.weights(net, layer=layer)


def test_64_features_may_be_no_picture():
    net, x = nnlib.Network([64, 12, 3]), np.ones(64)
    assert "unit " not in draw(plots.forward_flow, net, x, image_shape=False)[1]
    assert "64 inputs" in draw(plots.gradients, net, x[None], [0], image_shape=False)[1]
    assert "64 inputs" in draw(plots.weight_update, net, x[None], [0], image_shape=False)[1]
    assert "64 values" in draw(plots.predictions, net, x[None], [0], image_shape=False)[1]


def test_decision_regions_of_many_classes():
    net, rng = nnlib.Network([2, 8, 19]), np.random.default_rng(0)
    X, y = rng.normal(size=(190, 2)), np.arange(190) % 19
    fig, _ = draw(plots.decision_regions, net, X.tolist(), y.tolist())
    assert fig.axes[0].images[0].cmap.N == 19
    looks = set()
    for k, points in enumerate(fig.axes[0].collections):
        np.testing.assert_allclose(points.get_offsets(), X[y == k], rtol=1e-6)
        looks.add((points.get_facecolor().tobytes(), points.get_paths()[0].vertices.tobytes()))
    assert len(looks) == 19
    one_hot = plots.decision_regions(net, X, np.eye(19)[y])
    assert [len(points.get_offsets()) for points in one_hot.axes[0].collections] == [10] * 19


def test_decision_regions_needs_a_classifier_of_two_inputs():
    X, y = np.ones((3, 2)), [0.0, 1.0, 2.0]
    with pytest.raises(ValueError, match="a regression of 2 inputs; give a classifier of 2"):
        plots.decision_regions(nnlib.Network([2, 3, 1], **REGRESSION), X, y)
    with pytest.raises(ValueError, match="a classifier of 4 inputs; give a classifier of 2"):
        plots.decision_regions(nnlib.Network([4, 3]), np.ones((3, 4)), y)


def test_history_of_iterations():
    net = nnlib.Network([4, 3])
    history = nnlib.train(net, np.eye(4), [0, 1, 2, 0], epochs=3, progress=False)
    fig, texts = draw(plots.history, history, xlabel="iteration")
    assert [ax.get_xlabel() for ax in fig.axes] == ["iteration"] * 2
    assert "epoch" not in texts


def test_reliability_draws_a_point_and_an_interval_for_each_group():
    p, right = np.r_[[0.95] * 20, [0.6] * 10, 0.2], np.r_[[1] * 18, [0] * 2, [1] * 6, [0] * 5]
    fig, texts = draw(plots.reliability, p, right)
    points = [bar.lines[0].get_xydata()[0] for bar in fig.axes[0].containers]
    np.testing.assert_allclose(points, [[0.2, 0], [0.6, 0.6], [0.95, 0.9]])
    (segment,) = fig.axes[0].containers[-1].lines[2][0].get_segments()
    np.testing.assert_allclose(segment[:, 1], [0.699, 0.972], atol=1e-3)  # Wilson's interval of 18 in 20
    assert fig.axes[0].get_xlim()[0] < 0.2 and "share that is right" in texts
    assert len(plots.reliability(p, right, edges=[0.5]).axes[0].containers) == 2


def test_architecture_names_the_options_of_activations():
    plain = nnlib.Network([4, 5, 6, 3], activations=["leaky_relu", "elu"])
    given = [nnlib.layers.Activation("leaky_relu", slope=0.2), "elu"]
    fig, texts = draw(plots.architecture, nnlib.Network([4, 5, 6, 3], activations=given))
    assert "leaky_relu\nslope = 0.2" in texts
    assert "slope" not in draw(plots.architecture, plain)[1]
    boxes = [text.get_window_extent() for text in fig.axes[0].texts if "units" in text.get_text()]
    assert fig.axes[0].title.get_window_extent().y0 > max(box.y1 for box in boxes)


def test_architecture_of_layers_without_an_activation_or_with_two():
    tanh, elu = nnlib.Activation("tanh"), nnlib.Activation("elu", alpha=0.5)
    net = nnlib.Network(layers=[nnlib.Dense(4, 5), nnlib.Dense(5, 6), tanh, elu, nnlib.Dense(6, 3)])
    fig, _ = draw(plots.architecture, net)
    above = [text.get_text() for text in fig.axes[0].texts if " unit" in text.get_text()]
    assert above == [
        "input\n4 units\n",
        "hidden 1\n5 units\n",
        "hidden 2\n6 units\ntanh\nelu\nalpha = 0.5",
        "output\n3 units\nsoftmax",
    ]


@pytest.mark.parametrize("layer", [nnlib.BatchNorm(64), nnlib.Dropout(0.5)])
def test_what_draws_dense_layers_alone_says_so(layer):
    """It would draw the weights as those of the pixels, or a net without the layer."""
    net = nnlib.Network(layers=[layer, nnlib.Dense(64, 12), nnlib.Activation("relu"), nnlib.Dense(12, 3)])
    X, y = np.random.default_rng(0).random((6, 64)), [0, 1, 2, 0, 1, 2]
    calls = {
        "architecture": (net,),
        "forward_flow": (net, X[0]),
        "gradients": (net, X, y),
        "weight_update": (net, X, y),
        "weights": (net,),
    }
    for name, arguments in calls.items():
        words = rf"plots\.{name} draws Dense layers and activations; this network has {re.escape(repr(layer))}"
        with pytest.raises(ValueError, match=words):
            getattr(plots, name)(*arguments)
    _, texts = draw(plots.predictions, net, X, y)  # which asks the network alone
    assert all(f"{p:.0%}" in texts for p in net.predict_proba(X).max(axis=1))


def test_the_picture_of_an_architecture_is_not_heavy():
    kept = io.BytesIO()
    plots.architecture(nnlib.Network([784, 128, 64, 10])).savefig(kept, dpi=100, bbox_inches="tight")
    assert len(kept.getvalue()) < 200_000


def test_the_docstring_says_which_functions_take_an_ax():
    into_ax, own_figure, rest = re.search(
        "Into `ax`, if one is given(.*)Always a figure of their own(.*)All of these(.*)", plots.__doc__, re.DOTALL
    ).groups()
    functions = {name: getattr(plots, name) for name in plots.__all__ if inspect.isfunction(getattr(plots, name))}
    takes_ax = {name for name, function in functions.items() if "ax" in inspect.signature(function).parameters}
    assert set(re.findall("`([a-z_]+)`", into_ax)) == takes_ax
    others = {"figure", "tile", "use_style"}
    assert set(re.findall("`([a-z_]+)`", own_figure)) == set(functions) - takes_ax - others
    assert set(re.findall("`([a-z_]+)`", rest)) == others | {"styled"}


def test_numerals_have_equally_many_decimals_and_no_minus_zero():
    assert numerals(np.array([9.53, -0.001])) == ["+9.53", "+0.00"]
    assert numerals(np.array([-0.0015, 0.00002])) == ["−0.0015", "+0.0000"]
    assert numerals(np.array([120.4, 3.0])) == ["120", "3"]
    assert numerals(np.array([0.0])) == ["0.00"]
    assert numerals(np.array([2e-7])) == ["2e−07"]


def test_a_kernel_on_a_picture_shows_its_numbers_and_frames_the_patch():
    X, W = np.arange(20.0).reshape(4, 5), np.array([[0, 1], [-2, 0.5]])
    fig = plots.convolution(X, W, place=(2, 1), b=3)
    texts = [[text.get_text() for text in ax.texts] for ax in fig.axes]
    Z = correlate2d(X, W, mode="valid") + 3
    assert texts[0] == [f"{value:g}" for value in X.ravel()] and texts[1] == ["0", "1", "−2", "0.5"]
    assert texts[2] == [f"{value:.3g}".replace("-", "−") for value in Z.ravel()]
    patch, value = fig.axes[0].patches[-1], fig.axes[2].patches[-1]
    assert patch.get_xy() == value.get_xy() == (0.5, 1.5)
    assert (patch.get_width(), patch.get_height(), value.get_width()) == (2, 2, 1)


@pytest.mark.parametrize(
    ("X", "W", "place", "words"),
    [
        (np.zeros(9), np.zeros((2, 2)), (0, 0), r"X has the shape \(9,\)"),
        (np.zeros((3, 3)), np.zeros((4, 2)), (0, 0), r"W \(4, 2\); expected a picture and a kernel that fits"),
        (np.zeros((3, 3)), np.zeros((2, 2)), (0, 2), "place is .*; the map has 2 rows and 2 columns"),
    ],
)
def test_a_kernel_that_does_not_fit_is_told(X, W, place, words):
    with pytest.raises(ValueError, match=words):
        plots.convolution(X, W, place)

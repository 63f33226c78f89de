"""nnlib.optimizers against the formulas of the papers, entry by entry in float64."""

import copy

import numpy as np
import pytest
from sklearn.linear_model import Lasso
from sklearn.neural_network import MLPClassifier

from nnlib import SGD, Activation, Adam, BatchNorm, Dense, Network, RMSprop, train
from nnlib.schedules import Constant, Cosine, Step, WarmUp


def small_net(dtype=np.float64, seed=0):
    return Network([3, 2], initializer="xavier", dtype=dtype, seed=seed)


def follow(optimizer, gradients, net):
    """The parameters after each step along the given gradients."""
    path = []
    for g in gradients:
        net.gradient[:] = g
        optimizer.step(net)
        path.append(net.parameters.copy())
    return np.array(path)


def sgd(w, gradients, rate=0.1, momentum=0.9):
    v = 0
    for g in gradients:
        v = momentum * v + g
        w = w - rate * v
        yield w


def rmsprop(w, gradients, rate=0.01, decay=0.9, epsilon=1e-8):
    v = 0
    for g in gradients:
        v = decay * v + (1 - decay) * g**2
        w = w - rate * g / (np.sqrt(v) + epsilon)
        yield w


def adam(w, gradients, rate=0.01, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m = v = 0
    for t, g in enumerate(gradients, 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        w = w - rate * m_hat / (np.sqrt(v_hat) + epsilon)
        yield w


@pytest.mark.parametrize(
    "optimizer, reference, options",
    [
        (SGD(0.1), sgd, {"momentum": 0}),
        (SGD(0.1, momentum=0.9), sgd, {}),
        (RMSprop(0.01), rmsprop, {}),
        (RMSprop(0.01, decay=0.5, epsilon=0.1), rmsprop, {"decay": 0.5, "epsilon": 0.1}),
        (Adam(0.01), adam, {}),
        (Adam(0.01, beta1=0.5, beta2=0.8, epsilon=0.1), adam, {"beta1": 0.5, "beta2": 0.8, "epsilon": 0.1}),
        (Adam(0.01, beta1=0, beta2=0), adam, {"beta1": 0, "beta2": 0}),
    ],
    ids=lambda value: getattr(value, "__name__", repr(value)),  # a function's repr differs from process to process
)
def test_50_steps_follow_the_papers_formula(optimizer, reference, options):
    optimizer.reset()  # made when this file was read: mutation testing runs it more than once
    net = small_net()
    gradients = np.random.default_rng(1).normal(size=(50, len(net.parameters)))
    expected = list(reference(net.parameters.copy(), gradients, **options))
    np.testing.assert_allclose(follow(optimizer, gradients, net), expected, rtol=1e-10, atol=1e-13)


def test_worked_numbers_of_two_steps():
    for optimizer, moves in [
        (SGD(0.1), [-0.2, -0.2]),
        (SGD(0.1, momentum=0.5), [-0.2, -0.3]),
        (RMSprop(0.1, decay=0.75, epsilon=1e-300), [-0.2, -0.1 * 2 / np.sqrt(0.75 + 1)]),
        (Adam(0.1, epsilon=1e-300), [-0.1, -0.1]),
    ]:
        net = small_net()
        start = net.parameters.copy()
        path = follow(optimizer, [np.full_like(start, 2)] * 2, net)
        np.testing.assert_allclose(np.diff([start, *path], axis=0), np.transpose([moves] * len(start)), rtol=1e-9)


@pytest.mark.parametrize(
    "optimizer", [SGD(0.1, 0.9), RMSprop(), Adam(), Adam(weight_decay=0.1), SGD(0.1, 0.9, l1=0.1)], ids=repr
)
def test_another_network_is_refused_until_reset(optimizer):
    optimizer.reset()
    first, second = small_net(), small_net()
    follow(optimizer, np.ones((2, 8)), first)
    before = second.parameters.copy()
    with pytest.raises(ValueError, match=r"another network.*reset"):
        optimizer.step(second)
    np.testing.assert_array_equal(second.parameters, before)
    optimizer.reset()
    again = follow(optimizer, np.ones((2, 8)), second)
    np.testing.assert_array_equal(again[-1], first.parameters)  # as if it were new


def test_plain_gradient_descent_serves_one_network_after_another():
    optimizer, first, second = SGD(0.1), small_net(), small_net()
    for net in (first, second):
        follow(optimizer, np.ones((2, 8)), net)
    np.testing.assert_array_equal(first.parameters, second.parameters)


@pytest.mark.parametrize("kind", [SGD, RMSprop, Adam])
def test_a_rate_changed_between_steps_is_used(kind):
    net, optimizer = small_net(), kind(0.1)
    start = net.parameters.copy()
    optimizer.learning_rate = 0.0
    np.testing.assert_array_equal(follow(optimizer, np.ones((1, 8)), net)[0], start)
    optimizer.learning_rate = 0.5
    assert (follow(optimizer, np.ones((1, 8)), net)[0] < start - 0.3).all()


@pytest.mark.parametrize("kind", [SGD, RMSprop, Adam])
def test_float32_parameters_stay_so_and_in_place(kind):
    net = small_net(np.float32)
    parameters = net.parameters
    optimizer = kind(np.float64(0.1))
    follow(optimizer, np.ones((3, 8)), net)
    assert net.parameters is parameters and parameters.dtype == np.float32
    assert np.shares_memory(net.weights[0], parameters)


@pytest.mark.parametrize("kind", [SGD, RMSprop, Adam])
def test_float32_follows_float64_closely(kind):
    gradients = np.random.default_rng(1).normal(size=(50, 8))
    single, double = (follow(kind(0.01), gradients, small_net(dtype)) for dtype in (np.float32, np.float64))
    np.testing.assert_allclose(single, double, atol=1e-5)


@pytest.mark.parametrize("kind", [RMSprop, Adam])
def test_a_parameter_whose_gradient_is_always_0_stays(kind):
    net = small_net()
    start = net.parameters.copy()
    np.testing.assert_array_equal(follow(kind(), np.zeros((3, 8)), net)[-1], start)


@pytest.mark.parametrize(
    "make, name",
    [
        (lambda: SGD(-0.1), "learning_rate"),
        (lambda: SGD(np.nan), "learning_rate"),
        (lambda: SGD(np.inf), "learning_rate"),
        (lambda: SGD(0.1, momentum=1.0), "momentum"),
        (lambda: SGD(0.1, momentum=-0.1), "momentum"),
        (lambda: RMSprop(decay=1), "decay"),
        (lambda: RMSprop(epsilon=-1), "epsilon"),
        (lambda: Adam(epsilon=0), "epsilon"),  # 0 / 0 where a pixel is always dark
        (lambda: Adam(beta1=1.0), "beta1"),
        (lambda: Adam(beta2=1.5), "beta2"),
        (lambda: SGD(weight_decay=-1), "weight_decay"),
        (lambda: Adam(weight_decay=np.inf), "weight_decay"),
        (lambda: RMSprop(l1=np.nan), "l1"),
    ],
)
def test_bad_settings_are_named(make, name):
    with pytest.raises(ValueError, match=rf"{name} is .*; expected (0 <= {name} <|a small number above 0)"):
        make()


@pytest.mark.parametrize("length", [0, -1, np.nan])
def test_a_bad_clip_norm_is_named(length):
    with pytest.raises(ValueError, match=r"clip_norm is .*; expected a length above 0, or None"):
        SGD(clip_norm=length)


def test_repr_shows_the_settings():
    assert repr(SGD(0.1, 0.9)) == "SGD(learning_rate=0.1, momentum=0.9)"
    assert repr(Adam(0.1, weight_decay=0.01)) == (
        "Adam(learning_rate=0.1, beta1=0.9, beta2=0.999, epsilon=1e-08, weight_decay=0.01)"
    )
    assert repr(SGD(Cosine(0.1, steps=50))) == "SGD(learning_rate=Cosine(rate=0.1, steps=50, final=0.0), momentum=0.0)"
    assert repr(Adam()) == "Adam(learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-08)"


# -- penalties ---------------------------------------------------------------------------------------------------------


def test_adamw_takes_the_steps_that_pytorch_takes():
    net = Network([3, 1], output="identity", dtype=np.float64)
    net.weights[0][:, 0] = [1, -2, 0.5]
    optimizer, path = Adam(0.1, weight_decay=0.2), []
    for g in ([1.0, 0.5, -2.0], [0.1, -0.5, 1.0], [-3.0, 0.25, 0.0]):
        net.gradient[:] = [*g, 0]
        optimizer.step(net)
        path.append(net.weights[0][:, 0].copy())
    # torch.optim.AdamW(lr=0.1, weight_decay=0.2) of PyTorch 2.13, float64
    expected = [
        [0.880000001000, -2.059999998000, 0.589999999500],
        [0.788318937741, -2.013536840251, 0.604833703308],
        [0.814957844568, -1.990738656461, 0.613324959440],
    ]
    np.testing.assert_allclose(path, expected, rtol=1e-9)


def test_l2_is_scikit_learns_alpha():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), rng.integers(3, size=40)
    alpha = 2.0  # scikit-learn divides it by the rows of a batch
    peer = MLPClassifier((5,), activation="tanh", solver="sgd", alpha=alpha, momentum=0, learning_rate_init=0.1,
                         batch_size=40, random_state=0, shuffle=False)  # fmt: skip
    peer.partial_fit(X, y, classes=range(3))
    net = Network([3, 5, 3], "tanh", dtype=np.float64)
    for ours, theirs in zip([*net.weights, *net.biases], [*peer.coefs_, *peer.intercepts_]):
        ours[...] = theirs
    plain = net.astype(np.float64)
    for _ in range(5):
        peer.partial_fit(X, y)
    train(net, X, y, 5, None, SGD(0.1, weight_decay=alpha / 40), progress=False)
    train(plain, X, y, 5, None, SGD(0.1), progress=False)
    for ours, without, theirs in zip(net.weights, plain.weights, peer.coefs_):
        np.testing.assert_allclose(ours, theirs, atol=1e-9)
        assert np.abs(ours - without).max() > 1e-3


@pytest.mark.parametrize("optimizer", [SGD(0.1, weight_decay=0.5), Adam(0.1, weight_decay=0.5), RMSprop(0.1, l1=0.5)],
                         ids=repr)  # fmt: skip
@pytest.mark.parametrize("everything", [False, True])
def test_penalties_pull_at_weights_alone_unless_told(optimizer, everything):
    optimizer.reset()
    optimizer.decay_all = everything
    net = Network(layers=[Dense(3, 4), BatchNorm(4), Activation("relu"), Dense(4, 2)], dtype=np.float64)
    net.parameters[:] = 1
    follow(optimizer, np.zeros((1, len(net.parameters))), net)
    for _, layer in net.learning:
        for name in layer.shapes:
            assert (getattr(layer, name) < 1).all() == (everything or name == "W"), (layer, name)


def test_l1_finds_the_zeros_of_the_lasso():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 8))
    y = X[:, 0] - 2 * X[:, 3] + 0.1 * rng.normal(size=200)
    lasso = Lasso(alpha=0.3, tol=1e-10).fit(X, y)  # 1/2 mean squared error + alpha sum |w|, as here
    net = Network([8, 1], output="identity", dtype=np.float64)
    train(net, X, y, 2000, None, SGD(0.1, l1=0.3), progress=False)
    np.testing.assert_allclose(net.weights[0][:, 0], lasso.coef_, atol=1e-6)
    np.testing.assert_array_equal(net.weights[0][:, 0] == 0, lasso.coef_ == 0)
    assert (lasso.coef_ == 0).sum() == 6


def test_clipping_shortens_what_is_too_long_and_nothing_else():
    for length in (5.0, 20.0):
        net = small_net()
        start = net.parameters.copy()
        gradient = np.zeros((1, 8))
        gradient[0, :2] = 6, 8  # of length 10
        (after,) = follow(SGD(0.1, clip_norm=length), gradient, net)
        np.testing.assert_allclose(start - after, 0.1 * gradient[0] * min(1, length / 10))


# -- schedules ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [lambda: Cosine(0.1, 0), lambda: Step(0.1, 0), lambda: WarmUp(0.1, -1)])
def test_a_schedule_of_no_steps_is_refused(make):
    with pytest.raises(ValueError, match="expected a number of steps from 1"):
        make()


def test_worked_rates():
    assert [Constant(0.1)(k) for k in (0, 99)] == [0.1, 0.1]
    assert [Step(1.0, 10, 0.5)(k) for k in (0, 9, 10, 29, 30)] == [1, 1, 0.5, 0.25, 0.125]
    np.testing.assert_allclose([Cosine(1.0, 100, 0.2)(k) for k in (0, 50, 100, 500)], [1, 0.6, 0.2, 0.2])
    np.testing.assert_allclose([WarmUp(1.0, 4)(k) for k in range(6)], [0.25, 0.5, 0.75, 1, 1, 1])
    warm = WarmUp(Cosine(2.0, 10), 2)
    np.testing.assert_allclose([warm(k) for k in (0, 1, 2, 7, 12)], [1, 2, 2, 1, 0], atol=1e-12)


@pytest.mark.parametrize("kind", [SGD, RMSprop, Adam])
def test_an_optimizer_asks_its_schedule_for_each_steps_rate(kind):
    net, asked = small_net(), []

    def schedule(step):
        asked.append(step)
        return 0.1 if step < 2 else 0.0

    path = follow(kind(schedule), np.ones((4, 8)), net)
    assert asked == [0, 1, 2, 3]
    assert (path[0] != path[1]).all() and (path[1] == path[2]).all() and (path[2] == path[3]).all()


def test_the_count_of_steps_goes_on_from_one_training_to_the_next():
    X, y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2
    optimizer, net = SGD(Step(0.1, 4)), small_net()
    for _ in range(3):
        train(net, X, y, 1, 10, optimizer, progress=False)
    assert optimizer.steps == 6
    assert optimizer.rate == pytest.approx(0.01)
    with pytest.raises(ValueError, match="another network"):  # which would begin at the end of the schedule
        train(small_net(), X, y, 1, 10, optimizer, progress=False)
    optimizer.reset()
    assert optimizer.rate == 0.1


# -- what a user may get wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [lambda: SGD(lr=0.5), lambda: Adam(0.1, weight_decy=0.1), lambda: SGD(nesterov=True)])
def test_a_misspelt_setting_is_refused(make):
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        make()


@pytest.mark.parametrize("rate", [-0.1, np.nan, np.inf, "0.1", None])
def test_a_bad_rate_is_named_whenever_it_is_set(rate):
    for how in ("argument", "attribute", "schedule"):
        with pytest.raises(ValueError, match=r"learning_rate is .*; expected 0 <= learning_rate < inf"):
            optimizer = SGD(rate if how == "argument" else (lambda step: rate) if how == "schedule" else 0.1)
            optimizer.learning_rate = rate if how == "attribute" else optimizer.learning_rate
            optimizer.step(small_net())


@pytest.mark.parametrize("optimizer", ["adam", Adam])
def test_what_is_no_optimizer_is_named(optimizer):
    with pytest.raises(ValueError, match=r"optimizer is .*; expected one such as nnlib.Adam\(0.001\)"):
        train(small_net(), np.ones((4, 3)), [0, 1, 0, 1], optimizer=optimizer, progress=False)


def test_network_and_optimizer_are_copied_together():
    net, adam = small_net(), Adam(0.1)
    follow(adam, np.ones((3, 8)), net)
    twin, twins_adam = copy.deepcopy((net, adam))
    np.testing.assert_array_equal(follow(adam, np.ones((2, 8)), net), follow(twins_adam, np.ones((2, 8)), twin))


def test_what_lies_just_within_the_ranges_is_taken():
    assert SGD(clip_norm=0.5).clip_norm == 0.5
    assert Adam(epsilon=1).epsilon == 1 and RMSprop(epsilon=10).epsilon == 10 and Adam(beta1=0, beta2=0).beta1 == 0
    assert SGD(weight_decay=2, l1=3).l1 == 3 and SGD(0).rate == 0
    assert Cosine(0.1, steps=1)(0) == 0.1 and Step(0.1, every=1)(1) == pytest.approx(0.01)

"""nnlib.optimizers against the formulas of the papers, entry by entry in float64."""

import numpy as np
import pytest

from nnlib import SGD, Adam, Network, RMSprop


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
    ids=repr,
)
def test_50_steps_follow_the_papers_formula(optimizer, reference, options):
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


@pytest.mark.parametrize("optimizer", [SGD(0.1, 0.9), RMSprop(), Adam()], ids=repr)
def test_another_network_is_refused_until_reset(optimizer):
    first, second = small_net(), small_net()
    follow(optimizer, np.ones((2, 8)), first)
    before = second.parameters.copy()
    with pytest.raises(ValueError, match=r"another network.*reset"):
        optimizer.step(second)
    np.testing.assert_array_equal(second.parameters, before)
    optimizer.reset()
    again = follow(optimizer, np.ones((2, 8)), second)
    np.testing.assert_array_equal(again[-1], first.parameters)  # as if it were new


def test_plain_gradient_descent_remembers_nothing():
    optimizer = SGD(0.1)
    follow(optimizer, np.ones((2, 8)), small_net())
    follow(optimizer, np.ones((2, 8)), small_net())


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
    ],
)
def test_bad_settings_are_named(make, name):
    with pytest.raises(ValueError, match=rf"{name} is .*; expected (0 <= {name} <|a small number above 0)"):
        make()


def test_repr_shows_the_settings():
    assert repr(SGD(0.1, 0.9)) == "SGD(learning_rate=0.1, momentum=0.9)"
    assert repr(Adam()) == "Adam(learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-08)"

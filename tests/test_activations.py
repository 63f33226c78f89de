"""nnlib.activations against central differences, scipy.special and worked numbers."""

import numpy as np
import pytest
import scipy.special

from nnlib import activations
from nnlib.activations import FUNCTIONS

ELEMENTWISE = [name for name in FUNCTIONS if name != "softmax"]
every_function = pytest.mark.parametrize("name", FUNCTIONS)
every_elementwise = pytest.mark.parametrize("name", ELEMENTWISE)


def points(seed=0, shape=(20, 7)):
    """Z without values near the kink at 0."""
    Z = np.random.default_rng(seed).normal(0, 2, shape)
    return Z + 0.01 * np.sign(Z)


@every_elementwise
def test_the_derivative_agrees_with_central_differences(name):
    f, backward = FUNCTIONS[name]
    Z, step = points(), 1e-5
    numeric = (f(Z + step) - f(Z - step)) / (2 * step)
    np.testing.assert_allclose(backward(1, f(Z)), numeric, rtol=1e-8, atol=1e-9)


def test_softmax_backward_is_the_product_with_the_jacobian():
    z, dA, step = points(shape=(5,)), points(1, (1, 5)), 1e-5
    moves = step * np.eye(5)
    jacobian = (activations.softmax(z + moves) - activations.softmax(z - moves)) / (2 * step)  # row j: by z_j
    dZ = activations.softmax_backward(dA, activations.softmax(z[None, :]))
    np.testing.assert_allclose(dZ[0], jacobian @ dA[0], rtol=1e-8, atol=1e-10)


@every_function
def test_backward_multiplies_by_what_comes_from_above(name):
    f, backward = FUNCTIONS[name]
    A, dA = f(points()), points(1)
    np.testing.assert_allclose(backward(3 * dA, A), 3 * backward(dA, A))
    if name in ELEMENTWISE:
        np.testing.assert_allclose(backward(dA, A), dA * backward(1, A))


@every_function
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shape_and_dtype_stay(name, dtype):
    f, backward = FUNCTIONS[name]
    Z = points().astype(dtype)
    A = f(Z)
    dZ = backward(np.ones_like(A), A)
    assert A.shape == dZ.shape == Z.shape
    assert A.dtype == dZ.dtype == dtype


@every_function
def test_finite_and_without_warning_up_to_1e4_in_float32(name):
    f, backward = FUNCTIONS[name]
    sizes = np.logspace(-4, 4, 81, dtype=np.float32)
    row = np.concatenate([-sizes, [0], sizes]).astype(np.float32)
    Z = np.stack([row, row[::-1], np.full_like(row, 1e4), np.full_like(row, -1e4)])
    with np.errstate(all="raise", under="ignore"):
        A = f(Z)
        dZ = backward(np.ones_like(A), A)
    assert np.isfinite(A).all() and np.isfinite(dZ).all()


@every_function
def test_the_input_is_not_changed(name):
    f, backward = FUNCTIONS[name]
    Z = points()
    A, dA = f(Z.copy()), points(1)
    before = Z.copy(), A.copy(), dA.copy()
    f(Z)
    backward(dA, A)
    for array, kept in zip((Z, A, dA), before):
        np.testing.assert_array_equal(array, kept)


@pytest.mark.parametrize("dtype, rtol", [(np.float32, 3e-7), (np.float64, 1e-15)])
def test_sigmoid_and_softmax_agree_with_scipy(dtype, rtol):
    Z = (10 * points()).astype(dtype)
    np.testing.assert_allclose(activations.sigmoid(Z), scipy.special.expit(Z), rtol=rtol)
    np.testing.assert_allclose(activations.softmax(Z), scipy.special.softmax(Z, axis=1), rtol=10 * rtol, atol=1e-37)


def test_softmax_rows_sum_to_1_and_do_not_see_a_shift():
    Z = points()
    A = activations.softmax(Z)
    np.testing.assert_allclose(A.sum(axis=1), 1, rtol=1e-15)
    np.testing.assert_allclose(activations.softmax(Z + 1000), A, rtol=1e-11)
    assert (A > 0).all()


def test_worked_numbers():
    Z = np.array([-2.0, 0.0, 3.0])
    np.testing.assert_allclose(activations.identity(Z), [-2, 0, 3])
    np.testing.assert_allclose(activations.relu(Z), [0, 0, 3])
    np.testing.assert_allclose(activations.leaky_relu(Z), [-0.02, 0, 3])
    np.testing.assert_allclose(activations.leaky_relu(Z, slope=0.1), [-0.2, 0, 3])
    np.testing.assert_allclose(activations.elu(Z), [-0.8646647167633873, 0, 3])
    np.testing.assert_allclose(activations.elu(Z, alpha=2), [-1.7293294335267746, 0, 3])
    np.testing.assert_allclose(activations.sigmoid(Z), [0.11920292202211755, 0.5, 0.9525741268224334])
    np.testing.assert_allclose(activations.tanh(Z), [-0.9640275800758169, 0, 0.9950547536867305])
    np.testing.assert_allclose(activations.softmax(np.log([[1.0, 2.0, 5.0]])), [[0.125, 0.25, 0.625]])


def test_options_reach_the_derivative():
    Z, step = points(), 1e-5
    for f, backward, option in [
        (activations.leaky_relu, activations.leaky_relu_backward, {"slope": 0.3}),
        (activations.elu, activations.elu_backward, {"alpha": 2.0}),
    ]:
        numeric = (f(Z + step, **option) - f(Z - step, **option)) / (2 * step)
        np.testing.assert_allclose(backward(1, f(Z, **option), **option), numeric, rtol=1e-8)


def test_relu_has_slope_0_at_0():
    assert activations.relu_backward(1, activations.relu(np.zeros(1)))[0] == 0


def test_at_their_kink_the_others_have_the_slope_of_the_left_side():
    zero = np.zeros(1)
    assert activations.leaky_relu_backward(1, activations.leaky_relu(zero, slope=0.3), slope=0.3)[0] == 0.3
    assert activations.elu_backward(1, activations.elu(zero, alpha=0.5), alpha=0.5)[0] == 0.5


@pytest.mark.parametrize("shape", [(4,), (2, 3, 4)])
def test_softmax_is_over_the_last_axis(shape):
    rng = np.random.default_rng(0)
    Z, dA = rng.normal(size=shape), rng.normal(size=shape)
    A = activations.softmax(Z)
    np.testing.assert_allclose(A, scipy.special.softmax(Z, axis=-1), rtol=1e-12)
    rows = activations.softmax_backward(dA.reshape(-1, 4), A.reshape(-1, 4))
    np.testing.assert_allclose(activations.softmax_backward(dA, A), rows.reshape(shape), rtol=1e-12)

"""nnlib.losses against central differences, scipy, scikit-learn and worked numbers."""

import numpy as np
import pytest
import scipy.special
import sklearn.metrics

from nnlib import activations, losses
from nnlib.checks import numerical_gradient, relative_error

PAIRS = [
    (activations.softmax, activations.softmax_backward, losses.cross_entropy, losses.cross_entropy_from_logits),
    (activations.sigmoid, activations.sigmoid_backward, losses.binary_cross_entropy,
     losses.binary_cross_entropy_from_logits),
]  # fmt: skip
every_pair = pytest.mark.parametrize("output, backward, loss, from_logits", PAIRS)


def example(seed=0, m=6, K=4):
    """Z, A with rows that sum to 1, and one-hot Y."""
    rng = np.random.default_rng(seed)
    Z = rng.normal(0, 2, (m, K))
    return Z, activations.softmax(Z), np.eye(K)[rng.integers(K, size=m)]


@pytest.mark.parametrize("name", losses.LOSSES)
def test_dA_agrees_with_central_differences(name):
    loss = losses.LOSSES[name]
    _, A, Y = example()
    assert relative_error(loss(A, Y)[1], numerical_gradient(lambda: loss(A, Y)[0], A, 1e-6)) < 1e-7


@pytest.mark.parametrize("from_logits", [pair[3] for pair in PAIRS])
def test_dZ_agrees_with_central_differences(from_logits):
    Z, _, Y = example()
    assert relative_error(from_logits(Z, Y)[1], numerical_gradient(lambda: from_logits(Z, Y)[0], Z)) < 1e-8


@every_pair
def test_the_short_form_agrees_with_the_long_one(output, backward, loss, from_logits):
    Z, _, Y = example()
    A = output(Z)
    value, dA = loss(A, Y)
    short, dZ = from_logits(Z, Y)
    assert short == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(dZ, backward(dA, A), rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(dZ, (A - Y) / len(Y), rtol=1e-12)


def test_worked_numbers():
    A, Y = np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]), np.array([[1.0, 0, 0], [0, 0, 1]])
    value, dA = losses.cross_entropy(A, Y)
    assert value == pytest.approx((np.log(2) + np.log(1.25)) / 2)
    np.testing.assert_allclose(dA, [[-1, 0, 0], [0, 0, -0.625]])
    value, dA = losses.binary_cross_entropy(np.array([[0.8], [0.4]]), np.array([[1.0], [0.0]]))
    assert value == pytest.approx(-(np.log(0.8) + np.log(0.6)) / 2)
    np.testing.assert_allclose(dA, [[-0.625], [1 / 1.2]])
    value, dA = losses.mean_squared_error(np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([[0.0, 4.0], [3.0, 2.0]]))
    assert value == pytest.approx((1 + 4 + 0 + 9) / 2 / 2)
    np.testing.assert_allclose(dA, [[0.5, -1], [0, 1.5]])


def test_cross_entropy_of_a_guess_is_ln_K():
    assert losses.cross_entropy(np.full((3, 10), 0.1), np.eye(10)[:3])[0] == pytest.approx(np.log(10))


def test_agree_with_scikit_learn():
    _, A, Y = example(1, m=50)
    assert losses.cross_entropy(A, Y)[0] == pytest.approx(sklearn.metrics.log_loss(Y, A))
    binary = sum(sklearn.metrics.log_loss(Y[:, k], A[:, k], labels=[0, 1]) for k in range(4))
    assert losses.binary_cross_entropy(A, Y)[0] == pytest.approx(binary)
    half_K = A.shape[1] / 2  # scikit-learn takes the mean over all entries
    assert losses.mean_squared_error(A, Y)[0] == pytest.approx(half_K * sklearn.metrics.mean_squared_error(Y, A))


@pytest.mark.parametrize("gap", [0, 1, 30, 200, 1e4])
def test_from_logits_is_exact_for_large_gaps_in_float32(gap):
    Z = np.array([[gap, 0, -gap], [0, gap, 0]], np.float32)
    Y = np.array([[0, 0, 1], [1, 0, 0]], np.float32)
    with np.errstate(all="raise", under="ignore"):
        value, dZ = losses.cross_entropy_from_logits(Z, Y)
        binary, dZ_binary = losses.binary_cross_entropy_from_logits(Z, Y)
    exact = -(Y * scipy.special.log_softmax(Z.astype(np.float64), axis=1)).sum() / 2
    assert value == pytest.approx(exact, rel=1e-6)
    P = scipy.special.log_expit(Z.astype(np.float64)), scipy.special.log_expit(-Z.astype(np.float64))
    assert binary == pytest.approx(-(Y * P[0] + (1 - Y) * P[1]).sum() / 2, rel=1e-6)
    assert np.isfinite(dZ).all() and np.isfinite(dZ_binary).all()
    assert dZ.dtype == dZ_binary.dtype == np.float32


@pytest.mark.parametrize("name", losses.LOSSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_probabilities_that_rounded_to_0_or_1_give_no_warning(name, dtype):
    A, Y = np.array([[0, 1], [1, 0]], dtype), np.array([[1, 0], [1, 0]], dtype)
    with np.errstate(all="raise", under="ignore"):
        value, dA = losses.LOSSES[name](A, Y)
    assert np.isfinite(value) and np.isfinite(dA).all()
    assert isinstance(value, float) and dA.dtype == dtype


def test_the_loss_is_a_mean_over_samples():
    _, A, Y = example()
    for loss in losses.LOSSES.values():
        value, dA = loss(A, Y)
        twice, dA_twice = loss(np.vstack([A, A]), np.vstack([Y, Y]))
        assert twice == pytest.approx(value)
        np.testing.assert_allclose(dA_twice[: len(A)], dA / 2)


@pytest.mark.parametrize(
    "loss", [*losses.LOSSES.values(), losses.cross_entropy_from_logits, losses.binary_cross_entropy_from_logits]
)
def test_targets_of_another_shape_are_refused_instead_of_spread(loss):
    with pytest.raises(ValueError, match=r"outputs and targets Y \(4,\) have different shapes"):
        loss(np.full((4, 1), 0.5), np.ones(4))


def test_rows_do_not_see_each_others_size():
    Z = np.array([[2000.0, 1999.0], [-2000.0, -2001.0]])
    with np.errstate(all="raise", under="ignore"):
        value, dZ = losses.cross_entropy_from_logits(Z, np.eye(2))
    assert value == pytest.approx(0.5 * (np.log1p(np.exp(-1)) + np.log1p(np.exp(1))))
    np.testing.assert_allclose(dZ[0, 1], scipy.special.expit(-1) / 2)

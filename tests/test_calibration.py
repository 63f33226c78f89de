"""Calibration: groups as scikit-learn makes them, an error that counts what is misstated, the temperature that fits."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from nnlib.activations import softmax
from nnlib.calibration import calibration_error, fit_temperature, groups


@pytest.fixture(scope="module")
def honest():
    """Logits (m, 10) and classes drawn from what they say."""
    rng = np.random.default_rng(0)
    Z = 2 * rng.normal(size=(20_000, 10))
    return Z, (softmax(Z).cumsum(axis=1) < rng.random((len(Z), 1))).sum(axis=1)


def answers(Z, y):
    P = softmax(Z)
    return P.max(axis=1), P.argmax(axis=1) == y


def test_groups_are_scikit_learns(honest):
    p, right = answers(*honest)
    table = groups(p, right, np.linspace(0, 1, 11)[1:-1])
    share, said = calibration_curve(right, p, n_bins=10)
    np.testing.assert_allclose(table["right"], share)
    np.testing.assert_allclose(table["said"], said)
    assert table["n"].sum() == len(p)


def test_the_error_by_hand():
    """Two groups: 3 answers given with 0.95, of which 2 are right, and 1 given with 0.55, which is right."""
    p, right = [0.95, 0.95, 0.95, 0.55], [True, True, False, True]
    assert calibration_error(p, right) == pytest.approx(3 / 4 * (0.95 - 2 / 3) + 1 / 4 * 0.45)
    assert calibration_error([1.0, 1.0], [1, 1]) == 0  # the last group holds p = 1


def test_an_honest_classifier_has_a_small_error_and_a_temperature_of_1(honest):
    Z, y = honest
    assert calibration_error(*answers(Z, y)) < 0.01
    assert fit_temperature(Z, y) == pytest.approx(1, abs=0.03)
    assert calibration_error(*answers(2.5 * Z, y)) > 0.1
    assert fit_temperature(2.5 * Z, y) == pytest.approx(2.5, rel=0.03)
    assert fit_temperature(0.4 * Z.astype(np.float32), y) == pytest.approx(0.4, rel=0.03)


def test_no_temperature_is_better(honest):
    Z, y = honest[0][:500] * 1.7, honest[1][:500]
    T = fit_temperature(Z, y)

    def loss(T):
        return -np.log(softmax(Z / T)[np.arange(len(y)), y]).mean()

    grid = np.linspace(0.5, 4, 351)
    assert loss(T) <= min(map(loss, grid)) + 1e-7
    assert pytest.approx(grid[np.argmin([loss(t) for t in grid])], abs=0.02) == T


def test_what_is_refused():
    with pytest.raises(ValueError, match=r"p has the shape \(2,\), right \(3,\)"):
        groups([0.5, 0.6], [1, 0, 1])
    with pytest.raises(ValueError, match="lie in"):
        groups([0.5, 90], [1, 0])
    with pytest.raises(ValueError, match="lie in"):
        groups([0.5, np.nan], [1, 0])
    with pytest.raises(ValueError, match=r"expected one number"):
        groups([], [])
    Z = np.eye(3)
    with pytest.raises(ValueError, match="all 3 answers are right"):
        fit_temperature(Z, np.arange(3))
    with pytest.raises(ValueError, match=r"Z has the shape \(3, 3\), y \(3, 3\)"):
        fit_temperature(Z, Z)

"""Start weights of one Dense layer: `(rng, n_in, n_out) -> W (n_in, n_out), b (n_out,)`, in float64.

`rng` is a `numpy.random.Generator`. `normal` and `uniform` take their numbers first: `uniform(-0.5, 0.5)` is an
initializer.
"""

from functools import partial

import numpy as np


def he(rng: np.random.Generator, n_in: int, n_out: int) -> tuple[np.ndarray, np.ndarray]:
    """Normal weights of variance 2 / n_in, zero biases: for ReLU and its relatives (He et al. 2015, eq. 10)."""
    return rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out)), np.zeros(n_out)


def xavier(rng: np.random.Generator, n_in: int, n_out: int) -> tuple[np.ndarray, np.ndarray]:
    """Uniform weights within +-sqrt(6 / (n_in + n_out)), zero biases: for tanh (Glorot & Bengio 2010, eq. 16)."""
    limit = np.sqrt(6 / (n_in + n_out))
    return rng.uniform(-limit, limit, (n_in, n_out)), np.zeros(n_out)


def zeros(rng: np.random.Generator, n_in: int, n_out: int) -> tuple[np.ndarray, np.ndarray]:
    """All zero. Right for a net without hidden layers; hidden units that start equal stay equal."""
    return np.zeros((n_in, n_out)), np.zeros(n_out)


def normal(scale: float) -> partial:
    """An initializer: normal weights of standard deviation `scale`, zero biases."""
    return partial(_normal, scale=scale)


def uniform(low: float, high: float) -> partial:
    """An initializer: weights and biases uniform in [low, high)."""
    return partial(_uniform, low=low, high=high)


# Functions of the module, since a network that holds a function made inside another could not be pickled.
def _normal(rng, n_in, n_out, scale):
    return rng.normal(0, scale, (n_in, n_out)), np.zeros(n_out)


def _uniform(rng, n_in, n_out, low, high):
    return rng.uniform(low, high, (n_in, n_out)), rng.uniform(low, high, n_out)


INITIALIZERS = {"he": he, "xavier": xavier, "zeros": zeros}

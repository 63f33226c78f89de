"""The matrix product of a browser, whose NumPy has no BLAS, against NumPy's own."""

import time

import numpy as np
import pytest

from nnlib import Network, layers, threads, train


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order_A", ["C", "F", "strided"])
@pytest.mark.parametrize("order_B", ["C", "F", "strided"])
@pytest.mark.parametrize("m, n, k", [(64, 784, 128), (2, 3, 4), (1, 500, 700)])  # the second is left to NumPy
def test_scipy_matmul_is_numpys(m, n, k, order_A, order_B, dtype):
    rng = np.random.default_rng(0)

    def matrix(rows, columns, order):
        made = rng.normal(size=(rows, 2 * columns)).astype(dtype)
        return made[:, ::2] if order == "strided" else np.array(made[:, :columns], order=order)

    A, B = matrix(m, n, order_A), matrix(n, k, order_B)
    before = A.copy(), B.copy()
    out = np.full((m, k), np.nan, dtype)
    product = threads.scipy_matmul(A, B)
    assert threads.scipy_matmul(A, B, out=out) is out
    assert product.dtype == dtype and product.flags.c_contiguous
    tolerance = 1e-3 if dtype is np.float32 else 1e-11
    np.testing.assert_allclose(product, np.matmul(A, B), atol=tolerance)
    np.testing.assert_array_equal(out, product)
    assert all(np.array_equal(one, other) for one, other in zip(before, (A, B)))


def test_elsewhere_it_is_numpys_own():
    assert not threads.IN_BROWSER and threads.matmul is np.matmul


def test_a_network_trains_by_it_as_by_numpy(monkeypatch):
    rng = np.random.default_rng(0)
    X, y, losses = rng.normal(size=(256, 784)), rng.integers(0, 10, 256), []
    for product in (np.matmul, threads.scipy_matmul):
        monkeypatch.setattr(layers, "matmul", product)
        net = Network([784, 64, 32, 10], dtype=np.float64)
        train(net, X, y, epochs=3, progress=False)
        losses.append(net.loss(X, y))
    assert losses[0] == pytest.approx(losses[1], rel=1e-10)


@pytest.mark.parametrize("slow", [1, 2])
def test_training_takes_the_number_of_threads_that_is_faster(slow):
    """Steps that take long with one number of threads and no time with the other."""
    with threads.blas().limit(limits=2):

        def steps():
            for k in range(200):
                number = threads.blas().lib_controllers[0].num_threads
                time.sleep(0.01 if number == slow else 0.001)
                yield k, number

        taken = list(threads.on_best_threads(steps()))
        assert [k for k, _ in taken] == [*range(200)]
        numbers = [number for _, number in taken]
        change = numbers.index(1)  # tried with all, then with one, then with the better
        assert change > 0 and {*numbers[:change]} == {2} and numbers[-1] == 3 - slow
        assert threads.blas().lib_controllers[0].num_threads == 2


def test_what_fails_leaves_the_number_of_threads():
    def steps():
        yield 1
        raise ValueError("diverged")

    with threads.blas().limit(limits=2):
        with pytest.raises(ValueError, match="diverged"):
            list(threads.on_best_threads(steps()))
        assert threads.blas().lib_controllers[0].num_threads == 2


def test_a_limit_of_one_thread_is_kept():
    with threads.blas().limit(limits=1):
        assert list(threads.on_best_threads(iter([7, 8]))) == [7, 8]

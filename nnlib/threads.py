"""How a matrix product is computed: how many threads it takes, and by which library in a browser."""

import contextlib
import functools
import sys
import warnings

import numpy as np

IN_BROWSER = sys.platform == "emscripten"  # Pyodide: one thread, and a NumPy without BLAS
if IN_BROWSER:
    # tqdm and threadpoolctl say that there are no threads.
    for words in ("tqdm:disabling monitor support", "Could not find dl_iterate_phdr", "JsProxy.as_object_map"):
        warnings.filterwarnings("ignore", words)

# Multiplications of one batch's products. Below, a second thread gains at most a factor of 1.7 on a quiet machine, and
# beside a busy process it costs one of up to 12 (2 cores, benchmarks/threads.py); above, it gains and costs little.
SMALL = 3e8


def blas_threads(multiplications):
    """A context in which BLAS takes one thread for products as small as these, else as many as there are.

    A meeting of threads costs more than a small product; beside a busy process it costs tens of times more.
    """
    if IN_BROWSER:
        return contextlib.nullcontext()
    return controller().limit(limits=1 if multiplications < SMALL else None, user_api="blas")


@functools.cache
def controller():
    """The BLAS libraries of this process; to look for them takes milliseconds."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def scipy_matmul(A, B, out=None):
    """`np.matmul` of two matrices by SciPy's BLAS, which takes a quarter of the time of a NumPy without BLAS."""
    if A.size * B.shape[1] < 300_000:
        return np.matmul(A, B, out=out)
    try:
        from scipy.linalg.blas import get_blas_funcs
    except ImportError:  # a page that is still loading it
        return np.matmul(A, B, out=out)
    # BLAS holds matrices by columns, so that it is given (A B).T = B.T A.T, and copies nothing.
    (P, trans_a), (Q, trans_b) = ((M.T, False) if M.flags.c_contiguous else (M, True) for M in (B, A))
    product = get_blas_funcs("gemm", (A, B))(1, P, Q, trans_a=trans_a, trans_b=trans_b).T
    if out is None:
        return product
    out[...] = product
    return out


matmul = scipy_matmul if IN_BROWSER else np.matmul

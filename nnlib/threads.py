"""How a matrix product is computed: how many threads it takes, and by which library in a browser."""

import contextlib
import functools
import sys
import time
import warnings
from collections.abc import Generator, Iterator

import numpy as np

IN_BROWSER = sys.platform == "emscripten"  # Pyodide: one thread, and a NumPy without BLAS
if IN_BROWSER:
    # tqdm and threadpoolctl say that there are no threads.
    for words in ("tqdm:disabling monitor support", "Could not find dl_iterate_phdr", "JsProxy.as_object_map"):
        warnings.filterwarnings("ignore", words)

TRIAL = 0.05  # seconds of steps with each number of threads; a busy process does not fill less at every moment
REST = 50  # times what a trial took, until the next one


def on_best_threads(steps: Iterator) -> Generator:
    """Yield what the iterator `steps` yields, each computed by one BLAS thread or by all, whichever proved faster.

    Threads meet in every product. On two quiet cores all of them save a fifth of the time of network A's steps; beside
    a busy process, where each waits for the other, they take tens of times as long. So it is tried, again and again
    (benchmarks/threads.py).
    """
    every = max((library.num_threads for library in blas().lib_controllers), default=1) if not IN_BROWSER else 1
    if every == 1:
        yield from steps
        return
    with blas().limit(limits=every):  # as it is; restored in the end
        while True:
            rates, began = {}, time.perf_counter()
            for threads in (every, 1):
                blas().limit(limits=threads)
                taken, spent = 0, 0.0
                while spent < TRIAL:
                    started = time.perf_counter()
                    step = next(steps, None)
                    taken, spent = taken + 1, spent + time.perf_counter() - started
                    if step is None:
                        return
                    yield step
                rates[threads] = taken / spent
            blas().limit(limits=max(rates, key=rates.get))
            end = time.perf_counter() + REST * (time.perf_counter() - began)
            for step in steps:
                yield step
                if time.perf_counter() > end:
                    break
            else:
                return


def one_blas_thread():
    """A context in which BLAS takes one thread."""
    return contextlib.nullcontext() if IN_BROWSER else blas().limit(limits=1)


@functools.cache
def blas():
    """The BLAS libraries of this process; to look for them takes milliseconds."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


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

"""How a matrix product is computed: how many threads it takes, and by which library in a browser."""

import contextlib
import functools
import itertools
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

SLICE, TRIAL = 0.015, 0.03  # seconds of steps at a time, and in all, that are tried with each number of threads
SETTLE = 0.005  # seconds that do not count: threads that slept take 2 or 3 ms to wake
CLEAR = 2  # times as fast: then the trial ends early
REST = 50  # times what a trial took, until the next one
ENOUGH = 0.1  # seconds after which the one chosen is held against what was measured of the other


def on_best_threads(steps: Iterator) -> Generator:
    """Yield what the iterator `steps` yields, each computed by one BLAS thread or by all, whichever proved faster.

    Threads meet in every product. On two quiet cores all of them save a fifth of the time of network A's steps; beside
    a busy process, where each waits for the other, they take tens of times as long. So both are tried in turn, in short
    slices, again and again (benchmarks/threads.py).
    """
    every = max((library.num_threads for library in blas().lib_controllers), default=1) if not IN_BROWSER else 1
    if every == 1:
        yield from steps
        return
    with blas().limit(limits=every):  # as it is; restored in the end
        yield from itertools.islice(steps, 1)  # makes the arrays that the others use again
        began = time.perf_counter()
        while rates := (yield from trial(steps, (every, 1))):
            better, other = sorted(rates, key=rates.get, reverse=True)
            blas().limit(limits=better)
            if not (yield from timed(steps, REST * (time.perf_counter() - began), rival=rates[other])):
                return
            began = time.perf_counter()


def trial(steps, numbers):
    """Yield steps computed by each of these numbers of threads in turn; returns {number: steps a second}, or None at
    their end."""
    taken, spent, rates = dict.fromkeys(numbers, 0), dict.fromkeys(numbers, 0.0), dict.fromkeys(numbers, 1.0)
    while min(spent.values()) < TRIAL and max(rates.values()) < CLEAR * min(rates.values()):
        for threads in numbers:
            blas().limit(limits=threads)
            done = yield from timed(steps, SLICE, settled=time.perf_counter() + SETTLE)
            if done is None:
                return None
            taken[threads], spent[threads] = taken[threads] + done[0], spent[threads] + done[1]
            rates[threads] = taken[threads] / spent[threads]
    return rates


def timed(steps, most, settled=0.0, rival=0.0):
    """Yield steps for `most` seconds, or until they prove slower than `rival`, in steps a second.

    Returns how many and their seconds, of those that ended after the time `settled`; None if there are no more.
    """
    taken, spent = 0, 0.0
    while spent < most and (spent < ENOUGH or taken > rival * spent):
        started = time.perf_counter()
        step = next(steps, None)
        if step is None:
            return None
        if (now := time.perf_counter()) > settled:
            taken, spent = taken + 1, spent + now - started
        yield step
    return taken, spent


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

"""How many threads a matrix product takes."""

import functools

# Multiplications of one batch's products. Below, a second thread gains at most a factor of 1.7 on a quiet machine, and
# beside a busy process it costs one of up to 12 (2 cores, benchmarks/threads.py); above, it gains and costs little.
SMALL = 3e8


def blas_threads(multiplications):
    """A context in which BLAS takes one thread for products as small as these, else as many as there are.

    A meeting of threads costs more than a small product; beside a busy process it costs tens of times more.
    """
    return controller().limit(limits=1 if multiplications < SMALL else None, user_api="blas")


@functools.cache
def controller():
    """The BLAS libraries of this process; to look for them takes milliseconds."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()

"""How many threads a matrix product takes."""

import functools

SMALL = 3e7  # multiplications of one batch's products: below, a second thread makes them slower (benchmarks/threads.py)


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

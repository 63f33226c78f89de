"""How many threads a matrix product takes."""

SMALL = 3e7  # multiplications of one batch's products: below, a second thread makes them slower (benchmarks/threads.py)


def blas_threads(multiplications):
    """A context in which BLAS takes one thread if products are small, or as many as there are.

    For small products the threads' meeting costs more than they save; beside a busy process, tens of times more.
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1 if multiplications < SMALL else None)

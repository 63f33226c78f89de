"""Where a second BLAS thread pays: one epoch on one thread and on all, and beside a busy process.

    python benchmarks/threads.py

`nnlib.threads.SMALL` follows from it. Each row takes turns, one thread and all; medians of 5.
"""

import multiprocessing
import time
import warnings
from itertools import pairwise
from statistics import median

import numpy as np

import nnlib
from nnlib import threads

NETS = [([64, 64, 10], 64), ([784, 128, 64, 10], 32), ([784, 128, 64, 10], 128), ([784, 128, 64, 10], 256),
        ([784, 128, 64, 10], 512), ([784, 1000, 10], 128), ([784, 1000, 10], None)]  # fmt: skip


def seconds(sizes, batch_size, rows, small):
    """Of one epoch, where products of fewer multiplications than `small` take one thread."""
    rng = np.random.default_rng(0)
    X, y = rng.random((rows, sizes[0]), dtype=np.float32), rng.integers(10, size=rows)
    net, threads.SMALL = nnlib.Network(sizes), small
    started = time.perf_counter()
    nnlib.train(net, X, y, 1, batch_size, progress=False)
    return time.perf_counter() - started


def spin():
    while True:
        pass


def table(rounds, rows):
    print("| network | batch | multiplications | one thread | all | one / all |\n|---|---|---|---|---|---|")
    for sizes, batch_size in NETS:
        runs = [[seconds(sizes, batch_size, rows, small) for small in (np.inf, 0)] for _ in range(rounds)]
        one, every = (median(column) for column in zip(*runs))
        work = (batch_size or rows) * sum(a * b for a, b in pairwise(sizes))
        print(f"| {'-'.join(map(str, sizes))} | {batch_size or 'full'} | {work:.1e} | {one:.3f} s | {every:.3f} s | "
              f"{one / every:.2f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # random labels: nothing is learned
    table(5, 5000)
    print("\nBeside a process that keeps a core busy:\n")
    busy = multiprocessing.Process(target=spin, daemon=True)
    busy.start()
    table(3, 2000)
    busy.kill()

"""Does `train` choose its BLAS threads well? As it is, on one thread, and on all, quiet and beside a busy process.

    python benchmarks/threads.py

Each row takes turns, a second or two each; medians of 5. `as it is` should be at most 1.1 times the better of the other
two.
"""

import multiprocessing
import time
import warnings
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

import nnlib
from nnlib import threads, training

NETS = [([2, 8, 2], 1), ([2, 8, 2], 64), ([64, 64, 10], 64), ([784, 128, 64, 10], 16), ([784, 128, 64, 10], 128),
        ([784, 128, 64, 10], 1024), ([784, 1000, 10], 32), ([784, 1000, 10], 128), ([784, 1000, 10], None)]  # fmt: skip


def seconds(sizes, batch_size, rows, way, epochs):
    """What training takes in one of the three ways."""
    rng = np.random.default_rng(0)
    X, y = rng.random((rows, sizes[0]), dtype=np.float32), rng.integers(sizes[-1], size=rows)
    net = nnlib.Network(sizes)
    training.on_best_threads = threads.on_best_threads if way == "as it is" else lambda steps: steps
    with threadpool_limits(1 if way == "one" else None):
        started = time.perf_counter()
        nnlib.train(net, X, y, epochs, batch_size, progress=False)
        return time.perf_counter() - started


def spin():
    while True:
        pass


def table(rounds, rows):
    print("| network | batch | as it is | one thread | all | as it is / the better |\n|---|---|---|---|---|---|")
    for sizes, batch_size in NETS:
        epochs = 1 + round(1.5 / min(seconds(sizes, batch_size, rows, "one", 1) for _ in range(3)))
        ways = ("as it is", "one", "all")
        runs = [[seconds(sizes, batch_size, rows, way, epochs) for way in ways] for _ in range(rounds)]
        taken, one, every = (median(column) for column in zip(*runs))
        print(f"| {'-'.join(map(str, sizes))} | {batch_size or 'full'} | {taken:.3f} s | {one:.3f} s | {every:.3f} s | "
              f"{taken / min(one, every):.2f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # random labels: nothing is learned
    table(5, 5000)
    print("\nBeside a process that keeps a core busy:\n")
    busy = multiprocessing.Process(target=spin, daemon=True)
    busy.start()
    table(5, 2000)
    busy.kill()

"""How time and memory of an epoch grow with the rows and with the hidden units: 784-h-10, ReLU, SGD, batches of 128.

    python benchmarks/growth.py [--rounds 5]

Memory is the peak of the process beyond what it was when the rows lay ready.
"""

import argparse
import time
import warnings
from functools import partial

import numpy as np
import turns
from tables import peak

import nnlib

ROWS, HIDDEN = (5_000, 15_000, 60_000, 120_000, 240_000), (10, 100, 500, 1000, 2000)


def measure(rows, hidden):
    rng = np.random.default_rng(0)
    X = rng.random((rows, 784), np.float32)
    y, net = rng.integers(10, size=rows), nnlib.Network([784, hidden, 10])
    with warnings.catch_warnings(action="ignore"):  # random labels: nothing is learned
        nnlib.train(net, X[:1280], y[:1280], 1, 128, progress=False)
        before, started = peak(), time.perf_counter()
        nnlib.train(net, X, y, 1, 128, progress=False)
    return {"seconds": time.perf_counter() - started, "peak": (peak() - before) / 2**20}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--anyhow", action="store_true", help="also while the machine is busy")
    parser.add_argument("--measure", nargs=2, type=int, metavar=("ROWS", "HIDDEN"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        turns.take_turns(partial(measure, *arguments.measure))
        return
    cases = [*((rows, 128) for rows in ROWS), *((20_000, hidden) for hidden in HIDDEN)]
    commands = {case: [__file__, "--measure", *map(str, case)] for case in cases}
    results = turns.in_turn(commands, arguments.rounds, arguments.anyhow, afresh=True)
    table = []
    for rows, hidden in cases:
        seconds, more = (turns.middle(results[rows, hidden], name) for name in ("seconds", "peak"))
        table.append(
            [f"{rows:,}", f"{hidden:,}", f"{seconds:.3f} s", f"{1e6 * seconds / rows:.2f} us", f"{more:.0f} MB"]
        )
    turns.table(["rows", "hidden units", "an epoch", "per row", "memory"], table)


if __name__ == "__main__":
    main()

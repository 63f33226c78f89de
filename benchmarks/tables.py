"""What a large CSV file costs: Kaggle's form, a label and 784 pixels, 42,000 rows unless told.

    python benchmarks/tables.py [--rows 42000] [--rounds 5]

load_dataset parses it, checks it and splits it, and the second time it takes its cache; pandas and polars only parse
it, into uint8. In a temporary folder, which is removed in the end.
"""

import argparse
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import turns

READ = {
    "nnlib, first": "nnlib.load_dataset(path)",
    "nnlib, again": "nnlib.load_dataset(path)",
    "pandas": "pandas.read_csv(path, dtype='uint8')",
    "polars": "polars.read_csv(path, schema_overrides=[polars.UInt8] * 785)",
}


def measure(what, path):
    """Seconds, and megabytes of memory more than before at its peak."""
    name = what.split(",")[0]
    scope = {name: __import__(name), "path": path}
    os.environ["NNLIB_CACHE"] = f"{path}.cache"
    if what == "nnlib, first":
        for file in Path(f"{path}.cache").rglob("*.*"):
            file.unlink()
    before, started = psutil.Process().memory_info().rss, time.perf_counter()
    made = eval(READ[what], scope)  # noqa: S307, one of the four above
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "peak": (peak() - before) / 2**20, "type": type(made).__name__}


def peak():
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def write_table(path, rows):
    """Rows of a digit and 784 pixels, a fifth of them not 0, in any order."""
    rng = np.random.default_rng(0)
    with open(path, "w", encoding="utf-8") as file:
        file.write(",".join(["label", *(f"pixel{k}" for k in range(784))]) + "\n")
        for start in range(0, rows, 1000):
            table = rng.integers(0, 256, (min(1000, rows - start), 785), dtype=np.uint8)
            table[rng.random(table.shape) < 0.8] = 0
            table[:, 0] = rng.integers(0, 10, len(table))
            file.writelines(",".join(map(str, row)) + "\n" for row in table.tolist())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=42_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--anyhow", action="store_true", help="also while the machine is busy")
    parser.add_argument("--measure", nargs=2, metavar=("WHAT", "PATH"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        turns.take_turns(partial(measure, *arguments.measure))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.csv"
        write_table(path, arguments.rows)
        known = [what for what in READ if turns.installed(what.split(",")[0])]
        commands = {what: [__file__, "--measure", what, str(path)] for what in known}
        results = turns.in_turn(commands, arguments.rounds, arguments.anyhow, afresh=True)
        size = path.stat().st_size / 2**20
    pandas = turns.middle(results["pandas"])
    rows = [
        [what, f"{turns.middle(results[what]):.2f} s", f"{turns.middle(results[what]) / pandas:.2f}",
         f"{turns.middle(results[what], 'peak'):,.0f} MB"] for what in known
    ]  # fmt: skip
    turns.table([f"{arguments.rows:,} rows, {size:,.0f} MB", "time", "pandas = 1", "memory at the peak"], rows)


if __name__ == "__main__":
    main()

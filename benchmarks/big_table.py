"""What a large CSV file costs: seconds and peak memory of load_dataset, parsed and from the cache.

python benchmarks/big_table.py [ROWS], 400,000 rows of 784 pixels and a label unless told. The file (0.7 GB) and its
cache lie in a temporary folder, which is removed in the end.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

CHILD = """
import json, sys, time
import numpy, pandas, nnlib

def peak():  # megabytes
    try:
        import resource
    except ImportError:  # Windows
        return None
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (2**20 if sys.platform == "darwin" else 2**10)

before, start = peak(), time.perf_counter()
data = nnlib.load_dataset(sys.argv[1])
arrays = (data.X_train, data.X_val, data.X_test)
result = sum(X.nbytes for X in arrays) / 2**20
print(json.dumps([time.perf_counter() - start, before, peak(), result, len(data.class_names)]))
"""


def write_table(path, rows):
    """Rows of a letter's number and 784 pixels, a fifth of them not 0, in any order."""
    rng = np.random.default_rng(0)
    with open(path, "w") as file:
        file.write(",".join(["label", *(f"pixel{k}" for k in range(784))]) + "\n")
        for start in range(0, rows, 1000):
            table = rng.integers(0, 256, (min(1000, rows - start), 785), dtype=np.uint8)
            table[rng.random(table.shape) < 0.8] = 0
            table[:, 0] = rng.integers(0, 26, len(table))
            file.writelines(",".join(map(str, row)) + "\n" for row in table.tolist())


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 400_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "letters.csv"
        write_table(path, rows)
        print(f"{rows:,} rows x 785, {path.stat().st_size / 2**20:,.0f} MB")
        for what in ("parsed", "from the cache"):
            run = subprocess.run(
                [sys.executable, "-c", CHILD, path],
                env={**os.environ, "NNLIB_CACHE": folder},
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
            seconds, before, peak, result, classes = json.loads(run.stdout)
            memory = "not known here" if peak is None else f"{peak:,.0f} MB ({before:,.0f} MB before)"
            print(
                f"{what:15} {seconds:6.1f} s   peak memory {memory}, of which the result is {result:,.0f} MB; "
                f"{classes} classes"
            )


if __name__ == "__main__":
    main()

"""What one waits for: imports beside the peers', and each notebook from top to bottom.

python benchmarks/start.py [--rounds 7] [--no-notebooks]
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

import turns

ROOT = Path(__file__).resolve().parent.parent
MODULES = "numpy", "pandas", "nnlib", "sklearn.neural_network", "torch", "jax"
IMPORT = (
    "import json, time; s = time.perf_counter(); import {}; print(json.dumps({{'seconds': time.perf_counter() - s}}))"
)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-notebooks", action="store_true")
    parser.add_argument("--anyhow", action="store_true", help="also while the machine is busy")
    arguments = parser.parse_args()
    commands = {name: ["-c", IMPORT.format(name)] for name in MODULES if turns.installed(name.split(".")[0])}
    results = turns.in_turn(commands, arguments.rounds, arguments.anyhow)
    turns.table(["import", "seconds"], [[name, f"{turns.middle(results[name]):.2f}"] for name in commands])
    rows = []
    for path in [] if arguments.no_notebooks else sorted((ROOT / "notebooks").glob("*.ipynb")):
        started = time.perf_counter()
        subprocess.run([sys.executable, ROOT / "tools" / "run_notebooks.py", path], check=True, capture_output=True)
        rows.append([path.stem, f"{time.perf_counter() - started:.0f}"])
    if rows:
        print()
        turns.table(["notebook, executed and written as a page", "seconds"], rows)


if __name__ == "__main__":
    main()

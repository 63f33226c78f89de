"""What one waits for: imports beside the peers', and each notebook from top to bottom.

python benchmarks/start.py [--rounds 7] [--no-notebooks]
"""

import argparse
import importlib
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import turns

ROOT = Path(__file__).resolve().parent.parent
MODULES = "numpy", "pandas", "nnlib", "sklearn.neural_network", "torch", "jax"


def measure(module):
    started = time.perf_counter()
    importlib.import_module(module)
    return {"seconds": time.perf_counter() - started}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-notebooks", action="store_true")
    parser.add_argument("--anyhow", action="store_true", help="also while the machine is busy")
    parser.add_argument("--measure", metavar="MODULE", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        turns.take_turns(partial(measure, arguments.measure))
        return
    commands = {name: [__file__, "--measure", name] for name in MODULES if turns.installed(name.split(".")[0])}
    results = turns.in_turn(commands, arguments.rounds, arguments.anyhow, afresh=True)
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

"""Run the benchmarks and write benchmarks/results.md, and a picture of the first table into figures/.

    python benchmarks/report.py [--mnist FOLDER] [--rounds 5] [--anyhow]

About an hour on a machine that does nothing else. Each table is that of a script here, which also runs alone.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import turns

from nnlib import plots

HERE = Path(__file__).resolve().parent
PARTS = {
    "One epoch": "training",
    "Seconds to an accuracy": "accuracy",
    "A large CSV file": "tables",
    "Growth": "growth",
    "Imports and notebooks": "start",
}
INTRODUCTION = """# Benchmarks

Written by `make bench`; what each number means stands in the script that a heading names. Every peer runs in a process
of its own, in turn, {rounds} rounds or more; medians. {machine}.
"""


def picture(every, path):
    """Seconds of each peer in every round, for the nets of `every`: {case: {peer: seconds}}."""
    cases = [case for case in every if case.startswith("A ") and case.endswith(" 128")]
    figure, axes = plots.figure(10, 3.4, ncols=len(cases))
    for ax, case in zip(axes, cases):
        runs = every[case]
        order = sorted(runs, key=lambda peer: median(runs[peer]), reverse=True)
        for k, peer in enumerate(order):
            ax.plot(runs[peer], [k] * len(runs[peer]), "o", color=plots.COLORS[peer != "nnlib"], alpha=0.5)
            ax.plot(median(runs[peer]), k, "|", color="black", markersize=22)
        ax.set(yticks=range(len(order)), yticklabels=order, xlim=(0, None), xlabel="seconds per epoch")
        ax.set_title(f"net A, {case.split()[1]}")
    figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", default="", help="folder of MNIST's files, for the seconds to an accuracy")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--anyhow", action="store_true", help="also while the machine is busy")
    parser.add_argument("--no-notebooks", action="store_true", help="leave out the ten minutes that these take")
    arguments = parser.parse_args()
    text, failed = [INTRODUCTION.format(rounds=arguments.rounds, machine=turns.machine())], []
    print(text[0])
    with tempfile.TemporaryDirectory() as folder:
        rounds = Path(folder) / "rounds.json"
        for title, script in PARTS.items():
            command = [sys.executable, HERE / f"{script}.py", *(["--anyhow"] if arguments.anyhow else [])]
            if script == "training":
                command += ["--json", rounds, "--rounds", str(arguments.rounds)]
            if script == "accuracy":
                command += ["--mnist", arguments.mnist]
            if script == "start" and arguments.no_notebooks:
                command += ["--no-notebooks"]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
            if done.returncode:  # MNIST is not there, say: the other tables are worth having
                failed.append(script)
            text.append(f"## {title} ({script}.py)\n\n{'Not measured.' if done.returncode else done.stdout}\n")
            print(text[-1], flush=True)
            (HERE / "results.md").write_text("\n".join(text), encoding="utf-8")
        if rounds.exists():
            picture(json.loads(rounds.read_text(encoding="utf-8")), HERE.parent / "figures" / "benchmark.png")
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}; their messages stand above")


if __name__ == "__main__":
    main()

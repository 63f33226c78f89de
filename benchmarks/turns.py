"""Measurements in turn: every peer in a process of its own, one after the other, over and over.

In one process the thread pools of the libraries slow each other down. A turn during which other programs of this
machine took more than `FOREIGN` of a core is thrown away and done again.
"""

import importlib.metadata
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from statistics import median

import psutil

FOREIGN = 0.08  # of one core; what a desktop does when nobody touches it
PATIENCE = 30  # turns thrown away in a row until it is said that the machine is busy


def run(command):
    """What the command prints, a line of JSON, as a dict; with `foreign`, the cores that others took meanwhile."""
    before, started = psutil.cpu_times(), time.perf_counter()
    children = os.times()
    done = subprocess.run([sys.executable, *command], check=True, stdout=subprocess.PIPE, text=True)
    now, after = os.times(), psutil.cpu_times()
    seconds = time.perf_counter() - started
    own = sum(getattr(now, name) - getattr(children, name) for name in ("children_user", "children_system"))
    busy = sum(getattr(after, name) - getattr(before, name) for name in ("user", "system"))
    return json.loads(done.stdout.splitlines()[-1]) | {"foreign": (busy - own) / seconds}


def in_turn(commands, rounds, anyhow=False):
    """`commands`: by name. Returns for each name a list of `rounds` results. RuntimeError if the machine is busy."""
    results = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            for _ in range(PATIENCE):
                result = run(command)
                if anyhow or result["foreign"] <= FOREIGN:
                    break
                print(f"thrown away: others took {result['foreign']:.2f} cores", file=sys.stderr)
            else:
                raise RuntimeError("other programs keep this machine busy; end them, or add --anyhow")
            results[name].append(result)
    return results


def installed(module):
    return importlib.util.find_spec(module) is not None


def middle(results, name="seconds"):
    return median(result[name] for result in results)


def machine(*packages):
    """One line: processor, cores, threads of BLAS, load, versions."""
    from threadpoolctl import threadpool_info

    threads = {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    return (
        f"{processor()}, {os.cpu_count()} cores, BLAS with up to {max(threads, default=1)} threads, "
        f"load {psutil.getloadavg()[0]:.1f} at the start; Python {platform.python_version()}, {versions}"
    )


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def table(head, rows):
    """A table in Markdown, printed."""
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)

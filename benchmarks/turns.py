"""Measurements in turn: every peer in a process of its own, one after the other, over and over.

In one process the thread pools of the libraries slow each other down. A turn during which other programs of this
machine took more than `FOREIGN` of a core is thrown away and done again.
"""

import contextlib
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

FOREIGN = 0.12  # cores; what a desktop does when nobody touches it
PATIENCE = 30  # turns thrown away in a row until it is said that the machine is busy
PACKAGES = "numpy", "scikit-learn", "torch", "jax", "pandas", "polars"
PAUSE = 0.3  # seconds between two turns, in which the threads of the last one fall asleep


class Peer:
    """A process that waits for its turns: it writes a line when it is ready, and a line of JSON after each it gets."""

    def __init__(self, command):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([sys.executable, *command], stdin=pipe, stdout=pipe, text=True)
        self.answer()

    def answer(self):
        if not (line := self.process.stdout.readline()):
            raise RuntimeError(f"{self.process.args} ended; its message stands above")
        return line

    def end(self):
        self.process.kill()
        self.process.wait()

    def turn(self):
        """What it measured, and as `foreign` the cores that other programs took meanwhile."""
        time.sleep(PAUSE)
        before, started = psutil.cpu_times(), time.perf_counter()
        with contextlib.suppress(BrokenPipeError):  # it has ended, which its answer tells
            self.process.stdin.write("go\n")
            self.process.stdin.flush()
        result = json.loads(self.answer())
        seconds, after = time.perf_counter() - started, psutil.cpu_times()
        busy = sum(getattr(after, name) - getattr(before, name) for name in ("user", "system"))
        return result | {"foreign": (busy - result["processor"]) / seconds}


def take_turns(measure):
    """What a Peer's process does: `measure()` returns a dict, once for each line of standard input."""
    print("ready", flush=True)
    for _ in sys.stdin:
        started = time.process_time()
        result = measure()
        print(json.dumps(result | {"processor": time.process_time() - started}), flush=True)


def in_turn(commands, rounds, anyhow=False, afresh=False):
    """`commands`: by name, those of Peers, in a process for all turns or, `afresh`, in one for each. Returns for each
    name a list of `rounds` results. RuntimeError if the machine is busy."""
    results, waiting = {name: [] for name in commands}, {}
    try:
        for _ in range(rounds):
            for name, command in commands.items():
                for _ in range(PATIENCE):
                    if afresh and name in waiting:
                        waiting.pop(name).end()
                    if name not in waiting:
                        waiting[name] = Peer(command)
                    result = waiting[name].turn()
                    if anyhow or result["foreign"] <= FOREIGN:
                        break
                    print(f"thrown away: others took {result['foreign']:.2f} cores", file=sys.stderr)
                else:
                    raise RuntimeError("other programs keep this machine busy; end them, or add --anyhow")
                results[name].append(result)
    finally:
        for peer in waiting.values():
            peer.end()
    return results


def installed(module):
    return importlib.util.find_spec(module) is not None


def middle(results, name="seconds"):
    return median(result[name] for result in results)


def machine():
    """One line: processor, cores, threads of BLAS, load, and the versions of the peers that are installed."""
    from threadpoolctl import threadpool_info

    threads = {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}
    found = {each.name: each.version for each in importlib.metadata.distributions()}
    versions = ", ".join(f"{name} {found[name]}" for name in PACKAGES if name in found)
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

"""How long an epoch takes, beside the peers: the nets of the five systems, batch sizes, layers.

    python benchmarks/training.py [nets] [batches] [layers] [--rounds 5] [--net A]

60,000 rows, float32; those of mnist-5k (system C: of scikit-learn's digits), repeated. Batches of 128 unless told, of
64 for convolutions. Each peer trains one epoch to warm up, so that no compilation is charged to anybody, and then one
in each of its turns. The table has the medians of these, in brackets the minimum, and for the peers how many times as
long they take. What each peer is stands in peers.py; a peer that is not installed is left out.
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
import peers
import turns

import nnlib

ROWS = 60_000
CASES = {
    "nets": [(net, optimizer, 128) for net in peers.SIZES for optimizer in peers.RATES],
    "batches": [("A", "sgd", batch) for batch in (16, 64, 256, 1024, ROWS)],
    "layers": [(net, "adam", 64 if net == "convolution" else 128) for net in peers.NETS if net not in peers.SIZES],
}


def rows_of(net):
    """X (60000, n) float32 and y (60000,)."""
    data = nnlib.load_dataset("digits" if net == "C" else "mnist-5k", validation=0)
    return np.resize(data.X_train, (ROWS, data.X_train.shape[1])), np.resize(data.y_train, ROWS)


def measure(peer, net, optimizer, batch):
    """Seconds of an epoch and its loss, turn by turn."""
    epoch, _ = peers.PEERS[peer](net, optimizer, int(batch), *rows_of(net))

    def timed():
        started = time.perf_counter()
        loss = epoch()
        return {"seconds": time.perf_counter() - started, "loss": float(loss)}

    with warnings.catch_warnings(action="ignore"):
        epoch()
        turns.take_turns(timed)


def installed():
    return [peer for peer in peers.PEERS if turns.installed(peers.module(peer))]


def compare(cases, rounds, anyhow):
    """Print the table of these cases; returns the seconds of all rounds, by case and peer."""
    known, every = installed(), {}
    turns.table(["net, optimizer, batch", "nnlib, seconds", *known[1:]], [])
    for case in cases:
        chosen = [peer for peer in known if peers.takes(peer, *case[:2])]
        commands = {peer: [__file__, "--measure", peer, *map(str, case)] for peer in chosen}
        results = turns.in_turn(commands, rounds, anyhow)
        ours = turns.middle(results["nnlib"])
        cells = [f"{ours:.3f} ({min(one['seconds'] for one in results['nnlib']):.3f})"]
        cells += [f"{turns.middle(results[peer]) / ours:.2f}" if peer in results else "" for peer in known[1:]]
        net, optimizer, batch = case
        print("| " + " | ".join([f"{net}, {optimizer}, {batch if batch < ROWS else 'all'}", *cells]) + " |", flush=True)
        every[" ".join(map(str, case))] = {peer: [one["seconds"] for one in results[peer]] for peer in results}
    return every


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(CASES)}; all unless told")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--net", choices=[*peers.NETS], help="this one alone")
    parser.add_argument("--anyhow", action="store_true", help="also while the machine is busy")
    parser.add_argument("--json", type=Path, help="all rounds, into this file")
    parser.add_argument("--measure", nargs=4, metavar=("PEER", "NET", "OPTIMIZER", "BATCH"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if unknown := {*arguments.parts} - {*CASES}:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    if arguments.measure:
        measure(*arguments.measure)
        return
    every = {}
    for part in arguments.parts or CASES:
        cases = [case for case in CASES[part] if arguments.net in (None, case[0])]
        every |= compare(cases, arguments.rounds, arguments.anyhow)
        print()
    if arguments.json:
        arguments.json.write_text(json.dumps(every), encoding="utf-8")


if __name__ == "__main__":
    main()

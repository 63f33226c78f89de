"""Seconds of training until a test accuracy is reached: beside the peers on full MNIST, and beside the five systems.

    python benchmarks/accuracy.py --mnist FOLDER [--rounds 3]

FOLDER holds MNIST's four files; without it, they are those of `load_dataset("mnist")`. Time is that of training alone,
without scoring; JAX's has its compilation in it. The first table: net A, Adam at 0.001, batches of 128, for every peer,
until the first epoch after which so many of the 10,000 test pictures are right. The second: each system's network in
nnlib on as many rows as its authors had, scored on pictures that it was not trained on (the 10,000, or the test part of
the digits), until it is as good as was published; beside it what the authors published, and what their own code took on
2 cores. The third: the convolutional net of peers.py, Adam with a cosine from 0.003, batches of 64, every picture moved
by up to a pixel each way.
"""

import argparse
import time
import warnings
from functools import partial

import numpy as np
import peers
import turns
from training import installed

import nnlib
from nnlib import images

GOALS = 0.97, 0.98
CONVOLUTION_EPOCHS = 10, 20
# Published accuracy; rows to train on; batch and rate of SGD here; the published time and that of their own code.
SYSTEMS = {
    "A": (0.9385, 42_000, 64, 0.1, "3-4 min", "1,700 s (1,000 updates)"),
    "B": (0.934, 15_000, 64, 0.3, "30-50 s", "133 s"),
    "C": (0.967, 1_437, 16, 1.0, "2-5 min", ""),
    "D": (0.849, 1_000, 32, 0.2, "", "5 s"),
    "E": (0.90, 42_000, 64, 0.1, '"good"', ""),
}


def rows_of(mnist, net):
    data = nnlib.load_dataset("digits" if net == "C" else mnist or "mnist", validation=0)
    return data.X_train, data.y_train, data.X_test, data.y_test


def until(epoch, accuracy, X_test, y_test, goals, most=60):
    """For each goal the seconds of training and the epochs; None where `most` epochs do not reach it."""
    seconds, reached = 0.0, {}
    for number in range(1, most + 1):
        started = time.perf_counter()
        epoch()
        seconds += time.perf_counter() - started
        score = float(accuracy(X_test, y_test))
        for goal in goals:
            if score >= goal and goal not in reached:
                reached[goal] = seconds, number, score
        if len(reached) == len(goals):
            break
    return [reached.get(goal) for goal in goals]


def measure(mnist, peer, net):
    X, y, X_test, y_test = rows_of(mnist, net)
    with warnings.catch_warnings(action="ignore"):
        if peer == "convolution":
            return convolution(int(net), X, y, X_test, y_test)
        if peer != "system":
            return {"reached": until(*peers.PEERS[peer](net, "adam", 128, X, y), X_test, y_test, GOALS)}
        goal, rows, batch, rate, *_ = SYSTEMS[net]
        network = nnlib.Network(layers=peers.NETS[net])
        epoch = partial(nnlib.train, network, X[:rows], y[:rows], 1, batch, nnlib.SGD(rate), progress=False)
        return {"reached": until(epoch, network.accuracy, X_test, y_test, [goal])}


def convolution(epochs, X, y, X_test, y_test):
    network = nnlib.Network(layers=peers.NETS["convolution"])
    steps = nnlib.Adam(nnlib.schedules.Cosine(0.003, steps=epochs * -(-len(X) // 64)))
    moved = partial(images.augment, shift=1, rotate=0, scale=0, shear=0)
    history = nnlib.train(network, X, y, epochs, 64, steps, augment=moved, progress=False)
    return {"seconds": history["seconds"].iloc[-1], "accuracy": network.accuracy(X_test, y_test)}


def middle(results, k):
    """The medians of the seconds, the epochs and the accuracy at goal k; None where a round did not reach it."""
    reached = [result["reached"][k] for result in results]
    return None if None in reached else tuple(np.median(reached, axis=0))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", default="", help="folder of MNIST's files")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--anyhow", action="store_true", help="also while the machine is busy")
    parser.add_argument("--measure", nargs=2, metavar=("PEER", "NET"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        turns.take_turns(partial(measure, arguments.mnist, *arguments.measure))
        return
    given = [__file__, "--mnist", arguments.mnist, "--measure"]
    chosen = [peer for peer in installed() if peer != "floor"]
    results = turns.in_turn(
        {peer: [*given, peer, "A"] for peer in chosen}, arguments.rounds, arguments.anyhow, afresh=True
    )
    rows = []
    for peer in chosen:
        cells = [middle(results[peer], k) for k in range(len(GOALS))]
        rows.append([peer, *(f"{one[0]:.2f} s, {one[1]:.0f} epochs" if one else "not in 60 epochs" for one in cells)])
    turns.table(["full MNIST, net A", *(f"{goal:.0%} of the test pictures" for goal in GOALS)], rows)
    print()
    commands = {net: [*given, "system", net] for net in SYSTEMS}
    results = turns.in_turn(commands, arguments.rounds, arguments.anyhow, afresh=True)
    rows = []
    for net, (goal, count, _, _, published, theirs) in SYSTEMS.items():
        one = middle(results[net], 0)
        ours = f"{one[0]:.2f} s: {one[2]:.1%}" if one else "not in 60 epochs"
        rows.append([net, f"{goal:.1%}", f"{count:,}", published, theirs, ours])
    head = ["system", "published accuracy", "training rows", "published time", "their code here", "nnlib"]
    turns.table(head, rows)
    print()
    commands = {epochs: [*given, "convolution", str(epochs)] for epochs in CONVOLUTION_EPOCHS}
    results = turns.in_turn(commands, 1, arguments.anyhow, afresh=True)
    rows = [[str(n), f"{one['seconds']:.0f} s", f"{one['accuracy']:.2%}"] for n, (one,) in results.items()]
    turns.table(["convolutional net, full MNIST: epochs", "time", "of the test pictures right"], rows)


if __name__ == "__main__":
    main()

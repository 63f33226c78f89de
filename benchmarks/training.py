"""How long one epoch of training takes: nnlib beside scikit-learn and, where it is installed, PyTorch.

    python benchmarks/training.py [--rounds 7]

Network A (784-128-64-10, ReLU, softmax, cross-entropy), 60,000 rows, batches of 128, float32, SGD and Adam. The rows
are those of mnist-5k, repeated. Every peer runs in a process of its own, one after the other, in turn: in a shared
process the libraries' thread pools slow each other down. A process trains one epoch to warm up and three that count,
and reports their median; the table compares the medians over the rounds. `torch fused` is PyTorch with `fused=True`,
its fastest optimizer, which is not its default.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
import warnings
from functools import partial
from statistics import median

import numpy as np

ROWS, BATCH, SIZES = 60_000, 128, [784, 128, 64, 10]
RATES = {"sgd": 0.1, "adam": 0.001}


def digits():
    """X (60000, 784) float32 and y (60000,), mnist-5k over and over."""
    import nnlib

    data = nnlib.load_dataset("mnist-5k", validation=0)
    return np.resize(data.X_train, (ROWS, 784)), np.resize(data.y_train, ROWS)


def nnlib_epoch(X, y, optimizer):
    import nnlib

    net = nnlib.Network(SIZES, activations="relu")
    steps = {"sgd": nnlib.SGD, "adam": nnlib.Adam}[optimizer](RATES[optimizer])
    rng = np.random.default_rng(0)
    return lambda: nnlib.train(net, X, y, 1, BATCH, steps, seed=rng, progress=False)["loss"].iloc[-1]


def torch_epoch(X, y, optimizer, fused=False):
    import torch
    from torch import nn

    torch.manual_seed(0)
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    net = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
    make = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer]
    steps = make(net.parameters(), lr=RATES[optimizer], fused=fused)
    criterion = nn.CrossEntropyLoss()

    def epoch():
        total = 0.0
        for rows in torch.randperm(ROWS).split(BATCH):
            steps.zero_grad()
            loss = criterion(net(X[rows]), y[rows])
            loss.backward()
            steps.step()
            total += loss.item() * len(rows)
        return total / ROWS

    return epoch


def sklearn_epoch(X, y, optimizer):
    from sklearn.neural_network import MLPClassifier

    net = MLPClassifier(
        SIZES[1:-1], solver=optimizer, alpha=0, batch_size=BATCH, learning_rate_init=RATES[optimizer], momentum=0
    )

    def epoch():
        net.partial_fit(X, y, classes=range(10))
        return net.loss_

    return epoch


PEERS = {
    "nnlib": nnlib_epoch,
    "torch": torch_epoch,
    "torch fused": partial(torch_epoch, fused=True),
    "sklearn": sklearn_epoch,
}
PACKAGES = {"nnlib": "numpy", "torch": "torch", "torch fused": "torch", "sklearn": "scikit-learn"}


def measure(peer, optimizer):
    """Seconds of the median epoch and the last epoch's loss, in this process."""
    with warnings.catch_warnings(action="ignore"):
        epoch = PEERS[peer](*digits(), optimizer)
        seconds, loss = [], epoch()
        for _ in range(3):
            started = time.perf_counter()
            loss = epoch()
            seconds.append(time.perf_counter() - started)
    return {"seconds": median(seconds), "loss": float(loss)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--measure", nargs=2, metavar=("PEER", "OPTIMIZER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(*arguments.measure)))
        return
    peers = [peer for peer in PEERS if importlib.util.find_spec("nnlib" if peer == "nnlib" else peer.split()[0])]
    versions = {PACKAGES[peer]: importlib.metadata.version(PACKAGES[peer]) for peer in peers}
    print(f"{os.cpu_count()} cores, Python {platform.python_version()},", ", ".join(map(" ".join, versions.items())))
    print("\n| optimizer | peer | seconds per epoch | times nnlib's | loss of the last epoch |\n|---|---|---|---|---|")
    for optimizer in RATES:
        runs = {peer: [] for peer in peers}
        for _ in range(arguments.rounds):
            for peer in peers:
                command = [sys.executable, __file__, "--measure", peer, optimizer]
                runs[peer].append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
        seconds = {peer: median(run["seconds"] for run in runs[peer]) for peer in peers}
        for peer in peers:
            ratio, loss = seconds[peer] / seconds["nnlib"], runs[peer][-1]["loss"]
            print(f"| {optimizer} | {peer} | {seconds[peer]:.3f} | {ratio:.2f} | {loss:.3f} |", flush=True)


if __name__ == "__main__":
    main()

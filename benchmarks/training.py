"""How long one epoch of training takes: nnlib beside scikit-learn and, where it is installed, PyTorch.

    python benchmarks/training.py [--rounds 7]

Network A (784-128-64-10, ReLU, softmax, cross-entropy), 60,000 rows, batches of 128, float32, SGD and Adam. The rows
are those of mnist-5k, repeated. Every peer runs in a process of its own, one after the other, in turn: in a shared
process the libraries' thread pools slow each other down. A process trains one epoch to warm up and three that count,
and reports their median; the table compares the medians over the rounds. `torch fused` is PyTorch with `fused=True`,
its fastest optimizer, which is not its default.

The row `conv` is an epoch of conv 8@5x5, pool, conv 16@5x5, pool, dense (ReLU after each convolution) over the same
rows as pictures, in batches of 64, with SGD. scikit-learn has no convolution. `products` is the floor for a convolution
that is computed as matrix products: the products of such an epoch, over arrays that lie ready, and nothing else.
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
RATES = {"sgd": 0.1, "adam": 0.001, "conv": 0.1}  # by row of the table
CONV_BATCH = 64


def digits():
    """X (60000, 784) float32 and y (60000,), mnist-5k over and over."""
    import nnlib

    data = nnlib.load_dataset("mnist-5k", validation=0)
    return np.resize(data.X_train, (ROWS, 784)), np.resize(data.y_train, ROWS)


def nnlib_epoch(X, y, case):
    import nnlib
    from nnlib import Activation, Conv2D, Dense, Flatten, MaxPool2D

    net, batch = nnlib.Network(SIZES, activations="relu"), BATCH
    if case == "conv":
        layers = [Conv2D(1, 8, 5), Activation("relu"), MaxPool2D(2), Conv2D(8, 16, 5), Activation("relu"), MaxPool2D(2)]
        net, batch = nnlib.Network(layers=[*layers, Flatten(), Dense(256, 10)]), CONV_BATCH
    steps = (nnlib.Adam if case == "adam" else nnlib.SGD)(RATES[case])
    rng = np.random.default_rng(0)
    return lambda: nnlib.train(net, X, y, 1, batch, steps, seed=rng, progress=False)["loss"].iloc[-1]


def products_epoch(X, y, case):
    """The matrix products of the row `conv`: three of each layer, but no dX in the first."""
    rng, shapes = np.random.default_rng(0), ((8, 25, 24 * 24), (16, 8 * 25, 8 * 8))  # kernels, patch, places
    arrays = [
        (
            rng.random((kernels, patch), np.float32),
            rng.random((CONV_BATCH, patch, places), np.float32),
            rng.random((CONV_BATCH, kernels, places), np.float32),
        )
        for kernels, patch, places in shapes
    ]

    def epoch():
        for _ in range(-(-ROWS // CONV_BATCH)):
            for W, patches, dZ in arrays:
                W @ patches
                dZ @ patches.transpose(0, 2, 1)
            W.T @ dZ  # of the second layer
        return np.nan

    return epoch


def torch_epoch(X, y, case, fused=False):
    import torch
    from torch import nn

    torch.manual_seed(0)
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    net, batch = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10)), BATCH
    if case == "conv":
        X, batch = X.reshape(-1, 1, 28, 28), CONV_BATCH
        convolutions = [nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 5), nn.ReLU(), nn.MaxPool2d(2)]
        net = nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(256, 10))
    make = torch.optim.Adam if case == "adam" else torch.optim.SGD
    steps = make(net.parameters(), lr=RATES[case], fused=fused)
    criterion = nn.CrossEntropyLoss()

    def epoch():
        total = 0.0
        for rows in torch.randperm(ROWS).split(batch):
            steps.zero_grad()
            loss = criterion(net(X[rows]), y[rows])
            loss.backward()
            steps.step()
            total += loss.item() * len(rows)
        return total / ROWS

    return epoch


def sklearn_epoch(X, y, case):
    from sklearn.neural_network import MLPClassifier

    net = MLPClassifier(SIZES[1:-1], solver=case, alpha=0, batch_size=BATCH, learning_rate_init=RATES[case], momentum=0)

    def epoch():
        net.partial_fit(X, y, classes=range(10))
        return net.loss_

    return epoch


PEERS = {
    "nnlib": nnlib_epoch,
    "torch": torch_epoch,
    "torch fused": partial(torch_epoch, fused=True),
    "sklearn": sklearn_epoch,
    "products": products_epoch,
}
CONV_PEERS = "nnlib", "torch", "torch fused", "products"
PACKAGES = {"nnlib": "numpy", "torch": "torch", "torch fused": "torch", "sklearn": "scikit-learn", "products": "numpy"}


def measure(peer, case):
    """Seconds of the median epoch and the last epoch's loss, in this process."""
    with warnings.catch_warnings(action="ignore"):
        epoch = PEERS[peer](*digits(), case)
        seconds, loss = [], epoch()
        for _ in range(3):
            started = time.perf_counter()
            loss = epoch()
            seconds.append(time.perf_counter() - started)
    return {"seconds": median(seconds), "loss": float(loss)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--measure", nargs=2, metavar=("PEER", "ROW"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(*arguments.measure)))
        return
    ours = {"nnlib", "products"}
    peers = [peer for peer in PEERS if peer in ours or importlib.util.find_spec(peer.split()[0])]
    versions = {PACKAGES[peer]: importlib.metadata.version(PACKAGES[peer]) for peer in peers}
    print(f"{os.cpu_count()} cores, Python {platform.python_version()},", ", ".join(map(" ".join, versions.items())))
    print("\n| row | peer | seconds per epoch | times nnlib's | loss of the last epoch |\n|---|---|---|---|---|")
    for case in RATES:
        runs = {peer: [] for peer in peers if (peer in CONV_PEERS if case == "conv" else peer != "products")}
        for _ in range(arguments.rounds):
            for peer in runs:
                command = [sys.executable, __file__, "--measure", peer, case]
                runs[peer].append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
        seconds = {peer: median(run["seconds"] for run in runs[peer]) for peer in runs}
        for peer in runs:
            ratio, loss = seconds[peer] / seconds["nnlib"], runs[peer][-1]["loss"]
            print(f"| {case} | {peer} | {seconds[peer]:.3f} | {ratio:.2f} | {loss:.3f} |", flush=True)


if __name__ == "__main__":
    main()

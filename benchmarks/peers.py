"""The peers: each trains the same networks over the same rows, in the way of its own tutorials.

`PEERS[name](net, optimizer, batch, X, y)` gets everything ready and returns two functions: `epoch()` trains one epoch
and returns its mean loss, `accuracy(X, y)` scores the network as it is. `net` is a name of NETS, `optimizer` "sgd" or
"adam", X (m, n) float32, y (m,) int64.

sklearn      MLPClassifier.partial_fit
torch        the loop of PyTorch's tutorials
torch fused  the same with `fused=True`, PyTorch's fastest optimizer, which is not its default
jax steps    one compiled update a batch
jax scan     the whole epoch in one compiled `lax.scan`, and one more update for the rows that fill no batch
floor        what nobody who computes like this can do without, and nothing else: gathering the rows of each batch (none
             for convolutions) and the matrix products, all into arrays that lie ready
"""

from functools import partial
from itertools import pairwise

import numpy as np

import nnlib
from nnlib import Activation, BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D

RATES = {"sgd": 0.1, "adam": 0.001}
SIZES = {
    "A": ([784, 128, 64, 10], "relu"),
    "B": ([784, 128, 10], "relu"),
    "C": ([64, 64, 10], "sigmoid"),
    "D": ([784, 1000, 10], "tanh"),
    "E": ([784, 10, 10], "leaky_relu"),
}


def dense(sizes, activation, *between):
    """Layers of a fully connected network, with `between` (patterns of layers) before each hidden activation."""
    layers = []
    for n_in, n_out in pairwise(sizes):
        layers += [Dense(n_in, n_out), *(make(n_out) for make in between), Activation(activation)]
    return layers[: -1 - len(between)]


NETS = {name: dense(*given) for name, given in SIZES.items()} | {
    "A with batch norm": dense(*SIZES["A"], BatchNorm),
    "A with dropout": dense(*SIZES["A"], lambda n: Dropout(0.2)),
    "convolution": [Conv2D(1, 8, 5), Activation("relu"), MaxPool2D(2), Conv2D(8, 16, 5), Activation("relu"),
                    MaxPool2D(2), Flatten(), Dense(256, 10)],
}  # fmt: skip


def with_nnlib(net, optimizer, batch, X, y):
    network = nnlib.Network(layers=NETS[net])
    steps = (nnlib.Adam if optimizer == "adam" else nnlib.SGD)(RATES[optimizer])
    rng = np.random.default_rng(0)
    epoch = lambda: nnlib.train(network, X, y, 1, batch, steps, seed=rng, progress=False)["loss"].iloc[-1]  # noqa: E731
    return epoch, network.accuracy


def with_sklearn(net, optimizer, batch, X, y):
    from sklearn.neural_network import MLPClassifier
    from sklearn.utils import check_random_state

    sizes, activation = SIZES[net]
    names = {"sigmoid": "logistic", "leaky_relu": "relu"}  # it has no leaky ReLU
    network = MLPClassifier(sizes[1:-1], activation=names.get(activation, activation), solver=optimizer, alpha=0,
                            batch_size=batch or len(X), learning_rate_init=RATES[optimizer], momentum=0,
                            random_state=check_random_state(0))  # fmt: skip

    def epoch():
        network.partial_fit(X, y, classes=range(10))
        return network.loss_

    return epoch, network.score


def torch_layer(layer):
    """PyTorch's layer of the same kind."""
    from torch import nn

    match layer:
        case Dense():
            return nn.Linear(layer.n_in, layer.n_out)
        case Conv2D():
            return nn.Conv2d(layer.channels_in, layer.channels_out, layer.size)
        case BatchNorm():
            return nn.BatchNorm1d(layer.n)
        case Dropout():
            return nn.Dropout(layer.rate)
        case MaxPool2D():
            return nn.MaxPool2d(layer.size)
        case Flatten():
            return nn.Flatten()
    kinds = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "leaky_relu": partial(nn.LeakyReLU, 0.01)}
    return kinds[layer.name]()


def with_torch(net, optimizer, batch, X, y, fused=False):
    import torch

    torch.manual_seed(0)
    layers = NETS[net]
    shape = (-1, 1, 28, 28) if isinstance(layers[0], Conv2D) else (-1, X.shape[1])
    network = torch.nn.Sequential(*map(torch_layer, layers))
    make = torch.optim.Adam if optimizer == "adam" else torch.optim.SGD
    steps, criterion = make(network.parameters(), lr=RATES[optimizer], fused=fused), torch.nn.CrossEntropyLoss()
    rows, targets = torch.from_numpy(X).reshape(shape), torch.from_numpy(y)

    def epoch():
        network.train()
        total = 0.0
        for some in torch.randperm(len(X)).split(batch or len(X)):
            steps.zero_grad()
            loss = criterion(network(rows[some]), targets[some])
            loss.backward()
            steps.step()
            total += loss.item() * len(some)
        return total / len(X)

    @torch.no_grad()
    def accuracy(X, y):
        network.eval()
        return (network(torch.from_numpy(X).reshape(shape)).argmax(1).numpy() == y).mean()

    return epoch, accuracy


def with_jax(net, optimizer, batch, X, y, scan):
    import jax
    import jax.numpy as jnp
    import optax

    activation = SIZES[net][1]
    function = {"sigmoid": jax.nn.sigmoid, "leaky_relu": jax.nn.leaky_relu}.get(activation) or getattr(
        jax.nn, activation
    )
    network = nnlib.Network(layers=NETS[net])
    parameters = [(jnp.array(layer.W), jnp.array(layer.b)) for layer in network.dense]
    make = optax.adam if optimizer == "adam" else optax.sgd
    steps = make(RATES[optimizer])
    rows, targets, batch = jnp.array(X), jnp.array(y), batch or len(X)

    def logits(parameters, A):
        for W, b in parameters[:-1]:
            A = function(A @ W + b)
        W, b = parameters[-1]
        return A @ W + b

    def loss_of(parameters, X, y):
        return optax.softmax_cross_entropy_with_integer_labels(logits(parameters, X), y).mean()

    def update(state, some):
        parameters, memory = state
        loss, gradient = jax.value_and_grad(loss_of)(parameters, rows[some], targets[some])
        changes, memory = steps.update(gradient, memory, parameters)
        return (optax.apply_updates(parameters, changes), memory), loss

    step = jax.jit(update, donate_argnums=0)
    whole = jax.jit(lambda state, order: jax.lax.scan(update, state, order), donate_argnums=0)
    state, rng = (parameters, steps.init(parameters)), np.random.default_rng(0)

    def epoch():
        nonlocal state
        order, losses = rng.permutation(len(X)), []
        full = len(X) // batch * batch
        parts = np.split(order, range(batch, len(X), batch))
        if scan:
            state, first = whole(state, order[:full].reshape(-1, batch))
            losses, parts = [first.mean()] * (full // batch), parts[full // batch :]
        for some in parts:
            state, loss = step(state, some)
            losses.append(loss)
        return float(np.average(losses, weights=[*[batch] * (full // batch), *[len(X) - full] * (full < len(X))]))

    return epoch, lambda X, y: (np.argmax(logits(state[0], X), axis=1) == y).mean()


def floor(net, optimizer, batch, X, y):
    rng, batch = np.random.default_rng(0), batch or len(X)
    random = partial(rng.random, dtype=np.float32)
    first, dense = NETS[net][0], [layer for layer in NETS[net] if isinstance(layer, Dense)]
    sizes = [first.n_in, *(layer.n_out for layer in dense)] if first in dense else []
    A, W = [random((batch, n)) for n in sizes], [random(layer.W.shape) for layer in dense]
    dW = [np.empty_like(one) for one in W]
    shapes = ((8, 25, 24 * 24), (16, 8 * 25, 8 * 8))  # of the convolutions: kernels, values of a patch, places
    arrays = [(random((c, n)), random((batch, n, places)), random((batch, c, places))) for c, n, places in shapes]

    def epoch():
        order = rng.permutation(len(X))
        for start in range(0, len(X), batch):
            if not sizes:
                for kernels, patches, dZ in arrays:
                    kernels @ patches
                    dZ @ patches.transpose(0, 2, 1)
                kernels.T @ dZ  # of the second layer
                continue
            rows = order[start : start + batch]
            if batch < len(X):
                X.take(rows, axis=0, out=A[0][: len(rows)], mode="clip")
            for k in range(len(W)):
                np.matmul(A[k], W[k], out=A[k + 1])
            for k in reversed(range(len(W))):
                np.matmul(A[k].T, A[k + 1], out=dW[k])
                if k:
                    np.matmul(A[k + 1], W[k].T, out=A[k])
        return np.nan

    return epoch, None


PEERS = {
    "nnlib": with_nnlib,
    "sklearn": with_sklearn,
    "torch": with_torch,
    "torch fused": partial(with_torch, fused=True),
    "jax steps": partial(with_jax, scan=False),
    "jax scan": partial(with_jax, scan=True),
    "floor": floor,
}


def module(peer):
    """What a peer computes with, besides NumPy."""
    return peer.split()[0] if peer != "floor" else "numpy"


def takes(peer, net, optimizer):
    """Does the peer know this net and optimizer?"""
    if peer in ("nnlib", "torch", "floor"):
        return peer != "floor" or " with " not in net
    return net in SIZES and (peer != "torch fused" or optimizer == "adam")

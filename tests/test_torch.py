"""PyTorch as a second opinion, where it is installed: outputs, gradients, running averages and optimizer steps."""

import copy

import numpy as np
import pytest

import nnlib
from nnlib import SGD, Activation, Adam, BatchNorm, Conv2D, Dense, Flatten, MaxPool2D, Network, RMSprop

torch = pytest.importorskip("torch", reason="PyTorch is not installed: no second opinion from it")
CLOSE = {"rtol": 1e-6, "atol": 1e-9}


def twins():
    """The same network twice, in float64: convolutions, pooling, batch norm of pictures and of rows."""
    layers = [Conv2D(2, 4, 3, padding=1), BatchNorm(4), Activation("relu"), MaxPool2D(2), Conv2D(4, 3, 2),
              Activation("leaky_relu", slope=0.2), Flatten(), Dense(12, 6), BatchNorm(6, momentum=0.3),
              Activation("tanh"), Dense(6, 3)]  # fmt: skip
    ours = Network(layers=layers, input_shape=(2, 6, 7), dtype=np.float64, seed=1)
    nn = torch.nn
    theirs = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 3, 2),
        nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(12, 6), nn.BatchNorm1d(6, momentum=0.3), nn.Tanh(), nn.Linear(6, 3),
    ).double()  # fmt: skip
    rng = np.random.default_rng(2)
    with torch.no_grad():
        for array, tensor in pairs(ours, theirs):
            array[...] = rng.normal(0, 0.5, array.shape)
            tensor.copy_(torch.from_numpy(turned(array)))
    return ours, theirs


def pairs(ours, theirs):
    """Our parameter arrays beside PyTorch's; it has W (n_out, n_in), and calls gamma weight and beta bias."""
    arrays = [getattr(layer, name) for _, layer in ours.learning for name in layer.shapes]
    return zip(arrays, theirs.parameters(), strict=True)


def turned(array):
    return array.T.copy() if array.ndim == 2 else array.copy()


def rows(m=9, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(1, 2, (m, 84)), rng.integers(3, size=m)


def step_of(theirs, X, y):
    theirs.train()
    theirs.zero_grad()
    loss = torch.nn.functional.cross_entropy(theirs(torch.from_numpy(X).reshape(-1, 2, 6, 7)), torch.from_numpy(y))
    loss.backward()
    return loss.item()


def test_loss_gradients_running_averages_and_predictions():
    ours, theirs = twins()
    for seed in range(3):
        X, y = rows(seed=seed)
        loss, _ = ours.loss_and_gradient(*ours.check_X_y(X, y))
        assert loss == pytest.approx(step_of(theirs, X, y), rel=1e-9)
        gradients = [getattr(layer, f"d{name}") for _, layer in ours.learning for name in layer.shapes]
        for gradient, tensor in zip(gradients, theirs.parameters(), strict=True):
            np.testing.assert_allclose(turned(gradient), tensor.grad.numpy(), **CLOSE)
    for place in (1, 8):
        np.testing.assert_allclose(ours.layers[place].running_mean, theirs[place].running_mean.numpy(), **CLOSE)
        np.testing.assert_allclose(ours.layers[place].running_variance, theirs[place].running_var.numpy(), **CLOSE)
    theirs.eval()
    X, _ = rows(seed=7)
    expected = torch.softmax(theirs(torch.from_numpy(X).reshape(-1, 2, 6, 7)), dim=1).detach().numpy()
    np.testing.assert_allclose(ours.forward(X), expected, **CLOSE)


optim, EVERYTHING = torch.optim, {"decay_all": True}
STEPS = {
    "SGD": (SGD(0.1), lambda p: optim.SGD(p, 0.1)),
    "momentum": (SGD(0.1, 0.9), lambda p: optim.SGD(p, 0.1, momentum=0.9)),
    "L2": (SGD(0.1, 0.9, weight_decay=0.05, **EVERYTHING), lambda p: optim.SGD(p, 0.1, 0.9, weight_decay=0.05)),
    "RMSprop": (RMSprop(0.01), lambda p: optim.RMSprop(p, 0.01, alpha=0.9)),
    "Adam": (Adam(0.01), lambda p: optim.Adam(p, 0.01)),
    "AdamW": (Adam(0.01, weight_decay=0.1, **EVERYTHING), lambda p: optim.AdamW(p, 0.01, weight_decay=0.1)),
}


@pytest.mark.parametrize("name", STEPS)
def test_ten_steps_of_an_optimizer(name):
    (ours, theirs), (optimizer, make) = twins(), STEPS[name]
    optimizer, peer = copy.deepcopy(optimizer), make(theirs.parameters())
    for seed in range(10):
        X, y = rows(seed=seed)
        ours.loss_and_gradient(*ours.check_X_y(X, y))
        optimizer.step(ours)
        step_of(theirs, X, y)
        peer.step()
    for array, tensor in pairs(ours, theirs):
        np.testing.assert_allclose(turned(array), tensor.detach().numpy(), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("kind, peer", [(SGD, "SGD"), (Adam, "AdamW")])
def test_by_default_weights_alone_decay(kind, peer):
    ours, theirs = twins()
    optimizer = kind(0.1, weight_decay=0.1)
    weights = [p for p in theirs.parameters() if p.ndim > 1]
    others = [p for p in theirs.parameters() if p.ndim == 1]
    peer = getattr(optim, peer)([{"params": weights}, {"params": others, "weight_decay": 0}], 0.1, weight_decay=0.1)
    for seed in range(5):
        X, y = rows(seed=seed)
        ours.loss_and_gradient(*ours.check_X_y(X, y))
        optimizer.step(ours)
        step_of(theirs, X, y)
        peer.step()
    for array, tensor in pairs(ours, theirs):
        np.testing.assert_allclose(turned(array), tensor.detach().numpy(), rtol=1e-6, atol=1e-7)


def test_clipping_by_norm():
    ours, theirs = twins()
    X, y = rows()
    ours.loss_and_gradient(*ours.check_X_y(X, y))
    assert np.linalg.norm(ours.gradient) > 0.5
    SGD(0.1, clip_norm=0.5).step(ours)
    step_of(theirs, X, y)
    torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.5)
    torch.optim.SGD(theirs.parameters(), 0.1).step()
    for array, tensor in pairs(ours, theirs):
        np.testing.assert_allclose(turned(array), tensor.detach().numpy(), rtol=1e-4, atol=1e-6)  # it adds 1e-6


def test_schedules():
    parameter = torch.nn.Parameter(torch.zeros(1))

    def rates(make, steps=30):
        peer = torch.optim.SGD([parameter], 0.1)
        schedule, seen = make(peer), []
        for _ in range(steps):
            seen.append(peer.param_groups[0]["lr"])
            peer.step()
            schedule.step()
        return seen

    schedulers = torch.optim.lr_scheduler
    cosine, step = nnlib.schedules.Cosine(0.1, 30, final=0.01), nnlib.schedules.Step(0.1, 7, 0.5)
    np.testing.assert_allclose(
        [cosine(k) for k in range(30)], rates(lambda peer: schedulers.CosineAnnealingLR(peer, 30, eta_min=0.01))
    )
    np.testing.assert_allclose([step(k) for k in range(30)], rates(lambda peer: schedulers.StepLR(peer, 7, 0.5)))

"""Frozen layers: training leaves them as they are, to the bit, and everything else works as before."""

import copy
import pickle

import numpy as np
import pytest

import nnlib
from nnlib import SGD, Activation, Adam, BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, Network, RMSprop

OPTIMIZERS = {
    "SGD": lambda **more: SGD(0.1, **more),
    "momentum": lambda **more: SGD(0.1, momentum=0.9, **more),
    "RMSprop": lambda **more: RMSprop(0.01, **more),
    "Adam": lambda **more: Adam(0.01, **more),
}
PENALTIES = [{}, {"weight_decay": 0.1, "decay_all": True}, {"l1": 0.1, "decay_all": True}, {"clip_norm": 0.01}]


def a_net(**options):
    layers = [Conv2D(1, 3, 3, padding=1), BatchNorm(3), Activation("relu"), MaxPool2D(2), Flatten(), Dense(27, 6),
              BatchNorm(6), Activation("tanh"), Dropout(0.2), Dense(6, 4), Activation("relu"), Dense(4, 3)]  # fmt: skip
    return Network(layers=layers, seed=1, **{"dtype": np.float64, **options})


def rows(m=20, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, 36)), np.arange(m) % 3


def freeze(net, *numbers):
    for k in numbers:
        net.layers[k].trainable = False
    return net


def parameters_of(layer):
    return [getattr(layer, name).copy() for name in layer.shapes]


@pytest.mark.parametrize("penalties", PENALTIES, ids=str)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("frozen", [(0, 1), (5, 6), (9, 11), (0, 5, 11)], ids=str)
def test_the_frozen_part_keeps_its_bits_and_the_rest_learns(optimizer, frozen, penalties):
    net, (X, y) = a_net(dtype=np.float32), rows()
    rule = OPTIMIZERS[optimizer](**penalties)
    nnlib.train(net, X, y, 2, 5, rule, progress=False)  # so that there is momentum
    freeze(net, *frozen)
    before, state = [parameters_of(layer) for layer in net.layers], net.state()
    nnlib.train(net, X, y, 2, 5, rule, progress=False)
    for k, layer in enumerate(net.layers):
        same = [np.array_equal(now, then) for now, then in zip(parameters_of(layer), before[k])]
        if k in frozen:
            assert all(same)
            held = [np.array_equal(value, state[k][name]) for name, value in layer.state().items()]
            assert all(held)
        elif layer.shapes:
            assert not any(same) or penalties.get("l1"), layer  # l1 may have brought a bias to 0


def test_frozen_layers_have_no_gradient_and_the_others_the_same_one():
    net, (X, y) = freeze(a_net(), 11), rows()
    free, half = a_net().gradients(X, y), net.gradients(X, y)
    for k, (all_of_them, some) in enumerate(zip(free, half)):
        for name, value in some.items():
            assert np.array_equal(value, all_of_them[name] if k < len(free) - 1 else np.zeros_like(value))


def test_a_gradient_from_before_is_gone():
    """The layers before the first one that learns are not visited any more."""
    net, (X, y) = a_net(), rows()
    net.loss_and_gradient(X, np.eye(3)[y])
    freeze(net, 0, 1)
    net.loss_and_gradient(X, np.eye(3)[y])
    assert not net.layers[0].dW.any() and not net.layers[1].dgamma.any() and net.layers[5].dW.any()


def test_a_worked_case():
    """One weight before another, 2 and 3, x = 1 and target 4: dw2 = (6 - 4) * 2 = 4; the first stays 2."""
    net = Network([1, 1, 1], "identity", "identity", initializer="zeros", dtype=np.float64)
    net.weights[0][:], net.weights[1][:] = 2, 3
    freeze(net, 0)
    nnlib.train(net, [[1.0]], [4.0], 1, optimizer=SGD(0.1), progress=False)
    assert (net.weights[0].item(), net.biases[0].item()) == (2, 0)
    assert net.weights[1].item() == pytest.approx(3 - 0.1 * 4) and net.biases[1].item() == pytest.approx(-0.1 * 2)


@pytest.mark.parametrize("frozen", [(1,), (5, 6), (0, 1, 5, 6)], ids=str)
def test_gradients_by_numbers(frozen):
    net, (X, y) = freeze(a_net(), *frozen), rows()
    nnlib.train(copy.deepcopy(net), X, y, 1, 5, progress=False)
    report = nnlib.check_gradients(net, X, y)
    learning = [f"{name}{k}" for k, layer in net.learning if layer.trainable for name in layer.shapes]
    assert list(report.index) == learning and report["error"].max() < 1e-6


def test_frozen_batch_norm_is_its_prediction():
    layer, X = BatchNorm(4), np.random.default_rng(0).normal(3, 2, (50, 4))
    layer.forward(X, training=True)
    layer.trainable = False
    state = layer.state()
    assert np.array_equal(layer.forward(X, training=True), layer.forward(X))
    assert np.array_equal(layer.forward(X[:1], training=True), layer.forward(X[:1]))  # one row is enough now
    assert all(np.array_equal(value, state[name]) for name, value in layer.state().items())


def test_a_row_alone_is_no_trouble_for_a_frozen_batch_norm():
    net = Network(layers=[Dense(3, 4), BatchNorm(4), Dense(4, 2)])
    X, y = np.eye(3), [0, 1, 0]
    with pytest.raises(ValueError, match="leave one alone"):
        nnlib.train(net, X, y, 1, 2, progress=False)
    nnlib.train(freeze(net, 1), X, y, 1, 2, progress=False)


@pytest.mark.parametrize(
    "again",
    [copy.copy, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net)), lambda net: net.astype(np.float32),
     lambda net: Network(layers=list(net.layers))],
    ids=["copy", "deepcopy", "pickle", "astype", "as patterns"],
)  # fmt: skip
def test_a_copy_is_frozen_too_and_free_of_the_first(again):
    net = freeze(a_net(), 0, 6)
    other = again(net)
    assert [layer.trainable for layer in other.layers] == [k not in (0, 6) for k in range(12)]
    other.layers[0].trainable = True
    assert not net.layers[0].trainable


def test_saved_and_loaded(tmp_path):
    net = freeze(a_net(), 0, 6)
    loaded = Network.load(net.save(tmp_path / "net"))
    assert [layer.trainable for layer in loaded.layers] == [layer.trainable for layer in net.layers]
    assert np.array_equal(loaded.parameters, net.parameters)
    assert all(layer.trainable for layer in Network.load(a_net().save(tmp_path / "free")).layers)
    assert all(layer.trainable for layer in nnlib.load_pretrained().layers)  # saved before there were frozen layers


def test_a_training_goes_on_from_its_checkpoint(tmp_path):
    X, y = rows()
    options = {"batch_size": 5, "progress": False, "checkpoint": tmp_path / "check"}
    whole = freeze(a_net(), 0, 1)
    nnlib.train(whole, X, y, 4, 5, Adam(0.01), progress=False)
    for epochs in (2, 4):
        net = freeze(a_net(), 0, 1)
        nnlib.train(net, X, y, epochs, optimizer=Adam(0.01), **options)
    assert np.array_equal(net.parameters, whole.parameters)
    with pytest.raises(ValueError, match="another training"):
        nnlib.train(a_net(), X, y, 4, optimizer=Adam(0.01), **options)


def test_preflight_of_a_transfer(dataset):
    data = dataset("mnist-5k")
    # Another seed than the shipped model's, whose last layer still resembles its start.
    net, shipped = Network([784, 500, 128, 10], seed=5), nnlib.load_pretrained()
    for k in (0, 1):
        net.weights[k][:], net.biases[k][:] = shipped.weights[k], shipped.biases[k]
    table = nnlib.preflight(freeze(net, 0, 2), data.X_train[:200], data.y_train[:200], SGD(0.01))
    assert table.passed.all(), table


def test_thawed_it_learns_again():
    net, (X, y) = freeze(a_net(), 0), rows()
    net.layers[0].trainable = True
    W = net.layers[0].W.copy()
    nnlib.train(net, X, y, 1, progress=False)
    assert not np.array_equal(net.layers[0].W, W)


def test_nothing_left_to_learn():
    net, (X, y) = a_net(), rows()
    before = freeze(net, *range(12)).parameters.copy()
    with pytest.raises(ValueError, match="every layer with parameters is frozen; set trainable = True"):
        nnlib.train(net, X, y, 1, progress=False)
    assert np.array_equal(net.parameters, before)


def test_the_summary_says_so():
    shapes = freeze(Network([784, 20, 10]), 0).summary()["shape"]
    assert shapes[1] == "784 -> 20, frozen" and shapes[2] == "20 -> 10"


# -- PyTorch -----------------------------------------------------------------------------------------------------------


def twins(torch, frozen):
    ours, nn = Network([5, 7, 6, 3], "tanh", dtype=np.float64, seed=2), torch.nn
    theirs = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 6), nn.Tanh(), nn.Linear(6, 3)).double()
    for k in (0, 2, 4):
        with torch.no_grad():
            theirs[k].weight.copy_(torch.from_numpy(ours.layers[k].W.T.copy()))
            theirs[k].bias.copy_(torch.from_numpy(ours.layers[k].b))
        if k in frozen:
            ours.layers[k].trainable = False
            theirs[k].requires_grad_(False)
    return ours, theirs


@pytest.mark.parametrize("name", ["SGD", "Adam", "clipped"])
@pytest.mark.parametrize("frozen", [(0,), (2,), (0, 2), (2, 4)], ids=str)
def test_steps_are_pytorchs(frozen, name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: no second opinion from it")
    ours, theirs = twins(torch, frozen)
    mine, other = {
        "SGD": (
            SGD(0.1, momentum=0.9, weight_decay=0.01, decay_all=True),
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
        ),
        "Adam": (
            Adam(0.01, weight_decay=0.1, decay_all=True),
            lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1),
        ),
        "clipped": (SGD(0.1, clip_norm=0.05), lambda p: torch.optim.SGD(p, lr=0.1)),
    }[name]
    other = other([p for p in theirs.parameters() if p.requires_grad])
    rng = np.random.default_rng(0)
    for _ in range(5):
        X, y = rng.normal(size=(8, 5)), rng.integers(3, size=8)
        ours.loss_and_gradient(X, np.eye(3)[y])
        mine.step(ours)
        other.zero_grad()
        torch.nn.functional.cross_entropy(theirs(torch.from_numpy(X)), torch.from_numpy(y)).backward()
        if name == "clipped":
            torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.05, error_if_nonfinite=True)
        other.step()
    close = {"rtol": 1e-6, "atol": 1e-7 if name == "clipped" else 1e-9}  # PyTorch adds 1e-6 to the length
    for k in (0, 2, 4):
        np.testing.assert_allclose(ours.layers[k].W, theirs[k].weight.detach().numpy().T, **close)
        np.testing.assert_allclose(ours.layers[k].b, theirs[k].bias.detach().numpy(), **close)


def test_batch_norm_is_pytorchs_in_eval_mode():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: no second opinion from it")
    X = np.random.default_rng(0).normal(2, 3, (12, 4))
    ours, theirs = BatchNorm(4), torch.nn.BatchNorm1d(4).double()
    for batch in (X[:6], X[6:]):
        ours.forward(batch, training=True)
        theirs(torch.from_numpy(batch))
    ours.trainable, leaf = False, torch.tensor(X, requires_grad=True)
    theirs.eval()
    A, dA = theirs(leaf), np.random.default_rng(1).normal(size=X.shape)
    A.backward(torch.from_numpy(dA))
    np.testing.assert_allclose(ours.forward(X, training=True), A.detach().numpy(), rtol=1e-9)
    np.testing.assert_allclose(ours.backward(dA), leaf.grad.numpy(), rtol=1e-9)
    np.testing.assert_allclose(ours.running_mean, theirs.running_mean.numpy(), rtol=1e-12)

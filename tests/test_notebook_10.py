"""What notebook 10 says: its autograd, the package's, and the mistakes, recomputed."""

from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

import nnlib
from nnlib import autograd
from nnlib.activations import softmax
from nnlib.exercises import notebook_10

NOTEBOOK = Path(__file__).resolve().parent.parent / "notebooks" / "10_autograd.ipynb"
OPERATIONS = {
    "a + b": lambda a, b: a + b,
    "2 + a": lambda a, b: 2 + a,
    "a - b": lambda a, b: a - b,
    "1 - a": lambda a, b: 1 - a,
    "-a": lambda a, b: -a,
    "a * b": lambda a, b: a * b,
    "a * a * b": lambda a, b: a * a * b,
    "a / b": lambda a, b: a / b,
    "3 / a": lambda a, b: 3 / a,
    "a ** 3": lambda a, b: a**3,
    "exp": lambda a, b: a.exp() * b,
    "log": lambda a, b: a.log(),
    "tanh": lambda a, b: a.tanh(),
    "relu": lambda a, b: (a - 1).relu(),
    "sum": lambda a, b: a.sum() * b,
    "sum of rows": lambda a, b: a.sum(axis=0) * b,
}
SHAPES = [((), ()), ((4,), (4,)), ((3, 4), (4,)), ((4,), (3, 4)), ((3, 1), (3, 4)), ((3, 4), (1, 4)), ((), (3, 4))]


@pytest.fixture(scope="module")
def book():
    """The names that the notebook's own code defines."""
    rng = np.random.default_rng(0)
    names = {"np": np, "pd": pd, "nnlib": nnlib, "softmax": softmax, "rng": rng}
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        if {"autograd", "first-try", "autograd-net", "mistake", "train-by-hand"} & set(cell.metadata.get("tags", [])):
            exec(cell.source, names)
    return names


def numerical(f, tensors):
    return [nnlib.numerical_gradient(lambda: float(f().data), tensor.data) for tensor in tensors]


# -- the package's ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_rule_by_numbers(name, shapes):
    rng = np.random.default_rng(0)
    a, b = (autograd.Tensor(rng.uniform(0.5, 2, shape)) for shape in shapes)
    if name == "sum of rows" and a.data.ndim < 1:
        pytest.skip("a number has no rows")

    def end():
        result = OPERATIONS[name](a, b)
        return (result * result).sum()

    end().backward()
    for tensor, expected in zip((a, b), numerical(end, (a, b))):
        np.testing.assert_allclose(tensor.grad, expected, rtol=1e-6, atol=1e-6)


def test_products_of_matrices():
    rng = np.random.default_rng(0)
    A, B = autograd.Tensor(rng.normal(size=(3, 4))), autograd.Tensor(rng.normal(size=(4, 2)))

    def end():
        return ((A @ B) * (A @ B)).sum()

    end().backward()
    for tensor, expected in zip((A, B), numerical(end, (A, B))):
        np.testing.assert_allclose(tensor.grad, expected, rtol=1e-6, atol=1e-6)


def test_agrees_with_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: no second opinion from it")
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape) for shape in ((5, 3), (3, 4), (4,), (5, 1))]
    ours, theirs = [autograd.Tensor(a) for a in arrays], [torch.tensor(a, requires_grad=True) for a in arrays]

    def end(X, W, b, column, tanh, exp):
        return ((tanh(X @ W + b) * column + exp(b) / (1 + column**2)) ** 2).sum()

    end(*ours, autograd.Tensor.tanh, autograd.Tensor.exp).backward()
    end(*theirs, torch.tanh, torch.exp).backward()
    for a, b in zip(ours, theirs):
        np.testing.assert_allclose(a.grad, b.grad.numpy(), rtol=1e-12, atol=1e-14)


def test_leaves_add_up_and_the_rest_does_not():
    a = autograd.Tensor(2.0)
    end = a * a * a
    end.backward()
    end.backward()
    assert a.grad == 24  # twice 3 a^2


def test_deep_and_wide_graphs():
    end = x = autograd.Tensor(1.0)
    for _ in range(5000):  # beyond Python's depth of calls
        end = end + x
    end.backward()
    assert x.grad == 5001 and len(autograd.history(end)) == 5001


def test_history_puts_parents_first():
    a, b = autograd.Tensor(1.0), autograd.Tensor(2.0)
    end = (a + b) * b + a
    order = autograd.history(end)
    assert len(order) == len({id(node) for node in order}) == 5 and order[-1] is end
    for place, node in enumerate(order):
        assert all(any(parent is before for before in order[:place]) for parent in node.parents)


def test_a_way_back_starts_at_one_number():
    with pytest.raises(ValueError, match=r"starts at one number, such as a loss; this Tensor has shape \(2,\)"):
        autograd.Tensor([1.0, 2.0]).backward()


# -- the notebook's ---------------------------------------------------------------------------------------------------


def test_the_notebook_s_machine_is_the_package_s(book):
    rng = np.random.default_rng(1)
    arrays = [rng.uniform(0.5, 2, shape) for shape in ((4, 3), (3, 2), (2,))]
    by_hand, packaged = [book["Tensor"](a) for a in arrays], [autograd.Tensor(a) for a in arrays]
    exp, log, relu, total = (book[name] for name in ("exp", "log", "relu", "total"))
    X, W, b = by_hand
    total(log(total(exp(X @ W + b), axis=1)) - relu(total(X * X, axis=1) - 1.0)).backward()
    X, W, b = packaged
    ((X @ W + b).exp().sum(axis=1).log() - ((X * X).sum(axis=1) - 1).relu()).sum().backward()
    for ours, theirs in zip(by_hand, packaged):
        np.testing.assert_allclose(ours.grad, theirs.grad, rtol=1e-14)


def test_about_sixty_lines():
    """The promise counts the cells that make the machine, without blank lines."""
    cells = [c for c in nbformat.read(NOTEBOOK, as_version=4).cells if "autograd" in c.metadata.get("tags", [])]
    lines = [line for cell in cells for line in cell.source.split("Tensor.backward =")[0].splitlines() if line.strip()]
    assert 50 <= len(lines) <= 70


@pytest.mark.parametrize("doublings", [1, 2, 10, 16])
def test_paths_double(book, doublings):
    end = book["Tensor"](1.0)
    for _ in range(doublings):
        end = end + end
    assert book["backward_by_paths"](end) == 2 ** (doublings + 1) - 1
    assert len(book["history"](end)) == doublings + 1


def test_exact_up_to_rounding(book):
    x = book["Tensor"](3.0)
    (x * book["exp"](x * x)).backward()
    true = 19 * np.exp(9.0)
    assert abs(x.grad / true - 1) < 2e-15
    best = min(
        abs(((3 + e) * np.exp((3 + e) ** 2) - (3 - e) * np.exp((3 - e) ** 2)) / (2 * e) / true - 1)
        for e in 10.0 ** -np.arange(1, 13)
    )
    assert 1e-12 < best < 1e-8


def test_the_mistake_shows_only_where_something_is_used_twice(book):
    rng = np.random.default_rng(0)
    leaves = [book["Tensor"](rng.normal(0, 0.5, shape)) for shape in ((6, 5), (5,), (5, 4), (4,))]
    X, Y = rng.normal(size=(8, 6)), np.eye(4)[rng.integers(4, size=8)]
    total, worst, mistaken = book["total"], book["worst_error"], book["backward_with_a_mistake"]

    def Z():
        return book["logits"](X, [leaves[:2], leaves[2:]])

    def in_one():
        return book["cross_entropy_in_one"](Z(), Y)

    def with_decay():
        return in_one() + 0.05 * total(leaves[0] * leaves[0])

    def from_parts():
        return book["cross_entropy"](Z(), Y)

    for loss in (in_one, from_parts, with_decay):
        assert worst(loss, leaves) < 1e-8
    assert worst(in_one, leaves, mistaken) < 1e-8
    assert worst(from_parts, leaves, mistaken) > 0.1 and worst(with_decay, leaves, mistaken) > 0.1


def test_gradients_that_are_not_set_to_zero_make_the_loss_swing(book, dataset):
    data = dataset("mnist-5k", max_train_samples=3200)
    book["X"], book["y"] = data.X_train.astype(float), data.y_train
    book["Y"] = np.eye(10)[data.y_train]
    for seed in range(3):
        right, wrong = (np.array(book["train_by_hand"](seed, zero)) for zero in (True, False))
        assert right[-10:].mean() < 0.6
        assert wrong[10:25].min() < right[10:25].min()  # at first it falls faster
        assert wrong[-10:].mean() > 2 * right[-10:].mean() and wrong[25:].max() > wrong[10:25].mean() + 0.5


@pytest.mark.parametrize("classes", [2, 10, 26])
def test_the_floor_of_two_softmaxes(classes):
    perfect = softmax(1000 * np.eye(classes))
    loss = -np.log(np.diag(softmax(perfect))).mean()
    assert loss == pytest.approx(np.log(1 + (classes - 1) / np.e))


def test_the_tape_s_derivatives_by_numbers():
    rng, forward = np.random.default_rng(5), {"add": np.add, "multiply": np.multiply, "exp": np.exp}
    for _ in range(30):
        inputs, tape = notebook_10.a_tape(rng)
        array = np.array(inputs) + 0.013  # away from ReLU's kink at 0

        def end(array=array, tape=tape):
            values = list(array)
            for name, *used in tape:
                arguments = [values[i] for i in used]
                values.append(max(arguments[0], 0) if name == "relu" else forward[name](*arguments))
            return float(values[-1])

        expected = nnlib.numerical_gradient(end, array)
        np.testing.assert_allclose(notebook_10.derivatives(list(array), tape), expected, rtol=1e-5, atol=1e-6)

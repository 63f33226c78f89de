"""nnlib.check: what it prints for right, wrong and not filled in; it never raises over an answer; it can grade."""

import importlib
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.stats import binomtest, fisher_exact, ttest_rel

import nnlib
from nnlib import exercises
from nnlib.exercises import Question
from nnlib.exercises.notebook_02 import l2_gradient
from nnlib.exercises.notebook_09 import conv_backward
from nnlib.exercises.notebook_11 import on_sheet

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("[0-9]*.ipynb"))


@pytest.fixture
def said(capsys, monkeypatch):
    """What `check` prints of an answer to a question made here."""
    module = importlib.import_module("nnlib.exercises.notebook_01")

    def call(answer, expected, *context, hint="Look at the sign.", **options):
        monkeypatch.setitem(module.QUESTIONS, "01.9 mine", Question(expected, hint, **options))
        verdict = nnlib.check("01.9 mine", answer, *context)
        text = capsys.readouterr().out
        assert text == verdict.text + "\n" and bool(verdict) == (text == "Right.\n")
        return text

    monkeypatch.setattr(exercises, "_wrong_so_far", exercises.Counter())
    return call


@pytest.mark.parametrize(
    "answer, expected",
    [
        (3, 3),
        (3.0, 3),
        (0.1 + 0.2, 0.3),
        (np.float32(0.5), 0.5),
        (0, 0.0),
        (1e-14, 0.0),
        ("seven", "seven"),
        ([1, 2], np.array([1.0, 2.0])),
        (np.eye(2), [[1, 0], [0, 1]]),
        ((2, 3), (2, 3)),
        ([0.8, np.array([1.0, 2])], [0.8, [1.0, 2.0]]),
        (True, True),
        (np.nan, np.nan),
        (np.array([1e9, 1e-3]), np.array([1e9, 0.0])),  # rounding beside a large number
    ],
)
def test_right(said, answer, expected):
    assert said(answer, expected) == "Right.\n"


@pytest.mark.parametrize("answer", [None, ..., [1, ...], (None, 2)])
def test_not_filled_in_yet(said, answer):
    assert said(answer, [1, 2]) == "Not filled in yet.\n"


@pytest.mark.parametrize(
    "answer, expected",
    [
        (4, 3),
        (3.01, 3),
        (0.3001, 0.3),
        (1e-5, 0.0),
        (0, 1e-8),
        (6e-8, 5e-8),
        (np.nan, 1.0),
        (np.inf, 1.0),
        ("six", "seven"),
        ("3", 3),
        (3, "three"),
        ([1, 3], [1, 2]),
        ([1, 2, 3], [1, 2]),
        (np.eye(2), np.ones((2, 2))),
        (np.ones((2, 1)), np.ones(2)),
        ([[1, 2], [3]], [1, 2]),
        (print, 3),
        ({"a": 1}, 3),
        (object(), np.ones(3)),
        (pd.DataFrame({"a": [1]}), 7),
        (False, True),
    ],
)
def test_wrong_gets_the_hint_and_never_the_answer(said, answer, expected):
    text = said(answer, expected)
    assert text.startswith("Not yet") and text.endswith("Look at the sign.\n")
    if isinstance(expected, int | float | str) and str(answer) != str(expected):
        assert not re.search(rf"(?<![\w.]){re.escape(str(expected))}(?![\w.])", text.split("expected")[0])


def test_more_help_comes_at_the_second_wrong_answer(said):
    first, second = (said(4, 3, more="It is odd.") for _ in range(2))
    assert "odd" not in first and second.endswith("Look at the sign. It is odd.\n")


def test_a_wrong_shape_is_named(said):
    assert "the shape is (2, 1), expected (2,)" in said(np.ones((2, 1)), np.ones(2))


def test_the_tolerance_is_relative_and_can_be_set(said):
    assert said(1_000_000.5, 1_000_000.0) == "Right.\n"
    assert said(0.34, 0.33, tolerance=0.05) == "Right.\n"
    for wrong in (0, 6e-8, 1e-5, 0.05):  # of the order of a tolerance, which an absolute one would let pass
        assert said(wrong, 0.006, tolerance=0.05).startswith("Not yet")


def test_long_answers_are_shortened(said):
    assert len(said(np.arange(10_000), np.zeros(10_000))) < 600
    assert len(said("x" * 10_000, "y")) < 600


def test_an_answer_that_misbehaves_does_not_stop_the_notebook(said):
    class Odd:
        def __array__(self, *args, **kwargs):
            raise RuntimeError("no")

        def __repr__(self):
            raise RuntimeError("no")

    assert said(Odd(), 3).startswith("Not yet")


def test_the_expected_value_may_be_computed_from_what_the_notebook_made(said):
    assert said(6, lambda net, X: net * X, 2, 3) == "Right.\n"
    assert said(5, lambda net, X: net * X, 2, 3).startswith("Not yet")


# -- functions are judged on random inputs -----------------------------------------------------------------------------


def spoil(A):
    A *= 2
    return A


@pytest.mark.parametrize(
    "function, words",
    [
        (lambda A: 2 * A, "Right."),
        (lambda A: A + A, "Right."),
        (lambda A: ..., "Not filled in yet."),
        (lambda A: np.abs(2 * A), r"Not yet: for \[.*\]: got"),
        (lambda A: 2 * A[:1], r"the shape is \(1,\), expected \(3,\)"),
        (lambda A: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda: 1, "TypeError"),
        (spoil, "the function has changed its argument"),
        (3, "this is a int, expected a function"),
    ],
)
def test_a_function_is_tried_on_random_inputs_and_told_where_it_fails(said, function, words):
    text = said(function, lambda A: 2 * A, inputs=lambda rng: (rng.normal(size=3),))
    assert re.search(words, text, re.DOTALL), text


# -- the notebooks' questions ------------------------------------------------------------------------------------------


def code_cells(path, tag):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(c["source"]) for c in cells if c["cell_type"] == "code" and tag in c["metadata"].get("tags", [])]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem[:2])
def test_every_question_is_asked_and_solved_and_its_answer_stands_in_no_check_cell(path):
    questions = importlib.import_module(f"nnlib.exercises.notebook_{path.stem[:2]}").QUESTIONS
    for tag in ("check", "solution"):
        asked = re.findall(r'nnlib\.check\(\s*"(.*?)"', "\n".join(code_cells(path, tag)))
        assert sorted(set(asked)) == sorted(questions), tag
    for source in code_cells(path, "check"):
        rest = re.sub(r'nnlib\.check\("[^"]*", [\w, ]+\)|# Check|import \w+', "", source)
        assert not rest.strip(), f"a check cell that holds more than its questions: {rest}"


def test_an_unknown_question_is_named():
    with pytest.raises(ValueError, match=r"there is no question '02.7 x'; known: 02.1 shape, "):
        nnlib.check("02.7 x", 3)


def _pairs(X, Y, weights, biases, share=None, slope=lambda A: 1 - A**2):
    """The exercise 04.4 in a form that can be spoilt."""
    A = [X]
    for W, b in zip(weights, biases, strict=True):
        A.append(np.tanh(A[-1] @ W + b))
    A[-1] = nnlib.activations.softmax(A[-2] @ weights[-1] + biases[-1])
    dZ, pairs = (A[-1] - Y) / (share or len(X)), []
    for A_in, W in zip(A[-2::-1], weights[::-1], strict=True):
        pairs.insert(0, (A_in.T @ dZ, dZ.sum(axis=0)))
        dZ = (dZ @ W.T) * slope(A_in)
    return pairs


def _to_the_middle(p, middle=13.5):
    return middle - (np.indices(p.shape) * p).sum(axis=(1, 2)) / p.sum()


def _moved(p, move, rounded=np.floor):
    """The exercise 06.4 in a form that can be spoilt."""
    whole = rounded(move).astype(int)
    p = np.roll(p, whole, axis=(0, 1))
    for axis, delta in enumerate(move - whole):
        p = (1 - delta) * p + delta * np.roll(p, 1, axis=axis)
    return p


def _regularised(X, Y, W1, b1, W2, b2, mask, rate, lam, forward=True, back=True, through=True, mean=1.0, price=True):
    """The exercise 07.3 in a form that can be spoilt: no scale forward or back, no mask back, another price."""
    A1 = np.maximum(X @ W1 + b1, 0)
    dropped = A1 * mask / (1 - rate if forward else 1)
    A2 = nnlib.activations.softmax(dropped @ W2 + b2)
    squares = np.sum(W1**2) + np.sum(W2**2)
    loss = -np.sum(Y * np.log(A2)) / len(X) + (lam / 2 * squares if price else 0)
    dZ2 = (A2 - Y) / len(X)
    dA1 = dZ2 @ W2.T * (mask if through else 1) / (1 - rate if back else 1)
    dZ1 = dA1 * (A1 > 0)
    return (
        loss, X.T @ dZ1 + mean * lam * W1, dZ1.sum(axis=0), dropped.T @ dZ2 + mean * lam * W2, dZ2.sum(axis=0)
    )  # fmt: skip


def _along_a_tape(inputs, tape, replace=False, exp_slope=lambda a, value: value, swapped=True, forget=False):
    """The exercise 10.3 in a form that can be spoilt."""
    values, forward = list(inputs), {"add": np.add, "multiply": np.multiply, "exp": np.exp}
    for name, *used in tape:
        arguments = [values[i] for i in used]
        values.append(max(arguments[0], 0.0) if name == "relu" else forward[name](*arguments))
    d = np.zeros(len(values))
    d[-1] = 1
    for place, (name, *used) in reversed(list(enumerate(tape, len(inputs)))):
        a, b = values[used[0]], values[used[-1]]
        product = (b, a) if swapped else (a, b)
        slopes = {"add": (1, 1), "multiply": product, "exp": (exp_slope(a, values[place]),), "relu": (float(a > 0),)}
        for i, slope in zip(used, slopes[name]):
            d[i] = (0 if replace else d[i]) + (1 if forget else d[place]) * slope
    return d[: len(inputs)]


# Answers that a student may well give, and that are wrong.
PLAUSIBLE = {
    "01.1 place": [(21, 15), (16, 21), (15, 20), (16, 22), 441],
    "01.2 scaled_val": [np.array([[0, 0.5, 1], [0.2, 0.8, 0]]), np.array([[0, 50, 100], [20, 80, 0]]) / 255],
    "01.3 always_no": [0.9, 0.1, 0.0904],
    "01.4 leaks": [
        lambda X_train, X_val: [],
        lambda X_train, X_val: sum(row.tobytes() in {r.tobytes() for r in X_train} for row in X_val),  # how many
        lambda X_train, X_val: [row.tobytes() in {r.tobytes() for r in X_train} for row in X_val],  # a mask
        lambda X_train, X_val: np.flatnonzero((X_train[:, None] == X_val).all(axis=2).any(axis=1)),  # training rows
        lambda X_train, X_val: np.flatnonzero(np.isin(X_val, X_train).all(axis=1)),  # each pixel somewhere
        lambda X_train, X_val: np.flatnonzero(np.isin(X_val[:, 1], X_train[:, 1])),  # one pixel
        lambda X_train, X_val: np.flatnonzero(np.isin(np.sort(X_val).sum(axis=1), np.sort(X_train).sum(axis=1))),
        lambda X_train, X_val: np.flatnonzero((abs(X_val[:, None] - X_train) < 0.01).all(axis=2).any(axis=1)),  # alike
        lambda X_train, X_val: np.flatnonzero((X_val[:, None] == X_val).all(axis=2).sum(axis=1) > 1),  # twice in X_val
        lambda X_train, X_val: [i for x in X_train for i in np.flatnonzero((X_val == x).all(axis=1))],  # not sorted
    ],
    "01.4 n_leaked": [40, 0, 300],
    "02.1 shape": [(4,), (4, 1), (1, 4)],
    "02.1 error": [0, 0.0, 2.0, 3.5, 40],
    "02.1 repaired": [2.5],
    "02.2 letters_loss": [3.3, 2.302585, 26, 1 / 26],
    "02.2 classes": [99, 101, 10, 100.48],
    "02.3 weights_400": [np.full(10, -0.05), np.where(np.arange(10) == 3, 0.9, -0.1)],
    "02.4 l2_gradient": [
        lambda X, Y, W, b, decay: l2_gradient(X, Y, W, b, 0),  # the penalty forgotten
        lambda X, Y, W, b, decay: l2_gradient(X, Y, W, b, 2 * decay),
        lambda X, Y, W, b, decay: l2_gradient(X, Y, W, b, decay / len(X)),
        lambda X, Y, W, b, decay: [len(X) * part for part in l2_gradient(X, Y, W, b, decay / len(X))],  # a sum, no mean
        lambda X, Y, W, b, decay: (l2_gradient(X, Y, W, b, decay)[0], l2_gradient(X, Y, W, b, 0)[1] + decay * b),
        lambda X, Y, W, b, decay: [-part for part in l2_gradient(X, Y, W, b, -decay)],  # Y - A
        (np.zeros((784, 10)), np.zeros(10)),
    ],
    "03.1 dg": [np.zeros(3), np.ones(3)],
    "03.1 dc": [np.zeros(3), np.ones(3)],
    "03.1 dX": [np.zeros((6, 3)), np.zeros(3)],
    "03.2 rounding_error": [0, 6e-8, 0.05, 1e-5, 1e-10],
    "03.2 best_epsilon": [0, 6e-8, 0.05, 1e-5, 2.4e-4],
    "03.3 line": ["db2", "dZ2", "dW1", "dW3"],
    "03.4 softplus": [lambda Z: np.maximum(Z, 0), lambda Z: np.log1p(np.exp(np.minimum(Z, 500)))],
    "03.4 softplus_backward": [
        lambda dA, A: dA / (1 + np.exp(-A)), lambda dA, A: dA * A * (1 - A), lambda dA, A: dA * (A > 0),
        lambda dA, A: 1 - np.exp(-A),
    ],
    "03.4 layer_backward": [
        lambda dA, X, W, b: (X.T @ dA, dA.sum(axis=0), dA @ W.T),
        lambda dA, X, W, b: ((d := dA / (1 + np.exp(-X @ W - b))).T @ X, d.sum(axis=0), d @ W.T),
        lambda dA, X, W, b: (X.T @ (d := dA / (1 + np.exp(-X @ W - b))), d.mean(axis=0), d @ W.T),
        lambda dA, X, W, b: (X.T @ (d := dA / (1 + np.exp(-X @ W - b))) / len(X), d.sum(axis=0), d @ W.T),
    ],
    "04.1 updates_64": [750, 20, 48_000, 14_999],
    "04.1 updates_640": [15_000, 75, 150],
    "04.1 epochs_640": [20, 2, 2000],
    "04.2 slope": [lambda A: 1 - np.tanh(A) ** 2, lambda A: 1 - A, lambda A: A * (1 - A)],
    "04.3 precision_2": [1.0, 0.9, 1 / 3],
    "04.3 recall_2": [0.8, 0.9],
    "04.3 accuracy_all": [0.8, 0.91],
    "04.3 always_2": [(1.0, 1 / 3), (1.0, 1.0), (1 / 3, 0.0)],
    "04.4 forward_backward": [
        lambda X, Y, weights, biases: _pairs(X, Y, weights, biases, share=1),  # no division by m
        lambda X, Y, weights, biases: _pairs(X, Y, weights, biases, slope=lambda A: A > 0),  # ReLU's mask
        lambda X, Y, weights, biases: _pairs(X, Y, weights, biases, slope=lambda A: 1 - np.tanh(A) ** 2),
        lambda X, Y, weights, biases: _pairs(X, Y, weights, biases)[::-1],  # last layer first
        lambda X, Y, weights, biases: _pairs(X, Y, weights, biases)[-1:],  # the last layer alone
        lambda X, Y, weights, biases: [(dW, db / len(X)) for dW, db in _pairs(X, Y, weights, biases)],
    ],
    "05.1 w_sigmoid": [0.25, 1, 2],
    "05.1 w_tanh": [0.25, 4, 0],
    "05.2 largest_bias": [1.0, 0.0, -0.5, -2.0],
    "05.3 images_bars": [10_000, 27_000, 235, 14_000],
    "05.3 images_paired": [10_000, 38_416, 54_166, 49, 9700],
    "05.4 paired_test": [
        lambda a, b: binomtest(int((a & ~b).sum()), int((a != b).sum())).pvalue,  # breaks where they never disagree
        lambda a, b: binomtest(int((a & ~b).sum()), max(int((a != b).sum()), 1), alternative="greater").pvalue,
        lambda a, b: binomtest(int((a & ~b).sum()), len(a)).pvalue,
        lambda a, b: binomtest(int((a & ~b).sum()), int((a != b).sum())).pvalue if (a != b).any() else 0.0,
        lambda a, b: ttest_rel(a.astype(float), b.astype(float)).pvalue if (a != b).any() else 1.0,
        lambda a, b: fisher_exact([[a.sum(), (~a).sum()], [b.sum(), (~b).sum()]]).pvalue,
    ],
    "08.1 step_momentum": [0.05, 0.45, 0.05 * 1.9, 0.055, 0.005],
    "08.1 step_adam": [3e-5, 0.003, 0.0316, 0.001],
    "08.1 step_uncorrected": [0.01, 0.001, 3.16, 0.1, 0.01 * 0.1 / 0.001],
    "08.2 fold": [
        lambda W, b, gamma, beta, r, p, e: (W * gamma / np.sqrt(p + e), b * gamma / np.sqrt(p + e) + beta),  # r is lost
        lambda W, b, gamma, beta, r, p, e: (W * gamma / np.sqrt(p + e), (b - r) + beta),  # b without the scale
        lambda W, b, gamma, beta, r, p, e: (W * gamma / np.sqrt(p), (b - r) * gamma / np.sqrt(p) + beta),
        lambda W, b, gamma, beta, r, p, e: (W * gamma / (p + e), (b - r) * gamma / (p + e) + beta),  # no root
        lambda W, b, gamma, beta, r, p, e: (W * gamma / np.sqrt(p + e), (b - r + beta) * gamma / np.sqrt(p + e)),
    ],
    "08.3 normalise": [
        lambda *given: _normalise(*given, gamma_inside=False),  # (8.20), which holds for axis 0 alone
        lambda *given: _normalise(*given, shift=0),  # the way through the mean is forgotten
        lambda *given: _normalise(*given, stretch=0),  # the way through s is forgotten
        lambda *given: _normalise(*given, shift=0, stretch=0),  # mean and s taken for constants
        lambda *given: _normalise(*given[:-1], 0),  # batch norm, whatever the axis
        lambda X, dA, gamma, beta, axis: (  # dgamma and dbeta along the axis
            *_normalise(X, dA, gamma, beta, axis)[:2], (dA * X).sum(axis=axis), dA.sum(axis=axis)
        ),
        lambda *given: [part / (len(given[0]) if k == 2 else 1) for k, part in enumerate(_normalise(*given))],
    ],
    "06.1 center_7": [(1.2, 0.6), (1.0, 1.0), (2.5, 2.5)],
    "06.1 move_7": [(2, 2), (1.9, 1.3), (1, 2), (-2, -1)],
    "06.2 costs_100": [[70, 20, 5, 2], [7000, 2000, 500, 200]],
    "06.2 best_100": [0, 0.9, 0.999],
    "06.2 best_20": [0, 0.99, 0.999],
    "06.3 useful": [(True, True, False, True), (True, False, True, True)],
    "06.3 sixes_as_nine": [0, 10, 100],
    "06.4 center_exactly": [
        lambda p: p,
        lambda p: np.roll(p, np.round(_to_the_middle(p)).astype(int), axis=(0, 1)),  # whole pixels
        lambda p: _moved(p, _to_the_middle(p, 14)),
        lambda p: _moved(p, -_to_the_middle(p)),
        lambda p: _moved(p, _to_the_middle(p)[::-1]),  # down and right exchanged
        lambda p: _moved(p, _to_the_middle(p), np.trunc),  # mixes with a negative share
    ],
    "07.1 left_after_100": [0.5, 0.99**100, 0.995, 0.005, 0],
    "07.1 steps_to_half": [138, 100, 69, 200],
    "07.1 steps_to_zero": [20, 39, 41, 139, np.inf],
    "07.2 announced_3": [113, 890.5, 0.57, 63.5],
    "07.2 made_3": [887, 109.5, 0.113],
    "07.2 ece_3": [0.0035, 0.16 / 3, 0.16, 0.113, 3.35],
    "07.2 one_temperature": ["yes", "No", False],
    "07.3 regularised": [
        lambda *a: _regularised(*a, forward=False),
        lambda *a: _regularised(*a, back=False),
        lambda *a: _regularised(*a, forward=False, back=False),
        lambda *a: _regularised(*a, through=False),
        lambda *a: _regularised(*a, mean=0),  # the price in the loss alone
        lambda *a: _regularised(*a, mean=2),  # the derivative of lam times the squares
        lambda *a: _regularised(*a, price=False),
        lambda *a: _regularised(*a, mean=1 / len(a[0])),
        lambda *a: (d := _regularised(*a))[:2] + (d[2] + a[8] * a[3],) + d[3:],  # biases pay as well
        lambda *a: _regularised(*a[:6], np.ones_like(a[6]), 0.0, a[8]),  # no dropout
    ],
    "09.1 shape": [(24, 8, 8), (12, 7, 7), (24, 6, 6), (7, 7, 24), 1176],
    "09.1 parameters": [12 * 25 + 24 * 9, 12 * 75 + 24 * 108, 12 * 26 + 24 * 10, 3525],
    "09.2 kernel": [np.eye(3)[::-1], [[0, 0, 0], [0, 0, 1], [0, 0, 0]], [[0, 1, 0], [0, 0, 0], [0, 0, 0]], np.eye(3)],
    "09.3 dW": [[[5, 3], [5, -2]], [[1, 0], [2, -1]], [[-2, 3], [5, 5]], [[-0.5, 1.25], [0.75, 1.25]]],
    "09.3 dX": [
        [[-1, 0, 0], [0, 2, 2], [0, 4, -1]],  # the kernel turned
        [[-1, 2], [4, -2]],
        [[1, 2, 2], [0, -2, 2], [0, 0, 1]],
    ],
    "09.4 conv_backward": [
        lambda dZ, X, W: [conv_backward(dZ, X, W)[0] / len(X), *conv_backward(dZ, X, W)[1:]],
        lambda dZ, X, W: [conv_backward(dZ, X, W)[0], dZ.mean(axis=(0, 2, 3)), conv_backward(dZ, X, W)[2]],
        lambda dZ, X, W: [*conv_backward(dZ, X, W)[:2], conv_backward(dZ, X, W[:, :, ::-1, ::-1])[2]],  # not turned
        lambda dZ, X, W: [*conv_backward(dZ, X, W)[:2], conv_backward(dZ, X, W.mean(axis=1, keepdims=True) + 0 * W)[2]],
        lambda dZ, X, W: conv_backward(dZ[..., -1:, -1:], X[..., -W.shape[2] :, -W.shape[3] :], W)[:1]
        + conv_backward(dZ, X, W)[1:],  # dW of the last place
    ],
    "10.1 division_rule": [
        lambda d, p, q: (d / q, d / p),
        lambda d, p, q: (d * q, d * p),  # the product's
        lambda d, p, q: (1 / q, -p / q**2),  # without d
        lambda d, p, q: (d / q, d * p / q**2),  # the sign
    ],
    "10.2 floor_26": [1.461, np.log(26), np.log(1 + 26 / np.e), 0.0],
    "10.2 missing_line": ["A", "B"],
    "10.3 derivatives": [
        lambda inputs, tape: _along_a_tape(inputs, tape, replace=True),  # = for +=
        lambda inputs, tape: _along_a_tape(inputs, tape, exp_slope=lambda a, value: a),
        lambda inputs, tape: _along_a_tape(inputs, tape, exp_slope=lambda a, value: 1),
        lambda inputs, tape: _along_a_tape(inputs, tape, swapped=False),
        lambda inputs, tape: _along_a_tape(inputs, tape, forget=True),  # the chain
        lambda inputs, tape: np.zeros(len(inputs)),
    ],
    "11.1 new_pupil": ["A", "B", "D"],
    "11.1 next_month": ["A", "C", "D"],
    "11.1 abroad": ["A", "B", "C"],
    "11.2 on_sheet": [
        lambda h, u, v: np.array([h[0] * u + h[1] * v + h[2], h[3] * u + h[4] * v + h[5]]) / (h[6] * u + h[7] * v + 1),
        lambda h, u, v: np.linalg.solve([[h[0], h[1]], [h[3], h[4]]], [u - h[2], v - h[5]]),  # no perspective
        lambda h, u, v: np.linalg.solve(_equations(h, u, v), [u, v]),
        lambda h, u, v: np.linalg.solve(_equations(h, u, v).T, [u - h[2], v - h[5]]),
        lambda h, u, v: on_sheet(h, u, v)[::-1],
    ],
    "11.3 compare": [
        lambda a, b, who: _interval(b * 1.0 - a),  # rows for writers
        lambda a, b, who: _interval(_by(who, a) - _by(who, b)),  # a minus b
        lambda a, b, who: _interval(_by(who, b) - _by(who, a), ddof=0),
        lambda a, b, who: _interval(_by(who, b) - _by(who, a), normal=True),
        lambda a, b, who: _interval(_by(who, b) - _by(who, a), root=False),
        lambda a, b, who: _interval(_by(who, b)),  # not compared
    ],
}  # fmt: skip


def _equations(h, u, v):
    return np.array([[h[0] - u * h[6], h[1] - u * h[7]], [h[3] - v * h[6], h[4] - v * h[7]]])


def _by(who, right):
    """The accuracy of each writer."""
    return np.array([right[who == one].mean() for one in np.unique(who)])


def _interval(gain, ddof=1, normal=False, root=True):
    """Mean and the ends of its interval, with one part of it wrong."""
    q = stats.norm.ppf(0.975) if normal else stats.t.ppf(0.975, len(gain) - 1)
    half = q * gain.std(ddof=ddof) / (np.sqrt(len(gain)) if root else 1)
    return gain.mean(), gain.mean() - half, gain.mean() + half


for nn, lines in {"02": (9, 8), "03": (13, 8), "04": (5, 13), "05": (13, 12), "06": (9, 12)}.items():  # of number 0
    PLAUSIBLE[f"{nn}.5 line"] = [*lines, 0, exercises.planted(nn, 0).source.splitlines()[lines[0]]]
    PLAUSIBLE[f"{nn}.5 mended"] = [exercises.planted(nn, number).function for number in (0, 3)]  # test_bugs.py: all


def _normalise(X, dA, gamma, beta, axis, gamma_inside=True, shift=1, stretch=1):
    """Normalising along an axis, forward and backward, with one part of it wrong."""
    s = np.sqrt(X.var(axis=axis, keepdims=True) + 1e-5)
    X_hat = (X - X.mean(axis=axis, keepdims=True)) / s
    inner, outer = (dA * gamma, 1) if gamma_inside else (dA, gamma)
    dX = inner - shift * inner.mean(axis=axis, keepdims=True)
    dX = dX - stretch * X_hat * (inner * X_hat).mean(axis=axis, keepdims=True)
    return gamma * X_hat + beta, outer * dX / s, (dA * X_hat).sum(axis=0), dA.sum(axis=0)


@pytest.mark.parametrize("name", PLAUSIBLE)
def test_plausible_wrong_answers_are_wrong(name, dataset):
    context = [0] if name.endswith(".5 line") else []
    if name == "06.3 sixes_as_nine":
        data = dataset("mnist-5k")
        context = [nnlib.load_pretrained(), data.X_val, data.y_val]
    for answer in PLAUSIBLE[name]:
        assert not nnlib.check(name, answer, *context), answer


def test_plausible_answers_are_given_for_every_question():
    for path in NOTEBOOKS:
        assert set(importlib.import_module(f"nnlib.exercises.notebook_{path.stem[:2]}").QUESTIONS) <= set(PLAUSIBLE)

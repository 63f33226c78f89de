"""The bugs that students draw by their number: the tools that a box names find each, and the right code passes."""

import importlib
import json
import re
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

import nnlib
from nnlib.activations import softmax
from nnlib.exercises import planted
from nnlib.exercises.bugs import Planted

NOTEBOOKS = ("02", "03", "04", "05", "06")
MODULES = {name: importlib.import_module(f"nnlib.exercises.notebook_{name}") for name in NOTEBOOKS}
CASES = [(name, k) for name in NOTEBOOKS for k in range(len(MODULES[name].BUGS))]
every_bug = pytest.mark.parametrize("notebook, k", CASES)


def bug(notebook, k):
    return Planted(MODULES[notebook].PLANTED_IN, MODULES[notebook].BUGS[k])


# The tools of each box, as a student would use them: what is off, or nothing.


def derivatives_off(function, X, y, parameters):
    """How many of the derivatives that a function returns after its loss are not those of its loss, by numbers."""
    _, *formulas = function(X, y, *parameters)
    off = 0
    for array, formula in zip(parameters, formulas, strict=True):
        numeric = nnlib.numerical_gradient(lambda: function(X, y, *parameters)[0], array)
        if np.shape(formula) != array.shape or nnlib.relative_error(formula, numeric) > 1e-3:
            off += 1
    return off


def tools_02(function):
    rng = np.random.default_rng(1)
    X, y, W, b = rng.normal(size=(7, 4)), rng.integers(0, 3, 7), rng.normal(size=(4, 3)), rng.normal(size=3)
    yield "start loss", abs(function(X, y, 0 * W, 0 * b)[0] - np.log(3)) > 1e-6
    yield "gradient", derivatives_off(function, X, y, [W, b])


def tools_03(function):
    rng = np.random.default_rng(1)
    shapes = [(4, 5), 5, (5, 5), 5, (5, 3), 3]
    X, Y, parameters = rng.normal(size=(10, 4)), np.eye(3)[rng.integers(0, 3, 10)], [rng.normal(size=s) for s in shapes]
    yield "gradient", derivatives_off(function, X, Y, parameters)


def tools_04(function):
    rng = np.random.default_rng(1)
    shapes = list(pairwise([4, 6, 5, 3]))
    weights, biases = [rng.normal(size=s) for s in shapes], [rng.normal(size=s) for _, s in shapes]
    X, Y, order = rng.normal(size=(40, 4)), np.eye(3)[rng.integers(0, 3, 40)], rng.permutation(40)[:10]

    def loss():
        A = X[order]
        for W, b in zip(weights[:-1], biases[:-1], strict=True):
            A = np.maximum(A @ W + b, 0)
        return -(Y[order] * np.log(softmax(A @ weights[-1] + biases[-1]))).sum() / len(order)

    after = [array for part in function(X, Y, weights, biases, order, 10, 0.1) for array in part]
    for name, before, now in zip(("W1", "W2", "W3", "b1", "b2", "b3"), [*weights, *biases], after, strict=True):
        gradient = nnlib.numerical_gradient(loss, before)
        yield name, nnlib.relative_error((before - now) / 0.1, gradient) > 1e-3


def tools_05(function):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(12, 400)), np.arange(12) % 3
    X_val, y_val = rng.normal(size=(200, 400)), rng.integers(0, 3, 200)
    (one, *_), (other, *_) = function(X, y, X_val, y_val, 200, 0.1, 0, [5, 6])
    yield "variance", abs(one.var() * 400 - 2 / 1.01) > 0.1
    yield "mean", abs(one.mean()) > 4 * one.std() / np.sqrt(one.size)
    yield "another seed", np.array_equal(one, other)

    X, X_val = X[:, :4], X_val[:, :4]
    ((W1, end, right),) = function(X, y, X_val, y_val, 7, 0.1, 1, [5])
    rng = np.random.default_rng(5)
    rng.normal(size=W1.shape)
    W2 = rng.normal(0, np.sqrt(1 / 7), (7, 3))

    def bend(Z):
        return np.maximum(Z, 0.1 * Z)

    def loss():
        return -np.log(softmax(bend(X @ start) @ W2)[np.arange(12), y]).mean()

    start = W1.copy()
    yield "one step", nnlib.relative_error((W1 - end) / 0.1, nnlib.numerical_gradient(loss, start)) > 1e-3
    ((W1, _, right),) = function(X, y, X_val, y_val, 7, 0.1, 0, [5])
    yield "answers", (((bend(X_val @ W1) @ W2).argmax(axis=1) == y_val) != right).any()


def tools_06(function):
    for box in ((20, 30, 70, 65), (30, 10, 65, 70)):  # a wide hook and a high one: left, top, right, bottom
        sheet = Image.new("L", (100, 100), 255)
        left, top, right, bottom = box
        ImageDraw.Draw(sheet).line([(left, top), (left, bottom), (right, bottom)], 0, 8)
        field = function(np.asarray(sheet, dtype=float))
        rows, columns = np.flatnonzero(field.any(axis=1)), np.flatnonzero(field.any(axis=0))
        height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
        ink = (sheet.point(lambda value: 255 - value)).getbbox()
        yield "range", not 0.5 < field.max() <= 1
        yield "longer side", max(height, width) != 20
        yield "shape", abs(width / height - (ink[2] - ink[0]) / (ink[3] - ink[1])) > 0.1
        center = (np.indices(field.shape) * field).sum(axis=(1, 2)) / field.sum()
        yield "centre of mass", np.abs(center - 14).max() > 0.51


TOOLS = {"02": tools_02, "03": tools_03, "04": tools_04, "05": tools_05, "06": tools_06}


def found(notebook, function):
    return [name for name, off in TOOLS[notebook](function) if off]


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_the_right_code_passes(notebook):
    function = MODULES[notebook].PLANTED_IN
    assert found(notebook, function) == []
    assert nnlib.check(f"{notebook}.5 mended", function)


@every_bug
def test_the_tools_find_every_bug_and_no_exception_does(notebook, k):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert found(notebook, bug(notebook, k).function)


def leaves(result):
    """All numbers of a result, in one row; the shape of each array beside them."""
    parts = result if isinstance(result, list | tuple) else [result]
    flat = [leaves(part) if isinstance(part, list | tuple) else (np.ravel(part), [np.shape(part)]) for part in parts]
    return np.concatenate([values for values, _ in flat]).astype(float), [
        shape for _, shapes in flat for shape in shapes
    ]


@every_bug
def test_every_bug_gives_a_wrong_result_by_a_margin(notebook, k):
    """On the inputs of the check, by far more than the check's tolerance; none raises or warns."""
    module, rng, shown = MODULES[notebook], np.random.default_rng(0), 0
    question = module.QUESTIONS[f"{notebook}.5 mended"]
    wrong = bug(notebook, k).function
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(20):
            arguments = question.inputs(rng)
            (a, shapes), (b, others) = leaves(module.PLANTED_IN(*arguments)), leaves(wrong(*arguments))
            shown += shapes != others or nnlib.relative_error(a, b) > max(100 * question.tolerance, 1e-3)
    assert shown >= 8
    assert not nnlib.check(f"{notebook}.5 mended", wrong)


@every_bug
def test_the_mended_line_is_right(notebook, k):
    module, mine = MODULES[notebook], bug(notebook, k)
    good, bad = module.BUGS[k]
    line = 1 + next(i for i, text in enumerate(mine.source.splitlines()) if text.strip() == bad)
    assert f"{line:2}  " + mine.source.splitlines()[line - 1] in str(mine)
    assert nnlib.check(f"{notebook}.5 mended", mine.mend(line, good))
    other = mine.mend(line, bad)
    assert not nnlib.check(f"{notebook}.5 mended", other)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_number_draws_its_bug(notebook):
    """Always the same; those of one deal all differ; the check knows the line, and no other passes."""
    n = len(MODULES[notebook].BUGS)
    assert n >= 8
    sources = [planted(notebook, number).source for number in range(3 * n)]
    assert sources == [planted(notebook, np.int64(number)).source for number in range(3 * n)]
    for deal in range(3):
        assert len(set(sources[deal * n : deal * n + n])) == n
    assert sources[:n] != sources[n : 2 * n]
    right = MODULES[notebook].PLANTED_IN
    for number in (0, 7, 2_021_345):
        mine = planted(notebook, number)
        original = bug(notebook, 0)
        original = original.mend(original._place + 1, MODULES[notebook].BUGS[0][0])
        assert original.__name__ == right.__name__
        lines = range(1, len(mine.source.splitlines()) + 1)
        said = [line for line in lines if nnlib.check(f"{notebook}.5 line", line, number)]
        (line,) = said
        assert mine.source.splitlines()[line - 1].strip() in [bad for _, bad in MODULES[notebook].BUGS]


def test_no_bug_stands_twice():
    pairs = [pair for name in NOTEBOOKS for pair in MODULES[name].BUGS]
    assert len({bad for _, bad in pairs}) == len(pairs)


@pytest.mark.parametrize("number", [-1, 1.5, "17", None])
def test_a_number_that_is_none(number):
    with pytest.raises(ValueError, match="not a whole number"):
        planted("02", number)


def test_a_notebook_without_bugs_and_a_line_that_is_not_there():
    with pytest.raises(ValueError, match="notebook is '07'"):
        planted("07", 1)
    with pytest.raises(ValueError, match="a number from 1 to"):
        planted("02", 1).mend(99, "pass")


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_the_box_of_the_notebook(notebook):
    """It says how many bugs there are, and its solution is that of number 0."""
    (path,) = (Path(__file__).parents[1] / "notebooks").glob(f"{notebook}_*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells)
    box = text[text.index("· A bug of your own ·") :]
    words = ["eight", "nine", "ten", "eleven", "twelve"]
    assert f"one of {words[len(MODULES[notebook].BUGS) - 8]}" in box[:800]
    assert f'bug = nnlib.exercises.planted("{notebook}", number)' in box
    assert re.search(rf'nnlib\.check\("{notebook}\.5 line", \w+, 0\)', box)

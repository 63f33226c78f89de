"""What the notebooks' check cells call. The questions of notebook NN, with their answers, stand in `notebook_NN.py`."""

import copy
import importlib
from collections import Counter
from typing import Any

import numpy as np

from nnlib.exercises.bugs import planted
from nnlib.extras import from_an_extra

__all__ = ["Question", "Verdict", "check", "planted"]

EMPTY = "Not filled in yet."
TRIALS = 20  # random inputs that a student's function is judged on
_wrong_so_far: Counter[str] = Counter()  # by question


class Question:
    """A question, its answer, and what a wrong answer is told.

    `expected` is a value (number, text, array, or a list of these); or a function of `check`'s context that gives it;
    or, with `inputs(rng)`, which draws a tuple of arguments, the function that the student is to write. Numbers may
    differ by `tolerance` times the largest expected one; whole numbers, texts and truth values not at all. `hint` is
    shown at the first wrong answer, `more` from the second on.
    """

    def __init__(self, expected, hint, more="", tolerance=1e-6, inputs=None):
        self.expected, self.hint, self.more, self.tolerance, self.inputs = expected, hint, more, tolerance, inputs


class Verdict:
    """What `check` says: true if the answer is right, so that `assert nnlib.check(...)` grades."""

    def __init__(self, right: bool, text: str) -> None:
        self.right, self.text = right, text

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self):
        return f"<Verdict: {self.text}>"

    def _ipython_display_(self):
        """It was printed."""


def check(name: str, answer: Any, *context: Any) -> Verdict:
    """Print whether `answer` to the question `name` ("02.1 shape") is right, wrong or not filled in yet.

    `None` and `...` count as not filled in. A wrong answer gets the hint, never the expected value; a function is told
    the arguments that it fails on. `context` is what the expected value is computed from, where it hangs on something
    that the notebook has made (a trained network). Whatever the answer is, nothing is raised, so that a notebook goes
    on. Returns a Verdict. Raises ValueError for a name that is no question's.
    """
    with from_an_extra():
        questions = importlib.import_module(f"nnlib.exercises.notebook_{name[:2]}").QUESTIONS
    if name not in questions:
        raise ValueError(f"there is no question {name!r}; known: {', '.join(questions)}")
    question = questions[name]
    try:
        failure = EMPTY if _is_empty(answer) else _failure(answer, question, context)
    except Exception as error:  # whatever a student's object does when it is compared or shown
        failure = f"{type(error).__name__}: {error}"
    if failure in (None, EMPTY):
        verdict = Verdict(failure is None, failure or "Right.")
    else:
        _wrong_so_far[name] += 1
        more = f" {question.more}" if question.more and _wrong_so_far[name] > 1 else ""
        verdict = Verdict(False, f"Not yet: {failure}. {question.hint}{more}")
    print(verdict.text)
    return verdict


def _is_empty(answer):
    return any(part is None or part is ... for part in (answer if isinstance(answer, list | tuple) else [answer]))


def _failure(answer, question, context):
    """Why the answer is wrong, without the expected value; None if it is right."""
    if question.inputs is None:
        expected = question.expected(*context) if callable(question.expected) else question.expected
        return _difference(answer, expected, question.tolerance)
    if not callable(answer):
        return f"this is a {type(answer).__name__}, expected a function"
    rng = np.random.default_rng(0)
    for _ in range(TRIALS):
        arguments = question.inputs(rng)
        expected = question.expected(*copy.deepcopy(arguments))
        given = copy.deepcopy(arguments)  # a function that changes its arguments is told so, below
        place = "for " + ", ".join(map(_show, arguments))
        try:
            result = answer(*given)
        except Exception as error:
            return f"{place}: {type(error).__name__}: {error}"
        if _is_empty(result):
            return EMPTY
        if difference := _difference(result, expected, question.tolerance):
            return f"{place}: {difference}"
        if any(_difference(now, before, 0) for now, before in zip(given, arguments) if isinstance(before, np.ndarray)):
            return f"{place}: the answer is right, but the function has changed its argument"
    return None


def _difference(answer, expected, tolerance):
    """What is wrong with a value; None if nothing is."""
    if isinstance(expected, list | tuple):  # of parts that may differ in shape
        if not isinstance(answer, list | tuple | np.ndarray) or len(answer) != len(expected):
            return f"got {_show(answer)}, expected {len(expected)} parts"
        parts = (_difference(a, e, tolerance) for a, e in zip(answer, expected))
        return next((f"part {k} of {len(expected)}: {part}" for k, part in enumerate(parts, 1) if part), None)
    a, e = np.asarray(answer), np.asarray(expected)
    if a.shape != e.shape:
        return f"the shape is {a.shape}, expected {e.shape}"
    if e.dtype.kind not in "fc":
        return None if a.dtype.kind in "biufc" + e.dtype.kind and np.array_equal(a, e) else f"got {_show(answer)}"
    if a.dtype.kind not in "biuf":
        return f"got {_show(answer)}, expected numbers"
    # Beside the largest number, rounding makes small ones differ by more than their own size.
    near = np.abs(a - e) <= tolerance * (np.abs(e[np.isfinite(e)]).max(initial=0) or 1e-6)
    if (near | (a == e) | (np.isnan(a) & np.isnan(e))).all():
        return None
    return f"got {_show(answer)}"


def _show(value):
    text = np.array2string(value, precision=4, threshold=12) if isinstance(value, np.ndarray) else repr(value)
    return text if len(text) <= 200 else text[:200] + " ..."

"""nnlib.check: what it prints for right, wrong and not filled in; it never raises."""

import numpy as np
import pandas as pd
import pytest

import nnlib


def said(capsys, *args, **kwargs):
    assert nnlib.check(*args, **kwargs) is None
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "answer, expected",
    [
        (3, 3),
        (0.1 + 0.2, 0.3),
        (np.float32(0.5), 0.5),
        (1e-8, 0.0),
        ("seven", "seven"),
        ([1, 2], np.array([1.0, 2.0])),
        (np.eye(2), [[1, 0], [0, 1]]),
        ((2, 3), (2, 3)),
        (True, True),
        ({"a": 1}, {"a": 1}),
    ],
)
def test_right(capsys, answer, expected):
    assert said(capsys, answer, expected) == "Right.\n"


@pytest.mark.parametrize("answer", [None, ...])
def test_not_filled_in_yet(capsys, answer):
    assert said(capsys, answer, 3, "a hint") == "Not filled in yet.\n"


@pytest.mark.parametrize(
    "answer, expected",
    [
        (4, 3),
        (0.3001, 0.3),
        (np.nan, 1.0),
        (np.inf, 1.0),
        ("six", "seven"),
        ("3", 3),
        (3, "three"),
        ([1, 3], [1, 2]),
        (np.eye(2), np.ones((2, 2))),
        ([[1, 2], [3]], [1, 2]),
        (print, 3),
        ({"a": 1}, {"a": 2}),
        (object(), np.ones(3)),
        (pd.DataFrame({"a": [1]}), 7),
    ],
)
def test_wrong_says_what_came_what_was_expected_and_the_hint(capsys, answer, expected):
    text = said(capsys, answer, expected, "Look at the sign.")
    assert text.startswith("Not yet") and "got " in text and "expected " in text
    assert text.endswith("Look at the sign.\n")


def test_a_wrong_shape_is_named(capsys):
    assert "the shape is (2, 1), expected (2,)" in said(capsys, np.ones((2, 1)), np.ones(2))


def test_the_tolerance_is_relative_and_can_be_set(capsys):
    assert said(capsys, 1_000_000.5, 1_000_000.0) == "Right.\n"
    assert said(capsys, 0.34, 0.33, tolerance=0.05) == "Right.\n"


def test_long_answers_are_shortened(capsys):
    assert len(said(capsys, np.arange(10_000), np.zeros(10_000))) < 600
    assert len(said(capsys, "x" * 10_000, "y")) < 600


def test_an_answer_that_misbehaves_does_not_stop_the_notebook(capsys):
    class Odd:
        def __array__(self, *args, **kwargs):
            raise RuntimeError("no")

        def __repr__(self):
            raise RuntimeError("no")

    assert said(capsys, Odd(), 3).startswith("Not yet")

"""What panels are given: every argument out of its range is refused in words, and rows lie in memory row after row."""

import numpy as np
import pandas as pd
import pytest
import traitlets

import nnlib
from nnlib import widgets
from nnlib.widgets.arguments import Number
from nnlib.widgets.panel import Panel

RANGES = {  # the ends of each; None where there is none
    "ActivationExplorer": {"slope": (0, 1), "alpha": (0.1, 3), "z": (-6, 6)},
    "BackpropStepper": {"position": (0, 13), "samples": (1, 4), "seed": (0, None), "updates": (0, 100)},
    "DataBrowser": {},
    "DataSize": {"samples": (10, None), "seed": (0, None)},
    "DrawingPad": {"pen": (4, 60), "threshold": (0, 1)},
    "Generalise": {
        **{"weight_decay": (0, 1), "dropout": (0, 0.9), "augmentation": (0, 2)},
        **{"samples": (10, None), "seed": (0, None)},
    },
    "ExpressionStepper": {"position": (0, None)},
    "GradientCheck": {"epsilon": (1e-12, 0.1)},
    "KernelPad": {
        **{"index": (0, None), "row": (0, 25), "column": (0, 25)},
        **{f"w{i}{j}": (-5, 5) for i in range(3) for j in range(3)},
    },
    "MistakeGallery": {"index": (0, None)},
    "Playground": {
        "learning_rate": (0, None),
        "batch_size": (1, None),
        "samples": (1, None),
        "seed": (0, None),
        "weight_decay": (0, None),
        "dropout": (0, 0.9),
        "noise": (0, 1),
        "adds": (0, 1),
    },
    "Race": {"depth": (1, 10), "seed": (0, None)},
    "Transform": {
        **{"index": (0, None), "shift_x": (-10, 10), "shift_y": (-10, 10)},
        **{"rotation": (-180, 180), "thickness": (-2, 4), "scale": (0.4, 1.6)},
    },
    "Upload": {},
    "Valley": {
        **{"w1": (-5, 5), "w2": (-2, 2), "rate": (0, 1), "adaptive_rate": (0, 1)},
        **{"momentum": (0, 0.99), "steps": (1, 300)},
    },
}
NAMES = {  # the settings that are one of several names
    "ActivationExplorer": ["activation", "other"],
    "BackpropStepper": ["activation"],
    "GradientCheck": ["activation", "loss"],
    "KernelPad": ["preset"],
    "Playground": ["optimizer", "shape"],
    "Transform": ["along"],
}
DATA = {"DataBrowser", "DataSize", "Generalise", "Playground", "Race"}


@pytest.fixture(scope="module")
def make(dataset):
    """A function from a panel's name and settings to the panel."""

    def make(kind, **settings):
        if kind in DATA:
            settings = {"data": dataset("digits"), **settings}
        elif kind in ("KernelPad", "MistakeGallery", "Transform"):
            settings = {"X": np.zeros((3, 784)), **settings}
        if kind == "MistakeGallery":
            settings = {"labels": [1, 2, 3], "answers": [4, 5, 6], **settings}
        return getattr(widgets, kind)(**settings)

    return make


def settings_of(kind, *types):
    own = getattr(widgets, kind).class_traits().items() - Panel.class_traits().items()
    return {name for name, trait in own if isinstance(trait, types)}


def test_no_setting_is_forgotten_here():
    assert set(RANGES) == set(widgets.__all__)
    for kind, ranges in RANGES.items():
        assert settings_of(kind, traitlets.Int, Number) - {"index"} == set(ranges) - {"index"}, kind
        assert settings_of(kind, traitlets.Enum) == set(NAMES.get(kind, [])), kind


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, ranges in RANGES.items() for name in ranges])
def test_a_number_beyond_its_range_is_refused(kind, name, make):
    panel, (low, high) = make(kind), RANGES[kind][name]
    whole = name in settings_of(kind, traitlets.Int)
    at_first = getattr(panel, name)
    wrong = {low - (1 if whole else 1e-9): f"not be less than {low}", "many": "expected an int|expected a float"}
    if high is not None:
        wrong[high + (1 if whole else 1e-9)] = f"not be greater than {high}"
    if not whole:
        wrong |= {np.nan: f"{name} is nan; expected a number from {low}", np.inf: "is inf; expected a number|greater"}
    for value, words in wrong.items():
        with pytest.raises(traitlets.TraitError, match=words) as error:
            setattr(panel, name, value)
        assert name in str(error.value) and getattr(panel, name) == at_first
    for end in (low, high) if name != "index" else ():
        if end is not None:
            setattr(panel, name, end)
            assert getattr(panel, name) == end and "Not done" not in panel.message.value
    panel.close()


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in NAMES.items() for name in names])
def test_a_name_that_is_not_known_is_refused(kind, name, make):
    words = rf"'{name}' trait .* expected any of \[.*'.*\], not the str 'magic'"
    with pytest.raises(traitlets.TraitError, match=words):
        setattr(make(kind), name, "magic")


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        ("ActivationExplorer", {"slope": 2}, "'slope' .* not be greater than 1"),
        ("BackpropStepper", {"position": 14}, "'position' .* not be greater than 13"),
        ("DataBrowser", {"seed": -1}, "seed is -1; expected a whole number from 0"),
        ("DataSize", {"samples": 9}, "'samples' .* not be less than 10"),
        ("DataSize", {"steps": 0}, "steps is 0; expected a whole number from 1"),
        ("DataSize", {"hidden": [8, 0]}, "hidden units is 0; expected a whole number from 1"),
        ("DrawingPad", {"threshold": 1.5}, "'threshold' .* not be greater than 1"),
        ("GradientCheck", {"seed": 0.5}, "seed is 0.5; expected a whole number from 0"),
        ("Playground", {"hidden": [2.5]}, "hidden units is 2.5; expected a whole number from 1"),
        ("Playground", {"batch_size": 0}, "'batch_size' .* not be less than 1"),
        ("Playground", {"learning_rate": -0.1}, "'learning_rate' .* not be less than 0"),
        ("Playground", {"learning_rate": np.inf}, "learning_rate is inf; expected a number from 0$"),
        ("Race", {"width": 0}, "width is 0; expected a whole number from 1"),
        ("Race", {"batch_size": 2.5}, "batch_size is 2.5; expected a whole number from 1"),
        ("Race", {"depth": 11}, "'depth' .* not be greater than 10"),
    ],
)
def test_an_argument_beyond_its_range_is_refused(kind, settings, words, make):
    with pytest.raises((traitlets.TraitError, ValueError), match=words):
        make(kind, **settings)


# -- rows in column order, as a DataFrame holds them ------------------------------------------------------------------


def by_columns():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 3)).astype(np.float32)
    return X, pd.DataFrame({f"x{k}": X[:, k] for k in range(3)}).to_numpy(), np.arange(90) % 3


@pytest.mark.parametrize(
    "give", [lambda X: X, lambda X: np.asfortranarray(X, np.float64), lambda X: X.copy().T.copy().T]
)
def test_rows_that_lie_by_columns_train_as_rows_do(give):
    X, columns, y = by_columns()
    columns = give(columns)
    assert not columns.flags.c_contiguous and np.array_equal(columns, X)
    panel, expected = widgets.Playground((columns, y), hidden=[4]), widgets.Playground((X, y), hidden=[4])
    assert panel.X.flags.c_contiguous and panel.X.dtype == np.float32
    for either in (panel, expected):
        either.advance(10)
    assert np.array_equal(panel.network.parameters, expected.network.parameters)


def test_digits_that_lie_by_columns_are_the_same_digits():
    X = np.random.default_rng(0).random((3, 784))
    panel = widgets.Transform(np.asfortranarray(X), networks=nnlib.Network([784, 10]))
    assert panel.X.flags.c_contiguous
    panel.index = 2
    np.testing.assert_array_equal(panel.moved, X[2].reshape(28, 28).astype(np.float32))

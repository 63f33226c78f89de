"""The browser where a data set lacks something: a part, a class, a row. Notebook 01's tests have the rest."""

import asyncio
import dataclasses

import numpy as np
import pytest
import traitlets
from controls import control

from nnlib.widgets import DataBrowser


def without(data, digit, part):
    """The data set without the rows of a digit in one part ("train" or "val")."""
    y = getattr(data, f"y_{part}")
    kept = y != digit
    return dataclasses.replace(data, **{f"X_{part}": getattr(data, f"X_{part}")[kept], f"y_{part}": y[kept]})


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("part", ["train", "val"])
def test_a_digit_that_a_part_lacks(dataset, part):
    data = without(dataset("digits"), 3, part)
    panel = DataBrowser(data)
    assert control(panel, "digit").options == ("all", *"012456789")
    with pytest.raises(traitlets.TraitError, match="no digit '3'"):
        panel.digit = "3"
    panel.part, panel.digit = "validation", "8"
    assert "label 8" in panel.message.value
    panel.digit = "all"
    if part == "train":
        panel.index = int(np.flatnonzero(data.y_val == 3)[0])
        assert "label 3" in panel.message.value and panel.figure.axes[1].get_title() == "no training picture is 3"


def test_the_text_names_picture_row_and_verdict(dataset):
    panel, eights = DataBrowser(dataset("digits")), np.flatnonzero(dataset("digits").y_train == 8)
    assert panel.message.value.startswith("row 0 of the training data: label ")
    panel.digit = "8"
    verdicts = set()
    for panel.index in range(40):
        start, _, end = panel.message.value.partition("nearest class mean ")
        row = eights[panel.index]
        assert start == f"picture {panel.index} of the 8s, row {row} of the training data: label 8, "
        assert end == "8, right" or (end[0] != "8" and end.endswith(", <b>wrong</b>"))
        verdicts.add(end)
    assert len(verdicts) > 1


def test_no_validation_rows(dataset):
    panel = DataBrowser(dataset("digits", validation=0))
    assert control(panel, "part").options == ("training",)
    with pytest.raises(traitlets.TraitError, match="no part 'validation'"):
        panel.part = "validation"
    panel.index = 5
    assert "Paused" not in panel.message.value and panel.part == "training"


def test_the_index_stays_in_range(dataset):
    data = dataset("digits")
    panel = DataBrowser(data)
    slider = control(panel, "index")
    panel.index = 99999
    assert panel.index == slider.value == len(data.y_train) - 1
    panel.index = -1
    assert panel.index == slider.value == 0
    panel.digit = "8"
    panel.index = 99999
    assert panel.index == slider.value == (data.y_train == 8).sum() - 1
    panel.digit = "all"
    panel.index = 1000
    assert panel.index == slider.value == 1000


def test_code_is_ahead_of_the_picture(dataset):
    """In a kernel the picture is drawn after the cell: index and slider must agree before."""

    async def cell():
        panel = DataBrowser(dataset("digits"))
        panel.digit = "8"
        panel.index = 10**6
        panel.digit = "all"
        panel.index = 900
        told = panel.index, control(panel, "index").value
        panel.close()
        return told

    assert asyncio.run(cell()) == (900, 900)


def test_the_name_of_a_data_set_and_what_is_none(dataset):
    panel = DataBrowser("digits")
    assert panel.data.name == "digits" and np.array_equal(panel.data.X_train, dataset("digits").X_train)
    with pytest.raises(TypeError, match="is a tuple; expected a Dataset"):
        DataBrowser((panel.data.X_train, panel.data.y_train))


def test_next_wrong(dataset):
    panel, seen = DataBrowser(dataset("digits")), []
    for _ in range(3):
        control(panel, "Next wrong").click()
        assert "<b>wrong</b>" in panel.message.value
        near, label = panel.figure.axes[2].get_title(), panel.figure.axes[0].get_title()
        assert near.split()[-1] != label.split()[-1]
        seen.append(panel.index)
    assert seen[0] < seen[1] < seen[2]

"""The gallery of mistakes: every control is used, and what was sorted is counted and kept."""

import nbformat
import numpy as np
import pytest
import traitlets
from controls import control, press
from nbformat.v4 import new_code_cell, new_notebook

from nnlib.widgets import MistakeGallery
from nnlib.widgets.mistakes import REASONS

X = np.random.default_rng(0).random((30, 64))


@pytest.fixture
def gallery():
    return MistakeGallery(X, np.arange(30) % 10, np.arange(1, 31) % 10, about=[f"writer {k}" for k in range(30)])


def place(gallery, k):
    """A point inside picture k of those that are shown."""
    left, top = gallery._corner(k)
    return left + 4, top + 4


def test_a_reason_is_given_by_its_button_and_the_next_is_chosen(gallery):
    before = gallery.picture.drawing
    press(gallery, f"3 {REASONS[2]}")
    assert gallery.sorting[0] == REASONS[2] and gallery.index == 1 and gallery.picture.drawing != before
    for number, reason in enumerate(REASONS, 1):
        press(gallery, f"{number} {reason}")
    assert gallery.sorting[: len(REASONS) + 1] == [REASONS[2], *REASONS] and gallery.index == 7
    assert gallery.message.value == "Picture 7: 7 read as 8, writer 7: not sorted &middot; 7 of 30 sorted"


def test_a_click_chooses_a_picture_and_the_pointer_is_told(gallery):
    assert (
        gallery.pointed(gallery._gallery, *place(gallery, 9), False) == "picture 9: 9 read as 0, writer 9: not sorted"
    )
    assert gallery.index == 0
    gallery.pointed(gallery._gallery, *place(gallery, 9), True)
    assert gallery.index == 9 == control(gallery, "picture").value
    gallery.sort(REASONS[0])
    assert gallery.pointed(gallery._gallery, *place(gallery, 9), False).endswith(REASONS[0])
    assert gallery.pointed(gallery.figure.axes[0], 1, 1, True) is None
    gallery.index = 25  # the second page, where six pictures are
    assert gallery.pointed(gallery._gallery, *place(gallery, 7), True) is None and gallery.index == 25
    gallery.pointed(gallery._gallery, *place(gallery, 2), True)
    assert gallery.index == 26


def test_the_slider_chooses_too(gallery):
    before = gallery.picture.drawing
    control(gallery, "picture").value = 29
    assert gallery.index == 29 and gallery.picture.drawing != before
    assert gallery.figure.axes[0].get_title() == "9 read as 0"
    with pytest.raises(traitlets.TraitError, match="index is 30; there are 30 pictures"):
        gallery.index = 30


def test_after_the_last_it_goes_back_to_what_was_left_out(gallery):
    gallery.index = 28
    for _ in range(29):
        gallery.sort(REASONS[1])
    assert gallery.index == 27 and gallery.sorting[27] == ""
    gallery.sort(REASONS[1])
    assert gallery.index == 27 and "" not in gallery.sorting, "all are sorted: it stays"


def test_a_reason_can_be_taken_back_or_changed(gallery):
    back = control(gallery, "Not sorted")
    assert back.disabled, "there is nothing to take back"
    gallery.sort(REASONS[0])
    assert back.disabled, "the next one is not sorted"
    gallery.index = 0
    assert not back.disabled
    press(gallery, "Not sorted")
    assert gallery.sorting[0] == "" and gallery.index == 0 and back.disabled
    gallery.sort(REASONS[1])
    gallery.index = 0
    gallery.sort(REASONS[4])
    assert gallery.sorting[0] == REASONS[4]


def test_the_table_counts(gallery):
    gallery.sorting = [REASONS[0]] * 3 + [REASONS[5]] + [""] * 26
    table = gallery.table
    assert table.index.tolist() == [*REASONS, "not sorted"] and table.pictures.tolist() == [3, 0, 0, 0, 0, 1, 26]
    assert table.share.tolist()[:-1] == [0.75, 0, 0, 0, 0, 0.25] and np.isnan(table.share.iloc[-1])
    assert [bar.get_width() for bar in gallery._bars] == [3, 0, 0, 0, 0, 1]
    assert MistakeGallery(X, X[:, 0], X[:, 0]).table.share[:-1].tolist() == [0] * 6


def test_it_goes_on_from_an_earlier_sorting(gallery):
    gallery.sort(REASONS[3])
    again = MistakeGallery(X, gallery.labels, gallery.answers, sorting=gallery.sorting)
    assert again.table.equals(gallery.table)


def test_pictures_of_any_shape_and_names_of_any_kind():
    wide = MistakeGallery(np.zeros((2, 10, 20)), ["<b>", "$x$"], ["A", "B"], reasons=["one $reason$", "<i>"])
    assert "&lt;b&gt; read as A" in wide.message.value
    wide.sort("<i>")
    assert wide.table.pictures.tolist() == [0, 1, 1]
    assert MistakeGallery(np.zeros((100, 784)), range(100), range(100)).X.shape == (100, 28, 28)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((np.zeros((101, 64)), range(101), range(101)), "expected 1 to 100 pictures"),
        ((np.zeros((0, 64)), [], []), "expected 1 to 100 pictures"),
        ((np.zeros((3, 60)), range(3), range(3)), r"X has the shape \(3, 60\)"),
        ((np.zeros((3, 64)), range(2), range(3)), "2 labels, 3 answers and 3 texts about 3 pictures; expected one"),
        ((np.zeros((3, 64)), range(3), range(3), []), "expected one to seven different texts"),
        ((np.zeros((3, 64)), range(3), range(3), ["a", "a"]), "expected one to seven different texts"),
    ],
)
def test_what_it_does_not_take(arguments, words):
    with pytest.raises(ValueError, match=words):
        MistakeGallery(*arguments)


@pytest.mark.parametrize(
    ("sorting", "words"), [(["no reason"] * 30, "sorting has 'no reason'; the reasons are"), ([""], "1 reasons for 30")]
)
def test_a_sorting_that_is_none(gallery, sorting, words):
    with pytest.raises(traitlets.TraitError, match=words):
        gallery.sorting = sorting


# -- in a browser, last: while Playwright runs, panels would see its loop ---------------------------------------------

CELL = """import numpy as np
from nnlib import widgets
gallery = widgets.MistakeGallery(np.random.default_rng(0).random((30, 64)), np.arange(30) % 10, np.arange(1, 31) % 10)
gallery"""


def test_sorting_by_mouse_and_keyboard(lab, opened):
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
    notebook = new_notebook(cells=[new_code_cell(CELL)], metadata=kernel)
    nbformat.write(notebook, lab[0] / "notebooks" / "mistakes.ipynb")
    page = opened(lab, "mistakes.ipynb")
    page.wait_for_function("() => document.querySelector('.nnlib-picture canvas')?.dataset.frame")
    says = page.locator(".nnlib-message")
    says.filter(has_text="Picture 0: 0 read as 1: not sorted · 0 of 30 sorted").wait_for()

    canvas, here, box = page.locator(".nnlib-picture canvas"), MistakeGallery(X, range(30), range(30)), None
    canvas.scroll_into_view_if_needed()
    while box != (box := canvas.bounding_box()):  # until what stands above it is laid out
        page.wait_for_timeout(200)
    across, up = here._gallery.transData.transform(place(here, 10))
    width, height = here.canvas.get_width_height()
    page.mouse.click(box["x"] + across / width * box["width"], box["y"] + (1 - up / height) * box["height"])
    says.filter(has_text="Picture 10: 0 read as 1").wait_for()
    page.get_by_role("button", name="4 unusual form").click()
    says.filter(has_text="Picture 11: 1 read as 2: not sorted · 1 of 30 sorted").wait_for()
    badly = page.get_by_role("button", name="3 badly written")
    badly.focus()
    page.keyboard.press("Enter")
    says.filter(has_text="Picture 12: 2 read as 3: not sorted · 2 of 30 sorted").wait_for()
    slider = page.locator(".nnlib-number input[type=range]")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    says.filter(has_text="Picture 11: 1 read as 2: badly written").wait_for()
    page.get_by_role("button", name="Not sorted: Take").click()
    says.filter(has_text="1 of 30 sorted").wait_for()

"""The valley: every control is moved beyond its default, and the paths are those of the textbook's formulas."""

import matplotlib
import nbformat
import numpy as np
import pytest
import traitlets
from nbformat.v4 import new_code_cell, new_notebook

from nnlib.widgets import Valley

NAMES = ["SGD", "momentum", "RMSprop", "Adam"]


@pytest.fixture
def valley():
    return Valley(w1=-4.0, w2=1.2, rate=0.07, adaptive_rate=0.1, momentum=0.8, steps=50)


def test_plain_steps_multiply_each_distance_by_a_factor_of_its_own(valley):
    t = np.arange(51)
    np.testing.assert_allclose(valley.paths["SGD"][:, 0], -4 * (1 - 0.07) ** t, rtol=1e-9)
    np.testing.assert_allclose(valley.paths["SGD"][:, 1], 1.2 * (1 - 0.07 * 25) ** t, rtol=1e-9, atol=1e-12)


def test_the_paths_are_the_formulas_in_plain_numbers(valley):
    for k, h in enumerate((1.0, 25.0)):  # the directions know nothing of each other
        w = {name: (-4.0, 1.2)[k] for name in NAMES[1:]}
        momentum = square = first = second = 0.0
        for t in range(1, 51):
            momentum = 0.8 * momentum + h * w["momentum"]
            w["momentum"] -= 0.07 * momentum
            square = 0.9 * square + 0.1 * (h * w["RMSprop"]) ** 2
            w["RMSprop"] -= 0.1 * h * w["RMSprop"] / (np.sqrt(square) + 1e-8)
            first, second = 0.8 * first + 0.2 * h * w["Adam"], 0.999 * second + 0.001 * (h * w["Adam"]) ** 2
            w["Adam"] -= 0.1 * first / (1 - 0.8**t) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8)
            for name, value in w.items():
                assert valley.paths[name][t, k] == pytest.approx(value, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "value", "changed"),
    [
        ("w1", 3.0, NAMES),
        ("w2", -0.5, NAMES),
        ("steps", 120, NAMES),
        ("rate", 0.02, ["SGD", "momentum"]),
        ("adaptive_rate", 0.5, ["RMSprop", "Adam"]),
        ("momentum", 0.5, ["momentum", "Adam"]),
    ],
)
def test_a_control_moves_its_paths_and_the_picture(valley, name, value, changed):
    before, picture = valley.losses, valley.picture.drawing
    valley.controls[name].value = value
    assert getattr(valley, name) == value and valley.picture.drawing != picture
    assert [k for k in NAMES if valley.losses[k] != before[k]] == changed


def test_settings_from_code_move_the_controls(valley):
    valley.w1, valley.rate, valley.momentum = 2.5, 0.05, 0.33
    assert [valley.controls[name].value for name in ("w1", "rate", "momentum")] == [2.5, 0.05, 0.33]


def test_the_limit_of_plain_steps(valley):
    """2 / 25 = 0.08: just below it the loss falls, just above it grows."""
    valley.steps, valley.rate = 300, 0.0799
    assert valley.losses["SGD"] < 5 and "diverges" not in valley.message.value
    valley.rate = 0.0801
    assert valley.losses["SGD"] > 18
    valley.rate = 0.085
    assert "SGD diverges" in valley.message.value


def test_a_path_that_leaves_the_picture_ends_and_the_others_stay(valley):
    valley.rate, valley.steps = 1.0, 300
    assert len(valley.paths["SGD"]) < 10 and len(valley.paths["Adam"]) == 301
    assert np.isfinite(valley.paths["SGD"]).all() and "SGD diverges" in valley.message.value


def test_dragging_in_the_picture_moves_the_start(valley):
    valley.pointed(valley._plane, 2.004, -1.5, True)
    assert (valley.w1, valley.w2) == (2.0, -1.5)
    assert valley.paths["Adam"][0].tolist() == [2.0, -1.5] and valley.controls["w1"].value == 2.0
    valley.pointed(valley._plane, 1.0, 1.0, False)  # no button is down
    valley.pointed(valley._losses, 1.0, 1.0, True)
    assert (valley.w1, valley.w2) == (2.0, -1.5)


@pytest.mark.parametrize("bad", [{"w1": 6}, {"momentum": 1.0}, {"rate": -0.1}, {"rate": np.nan}, {"steps": 0}])
def test_what_it_does_not_take(bad):
    with pytest.raises(traitlets.TraitError, match=next(iter(bad))):
        Valley(**bad)


# -- in a browser, last: while Playwright runs, panels would see its loop ---------------------------------------------

CELL = "from nnlib import widgets\nvalley = widgets.Valley()\nvalley"


def settled(locator):
    """The place of an element, once what stands above it has been laid out (the stored picture gives way)."""
    box = None
    while box != (box := locator.bounding_box()):
        locator.page.wait_for_timeout(200)
    return box


def test_the_start_follows_the_mouse(lab, opened):
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
    notebook = new_notebook(cells=[new_code_cell(CELL)], metadata=kernel)
    nbformat.write(notebook, lab[0] / "notebooks" / "valley.ipynb")
    page = opened(lab, "valley.ipynb")
    picture = page.locator(".nnlib-picture canvas")
    picture.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('.nnlib-picture canvas')?.dataset.frame")
    says = page.locator(".nnlib-message")
    says.filter(has_text="Start (-4.00, 1.20)").wait_for()

    box = settled(picture)
    with matplotlib.rc_context():  # another test of this process may have called plots.use_style; the page's has not
        matplotlib.rcdefaults()
        here = Valley()  # the same figure: where a point stands in it is known here
    width, height = here.canvas.get_width_height()

    def place(x, y):
        across, up = here._plane.transData.transform((x, y))
        return box["x"] + across / width * box["width"], box["y"] + (1 - up / height) * box["height"]

    page.mouse.move(*place(2, 1))  # no button is down: nothing follows
    page.mouse.move(*place(-4, 1.2))
    page.mouse.down()
    for k in range(1, 21):
        page.mouse.move(*place(-4 + 0.35 * k, 1.2 - 0.1 * k))
    page.mouse.up()
    page.mouse.move(*place(0, 1.5))
    found = "document.querySelector('.nnlib-message').innerText.match(/[-.\\d]+/g)"
    page.wait_for_function(f"() => {{ const [x, y] = {found}; return Math.hypot(x - 3, 1 * y + 0.8) < 0.06 }}")

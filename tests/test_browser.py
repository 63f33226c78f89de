"""The panels of every notebook in JupyterLab in headless Chromium: every control moved.

Of a notebook's code the panels' cells and what they need are run; `make test-all` runs whole notebooks.

Skipped, with the reason, where no Chromium is found. A panel must answer each of its controls: its picture or the text
below it changes. Nothing may be asked for outside this machine, and the page's console shows no error.
"""

import functools
import re
from pathlib import Path

import pytest
from conftest import opening

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))
PANEL = ".jp-OutputArea-output > .nnlib-panel"
# What a panel shows: its picture and the text below.
SHOWN = """panel =>
    panel.querySelector('.nnlib-canvas canvas').toDataURL() + panel.querySelector('.nnlib-message').innerText
        + panel.querySelectorAll('.nnlib-sheet [aria-pressed=true]').length
"""
# What changes with it, and costs the page nothing to tell: the number of the frame that is drawn.
NUMBER = SHOWN.replace("toDataURL()", "dataset.frame")


def answers(page, panel, act):
    """Do `act`; does the panel then show something else?"""
    before, number = panel.evaluate(SHOWN), panel.evaluate(NUMBER)
    act()
    for _ in range(60):
        if (now := panel.evaluate(NUMBER)) != number:
            if panel.evaluate(SHOWN) != before:
                return True
            number = now
        page.wait_for_timeout(50)
    return False


def press(page, handle, key):
    handle.focus()
    page.keyboard.press(key)


def choose_another(select):
    index, options = select.evaluate("box => [box.selectedIndex, box.options.length]")
    select.select_option(index=index + 1 if index + 1 < options else index - 1)  # the first may be "(empty)"


def upload(page, control):
    with page.expect_file_chooser() as chooser:
        control.click()
    chooser.value.set_files(NOTEBOOKS[0].parent.parent / "data" / "samples" / "marker_5.png")


def ways_to_move(page, control):
    """What a user can do to a control, as functions; a slider at its end moves the other way only."""
    if control.evaluate("c => c.type === 'range'"):
        return [lambda: press(page, control, "ArrowRight"), lambda: press(page, control, "ArrowLeft")]
    if control.evaluate("c => c.tagName") == "SELECT":
        return [lambda: choose_another(control)]
    if control.evaluate("c => c.classList.contains('nnlib-upload')"):
        return [lambda: upload(page, control)]
    return [control.click]


def check_every_panel(page):
    errors = page.query_selector_all("[data-mime-type='application/vnd.jupyter.error'], [data-mime-type$='stderr']")
    assert [error.inner_text()[-500:] for error in errors] == []
    found = page.query_selector_all(PANEL)
    assert found, "a notebook has at least one live panel"
    for panel in found:
        panel.scroll_into_view_if_needed()
        for control in panel.query_selector_all("input[type=range], input[type=text], select, button"):
            what = control.get_attribute("aria-label") or control.evaluate("c => c.outerHTML")
            assert not control.is_visible() or re.match(r"[^:]+: \w+ \w+ \w+", what), what
            toggles = "c => c.matches('.widget-toggle-button:not(.mod-primary)') && !c.hasAttribute('aria-pressed')"
            assert not control.evaluate(toggles), what
        controls = panel.query_selector_all("input[type=range], select, button")
        controls = [control for control in controls if control.is_visible() and control.is_enabled()]
        controls.sort(
            key=lambda control: control.inner_text().strip() == "Restart"
        )  # last: there is no way back from it
        assert controls
        for control in controls:
            name = control.get_attribute("aria-label")
            assert any(answers(page, panel, move) for move in ways_to_move(page, control)), f"no answer from {name!r}"
            if control.inner_text().strip() == "Pause":  # it trains now
                control.click()


@pytest.fixture(scope="module")
def page_of(browser, lab):
    """A function that opens a notebook, each in the page of the one before."""
    with opening(browser) as run:
        yield functools.partial(run, lab)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.parametrize("run", ["panels_", pytest.param("", marks=pytest.mark.slow, id="whole")])
def test_every_control_answers(run, path, page_of):
    check_every_panel(page_of(run + path.name))

"""Work is never lost: a notebook that is saved while a panel trains, a kernel that dies, a lid that is closed.

One notebook in JupyterLab; its tests run in their order, with the panel that the one before has left.
"""

import base64
import io
import os
import re
import shutil
import signal
import time

import nbformat
import numpy as np
import pytest
from conftest import ALL_CELLS_RAN, KERNEL_READY
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image
from test_panels_page import KERNEL, ask, panel

CELLS = ["from nnlib import widgets", "play = widgets.Playground('rings', hidden=[4], learning_rate=0.1)\nplay"]
SHOT = """import base64, io
play.snapshot().save(file := io.BytesIO(), "png")
print(base64.b64encode(file.getvalue()).decode())"""
GONE = "The kernel was restarted or has ended: run this cell again."


@pytest.fixture(scope="module")
def page(lab, browser):
    cells = [new_code_cell(source) for source in CELLS]
    nbformat.write(new_notebook(cells=cells, metadata=KERNEL), lab[0] / "notebooks" / "lost.ipynb")
    page, errors = browser.new_page(viewport={"width": 1150, "height": 1200}), []  # its console complains, of course
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(lab[1]("lost.ipynb"))
    page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell")
    page.wait_for_function(KERNEL_READY, timeout=60_000)
    run_all(page)
    yield page
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:shutdown-kernel')")
    page.close()
    assert not errors


def run_all(page):
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
    page.wait_for_function(ALL_CELLS_RAN, timeout=60_000)
    page.locator(".nnlib-canvas canvas[data-frame]").wait_for()


def press(page, name):
    panel(page, 0).get_by_role("button", name=name, exact=False).first.click()


def step_in(text):
    found = re.search(r"step ([\d,]+)", text)
    return int(found[1].replace(",", ""))


def step(page):
    """The step that the page shows."""
    return step_in(panel(page, 0).locator(".nnlib-message").inner_text())


def until(what, seconds=40):
    """The first value of `what()` that is true."""
    end = time.monotonic() + seconds
    while not (value := what()) and time.monotonic() < end:
        time.sleep(0.3)
    assert value
    return value


def saved(page, lab):
    """The picture in the notebook's file, saved now, as an array, and the step of which its words tell."""
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    picture, words, _ = nbformat.read(lab[0] / "notebooks" / "lost.ipynb", 4).cells[1].outputs
    return pixels(picture.data["image/png"]), step_in(words.data["text/html"])


def pixels(base64_text):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(base64_text))).convert("RGB"), float)


def check_the_file_opens(lab, browser, step):
    """In a page of its own, as a file that was sent to somebody: its picture is in sight, and tells of this step."""
    folder = lab[0] / "notebooks"
    shutil.copy(folder / "lost.ipynb", folder / "found.ipynb")
    fresh = browser.new_page()
    fresh.goto(lab[1]("found.ipynb"))
    fresh.wait_for_selector("[data-nnlib-panel]", timeout=60_000)
    shown = fresh.locator(".jp-Notebook .jp-OutputArea").last
    assert shown.locator("img").is_visible() and shown.locator("img").bounding_box()["width"] > 500
    assert "run this cell to use it" in shown.inner_text() and step_in(shown.inner_text()) == step
    fresh.wait_for_function(KERNEL_READY, timeout=60_000)
    fresh.evaluate("() => window.jupyterapp.commands.execute('notebook:shutdown-kernel')")
    fresh.close()


def test_a_notebook_saved_while_a_panel_trains_keeps_the_last_picture(page, lab, browser):
    first, at_first = saved(page, lab)
    assert at_first == 0
    press(page, "Train")
    before = until(lambda: saved(page, lab)[1])
    until(lambda: saved(page, lab)[1] > before)  # and again, while it trains
    assert page.locator("[data-nnlib-panel]").is_hidden(), "the live panel is there"
    press(page, "Pause")
    until(lambda: saved(page, lab)[1] == step(page))
    picture, now = pixels(ask(page, SHOT)), saved(page, lab)[0]  # matplotlib's, and what the page drew
    difference = [np.abs(picture - other).mean() for other in (now, first)]
    assert now.shape == picture.shape and difference[0] < difference[1] / 2, difference
    check_the_file_opens(lab, browser, step(page))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_kernel_that_dies_in_mid_training(page, lab, browser):
    before, pid = step(page), int(ask(page, "import os; print(os.getpid())"))
    press(page, "Train")
    until(lambda: saved(page, lab)[1] > before)
    os.kill(pid, signal.SIGKILL)
    panel(page, 0).locator(".nnlib-notice", has_text=GONE).wait_for(timeout=30_000)
    page.locator(".jp-Dialog", has_text="appears to have died").get_by_role("button").last.click()
    kept = saved(page, lab)[1]
    assert before < kept <= step(page)
    check_the_file_opens(lab, browser, kept)
    page.wait_for_function(KERNEL_READY, timeout=60_000)
    run_all(page)
    assert panel(page, 0).locator(".nnlib-notice").inner_text() == "" and step(page) == 0
    press(page, "Step")
    until(lambda: step(page) == 1)


def test_a_closed_lid(page):
    """The network is gone and the socket is closed, for longer than the panel waits; then both come back."""
    press(page, "Train")
    until(lambda: step(page) > 100)
    page.context.set_offline(True)
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel._ws.close()")
    panel(page, 0).locator(".nnlib-notice", has_text="There is no network").wait_for(timeout=10_000)
    before = step(page)
    page.wait_for_timeout(12_000)
    page.context.set_offline(False)
    paused = panel(page, 0).locator(".nnlib-message", has_text="No page has shown this panel for ten seconds")
    paused.wait_for(timeout=60_000)
    until(lambda: panel(page, 0).locator(".nnlib-notice").inner_text() == "")
    for dialog in page.locator(".jp-Dialog", has_text="Server Connection Error").all():
        dialog.get_by_role("button", name="Close").click()
    press(page, "Step")
    until(lambda: paused.count() == 0)
    assert step(page) > before  # nothing of the training is lost

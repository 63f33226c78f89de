"""make lecture: a notebook in JupyterLab's slide mode, its panels live, and every page on a projector of 1280 x 720."""

import json
from pathlib import Path

import lecture
import nbformat
import parts
import pytest
from conftest import KERNEL_READY, serve
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parent.parent
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NOTEBOOKS = [pytest.param(p, id=p.stem, marks=[] if p == PATHS[0] else pytest.mark.site) for p in PATHS]
RUN = """() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }"""
HAS_RUN = """() => document.getElementById('nnlib-fit')
    && window.jupyterapp.shell.currentWidget.content.activeCellIndex === 0"""
# What is on the screen: numbers of the cells, their heights together, and what reaches beyond the page's right edge.
PAGE = """() => {
    const notebook = document.querySelector('.jp-Deck .jp-Notebook');
    const cells = [...notebook.querySelectorAll('.jp-Cell.jp-deck-mod-onscreen')];
    const edge = notebook.getBoundingClientRect().right + 1, all = [...notebook.querySelectorAll('.jp-Cell')];
    return {
        at: window.jupyterapp.shell.currentWidget.content.activeCellIndex, cells: cells.map(cell => all.indexOf(cell)),
        height: cells.reduce((sum, cell) => sum + cell.getBoundingClientRect().height, 0),
        cut: cells.flatMap(cell => [...cell.querySelectorAll('.cm-line, .jp-OutputArea :is(pre, table, img, canvas)')])
            .filter(one => one.getBoundingClientRect().width && one.getBoundingClientRect().right > edge).length,
        words: parseFloat(getComputedStyle(notebook).getPropertyValue('--jp-content-font-size1')),
        panels: cells.reduce((sum, cell) => sum + cell.querySelectorAll('.nnlib-panel').length, 0),
    };
}"""
NEXT = "() => window.jupyterapp.commands.execute('deck:go', {direction: 'down', alternate: 'forward'})"


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_every_page_fits_the_screen(path, browser, tmp_path):
    pytest.importorskip("jupyterlab_slideshow", reason="wants jupyterlab-slideshow: make .venv/ready")
    with serve(tmp_path, "jupyterlab") as (root, address):
        lecture.write_settings(tmp_path / "JUPYTERLAB_SETTINGS_DIR")
        (root / "notebooks" / path.name).unlink()
        lecture.write(path, root / "notebooks")
        tab = browser.new_page(viewport={"width": 1280, "height": 720})
        tab.goto(address(path.name))
        tab.wait_for_selector(".jp-Deck .jp-Cell", state="attached", timeout=60_000)
        tab.wait_for_function(KERNEL_READY, timeout=60_000)
        tab.evaluate(RUN)
        tab.wait_for_function(HAS_RUN, timeout=600_000)
        tab.wait_for_timeout(3000)  # the panels draw
        pages = {}
        for _ in range(200):
            page = tab.evaluate(PAGE)
            pages[tuple(page["cells"])] = page  # at its last fragment, when all is drawn
            tab.evaluate(NEXT)
            tab.wait_for_timeout(400)
            if tab.evaluate(PAGE)["at"] == page["at"]:
                break
        tab.close()
    notebook = parts.read(path)
    slides = sum(parts.slide_type(cell) in ("slide", "subslide") for cell in notebook.cells)
    assert len(pages) == slides
    shown = {number for cells in pages for number in cells}
    assert shown == {k for k, cell in enumerate(notebook.cells) if parts.slide_type(cell) not in ("skip", "notes")}
    assert not [page for page in pages.values() if page["height"] > 720 or page["cut"]]
    assert min(page["words"] for page in pages.values()) >= 11
    assert sum(page["panels"] for page in pages.values()) >= 1


def test_a_copy_that_was_worked_on_stays(tmp_path, capsys):
    path, folder = tmp_path / "one.ipynb", tmp_path / "lecture"
    cells = [new_markdown_cell("# One"), new_code_cell("1 + 1")]
    nbformat.write(new_notebook(cells=cells), path)
    assert lecture.write(path, folder) == "one.ipynb"
    copy = parts.read(folder / "one.ipynb")
    assert [parts.slide_type(cell) for cell in copy.cells] == ["-", "-", "skip"] and len(copy.cells) == len(cells) + 1
    copy.cells[0].source = "# Mine"
    nbformat.write(copy, folder / "one.ipynb")
    assert lecture.write(path, folder) == "one.ipynb"
    assert parts.read(folder / "one.ipynb").cells[0].source == "# Mine"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Two")]), path)
    assert lecture.write(path, folder) == "one-new.ipynb"
    assert "one.ipynb was edited and stays" in capsys.readouterr().out


def test_the_settings_are_the_lectures_alone(tmp_path, monkeypatch):
    """Slide mode writes into the settings whether it is on: not into the user's."""
    started = []
    monkeypatch.setattr(
        lecture.os, "execv", lambda program, command: started.append((dict(lecture.os.environ), command))
    )
    monkeypatch.setenv("JUPYTERLAB_SETTINGS_DIR", "the user's")
    monkeypatch.setenv("JUPYTERLAB_WORKSPACES_DIR", "the user's")
    lecture.main([str(PATHS[0]), "--output", str(tmp_path / "lecture"), "--no-browser"])
    ((environment, command),) = started
    folder = tmp_path / "lecture-settings"
    assert environment["JUPYTERLAB_SETTINGS_DIR"] == str(folder)
    assert str(tmp_path / "lecture" / PATHS[0].name) in command and "--no-browser" in command
    slide_mode = json.loads((folder / "jupyterlab-slideshow/plugin.jupyterlab-settings").read_text())
    assert slide_mode == {"active": True}

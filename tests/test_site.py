"""The site that `make site` writes, in headless Chromium, with no Python but the page's own.

What drives the site wants a Pyodide distribution, since nothing may be asked for outside this machine: NNLIB_PYODIDE
names its folder. `make test-site` runs it, and the weekly workflow; `make test` only reads what the site is made of.
"""

import contextlib
import functools
import http.server
import json
import math
import os
import re
import statistics
import subprocess
import sys
import threading
from pathlib import Path

import nbformat
import pytest
import site_lite
import site_pyodide
from test_browser import answers, press
from test_extras import HIDDEN
from test_live import WATCH, delays_of_moves, table

ROOT = Path(__file__).resolve().parent.parent
PYODIDE = os.environ.get("NNLIB_PYODIDE", "")
MINUTES = 30  # until a notebook is given up
NAMES = ["points", "pad", "digits", "stepper", "activation", "race"]

RAN = """() => {
    const cells = [...window.jupyterapp.shell.currentWidget.content.model.cells].map((cell) => cell.toJSON());
    const outputs = cells.flatMap((cell) => cell.outputs ?? []);
    return {
        counts: cells.filter((cell) => cell.cell_type === 'code').map((cell) => cell.execution_count),
        errors: outputs.filter((one) => one.output_type === 'error').map((one) => `${one.ename}: ${one.evalue}`),
        stderr: outputs.filter((one) => one.name === 'stderr').map((one) => [one.text].flat().join('')),
    };
}"""
IDLE = "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"


# -- what the site is made of: read by `make test`


@pytest.mark.parametrize("path", site_lite.NOTEBOOKS, ids=lambda path: path.stem)
def test_the_copy_for_a_browser_is_the_notebook_but_for_its_setting(path):
    settings = site_lite.settings()[path.stem]
    copy, original = site_lite.smaller(path, settings), nbformat.read(path, as_version=4)
    nbformat.validate(copy)
    changed = [k for k, (one, other) in enumerate(zip(copy.cells, original.cells)) if one.source != other.source]
    # A notebook that computes less says so under its title, and one that says so computes less.
    assert changed[:1] == ([0] if settings.get("replace") else [])
    assert len(copy.cells) == len(original.cells) and len(changed) <= 1 + len(settings.get("replace", []))
    for old, new in settings.get("replace", []):
        assert old != new
    assert not any(cell.get("outputs") for cell in copy.cells)


def test_a_setting_that_no_longer_fits_its_notebook_is_refused():
    with pytest.raises(ValueError, match=r"'epochs=1e9' stands in 0 cells of 01_data_loading.ipynb; expected one"):
        site_lite.smaller(site_lite.NOTEBOOKS[0], {"replace": [["epochs=1e9", "epochs=1"]]})


def test_every_setting_is_of_a_notebook():
    assert set(site_lite.settings()) == {path.stem for path in site_lite.NOTEBOOKS}


def test_the_lock_file_holds_what_it_depends_on():
    lock = json.loads(site_pyodide.LOCK.read_text(encoding="utf-8"))["packages"]
    assert {*site_pyodide.KERNEL} <= {*lock}
    for name, package in lock.items():
        assert re.fullmatch(r"[\da-f]{64}", package["sha256"]), name
        # What Pyodide has not, `make site` takes from the package index.
        assert {*package["depends"]} - {*lock} <= {"ipython-pygments-lexers"}, name


# -- the site, in a browser


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def copyfile(self, *given):
        with contextlib.suppress(ConnectionError):  # a page that is left asks for no more
            super().copyfile(*given)


FIRST_PANEL = f"""
import asyncio, types
import matplotlib.pyplot, ipywidgets
{HIDDEN}
sys.modules |= {{"pyodide": types.ModuleType("pyodide"), "pyodide.ffi": types.SimpleNamespace(to_js=list)}}
page = {{"post": lambda *message: None}}
exec(open("site/playground/panels.py").read(), page)
sys.modules["pandas"].DataFrame = object  # of annotations, which the page's newer Python does not look up
here, sys.platform = sys.platform, "emscripten"
import nnlib.threads
sys.platform = here
import nnlib.widgets.playground
del sys.modules["pandas"].DataFrame
print(asyncio.run(page["show"]("points")))
"""


def test_the_first_panel_needs_nothing_that_is_loaded_after_it():
    """The playground draws it with the packages of FIRST in worker.js, while those of LATER are on their way."""
    script = (ROOT / "site/playground/worker.js").read_text("utf-8")
    first, later = (set(json.loads(re.search(rf"{name} = (\[.*?\])", script)[1])) for name in ("FIRST", "LATER"))
    hidden = later - {"scikit-learn"} | {"sklearn", "joblib", "pooch", "skimage", "mlxtend", "threadpoolctl"}
    assert "pandas" in hidden and not hidden & first
    code = f"NAMES = {hidden}\n{FIRST_PANEL}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.startswith("IPY_MODEL_"), done.stderr[-2000:]


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The address of a site with Pyodide inside."""
    if not Path(PYODIDE, "pyodide-lock.json").is_file():
        pytest.skip("NNLIB_PYODIDE names no folder with a Pyodide distribution")
    pytest.importorskip("jupyterlite_core", reason="make test-site runs where it is installed")
    folder = tmp_path_factory.mktemp("site") / "site"
    command = [sys.executable, ROOT / "tools" / "site.py", "--pyodide", PYODIDE, "--out", folder]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    print(done.stdout.splitlines()[-1])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def page(browser):
    """A page of a browser that has seen nothing yet. In the end: it asked for nothing outside, and had no errors."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    asked, complaints = [], []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.set_default_timeout(300_000)
    page.on("pageerror", lambda error: complaints.append((str(error), "")))
    page.on("console", lambda said: complaints.append((said.text, said.location["url"])) if said.type == "error" else 0)
    yield page
    context.close()
    assert not [url for url in asked if not url.startswith(("http://127.0.0.1:", "data:", "blob:"))]
    assert [one for one in complaints if not one[1].endswith("/favicon.ico")] == []


def play(page, site):
    """Open the playground, and wait for its first panel."""
    page.goto(f"{site}/playground/index.html")
    page.wait_for_selector("#points .nnlib-canvas canvas[data-frame]")
    return page.locator("#points .nnlib-panel")


def shown(page, name):
    """Scroll to a panel, which then comes."""
    page.evaluate("name => document.getElementById(name).scrollIntoView()", name)
    page.wait_for_selector(f"#{name} .nnlib-canvas canvas[data-frame]")
    return page.locator(f"#{name} .nnlib-panel")


@pytest.mark.site
@pytest.mark.parametrize("path", site_lite.NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_whole(path, site, page):
    page.goto(f"{site}/lite/lab/index.html?path=notebooks/{path.name}")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.wait_for_function(IDLE)
    started = page.evaluate("performance.now()")
    page.evaluate("""() => window.jupyterapp.commands.execute('notebook:run-all-cells').then(
        () => (window.finished = performance.now()), (error) => (window.finished = String(error)))""")
    page.wait_for_function("() => window.finished !== undefined", timeout=60_000 * MINUTES, polling=1000)
    ran = page.evaluate(RAN)
    assert ran["errors"] == [] and ran["stderr"] == []
    assert ran["counts"] == [*range(1, len(ran["counts"]) + 1)]
    assert page.locator(".nnlib-panel .nnlib-canvas canvas").count()
    print(f"\n{path.stem}: {(page.evaluate('window.finished') - started) / 60_000:.1f} minutes")


@pytest.mark.site
def test_the_playground_says_what_it_loads_trains_and_answers(site, page):
    page.add_init_script("""new MutationObserver(() => {
        const text = document.getElementById('loaded')?.textContent;
        if (text && text !== window.told?.at(-1)) (window.told ??= []).push(text);
    }).observe(document, {subtree: true, childList: true, characterData: true})""")
    panel = play(page, site)
    told = "\n".join(page.evaluate("window.told"))
    assert all(
        words in told for words in ("Loading Python", "Unpacking matplotlib", "Importing numpy", "first panel is ready")
    )

    frames = "document.querySelector('#points canvas').dataset.frame - 0"
    before = page.evaluate(frames)
    panel.get_by_role("button", name="Train").click()
    page.wait_for_function(f"before => {frames} > before + 5", arg=before)
    rate = panel.locator(".nnlib-number", has=page.locator("label:text-is('learning rate')"))
    rate.locator("input[type=range]").press("ArrowLeft")
    value = rate.locator("input[type=text]").input_value()
    page.wait_for_function(
        "value => document.querySelector('#points .nnlib-message').innerText.includes(`learning rate ${value},`)",
        arg=value,
    )
    panel.get_by_role("button", name="Pause").click()
    page.wait_for_function("() => /epoch [1-9]/.test(document.querySelector('#points .nnlib-message').innerText)")
    page.locator("#loading").wait_for(state="hidden")
    panel.locator("select").last.select_option("class 1")
    panel.locator("select").nth(1).select_option("moons")  # which scikit-learn makes
    page.wait_for_function("() => document.querySelector('#points .nnlib-message').innerText.includes('no step yet')")


@pytest.mark.site
def test_every_panel_of_the_playground_comes_and_answers_a_control(site, page):
    play(page, site)
    for name in NAMES:
        panel = shown(page, name).element_handle()
        controls = [
            one for one in panel.query_selector_all("input[type=range]") if one.is_visible() and one.is_enabled()
        ]
        ways = [functools.partial(press, page, one, key) for one in controls for key in ("ArrowRight", "ArrowLeft")]
        assert any(answers(page, panel, way) for way in ways), name
    assert page.locator(".failed").count() == 0


@pytest.mark.site
def test_the_pad_reads_a_drawn_digit(site, page):
    play(page, site)
    panel = shown(page, "pad")
    box = page.locator("#pad canvas.nnlib-pad").bounding_box()
    scale = box["width"] / 280
    upper = [(130 + 48 * math.cos(a), 92 + 45 * math.sin(a)) for a in [-2.6 + 0.13 * k for k in range(30)]]
    lower = [(130 + 55 * math.cos(a), 182 + 52 * math.sin(a)) for a in [-1.3 + 0.134 * k for k in range(30)]]
    for k, (x, y) in enumerate(upper + lower):  # the two arcs of a 3
        page.mouse.move(box["x"] + scale * x, box["y"] + scale * y)
        if k == 0:
            page.mouse.down()
    page.mouse.up()
    page.wait_for_function("() => document.querySelector('#pad .nnlib-message').innerText.startsWith('Reads 3')")
    assert "Show the code" in panel.inner_text()


@pytest.mark.site
def test_the_playground_can_be_read_and_used_by_everybody(site, page):
    page.set_viewport_size({"width": 380, "height": 800})
    play(page, site)
    for name in NAMES:
        shown(page, name)
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    levels = [int(tag[1]) for tag in page.eval_on_selector_all("h1, h2, h3", "all => all.map((one) => one.tagName)")]
    assert levels == [1, *[2] * len(NAMES)]
    unnamed = """all => all.filter((one) => !(one.getAttribute('aria-label') || one.innerText || one.labels?.length
        || one.title)).map((one) => one.outerHTML)"""
    assert page.eval_on_selector_all("button, input, select, canvas, progress", unnamed) == []
    out_of_reach = "all => all.filter((one) => one.tabIndex < 0 && !one.disabled).map((one) => one.outerHTML)"
    assert page.eval_on_selector_all("button, input, select, summary, .nnlib-pad", out_of_reach) == []


@pytest.mark.times
def test_the_playground_stays_live(site, page):
    """As test_live measures a kernel's panel."""
    panel = play(page, site)
    cold = page.evaluate("performance.now()")
    page.reload()
    page.wait_for_selector("#points .nnlib-canvas canvas[data-frame]")
    warm = page.evaluate("performance.now()")
    page.evaluate(WATCH.replace(".jp-OutputArea-output > .nnlib-panel", "#points .nnlib-panel"))
    panel.get_by_role("button", name="Train").click()
    page.wait_for_timeout(3000)
    before = page.evaluate("seen.frames")
    page.wait_for_timeout(5000)
    frames = (page.evaluate("seen.frames") - before) / 5
    _, delays = delays_of_moves(page, panel)
    table(
        [
            ("first panel of a page never seen before", cold / 1000, "30", "s"),
            ("first panel once more", warm / 1000, "10", "s"),
            ("frames while training", frames, "at least 5", "per second"),
            ("first new frame after a slider's move, median of 50", statistics.median(delays), "400", "ms"),
        ]
    )
    assert cold < 60_000 and warm < 20_000 and frames > 5 / 3 and statistics.median(delays) < 800


def test_the_parts_of_a_panel_that_the_page_knows():
    """Every kind of widget in the playground's panels has its line in widgets.js."""
    import ipywidgets

    from nnlib import widgets
    from nnlib.widgets.panel import all_parts

    known = set(re.findall(r"^  (\w+Model):", (ROOT / "site/playground/widgets.js").read_text("utf-8"), re.MULTILINE))
    panels = [
        widgets.Playground("spiral"),
        widgets.DrawingPad(),
        widgets.BackpropStepper(),
        widgets.ActivationExplorer(),
    ]
    for panel in panels:
        parts = [part for part in all_parts(panel) if isinstance(part, ipywidgets.DOMWidget)]
        assert {part._model_name for part in parts} <= known
        panel.close()

"""What several test files share: data, one BLAS thread, and notebooks in a real browser."""

import contextlib
import functools
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import joblib
import nbformat
import pytest
from cells import with_panels_alone
from threadpoolctl import threadpool_limits

import nnlib

ROOT = Path(__file__).resolve().parent.parent
# Quiet flags: no lookup outside, no first-run pages.
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
KERNEL_READY = """() => {
    const context = window.jupyterapp?.shell?.currentWidget?.sessionContext, kernel = context?.session?.kernel;
    return context?.isReady && kernel?.connectionStatus === 'connected' && kernel?.status === 'idle';
}"""
# In a page of JupyterLab another notebook instead of the one that is open, whose kernel ends.
OPEN_INSTEAD = """async path => {
    const app = window.jupyterapp, old = app.shell.currentWidget;
    await old.sessionContext.shutdown();
    old.context.model.dirty = false;
    old.dispose();
    const opened = await app.commands.execute('docmanager:open', { path });
    await opened.revealed;
}"""
ALL_CELLS_RAN = """() => {
    if (document.querySelector('[data-mime-type="application/vnd.jupyter.error"]')) return true;
    const prompts = [...document.querySelectorAll('.jp-NotebookPanel .jp-CodeCell')]
        .filter(cell => cell.querySelector('.cm-content')?.textContent.trim())
        .map(cell => cell.querySelector('.jp-InputPrompt').textContent.trim());
    return prompts.length && prompts.every(text => /^\\[\\d+\\]:?$/.test(text));
}"""

# The kernels that the tests start take one BLAS thread, as this process does: on a busy machine two make products of
# small matrices up to 50 times slower. `make test-cpus` asks for two.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.hookimpl(optionalhook=True)  # there may be no xdist
def pytest_xdist_auto_num_workers():
    """One process more than there are cores, since those that drive a browser wait for most of their time."""
    return min(joblib.cpu_count(), 3) + 1


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    with threadpool_limits(int(os.environ["OPENBLAS_NUM_THREADS"])):
        yield


@pytest.fixture(autouse=True)
def closed_in_the_end():
    """ipywidgets keeps every panel that is not closed, with its figure: a gigabyte over all tests."""
    before = {*open_widgets()}
    yield
    for widget in [widget for name, widget in open_widgets().items() if name not in before]:
        widget.close()


def open_widgets():
    module = sys.modules.get("ipywidgets.widgets.widget")  # most tests do without
    return module._instances if module else {}


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    """`load_dataset`, which keeps what it has loaded, and its cache out of the user's."""
    cache = str(tmp_path_factory.mktemp("datasets"))

    @functools.cache
    def load(name, **options):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NNLIB_CACHE", cache)
            return nnlib.load_dataset(name, **options)

    return load


def chromium():
    """Path of a Chromium, or None for Playwright's own."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    with contextlib.suppress(ImportError):
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            if Path(playwright.chromium.executable_path).exists():
                return None
    pytest.skip("no Chromium found: the notebooks were not looked at in a browser (apt-get install chromium)")


APPS = {"jupyterlab": ("LabApp", "lab/tree/notebooks"), "notebook": ("JupyterNotebookApp", "notebooks/notebooks")}


@contextlib.contextmanager
def serve(home, app):
    """Run JupyterLab, as `make lab` does, or Jupyter Notebook 7, over a copy of the notebooks, since both save what
    they run.

    Yields the root folder and a function from a notebook's name to its address.
    """
    name_of_app, folder = APPS[app]
    shutil.copytree(ROOT / "notebooks", home / "root" / "notebooks")
    for path in (ROOT / "notebooks").glob("*.ipynb"):  # in a copy, of which a test runs a part
        nbformat.write(with_panels_alone(nbformat.read(path, 4)), home / "root" / "notebooks" / f"panels_{path.name}")
    (home / "root" / "data").symlink_to(ROOT / "data")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(8)
    folders = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "JUPYTERLAB_SETTINGS_DIR")
    environment = os.environ | {name: str(home / name) for name in (*folders, "JUPYTERLAB_WORKSPACES_DIR")}
    settings = home / "JUPYTERLAB_SETTINGS_DIR" / "@jupyterlab"
    for file, text in {
        "apputils-extension/notification.jupyterlab-settings": '{"fetchNews": "false", "checkForUpdates": false}',
        "notebook-extension/tracker.jupyterlab-settings": '{"windowingMode": "none"}',  # all cells are in the page
    }.items():
        (settings / file).parent.mkdir(parents=True)
        (settings / file).write_text(text)
    with open(home / "log", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", app, "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
            + ["--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
            + [f"--{name_of_app}.expose_app_in_browser=True", f"--ServerApp.root_dir={home / 'root'}"],
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        for _ in range(300):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=2)
                break
            assert server.poll() is None, (home / "log").read_text()[-2000:]
            time.sleep(0.2)
        yield home / "root", lambda name: f"http://127.0.0.1:{port}/{folder}/{name}?token={token}&reset"
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("lab"), "jupyterlab") as server:
        yield server


@pytest.fixture(scope="session")
def notebook_7(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("notebook_7"), "notebook") as server:
        yield server


@pytest.fixture(scope="module")
def browser():
    # For a module: while Playwright runs, this thread has a running event loop, which the panels' tests must not see.
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@contextlib.contextmanager
def opening(browser):
    """A function that opens a server's notebook, runs it, and returns the page, whose complaints are looked at in the
    end. The page of JupyterLab stays for the next notebook, whose panels then need not wait for it to load."""
    page = browser.new_page(viewport={"width": 1150, "height": 1200})
    page.set_default_timeout(60_000)
    complaints, asked = [], []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))

    def run(server, name):
        if "/lab/" in page.url:
            page.evaluate(OPEN_INSTEAD, f"notebooks/{name}")
        else:
            page.goto(server[1](name))
        page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell")
        page.wait_for_function(KERNEL_READY)
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
        page.wait_for_function(ALL_CELLS_RAN, timeout=240_000)
        return page

    yield run
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:shutdown-kernel')")
    if "/lab/" not in page.url:  # of Notebook's own, before a cell has run: github.com/jupyter/notebook/issues/7862
        complaints = [text for text in complaints if text != "Cannot read properties of undefined (reading 'schema')"]
    page.close()
    assert not complaints
    assert not [url for url in asked if url.startswith("http") and not url.startswith("http://127.0.0.1:")]


@pytest.fixture
def opened(browser):
    with opening(browser) as run:
        yield run

"""Every notebook in a real JupyterLab in headless Chromium: run as a reader runs it, every control moved.

Skipped, with the reason, where no Chromium is found. A panel must answer each of its controls: its picture or the text
below it changes. Nothing may be asked for outside this machine, and the page's console shows no error.
"""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))
# Quiet flags: no lookup outside, no first-run pages.
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
KERNEL_READY = """() => {
    const context = window.jupyterapp?.shell?.currentWidget?.sessionContext, kernel = context?.session?.kernel;
    return context?.isReady && kernel?.connectionStatus === 'connected' && kernel?.status === 'idle';
}"""
ALL_CELLS_RAN = """() => {
    if (document.querySelector('[data-mime-type="application/vnd.jupyter.error"]')) return true;
    const prompts = [...document.querySelectorAll('.jp-NotebookPanel .jp-CodeCell')]
        .filter(cell => cell.querySelector('.cm-content')?.textContent.trim())
        .map(cell => cell.querySelector('.jp-InputPrompt').textContent.trim());
    return prompts.length && prompts.every(text => /^\\[\\d+\\]:?$/.test(text));
}"""
# What a panel shows: its picture's bytes (a number made of them) and the text below.
SHOWN = """async panel => {
    const bytes = new Uint8Array(await (await fetch(panel.querySelector('img').src)).arrayBuffer());
    const picture = bytes.reduce((sum, byte) => (31 * sum + byte) % 4294967291, 7);
    return picture + panel.querySelector(':scope > .widget-html').innerText;
}"""


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


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Address of a JupyterLab over a copy of the notebooks, since Lab saves what it runs."""
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", home / "root" / "notebooks")
    (home / "root" / "figures").mkdir()
    (home / "root" / "data").symlink_to(ROOT / "data")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(8)
    environment = os.environ | {
        name: str(home / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    settings = home / "settings" / "@jupyterlab"
    for file, text in {
        "apputils-extension/notification.jupyterlab-settings": '{"fetchNews": "false", "checkForUpdates": false}',
        "notebook-extension/tracker.jupyterlab-settings": '{"windowingMode": "none"}',  # all cells are in the page
    }.items():
        (settings / file).parent.mkdir(parents=True)
        (settings / file).write_text(text)
    environment |= {
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "spaces"),
    }
    with open(home / "log", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
            + ["--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", "--LabApp.expose_app_in_browser=True"]
            + [f"--ServerApp.root_dir={home / 'root'}"],
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
        yield f"http://127.0.0.1:{port}", token
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(scope="module")
def browser():
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(lab, browser):
    """A function that opens a notebook, runs it, and returns the page, whose complaints are looked at in the end."""
    address, token = lab
    page = browser.new_page(viewport={"width": 1150, "height": 1200})
    page.set_default_timeout(60_000)
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    outside = []
    page.on("request", lambda r: outside.append(r.url) if r.url.startswith("http") and address not in r.url else None)

    def run(path):
        page.goto(f"{address}/lab/tree/notebooks/{path.name}?token={token}&reset")
        page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell")
        page.wait_for_function(KERNEL_READY)
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
        page.wait_for_function(ALL_CELLS_RAN, timeout=240_000)
        return page

    yield run
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:shutdown-kernel')")
    page.close()
    assert not complaints
    assert not outside


def panels(page):
    """The live panels: boxes that hold a picture and a text, and no box that does so too."""
    return page.query_selector_all(".jp-OutputArea-output > .widget-vbox:has(> .widget-image)")


def answers(page, panel, act):
    """Do `act`; does the panel then show something else?"""
    before = panel.evaluate(SHOWN)
    act()
    for _ in range(60):
        if panel.evaluate(SHOWN) != before:
            return True
        page.wait_for_timeout(50)
    return False


def press(page, handle, key):
    handle.focus()
    page.keyboard.press(key)


def choose_another(select):
    index = select.evaluate("box => box.selectedIndex")
    select.select_option(index=index + 1 if index == 0 else index - 1)


def ways_to_move(page, control):
    """What a user can do to a control, as functions; a slider at its end moves the other way only."""
    if control.evaluate("c => c.classList.contains('noUi-handle')"):
        return [lambda: press(page, control, "ArrowRight"), lambda: press(page, control, "ArrowLeft")]
    if control.evaluate("c => c.tagName") == "SELECT":
        return [lambda: choose_another(control)]
    return [control.click]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_in_jupyterlab_and_every_control_answers(path, opened):
    page = opened(path)
    errors = page.query_selector_all("[data-mime-type='application/vnd.jupyter.error'], [data-mime-type$='stderr']")
    assert [error.inner_text()[-500:] for error in errors] == []
    found = panels(page)
    assert found, "a notebook has at least one live panel"
    for panel in found:
        panel.scroll_into_view_if_needed()
        controls = [
            c for c in panel.query_selector_all(".noUi-handle, select, button") if c.is_visible() and c.is_enabled()
        ]
        assert controls
        for control in controls:
            name = control.evaluate("c => c.closest('.widget-inline-hbox, button').innerText")
            assert any(answers(page, panel, move) for move in ways_to_move(page, control)), f"no answer from {name!r}"
            if control.inner_text().strip() == "Pause":  # it trains now
                control.click()

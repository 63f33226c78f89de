"""JupyterLite with the notebooks, build/site/lite: what a page's "Try it here" opens. A notebook there is the one of
notebooks/ without its outputs, with the smaller setting that site/browser.toml gives it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
UNUSED = ("fa-*.eot", "fa-*.svg", "fa-*.ttf", "fa-*.woff")  # for browsers of 2015; woff2 stays
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"


def smaller(path, settings):
    """The notebook for a browser: a smaller setting, a sentence that says so, no outputs.

    `settings` is the notebook's part of browser.toml: `says`, and `replace`, a list of pairs [old, new], each old text
    in exactly one cell of code. ValueError where it is not.
    """
    notebook = nbformat.read(path, as_version=4)
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in codes:
        cell.outputs, cell.execution_count = [], None
    for old, new in settings.get("replace", []):
        found = [cell for cell in codes if cell.source.count(old) == 1]
        if len(found) != 1:
            raise ValueError(f"site/browser.toml: {old!r} stands in {len(found)} cells of {path.name}; expected one")
        found[0].source = found[0].source.replace(old, new)
    if says := settings.get("says"):
        notebook.cells[0].source += f"\n\n> **In your browser**, Python is slower: {says}"
    return notebook


def settings():
    """The smaller settings of all notebooks, by name."""
    return tomllib.loads((ROOT / "site" / "browser.toml").read_text(encoding="utf-8"))


def write(out, pyodide):
    """JupyterLite in the folder `out`; `pyodide` is the address of Pyodide as seen from the folder beside it."""
    with tempfile.TemporaryDirectory() as name:
        here, known = Path(name), settings()
        (here / "files" / "notebooks").mkdir(parents=True)
        for path in NOTEBOOKS:
            nbformat.write(smaller(path, known.get(path.stem, {})), here / "files" / "notebooks" / path.name)
        shutil.copytree(ROOT / "data" / "samples", here / "files" / "data" / "samples")
        shutil.copy(ROOT / "data" / "README.md", here / "files" / "data")
        for linked in ("NOTATION.md", "REFERENCES.md"):  # which the notebooks link
            shutil.copy(ROOT / linked, here / "files")
        kernel = {
            "pyodideUrl": pyodide if "//" in pyodide else f"./../pyodide/{pyodide}",
            "loadPyodideOptions": {"lockFileURL": "../pyodide/pyodide-lock.json"},
        }
        config = {
            "appName": "Neural networks, from pixels up",
            "exposeAppInBrowser": True,
            "litePluginSettings": {KERNEL: kernel},
        }
        with open(here / "jupyter-lite.json", "w", encoding="utf-8") as file:
            json.dump({"jupyter-lite-schema-version": 0, "jupyter-config-data": config}, file)
        subprocess.run(
            [sys.executable, "-m", "jupyterlite_core", "build", "--contents=files", f"--output-dir={out}", "--apps=lab"]
            + ["--apps=notebooks", "--no-sourcemaps", "--no-unused-shared-packages"],
            cwd=here,
            env=os.environ | {"JUPYTER_PREFER_ENV_PATH": "1"},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    for pattern in UNUSED:
        for path in (out / "build").glob(pattern):
            path.unlink()

"""The panels alone, build/site/playground."""

import json
import shutil
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "site" / "playground"


def write(out, pyodide):
    """Copy the page; `pyodide` is the address of Pyodide as seen from the folder beside it."""
    shutil.copytree(SOURCE, out)
    address = pyodide if "//" in pyodide else f"../pyodide/{pyodide}"
    (out / "address.js").write_text(f"export const PYODIDE = {json.dumps(address)};\n", encoding="utf-8")

"""Write build/site, one folder that any web server can serve: the book, JupyterLite with the notebooks (lite/), the
panels alone (playground/), and their Python (pyodide/). `--pyodide FOLDER` copies a Pyodide distribution from there, so
that the site asks for nothing outside itself; without it, the pages take Pyodide from its CDN."""

import argparse
import shutil
import time
from pathlib import Path

import site_book
import site_lite
import site_playground
import site_pyodide

ROOT = Path(__file__).resolve().parent.parent


def size(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main(out, pyodide):
    started = time.perf_counter()
    shutil.rmtree(out, ignore_errors=True)  # an older build's files would stay, and JupyterLite would skip its settings
    out.mkdir(parents=True)
    site_book.build(out)
    address = site_pyodide.write(out / "pyodide", pyodide)
    site_lite.write(out / "lite", address)
    site_playground.write(out / "playground", address)
    parts = ", ".join(f"{part.name} {size(part):.1f}" for part in sorted(out.iterdir()) if part.is_dir())
    print(f"{out}: {size(out):.1f} MB ({parts}), {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site")
    parser.add_argument("--pyodide", type=Path, help="a folder with a Pyodide distribution")
    given = parser.parse_args()
    main(given.out.resolve(), given.pyodide and given.pyodide.resolve())

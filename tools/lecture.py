"""A notebook as a lecture that is live: JupyterLab in its slide mode, panels included, on a copy in build/lecture."""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

import parts
from nbformat.v4 import new_code_cell

HERE = Path(__file__).resolve().parent
SETTINGS = {  # of JupyterLab, for the lecture alone
    "jupyterlab-slideshow/plugin": {"active": True},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},  # a page may reach over any number of cells
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@deathbeds/jupyterlab-fonts/fonts": json.loads((HERE / "lecture" / "fonts.json").read_text(encoding="utf-8")),
}
FIT = "# Fits each page to the screen\nfrom IPython.display import Javascript\n\nJavascript(r'''{}''')"


def lecture(notebook):
    """The notebook with a last cell, on no page: when all has run, it fits the pages, and goes to the first."""
    fit = new_code_cell(FIT.format((HERE / "lecture" / "fit.js").read_text(encoding="utf-8")), id="fit")
    fit.metadata = {"slideshow": {"slide_type": "skip"}, "jupyter": {"source_hidden": True}}
    notebook.cells.append(fit)
    return notebook


def write(path, folder):
    """Write the lecture's copy of the notebook at path, unless one that was worked on is there; return its name."""
    copies, notebook = parts.Folder(folder), lecture(parts.read(path))
    parts.move_data(notebook, copies)
    return copies.notebook(path.name, notebook)


def write_settings(folder):
    shutil.rmtree(folder, ignore_errors=True)  # slide mode writes into them that it was left
    for name, values in SETTINGS.items():
        file = folder / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), encoding="utf-8")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog="Other arguments go to JupyterLab.")
    parser.add_argument("notebook", type=Path)
    parser.add_argument(
        "--output", type=Path, default=Path("build/lecture"), help="folder for the copy and the settings"
    )
    options, others = parser.parse_known_args(arguments)
    folder = options.output.resolve()
    name = write(options.notebook, folder)
    settings = folder.with_name(f"{folder.name}-settings")
    write_settings(settings)
    os.environ["JUPYTERLAB_SETTINGS_DIR"] = str(settings)
    os.environ["JUPYTERLAB_WORKSPACES_DIR"] = str(settings / "workspaces")
    command = [sys.executable, "-m", "jupyterlab", str(folder / name), f"--ServerApp.root_dir={folder}"]
    command += ["--LabApp.expose_app_in_browser=True", *others]  # by which fit.js goes to the first page
    os.execv(sys.executable, command)  # noqa: S606


if __name__ == "__main__":
    main()

"""Execute notebooks headless and write HTML pages to build/, or with --inplace the notebooks as they are committed."""

import argparse
import os
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert import HTMLExporter
from tqdm import tqdm

WIDGET = "application/vnd.jupyter.widget-view+json"


def execute(path, timeout):
    """The notebook at path, executed in its own folder by the kernel of this environment, and tidied.

    Raises RuntimeError, with the number that Jupyter shows beside the cell, when a cell fails."""
    notebook = nbformat.read(path, as_version=4)
    started = []
    with tqdm(total=sum(cell.cell_type == "code" for cell in notebook.cells), desc=path.name, unit="cell") as bar:

        def executed(cell, **_):
            bar.update()
            for output in cell.outputs:  # an exception inside `interact` is an output, and no error of the cell
                if output.output_type == "error":
                    raise CellExecutionError("\n".join(output.traceback), output.ename, output.evalue)

        client = NotebookClient(
            notebook,
            kernel_name="python3",
            extra_arguments=["--log-level=ERROR"],
            timeout=timeout,
            resources={"metadata": {"path": str(path.parent)}},
            store_widget_state=False,
            record_timing=False,
            coalesce_streams=True,
            on_cell_execute=lambda **_: started.append(1),
            on_cell_executed=executed,
        )
        # nbclient's stand-in for Output widgets hangs now and then. Without it, what they show is the cell's output.
        client.comm_open_handlers.clear()
        try:
            client.execute()
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise RuntimeError(f"{path}, code cell [{len(started)}]: {error}") from error
    return tidy(notebook)


def tidy(notebook):
    """Keep what a reader without a kernel can see, and nothing that differs from machine to machine."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata.kernelspec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook.metadata.language_info = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            # A widget needs its kernel: its default picture stays, a finished progress bar goes.
            cell.outputs = [o for o in cell.outputs if WIDGET not in o.get("data", {}) or "image/png" in o.data]
            for output in cell.outputs:
                data = output.get("data", {})
                data.pop(WIDGET, None)
                if "data-nnlib-panel" in data.get("text/html", ""):  # by which a live panel finds what it replaces
                    data["text/html"] = re.sub(r' data-nnlib-panel="\w+"><style>.*?</style>', ">", data["text/html"])
                if "image/png" in data or " at 0x" in data.get("text/plain", ""):
                    data.pop("text/plain", None)  # an object's name or address beside what it looks like
    return notebook


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--inplace", action="store_true", help="write the executed notebooks back, and no HTML")
    parser.add_argument("--output", type=Path, default=Path("build"), help="folder for the HTML pages")
    parser.add_argument("--timeout", type=int, default=600, help="seconds that one cell may take")
    options = parser.parse_args(arguments)
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"

    failed = []
    for path in options.notebooks:
        try:
            notebook = execute(path, options.timeout)
        except RuntimeError as error:
            failed.append(path.name)
            print(f"\n{error}", file=sys.stderr)
            continue
        if options.inplace:
            nbformat.write(notebook, path)
        else:
            page, _ = HTMLExporter().from_notebook_node(notebook, {"metadata": {"name": path.stem}})
            options.output.mkdir(parents=True, exist_ok=True)
            page = re.sub(r'href="([\w-]+)\.ipynb', r'href="\1.html', page)
            (options.output / f"{path.stem}.html").write_text(page, encoding="utf-8")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()

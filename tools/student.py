"""Copies of the notebooks for students: no solutions, no answers of predictions, no lecturer's notes, no outputs.

A copy that was edited is never written over: the new one becomes NAME-new.ipynb beside it."""

import argparse
from pathlib import Path

import parts

PLACE = "*Your letter, and why:*"


def student(notebook):
    """Take out of the notebook what a student is to find; return it."""
    answers = {id(prediction.answer) for prediction in parts.predictions(notebook)}
    notebook.cells = [
        cell for cell in notebook.cells if "solution" not in parts.tags(cell) and parts.slide_type(cell) != "notes"
    ]
    for cell in notebook.cells:
        if id(cell) in answers:
            cell.source = PLACE
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--output", type=Path, default=Path("build/student"), help="folder for the copies")
    options = parser.parse_args(arguments)
    folder = parts.Folder(options.output)
    for path in options.notebooks:
        notebook = student(parts.read(path))
        parts.move_data(notebook, folder)
        folder.notebook(path.name, notebook)


if __name__ == "__main__":
    main()

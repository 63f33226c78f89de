"""benchmarks/classroom.py with two students and notebooks of a few lines: what it counts, not how fast that is."""

import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

SCRIPT = Path(__file__).resolve().parent.parent / "benchmarks" / "classroom.py"


def hold_class(folder, *sources):
    """The table's row for two students, of whom one trains after the other; and what was told of failures."""
    cells = [new_markdown_cell("A heading"), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells), folder / "tiny.ipynb")
    options = ["--students", "2", "--training", "1", "--seconds", "2", "--notebook", str(folder / "tiny.ipynb")]
    done = subprocess.run([sys.executable, SCRIPT, *options], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    header, line, row = (text.strip("|").split("|") for text in done.stdout.strip().split("\n")[-3:])
    assert len(header) == len(line) == len(row)
    return dict(zip(map(str.strip, header), map(str.strip, row), strict=True)), done.stderr


def test_a_class_that_works(tmp_path):
    row, errors = hold_class(tmp_path, "number = 1", "assert number == 1")
    assert (row["students"], row["failures"], errors) == ("2", "0", "")
    assert float(row["frames/s each"]) > 0 and float(row["Mbit/s each"]) > 0
    assert float(row["slider: median"].removesuffix(" s")) >= 0.08  # the round trip
    assert float(row["MB in all"]) > float(row["MB: worst"]) > 20


def test_what_goes_wrong_is_told(tmp_path):
    """A cell that fails, of each student; those after it are not run. They train all the same."""
    row, errors = hold_class(tmp_path, "1 / 0", "undefined")
    assert row["failures"] == "2" and float(row["frames/s each"]) > 0
    assert errors.count("ZeroDivisionError: division by zero") == 2 and "undefined" not in errors


def test_a_kernel_that_dies_is_told(tmp_path):
    row, errors = hold_class(tmp_path, "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)")
    assert int(row["failures"]) >= 2
    assert "student 1: the kernel died" in errors and "student 2: the kernel died" in errors

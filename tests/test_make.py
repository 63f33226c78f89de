"""The Makefile's own logic, with stand-ins for Python and no network, and its tools on tiny notebooks."""

import ast
import base64
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import parts
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
needs_make = pytest.mark.skipif(
    os.name == "nt" or shutil.which("make") is None, reason="make is not here, or is Windows'"
)

# Stands for a Python that works: `-m venv` copies it into .venv, and every -m call is noted in calls.txt.
WORKING = """#!/bin/sh
if [ "$1" = "-c" ]; then exit 0; fi
echo "$*" >> calls.txt
if [ "$2" = "venv" ]; then mkdir -p .venv/bin && cp "$0" .venv/bin/python; fi
if [ "$2" = "pip" ] && [ -e broken ]; then exit 1; fi
exit 0
"""
# Evaluates the Makefile's own question as if it were Python 3.9.
OLD = f"""#!/bin/sh
exec "{sys.executable}" -c "import sys; sys.version_info = (3, 9, 18, 'final', 0); exec(sys.argv[1])" "$2"
"""
# What Debian's python3 does where python3-venv is not installed.
NO_ENSUREPIP = """#!/bin/sh
if [ "$1" = "-c" ]; then exit 0; fi
mkdir -p .venv/bin && touch .venv/bin/python
echo "The virtual environment was not created successfully because ensurepip is not available."
exit 1
"""


@pytest.fixture
def make(tmp_path):
    (tmp_path / "requirements").mkdir()
    for name in ("Makefile", "requirements.txt", "requirements/test.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
        os.utime(tmp_path / name, (1, 1))

    def run(python, *arguments):
        stand_in = tmp_path / "stand-in"
        stand_in.write_text(python)
        stand_in.chmod(0o755)
        # Without what an outer make hands down, or its flags would hold here too.
        environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKEOVERRIDES")}
        command = ["make", *arguments, f"PYTHON={stand_in}", "UV="]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)

    run.folder = tmp_path
    run.calls = lambda: (tmp_path / "calls.txt").read_text().splitlines()
    return run


@needs_make
def test_old_python(make):
    result = make(OLD, "test")
    assert result.returncode != 0
    assert "Python 3.11 or newer is needed" in result.stderr
    assert not (make.folder / ".venv").exists()


@needs_make
def test_no_python_at_all(make):
    result = make("#!/bin/sh\nexit 127\n", "lab")
    assert result.returncode != 0
    assert "Python 3.11 or newer is needed" in result.stderr


@needs_make
def test_missing_python3_venv(make):
    result = make(NO_ENSUREPIP, "test")
    assert result.returncode != 0
    assert "sudo apt install python3-venv" in result.stderr
    assert not (make.folder / ".venv").exists()


@needs_make
def test_installs_once(make):
    for _ in range(2):
        assert make(WORKING, "test").returncode == 0
    kinds = [call.split()[1] for call in make.calls()]
    assert kinds == ["venv", "pip", "pytest", "pytest"]


@needs_make
@pytest.mark.parametrize("name", ["requirements.txt", "requirements/test.txt", "pyproject.toml"])
def test_changed_requirements_install_again(make, name):
    make(WORKING, "test")
    later = (make.folder / ".venv/ready").stat().st_mtime + 10
    os.utime(make.folder / name, (later, later))
    make(WORKING, "test")
    kinds = [call.split()[1] for call in make.calls()]
    assert kinds == ["venv", "pip", "pytest", "pip", "pytest"]


@needs_make
def test_failed_install_is_tried_again(make):
    (make.folder / "broken").touch()
    assert make(WORKING, "test").returncode != 0
    (make.folder / "broken").unlink()
    assert make(WORKING, "test").returncode == 0
    kinds = [call.split()[1] for call in make.calls()]
    assert kinds == ["venv", "pip", "pip", "pytest"]


@needs_make
def test_allow_root_only_as_root(make):
    make(WORKING, "lab", "ARGS=--no-browser")
    lab = make.calls()[-1]
    assert "jupyterlab notebooks/01_data_loading.ipynb" in lab and "--no-browser" in lab
    assert ("--allow-root" in lab) == (os.getuid() == 0)


@needs_make
def test_make_alone_is_help(make):
    result = make(WORKING)
    assert result.returncode == 0
    targets = re.findall(r"^([a-z]+): ", (make.folder / "Makefile").read_text(), re.MULTILINE)
    assert {"lab", "test", "figures"} < set(targets)
    for target in targets:
        assert re.search(rf"^make {target} +\w", result.stdout, re.MULTILINE), f"nothing is said of make {target}"
    assert not (make.folder / ".venv").exists()


@needs_make
def test_figures_come_from_the_notebooks(make):
    assert make(WORKING, "figures", "NOTEBOOKS=one.ipynb").returncode == 0
    assert make.calls()[-1] == "tools/write_figures.py one.ipynb"
    assert make(WORKING, "notebooks", "NOTEBOOKS=one.ipynb", "ARGS=--timeout=9").returncode == 0
    assert make.calls()[-2:] == [
        "tools/run_notebooks.py --inplace --timeout=9 one.ipynb",
        "tools/write_figures.py one.ipynb",
    ]


@needs_make
def test_clean_loses_no_work(make):
    """What was written and not touched goes; what somebody edited or added stays, and is named; caches go."""
    (make.folder / "tools").mkdir()
    shutil.copy(ROOT / "tools/clean.py", make.folder / "tools")
    build = make.folder / "build"
    folder = parts.Folder(build / "student")
    for name in ("one.ipynb", "two.ipynb", "data/README.md"):
        folder.write(name, name.encode())
    (build / "slides").mkdir()
    (build / "slides/one.html").write_text("made")
    (build / "student/two.ipynb").write_text("my answers")
    (build / "student/notes.txt").write_text("mine")
    (build / "student/.ipynb_checkpoints").mkdir()
    (build / "student/.ipynb_checkpoints/two.ipynb").write_text("older")
    (make.folder / ".pytest_cache").mkdir()
    python = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'

    result = make(python, "clean")
    assert result.returncode == 0, result.stderr
    left = {path.relative_to(build).as_posix(): path.read_text() for path in build.rglob("*") if path.is_file()}
    assert {name: left[name] for name in left if name != "student/.checksums.json"} == {
        "student/two.ipynb": "my answers",
        "student/notes.txt": "mine",
    }
    assert "build/student/two.ipynb" in result.stdout and "build/student/notes.txt" in result.stdout
    assert not (make.folder / ".pytest_cache").exists()
    parts.Folder(build / "student").write("two.ipynb", b"a newer one")  # it still knows that two.ipynb was edited
    assert (build / "student/two.ipynb").read_text() == "my answers"

    for path in build.rglob("*.*"):
        path.unlink(missing_ok=True)
    parts.Folder(build / "student").write("one.ipynb", b"as it was written")
    assert make(python, "clean").returncode == 0 and not build.exists()


@needs_make
def test_clean_without_python_leaves_build(make):
    (make.folder / "build").mkdir()
    result = make("#!/bin/sh\nexit 127\n", "clean")
    assert "build/ stays" in result.stderr and (make.folder / "build").exists()


def test_every_test_file_can_be_imported_on_windows():
    """Where pytest stops at a file whose first lines import what only Unix has."""
    for path in sorted((ROOT / "tests").glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
            assert not names & {"resource", "fcntl", "termios", "pwd", "grp"}, f"{path.name}, line {node.lineno}"


# tools/run_notebooks.py

PANEL = """
from IPython.display import display
picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
view = {"application/vnd.jupyter.widget-view+json": {"model_id": "0", "version_major": 2, "version_minor": 0}}
display({**view, "text/plain": "Panel()", "image/png": picture}, raw=True)
display({**view, "text/plain": "a progress bar"}, raw=True)
print("done")
"""
INTERACT = """
from ipywidgets import interact
_ = interact(lambda k: print(k), k=3)
"""


def run_notebook(folder, *cells, arguments=()):
    path = folder / "tiny.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(source.strip()) for source in cells]), path)
    command = [sys.executable, ROOT / "tools/run_notebooks.py", path, "--output", folder / "build", *arguments]
    return path, subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_inplace_keeps_pictures_and_drops_widgets(tmp_path):
    path, result = run_notebook(tmp_path, PANEL, "1 + 1", arguments=["--inplace"])
    assert result.returncode == 0, result.stderr
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    first, second = notebook.cells
    assert [output.output_type for output in first.outputs] == ["display_data", "stream"]
    assert set(first.outputs[0].data) == {"image/png"}
    assert (first.execution_count, second.execution_count) == (1, 2)
    assert first.metadata == {}
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.language_info == {"name": "python"}
    assert not (tmp_path / "build").exists()


def test_interact_leaves_its_output(tmp_path):
    path, result = run_notebook(tmp_path, INTERACT, arguments=["--inplace"])
    assert result.returncode == 0, result.stderr
    notebook = nbformat.read(path, as_version=4)
    assert [output.text for output in notebook.cells[0].outputs] == ["3\n"]
    assert "widgets" not in notebook.metadata


def test_error_inside_interact(tmp_path):
    _, result = run_notebook(tmp_path, INTERACT.replace("print(k)", "1 / 0"), "1 + 1")
    assert result.returncode == 1
    assert "tiny.ipynb, code cell [1]" in result.stderr
    assert "ZeroDivisionError" in result.stderr


def test_same_environment(tmp_path):
    path, result = run_notebook(tmp_path, "import sys\nprint(sys.prefix)", arguments=["--inplace"])
    assert result.returncode == 0, result.stderr
    assert nbformat.read(path, as_version=4).cells[0].outputs[0].text.strip() == sys.prefix


def test_html_leaves_the_notebook_alone(tmp_path):
    path, result = run_notebook(tmp_path, "print(6 * 7)")
    assert result.returncode == 0, result.stderr
    assert "42" in (tmp_path / "build/tiny.html").read_text(encoding="utf-8")
    assert nbformat.read(path, as_version=4).cells[0].outputs == []


def test_error_names_notebook_and_cell(tmp_path):
    _, result = run_notebook(tmp_path, "1 + 1", "1 / 0", "2 + 2")
    assert result.returncode == 1
    assert "tiny.ipynb, code cell [2]" in result.stderr
    assert "ZeroDivisionError" in result.stderr
    assert not (tmp_path / "build").exists()


# tools/write_figures.py


def write_figures(folder, *notebooks):
    command = [sys.executable, ROOT / "tools/write_figures.py", *notebooks, "--output", folder / "figures"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def cell_with(*pictures, name):
    outputs = [new_output("display_data", {"image/png": base64.b64encode(data).decode()}) for data in pictures]
    return new_code_cell("1 + 1", outputs=outputs, metadata={"tags": ["another", f"figure:{name}"]})


def test_a_tagged_picture_becomes_a_file(tmp_path):
    untagged = new_code_cell("2", outputs=[new_output("display_data", {"image/png": "AAAA"})])
    nbformat.write(new_notebook(cells=[untagged, cell_with(b"a picture", name="09_it")]), tmp_path / "tiny.ipynb")
    result = write_figures(tmp_path, tmp_path / "tiny.ipynb")
    assert result.returncode == 0, result.stderr
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["09_it.png"]
    assert (tmp_path / "figures/09_it.png").read_bytes() == b"a picture"


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([cell_with(name="09_it")], "the cell of 09_it holds 0 pictures; expected one"),
        ([cell_with(b"a", b"b", name="09_it")], "the cell of 09_it holds 2 pictures; expected one"),
        ([cell_with(b"a", name="09_it"), cell_with(b"b", name="09_it")], "two cells are tagged figure:09_it"),
    ],
)
def test_a_tag_without_its_one_picture(cells, words, tmp_path):
    nbformat.write(new_notebook(cells=cells), tmp_path / "tiny.ipynb")
    result = write_figures(tmp_path, tmp_path / "tiny.ipynb")
    assert result.returncode == 1 and words in result.stderr and "tiny.ipynb" in result.stderr


def test_the_figures_are_those_of_the_notebooks(tmp_path):
    """Each that README or a notebook shows is among them, and what is committed is what `make figures` writes."""
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    result = write_figures(tmp_path, *notebooks)
    assert result.returncode == 0, result.stderr
    written = {path.name: path.read_bytes() for path in (tmp_path / "figures").iterdir()}
    pages = [ROOT / "README.md", ROOT / "data/README.md", *notebooks]
    linked = {name for page in pages for name in re.findall(r"figures/(\w+\.\w+)", page.read_text(encoding="utf-8"))}
    committed = {path.name: path.read_bytes() for path in (ROOT / "figures").iterdir()}
    benchmark = committed.pop("benchmark.png")  # `make bench` writes this one
    assert benchmark and "benchmark.png" in linked
    linked.remove("benchmark.png")
    assert "04_forward.png" in linked <= set(written)
    assert committed == written, "run `make figures`"
    for name in written:
        image = Image.open(tmp_path / "figures" / name)
        fine = 2 if image.mode == "P" else 1  # a panel's picture is twice as fine, in 256 colours
        assert 600 < image.width / fine < 1300 and 200 < image.height / fine < 700


@pytest.mark.slow
def test_the_package_installs_alone(tmp_path):
    """A wheel with the model, the panels' JavaScript and the command; its extras hold what requirements/ lists."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    if subprocess.run([*pip, "--version"], capture_output=True).returncode:
        pytest.skip("there is no pip in this environment, as uv makes them")
    subprocess.run([*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, ROOT], check=True)
    (path,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
        about = wheel.read(next(name for name in names if name.endswith("METADATA"))).decode()
        command = wheel.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    kinds = (".py", ".js", ".npz", ".typed")
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "nnlib").rglob("*") if path.suffix in kinds}
    assert {name for name in names if name.startswith("nnlib/")} == files
    assert "nnlib = nnlib.__main__:start" in command
    for extra in (ROOT / "requirements").glob("*.txt"):
        wanted = [line for line in extra.read_text().splitlines() if line and line[0] != "#"]
        assert about.count(f'extra == "{extra.stem}"') == len(wanted) > 0

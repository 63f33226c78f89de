"""What `import nnlib` loads, what it costs, and that a module imports only from the floors below it."""

import ast
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "nnlib"
HEAVY = ("matplotlib", "ipywidgets", "sklearn", "PIL", "pooch", "tqdm", "scipy", "mlxtend", "IPython")
FLOORS = {
    "activations": 0, "losses": 0, "initializers": 0, "schedules": 0, "inputs": 0,
    "layers": 1, "convolution": 1.3, "architecture": 1.6,
    "files": 2, "network": 2.5, "optimizers": 2,
    "training": 3, "checks": 3,
    "calibration": 3.5,
    "estimator": 4, "plots": 4, "exercises": 4,
    "widgets": 5, "cli": 5,
    "__main__": 6,
}  # fmt: skip
BESIDE = {"autograd", "data", "extras", "npz", "threads", "images"}  # on no floor: they know nothing of networks
LINES = (
    1353  # of code and docstrings on floors 0 to 3: what a reader gets through; 20 of them freeze layers, 33 are types
)


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent, check=True)
    return done.stdout


def imported_modules(path):
    """Names of nnlib's modules that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            if node.module == "nnlib":
                yield from (alias.name for alias in node.names)
            elif node.module.startswith("nnlib."):
                yield node.module.split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("nnlib."))


def test_import_nnlib_loads_only_the_core():
    loaded = run("import sys, nnlib; print(*sys.modules)").split()
    assert "nnlib.network" in loaded
    assert [name for name in HEAVY if name in loaded] == []


@pytest.mark.times
def test_import_nnlib_costs_little_more_than_numpy_and_pandas():
    code = "import time, numpy, pandas; t = time.perf_counter(); import nnlib; print(time.perf_counter() - t)"
    seconds = statistics.median(float(run(code)) for _ in range(3))
    assert seconds < 0.2  # promised: 0.1 on a quiet machine


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_the_floors_below(path):
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    assert own in FLOORS or own in BESIDE, "a new module: give it a floor here"
    for name in set(imported_modules(path)) - {own}:
        if own in BESIDE:
            if (path.name, name) == ("touching.py", "network"):  # models read the parts of touching digits
                continue
            assert name in BESIDE, f"{own} stands beside the floors and imports {name}"
        else:
            assert name in BESIDE or FLOORS[name] < FLOORS[own], f"{own} imports {name}"


def test_the_core_can_be_read_in_an_hour():
    lines = {}
    for name, floor in FLOORS.items():
        if floor <= 3 and name != "files":  # which computes nothing
            text = (PACKAGE / f"{name}.py").read_text(encoding="utf-8").splitlines()
            lines[name] = sum(bool(line.strip()) and not line.strip().startswith("#") for line in text)
    assert sum(lines.values()) <= LINES, lines

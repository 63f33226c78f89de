"""Types of the public names: each has them, a user's code agrees with them, and mypy reports where it does not."""

import importlib
import inspect
import re
import subprocess
import sys
import types
import typing
from pathlib import Path

import pytest
import user_code

import nnlib
from nnlib import autograd, calibration, estimator, images, plots, widgets

ROOT = Path(__file__).resolve().parent.parent
UNTYPED = {"self", "cls", "net", "initializer"}  # where a function is a method too, net is self


def public_functions():
    """The functions, constructors and methods that users call: their names, and themselves."""
    modules = [nnlib.activations, nnlib.losses, nnlib.initializers, nnlib.schedules, autograd, calibration, estimator]
    names = {name: getattr(nnlib, name) for name in nnlib.__all__}
    for module in (images, plots):
        names |= {f"{module.__name__}.{name}": getattr(module, name) for name in module.__all__}
    for module in [*modules, importlib.import_module("nnlib.data.points")]:
        own = {
            name: thing for name, thing in vars(module).items() if getattr(thing, "__module__", "") == module.__name__
        }
        names |= {f"{module.__name__}.{name}": thing for name, thing in own.items() if name[0] != "_"}
    for name, thing in names.items():
        if inspect.isclass(thing):
            for cls in [cls for cls in reversed(thing.__mro__) if cls.__module__.startswith("nnlib")]:
                for method, function in vars(cls).items():
                    function = getattr(function, "__func__", getattr(function, "fget", function))
                    if inspect.isfunction(function) and (method[0] != "_" or method in ("__init__", "__call__")):
                        yield f"{name}.{method}", function
        elif callable(thing) and thing is not plots.styled:
            yield name, thing
    for name in widgets.__all__:
        yield f"widgets.{name}.__init__", getattr(widgets, name).__init__


FUNCTIONS = dict(public_functions())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_name_has_types(name):
    function = FUNCTIONS[name]
    hints, signature = typing.get_type_hints(function), inspect.signature(function)
    untyped = [p for p in signature.parameters if p not in hints and p not in UNTYPED]
    assert untyped == [] and "return" in hints
    for parameter, of in signature.parameters.items():
        if of.default is None and hints.get(parameter) is not typing.Any:  # mypy does not see it: strict_optional
            assert types.NoneType in typing.get_args(hints[parameter]), parameter


def test_the_names_are_those_that_users_call():
    some = {"Network.predict", "Network.load", "train", "Dense.forward", "SGD.step", "load_dataset"}
    some |= {"Dataset.from_frame", "nnlib.schedules.Cosine.__call__", "nnlib.autograd.Tensor.backward"}
    some |= {"nnlib.images.prepare", "nnlib.plots.history", "widgets.Playground.__init__"}
    some |= {"nnlib.estimator.NetworkClassifier.partial_fit", "nnlib.data.points.points"}
    assert some <= set(FUNCTIONS) and len(FUNCTIONS) > 150


def test_code_with_right_types_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("NNLIB_CACHE", str(tmp_path))
    user_code.right(tmp_path)


@pytest.mark.slow  # `make lint` notices most of it: mypy's first run takes 10 seconds
def test_mypy_reports_each_wrong_line(tmp_path):
    source = Path(user_code.__file__).read_text(encoding="utf-8")
    expected = {
        (number, code)
        for number, line in enumerate(source.splitlines(), 1)
        for code in re.findall(r"# type: ignore\[([\w-]+)\]", line)
    }
    path = tmp_path / "user.py"
    path.write_text(re.sub(r"  # type: ignore\[[\w-]+\]", "", source), encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "mypy", path], cwd=ROOT, capture_output=True, text=True, timeout=300)
    reported = re.findall(r"user\.py:(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE)
    assert {(int(number), code) for number, code in reported} == expected and len(expected) > 20

"""The Python of the site, build/site/pyodide: nnlib's wheel, the packages that Pyodide lacks, and a lock file that
knows them, so that `import nnlib` in the browser brings all that the notebooks use. Pyodide itself stays on its CDN, or
is copied from a folder that holds a distribution."""

import contextlib
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "site" / "pyodide-lock.json"  # of the version below, without the packages that nobody here imports
VERSION = "314.0.3"
CDN = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
# What nnlib and the notebooks import, with jinja2 for the tables of pandas; and what JupyterLite's kernel asks for.
USED = ("numpy", "pandas", "scipy", "scikit-learn", "joblib", "matplotlib", "pillow", "pooch", "threadpoolctl", "tqdm",
        "ipywidgets", "anywidget", "jinja2")  # fmt: skip
KERNEL = ("ipython", "jedi", "micropip")
COMPILED = "markupsafe"  # has no pure wheel; built without a compiler, it leaves its C part out
IN_THE_PAGE = {"jupyterlab-widgets", "widgetsnbextension"}  # JavaScript, which the page brings


def write(out, folder=None):
    """Fill `out`; with `folder`, a Pyodide distribution, nothing is asked for outside. Returns the address of Pyodide
    as seen from `out`."""
    out.mkdir(parents=True)
    lock = json.loads((folder / "pyodide-lock.json" if folder else LOCK).read_text(encoding="utf-8"))
    known, packages = lock["packages"], {}
    for package in known.values():
        package["depends"] = [canonicalize_name(name) for name in package["depends"]]
    wheel = own_wheel(out)
    packages["nnlib"] = entry(wheel, [*USED])
    wanted = [*USED, *KERNEL]
    while wanted:
        missing = []
        for name in {*wanted} - {*packages}:
            if name not in known:
                missing.append(f"{name}=={importlib.metadata.version(name)}")  # what the tests run with
            elif folder is None:
                packages[name] = known[name] | {"file_name": CDN + known[name]["file_name"]}
            elif is_whole(folder / known[name]["file_name"], known[name]["sha256"]):
                shutil.copy(folder / known[name]["file_name"], out)
                packages[name] = known[name]
            else:
                missing.append(f"{name}=={known[name]['version']}")
        for path in download(missing, lock["info"]["python"], out):
            found = entry(path)
            packages[found["name"]] = found
        wanted = [name for package in packages.values() for name in package["depends"] if name not in packages]
    (out / "pyodide-lock.json").write_text(json.dumps(lock | {"packages": packages}, indent=1), encoding="utf-8")
    if folder is None:
        return f"{CDN}pyodide.mjs"
    for name in CORE:
        shutil.copy(folder / name, out)
    return "pyodide.mjs"


def is_whole(path, sha256):
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def own_wheel(out):
    """nnlib's wheel, with the sample pictures where the repository has them, and MNIST's 5,000 digits as nnlib's cache
    keeps them: to parse them in the browser takes ten seconds."""
    from setuptools import build_meta

    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for part in ("nnlib", "data/samples"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        with contextlib.chdir(copy), open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            path = out / build_meta.build_wheel(str(out))
        code = "import nnlib; nnlib.datasets.mnist_5k()"
        subprocess.run([sys.executable, "-c", code], env=os.environ | {"NNLIB_CACHE": name}, cwd=ROOT, check=True)
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as wheel:
            for sample in sorted((ROOT / "data" / "samples").iterdir()):
                wheel.write(sample, f"data/samples/{sample.name}")
            data = f"{path.name.partition('-py3')[0]}.data/data"  # goes to the root of Pyodide's file system
            wheel.write(copy / "mnist-5k.npz", f"{data}/home/pyodide/.cache/nnlib/mnist-5k.npz")
    return path


def download(requirements, python, out):
    """Pure wheels from the package index."""
    if not requirements:
        return []
    options = ["--platform", "any", "--python-version", python.rpartition(".")[0]]
    options += ["--implementation", "py", "--abi", "none"]
    with tempfile.TemporaryDirectory() as name:
        to = ["--no-deps", f"--find-links={name}", "--disable-pip-version-check", "--quiet"]
        pip = [sys.executable, "-m", "pip"]
        pure = [requirement for requirement in requirements if not requirement.startswith(COMPILED)]
        subprocess.run([*pip, "download", "--dest", name, "--only-binary", ":all:", *options, *to, *pure], check=True)
        for requirement in {*requirements} - {*pure}:
            wheel = [*pip, "wheel", "--wheel-dir", name, "--no-binary", ":all:", *to, requirement]
            subprocess.run(wheel, env=os.environ | {"CC": "false"}, check=True)
        paths = [Path(shutil.copy(path, out)) for path in sorted(Path(name).glob("*.whl"))]
    for path in paths:
        if not path.name.endswith("-none-any.whl"):
            sys.exit(f"{path.name} is not for every machine, so that it cannot run in a browser")
    return paths


def entry(path, depends=None):
    """A wheel's entry in the lock file."""
    name, version, *_ = parse_wheel_filename(path.name)
    with zipfile.ZipFile(path) as wheel:
        files = [file for file in wheel.namelist() if not re.search(r"\.(dist-info|data)/", file)]
        metadata = next(file for file in wheel.namelist() if file.endswith(".dist-info/METADATA"))
        text = wheel.read(metadata).decode()
    if depends is None:
        there = {"sys_platform": "emscripten", "platform_system": "Emscripten", "python_version": "3.14", "extra": ""}
        required = [Requirement(line) for line in re.findall(r"^Requires-Dist: (.+)$", text, re.MULTILINE)]
        required = [one for one in required if one.marker is None or one.marker.evaluate(there)]
        depends = sorted({canonicalize_name(one.name) for one in required} - IN_THE_PAGE)
    return {
        "name": name,
        "version": str(version),
        "file_name": path.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": sorted({file.split("/")[0].removesuffix(".py") for file in files if file.endswith(".py")}),
        "depends": depends,
        "unvendored_tests": False,
    }

"""Files from elsewhere can lie: they run nothing, write nothing elsewhere, and take no more memory than they should."""

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import re
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nnlib import Conv2D, Dataset, Dense, Dropout, Flatten, Network, load_dataset
from nnlib.data import layout
from nnlib.widgets import DataBrowser

ROOT = Path(__file__).resolve().parents[1]
IMG = "<img src=x onerror=alert(1)>"
CSV = "label,a,b\n" + "".join(f"{k % 2},{k},{k % 7}\n" for k in range(40))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NNLIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NNLIB_DATA", str(tmp_path))
    return tmp_path


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def lying_npy(shape):
    """An .npy file whose header promises far more than follows."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return file.getvalue() + b"abc"


def write_zip(path, files, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def peak(function):
    """Bytes that were taken at once, whatever came of it."""
    tracemalloc.start()
    try:
        function()
    finally:
        taken = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return taken


# ---------------------------------------------------------------- archives
@pytest.mark.parametrize("name", ["../evil.csv", "/evil.csv", "a/../../evil.csv", r"..\evil.csv", r"C:\evil.csv"])
def test_a_zip_whose_names_lead_elsewhere_is_refused(name, folder):
    (folder / "in").mkdir()
    write_zip("in/a.zip", {name: CSV, "b.csv": CSV})
    with pytest.raises(ValueError, match=r"a\.zip holds the name .*evil\.csv.*, which leads elsewhere"):
        load_dataset("in/a.zip")
    assert not list(folder.rglob("*evil*"))


ZEROS = bytes(1_000_000)


def bombs(folder):
    """The path of each, whose megabyte packs to some kilobytes."""
    table = b"label,a\n" + b"0,0\n1,0\n" * 125_000
    yield write_zip("table.zip", {"a.csv": table}, zipfile.ZIP_DEFLATED)
    yield write_zip("arrays.npz", {"X.npy": npy(np.zeros((400, 400))), "y.npy": npy(np.arange(9))}, zipfile.ZIP_LZMA)
    yield write_zip("book.xlsx", {"[Content_Types].xml": ZEROS}, zipfile.ZIP_DEFLATED)
    for name, pack in (("table.csv.gz", gzip), ("table.csv.bz2", bz2), ("table.csv.xz", lzma)):
        Path(name).write_bytes(pack.compress(table))
        yield name
    (folder / "idx").mkdir()
    for part, n in (("train", 10_000), ("t10k", 10)):
        for what, magic in (("images-idx3", [0, 0, 8, 3, *n.to_bytes(4, "big"), 0, 0, 0, 28, 0, 0, 0, 28]),
                            ("labels-idx1", [0, 0, 8, 1, *n.to_bytes(4, "big")])):  # fmt: skip
            Path("idx", f"{part}-{what}-ubyte.gz").write_bytes(gzip.compress(bytes(magic) + ZEROS))
    yield "idx"


def test_what_unpacks_to_far_more_than_its_size_is_refused(folder, monkeypatch):
    monkeypatch.setattr(layout, "LARGE", 100_000)
    for path in bombs(folder):
        with pytest.raises(ValueError, match=r"unpacks to more than 100 times its size"):
            load_dataset(path)


def test_a_packed_table_of_honest_size_is_read(monkeypatch):
    monkeypatch.setattr(layout, "LARGE", 1)
    for name, pack in (("table.csv.gz", gzip), ("table.csv.bz2", bz2), ("table.csv.xz", lzma)):
        Path(name).write_bytes(pack.compress(CSV.encode()))
        assert len(load_dataset(name).y_test) == 8
    X = np.random.default_rng(0).normal(size=(40, 3))
    Path("x.npy.gz").write_bytes(gzip.compress(npy(np.column_stack([np.arange(40) % 2, X]))))
    assert len(load_dataset("x.npy.gz", label=0).y_test) == 8


def test_headers_that_promise_more_than_there_is():
    Path("x.npy").write_bytes(lying_npy((10**9, 1000)))
    write_zip("x.npz", {"X.npy": lying_npy((10**9, 1000)), "y.npy": npy(np.arange(3))})
    for name in ("x.npy", "x.npz"):
        with pytest.raises(ValueError, match=r"damaged"):
            load_dataset(name)


# ---------------------------------------------------------------- model files
def model(**changes):
    """A model file with other arrays or another architecture."""
    path = Network([3, 4, 2]).save("net.npz")
    with np.load(path) as file:
        arrays = dict(file)
    architecture = json.loads(str(arrays["architecture"]))
    architecture |= {k: changes.pop(k) for k in list(changes) if k in architecture}
    np.savez(path, **{**arrays, "architecture": json.dumps(architecture), **changes})
    return path


@pytest.mark.parametrize(
    "layers",
    [
        [["BatchNorm", {"n": 10**8}]],
        [["Dense", {"n_in": 10**8, "n_out": 10**8}]],
        [["Dense", {"n_in": 3, "n_out": 4}], ["BatchNorm", {"n": 4 * 10**7}]],
        [["Conv2D", {"channels_in": 1, "channels_out": 1, "size": 10**5, "padding": 0}]],
        [["Dense", {"n_in": 2**70, "n_out": 2}]],
    ],
)
def test_a_model_file_cannot_ask_for_more_memory_than_it_has_bytes(layers):
    path = model(layers=layers)

    def load():
        with pytest.raises(ValueError, match=r"net\.npz is not a model file of this version of nnlib: .*larger than"):
            Network.load(path)

    assert peak(load) < 10_000_000


def test_a_model_file_that_is_packed_or_lies_is_refused():
    write_zip("bomb.npz", {"architecture.npy": npy(np.array("{}")), "W1.npy": npy(np.zeros((1000, 1000)))},
              zipfile.ZIP_DEFLATED)  # fmt: skip
    write_zip("lie.npz", {"architecture.npy": npy(np.array("{}")), "W1.npy": lying_npy((10**9, 1000))})

    def load():
        for name in ("bomb.npz", "lie.npz"):
            with pytest.raises(ValueError, match=rf"{name} is not a file that net\.save wrote, or it is damaged"):
                Network.load(name)

    assert peak(load) < 5_000_000


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_weights_that_are_no_numbers_are_refused(value):
    with pytest.raises(ValueError, match="not all its weights are finite numbers of float32"):
        Network.load(model(W1=np.full((3, 4), value)))
    net = Network([3, 4, 2], dtype=np.float64)
    net.weights[0][0, 0] = value
    if not np.isfinite(value):
        with pytest.raises(ValueError, match=r"the largest weight (nan|inf); .* these finite"):
            net.save("bad.npz")
    else:
        assert Network.load(net.save("large.npz")).weights[0][0, 0] == value


def test_a_state_that_is_none_is_refused():
    layers = [Conv2D(1, 2, 3), Flatten(), Dropout(0.5), Dense(8, 2)]
    path = Network(layers=layers).save("net.npz")
    with np.load(path) as file:
        arrays = dict(file)
    for state in ("", "{}", "3", '{"bit_generator": "MT19937"}', "[" * 100_000):
        np.savez(path, **{**arrays, "layers[2].rng": np.array(state)})
        with pytest.raises(ValueError, match=r"net\.npz is not a model file"):
            Network.load(path)


# ---------------------------------------------------------------- nothing is run
class Planted:
    def __reduce__(self):
        return os.mkdir, ("planted",)


def test_a_pickle_is_never_opened(folder):
    raw = pickle.dumps(Planted())
    objects = np.array([Planted(), Planted()], object)
    for name in ("a.pkl", "a.csv", "a.npy", "a.npz", "a.csv.gz", "a.zip"):
        Path(name).write_bytes(gzip.compress(raw) if name.endswith("gz") else raw)
    np.save("objects.npy", objects)
    np.savez("objects.npz", X=objects, y=objects)
    write_zip("objects.zip", {"a.npy": Path("objects.npy").read_bytes(), "b.pkl": raw})
    for path in folder.glob("*.*"):
        for load in (load_dataset, Network.load):
            with pytest.raises((ValueError, FileNotFoundError)):
                load(path)
    assert not (folder / "planted").exists()


def test_nothing_in_the_package_and_the_tools_runs_what_a_file_says():
    """Beside ruff's rules, which look at one line: no such module is loaded by anything but its own users."""
    for path in [*(ROOT / "nnlib").rglob("*.py"), *(ROOT / "tools").glob("*.py")]:
        text = path.read_text(encoding="utf-8")
        wrong = re.findall(r"^\s*(?:import|from) (?:pickle|marshal|shelve|dill|cloudpickle|urllib\.request|socket)\b.*",
                           text, re.M)  # fmt: skip
        assert not wrong, f"{path.name}: {wrong}"
        if path.name == "bugs.py":  # runs the lines that a reader has mended, in the reader's own kernel
            text = text.replace('exec("\\n".join(lines), known)', "")
        assert not re.search(r"allow_pickle=True|(?<![\w.])(?:eval|exec)\(|shell=True|verify=False", text), path.name
        addresses = set(re.findall(r"https?://([\w.-]+)", text))
        if path.name != "named.py" and "retrieve(" in text:
            pytest.fail(f"{path.name} downloads; the mirrors stand in named.py: {addresses}")


# ---------------------------------------------------------------- text is text
def test_names_in_a_panel_are_shown_as_text():
    X = np.random.default_rng(0).random((40, 4), np.float32)
    names = ["<img src=x onerror=alert(1)>", "costs $1 or $2"]
    y = np.arange(40) % 2
    rows = X[:20], y[:20], X[20:30], y[20:30], X[30:], y[30:]
    data = Dataset("<b>", "<i>", *rows, class_names=names, image_shape=(2, 2))
    panel = DataBrowser(data)
    told = []
    for panel.index in range(4):
        panel.snapshot()  # a $ is no formula
        told.append(panel.message.value)
    assert any("&lt;img" in text for text in told) and not any("<img" in text for text in told)
    panel.close()


def test_names_and_cells_are_shown_as_text():
    frame = pd.DataFrame({"a": np.arange(40.0) % 7, "b": np.arange(40.0) % 5, "species": [IMG, "b"] * 20})
    data = Dataset.from_frame(frame, name=IMG)
    page = data._repr_html_()
    assert "<img" not in page and "&lt;img" in page and IMG in data.class_names
    net = Network([2, 2])
    net.metadata = {"classes": [IMG]}
    assert "<img" not in net.summary().to_html()


def test_a_file_of_that_name_says_so_in_words():
    path = Path(IMG.replace("/", ""))
    try:
        path.write_text("label,a\n0,<b>x</b>\n" + "1,1\n0,2\n" * 9)
    except OSError:
        pytest.skip("this system has no such file names")
    with pytest.raises(ValueError, match="<b>x</b>") as error:
        load_dataset(path)
    assert not hasattr(error.value, "_render_traceback_")  # Jupyter shows it by its own rules, as text


@pytest.mark.parametrize("name", ["$\\frac{$", "$5-$10", "a_$b^$"])
def test_a_class_name_is_no_formula_in_a_figure(name):
    from nnlib import plots

    net, X, y = Network([4, 2]), np.random.default_rng(0).random((8, 4)), np.arange(8) % 2
    names = [name, "b"]
    for figure in (
        plots.predictions(net, X, y, (2, 2), names),
        plots.confusion_matrix(y, y[::-1], names),
        plots.forward_flow(net, X[0], (2, 2), names),
        plots.gradients(net, X, y, (2, 2), names),
    ):
        figure.canvas.draw()  # raises for a formula that is none
        shown = [text for text in figure.findobj(lambda artist: hasattr(artist, "get_text")) if name[1:3] in
                 text.get_text()]  # fmt: skip
        assert all(not text._preprocess_math(text.get_text())[1] for text in shown)


# ---------------------------------------------------------------- nothing of the machine
def test_what_is_committed_holds_no_path_or_user_name_of_a_machine():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is no clone: which files are committed is not known")
    home, user = str(Path.home()), os.environ.get("USER", "")
    own = [home] if len(home) > len("/root") else []
    own += [str(ROOT)] + ([rf"\b{re.escape(user)}\b"] if len(user) > 4 else [])
    patterns = [r"/home/\w+", r"/root/", r"/Users/\w+", r"[A-Z]:\\+Users", r"/tmp/\w+", r"file:///", *own]
    found = []
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix not in (".ipynb", ".png", ".npz", ".svg", ".html") or not path.is_file():
            continue
        text = path.read_bytes().decode("latin-1")
        if path.suffix == ".ipynb":  # what it printed, not what it explains; pictures are base64
            outputs = [o for cell in json.loads(path.read_text("utf-8"))["cells"] for o in cell.get("outputs", [])]
            text = "".join(str(v) for o in outputs for k, v in [*o.get("data", {}).items(), ("text", o.get("text", ""))]
                           if not k.startswith("image/png"))  # fmt: skip
        found += [f"{name}: {hit}" for pattern in patterns for hit in re.findall(pattern, text)]
    assert not found


def test_a_saved_model_and_a_checkpoint_hold_no_path(folder):
    from nnlib import train

    X = np.random.default_rng(0).normal(size=(20, 3))
    net = Network([3, 2])
    train(net, X, np.arange(20) % 2, 1, checkpoint="run", progress=False)
    for path in (net.save("net.npz"), "run.npz"):
        assert str(folder).encode() not in Path(path).read_bytes()


def test_importing_and_training_open_no_connection():
    code = (
        "import socket\n"
        "def refuse(*args): raise AssertionError('a connection')\n"
        "socket.socket.connect = socket.create_connection = refuse\n"
        "import nnlib, numpy as np\n"
        "data = nnlib.Dataset.from_arrays(np.random.rand(40, 3), np.arange(40) % 2); net = nnlib.Network([3, 2])\n"
        "nnlib.train(net, data.X_train, data.y_train, 1, progress=False)\n"
        "nnlib.load_pretrained()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": str(ROOT)})

"""python -m nnlib: what it prints and writes, compared with the same done by hand, and how it says what is wrong."""

import errno
import functools
import gzip
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import nnlib
from nnlib import images, training
from nnlib.cli.main import main
from nnlib.cli.parser import build_parser
from nnlib.cli.train import wilson_interval

COMMANDS = ("train", "predict", "submit", "sheet", "datasets")


@pytest.fixture(autouse=True)
def own_folder(tmp_path, tmp_path_factory, monkeypatch):
    """Each test in a folder of its own; the cache is shared by them, and not the user's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NNLIB_CACHE", str(tmp_path_factory.getbasetemp() / "nnlib-cache"))
    monkeypatch.setenv("NNLIB_DATA", str(tmp_path))
    monkeypatch.delenv("NNLIB_DATASET", raising=False)


@pytest.fixture
def run(capsys):
    """A function that runs a command line in this process: exit code, standard output, standard error."""

    def call(line):
        try:
            code = main(shlex.split(line))
        except SystemExit as ended:  # argparse
            code = ended.code
        return code, *capsys.readouterr()

    return call


def shell(line, **environment):
    return subprocess.run(
        [sys.executable, "-m", "nnlib", *shlex.split(line)],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | environment,
    )


@pytest.fixture
def digits(dataset):
    """A few digits that the network has to tell apart, (100, 784) in [0, 1], and their labels."""
    data = dataset("mnist-5k")
    return data.X_test[:100], data.y_test[:100]


def save_picture(path, digit, side=112):
    """Dark on light, as on paper."""
    grey = Image.fromarray(np.uint8(255 * (1 - digit.reshape(28, 28)))).resize((side, side), Image.Resampling.BICUBIC)
    grey.save(path)
    return path


def write_csv(path, X, header=True):
    pixels = pd.DataFrame(np.round(255 * X).astype(int)).rename(columns="pixel{}".format)
    pixels.to_csv(path, index=False, header=header)


# -- help --------------------------------------------------------------------------------------------------------------


def test_help_through_the_shell_lists_the_commands_and_loads_little():
    done = shell("--help")
    assert done.returncode == 0 and all(command in done.stdout for command in COMMANDS)
    code = "import sys; from nnlib.cli.main import build_parser; build_parser(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"matplotlib", "sklearn", "scipy", "PIL", "tqdm", "pooch"} & set(loaded)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_example_in_the_help_is_understood(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    text = capsys.readouterr().out
    assert ended.value.code == 0 and max(map(len, text.splitlines())) <= 85
    examples = re.findall(r"^  python -m nnlib (.*?)(?:  .*)?$", text.replace("\\\n", ""), re.MULTILINE)
    assert len(examples) >= (0 if command == "datasets" else 2)
    for example in examples:
        assert build_parser().parse_args(shlex.split(example)).command in COMMANDS
        assert not command or example.startswith((command, "train"))


def test_no_command_is_an_error_with_usage():
    done = shell("")
    assert done.returncode == 2 and "usage:" in done.stderr


# -- train -------------------------------------------------------------------------------------------------------------


def test_train_does_what_the_same_lines_of_python_do(run):
    code, out, err = run(
        "train digits --hidden 20 12 --activations leaky_relu elu --loss mean_squared_error --initializer normal:0.3 "
        "--optimizer adam --learning-rate 0.01 --batch-size 50 --epochs 3 --validation 0.25 --max-train-samples 500 "
        "--seed 5 --test --curves curves.png --output net"
    )
    data = nnlib.load_dataset("digits", 0.25, 500)
    net = nnlib.Network(
        [64, 20, 12, 10],
        ["leaky_relu", "elu"],
        loss="mean_squared_error",
        initializer=nnlib.initializers.normal(0.3),
        seed=5,
    )
    history = nnlib.train(net, data.X_train, data.y_train, 3, 50, nnlib.Adam(0.01), seed=5, progress=False)
    saved = nnlib.Network.load("net.npz")
    assert (code, err) == (0, "")
    np.testing.assert_array_equal(saved.parameters, net.parameters)
    assert f"{history['loss'].iloc[-1]:.4f}" in out
    for part, X, y in (("validation", data.X_val, data.y_val), ("test", data.X_test, data.y_test)):
        right = round(net.accuracy(X, y) * len(y))
        assert f"{part} accuracy: {right / len(y):.2%} ({right} of {len(y)}; 95 % interval" in out
    assert saved.metadata["data"] == "digits" and "learning_rate=0.01" in saved.metadata["recipe"]
    assert Image.open("curves.png").size == (1000, 400)


def test_train_without_options_learns_the_default_data_set(run):
    code, out, _ = run("train --epochs 4")
    accuracy = re.search(r"validation accuracy: ([\d.]+)% \(\d+ of 800;", out)
    assert code == 0 and "784 -> 128" in out and float(accuracy[1]) > 85
    assert "test accuracy" not in out and not os.listdir()


def test_report_prints_epochs_after_so_many_iterations_and_changes_nothing(run):
    line = "train iris --hidden 6 --activations tanh --output-activation sigmoid"
    _, out, _ = run(f"{line} --batch-size 16 --epochs 5 --report 8 --output reported")
    run(f"{line} --batch-size 16 --epochs 5 --output silent")
    reported, silent = nnlib.Network.load("reported.npz"), nnlib.Network.load("silent.npz")
    np.testing.assert_array_equal(reported.parameters, silent.parameters)
    # 96 rows: epochs end after 6, 12, 18, 24 and 30 iterations; 8, 16 and 24 are reached in the 2nd, 3rd and 4th.
    assert re.findall(r"^iteration +(\d+) ", out, re.MULTILINE) == ["12", "18", "24"]

    _, out, _ = run(f"{line} --batch-size full --epochs 3 --report 3")
    _, silence, _ = run(f"{line} --batch-size full --epochs 3 --report 4 --output full")
    assert "iteration" not in silence
    data, net = nnlib.load_dataset("iris"), nnlib.Network.load("full.npz")
    loss, accuracy = net.loss(data.X_val, data.y_val), net.accuracy(data.X_val, data.y_val)
    run(f"{line} --batch-size full --epochs 2 --output before")  # an epoch's training loss is that before its update
    before = nnlib.Network.load("before.npz").loss(data.X_train, data.y_train)
    found = re.search(r"iteration +3 +training: loss (\S+), .* validation: loss (\S+), accuracy +(\S+)%", out)
    np.testing.assert_allclose([float(n) for n in found.groups()], [before, loss, 100 * accuracy], atol=0.051)
    np.testing.assert_allclose([float(found[1]), float(found[2])], [before, loss], atol=5.1e-5)


def test_report_without_validation_rows(run):
    _, out, _ = run("train iris --validation 0 --epochs 2 --report 1")
    assert re.search(r"^iteration     2   training: loss \S+, accuracy +\S+%$", out, re.MULTILINE)


def test_train_augments_and_lets_the_rate_fall(run):
    run("train digits --hidden 5 --epochs 3 --schedule cosine --augment elastic --output net")
    data = nnlib.load_dataset("digits")
    net, steps = nnlib.Network([64, 5, 10]), 3 * -(-len(data.X_train) // 64)
    optimizer = nnlib.SGD(nnlib.schedules.Cosine(0.1, steps=steps))
    moves = functools.partial(
        images.augment, shift=1.5, rotate=12, scale=0.12, shear=0.15, elastic=1.0, image_shape=(8, 8)
    )
    nnlib.train(net, data.X_train, data.y_train, 3, optimizer=optimizer, augment=moves, progress=False)
    trained = nnlib.Network.load("net.npz")
    np.testing.assert_allclose(trained.parameters, net.parameters, rtol=1e-5, atol=1e-6)
    assert "Cosine" in trained.metadata["recipe"] and trained.metadata["recipe"].endswith("augment elastic")
    code, _, complaint = run("train iris --augment affine")
    assert code != 0 and "--augment is for pictures, and the rows of iris are none" in complaint


def test_train_takes_momentum(run):
    run("train iris --hidden 5 --epochs 3 --momentum 0.9 --output net")
    data, net = nnlib.load_dataset("iris"), nnlib.Network([4, 5, 3])
    nnlib.train(net, data.X_train, data.y_train, 3, optimizer=nnlib.SGD(momentum=0.9), progress=False)
    np.testing.assert_array_equal(nnlib.Network.load("net.npz").parameters, net.parameters)


@pytest.mark.parametrize("name", ["sgd", "rmsprop", "adam"])
def test_train_takes_weight_decay(run, name):
    run(f"train iris --hidden 5 --epochs 3 --optimizer {name} --weight-decay 0.1 --output net")
    optimizer = {"sgd": nnlib.SGD, "rmsprop": nnlib.RMSprop, "adam": nnlib.Adam}[name](weight_decay=0.1)
    data, net = nnlib.load_dataset("iris"), nnlib.Network([4, 5, 3])
    nnlib.train(net, data.X_train, data.y_train, 3, optimizer=optimizer, progress=False)
    np.testing.assert_array_equal(nnlib.Network.load("net.npz").parameters, net.parameters)


def test_train_stops_early_and_keeps_the_best(run):
    line = "train iris --hidden 60 --learning-rate 3 --epochs 200 --patience 2"
    code, out, _ = run(f"{line} --output net")
    data, net = nnlib.load_dataset("iris"), nnlib.Network([4, 60, 3])
    history = nnlib.train(
        net, data.X_train, data.y_train, 200, optimizer=nnlib.SGD(3), validation=(data.X_val, data.y_val),
        patience=2, restore_best=True, progress=False,
    )  # fmt: skip
    saved = nnlib.Network.load("net.npz")
    np.testing.assert_array_equal(saved.parameters, net.parameters)
    assert code == 0 and len(history) < 200 and f"stopped after epoch {len(history)}: " in out
    assert f"{len(history)} epochs, weights of the best epoch (patience 2), seed 0" in saved.metadata["recipe"]


def test_options_that_were_not_given_are_left_to_what_is_called(run, monkeypatch):
    called = []
    monkeypatch.setattr(training, "train", lambda *given, **options: called.append(options) or history_of(3))
    run("train iris")
    assert called == [{}]
    run("train iris --patience 4")
    assert called[1:] == [{"patience": 4, "restore_best": True}]


def test_train_on_letters_and_predict_with_their_names(run, digits, tmp_path):
    X, _ = digits
    y = digits[1]
    table = pd.DataFrame(np.round(255 * X[y < 3]).astype(int)).rename(columns="pixel{}".format)
    table["species"] = np.array(["alpha", "b", "gamma"])[y[y < 3]]
    table.to_csv("letters.csv", index=False)
    code, out, _ = run("train letters.csv --hidden 16 --epochs 60 --validation 0 --output net")
    assert code == 0 and "784 -> 16" in out and all(name in out for name in ("alpha", "gamma"))
    assert nnlib.Network.load("net.npz").metadata["classes"] == ["alpha", "b", "gamma"]
    renamed = table.rename(columns={"species": "what is it"})
    renamed[[*renamed.columns[300:], *renamed.columns[:300]]].to_csv("named.csv", index=False)
    code, out, _ = run('train named.csv --label "what is it" --hidden 16 --epochs 1 --validation 0 --output named')
    assert code == 0 and nnlib.Network.load("named.npz").metadata["classes"] == ["alpha", "b", "gamma"]
    assert "gamma" in run('datasets named.csv --label "what is it"')[1]


def test_train_on_a_user_s_file_with_no_hidden_layer_and_no_validation(run, digits):
    X, y = (np.concatenate([rows] * 2) for rows in digits)
    table = pd.DataFrame(np.round(255 * X).astype(int))
    table.insert(0, "label", y)
    table.to_csv("mine.csv", index=False)
    code, out, _ = run("train mine.csv --hidden --validation 0 --initializer uniform:-0.1:0.1 --optimizer rmsprop")
    assert code == 0 and "784 -> 10" in out and "val_loss" not in out and "validation accuracy" not in out


# -- what ends a training --------------------------------------------------------------------------------------------


def history_of(epochs):
    """What `train` returns, of so many epochs."""
    rows = {"epoch": range(1, epochs + 1), "seconds": np.arange(epochs) + 1.0}
    return pd.DataFrame(rows | {name: 0.5 for name in ("loss", "accuracy", "val_loss", "val_accuracy")})


@pytest.mark.parametrize("epochs", [2, 50])  # the last: interrupted while the last epoch is scored
def test_an_interrupt_saves_what_was_learned(run, monkeypatch, epochs):
    def interrupted(net, *_):
        net.parameters[:] = 0.25
        net.history = history_of(epochs)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", interrupted)
    code, out, err = run("train iris --epochs 50 --output net --curves curves.svg")
    assert (code, err) == (130, "python -m nnlib train: interrupted\n")
    assert "validation accuracy" in out and os.path.exists("curves.svg")
    saved = nnlib.Network.load("net.npz")
    assert f" {epochs} epochs" in saved.metadata["recipe"] and (saved.parameters == 0.25).all()


def test_an_interrupt_before_anything_was_learned_saves_nothing(run, monkeypatch):
    def interrupted(net, *_):
        net.history = history_of(0)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", interrupted)
    code, _, err = run("train iris --output net --curves curves.svg")
    assert (code, err) == (130, "python -m nnlib train: interrupted\n") and os.listdir() == []


def test_an_interrupt_of_the_real_train(run, monkeypatch):
    update = nnlib.SGD.step

    def step(self, net):
        update(self, net)
        step.taken += 1
        if step.taken == 8:
            raise KeyboardInterrupt

    step.taken = 0
    monkeypatch.setattr(nnlib.SGD, "step", step)
    assert run("train iris --batch-size 16 --epochs 50 --output net")[0] == 130
    assert "2 epochs" in nnlib.Network.load("net.npz").metadata["recipe"]
    step.taken = 7  # before a single record: nothing to save
    assert run("train iris --batch-size 16 --epochs 50 --output nothing")[0] == 130
    assert not os.path.exists("nothing.npz")
    step.taken = 2  # in the last step of the last epoch
    assert run("train iris --batch-size 16 --epochs 1 --output last")[0] == 130


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
def test_ctrl_c_in_the_shell(tmp_path):
    line = "train iris --epochs 1000000 --report 100 --output net.npz"
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "nnlib", *line.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while "iteration   500" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in err and err.rstrip().endswith("interrupted")
    assert "model: net.npz" in out and nnlib.Network.load("net.npz").sizes == [4, 128, 64, 3]


def test_a_model_that_cannot_be_saved_after_the_training_is_saved_elsewhere(run, monkeypatch, tmp_path):
    def full(path):
        if Path(path).parent == Path("."):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return save(net[-1], path)

    net, save = [], nnlib.Network.save
    monkeypatch.setattr(nnlib.Network, "save", lambda self, path: net.append(self) or full(path))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "elsewhere"))
    code, out, err = run("train iris --epochs 1 --output net --curves curves.png")
    (rescued,) = (tmp_path / "elsewhere").rglob("*.npz")
    np.testing.assert_array_equal(nnlib.Network.load(rescued).parameters, net[0].parameters)
    assert code == 2 and f"model: {rescued}" in out and "validation accuracy" in out and os.path.exists("curves.png")
    assert err == (
        "python -m nnlib train: error: net could not be written ([Errno 28] No space left on device); the model is in "
        f"{rescued} instead\n"
    )


def test_a_model_that_can_be_saved_nowhere_is_reported_with_its_accuracy(run, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(nnlib.Network, "save", full)
    code, out, err = run("train iris --epochs 1 --output net")
    assert code == 2 and "validation accuracy" in out and "model:" not in out and "the model is lost" in err


def test_the_model_is_saved_even_if_the_curves_are_not(run, monkeypatch):
    from matplotlib.figure import Figure

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Figure, "savefig", full)
    code, _, err = run("train iris --epochs 1 --output net --curves curves.png")
    assert code == 2 and "No space left" in err and nnlib.Network.load("net.npz").sizes[-1] == 3


UNWRITABLE = {
    "train iris --output nowhere/net.npz": "there is no folder .*nowhere to write net.npz to; make it first",
    "train iris --curves nowhere/curves.png": "there is no folder .*nowhere to write curves.png to",
    "train iris --output folder": "folder is a folder; expected the name of a file",
    "train iris --curves folder.png": "folder.png is a folder; expected the name of a file",
    "train iris --output file/net.npz": "there is no folder .*file to write",
    f"train iris --output {'n' * 300}": "File name too long: 'n",
    "submit --output folder": "folder is a folder",
    "submit --output nowhere/s.csv": "make it first",
}


@pytest.mark.parametrize("line", UNWRITABLE)
def test_what_cannot_be_written_is_told_before_the_work_and_leaves_nothing(run, monkeypatch, tmp_path, line):
    monkeypatch.setattr(training, "train", None)  # never reached
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").touch()
    code, out, err = run(line)
    assert code == 2 and out == "" and re.search(UNWRITABLE[line], err)
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "file", tmp_path / "folder", tmp_path / "folder.png"]


@pytest.mark.parametrize("line", ["train iris --output", "train iris --curves", "submit --output"])
def test_a_place_without_permission_is_told_before_the_work(run, monkeypatch, tmp_path, line):
    monkeypatch.setattr(training, "train", None)
    (tmp_path / "old.png").write_text("stays as it is")

    def refused(path, mode="r", *given, **options):  # a test that runs as root may write everywhere
        if Path(path).name != "test.csv" and set(mode) & set("awx"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return open(path, mode, *given, **options)

    monkeypatch.setattr("nnlib.cli.output.open", refused, raising=False)
    for name in ("new.png", "old.png"):
        code, out, err = run(f"{line} {name}")
        assert code == 2 and out == "" and f"{name} cannot be written (Permission denied); give another place" in err
    assert os.listdir() == ["old.png"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(run, monkeypatch, tmp_path):
    monkeypatch.setattr(training, "train", None)
    (tmp_path / "locked").mkdir(mode=0o500)
    assert "Permission denied" in run("train iris --output locked/net")[2]


def test_checking_a_file_that_exists_leaves_it_as_it_is(run, tmp_path):
    (tmp_path / "net.npz").write_text("an older model")
    code, _, _ = run("train nowhere.csv --output net.npz")
    assert code == 2 and (tmp_path / "net.npz").read_text() == "an older model"


def test_the_interval_is_wilson_s():
    # By hand: centre and half width are (p + z^2/2n) and z sqrt(p (1 - p)/n + z^2/4n^2), both over 1 + z^2/n.
    p, n, z = 0.93, 1000, 1.959963984540054
    centre, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    np.testing.assert_allclose(wilson_interval(930, n), np.array([centre - half, centre + half]) / (1 + z**2 / n))


# -- predict -----------------------------------------------------------------------------------------------------------


def test_predict_prints_the_three_most_probable_of_each_picture(run, digits, tmp_path):
    from nnlib import images

    net = nnlib.load_pretrained()
    (tmp_path / "mine" / "more").mkdir(parents=True)
    names = ["mine/a.png", "mine/b.JPG", "mine/more/c.gif"]
    for name, digit in zip(names, digits[0]):
        save_picture(name, digit)
    (tmp_path / "mine" / "__MACOSX").mkdir()
    for name in (".DS_Store", "._a.png", "Thumbs.db", "__MACOSX/a.png"):
        (tmp_path / "mine" / name).write_text("not a picture, and not looked at")
    code, out, err = run("predict mine")
    assert (code, err, len(out.splitlines())) == (0, "", 3)
    for name, label, line in zip(names, digits[1], out.splitlines()):
        A = net.predict_proba(images.prepare(name).reshape(1, 784))[0]
        best = np.argsort(-A)[:3]
        assert best[0] == label
        words = line.replace("%", "").split()
        assert words[0] == str(tmp_path.joinpath(name).relative_to(tmp_path)) and [int(n) for n in words[1::2]] == [
            *best
        ]
        np.testing.assert_allclose([float(n) for n in words[2::2]], 100 * A[best], atol=0.051)


def test_predict_says_that_a_picture_shows_several_digits_and_reads_them_all(run):
    path = Path(__file__).parents[1] / "data" / "samples" / "postcode_60437.png"
    for options in ("", " --digits"):
        code, out, err = run(f"predict {path}{options}")
        assert (code, err) == (0, "") and "60437   5 digits in this picture, the least sure" in out
    code, out, _ = run(f"predict {path.with_name('marker_5.png')} --digits")
    assert code == 0 and "5   1 digit in this picture" in out


def test_predict_goes_on_after_a_bad_picture_and_ends_with_2(run, digits, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    Image.new("L", (50, 50), 255).save("blank.png")
    save_picture("good.png", digits[0][0])
    code, out, err = run("predict text.png nowhere.png blank.png good.png")
    assert code == 2 and out.startswith("good.png") and len(err.splitlines()) == 3
    for line, name in zip(err.splitlines(), ("text.png", "nowhere.png", "blank.png")):
        assert line.startswith("python -m nnlib predict: error: ") and name in line


def test_predict_tells_which_files_of_a_folder_are_no_pictures_it_reads(run, digits, tmp_path):
    (tmp_path / "mine").mkdir()
    for name, kind in (("a.jfif", "JPEG"), ("b.pgm", "PPM"), ("no ending", "PNG")):
        save_picture(tmp_path / "picture.png", digits[0][0])
        Image.open("picture.png").save(tmp_path / "mine" / name, kind)
    (tmp_path / "mine" / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    (tmp_path / "mine" / "notes.txt").write_text("no picture")
    code, out, err = run("predict mine")
    assert code == 2 and [line.split("  ")[0] for line in out.splitlines()] == [
        str(Path("mine") / name) for name in ("a.jfif", "b.pgm", "no ending")
    ]
    assert {re.search(r"  (\d) ", line)[1] for line in out.splitlines()} == {str(digits[1][0])}
    heic, text = err.splitlines()
    assert "IMG_1.HEIC is a HEIC picture, which Pillow does not read without pillow-heif; save it as JPEG" in heic
    assert "notes.txt cannot be read as a picture" in text


def test_an_empty_folder_beside_a_good_picture(run, digits, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".DS_Store").touch()
    save_picture("good.png", digits[0][0])
    code, out, err = run("predict empty good.png")
    assert code == 2 and out.startswith("good.png ")
    assert err == "python -m nnlib predict: error: the folder empty holds no picture\n"


def test_predict_prints_the_names_of_the_classes(run, digits):
    from nnlib import images

    save_picture("good.png", digits[0][0])
    names = ["A", "bee", "C"]
    net = nnlib.Network([784, 3], initializer=nnlib.initializers.normal(0.1))
    net.metadata = {"classes": names}
    net.save("letters.npz")
    A = net.predict_proba(images.prepare("good.png").reshape(1, 784))[0]
    code, out, err = run("predict good.png --model letters.npz")
    assert (code, err) == (0, "")
    assert out.split()[1::2] == [names[k] for k in np.argsort(-A)]
    np.testing.assert_allclose([float(n.rstrip("%")) for n in out.split()[2::2]], 100 * np.sort(A)[::-1], atol=0.051)
    net.metadata = {}  # saved by hand: numbers
    net.save("letters.npz")
    assert run("predict good.png --model letters.npz")[1].split()[1::2] == [str(k) for k in np.argsort(-A)]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="such a name and encoding are Linux'")
@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}])
def test_names_that_the_terminal_cannot_show(digits, tmp_path, environment):
    (tmp_path / "ü").mkdir()
    save_picture("ü/säven €.png", digits[0][0])
    save_picture(os.fsdecode(b"\xff.png"), digits[0][0])  # no UTF-8
    done = shell("predict ü", **environment)
    assert done.returncode == 0 and done.stderr == "" and f"  {digits[1][0]} " in done.stdout
    done = subprocess.run(
        [sys.executable, "-m", "nnlib", "predict", b"\xff.png", "n\u00f6where.png"],
        capture_output=True,
        env=os.environ | environment,
        timeout=60,
    )
    assert done.returncode == 2 and b"Traceback" not in done.stderr and b"where.png" in done.stderr
    assert done.stdout.split()[1].decode() == str(digits[1][0])


@pytest.mark.skipif(os.name == "nt", reason="Windows tells of a closed pipe in another way")
@pytest.mark.parametrize("line", ["datasets", "train --help", "predict mine", "train iris --epochs 3 --output net"])
def test_a_pipe_that_nobody_reads_ends_it_quietly(digits, tmp_path, line):
    (tmp_path / "mine").mkdir()
    for name in "abc":
        save_picture(tmp_path / "mine" / f"{name}.png", digits[0][0])
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "nnlib", *line.split()], stdout=write, stderr=subprocess.PIPE, text=True, timeout=60
    )
    os.close(write)
    assert done.stderr == ""
    assert done.returncode == 1 or (done.returncode == 0 and "--help" in line)  # argparse passes over it, too


def test_show_writes_the_stages_and_never_over_a_file(run, digits):
    save_picture("seven.png", digits[0][0])
    for name in ("seven_stages.png", "seven_stages2.png"):
        code, out, _ = run("predict seven.png --show")
        assert code == 0 and name in out
        width, height = Image.open(name).size
        assert width > 4 * height and np.asarray(Image.open(name).convert("L")).std() > 10


def test_predict_with_a_network_of_one_s_own_through_the_shell(run, digits):
    assert run("train --epochs 8 --optimizer adam --output net")[0] == 0
    save_picture("digit.png", digits[0][0])
    done = shell("predict digit.png --model net.npz")
    assert done.returncode == 0 and done.stdout.split()[1] == str(digits[1][0]) and done.stderr == ""


# -- submit ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [True, False])
def test_submit_writes_what_predict_says(run, digits, header):
    X, _ = digits
    write_csv("test.csv", X, header)
    code, out, err = run("submit" if header else "submit test.csv --output mine.csv")
    path = "submission.csv" if header else "mine.csv"
    assert (code, err) == (0, "") and f"{path}: 100 rows" in out
    with open(path) as file:
        assert file.readline() == "ImageId,Label\n"
    table = pd.read_csv(path)
    assert table["ImageId"].tolist() == list(range(1, 101))
    np.testing.assert_array_equal(table["Label"], nnlib.load_pretrained().predict(X))


def test_submit_leaves_pixels_of_0_to_1_as_they_are(run, digits):
    pd.DataFrame(digits[0]).to_csv("test.csv", index=False, header=False)
    assert run("submit")[0] == 0
    np.testing.assert_array_equal(pd.read_csv("submission.csv")["Label"], nnlib.load_pretrained().predict(digits[0]))


def test_submit_keeps_the_ids_and_finds_pixels_by_their_names(run, digits):
    X, _ = digits
    table = pd.DataFrame(np.round(255 * X).astype(int)).rename(columns="pixel{}".format)
    ids = np.random.default_rng(0).permutation(28_000)[: len(X)] + 1
    table.insert(0, "ImageId", ids)
    table[np.random.default_rng(1).permutation(table.columns)].to_csv("test.csv", index=False)
    code, _, err = run("submit")
    assert (code, err) == (0, "")
    written = pd.read_csv("submission.csv")
    np.testing.assert_array_equal(written["ImageId"], ids)
    np.testing.assert_array_equal(written["Label"], nnlib.load_pretrained().predict(X))


@pytest.mark.filterwarnings("default:.* is taken as a header")
@pytest.mark.parametrize("names", ["{}", "{0[0]}x{0[1]}"])
def test_submit_with_columns_that_are_numbered(run, digits, names):
    X, _ = digits
    columns = range(784) if names == "{}" else [(row, column) for row in range(1, 29) for column in range(1, 29)]
    table = pd.DataFrame(np.round(255 * X).astype(int), columns=[names.format(k) for k in columns])
    table.to_csv("test.csv", index=False)
    assert run("submit")[0] == 0  # the header is no picture
    np.testing.assert_array_equal(pd.read_csv("submission.csv")["Label"], nnlib.load_pretrained().predict(X))
    table[table.columns[::-1]].to_csv("test.csv", index=False)
    if names != "{}":
        assert run("submit")[0] == 0
        np.testing.assert_array_equal(pd.read_csv("submission.csv")["Label"], nnlib.load_pretrained().predict(X))


def test_submit_tells_what_is_wrong_with_a_table(run, digits):
    good = pd.DataFrame(np.round(255 * digits[0]).astype(int)).rename(columns="pixel{}".format)
    ids = range(len(good))
    no_id = [1.0, np.nan, *ids[2:]]
    for table, words in {
        "a pandas index": (good.assign(n=ids)[["n", *good.columns]], "is the first, 'n', a number of the picture?"),
        "labels": (good.assign(label=1)[["label", *good.columns]], "are these labelled rows, such as train.csv?"),
        "no id": (good.assign(ImageId=no_id), "line 3, column ImageId is empty"),
        "text": (good.astype({"pixel7": str}).replace({"pixel7": {"0": "o"}}), "column pixel7"),
        "truth": (good.assign(pixel7=True), "column pixel7"),
        "no rows": (good[:0], "holds a header but no rows"),
        "too bright": (good.replace({"pixel300": {good.at[0, "pixel300"]: 300}}), "line 2, column pixel300 is 300"),
    }.values():
        table.to_csv("test.csv", index=False)
        code, _, err = run("submit")
        assert code == 2 and words in err and not os.path.exists("submission.csv")
    Path("test.csv").write_text("a,b\n1,2,3\n")
    assert "Every line needs as many columns as the first" in run("submit")[2]
    Path("test.csv.gz").write_bytes(gzip.compress(bytes(range(256)) * 99)[:200])
    assert "test.csv.gz cannot be read as a CSV file" in run("submit test.csv.gz")[2]


def test_submit_wants_ten_digits(run, digits):
    write_csv("test.csv", digits[0])
    net = nnlib.Network([784, 3])
    net.metadata = {"classes": ["A", "B", "C"]}
    net.save("letters.npz")
    code, _, err = run("submit --model letters.npz")
    assert code == 2 and "letters.npz tells apart A, B, C; the competition takes the ten digits 0 to 9" in err


# -- datasets ----------------------------------------------------------------------------------------------------------


def test_datasets_lists_every_name_and_the_folders(run, tmp_path, monkeypatch):
    code, out, _ = run("datasets")
    assert code == 0 and all(re.search(rf"^  {name} ", out, re.MULTILINE) for name in nnlib.datasets.NAMES)
    assert str(tmp_path) in out and os.environ["NNLIB_CACHE"] in out and "Without a name, train takes:  mnist-5k" in out
    monkeypatch.setenv("NNLIB_DATASET", "iris")
    assert "Without a name, train takes:  iris" in run("datasets")[1]


def test_datasets_with_a_name_counts_the_classes(run):
    code, out, _ = run("datasets iris")
    assert code == 0 and "versicolor" in out and "4 features" in out


# -- errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("train mnist-6k", "Did you mean 'mnist-5k'?"),
        ("train nowhere.csv", "nowhere.csv was not found"),
        ("train text.csv", "text.csv"),
        ("train iris --activations rleu", "unknown activation 'rleu'; known: identity, relu"),
        ("train iris --activations relu relu relu", "3 activations given for 2 hidden layers"),
        ("train iris --initializer hee", "unknown initializer 'hee'"),
        ("train iris --learning-rate 1e9 --optimizer sgd", "training diverged in epoch"),
        ("train iris --curves curves.xyz", "ends in .png, .svg or .pdf"),
        ("predict text.csv --model nowhere.npz", "no model file at nowhere.npz"),
        ("predict text.csv --model text.csv", "text.csv is not a file that net.save wrote"),
        ("predict text.csv --model .", "is not a file that net.save wrote"),
        ("predict text.csv --model iris.npz", "a network of 4 inputs and 3 outputs"),
        ("predict text.csv --model regression.npz", "(identity); expected a classifier of 784 inputs"),
        ("predict text.csv --model misnamed.npz", "names 2 classes in its metadata and has 10 outputs"),
        ("train iris --hidden 1000000000", "Unable to allocate"),
        ("train iris --momentum 0.9 --optimizer adam", "--momentum is for --optimizer sgd"),
        ("predict text.csv --model shapes.npz", "W1 is (784, 20) float32, expected (784, 30)"),
        ("predict empty", "the folder empty holds no picture"),
        ("submit nowhere.csv", "nowhere.csv was not found"),
        ("submit text.csv", "text.csv"),
        ("submit labelled.csv", "785 columns, expected the 784 pixels"),
        ("submit labelled.csv --model iris.npz", "a network of 4 inputs"),
        ("datasets nowhere", "Unknown data set 'nowhere'"),
    ],
)
def test_an_error_is_one_line_and_exit_code_2(line, words, run, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.csv").write_text("some text\nand more, of it\n")
    pd.DataFrame(np.zeros((3, 785), int)).to_csv("labelled.csv", index=False, header=False)
    nnlib.Network([4, 3]).save("iris.npz")
    nnlib.Network([784, 10], output="identity").save("regression.npz")
    misnamed = nnlib.Network([784, 10])
    misnamed.metadata = {"classes": ["a", "b"]}
    misnamed.save("misnamed.npz")
    arrays = dict(np.load(nnlib.Network([784, 20, 10]).save("shapes.npz")))
    arrays["architecture"] = np.array(str(arrays["architecture"]).replace('"n_out": 20', '"n_out": 30'))
    np.savez("shapes.npz", **arrays)
    code, _, err = run(line)
    assert code == 2 and words in err
    assert err.startswith(f"python -m nnlib {line.split()[0]}: error: ") and err.count("\n") == 1


OUT_OF_RANGE = {
    ("--hidden", "0 -3 1.5"): "argument --hidden: '{}'; expected a whole number from 1",
    ("--batch-size", "0 -1 half"): "argument --batch-size: '{}'; expected a whole number from 1",
    ("--epochs", "-1 2.5"): "argument --epochs: '{}'; expected a whole number from 0",
    ("--max-train-samples", "0 -10"): "argument --max-train-samples: '{}'; expected a whole number from 1",
    ("--max-train-samples", "2"): "max_train_samples={}; expected at least one for each of 3 classes",
    ("--seed", "-1 0.5"): "argument --seed: '{}'; expected a whole number from 0",
    ("--report", "0 -1"): "argument --report: '{}'; expected a whole number from 1",
    ("--patience", "0 -1"): "argument --patience: '{}'; expected a whole number from 1",
    ("--learning-rate", "-1.0 nan inf"): "learning_rate is {}; expected 0 <= learning_rate < inf",
    ("--momentum", "-0.1 1.0 nan"): "momentum is {}; expected 0 <= momentum < 1",
    ("--validation", "-0.1 1.0 1.5 nan"): "validation={}; expected a share of the training rows, 0 <= validation < 1",
}
CASES = [(option, value, words) for (option, values), words in OUT_OF_RANGE.items() for value in values.split()]


@pytest.mark.parametrize(("option", "value", "words"), CASES)
def test_a_number_out_of_range_is_named_before_the_training(run, monkeypatch, option, value, words):
    monkeypatch.setattr(training, "train", None)
    code, out, err = run(f"train iris {option} {value}")
    assert code == 2 and out == "" and f"python -m nnlib train: error: {words.format(value)}" in err


@pytest.mark.parametrize("value", ["-1", "nan", "inf"])
def test_a_weight_decay_out_of_range_is_named(run, monkeypatch, value):
    monkeypatch.setattr(training, "train", None)
    code, _, err = run(f"train iris --weight-decay {value}")
    assert code == 2 and re.search(rf"weight_decay is {value}.*expected", err)


def test_the_ends_of_the_ranges_are_taken(run):
    line = "--hidden 1 --batch-size 1 --epochs 0 --max-train-samples 3 --seed 0 --learning-rate 0 --momentum 0"
    code, out, _ = run(f"train iris --validation 0 {line}")
    assert code == 0 and "4 -> 1" in out and "Empty" not in out


@pytest.mark.parametrize("value", ["uniform:1", "normal:x", "he:2", "zeros:"])
def test_an_initializer_that_cannot_be_read_is_named(value, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["train", "--initializer", value])
    assert ended.value.code == 2 and f"invalid initializer value: {value!r}" in capsys.readouterr().err


def test_an_error_in_the_shell_shows_no_traceback():
    done = shell("train nowhere")
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1


def test_a_warning_is_a_note_of_one_line():
    done = shell("train iris --learning-rate 0 --batch-size 4 --epochs 1")
    assert done.returncode == 0 and done.stderr.startswith("python -m nnlib train: note: the loss is ")
    assert done.stderr.count("\n") == 1

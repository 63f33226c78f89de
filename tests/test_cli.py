"""python -m nnlib: what it prints and writes, compared with the same done by hand, and how it says what is wrong."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import nnlib
from nnlib.cli.main import main
from nnlib.cli.parser import build_parser

COMMANDS = ("train", "predict", "submit", "datasets")


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
        code = main(shlex.split(line))
        return code, *capsys.readouterr()

    return call


def shell(line, **options):
    return subprocess.run(
        [sys.executable, "-m", "nnlib", *shlex.split(line)], capture_output=True, text=True, timeout=60, **options
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


def test_help_through_the_shell_lists_the_commands_and_starts_quickly():
    started = time.perf_counter()
    done = shell("--help")
    assert done.returncode == 0 and all(command in done.stdout for command in COMMANDS)
    assert time.perf_counter() - started < 10  # about 0.5 s on a quiet machine
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


def test_report_prints_every_so_many_iterations_and_changes_nothing(run):
    line = "train iris --hidden 6 --activations tanh --output-activation sigmoid --epochs 3"
    _, out, _ = run(f"{line} --batch-size 16 --report 4 --output reported")
    run(f"{line} --batch-size 16 --output silent")
    reported, silent = nnlib.Network.load("reported.npz"), nnlib.Network.load("silent.npz")
    np.testing.assert_array_equal(reported.parameters, silent.parameters)
    assert re.findall(r"^iteration +(\d+) ", out, re.MULTILINE) == ["4", "8", "12", "16"]  # 96 rows: 6 an epoch
    _, out, _ = run(f"{line} --batch-size full --report 3 --output full")
    data, net = nnlib.load_dataset("iris"), nnlib.Network.load("full.npz")
    loss, accuracy = net.loss(data.X_train, data.y_train), net.accuracy(data.X_train, data.y_train)
    assert f"iteration     3   training: loss {loss:.4f}, accuracy {accuracy:6.1%}   validation: loss" in out


def test_train_on_a_user_s_file_with_no_hidden_layer_and_no_validation(run, digits):
    X, y = (np.concatenate([rows] * 2) for rows in digits)
    table = pd.DataFrame(np.round(255 * X).astype(int))
    table.insert(0, "label", y)
    table.to_csv("mine.csv", index=False)
    code, out, _ = run("train mine.csv --hidden --validation 0 --initializer uniform:-0.1:0.1 --optimizer rmsprop")
    assert code == 0 and "784 -> 10" in out and "val_loss" not in out and "validation accuracy" not in out


def test_an_interrupt_saves_what_was_learned(run, monkeypatch):
    update = nnlib.SGD.step

    def step(self, net):
        update(self, net)
        step.taken += 1
        if step.taken == 8:
            raise KeyboardInterrupt

    step.taken = 0
    monkeypatch.setattr(nnlib.SGD, "step", step)
    code, out, err = run("train iris --batch-size 16 --epochs 50 --output net --curves curves.svg")
    assert (code, err) == (130, "python -m nnlib train: interrupted\n")
    assert "validation accuracy" in out and os.path.exists("curves.svg")
    assert "2 epochs" in nnlib.Network.load("net.npz").metadata["recipe"]
    step.taken = 7  # before a single record: nothing to save
    assert run("train iris --batch-size 16 --epochs 50 --output nothing")[0] == 130
    assert not os.path.exists("nothing.npz")


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


# -- predict -----------------------------------------------------------------------------------------------------------


def test_predict_prints_the_three_most_probable_of_each_picture(run, digits, tmp_path):
    from nnlib import images

    net = nnlib.load_pretrained()
    (tmp_path / "mine" / "more").mkdir(parents=True)
    names = ["mine/a.png", "mine/b.JPG", "mine/more/c.gif"]
    for name, digit in zip(names, digits[0]):
        save_picture(name, digit)
    (tmp_path / "mine" / "notes.txt").write_text("not a picture, and not looked at")
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


def test_predict_goes_on_after_a_bad_picture_and_ends_with_2(run, digits, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    Image.new("L", (50, 50), 255).save("blank.png")
    save_picture("good.png", digits[0][0])
    code, out, err = run("predict text.png nowhere.png blank.png good.png")
    assert code == 2 and out.startswith("good.png") and len(err.splitlines()) == 3
    for line, name in zip(err.splitlines(), ("text.png", "nowhere.png", "")):
        assert line.startswith("python -m nnlib predict: error: ") and name in line


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
        ("train iris --hidden 0", "sizes is [4, 0, 3]"),
        ("train iris --batch-size 0", "batch_size is 0"),
        ("train iris --epochs -1", "epochs is -1"),
        ("train iris --report 0", "--report 0; expected"),
        ("train iris --validation 1.5", "validation=1.5"),
        ("train iris --initializer hee", "unknown initializer 'hee'"),
        ("train iris --learning-rate -1", "learning_rate is -1.0"),
        ("train iris --learning-rate 1e9 --optimizer sgd", "training diverged in epoch"),
        ("train iris --output nowhere/net.npz", "make it first"),
        ("train iris --curves curves.xyz", "ends in .png, .svg or .pdf"),
        ("predict text.csv --model nowhere.npz", "no model file at nowhere.npz"),
        ("predict text.csv --model text.csv", "text.csv is not a file that net.save wrote"),
        ("predict text.csv --model .", "is not a file that net.save wrote"),
        ("predict text.csv --model iris.npz", "a network of 4 inputs and 3 outputs"),
        ("predict text.csv --model shapes.npz", "W1 is (784, 20) float32, expected (784, 30)"),
        ("predict empty", "empty holds no picture"),
        ("submit nowhere.csv", "nowhere.csv was not found"),
        ("submit text.csv", "text.csv"),
        ("submit labelled.csv", "785 columns, expected the 784 pixels"),
        ("submit labelled.csv --output nowhere/s.csv", "make it first"),
        ("submit labelled.csv --model iris.npz", "a network of 4 inputs"),
        ("datasets nowhere", "Unknown data set 'nowhere'"),
    ],
)
def test_an_error_is_one_line_and_exit_code_2(line, words, run, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.csv").write_text("some text\nand more, of it\n")
    pd.DataFrame(np.zeros((3, 785), int)).to_csv("labelled.csv", index=False, header=False)
    nnlib.Network([4, 3]).save("iris.npz")
    arrays = dict(np.load(nnlib.Network([784, 20, 10]).save("shapes.npz")))
    arrays["architecture"] = np.array(str(arrays["architecture"]).replace("784, 20, 10", "784, 30, 10"))
    np.savez("shapes.npz", **arrays)
    code, _, err = run(line)
    assert code == 2 and words in err
    assert err.startswith(f"python -m nnlib {line.split()[0]}: error: ") and err.count("\n") == 1


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

"""`train(..., checkpoint=path)`: killed, interrupted or refused, it loses nothing and goes on to the same bits."""

import json
import os
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import numpy as np
import pytest

import nnlib
from nnlib import SGD, Activation, Adam, BatchNorm, Dense, Dropout, Network, RMSprop, schedules, train

ROOT = Path(__file__).resolve().parents[1]
rng = np.random.default_rng(0)
Y = np.arange(60) % 3
X = rng.normal(size=(60, 4)) + Y[:, None]


def jitter(batch, rng):
    return batch + 0.1 * rng.normal(size=batch.shape)


def run(epochs, checkpoint=None, optimizer=None, seed=0, **options):
    net = Network(layers=[Dense(4, 6), BatchNorm(6), Activation("relu"), Dropout(0.3), Dense(6, 3)], seed=1)
    optimizer = optimizer or Adam(schedules.Cosine(0.01, 100), weight_decay=0.01)
    options = {"batch_size": 8, "validation": (X, Y), "augment": jitter, "progress": False, **options}
    with warnings.catch_warnings():  # three epochs are too few for some to learn anything
        warnings.filterwarnings("ignore", "the loss is .* nothing was learned")
        history = train(net, X, Y, epochs, optimizer=optimizer, seed=seed, checkpoint=checkpoint, **options)
    return net, history.drop(columns="seconds"), optimizer


def same(one, other):
    """Weights, running means, masks to come, history and what the optimizer remembers: to the bit."""
    (net, history, optimizer), (net_2, history_2, optimizer_2) = one, other
    assert np.array_equal(net.parameters, net_2.parameters)
    assert all(np.array_equal(a[k], b[k]) for a, b in zip(net.state(), net_2.state()) for k in a)
    assert history.equals(history_2)
    assert optimizer.steps == optimizer_2.steps and optimizer.rate == optimizer_2.rate
    for a, b in zip(optimizer._memory or [], optimizer_2._memory or [], strict=True):
        assert np.array_equal(a, b)
    return True


# ---------------------------------------------------------------- going on
OPTIMIZERS = [lambda: SGD(0.05), lambda: SGD(0.05, momentum=0.9), lambda: RMSprop(), lambda: Adam(clip_norm=1.0)]


@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, lambda: None, lambda: SGD(schedules.Step(0.1, every=10))])
def test_a_training_in_parts_ends_with_the_same_bits(optimizer, tmp_path):
    whole = run(9, optimizer=optimizer())
    for epochs in (2, 3, 8, 9, 9):
        parts = run(epochs, tmp_path / "run", optimizer=optimizer())
    assert same(whole, parts)
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]


@pytest.mark.parametrize("bits", ["PCG64", "MT19937", "Philox"])
def test_a_generator_goes_on_where_it_was(bits, tmp_path):
    def generator():
        return np.random.Generator(getattr(np.random, bits)(5))

    whole = run(5, seed=generator())
    run(2, tmp_path / "run", seed=generator())
    assert same(whole, run(5, tmp_path / "run", seed=generator()))


@pytest.mark.parametrize("seed", [np.int64(3), [1, 2], None, np.random.SeedSequence(4), np.random.PCG64(5)])
def test_whatever_may_be_a_seed_can_be_kept(seed, tmp_path):
    _, before, _ = run(1, tmp_path / "run", seed=seed)
    _, after, _ = run(3, tmp_path / "run", seed=np.random.PCG64(5) if isinstance(seed, np.random.PCG64) else seed)
    assert len(after) == 3 and after[:1].equals(before)


def test_early_stopping_and_the_best_weights_go_on_too(tmp_path):
    options = {"patience": 2, "restore_best": True, "optimizer": None}
    whole = run(40, **options)
    assert 4 < len(whole[1]) < 40
    for epochs in (*range(1, len(whole[1])), 40, 40):
        parts = run(epochs, tmp_path / "run", **options)
    assert np.array_equal(whole[0].parameters, parts[0].parameters) and whole[1].equals(parts[1])


def test_a_rate_that_a_callback_lowered_stays_low(tmp_path):
    def halving(optimizer):
        return {"optimizer": optimizer, "callback": lambda row: setattr(optimizer, "learning_rate", 0.1 / row["epoch"])}

    whole = run(6, **halving(SGD(0.1)))
    run(4, tmp_path / "run", **halving(SGD(0.1)))
    assert same(whole, run(6, tmp_path / "run", **halving(SGD(0.1))))


def test_an_interrupted_cell_run_again_goes_on(tmp_path):
    whole = run(6, optimizer=SGD(0.1))
    net = Network(layers=whole[0].layers, seed=1)
    optimizer = SGD(0.1)

    def stop(row):
        if row["epoch"] == 3:
            raise KeyboardInterrupt

    options = {"validation": (X, Y), "augment": jitter, "progress": False, "checkpoint": tmp_path / "run"}
    with pytest.raises(KeyboardInterrupt):  # before the file of epoch 3 is written
        train(net, X, Y, 6, 8, optimizer, callback=stop, **options)
    assert list(net.history["epoch"]) == [1, 2, 3]
    history = train(net, X, Y, 6, 8, optimizer, **options)
    assert same(whole, (net, history.drop(columns="seconds"), optimizer))
    assert (np.diff(history["seconds"]) > 0).all()


def test_a_schedule_gone_on_with_stays_its_networks(tmp_path):
    for _ in range(2):  # the second time nothing is left to do
        *_, optimizer = run(2, tmp_path / "run", SGD(schedules.Step(0.1, every=10)))
        with pytest.raises(ValueError, match="another network"):  # which would begin in mid-schedule
            train(Network([4, 3]), X, Y, 1, optimizer=optimizer, progress=False)


# ---------------------------------------------------------------- killed
DYING = """
import io, os, signal, sys
import numpy as np
from nnlib import npz
sys.path.insert(0, {tests!r})
from test_checkpoints import run

real_replace = os.replace

def kill():
    os.kill(os.getpid(), signal.SIGKILL)

class Dying(io.FileIO):
    "A file whose process dies when so many bytes of it are written."
    left = None

    def write(self, data):
        if Dying.left is not None:
            data = memoryview(data).cast("B")
            if len(data) >= Dying.left:
                super().write(data[: Dying.left])
                kill()
            Dying.left -= len(data)
        return super().write(data)

def attempt(path, kind, value):
    replaced = []
    def replace(a, b):
        if kind == "before" and len(replaced) == value:
            kill()
        real_replace(a, b)
        replaced.append(b)
        if kind == "after" and len(replaced) == value:
            kill()
    Dying.left = value if kind == "bytes" else None
    os.replace, npz.open = replace, Dying
    run(EPOCHS, path)

EPOCHS, KILLS = {epochs}, {kills}
rng, killed = np.random.default_rng(7), 0
sizes = []
while killed < KILLS:
    kind = ["bytes", "bytes", "bytes", "before", "after"][rng.integers(5)]
    value = int(rng.integers(1, 25_000)) if kind == "bytes" else int(rng.integers(1, 3))
    child = os.fork()
    if child == 0:
        try:
            attempt({path!r}, kind, value)
        finally:
            os._exit(0)
    status = os.waitpid(child, 0)[1]
    if not os.WIFSIGNALED(status):
        sys.exit(f"the training was over after {{killed}} kills")
    assert os.WTERMSIG(status) == signal.SIGKILL
    killed += 1
    try:
        sizes.append(len(npz.read_npz({path!r} + ".npz")))  # whole, or not there yet
    except FileNotFoundError:
        pass
print(killed, len(sizes))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork and no SIGKILL")
def test_killed_50_times_in_mid_write_it_ends_with_the_same_bits(tmp_path):
    kills = int(os.environ.get("NNLIB_KILLS", 50))
    epochs, path = 3 * kills, str(tmp_path / "run")
    code = DYING.format(tests=str(ROOT / "tests"), epochs=epochs, kills=kills, path=path)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr + done.stdout
    killed, found = map(int, done.stdout.split())
    assert killed == kills and found > kills / 2
    with np.load(f"{path}.npz") as file:
        begun = len(json.loads(str(file["training"]))["history"])
    assert 5 < begun < epochs
    assert same(run(begun + 3), run(begun + 3, path))
    assert [item.name for item in tmp_path.iterdir()] == ["run.npz"]  # what the killed left is gone


# ---------------------------------------------------------------- what cannot be gone on with
@pytest.mark.parametrize(
    "changes, message",
    [
        ({"seed": 1}, "seed: 0, now 1"),
        ({"batch_size": 10}, "batch_size: 8, now 10"),
        ({"optimizer": SGD(0.2)}, r"optimizer: SGD\(learning_rate=0.1.*, now SGD\(learning_rate=0.2"),
        ({"augment": None}, "augment: True, now False"),
    ],
)
def test_the_file_of_another_training_is_refused_and_left_alone(changes, message, tmp_path):
    run(2, tmp_path / "run", SGD(0.1))
    before = (tmp_path / "run.npz").read_bytes()
    with pytest.raises(ValueError, match=rf"run\.npz is the checkpoint of another training .*{message}.*Delete it"):
        run(3, tmp_path / "run", **{"optimizer": SGD(0.1), **changes})
    assert (tmp_path / "run.npz").read_bytes() == before


def test_other_rows_and_networks_are_refused(tmp_path):
    net = Network([4, 5, 3])
    train(net, X, Y, 1, checkpoint=tmp_path / "run", progress=False)
    start = net.parameters.copy()
    for other, rows, labels, words in [
        (Network([4, 6, 3]), X, Y, "network: {.*, now {"),
        (Network([4, 5, 3], "tanh"), X, Y, "network: {.*, now {"),
        (net, X[::-1], Y, r"rows: \[\[60, 4\], .*, now \[\[60, 4\]"),
        (net, X, Y[::-1].copy(), "rows: "),
        (net, X[:-1], Y[:-1], r"rows: \[\[60, 4\], .*, now \[\[59, 4\]"),
    ]:
        with pytest.raises(ValueError, match=rf"checkpoint of another training \({words}"):
            train(other, rows, labels, 2, checkpoint=tmp_path / "run", progress=False)
    assert np.array_equal(net.parameters, start)


@pytest.mark.parametrize("content", ["model", "text", "empty", "half", "pickle"])
def test_a_file_that_is_no_checkpoint_is_named_and_never_written_over(content, tmp_path):
    path = tmp_path / "run.npz"
    run(1, path, SGD(0.1))
    if content == "model":
        Network([4, 5, 3]).save(path)
    elif content == "pickle":
        np.savez(path, training=np.array([{}], object))
    else:
        raw = path.read_bytes()
        path.write_bytes({"text": b"label\n", "empty": b"", "half": raw[: len(raw) // 2]}[content])
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"run\.npz is no checkpoint, or it is damaged; delete it or give another"):
        run(2, path, SGD(0.1))
    assert path.read_bytes() == before


def test_no_folder_for_it_is_told_before_the_training(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder for the checkpoint .*nowhere"):
        train(Network([4, 3]), X, Y, 1, checkpoint=tmp_path / "nowhere" / "run", callback=pytest.fail, progress=False)


def test_an_optimizer_of_ones_own_is_named():
    class Mine:
        def step(self, net):
            net.parameters -= net.gradient

    with pytest.raises(ValueError, match=r"checkpoint: what .*Mine.* remembers is not known"):
        train(Network([4, 3]), X, Y, 1, optimizer=Mine(), checkpoint="run", progress=False)


def test_a_full_disk_costs_the_checkpoint_and_not_the_training(tmp_path, monkeypatch):
    whole = run(4)
    real = nnlib.npz.write_npz

    def full(path, arrays):
        if len(json.loads(arrays["training"])["history"]) == 3:
            raise OSError(28, "No space left on device")
        real(path, arrays)

    monkeypatch.setattr("nnlib.files.write_npz", full)
    with pytest.warns(UserWarning, match=r"checkpoint .*run\.npz was not written .*No space left.*training goes on"):
        assert same(whole, run(4, tmp_path / "run"))


def test_what_a_dead_process_left_is_removed_where_it_can_be(tmp_path):
    (tmp_path / ".run.npz-0").mkdir()
    (tmp_path / ".run.npz-0" / "half").write_bytes(b"PK")
    (tmp_path / ".run.npz-1").write_bytes(b"no folder, which nobody here made")
    (tmp_path / ".other.npz-0").mkdir()
    run(1, tmp_path / "run")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.npz-0", ".run.npz-1", "run.npz"]


# ---------------------------------------------------------------- the stop button
def test_the_kernels_stop_button_leaves_network_and_history(tmp_path):
    from jupyter_client.manager import start_new_kernel

    code = textwrap.dedent("""
        import numpy as np, nnlib
        data = nnlib.load_dataset("digits")
        net = nnlib.Network([64, 32, 10])
        def told(row):
            if row["epoch"] == 3:
                print("epoch 3", flush=True)
        nnlib.train(net, data.X_train, data.y_train, 10**9, callback=told, progress=False, checkpoint=PATH)
    """).replace("PATH", repr(str(tmp_path / "run")))
    manager, client = start_new_kernel(env=os.environ | {"PYTHONPATH": str(ROOT)})

    def reply_to(asked):
        while (reply := client.get_shell_msg(timeout=120))["parent_header"]["msg_id"] != asked:
            pass
        return reply["content"]

    try:
        asked = client.execute(code, stop_on_error=False)  # or what is asked next would be thrown away
        while client.get_iopub_msg(timeout=120)["content"].get("text", "").strip() != "epoch 3":
            pass
        manager.interrupt_kernel()
        assert reply_to(asked)["ename"] == "KeyboardInterrupt"
        judge = "bool(len(net.history) >= 3 and net.accuracy(data.X_val, data.y_val) > 0.5)"
        told = reply_to(client.execute("", user_expressions={"a": judge}))
        assert told["user_expressions"]["a"]["data"]["text/plain"] == "True"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)

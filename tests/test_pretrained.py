"""The model that ships with the package, and the recipe that made it."""

import importlib.util
import json
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from outside import CUSTOM_DIGITS, MNIST, needs

import nnlib

ROOT = Path(__file__).parents[1]
MODEL, RECIPE = ROOT / "nnlib" / "models" / "digits.npz", ROOT / "tools" / "train_pretrained.py"


@pytest.fixture(scope="module")
def net():
    return nnlib.load_pretrained()


@pytest.fixture(scope="module")
def recipe():
    spec = importlib.util.spec_from_file_location("train_pretrained", RECIPE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_is_a_small_file_that_setuptools_packs():
    assert MODEL.stat().st_size < 1_000_000
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["nnlib"]
    assert MODEL in [path for pattern in patterns for path in (ROOT / "nnlib").glob(pattern)]


def test_it_is_an_mlp_in_float32_that_can_be_trained_on(net, dataset):
    assert (net.sizes[0], net.sizes[-1], net.dtype) == (784, 10, np.float32)
    X, y = dataset("digits").X_train[:50], dataset("digits").y_train[:50]
    further = nnlib.load_pretrained()
    nnlib.train(further, np.pad(X.reshape(-1, 8, 8), ((0, 0), (10, 10), (10, 10))).reshape(-1, 784), y, 1, 10)
    assert (further.parameters != net.parameters).any()


def test_its_metadata_say_how_it_was_made(net, recipe):
    told = net.metadata
    assert told["test_samples"] == 10_000 and told["test_accuracy"] >= 0.992
    assert 0.7 < told["temperature"] < 1.5
    low, high = told["test_interval_95"]
    assert low < told["test_accuracy"] < high < low + 0.006
    assert date.fromisoformat(told["date"]) and told["versions"]["numpy"] and RECIPE.name in told["recipe"]["command"]
    assert told["recipe"] == json.loads(json.dumps(told["recipe"] | recipe.RECIPE | {"moves": recipe.MOVES}))
    assert net.sizes == [784, *recipe.RECIPE["hidden"], 10]


def test_the_model_of_parts_says_how_it_was_made():
    path, script = MODEL.with_name("parts.npz"), ROOT / "tools" / "train_parts.py"
    spec = importlib.util.spec_from_file_location("train_parts", script)
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    parts = nnlib.Network.load(path)
    assert path.stat().st_size < 400_000 and parts.sizes == [786, *recipe.RECIPE["hidden"], 11]
    told = parts.metadata["recipe"]
    assert told == json.loads(json.dumps(told | recipe.RECIPE | {"moves": recipe.MOVES}))


def test_metadata_survive_saving_copying_and_older_files(net, tmp_path):
    assert nnlib.Network.load(net.save(tmp_path / "again.npz")).metadata == net.metadata
    assert net.astype(np.float64).metadata == net.metadata
    plain = nnlib.Network([2, 2])
    arrays = dict(np.load(plain.save(tmp_path / "plain.npz")))
    architecture = json.loads(str(arrays["architecture"]))
    assert architecture.pop("metadata") == {}
    np.savez(tmp_path / "old.npz", **arrays | {"architecture": json.dumps(architecture)})
    assert nnlib.Network.load(tmp_path / "old.npz").metadata == {}


def test_a_model_file_of_impossible_sizes_is_refused_before_memory_is_taken(tmp_path):
    arrays = dict(np.load(nnlib.Network([2, 3, 2]).save(tmp_path / "net.npz")))
    good = '{"n_in": 2, "n_out": 3}'
    for config in (good.replace("3", "1000000000000"), good.replace("3", "4"), good.replace("2", '"2"'), "{}", "7"):
        architecture = str(arrays["architecture"]).replace(good, config)
        assert architecture != str(arrays["architecture"])
        np.savez(tmp_path / "net.npz", **arrays | {"architecture": architecture})
        with pytest.raises(ValueError, match=r"net\.npz is not a model file"):
            nnlib.Network.load(tmp_path / "net.npz")


@needs(MNIST)
def test_it_reads_98_5_percent_of_mnist_s_test_set(net, dataset):
    data = dataset(str(MNIST), validation=0)
    accuracy = net.accuracy(data.X_test, data.y_test)
    assert len(data.X_test) == 10_000 and accuracy >= 0.985
    assert accuracy == pytest.approx(net.metadata["test_accuracy"], abs=2e-4)  # rounding differs between processors


@needs(CUSTOM_DIGITS)
def test_it_reads_78_of_80_digits_of_a_stranger(net):
    from nnlib import images

    paths = sorted(CUSTOM_DIGITS.glob("*/*.png"))
    labels = np.array([int(path.parent.name) for path in paths])
    X = np.stack([images.prepare(path).ravel() for path in paths])
    assert len(paths) == 80 and np.count_nonzero(net.predict(X) == labels) >= 78


# -- the recipe --------------------------------------------------------------------------------------------------------


def test_the_recipe_runs_and_with_validation_writes_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, RECIPE, "mnist-5k", "--validation=0.5", "--epochs=1", f"--output={tmp_path / 'net.npz'}"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 and not list(tmp_path.iterdir())


def test_the_recipe_refuses_what_is_not_mnist():
    done = subprocess.run([sys.executable, RECIPE, "mnist-5k"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "is not MNIST with its 60,000 training and 10,000 test rows" in done.stderr

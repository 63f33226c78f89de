"""Whatever is given: right results, or an error that says what was given and what to do; nothing given is changed."""

import contextlib
import io
import json
import os
import pickle
import re
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import nnlib
from nnlib import (
    SGD,
    Activation,
    Adam,
    BatchNorm,
    Conv2D,
    Dataset,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    Network,
    RMSprop,
    check_gradients,
    initializers,
    load_dataset,
    numerical_gradient,
    preflight,
    relative_error,
    schedules,
    train,
    train_steps,
)
from nnlib.cli.main import main

X = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
Y = np.arange(20) % 2
IDENTITY = {"output": "identity"}


def net(**options):
    return Network([3, 4, 2], **options)


def trained(**options):
    return train(net(), X, Y, **{"epochs": 1, "progress": False, **options})


def written(text, name="table.csv"):
    """The path of a file with this content, in the current folder."""
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return name


def rows(first="0,1,2", n=20, header="label,a,b"):
    return "\n".join([header, first, *(f"{k % 2},{k},{k % 5}" for k in range(n))])


def frame(**columns):
    return pd.DataFrame({"a": np.arange(20.0), "b": np.arange(20) % 5, "label": Y, **columns})


def command(line):
    """The command line's complaint, raised as the error that it is."""
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        try:
            code = main(line.split())
        except SystemExit as stopped:
            code = stopped.code
    if code:
        assert code == 2 and "Traceback" not in errors.getvalue()
        raise ValueError(errors.getvalue().strip().splitlines()[-1])


def model(**changes):
    path = net().save("net.npz")
    with np.load(path) as file:
        arrays = dict(file)
    architecture = json.loads(str(arrays["architecture"])) | changes.pop("architecture", {})
    np.savez(path, **{k: v for k, v in {**arrays, "architecture": json.dumps(architecture), **changes}.items()
                      if v is not None})  # fmt: skip
    return Network.load(path)


# Each: what is done, the error, and words of its message.
V, T, F = ValueError, TypeError, FileNotFoundError
CASES = [
    # data sets
    (lambda: load_dataset("minst"), V, "Unknown data set 'minst'. Did you mean 'mnist'"),
    (lambda: load_dataset("nowhere.csv"), F, "nowhere.csv was not found"),
    (lambda: load_dataset("~nobody-of-this-name/a.csv"), F, "no user of that name"),
    (lambda: load_dataset("iris", validation=1), V, "validation"),
    (lambda: load_dataset("iris", validation=-0.1), V, "validation"),
    (lambda: load_dataset("iris", max_train_samples=1), V, "at least one for each of 3 classes"),
    (lambda: load_dataset("iris", label="species"), V, "no table with a column of labels"),
    (lambda: load_dataset("iris", prepare=True), V, "no folder of pictures"),
    (lambda: load_dataset("iris", transpose=True), V, "are no pictures"),
    (lambda: load_dataset(written("")), V, "is empty"),
    (lambda: load_dataset(written("label,a,b\n")), V, "no rows"),
    (lambda: load_dataset(written(rows("0,x,2"))), V, "expected a number"),
    (lambda: load_dataset(written(rows("0,,2"))), V, "empty (or NaN)"),
    (lambda: load_dataset(written(rows("0,inf,2"))), V, "expected a number"),
    (lambda: load_dataset(written(rows(",1,2"))), V, "column label is empty"),
    (lambda: load_dataset(written(rows("0.5,1,2"))), V, "whole numbers or text"),
    (lambda: load_dataset(written(rows("0,1,2,3"))), V, "as many columns as the first"),
    (lambda: load_dataset(written(rows("7,1,2"))), V, "which no other row has"),
    (lambda: load_dataset(written("label,a\n" + "1,2\n" * 20)), V, "every label is 1"),
    (lambda: load_dataset(written(rows()), label="c"), V, "0 columns are called 'c'"),
    (lambda: load_dataset(written(rows()), label=9), V, "expected a position from 0 to 2"),
    (lambda: load_dataset(written(rows(header="label,class,b"))), V, "may both be the label"),
    (lambda: load_dataset(written(b"\x89PNG\r\n\x1a\n" + bytes(50))), V, "a picture; a data set is"),
    (lambda: load_dataset(written(pickle.dumps([1]))), V, "is a pickle, which is not read"),
    (lambda: load_dataset(written("<html>Log in</html>")), V, "a web page"),
    (lambda: load_dataset(written('{"a": 1}')), V, "JSON"),
    (lambda: load_dataset(written(b"PK\x03\x04" + bytes(50), "a.zip")), V, "cannot be unpacked"),
    (lambda: load_dataset(written(b"\x1f\x8b" + bytes(50), "a.csv.gz")), V, "truncated or damaged"),
    (lambda: load_dataset(written(b"nothing", "a.npz")), V, "cannot be read as an .npz file"),
    (lambda: load_dataset(written("a,b\0c\n1,2\n")), V, "zero bytes"),
    (lambda: load_dataset("."), F, "holds no data that is known here"),
    (lambda: Dataset.from_arrays(X, Y[:5]), V, "expected one label per row"),
    (lambda: Dataset.from_arrays(X[:0], Y[:0]), V, "at least one row"),
    (lambda: Dataset.from_arrays(X, Y, X), V, "only one of X_test and y_test"),
    (lambda: Dataset.from_arrays(X * np.nan, Y), V, "expected a number"),
    (lambda: Dataset.from_arrays(X.astype(str), Y), V, "expected numbers"),
    (lambda: Dataset.from_arrays(X, Y * 0.5), V, "whole numbers or text"),
    (lambda: Dataset.from_arrays(X, Y * 0), V, "at least two classes"),
    (lambda: Dataset.from_arrays(X, np.arange(20)), V, "20 different labels in 20 rows"),
    (lambda: Dataset.from_arrays(X, Y, image_shape=(2, 2)), V, "3 pixels per picture"),
    (lambda: Dataset.from_arrays(np.zeros((20, 4, 4, 3)), Y), V, "pictures in colour"),
    (lambda: Dataset.from_arrays(X, Y, class_names=["a"]), V, "with 1 class names"),
    (lambda: Dataset.from_frame(frame(c=["x"] * 20)), V, "holds text"),
    (lambda: Dataset.from_frame(frame()[:0]), V, "expected rows of numbers"),
    (lambda: Dataset.from_frame(frame(), label="c"), V, "0 columns are called 'c'"),
    # Network
    (lambda: Network(), V, "give either sizes"),
    (lambda: Network([3]), V, "two or more positive whole numbers"),
    (lambda: Network([3, 2.5]), V, "two or more positive whole numbers"),
    (lambda: Network([3, -2]), V, "two or more positive whole numbers"),
    (lambda: Network("abc"), V, "two or more positive whole numbers"),
    (lambda: Network([3, 1]), V, "needs two outputs or more"),
    (lambda: net(activations="rleu"), V, "unknown activation 'rleu'; known: identity, relu"),
    (lambda: net(activations=["relu", "relu"]), V, "2 activations given for 1 hidden layers"),
    (lambda: net(activations=5), V, "unknown activation 5"),
    (lambda: net(output="sofmax"), V, "unknown output 'sofmax'"),
    (lambda: net(loss="mse"), V, "unknown loss 'mse'"),
    (lambda: net(initializer="glorot"), V, "unknown initializer 'glorot'"),
    (lambda: net(initializer=lambda rng, a, b: (np.zeros((a, a)), 0)), V, "expected the same"),
    (lambda: net(dtype=np.float16), V, "dtype is float16; give np.float32"),
    (lambda: net(dtype=None), V, "dtype is None; give np.float32"),
    (lambda: net(seed=-1), V, "non-negative"),
    (lambda: net(seed=1.5), T, "expects int"),
    (lambda: Network(layers=5), V, "layers[0] is 5; expected a layer"),
    (lambda: Network(layers=[Dense]), V, "expected a layer"),
    (lambda: Network(layers=[]), V, "expected a list with a layer that has parameters"),
    (lambda: Network(layers=[Dense(3, 2), Dense(3, 2)]), V, "takes rows of 3 values, and gets 2"),
    (lambda: Network(layers=[Dense(3, 2)], input_shape=(0,)), V, "input_shape is 0"),
    (lambda: Network(layers=[Dense(3, 2), Activation("softmax")]), V, "leave it out of the layers"),
    (lambda: setattr(net(), "parameters", np.ones(3)), V, "values of shape (3,)"),
    (lambda: setattr(net(), "layers", []), AttributeError, "make a new Network"),
    (lambda: net(**IDENTITY).accuracy(X, Y), V, "no accuracy"),
    (lambda: net(**IDENTITY).predict_proba(X), V, "no probabilities"),
    (lambda: net().save("nowhere/net"), F, "no folder"),
    (lambda: net().save(None), T, "NoneType"),
    (lambda: net().save("net", dtype=int), V, "expected np.float16, np.float32 or np.float64"),
    # X and y
    (lambda: net().forward(None), V, "X holds values of type object"),
    (lambda: net().forward("abc"), V, "X holds values of type"),
    (lambda: net().forward(X[0]), V, "one sample is a row: X[None, :]"),
    (lambda: net().forward(X.T), V, "X has shape (3, 20), the network expects (samples, 3)"),
    (lambda: net().forward(X[:0]), V, "X has no rows"),
    (lambda: net().forward([[1, 2, 3], [1, 2]]), V, "not a table of numbers"),
    (lambda: net().forward([[1, np.nan, 3]]), V, "X[0, 1] is nan"),
    (lambda: net().forward([[1, 2, 1e300]]), V, "X[0, 2] is 1e+300"),
    (lambda: net().forward(X * 1j), V, "X holds values of type complex"),
    (lambda: net().forward(np.ma.masked_less(X, 0)), V, "masked array; fill its gaps"),
    (lambda: net().forward(pd.DataFrame({"a": [None], "b": [1], "c": [2]}).astype("Int64")), V, "X.astype(float)"),
    (lambda: net().predict(np.full((1, 3), 3e38)), V, "too large for float32; scale X"),
    (lambda: net().loss(np.full((1, 3), 3e38), [0]), V, "too large for float32; scale X"),
    (lambda: net().accuracy(np.full((1, 3), 3e38), [0]), V, "too large for float32; scale X"),
    (lambda: net().gradients(np.full((1, 3), 3e38), [0]), V, "too large for float32; scale X"),
    (lambda: net().loss(X, Y[:5]), V, "X has 20 rows and y has 5"),
    (lambda: net().loss(X, Y + 1), V, "expected classes 0..1"),
    (lambda: net().loss(X, Y - 1), V, "y[0] is -1; expected classes 0..1"),
    (lambda: net().loss(X, Y / 2), V, "y[1] is 0.5; expected classes 0..1"),
    (lambda: net().loss(X, Y * np.nan), V, "y[0] is not finite"),
    (lambda: net().loss(X, list("ab") * 10), V, "y holds values of type"),
    (lambda: net().loss(X, np.ones((20, 2))), V, "expected one-hot rows"),
    (lambda: net().loss(X, Y[:, None, None]), V, "y has shape (20, 1, 1)"),
    (lambda: net(**IDENTITY).loss(X, Y), V, "the network expects (samples, 2)"),
    (lambda: Network([3, 1], **IDENTITY).loss(X, Y * 1e300), V, "too large for float32; scale the targets"),
    # layers
    (lambda: Dense(0, 1), V, "n_in is 0; expected a whole number from 1"),
    (lambda: Dense(1, 1.5), V, "n_out is 1.5"),
    (lambda: Dense(True, 1), V, "n_in is True"),
    (lambda: Activation("leaky_relu", slope=2), V, "takes slope from 0 to 1"),
    (lambda: Activation("relu", slope=0.1), V, "relu takes no options"),
    (lambda: Activation("elu", alpha="a"), V, "takes alpha from 0"),
    (lambda: Dropout(1), V, "0 <= rate < 1"),
    (lambda: Dropout("a"), V, "0 <= rate < 1"),
    (lambda: BatchNorm(3, momentum=0), V, "momentum=0; expected a number above 0"),
    (lambda: BatchNorm(3, epsilon=np.nan), V, "epsilon=nan"),
    (lambda: Conv2D(1, 1, 3, padding=-1), V, "padding is -1"),
    (lambda: Network(layers=[Conv2D(1, 1, 9), Flatten(), Dense(4, 2)], input_shape=(1, 4, 4)), V, "larger than the"),
    (lambda: MaxPool2D(0), V, "size is 0"),
    (lambda: Network(layers=[Conv2D(1, 2, 3), Dense(4, 2)]), V, "put Flatten() before it"),
    # train
    (lambda: trained(epochs=-1), V, "epochs is -1; expected a whole number from 0"),
    (lambda: trained(epochs=1.5), V, "epochs is 1.5"),
    (lambda: trained(batch_size=0), V, "batch_size is 0; expected a whole number from 1, or None"),
    (lambda: trained(batch_size="8"), V, "batch_size is '8'"),
    (lambda: trained(optimizer="adam"), V, "optimizer is 'adam'; expected one such as nnlib.Adam"),
    (lambda: trained(optimizer=SGD), V, "expected one such as nnlib.Adam(0.001)"),
    (lambda: trained(optimizer=0.1), V, "optimizer is 0.1"),
    (lambda: trained(validation=0.2), V, "validation is 0.2; expected a pair (X_val, y_val)"),
    (lambda: trained(validation=(X, Y, Y)), V, "expected a pair (X_val, y_val)"),
    (lambda: trained(validation=(X, Y[:5])), V, "X has 20 rows and y has 5"),
    (lambda: trained(patience=2), V, "give validation=(X_val, y_val)"),
    (lambda: trained(patience=0, validation=(X, Y)), V, "patience is 0"),
    (lambda: trained(restore_best=True), V, "give validation=(X_val, y_val)"),
    (lambda: trained(augment=lambda batch, rng: batch[:1]), V, "augment made (1, 3) float32 of a batch"),
    (lambda: trained(augment=lambda batch, rng: None), V, "augment made"),
    (lambda: trained(seed="x"), T, "expects int"),
    (lambda: trained(checkpoint="nowhere/run"), F, "no folder for the checkpoint"),
    (lambda: trained(checkpoint=net().save("net")), V, "is no checkpoint"),
    (lambda: trained(optimizer=SGD(1e30), epochs=9), V, "training diverged in epoch"),
    (lambda: next(train_steps(net(), X, Y, batch_size=-1)), V, "batch_size is -1"),
    (lambda: train(Network(layers=[Dense(3, 2), BatchNorm(2)]), X, Y, 1, 19), V, "leave one alone"),
    # optimizers and schedules
    (lambda: SGD(-1), V, "learning_rate is -1; expected 0 <= learning_rate < inf"),
    (lambda: SGD("a"), V, "learning_rate is a"),
    (lambda: SGD(np.nan), V, "learning_rate is nan"),
    (lambda: SGD(momentum=1), V, "momentum is 1; expected 0 <= momentum < 1"),
    (lambda: SGD(momentum="a"), V, "momentum is a; expected 0 <= momentum < 1"),
    (lambda: SGD(momentum=None), V, "momentum is None; expected 0 <= momentum < 1"),
    (lambda: Adam(epsilon="a"), V, "epsilon is a; expected a small number above 0"),
    (lambda: Adam(epsilon=0), V, "epsilon is 0"),
    (lambda: RMSprop(decay=2), V, "decay is 2"),
    (lambda: SGD(clip_norm="a"), V, "clip_norm is a; expected a length above 0"),
    (lambda: SGD(weight_decay=-1), V, "weight_decay is -1"),
    (lambda: SGD(lr=0.1), T, "unexpected keyword argument 'lr'"),
    (lambda: schedules.Cosine(0.1, 0), V, "steps is 0; expected a number of steps from 1"),
    (lambda: trained(optimizer=SGD(schedules.Constant("a"))), V, "learning_rate is a"),
    (lambda: initializers.uniform(1, 0)(np.random.default_rng(0), 2, 2), V, "high - low"),
    # checks
    (lambda: check_gradients(net(), X, Y[:3]), V, "X has 20 rows and y has 3"),
    (lambda: numerical_gradient(lambda: 1.0, np.ones(3, np.float32)), V, "expected float64"),
    (lambda: relative_error(np.ones(2), np.ones(3)), V, "expected the same"),
    (lambda: preflight(net(), X * np.nan, Y), V, "X[0, 0] is nan"),
    # model files
    (lambda: Network.load("nowhere.npz"), F, "no model file at nowhere.npz"),
    (lambda: Network.load(written("label,a\n", "net.npz")), V, "is not a file that net.save wrote"),
    (lambda: Network.load("."), V, "is not a file that net.save wrote"),
    (lambda: model(W1=np.ones((4, 3))), V, "W1 is (4, 3) float64, expected (3, 4)"),
    (lambda: model(W1=np.full((3, 4), np.nan)), V, "not all its weights are finite"),
    (lambda: model(b2=None), V, "b2 is (0,)"),
    (lambda: model(architecture={"output": "softmix"}), V, "unknown output 'softmix'"),
    (lambda: model(architecture={"layers": [["Attention", {}]]}), V, "Attention"),
    (lambda: model(architecture={"layers": [["Dense", {"n_in": 10**9, "n_out": 2}]]}), V, "larger than the file"),
    (lambda: model(architecture={"surprise": 1}), V, "is not a model file of this version"),
    # the command line
    (lambda: command("train nowhere.csv"), V, "nowhere.csv was not found"),
    (lambda: command("train iris --epochs -1"), V, "--epochs"),
    (lambda: command("train iris --hidden -3"), V, "--hidden"),
    (lambda: command("train iris --learning-rate nan"), V, "learning_rate is nan"),
    (lambda: command("train iris --output nowhere/net.npz"), V, "no folder"),
    (lambda: command("train iris --optimizer adam --momentum 0.9"), V, "--momentum is for --optimizer sgd"),
    (lambda: command("train iris --curves a.txt"), V, ".png, .svg or .pdf"),
    (lambda: command("predict nowhere.png"), V, "nowhere.png"),
    (lambda: command("predict --model nowhere.npz a.png"), V, "no model file at nowhere.npz"),
    (lambda: command("submit nowhere.csv"), V, "nowhere.csv"),
    (lambda: command("datasets minst"), V, "Did you mean 'mnist'"),
    (lambda: command("trian iris"), V, "trian"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NNLIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NNLIB_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()


def test_the_table_is_long():
    assert len(CASES) >= 150


@pytest.mark.parametrize("case", range(len(CASES)))
def test_bad_input_is_named(case):
    action, error, words = CASES[case]
    before = X.copy(), Y.copy()
    with warnings.catch_warnings(), pytest.raises(error, match=re.escape(words)):
        warnings.simplefilter("ignore", UserWarning)  # "the last column is taken as the label"
        action()
    assert np.array_equal(X, before[0]) and np.array_equal(Y, before[1])


def frozen():
    one = net()
    for layer in one.layers:
        layer.trainable = False
    return one


def with_metadata(value):
    one = net()
    one.metadata["seen"] = value
    return one


# The core's, word for word: what was given, what was expected, what to do, and nothing else.
SENTENCES = [
    (lambda: net().forward(X[0]), "X has shape (3,), the network expects (samples, 3) (one sample is a row: "
     "X[None, :]; images: X.reshape(len(X), -1))"),
    (lambda: net().forward(X[:, :2]), "X has shape (20, 2), the network expects (samples, 3)"),
    (lambda: net().forward(X[:0]), "X has no rows; give at least one"),
    (lambda: net().loss(X, np.ones((20, 2))),
     "y has one column per class, but not a single 1 in each row: expected one-hot rows"),
    (lambda: net().loss(X, Y[:, None]), "y has shape (20, 1), the network expects (samples,) or (samples, 2)"),
    (lambda: net(**IDENTITY).loss(X, Y), "y has shape (20,), the network expects (samples, 2)"),
    (lambda: Network(), "give either sizes, such as [784, 128, 10], or layers=[...]"),
    (lambda: Network(layers=[Dense(3, 2)], activations="relu"),
     "activations go with sizes; among layers, put Activation(name) where it belongs"),
    (lambda: net(dtype=None), "dtype is None; give np.float32 or np.float64"),
    (lambda: net(loss="hinge"), "unknown loss 'hinge'; known: cross_entropy, binary_cross_entropy, mean_squared_error"),
    (lambda: net(output="tanh"), "unknown output 'tanh'; known: softmax, sigmoid, identity"),
    (lambda: net(initializer="glorot"), "unknown initializer 'glorot'; known: he, xavier, zeros"),
    (lambda: Activation("rleu"),
     "unknown activation 'rleu'; known: identity, relu, leaky_relu, elu, sigmoid, tanh, softmax"),
    (lambda: Activation("relu", slope=0.1), "relu with slope=0.1; relu takes no options"),
    (lambda: Dense(1, 1.5), "n_out is 1.5; expected a whole number from 1"),
    (lambda: Network(layers=[Dense(3, 4), Dense(5, 2)]),
     "layers[1], Dense(5, 2), takes rows of 5 values, and gets 4 values"),
    (lambda: Network(layers=[Conv2D(1, 2, 1), Dense(4, 2)], input_shape=(1, 2, 2)),
     "layers[1], Dense(4, 2), takes rows of 4 values, and gets 2x2 pictures of 2 channel(s); put Flatten() before it"),
    (lambda: frozen().gradients(X, Y),
     "every layer with parameters is frozen; set trainable = True for those to learn"),
    (lambda: net(**IDENTITY).predict_proba(X), "a network with identity output has no probabilities; call predict"),
    (lambda: net(**IDENTITY).accuracy(X, Y), "a network with identity output has no accuracy; look at its loss"),
    (lambda: trained(batch_size=0), "batch_size is 0; expected a whole number from 1, or None for full batch"),
    (lambda: trained(epochs=-1), "epochs is -1; expected a whole number from 0"),
    (lambda: trained(patience=2),
     "patience and restore_best look at the validation loss; give validation=(X_val, y_val)"),
    (lambda: trained(validation=(X[:, :2], Y)), "X has shape (20, 2), the network expects (samples, 3)"),
    (lambda: with_metadata({1}).save("net"), "metadata cannot be saved (Object of type set is not JSON serializable); "
     "give what JSON holds: float(value), say"),
    (lambda: net().save("net", np.int8),
     f"dtype is {np.int8} and the largest weight {np.abs(net().parameters).max():.3g}; expected np.float16, "
     "np.float32 or np.float64, large enough for the weights, and these finite"),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(SENTENCES)))
def test_a_complaint_word_for_word(case):
    action, sentence = SENTENCES[case]
    with pytest.raises(ValueError) as caught:
        action()
    assert str(caught.value) == sentence


# ---------------------------------------------------------------- any array
KINDS = ["float32", "float64", "float16", "longdouble", ">f4", "int8", "int64", "uint8", "uint64", "bool"]
FORMS = ["C", "Fortran", "reversed", "every second", "read-only", "memmap", "list", "frame", "shifted", "object", "row"]
EXAMPLES = int(os.environ.get("NNLIB_EXAMPLES", 60))
FIXED = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)


@st.composite
def tables(draw):
    """An array (m, n) of any type in any form, as given, and as plain float64; sometimes of a wrong width or empty."""
    dtype = np.dtype(draw(st.sampled_from(KINDS)))
    shape = draw(st.sampled_from([(1, 3), (2, 3), (7, 3), (7, 3), (12, 3), (0, 3), (4, 2), (3,), (2, 3, 1), ()]))
    special = [0.0, -1.0, 1.5, 1e-30, 6e4] + ([] if dtype.itemsize < 4 else [1e30, 3e38, np.nan, np.inf])
    if dtype.kind == "f":
        elements = st.one_of(st.floats(-8, 8, width=16), st.sampled_from(special if draw(st.booleans()) else [0.0]))
    else:
        elements = hnp.from_dtype(dtype)
    with np.errstate(over="ignore"):
        values = draw(hnp.arrays(np.float64 if dtype.kind == "f" else dtype, shape, elements=elements)).astype(dtype)
    return values, draw(st.sampled_from(FORMS))


def formed(values, form):
    """The values in a form that a user may have them in."""
    if form == "Fortran":
        return np.asfortranarray(values)
    if form == "reversed":
        return values[::-1].copy()[::-1] if values.ndim else values
    if form == "every second":
        return np.repeat(values, 2, axis=0)[::2] if values.ndim else values
    if form == "read-only":
        values = values.copy()
        values.flags.writeable = False
        return values
    if form == "memmap" and values.size:
        with tempfile.TemporaryFile() as file:
            mapped = np.memmap(file, values.dtype, "w+", shape=values.shape)
        mapped[...] = values
        return mapped
    if form == "list":
        return values.tolist()
    if form in ("frame", "shifted") and values.ndim == 2 and values.dtype.isnative and values.dtype != np.longdouble:
        index = range(5, 5 + len(values)) if form == "shifted" else None
        return pd.DataFrame(values, index=index)
    if form == "object":
        return values.astype(object)
    return values


@FIXED
@given(tables(), st.sampled_from(["float32", "float64"]), st.booleans())
def test_any_array_gives_the_right_answer_or_an_error(table, dtype, classifier):
    """The right one is that of plain loops over float64."""
    values, form = table
    array = formed(values, form)
    kept = pickle.dumps(array)
    options = {"seed": 3, "dtype": dtype} | ({} if classifier else IDENTITY)
    one, y = net(**options), np.arange(len(values)) % 2 if values.ndim else [0]
    y = y if classifier else np.eye(2)[y]
    W1, W2 = (W.astype(np.float64) for W in one.weights)
    answers = {}
    for name, ask in {
        "forward": lambda: one.forward(array),
        "predict": lambda: one.predict(array),
        "loss": lambda: one.loss(array, y),
        "gradients": lambda: one.gradients(array, y)[1]["dW"],
        "train": lambda: train(one, array, y, 1, 4, SGD(1e-3), progress=False)["loss"],
    }.items():
        start = one.parameters.copy()
        try:
            answers[name] = np.asarray(ask())
        except (ValueError, TypeError) as error:
            assert len(str(error)) > 10
            assert np.array_equal(one.parameters, start)  # also what diverged is put back
        assert pickle.dumps(array) == kept  # never changed
    fits = values.shape[1:] == (3,) and len(values) and form != "object"
    with np.errstate(all="ignore"):
        plain = np.array(values, np.float64) if fits else np.zeros((0, 3))
        sane = fits and np.isfinite(plain).all() and np.abs(plain).max() < 1e6
    assert not sane or {"forward", "predict", "loss", "gradients"} <= set(answers)
    assert fits or not answers
    if not answers:
        return
    assert np.isfinite(plain).all()  # else it should have been refused
    assert all(np.isfinite(answer).all() for answer in answers.values())
    if sane:
        H = np.maximum(plain @ W1, 0)
        Z = H @ W2
        E = np.exp(Z - Z.max(axis=1, keepdims=True))
        A = E / E.sum(axis=1, keepdims=True) if classifier else Z
        close = {"rtol": 1e-3, "atol": 1e-4 * max(1, np.abs(plain).max())}
        np.testing.assert_allclose(answers["forward"], A, **close)
        dZ = (A - np.eye(2)[np.arange(len(plain)) % 2]) / len(plain)
        scale = 1e-4 * max(1, np.abs(H).max() * np.abs(dZ).max())
        np.testing.assert_allclose(answers["gradients"], H.T @ dZ, rtol=1e-2, atol=10 * scale)
        if classifier:
            apart = np.abs(Z[:, 0] - Z[:, 1]) > 1e-3 * np.abs(Z).max(axis=1)
            assert np.array_equal(answers["predict"][apart], Z.argmax(axis=1)[apart])


@FIXED
@given(hnp.arrays(st.sampled_from(["float32", "float64", "int64", "uint8", "bool", "float16"]), st.integers(0, 9),
                  elements=st.integers(0, 1)), st.integers(0, 9), st.sampled_from(FORMS))  # fmt: skip
def test_any_labels_are_those_classes_or_an_error(labels, m, form):
    array, one = formed(labels[:, None], form) if form in ("frame", "shifted") else formed(labels, form), net()
    if isinstance(array, pd.DataFrame):
        array = array[0]  # a Series, whatever its index
    kept = pickle.dumps(array)
    try:
        loss = one.loss(X[:m], array)
    except (ValueError, TypeError):
        assert m == 0 or m != len(labels) or form == "object"
    else:
        A = one.forward(X[:m])[np.arange(m), labels.astype(int)]
        np.testing.assert_allclose(loss, -np.log(A).mean(), rtol=1e-4)
    assert pickle.dumps(array) == kept


@FIXED
@given(
    hnp.arrays(
        np.float32, (6, 4), elements=st.sampled_from([0, 1, -1, 1e10, -1e10, float(np.float32(3e38)), np.inf, np.nan])
    )
)
def test_activations_and_losses_of_anything_are_numbers_or_tell(Z):
    Y = np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 0, 1]]
    finite = np.isfinite(Z).all()
    with np.errstate(all="ignore"):
        for name, (function, _) in nnlib.activations.FUNCTIONS.items():
            A = function(Z)
            assert A.shape == Z.shape and A.dtype == Z.dtype
            assert not finite or np.isfinite(A).all(), name
        for loss in (nnlib.losses.cross_entropy_from_logits, nnlib.losses.binary_cross_entropy_from_logits):
            value, dZ = loss(Z, Y)
            assert np.isfinite(value) or not finite or np.abs(Z).max() > 1e38
            assert not finite or np.isfinite(dZ).all()

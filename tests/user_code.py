"""A user's code, as a type checker reads it. `right` is run by tests/test_types.py; `wrong` is never run.

`make lint` lets mypy read it. A wrong line that mypy lets pass has an unused `type: ignore`, which is an error.
"""

from pathlib import Path
from typing import assert_type

import numpy as np

import nnlib
from nnlib import Activation, BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, images, plots, schedules, widgets
from nnlib.autograd import Tensor
from nnlib.calibration import calibration_error
from nnlib.estimator import NetworkClassifier


def right(folder: Path) -> None:
    data = nnlib.load_dataset("iris", validation=0.2)
    assert_type(data, nnlib.Dataset)
    assert_type(data.X_train, np.ndarray)

    net = nnlib.Network([4, 8, 3], activations=["relu"], dtype=np.float64, seed=np.random.default_rng(0))
    nnlib.preflight(net, data.X_train, data.y_train, optimizer=nnlib.Adam(0.01))
    history = nnlib.train(
        net, data.X_train, data.y_train, epochs=2, batch_size=None, optimizer=nnlib.SGD(0.1, momentum=0.9),
        validation=(data.X_val, data.y_val), patience=3, restore_best=True, checkpoint=folder / "run.npz",
    )  # fmt: skip
    print(history["val_loss"].min())
    for record in nnlib.train_steps(net, [[0.1, 0.2, 0.3, 0.4]], [1], epochs=1):
        assert_type(record, dict[str, float])

    assert_type(net.predict(data.X_test), np.ndarray)
    assert_type(net.predict_proba([[5.1, 3.5, 1.4, 0.2]]), np.ndarray)
    assert_type(net.accuracy(data.X_test, data.y_test), float)
    assert_type(net.loss(data.X_test, data.y_test), float)
    assert_type(net.gradients(data.X_test, data.y_test), list[dict[str, np.ndarray]])
    assert_type(net.check_X(data.X_test), np.ndarray)
    assert_type(net.save(folder / "net.npz"), Path)
    assert_type(nnlib.Network.load(folder / "net.npz"), nnlib.Network)
    assert_type(net.sizes, list[int])
    net.weights[0][:] += 0.1
    net.parameters -= 0.01 * net.gradient
    net.layers[0].trainable = False
    print(net.summary(), net.layers[0].W.shape, nnlib.Dense(3, 2).dW.shape)

    layers = [Conv2D(1, 8, 5), BatchNorm(8), Activation("relu"), MaxPool2D(2), Flatten(), Dropout(0.2), Dense(1152, 10)]
    pictures = nnlib.Network(layers=layers, input_shape=(1, 28, 28))
    optimizer = nnlib.Adam(schedules.Cosine(0.001, steps=1000), weight_decay=0.01)
    nnlib.train(pictures, np.zeros((4, 784)), [0, 1, 2, 3], 1, optimizer=optimizer, callback=print, progress=False)
    nnlib.RMSprop(lambda step: 0.1 / (1 + step))

    nnlib.check_gradients(net, data.X_test[:5], data.y_test[:5], sample=3)
    assert_type(nnlib.relative_error([1.0], np.ones(1)), float)
    assert_type(calibration_error([0.9, 0.8], [1, 0]), float)
    x = Tensor([1.0, 2.0])
    loss = (2 * x.tanh() + np.ones(2)).sum()
    assert_type(loss, Tensor)
    loss.backward()

    picture = nnlib.datasets.sample("my_digit.png")
    assert_type(images.prepare(picture), np.ndarray)
    assert_type(images.prepare(picture, stages=True), dict[str, np.ndarray])
    plots.history(history).savefig(folder / "history.png")
    plots.images(list(images.prepare(picture, stages=True).values())[-1:], titles=["centred"])
    panel = widgets.Playground("spiral", hidden=[8], learning_rate=0.3)
    panel.advance(2)
    panel.close()
    classifier = NetworkClassifier(hidden=[8], epochs=1).fit(data.X_train, data.y_train)
    assert_type(classifier.predict(data.X_test), np.ndarray)


def wrong(net: nnlib.Network, X: np.ndarray, y: np.ndarray) -> None:
    nnlib.train(net, "x")  # type: ignore[call-arg]
    nnlib.train([4, 3], X, y)  # type: ignore[arg-type]
    nnlib.train(net, X, y, epochs="five")  # type: ignore[arg-type]
    nnlib.train(net, X, y, learning_rate=0.1)  # type: ignore[call-arg]
    nnlib.train(net, X, y, optimizer="Adam")  # type: ignore[arg-type]
    nnlib.train(net, X, y, optimizer=nnlib.Adam)  # type: ignore[arg-type]
    nnlib.train(net, X, y, validation=X)  # type: ignore[arg-type]
    nnlib.Network(784, 10)  # type: ignore[arg-type]
    nnlib.Network([784, 10], loss=nnlib.losses.cross_entropy)  # type: ignore[arg-type]
    nnlib.Network(layers=["relu"])  # type: ignore[list-item]
    nnlib.Network(layers=Dense(784, 10))  # type: ignore[arg-type]
    print(net.history["loss"])  # type: ignore[index]
    print(net.predict(X).label)  # type: ignore[attr-defined]
    net.accuracy(X)  # type: ignore[call-arg]
    nnlib.Dense(784, "10")  # type: ignore[arg-type]
    nnlib.Dropout("half")  # type: ignore[arg-type]
    nnlib.SGD("0.1")  # type: ignore[arg-type]
    nnlib.load_dataset("mnist", validation="0.2")  # type: ignore[arg-type]
    nnlib.load_dataset("mnist", 0.2, 1000, "label")  # type: ignore[call-arg]
    nnlib.check_gradients(net, X, y, sample="all")  # type: ignore[arg-type]
    images.prepare("3.png").items()  # type: ignore[attr-defined]
    images.augment(X, rotate=10)  # type: ignore[call-arg]
    plots.images(X, columns="ten")  # type: ignore[arg-type]
    plots.history(net.history, "epoch")  # type: ignore[arg-type]
    widgets.Playground("spiral", hidden=8)  # type: ignore[arg-type]
    NetworkClassifier(epochs="50")  # type: ignore[arg-type]

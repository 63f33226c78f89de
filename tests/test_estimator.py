"""The estimators pass scikit-learn's own checks, and do what `train` does."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris, make_regression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import nnlib
from nnlib.estimator import NetworkClassifier, NetworkRegressor

# Of what nothing can be learned from in so few steps, which is asked for here, `train` warns.
pytestmark = pytest.mark.filterwarnings("ignore:the loss is:UserWarning")


@parametrize_with_checks([NetworkClassifier(), NetworkRegressor()])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return (X / 16).astype(np.float32), y


@pytest.mark.parametrize("optimizer", [nnlib.SGD, nnlib.RMSprop, nnlib.Adam])
def test_fit_is_train(digits, optimizer):
    """The same start weights, the same order of rows, the same steps."""
    name, settings = optimizer.__name__, {"learning_rate": 0.01, "weight_decay": 0.1}
    fitted = NetworkClassifier([20], "tanh", "xavier", name, **settings, batch_size=32, epochs=3, random_state=5)
    fitted.fit(*digits)
    rng = np.random.default_rng(np.random.RandomState(5).randint(2**31))
    net = nnlib.Network([64, 20, 10], "tanh", initializer="xavier", seed=rng)
    history = nnlib.train(net, *digits, 3, 32, optimizer(**settings), seed=rng, progress=False)
    assert np.array_equal(fitted.network_.parameters, net.parameters)
    assert fitted.network_.history["loss"].equals(history["loss"])


def test_an_optimizer_that_there_is_not(digits):
    with pytest.raises(ValueError, match="unknown optimizer 'adam'; known: SGD"):
        NetworkClassifier(optimizer="adam").fit(*digits)


def test_names_for_labels_and_columns():
    iris = load_iris(as_frame=True)
    names = iris.target_names[iris.target]
    model = make_pipeline(
        StandardScaler().set_output(transform="pandas"), NetworkClassifier([10], epochs=200, random_state=0)
    )
    assert model.fit(iris.data, names).score(iris.data, names) > 0.95
    assert model[-1].feature_names_in_.tolist() == list(iris.data)
    assert set(model.predict(iris.data)) == set(iris.target_names) == set(model.classes_)
    with pytest.raises(ValueError, match="feature names should match"):
        model[-1].predict(pd.DataFrame(np.zeros((1, 4)), columns=list("abcd")))


def test_search_clone_and_pickle(digits):
    X, y = digits[0][:600], digits[1][:600]
    search = GridSearchCV(
        NetworkClassifier([16], optimizer="SGD", epochs=20, random_state=0),
        {"activation": ["relu", "sigmoid"], "learning_rate": [1e-4, 0.3]},
        cv=3,
    ).fit(X, y)
    assert search.best_params_ == {"activation": "relu", "learning_rate": 0.3} and search.best_score_ > 0.8
    again = clone(search.best_estimator_).fit(X, y)
    copied = pickle.loads(pickle.dumps(again))
    for other in (again, copied):
        assert np.array_equal(other.predict_proba(X), search.best_estimator_.predict_proba(X))
    assert copied.partial_fit(X, y).network_.history.epoch.tolist() == [1]  # it goes on


def test_partial_fit(digits):
    """As many epochs by partial_fit as by fit end in the same weights; a class may be absent at first."""
    X, y = digits
    whole = NetworkClassifier([10], epochs=4, random_state=1).fit(X, y)
    steps = NetworkClassifier([10], random_state=1)
    for _ in range(4):
        steps.partial_fit(X, y, classes=range(10))
    assert np.array_equal(steps.network_.parameters, whole.network_.parameters)

    few = NetworkClassifier([10]).partial_fit(X[y < 3], y[y < 3], classes=range(10))
    assert few.partial_fit(X, y).predict_proba(X).shape == (len(X), 10)
    with pytest.raises(ValueError, match="classes="):
        NetworkClassifier().partial_fit(X, y)
    with pytest.raises(ValueError, match=r"y holds .*11.*none of the classes"):
        few.partial_fit(X[:2], [0, 11])


def test_regression():
    X, y = make_regression(200, 5, noise=1, random_state=0)
    y = (y - y.mean()) / y.std()
    model = NetworkRegressor([20], learning_rate=0.01, random_state=0)
    assert cross_val_score(model, X, y, cv=3).min() > 0.9  # R^2
    both = model.fit(X, np.column_stack([y, -y]))
    assert both.predict(X).shape == (200, 2) and both.score(X, np.column_stack([y, -y])) > 0.9


MEMMAP = """
import sys, numpy as np
from nnlib.estimator import NetworkClassifier
X = np.memmap(sys.argv[1], np.uint8, "r", shape=(240_000, 784))
y = np.arange(len(X)) % 10
model = NetworkClassifier([16], batch_size=128, random_state=0)
for start in range(0, len(X), 20_000):
    model.partial_fit(X[start : start + 20_000], y[start : start + 20_000], classes=range(10))
status = dict(line.split(":") for line in open("/proc/self/status"))
print(sum(int(status[name].split()[0]) for name in ("RssAnon",)) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads what the kernel knows of a process: Linux")
def test_rows_that_do_not_fit_in_memory(tmp_path):
    """188 MB of pixels as they lie in a file: a process of less than 300 MB learns from all."""
    with open(tmp_path / "pixels", "wb") as file:
        file.truncate(240_000 * 784)
    done = subprocess.run([sys.executable, "-c", MEMMAP, str(tmp_path / "pixels")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 300

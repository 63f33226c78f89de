"""scikit-learn estimators over Network, for Pipeline, GridSearchCV, cross_val_score and whatever else takes one."""

from collections.abc import Callable, Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from nnlib.extras import from_an_extra
from nnlib.layers import look_up
from nnlib.network import Network
from nnlib.optimizers import OPTIMIZERS
from nnlib.training import train

with from_an_extra():
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data


class _NetworkEstimator(BaseEstimator):
    """What the two share. The parameters, as `train` and `Network` call them:

    hidden         units of each hidden layer; () for none
    activation     of the hidden layers: one name, or a list, one each
    initializer    "he", "xavier", "zeros", or a function
    optimizer      "SGD", "RMSprop" or "Adam", with `learning_rate` (a number, or a schedule) and `weight_decay`
    batch_size     rows in a batch, at most all; None for full batch
    epochs         passes over the rows that `fit` makes; `partial_fit` makes one
    random_state   a number, a RandomState or None: the start weights, and the order of the rows

    A float64 X is computed in float64, as scikit-learn has it; X.astype(np.float32) takes half the time.

    After fit: `network_`, the Network, whose `history` is that of the training; `n_features_in_`, and
    `feature_names_in_` if X was a DataFrame. Raises ValueError as `train` does, when training diverges say.
    """

    def __init__(self, hidden: Sequence[int] = (100,), activation: str | Sequence[str] = "relu",
                 initializer: str | Callable = "he", optimizer: str = "Adam",
                 learning_rate: float | Callable[[int], float] = 0.003, weight_decay: float = 0.0,
                 batch_size: int | None = 64, epochs: int = 50,
                 random_state: int | np.random.RandomState | None = None) -> None:  # fmt: skip
        self.hidden = hidden
        self.activation = activation
        self.initializer = initializer
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.epochs = epochs
        self.random_state = random_state

    def _build(self, n_outputs, output, dtype):
        optimizer = look_up("optimizer", self.optimizer, OPTIMIZERS)
        self._optimizer = optimizer(self.learning_rate, weight_decay=self.weight_decay)
        self._rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31))
        self.network_ = Network(
            [self.n_features_in_, *self.hidden, n_outputs], self.activation, output, initializer=self.initializer,
            dtype=np.float64 if dtype == np.float64 else np.float32, seed=self._rng,
        )  # fmt: skip

    def _train(self, X, y, epochs):
        train(self.network_, X, y, epochs, self.batch_size, self._optimizer, seed=self._rng, progress=False)
        return self

    def _checked(self, X):
        check_is_fitted(self)
        return validate_data(self, X, reset=False)


class NetworkClassifier(ClassifierMixin, _NetworkEstimator):
    __doc__ = (
        "A classifier: softmax and cross-entropy. Labels may be numbers or strings.\n\n" + _NetworkEstimator.__doc__
    )

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train a new network on X (m, n_features) with labels y (m,)."""
        return self._learn(X, y, self.epochs, new=True)

    def partial_fit(self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None) -> Self:
        """One more epoch, over these rows. The first call names all `classes` that will come."""
        new = not hasattr(self, "network_")
        if new and classes is None:
            raise ValueError("the first call of partial_fit wants classes=, all labels that y will ever hold")
        return self._learn(X, y, 1, new, classes)

    def _learn(self, X, y, epochs, new, classes=None):
        X, y = validate_data(self, X, y, reset=new)
        check_classification_targets(y)
        if new:
            self.classes_ = np.unique(y if classes is None else classes)
            if len(self.classes_) < 2:
                raise ValueError(f"y holds one class, {self.classes_[0]!r}; a classifier needs at least two classes")
            self._build(len(self.classes_), "softmax", X.dtype)
        index = np.searchsorted(self.classes_, y).clip(max=len(self.classes_) - 1)
        if (unknown := y[self.classes_[index] != y]).size:
            raise ValueError(f"y holds {unknown[0]!r}, which is none of the classes {self.classes_.tolist()}")
        return self._train(X, index, epochs)

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Probabilities (m, K), a column for each of `classes_`."""
        X = self._checked(X)
        return self.network_.predict_proba(X)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The most probable class of each row, (m,)."""
        X = self._checked(X)
        return self.classes_[self.network_.predict(X)]


class NetworkRegressor(RegressorMixin, _NetworkEstimator):
    __doc__ = f"A regression: identity output, squared error; y (m,) or (m, K).\n\n{_NetworkEstimator.__doc__}"

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train a new network on X (m, n_features) with targets y (m,) or (m, K)."""
        return self._learn(X, y, self.epochs, new=True)

    def partial_fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """One more epoch, over these rows."""
        return self._learn(X, y, 1, new=not hasattr(self, "network_"))

    def _learn(self, X, y, epochs, new):
        X, y = validate_data(self, X, y, reset=new, multi_output=True, y_numeric=True)
        if new:
            self._build(1 if y.ndim == 1 else y.shape[1], "identity", X.dtype)
        return self._train(X, y, epochs)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Real values, in the shape of the targets."""
        X = self._checked(X)
        return self.network_.predict(X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

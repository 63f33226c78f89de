"""What do the remedies against overfitting do: to the gap between the curves, and to honesty?"""

from collections.abc import Sequence

import ipywidgets
import numpy as np
import traitlets
from matplotlib.collections import LineCollection, PolyCollection
from scipy.stats import binomtest

from nnlib import images, plots
from nnlib.calibration import calibration_error, groups
from nnlib.data.datasets import Dataset
from nnlib.layers import Activation, Dense, Dropout
from nnlib.network import Network
from nnlib.optimizers import SGD
from nnlib.plots.style import GREY
from nnlib.widgets.arguments import Number, dataset_of, units_of
from nnlib.widgets.controls import number, train_buttons
from nnlib.widgets.run import Run
from nnlib.widgets.training_panel import TrainingPanel
from nnlib.widgets.views import Curves

MOST_TRAIN, MOST_VAL = 500, 1000  # rows that the curves are measured on
DECAYS = [0.0, *(digit * 10**power for power in (-4, -3, -2) for digit in (1, 2, 3, 5))]
ROWS = [20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000]
MOVES = {"shift": 2, "rotate": 10, "scale": 0.1, "shear": 0.1}  # of `images.augment`, at augmentation 1


class Generalise(TrainingPanel):
    """Train a ReLU network on few rows, with remedies against overfitting that act while it trains.

    data     a Dataset, or the name of one, with validation rows
    hidden   units of each hidden layer; behind each is a dropout layer
    lecture  larger, for the back row, with fewer controls

    Attributes, to be read and set at any time: `weight_decay` (L2), `dropout` (the rate), `augmentation` (0: none, 1:
    as far as `images.augment` moves pictures, 2: twice as far), `samples` (training rows in use), `seed`, `running`.
    The learning rate is 0.1, the batch size 64. All but `seed` act on the training under way.

    `history` is a DataFrame: step, loss and accuracy on up to 500 of the training rows, val_loss and val_accuracy on up
    to 1,000 validation rows. All are measured as one predicts, without dropout and on unmoved pictures, so that the gap
    between them is that of two sets of rows and of nothing else. The curves in grey are those of the run before the
    last Reset.
    """

    label = "Loss and accuracy on training and validation rows over the steps, and a reliability diagram"
    weight_decay = Number(min=0, max=1)
    dropout = Number(min=0, max=0.9)
    augmentation = Number(min=0, max=2)
    samples = traitlets.Int(min=10)
    seed = traitlets.Int(min=0)

    def __init__(self, data: Dataset | str = "mnist-5k", hidden: Sequence[int] = (128, 64), weight_decay: float = 0,
                 dropout: float = 0, augmentation: float = 0, samples: int | None = None, seed: int = 0,
                 lecture: bool = False) -> None:  # fmt: skip
        data = dataset_of(data, needs_validation=True)
        self.X, self.y, self.image_shape = data.X_train, data.y_train, data.image_shape
        self.X_val, self.y_val = data.X_val[:MOST_VAL], data.y_val[:MOST_VAL]
        self.sizes = [self.X.shape[1], *units_of(hidden), len(data.class_names)]
        self.weight_decay, self.dropout, self.augmentation = weight_decay, dropout, augmentation
        self.samples, self.seed = len(self.X) if samples is None else samples, seed
        self.hidden, self._built_for, self._run, self._before = list(hidden), None, None, np.empty((0, 5))
        self._catch_up()

        figure, (loss, accuracy, diagram) = plots.figure(10, 3.8, ncols=3, width_ratios=[1.15, 1.15, 1])
        self._curves = Curves(loss, accuracy, validation=True)
        self._gaps = [axes.add_collection(PolyCollection([], color="0.88")) for axes in (loss, accuracy)]
        diagram.plot([0, 1], [0, 1], "--", color=GREY, linewidth=1.5)
        diagram.set(xlim=(0, 1.03), ylim=(-0.03, 1.03), xlabel="mean p of the group", ylabel="share that is right")
        self._bars = diagram.add_collection(LineCollection([], colors=plots.COLORS[0], linewidths=2))
        self._groups = diagram.plot([], [], "o", color=plots.COLORS[0], markersize=8)[0]
        artists = [*self._gaps, *self._curves.artists, self._bars, self._groups]
        super().__init__(figure, artists, [_controls(self), train_buttons(self)], lecture)

    @traitlets.validate("samples")
    def _at_most_all(self, proposal):
        return min(proposal["value"], len(self.X))

    @traitlets.validate("augmentation")
    def _only_pictures_are_moved(self, proposal):
        if proposal["value"] and self.image_shape is None:
            raise traitlets.TraitError(f"augmentation is {proposal['value']:g}; these rows are no pictures: expected 0")
        return proposal["value"]

    @property
    def history(self):
        return self._run.history

    @property
    def step(self):
        return self._run.step

    def answers(self):
        """Of the validation rows: p (m,), the probability of each answer, and whether it is right (m,)."""
        P = np.nan_to_num(self.network.output.forward(self.network.logits(self.X_val)))  # also where it diverges
        return P.max(axis=1), P.argmax(axis=1) == self.y_val

    # -- training -----------------------------------------------------------------------------------------------------

    def work(self):
        """One step of training."""
        self._catch_up()
        try:
            self._run.advance()
        except ValueError as error:
            self._run.go_back()
            raise ValueError(
                f"training diverged. The weights are those of step {self.step:,} again, where the epoch began. Lower "
                "L2, or press Reset"
            ) from error

    def _catch_up(self):
        """Bring network and training in line with the settings; nothing happens if they are already."""
        if self._built_for != (self.seed, self._resets):
            if self._run is not None:
                self._before = self._run.curve()
            layers = [Dense(*self.sizes[:2])]
            for n_in, n_out in zip(self.sizes[1:], self.sizes[2:]):
                layers += [Activation("relu"), Dropout(0), Dense(n_in, n_out)]
            self.network, self._optimizer = Network(layers=layers, seed=self.seed), SGD(0.1)
            self._run, self._trains_with = _Run(self.network, self.X_val, self.y_val, self.seed), None
            self._built_for = self.seed, self._resets
        if self._trains_with != self.samples:
            rows = self.X[: self.samples], self.y[: self.samples]
            augment = self._moved if self.image_shape else None
            self._run.train_on(*rows, 64, self._optimizer, augment)
            self._run.looked_at = self.network.check_X_y(*(part[:MOST_TRAIN] for part in rows))
            self._trains_with = self.samples
        self._optimizer.weight_decay = self.weight_decay
        for layer in self.network.layers:
            if isinstance(layer, Dropout):
                layer.rate = self.dropout

    def _moved(self, X, rng):
        if not self.augmentation:
            return X
        moves = {name: self.augmentation * size for name, size in MOVES.items()}
        return images.augment(X, rng, **moves, image_shape=self.image_shape)

    # -- the picture --------------------------------------------------------------------------------------------------

    def update(self):
        self._catch_up()
        points = self._run.curve()
        top = max(self.network.guess_loss(), self._before[:, 3].max(initial=0))
        self._curves.update(self._run, top, earlier=self._before)
        for gap, (train, val) in zip(self._gaps, ((1, 3), (2, 4)), strict=True):
            there, back = points[:, [0, train]], points[::-1, [0, val]]
            gap.set_verts([np.vstack([there, back])] if len(points) > 1 else [])
        p, right = self.answers()
        table = groups(p, right)
        self._groups.set_data(table["said"], table["right"])
        ends = [binomtest(round(row.n * row.right), row.n).proportion_ci(method="wilson") for row in table.itertuples()]
        self._bars.set_segments([[(said, low), (said, high)] for said, (low, high) in zip(table["said"], ends)])
        return self._report(p, right)

    def _report(self, p, right):
        """The lines below the picture: where training stands, the gap, honesty, and the settings in effect."""
        lines = [f"step {self.step:,} &middot; epoch {self._run.epochs:.1f}"]
        if self._run.points:
            _, loss, accuracy, val_loss, val_accuracy = self._run.points[-1]
            lines[0] += (
                f" &middot; training rows {accuracy:.1%}, loss {loss:.3f}"
                f" &middot; validation {val_accuracy:.1%} of {len(self.X_val):,}, loss {val_loss:.3f}"
                f" &middot; gap {100 * (accuracy - val_accuracy):.1f} points, {val_loss - loss:.3f}"
            )
        lines.append(
            f"mistakes announced {np.sum(1 - p):.0f}, made {np.sum(~right):.0f} &middot; calibration error "
            f"{calibration_error(p, right):.1%}"
        )
        lines.append(
            f"L2 {self.weight_decay:g}, dropout {self.dropout:g}, augmentation {self.augmentation:g}, "
            f"{self.samples:,} training rows, seed {self.seed}"
        )
        return "<br>".join(lines)


class _Run(Run):
    """A run whose points show the training rows as they are predicted: without dropout, unmoved."""

    def of_training(self):
        return self.network.score(*self.looked_at)

    def curve(self):
        return np.array(self.points).reshape(-1, 5)


def _controls(panel):
    sizes = [n for n in ROWS if n < len(panel.X)] + [len(panel.X)]
    controls = [
        number(panel, "weight_decay", "L2", "What each update takes of a weight, by the rate", choices=DECAYS),
        number(panel, "dropout", "dropout", "The share of hidden units left out in each step", max=0.9, step=0.05),
        number(panel, "augmentation", "augmentation", "How far pictures are moved for each batch", max=2, step=0.25),
        number(panel, "samples", "training rows", "How many rows are trained on", choices=sizes, least=10, whole=True),
    ]
    if panel.image_shape is None:
        controls[2].layout.display = "none"
    return ipywidgets.HBox(controls)

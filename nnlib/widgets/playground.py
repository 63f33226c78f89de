"""Train a network and watch."""

import collections
import re
import time
from collections.abc import Sequence

import numpy as np
import traitlets

from nnlib.architecture import fully_connected
from nnlib.data.datasets import Dataset
from nnlib.data.points import SHAPES, points
from nnlib.layers import BatchNorm, Dense, Dropout
from nnlib.network import Network
from nnlib.optimizers import OPTIMIZERS
from nnlib.widgets.arguments import Number, dataset_of, rows_of, units_of
from nnlib.widgets.controls import ACTIVATIONS, train_buttons
from nnlib.widgets.playground_controls import GIVEN, network_controls, point_controls, training_controls
from nnlib.widgets.run import Run
from nnlib.widgets.training_panel import TrainingPanel
from nnlib.widgets.views import Curves, view_of


class Playground(TrainingPanel):
    """Train a network and watch: on points in the plane, on pictures, or on any other rows with classes.

    data      a Dataset, the name of one, a pair (X, y) of training rows, or points: "rings", "XOR", "moons", "spiral",
              "blobs"
    hidden    units of each hidden layer, [] for none
    full      more controls: 0-3 hidden layers with an activation each, optimizer, batch size, number of training rows,
              weight decay, dropout, batch norm
    lecture   larger, for the back row, with fewer controls

    The other settings are attributes as well, to be read and set (not changed in place) at any time: `hidden`,
    `activation` (one name, or a list, one each; a list that is too short goes on with its last), `optimizer`,
    `learning_rate`, `batch_size`, `samples` (training rows in use, at most all), `weight_decay` (of the optimizer),
    `dropout` (share of each hidden layer), `batch_norm` (before each hidden activation), `seed`, `speed` (steps per
    second at most), `running`. In the plane: `shape` (of the points), `noise`, `added`, a list of (x, y, class): a
    click adds one of the class `adds`.
    Learning rate, optimizer, weight decay, batch size and samples act on the training under way; the others build a
    new network.
    `network` is the network, `history` a DataFrame: step, loss and accuracy of the last 20 batches, val_loss and
    val_accuracy on up to 500 validation rows (NaN without). Its first row is step 0; then every 20 steps (and a few
    before the first 20). From 2,000 steps on it is every 40, and so on: there are fewer than 100 at any time.
    """

    label = "What the network says, and its loss and accuracy over the steps"
    hovers, untold, lecture_paper = True, ("shape",), (0.9, 1.0)
    hidden = traitlets.List()
    activation = traitlets.Union([traitlets.Unicode(), traitlets.List()])
    optimizer = traitlets.Enum(list(OPTIMIZERS))
    learning_rate = Number(min=0)
    batch_size = traitlets.Int(min=1)
    samples = traitlets.Int(min=1)
    weight_decay = Number(0, min=0)
    dropout = Number(0, min=0, max=0.9)
    batch_norm = traitlets.Bool(False)
    seed = traitlets.Int(min=0)
    shape = traitlets.Enum([GIVEN, *SHAPES], GIVEN)
    noise = Number(0.1, min=0, max=1)
    added = traitlets.List()
    adds = traitlets.Int(0, min=0, max=1)

    def __init__(self, data: Dataset | str | tuple = "mnist-5k", hidden: Sequence[int] = (16,),
                 activation: str | Sequence[str] = "relu", optimizer: str = "SGD", learning_rate: float = 0.1,
                 batch_size: int = 64, samples: int | None = None, seed: int = 0, full: bool = False,
                 weight_decay: float = 0.0, dropout: float = 0.0, batch_norm: bool = False,
                 lecture: bool = False) -> None:  # fmt: skip
        self.full = full
        if isinstance(data, str) and data in SHAPES:
            self.shape, data = data, points(data)
        self._data = data
        self._set_rows(data)
        self.hidden, self.activation, self.optimizer, self.seed = units_of(hidden), activation, optimizer, seed
        self.learning_rate, self.batch_size = learning_rate, batch_size
        self.weight_decay, self.dropout, self.batch_norm = weight_decay, dropout, batch_norm
        self.samples = len(self.X) if samples is None else samples
        self._frame_times = collections.deque(maxlen=20)  # of each: the time, and the epochs trained by then
        self._built_for = self._run = self._earlier = None
        self._rows_of, self._dead = (self.shape, self.noise, []), (None, 0)
        self._catch_up()
        self._view = view_of(self)
        self._curves = Curves(*self._view.curves, validation=len(self.X_val) > 0)
        training, rare = training_controls(self, full)
        buttons = train_buttons(self)
        layers = network_controls(self, full)
        rows, rare = [layers, training, buttons, *point_controls(self)], [*rare, *([layers] if full else [])]
        artists = [*self._view.artists, *self._curves.artists]
        super().__init__(self._view.figure, artists, rows, lecture, [*rare, *buttons.children[-2:]])

    @traitlets.validate("hidden")
    def _check_hidden(self, proposal):
        return units_of(proposal["value"])

    @traitlets.validate("activation")
    def _check_activation(self, proposal):
        given = proposal["value"]
        names = [given] if isinstance(given, str) else given
        if not names or not all(name in ACTIVATIONS for name in names):
            expected = f"expected one of {', '.join(ACTIVATIONS)}, or a list of them"
            raise traitlets.TraitError(f"activation is {given!r}; {expected}")
        return given

    @traitlets.validate("samples")
    def _at_most_all(self, proposal):
        return min(proposal["value"], len(self.X))

    @traitlets.validate("shape")
    def _plane_alone(self, proposal):
        if proposal["value"] != GIVEN and hasattr(self, "X") and self.X.shape[1] != 2:
            raise traitlets.TraitError(f"shape is {proposal['value']!r}; the rows are no points in the plane")
        return proposal["value"]

    def activation_of(self, layer):
        """The activation of a hidden layer, counted from 0."""
        if isinstance(self.activation, str):
            return self.activation
        return self.activation[min(layer, len(self.activation) - 1)]

    def _set_rows(self, data):
        """Training and validation rows, from a Dataset or a pair."""
        if isinstance(data, tuple) and len(data) == 2:
            self.X, self.y = rows_of(*data)
            self.X_val, self.y_val = self.X[:0], self.y[:0]
            self.image_shape, self.class_names = None, [str(k) for k in range(int(self.y.max()) + 1)]
        else:
            data = dataset_of(data)
            self.X, self.y = data.X_train, data.y_train
            self.X_val, self.y_val = data.X_val[:500], data.y_val[:500]
            self.image_shape, self.class_names = data.image_shape, data.class_names

    def _follow_rows(self):
        """Other points in the plane, or more of them."""
        rows = shape, noise, added = self.shape, self.noise, [*self.added]
        if rows == self._rows_of:
            return
        every = self.samples == len(self.X)
        self._set_rows(self._data if shape == GIVEN else points(shape, noise))
        if added:
            self.X = np.vstack([self.X, np.array(added, np.float32)[:, :2]])
            self.y = np.append(self.y, [int(k) for *_, k in added])
        self._rows_of, self._trains_with = rows, None
        self.samples = len(self.X) if every else self.samples

    @property
    def history(self):
        return self._run.history

    @property
    def step(self):
        return self._run.step

    def work(self):
        """One step of training."""
        self._catch_up()
        try:
            self._run.advance()
        except ValueError as error:
            self._run.go_back()
            raise ValueError(
                "training diverged: the loss is no longer finite. The weights are those of "
                f"step {self.step:,} again, where the epoch began. Lower the learning rate, or press Reset"
            ) from error

    def update(self):
        self._catch_up()
        self._curves.update(self._run, self.network.guess_loss(), earlier=self._earlier)
        self._view.update(self)
        return self._report()

    def pointed(self, axes, x, y, clicked):
        if clicked and axes is self._view.clickable:
            self.added = [*self.added, (round(float(x), 3), round(float(y), 3), self.adds)]
        return self._view.pointed(self, axes, x, y)

    def _catch_up(self):
        """Bring rows, network and training in line with the settings; nothing happens if they are already."""
        self._follow_rows()
        activations = [self.activation_of(k) for k in range(len(self.hidden))]
        sizes = [self.X.shape[1], *self.hidden, len(self.class_names)]
        architecture = (sizes, activations, self.dropout, self.batch_norm, self.shape, self.seed, self._resets)
        if architecture != self._built_for:
            if self._run and self._run.points:
                self._earlier = self._run.curve()
            self.network = self._build(sizes, activations)
            self._run = Run(self.network, self.X_val, self.y_val, self.seed)
            self._built_for, self._trains_with, self._optimizer = architecture, None, None
        trains_with = (self.optimizer, self.batch_size, self.samples)
        if trains_with != self._trains_with:
            if type(self._optimizer) is not OPTIMIZERS[self.optimizer]:  # else it keeps what it has gathered
                self._optimizer = OPTIMIZERS[self.optimizer](self.learning_rate)
            self._run.train_on(self.X[: self.samples], self.y[: self.samples], self.batch_size, self._optimizer)
            self._frame_times.clear()
            self._trains_with = trains_with
        self._optimizer.learning_rate, self._optimizer.weight_decay = self.learning_rate, self.weight_decay

    def _build(self, sizes, activations):
        layers = []
        for layer in fully_connected(sizes, activations):
            if self.batch_norm and layers and not isinstance(layer, Dense):
                layers.append(BatchNorm(layers[-1].n_out))
            layers.append(layer)
            if self.dropout and not isinstance(layer, Dense):
                layers.append(Dropout(self.dropout))
        return Network(layers=layers, seed=self.seed)

    def arguments(self):
        shape = {} if self.shape == GIVEN else {"data": self.shape}
        return shape | ({"samples": None} if self.samples == len(self.X) else {})

    @property
    def code(self):
        """Besides the panel's own lines, those that train the same network without it."""
        layers = re.sub(r"\b([A-Z]\w+)\(", r"nnlib.\1(", str(list(self.network.layers)))
        net = f"Network(layers={layers}, seed={self.seed})"
        if not (self.dropout or self.batch_norm):
            names = [self.activation_of(k) for k in range(len(self.hidden))]
            net = f"Network({self.network.sizes}, activations={names}, seed={self.seed})"
        decay = f", weight_decay={self.weight_decay:g}" if self.weight_decay else ""
        epochs = max(1, round(self._run.epochs))
        panel, show = super().code.rsplit("\n", 1)
        advance = f"panel.advance({self.step})\n" if self.step else ""
        return (
            f"{panel}\n{advance}{show}\n\n# the same network, trained without a panel\nX, y = panel.X, panel.y\n"
            f"net = nnlib.{net}\noptimizer = nnlib.{self.optimizer}({self.learning_rate:g}{decay})\n"
            f"history = nnlib.train(net, X[:{self.samples}], y[:{self.samples}], epochs={epochs}, "
            f"batch_size={self.batch_size}, optimizer=optimizer, seed={self.seed})\nprint(net.accuracy(X, y))"
        )

    def _count_dead(self):
        """Hidden units that are 0 for each of up to 500 training rows, by layer, in words; counted at each point."""
        key = (self._run, len(self._run.points), self._run.points[-1:], self.running)
        if key != self._dead[0]:
            A, told = self.X[: min(self.samples, 500)].astype(np.float32), []
            for layer in self.network.layers[:-1]:
                A = layer.forward(A)
                if getattr(layer, "name", "") == "relu" and (dead := np.count_nonzero(~A.any(axis=0))):
                    told.append(f"<b>{dead} of {A.shape[1]} units are 0 for every row</b>")
            self._dead = key, ", ".join(told)
        return self._dead[1]

    def _report(self):
        """The lines below the picture: where training stands, and the settings in effect."""
        run = self._run
        state = [f"step {run.step:,}", f"epoch {run.epochs:.1f}"]
        if not self.running:
            self._frame_times.clear()
        else:
            self._frame_times.append((time.perf_counter(), run.epochs))
            seconds, epochs = np.subtract(self._frame_times[-1], self._frame_times[0])
            if seconds:
                state.append(f"{epochs * self.samples / seconds:,.0f} samples/s")
        scores = []
        if run.recent:
            loss, accuracy = np.mean(run.recent, axis=0)
            batches = "last batch" if len(run.recent) == 1 else f"last {len(run.recent)} batches"
            scores.append(f"{batches}: loss {loss:.3g}, accuracy {accuracy:.1%}")
        if run.points and len(self.X_val):
            *_, val_loss, val_accuracy = run.points[-1]
            scores.append(f"validation: loss {val_loss:.3g}, accuracy {val_accuracy:.1%} of {len(self.X_val)}")
        if dead := self._count_dead():
            scores.append(dead)
        sizes = "-".join(map(str, self.network.sizes))
        names = [self.activation_of(k) for k in range(len(self.hidden))] or ["no hidden layer"]
        names = names[0] if len(set(names)) == 1 else ", ".join(names)
        batches = f"batches of {min(self.batch_size, self.samples)} from {self.samples:,} row{'s' * (self.samples > 1)}"
        optimizer = f"{self.optimizer} at learning rate {self.learning_rate:.3g}"
        extra = f", weight decay {self.weight_decay:.3g}" if self.weight_decay else ""
        extra += f", dropout {self.dropout:.3g}" if self.dropout else ""
        extra += ", batch norm" if self.batch_norm else ""
        extra += f", a click adds a point of class {self.adds}" if self.X.shape[1] == 2 else ""
        settings = f"{sizes} ({names}), {optimizer}, {batches}{extra}, seed {self.seed}"
        return "<br>".join([" &middot; ".join([*state, *scores] if scores else [*state, "no step yet"]), settings])

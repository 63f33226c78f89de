"""Train a network and watch."""

import collections
import functools
import time

import ipywidgets
import numpy as np
import pandas as pd
import traitlets

from nnlib.network import Network
from nnlib.optimizers import OPTIMIZERS
from nnlib.widgets.arguments import Number, dataset_of, rows_of, units_of
from nnlib.widgets.controls import (
    ACTIVATIONS,
    RATES,
    dropdown,
    link_values,
    set_slider,
    slider,
    slider_of,
    train_buttons,
)
from nnlib.widgets.panel import TrainingPanel
from nnlib.widgets.run import Run
from nnlib.widgets.views import Curves, view_of


class Playground(TrainingPanel):
    """Train a network and watch: on points in the plane, on pictures, or on any other rows with classes.

    data      a Dataset, the name of one, or a pair (X, y) of training rows
    hidden    units of each hidden layer, [] for none
    full      more controls: 0-3 hidden layers with an activation each, optimizer, batch size, number of training rows

    The other settings are attributes as well, to be read and set (not changed in place) at any time: `hidden`,
    `activation` (one name, or a list, one each; a list that is too short goes on with its last), `optimizer`,
    `learning_rate`, `batch_size`, `samples` (training rows in use, at most all), `seed`, `running`.
    Learning rate, optimizer, batch size and samples act on the training under way; hidden, activation and seed build
    a new network.
    `network` is the network, `history` a DataFrame: step, loss and accuracy of the last 20 batches, val_loss and
    val_accuracy on up to 500 validation rows (NaN without). A row every 20 steps; from 2,000 steps on every 40, and so
    on: there are fewer than 100 at any time.
    """

    label = "What the network says, and its loss and accuracy over the steps"
    hidden = traitlets.List()
    activation = traitlets.Union([traitlets.Unicode(), traitlets.List()])
    optimizer = traitlets.Enum(list(OPTIMIZERS))
    learning_rate = Number(min=0)
    batch_size = traitlets.Int(min=1)
    samples = traitlets.Int(min=1)
    seed = traitlets.Int(min=0)

    def __init__(
        self,
        data="mnist-5k",
        hidden=(16,),
        activation="relu",
        optimizer="SGD",
        learning_rate=0.1,
        batch_size=64,
        samples=None,
        seed=0,
        full=False,
    ):
        self._set_rows(data)
        self.hidden, self.activation, self.optimizer, self.seed = units_of(hidden), activation, optimizer, seed
        self.learning_rate, self.batch_size = learning_rate, batch_size
        self.samples = len(self.X) if samples is None else samples
        self._frame_times = collections.deque(maxlen=20)  # of each: the time, and the epochs trained by then
        self._built_for = None
        self._catch_up()
        self._view = view_of(self)
        self._curves = Curves(*self._view.curves, validation=len(self.X_val) > 0)
        controls = [_network_controls(self, full), _training_controls(self, full), train_buttons(self)]
        super().__init__(self._view.figure, [*self._view.artists, *self._curves.lines], controls)

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

    @property
    def history(self):
        return pd.DataFrame(self._run.points, columns=["step", "loss", "accuracy", "val_loss", "val_accuracy"])

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
        self._curves.update(self._run.points, self.step, self.network.guess_loss())
        self._view.update(self.network)
        return self._report()

    def _catch_up(self):
        """Bring network and training in line with the settings; nothing happens if they are already."""
        activations = [self.activation_of(k) for k in range(len(self.hidden))]
        architecture = ([*self.hidden], activations, self.seed, self._resets)
        if architecture != self._built_for:
            sizes = [self.X.shape[1], *self.hidden, len(self.class_names)]
            self.network = Network(sizes, activations, seed=self.seed)
            self._run = Run(self.network, self.X_val, self.y_val, self.seed)
            self._built_for, self._trains_with, self._optimizer = architecture, None, None
        trains_with = (self.optimizer, self.batch_size, self.samples)
        if trains_with != self._trains_with:
            if type(self._optimizer) is not OPTIMIZERS[self.optimizer]:  # else it keeps what it has gathered
                self._optimizer = OPTIMIZERS[self.optimizer](self.learning_rate)
            self._run.train_on(self.X[: self.samples], self.y[: self.samples], self.batch_size, self._optimizer)
            self._frame_times.clear()
            self._trains_with = trains_with
        self._optimizer.learning_rate = self.learning_rate

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
        sizes = "-".join(map(str, self.network.sizes))
        names = [self.activation_of(k) for k in range(len(self.hidden))] or ["no hidden layer"]
        names = names[0] if len(set(names)) == 1 else ", ".join(names)
        batches = f"batches of {min(self.batch_size, self.samples)} from {self.samples:,} row{'s' * (self.samples > 1)}"
        optimizer = f"{self.optimizer} at learning rate {self.learning_rate:.3g}"
        settings = f"{sizes} ({names}), {optimizer}, {batches}, seed {self.seed}"
        return "<br>".join([" &middot; ".join(state), " &middot; ".join(scores) or "no step yet", settings])


def _network_controls(panel, full):
    """Hidden layers: their units and activations. One layer, or with `full` three or more and a slider for how many.

    A control changes its own entry of the panel's lists, and nothing if that says already what the control shows.
    """
    rows = []
    for k in range(max(3, len(panel.hidden)) if full else 1):
        size = slider(ipywidgets.IntSlider, f"units {k + 1}" if full else "hidden units", value=16, max=128)
        rows.append(ipywidgets.HBox([size, dropdown("activation", ACTIVATIONS)]))
    depth = slider(ipywidgets.IntSlider, "hidden layers", max=len(rows)) if full else None

    def show(_=None):
        """Controls after the panel's settings."""
        if full:
            set_slider(depth, len(panel.hidden))
        for k, row in enumerate(rows):
            size, name = row.children
            used = k < len(panel.hidden)
            if full:
                row.layout.display = None if used else "none"
            if used or not full:  # a slider that is not shown keeps its units for when it is
                # At 0 units there is no layer, which is offered where it is the only one.
                lowest = int(full or len(panel.hidden) > 1)
                set_slider(size, panel.hidden[k] if used else 0, lowest)
            name.value, name.disabled = panel.activation_of(k), not used

    def set_depth(change):
        sizes = [row.children[0].value for row in rows]
        more = [sizes[min(k, len(sizes) - 1)] for k in range(len(panel.hidden), change["new"])]
        panel.hidden = [*panel.hidden, *more][: change["new"]]

    def set_size(k, change):
        panel.hidden = [*panel.hidden[:k], *([change["new"]] if change["new"] else []), *panel.hidden[k + 1 :]]

    def set_name(k, change):
        if change["new"] == panel.activation_of(k):
            return
        if isinstance(panel.activation, str) and not full:
            panel.activation = change["new"]  # one name for all layers stays one
        else:
            names = [panel.activation_of(other) for other in range(max(k + 1, len(panel.hidden)))]
            panel.activation = [*names[:k], change["new"], *names[k + 1 :]]

    show()
    panel.observe(show, ["hidden", "activation"])
    for k, row in enumerate(rows):
        for control, setter in zip(row.children, (set_size, set_name), strict=True):
            control.observe(functools.partial(setter, k), "value")
    if full:
        depth.observe(set_depth, "value")
    return ipywidgets.VBox([depth, *rows] if full else rows)


def _training_controls(panel, full):
    """Learning rate, and with `full` optimizer, batch size and number of training rows."""
    controls = {}
    if full:
        controls["optimizer"] = dropdown("optimizer", list(OPTIMIZERS))
        controls["batch_size"] = slider(ipywidgets.IntSlider, "batch size", min=1, max=512)
        controls["samples"] = slider(ipywidgets.IntSlider, "training rows", min=1, max=len(panel.X))
        set_slider(controls["batch_size"], panel.batch_size)
        panel.observe(lambda change: set_slider(controls["batch_size"], change["new"]), "batch_size")
    link_values(panel, **controls)
    rate = slider_of(panel, "learning_rate", "learning rate", RATES)
    return ipywidgets.HBox([rate, *controls.values()], layout={"flex_flow": "row wrap"})

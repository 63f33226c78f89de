"""Two or three networks train side by side."""

import functools
from collections.abc import Sequence
from numbers import Real

import ipywidgets
import numpy as np
import pandas as pd
import traitlets
from matplotlib.lines import Line2D

from nnlib import plots
from nnlib.data.datasets import Dataset
from nnlib.network import Network
from nnlib.optimizers import OPTIMIZERS, SGD
from nnlib.widgets.arguments import dataset_of, whole_number
from nnlib.widgets.controls import ACTIVATIONS, RATES, dropdown, number, switch, train_buttons
from nnlib.widgets.run import Run
from nnlib.widgets.training_panel import TrainingPanel
from nnlib.widgets.views import count_steps, end_of_steps

STYLES, MARKERS = ("-", "--", "-."), "os^"
LOSSES = 1e-3, 10  # the ends of the loss's axis; a net that guesses among ten has 2.3
SMALLEST = 1e-10  # of a gradient, at the foot of its axis
LANE_OPTIMIZERS = {"SGD": SGD, "momentum": functools.partial(SGD, momentum=0.9), **OPTIMIZERS}


class Race(TrainingPanel):
    """Two or three networks train side by side: same rows, same batches, same start weights.

    data         a Dataset, or the name of one; 500 of its validation rows judge
    activations  two or three names
    rates        a learning rate for each, or one number for all
    depth        hidden layers of `width` units each
    optimizers   one name for all lanes, or a list, one each: "SGD", "momentum" (SGD with 0.9), "RMSprop", "Adam"
    lecture      larger, for the back row, with fewer controls

    Attributes, to be read and set at any time: `lanes` (the activations; None in the third is an empty lane),
    `optimizers` and `rates` (too few go on with the last), `same_rate` (all take the first lane's), `depth`, `seed`,
    `running`. Rates act on the training under way; the others build new networks. `networks` holds one Network per
    lane, `history` is a DataFrame with a row per lane at step 0 and every 20 steps (in long races fewer, before the
    first 20 more): step, lane (from 0), activation, optimizer, loss of the last 20 batches, val_accuracy.
    A lane whose training diverges is out until its rate is changed, or Reset; the others go on.
    """

    label = "Training loss, validation accuracy and size of the gradient in each layer, for each lane"
    lanes = traitlets.List()
    optimizers = traitlets.List()
    rates = traitlets.List()
    same_rate = traitlets.Bool(False)
    depth = traitlets.Int(min=1, max=10)
    seed = traitlets.Int(min=0)

    def __init__(self, data: Dataset | str = "mnist-5k", activations: Sequence[str] = ("relu", "tanh", "sigmoid"),
                 rates: float | Sequence[float] = 0.1, depth: int = 2, width: int = 64, batch_size: int = 64,
                 seed: int = 0, optimizers: str | Sequence[str] = "SGD", lecture: bool = False) -> None:  # fmt: skip
        data = dataset_of(data, needs_validation=True)
        self.X, self.y = data.X_train, data.y_train
        self.X_val, self.y_val = data.X_val[:500], data.y_val[:500]
        self.width, self.batch_size = whole_number("width", width), whole_number("batch_size", batch_size)
        self.classes = len(data.class_names)
        self.same_rate = np.ndim(rates) == 0
        self.lanes, self.rates = list(activations), list(np.atleast_1d(rates))
        self.optimizers = [optimizers] if isinstance(optimizers, str) else list(optimizers)
        self.depth, self.seed = depth, seed
        self._built_for = None
        self._catch_up()
        artists = self._draw_axes()
        what = "How many hidden layers each network has"
        self.depth_control = number(self, "depth", "hidden layers", what, min=1, max=10, whole=True)
        lanes, buttons = self._lane_controls(), train_buttons(self, self.depth_control)
        rare = [self._one_rate, *buttons.children[-2:]]
        super().__init__(self._figure, artists, [lanes, buttons], lecture, rare)

    untold = ("lanes", "same_rate")  # which activations and rates say

    def arguments(self):
        rates = self.rates[0] if self.same_rate else self.rates[: len(self.activations)]
        return {"activations": self.activations, "rates": rates}

    @property
    def activations(self):
        """The names of the lanes that are not empty."""
        return [name for name in self.lanes if name is not None]

    @traitlets.validate("lanes")
    def _check_lanes(self, proposal):
        names = [name for name in proposal["value"] if name is not None]
        if not 2 <= len(names) <= 3 or not set(names) <= set(ACTIVATIONS):
            raise traitlets.TraitError(f"lanes are {names}; expected two or three of {', '.join(ACTIVATIONS)}")
        return [*names, None][:3]

    @traitlets.validate("rates")
    def _check_rates(self, proposal):
        rates = proposal["value"]
        if not 1 <= len(rates) <= 3 or not all(isinstance(rate, Real) and 0 <= rate < np.inf for rate in rates):
            raise traitlets.TraitError(f"rates are {rates}; expected one to three learning rates")
        return [float(rate) for rate in (*rates, *3 * rates[-1:])][:3]  # too few go on with the last

    @traitlets.validate("optimizers")
    def _check_optimizers(self, proposal):
        names = proposal["value"]
        if not 1 <= len(names) <= 3 or not all(isinstance(name, str) and name in LANE_OPTIMIZERS for name in names):
            raise traitlets.TraitError(f"optimizers are {names}; expected one to three of {', '.join(LANE_OPTIMIZERS)}")
        return [*names, *3 * names[-1:]][:3]

    def _draw_axes(self):
        self._figure, (self._loss, accuracy, self._gradient_sizes) = plots.figure(10, 3.7, ncols=3)
        self._figure.get_layout_engine().set(rect=(0, 0, 1, 0.92))  # above: which line is which lane
        self._loss.set(title="training loss", yscale="log", ylim=LOSSES)
        accuracy.set(title="validation accuracy", ylim=(0, 1.02))
        self._accuracy = accuracy
        self._gradient_sizes.set(xlabel="layer", title="size of $dW$, by layer", yscale="log", ylim=(SMALLEST / 5, 1))
        for axes in (self._loss, self._gradient_sizes):
            axes.minorticks_off()
        for axes in (self._loss, accuracy):
            count_steps(axes)
            axes.locator_params(axis="x", nbins=4)
        self._gradient_sizes.xaxis.get_major_locator().set_params(integer=True)
        self._lines = []
        for axes in (self._loss, accuracy, self._gradient_sizes):
            for color, style, marker in zip(plots.COLORS, STYLES, MARKERS, strict=False):
                every = {} if axes is self._gradient_sizes else {"markevery": 0.34, "markersize": 7}
                self._lines += axes.plot([], [], style, color=color, marker=marker, linewidth=2.2, **every)
        self._out = [self._loss.plot([], [], "^", color=color, markersize=11, clip_on=False, in_layout=False)[0]
                     for color in plots.COLORS[:3]]  # fmt: skip
        self._name_texts, keys = [], []
        for k, (color, style, marker) in enumerate(zip(plots.COLORS, STYLES, MARKERS, strict=False)):
            left = 0.02 + 0.325 * k
            keys.append(self._figure.add_artist(Line2D([left, left + 0.04], [0.965] * 2, linestyle=style, color=color,
                                                       marker=marker, linewidth=2.2)))  # fmt: skip
            self._name_texts.append(self._figure.text(left + 0.05, 0.96, "", va="center", fontsize=13, color=color))
        self._keys = keys
        self._gradient_sizes.axhline(SMALLEST, color="0.5", linewidth=1, linestyle=":")
        below = {"fontsize": 11, "color": "0.4", "transform": self._gradient_sizes.get_yaxis_transform()}
        self._gradient_sizes.text(0.98, SMALLEST * 1.5, f"{SMALLEST:g} or below", ha="right", **below)
        return [*self._lines, *self._out, *self._keys, *self._name_texts]

    def _lane_controls(self):
        """For each lane its activation, its optimizer and its learning rate."""
        what = "The activation of all hidden units of lane {}"
        self.names = [dropdown(self, None, f"lane {k}", what.format(k), ACTIVATIONS) for k in (1, 2)]
        third = [("(empty)", ""), *((name, name) for name in ACTIVATIONS)]
        self.names.append(dropdown(self, None, "lane 3", what.format(3), third))
        what = "What makes an update of lane {} of its gradient"
        self.optimizer_controls = [
            dropdown(self, None, "optimizer", what.format(k), list(LANE_OPTIMIZERS)) for k in (1, 2, 3)
        ]
        what = "How far each update moves the weights of lane {}"
        self.rate_controls = [
            number(self, None, "learning rate", what.format(k), choices=RATES, least=0, most=None) for k in (1, 2, 3)
        ]
        self._one_rate = switch(self, "same_rate", "one rate for all", "All lanes take the learning rate of lane 1")

        def show(_=None):
            """Controls after the panel's settings."""
            rows = zip(self.names, self.optimizer_controls, self.rate_controls, strict=True)
            for k, (name, optimizer, rate) in enumerate(rows):
                name.value, optimizer.value, rate.value = self.lanes[k] or "", self.optimizers[k], self.rate_of(k)
                optimizer.disabled = self.lanes[k] is None
                rate.disabled = optimizer.disabled or (self.same_rate and k > 0)

        # A control changes its own entry of the panel's lists, and nothing if that says already what the control shows.
        def set_lane(k, change):
            self.lanes = [*self.lanes[:k], change["new"] or None, *self.lanes[k + 1 :]]

        def set_optimizer(k, change):
            self.optimizers = [*self.optimizers[:k], change["new"], *self.optimizers[k + 1 :]]

        def set_rate(k, change):
            if change["new"] != self.rate_of(k):
                self.rates = [*self.rates[:k], change["new"], *self.rates[k + 1 :]]

        show()
        self.observe(show, ["lanes", "optimizers", "rates", "same_rate"])
        for k in range(3):
            self.names[k].observe(functools.partial(set_lane, k), "value")
            self.optimizer_controls[k].observe(functools.partial(set_optimizer, k), "value")
            self.rate_controls[k].observe(functools.partial(set_rate, k), "value")
        rows = zip(self.names, self.optimizer_controls, self.rate_controls, strict=True)
        return ipywidgets.HBox([*(ipywidgets.HBox([*row]) for row in rows), self._one_rate])

    def rate_of(self, lane):
        """The learning rate that a lane runs with."""
        return self.rates[0 if self.same_rate else lane]

    @property
    def networks(self):
        return [lane.run.network for lane in self._lanes]

    @property
    def history(self):
        rows = [
            (step, k, lane.activation, lane.optimizer_name, loss, accuracy)
            for k, lane in enumerate(self._lanes)
            for step, loss, _, _, accuracy in lane.run.points
        ]
        return pd.DataFrame(rows, columns=["step", "lane", "activation", "optimizer", "loss", "val_accuracy"])

    def work(self):
        """One step of training, for each lane."""
        self._catch_up()
        self.step += 1
        for lane in self._lanes:
            lane.work(self.step)
        if all(lane.out for lane in self._lanes):
            self.running = False

    def update(self):
        self._catch_up()
        for line in (*self._lines, *self._out):
            line.set_data([], [])
        for k, (key, text) in enumerate(zip(self._keys, self._name_texts, strict=True)):
            key.set_visible(k < len(self._lanes))
            text.set_text("")
        for k, lane in enumerate(self._lanes):
            steps, loss, _, _, accuracy = lane.run.curve().T
            self._lines[k].set_data(steps, loss.clip(*LOSSES))
            judged = np.isfinite(accuracy)
            self._lines[3 + k].set_data(steps[judged], accuracy[judged])
            if lane.out:
                self._out[k].set_data([lane.run.diverged], [LOSSES[1]])
            else:
                self._lines[6 + k].set_data(range(1, self.depth + 2), np.maximum(lane.gradient_sizes(), SMALLEST))
            if lane.out:
                reached = f"diverged at {lane.run.diverged:,}"
            else:
                reached = f"{accuracy[judged][-1]:.1%}" if judged.any() else "ready"
            self._name_texts[k].set_text(f"{self._name_of(lane)}: {reached}")
        for axes in (self._loss, self._accuracy):
            axes.set_xlim(0, end_of_steps(self.step))
        self._gradient_sizes.set_xlim(0.7, self.depth + 1.3)
        return self._report()

    def _name_of(self, lane):
        """What tells the lanes apart: the activation, the optimizer, or both; the rate too, if these are another's."""
        looks = [(other.activation, other.optimizer_name) for other in self._lanes]
        differ = [len(set(column)) > 1 for column in zip(*looks)]
        own = looks[self._lanes.index(lane)]
        name = ", ".join(part for part, told in zip(own, differ) if told) or own[0]
        return f"{name} at {self.rate_of(lane.number):g}" if looks.count(own) > 1 else name

    def _catch_up(self):
        """Bring the lanes in line with the settings; nothing happens if they are already."""
        architecture = ([*self.lanes], [*self.optimizers], self.depth, self.seed, self._resets)
        if architecture != self._built_for:
            sizes = [self.X.shape[1], *[self.width] * self.depth, self.classes]
            self._lanes = [_Lane(self, k, name, sizes) for k, name in enumerate(self.lanes) if name is not None]
            self.step, self._built_for = 0, architecture
        for lane in self._lanes:
            lane.set_rate(self.rate_of(lane.number))

    def _report(self):
        epochs = self.step / -(-len(self.X) // self.batch_size)
        rates = ", ".join(f"{self.rate_of(lane.number):.3g}" for lane in self._lanes)
        parts = [f"step {self.step:,}", f"epoch {epochs:.1f}", f"learning rates {rates}", f"seed {self.seed}"]
        parts += ["one rate for all"] if self.same_rate else []
        parts += [f"<b>lane {lane.number + 1}</b> is out: {lane.out}" for lane in self._lanes if lane.out]
        parts.append(f"judged on {len(self.X_val)} validation rows")
        return " &middot; ".join(parts)


class _Lane:
    """One network of a race, and what it has done so far."""

    def __init__(self, race, number, activation, sizes):
        self.number, self.activation, self.out = number, activation, None
        self.optimizer_name = race.optimizers[number]
        # Same seed and sizes: the same start weights and the same batches in all lanes.
        self.run = Run(Network(sizes, activation, seed=race.seed), race.X_val, race.y_val, race.seed)
        self.optimizer = LANE_OPTIMIZERS[self.optimizer_name](race.rate_of(number))
        self.run.train_on(race.X, race.y, race.batch_size, self.optimizer)
        self.some_rows = self.run.network.check_X_y(race.X[:100], race.y[:100])

    def set_rate(self, rate):
        """Another rate is another try for a lane that is out."""
        if rate != self.optimizer.learning_rate:
            self.optimizer.learning_rate, self.out = rate, None

    def work(self, step):
        if self.out:
            return
        self.run.step = step - 1  # the race's own, also for a lane that was out
        try:
            self.run.advance()
        except ValueError:
            self.run.recent.clear()
            self.run.diverged = step
            self.out = f"its loss was no longer finite at step {step}; try a smaller rate"

    def gradient_sizes(self):
        """Root mean square of dW for each Dense layer, over 100 training rows, at the present weights."""
        network = self.run.network
        network.loss_and_gradient(*self.some_rows)
        return [float(np.sqrt(np.mean(np.square(layer.dW, dtype=np.float64)))) for layer in network.dense]

"""How many training rows does it take?"""

from collections.abc import Sequence

import ipywidgets
import numpy as np
import pandas as pd
import traitlets
from matplotlib.collections import LineCollection, PolyCollection

from nnlib import plots
from nnlib.data.datasets import Dataset
from nnlib.network import Network
from nnlib.optimizers import SGD
from nnlib.widgets.arguments import dataset_of, units_of, whole_number
from nnlib.widgets.controls import button, number, train_switch
from nnlib.widgets.run import Run
from nnlib.widgets.training_panel import TrainingPanel
from nnlib.widgets.views import Curves, legend_above

MOST_VAL = 1000  # validation rows that are looked at
COLUMNS = ["samples", "loss", "accuracy", "val_loss", "val_accuracy", "seed"]


class DataSize(TrainingPanel):
    """Train the same network on few or many rows and watch the validation curve.

    Moving the slider trains again: from the same start weights, for the same number of steps, on that many rows. Each
    finished run leaves two points in the picture on the right, and its validation curve in grey. Runs of other seeds
    stay there: the lines are means, and a band shows from the worst seed to the best.

    data    a Dataset, or the name of one, with validation rows
    hidden  units of each hidden layer
    steps   length of a run; the learning rate is 0.1, the batch size 64 (fewer if there are fewer rows)
    lecture larger, for the back row

    Attributes: `samples` (training rows in use), `seed` (of start weights and of the choice of rows), `running`.
    `advance(n)` trains n steps, no further than the end of the runs that are wanted; `sweep()` wants a run of each of
    SIZES. `results` is a DataFrame, one row per finished run: samples, loss and accuracy on these samples (1,000 at
    most), val_loss and val_accuracy (on 1,000 validation rows at most), seed.
    """

    label = "Loss and accuracy over the steps, and accuracy over the number of training rows"
    SIZES = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)  # of a sweep, as far as there are rows; then all

    samples = traitlets.Int(min=10)
    seed = traitlets.Int(0, min=0)

    def __init__(self, data: Dataset | str = "mnist-5k", hidden: Sequence[int] = (64,), samples: int | None = None,
                 steps: int = 500, seed: int = 0, lecture: bool = False) -> None:  # fmt: skip
        self.hidden = units_of(hidden)
        data = dataset_of(data, needs_validation=True)
        self.X, self.y = data.X_train, data.y_train
        self.X_val, self.y_val = data.X_val[:MOST_VAL], data.y_val[:MOST_VAL]
        self.sizes = [self.X.shape[1], *self.hidden, len(data.class_names)]
        self.steps, self.seed, self.samples = whole_number("steps", steps), seed, 200 if samples is None else samples
        self._sizes_to_come, self._built_for = [], None
        self._scores, self._finished_curves = {}, {}  # by number of rows and seed: scores, and the curve
        self._catch_up()

        figure, (loss, accuracy, summary) = plots.figure(10, 3.6, ncols=3, width_ratios=[1, 1, 1.25])
        self._curves = Curves(loss, accuracy, validation=True, earlier=None)
        summary.set(xscale="log", xlim=(8, 1.3 * len(self.X)), ylim=(0, 1.02))
        summary.set(xlabel="training rows", ylabel=f"accuracy after {steps} steps")
        styles = {"training": "o-", "validation": "s--"}
        self._score_lines = [summary.plot([], [], style, label=name)[0] for name, style in styles.items()]
        self._samples_line = summary.axvline(self.samples, color="black", linewidth=1, linestyle=":")
        legend_above(summary, side="right")
        colors = [line.get_color() for line in self._score_lines]
        self._bands = [PolyCollection([], color=color, alpha=0.25, linewidth=0) for color in colors]
        for band in self._bands:
            summary.add_collection(band)
        summary.xaxis.set_major_formatter("{x:,.0f}")
        self._earlier_curves = [LineCollection([], colors="0.75", linewidths=1) for _ in range(2)]
        for axes, lines in zip((loss, accuracy), self._earlier_curves, strict=True):
            axes.add_collection(lines)

        rounds = [int(digits * 10**power) for power in range(1, 6) for digits in (1, 1.5, 2, 3, 5, 7)]
        choices = [*(n for n in rounds if n < len(self.X)), len(self.X)]
        what = "How many training rows are in use; to move it trains again"
        slider = number(self, "samples", "training rows", what, choices=choices, whole=True)
        buttons = [
            train_switch(self, "Train to the end of the run"),
            button("All sizes", "forward", self.sweep, "Train once with every size, from few rows to all"),
            button("New seed", "random", self.new_seed, "Train from other start weights, on other rows"),
            button("Clear", "eraser", self.clear, "Forget all finished runs"),
        ]
        lines = [*self._earlier_curves, *self._curves.artists]
        artists = [*lines, *self._bands, *self._score_lines, self._samples_line]
        super().__init__(figure, artists, [ipywidgets.HBox([slider, *buttons])], lecture)
        self.observe(self._train_again, ["samples", "seed"])
        self.observe(self._begin_anew, "running")

    @traitlets.validate("samples")
    def _at_most_all(self, proposal):
        return min(proposal["value"], len(self.X))

    # -- what the controls call ---------------------------------------------------------------------------------------

    def _train_again(self, change):
        """Another number of rows, which ends a sweep, or another seed: train."""
        if change["name"] == "samples":
            self._sizes_to_come = []
        self.running = True

    def _begin_anew(self, change):
        """To train at the end of a run is to make it again."""
        self._resets += bool(change["new"] and self.finished)

    def sweep(self):
        """A run of every size in turn."""
        first, *rest = [n for n in self.SIZES if n < len(self.X)] + [len(self.X)]
        self._resets += 1  # train again also where the first size is the one that is set already
        self.samples, self._sizes_to_come = first, rest
        self.running = True
        self.changed()

    def new_seed(self):
        """Other start weights and other rows; a sweep begins again."""
        sweeping = self._sizes_to_come
        self.seed += 1
        if sweeping:
            self.sweep()

    def clear(self):
        """Forget the finished runs, and those still to come."""
        self._scores, self._finished_curves, self._sizes_to_come = {}, {}, []
        self.changed()

    # -- training -----------------------------------------------------------------------------------------------------

    @property
    def results(self):
        rows = [(n, *scores, seed) for (n, seed), scores in sorted(self._scores.items())]
        return pd.DataFrame(rows, columns=COLUMNS)

    def work(self):
        """One step of training; after the last one of a run its scores, and perhaps the next size."""
        self._catch_up()
        if self.step < self.steps:
            try:
                self._run.advance()
            except BaseException:  # diverged or interrupted: another try begins the run anew
                self._built_for = None
                raise
        if self.step == self.steps:
            rows, sizes_to_come = self._rows[:MOST_VAL], self._sizes_to_come
            if self._run.points[-1][0] < self.steps:
                self._run.add_point()
            points = self._run.points
            scores = self.network.score(*self.network.check_X_y(self.X[rows], self.y[rows]))
            self._scores[len(self._rows), self.seed] = (*scores, *points[-1][3:])
            self._finished_curves[len(self._rows), self.seed] = np.array(points)
            if sizes_to_come:
                self.samples, self._sizes_to_come = sizes_to_come[0], sizes_to_come[1:]
            else:
                self.running = False

    @property
    def step(self):
        return self._run.step

    @property
    def finished(self):
        return self.step == self.steps and self._settings == self._built_for

    @property
    def _settings(self):
        return self.samples, self.seed, self._resets

    def _catch_up(self):
        """Bring network and training in line with the settings; nothing happens if they are already."""
        settings = samples, seed, _ = self._settings
        if settings == self._built_for:
            return
        rng = np.random.default_rng(seed)
        self._rows = rng.permutation(len(self.X))[:samples]  # more rows are these rows and others
        self.network = Network(self.sizes, seed=seed)
        self._run = Run(self.network, self.X_val, self.y_val, rng)
        self._run.train_on(self.X[self._rows], self.y[self._rows], 64, SGD(0.1))
        self._built_for = settings

    # -- the picture --------------------------------------------------------------------------------------------------

    def update(self):
        self._catch_up()
        largest = max((curve[:, 3].max() for curve in self._finished_curves.values()), default=0)
        self._curves.update(self._run, max(largest, self.network.guess_loss()), self.steps)
        for lines, column in zip(self._earlier_curves, (3, 4), strict=True):
            lines.set_segments([curve[:, [0, column]] for curve in self._finished_curves.values()])
        table = self.results.groupby("samples")[["accuracy", "val_accuracy"]].agg(["mean", "min", "max"])
        for line, band, name in zip(self._score_lines, self._bands, ("accuracy", "val_accuracy"), strict=True):
            x, scores = table.index.to_numpy(), table[name]
            line.set_data(x, scores["mean"])
            there, back = np.column_stack([x, scores["min"]]), np.column_stack([x, scores["max"]])[::-1]
            band.set_verts([np.vstack([there, back])] if len(x) else [])
        self._samples_line.set_xdata([self.samples, self.samples])
        parts = [f"{self.samples:,} training rows", f"step {self.step} of {self.steps}"]
        times = f"{self._run.epochs:.0f}"
        parts.append(f"each row seen {times} time{'s' * (times != '1')}")
        if self._run.points:
            _, _, _, loss, accuracy = self._run.points[-1]
            parts.append(f"validation {accuracy:.1%} of {len(self.X_val):,}, loss {loss:.2f}")
        return " &middot; ".join([*parts, f"seed {self.seed}"])

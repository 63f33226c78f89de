"""A browser through the pictures of a data set."""

import html

import ipywidgets
import numpy as np
import traitlets

from nnlib import plots
from nnlib.data.datasets import Dataset
from nnlib.widgets.arguments import dataset_of, whole_number
from nnlib.widgets.controls import button, dropdown, number, switch
from nnlib.widgets.panel import Panel


class DataBrowser(Panel):
    """The pictures of a data set by index and digit, beside the nearest class mean and the distance to each.

    data  a Dataset of pictures, or the name of one

    "Scramble the pixels" moves the pixels of every picture in the same random way.
    Attributes: `index` (the nearest that there is), `digit` ("all" or a class that every part has), `part` ("training",
    or "validation" if there are such rows), `scrambled`. `next_wrong()` goes to the next picture whose nearest mean is
    another class's. `lecture=True` is larger, for the back row.
    """

    label = "A picture of the data set, the mean of its class, the nearest mean, and its distance to each class's mean"
    index = traitlets.Int(0)
    digit = traitlets.Unicode("all")
    part = traitlets.Unicode("training")
    scrambled = traitlets.Bool(False)

    def __init__(self, data: Dataset | str, seed: int = 0, lecture: bool = False) -> None:
        data = dataset_of(data)
        if data.image_shape is None:
            raise ValueError(f"{data.name} holds no pictures; the browser shows data sets with an image_shape")
        self.data = data
        self.order = np.random.default_rng(whole_number("seed", seed, 0)).permutation(data.X_train.shape[1])
        parts = {"training": (data.X_train, data.y_train), "validation": (data.X_val, data.y_val)}
        self._parts = {name: (X, y) for name, (X, y) in parts.items() if len(y)}
        rows = [data.X_train[data.y_train == k] for k in range(len(data.class_names))]
        # A class may have no training rows, and so no mean; digits that can be chosen are in every part.
        self.means = np.stack([X.mean(axis=0) if len(X) else np.full(data.X_train.shape[1], np.nan) for X in rows])
        common = set.intersection(*(set(y) for _, y in self._parts.values()))
        self._digits = ["all", *(data.class_names[k] for k in sorted(common))]
        figure, (left, middle, near, right) = plots.figure(10, 3.1, ncols=4, width_ratios=[1, 1, 1, 1.3])
        figure.get_layout_engine().set(h_pad=0.12)  # inches: the layout gives titles over pictures too little room
        blank = np.zeros(data.image_shape)
        self._image = left.imshow(blank, cmap="gray", vmin=0, vmax=1)
        self._mean = middle.imshow(blank, cmap="gray", vmin=0, vmax=1)
        self._nearest = near.imshow(blank, cmap="gray", vmin=0, vmax=1)
        self._titles = [axes.set_title("label", fontsize=13) for axes in (left, middle, near)]
        for axes in (left, middle, near):
            axes.axis("off")
        self._bars = right.barh(data.class_names, np.ones(len(self.means)), color=plots.COLORS[5])
        farthest = np.nanmax(np.linalg.norm(data.X_train[:1000, None] - self.means, axis=2))
        right.set(xlim=(0, 1.02 * farthest), xlabel="distance to each mean", ylabel="class")
        right.invert_yaxis()

        self._slider = number(self, None, "index", "Which picture of those that are chosen is shown", max=1, whole=True)
        self._choose_rows()
        self.observe(self._choose_rows, ["digit", "part"])
        self._slider.observe(lambda change: setattr(self, "index", int(change["new"])), "value")
        self.observe(lambda change: setattr(self._slider, "value", change["new"]), "index")
        digit = dropdown(self, "digit", "digit", "Show pictures of this class alone", self._digits, "130px")
        part = dropdown(self, "part", "part", "Show training or validation pictures", list(self._parts), "170px")
        what = "Move the pixels of every picture in the same random way"
        scramble = switch(self, "scrambled", "Scramble the pixels", what, "random")
        wrong = button(
            "Next wrong", "forward", self.next_wrong, "Go on to a picture whose nearest mean is another class's"
        )
        artists = [self._image, self._mean, self._nearest, *self._titles, *self._bars]
        row = ipywidgets.HBox([self._slider, digit, part, wrong, scramble])
        super().__init__(figure, artists, [row], lecture, [part])

    def next_wrong(self):
        """Go on to the next picture whose nearest class mean is not its label's; stay if there is none."""
        X, y = self._parts[self.part]
        for index in [*range(self.index + 1, len(self._rows)), *range(self.index + 1)]:
            row = self._rows[index]
            if np.nanargmin(np.linalg.norm(X[row] - self.means, axis=1)) != y[row]:
                self.index = index
                return

    @traitlets.validate("digit", "part")
    def _check_choice(self, proposal):
        name, options = proposal["trait"].name, {"digit": self._digits, "part": self._parts}
        if proposal["value"] not in options[name]:
            raise traitlets.TraitError(f"no {name} {proposal['value']!r}; there are: {', '.join(options[name])}")
        return proposal["value"]

    @traitlets.validate("index")
    def _nearest_index(self, proposal):
        return min(max(proposal["value"], 0), len(self._rows) - 1)

    def _choose_rows(self, _=None):
        """The rows of this part and digit."""
        y = self._parts[self.part][1]
        chosen = np.full(len(y), True) if self.digit == "all" else y == self.data.class_names.index(self.digit)
        self._rows = np.flatnonzero(chosen)
        self._slider.max = self._slider.most = len(self._rows) - 1
        self.index = min(self.index, len(self._rows) - 1)

    def update(self):
        data = self.data
        X, y = self._parts[self.part]
        row = self._rows[self.index]
        order = self.order if self.scrambled else slice(None)
        self._image.set_data(X[row][order].reshape(data.image_shape))
        self._mean.set_data(self.means[y[row]][order].reshape(data.image_shape))
        label = data.class_names[y[row]]
        mean = f"no training picture is {label}" if np.isnan(self.means[y[row]]).any() else f"mean of class {label}"
        distances = np.linalg.norm(X[row][order] - self.means[:, order], axis=1)
        nearest = data.class_names[np.nanargmin(distances)]
        self._nearest.set_data(self.means[np.nanargmin(distances)][order].reshape(data.image_shape))
        for title, text in zip(self._titles, (f"label: {label}", mean, f"nearest: mean of {nearest}"), strict=True):
            title.set(text=text, parse_math=False)  # a name may hold a $
        for bar, distance in zip(self._bars, distances, strict=True):
            bar.set(width=distance, color=plots.COLORS[1] if distance == np.nanmin(distances) else plots.COLORS[5])
        which = "" if self.digit == "all" else f"picture {self.index} of the {self.digit}s, "
        verdict = "right" if nearest == label else "<b>wrong</b>"
        told = html.escape(f"{which}row {row} of the {self.part} data: label {label}, nearest class mean {nearest}")
        return f"{told}, {verdict}"

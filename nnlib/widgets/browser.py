"""A browser through the pictures of a data set."""

import ipywidgets
import numpy as np
import traitlets

from nnlib import plots
from nnlib.widgets.panel import Panel


class DataBrowser(Panel):
    """The pictures of a data set by index and digit, beside their distance to the ten class means.

    "Scramble the pixels" moves the pixels of every picture in the same random way.
    Attributes: `index`, `digit` ("all" or a class name), `part` ("training" or "validation"), `scrambled`.
    """

    index = traitlets.Int(0)
    digit = traitlets.Unicode("all")
    part = traitlets.Unicode("training")
    scrambled = traitlets.Bool(False)

    def __init__(self, data, seed=0):
        if data.image_shape is None:
            raise ValueError(f"{data.name} holds no pictures; the browser shows data sets with an image_shape")
        self.data = data
        self.order = np.random.default_rng(seed).permutation(data.X_train.shape[1])
        self.means = np.stack([data.X_train[data.y_train == k].mean(axis=0) for k in range(len(data.class_names))])
        figure, (left, middle, right) = plots.figure(10, 3.6, ncols=3, width_ratios=[1, 1, 1.3])
        blank = np.zeros(data.image_shape)
        self._image = left.imshow(blank, cmap="gray", vmin=0, vmax=1)
        self._mean = middle.imshow(blank, cmap="gray", vmin=0, vmax=1)
        self._titles = [axes.text(0.5, 1.03, "", ha="center", transform=axes.transAxes) for axes in (left, middle)]
        for axes in (left, middle):
            axes.axis("off")
            axes.set_title(" ")  # room for the titles, which change and so are no part of the layout
        self._bars = right.barh(data.class_names, np.ones(len(self.means)), color=plots.COLORS[5])
        farthest = np.linalg.norm(data.X_train[:1000, None] - self.means, axis=2).max()
        right.set(xlim=(0, 1.02 * farthest), xlabel="distance to the mean of class", ylabel="class")
        right.invert_yaxis()

        slider = ipywidgets.IntSlider(description="index", max=1, layout={"width": "420px"})
        digit = ipywidgets.Dropdown(options=["all", *data.class_names], description="digit", layout={"width": "160px"})
        part = ipywidgets.Dropdown(options=["training", "validation"], description="part", layout={"width": "200px"})
        scramble = ipywidgets.ToggleButton(description="Scramble the pixels", icon="random", layout={"width": "200px"})
        self._slider = slider
        for control, name in ((slider, "index"), (digit, "digit"), (part, "part"), (scramble, "scrambled")):
            traitlets.link((self, name), (control, "value"))
        self.observe(self.changed, ["index", "digit", "part", "scrambled"])
        artists = [self._image, self._mean, *self._titles, *self._bars]
        super().__init__(figure, artists, [ipywidgets.HBox([slider, digit]), ipywidgets.HBox([part, scramble])])

    def update(self):
        data = self.data
        X, y = (data.X_train, data.y_train) if self.part == "training" else (data.X_val, data.y_val)
        rows = np.arange(len(y)) if self.digit == "all" else np.flatnonzero(y == data.class_names.index(self.digit))
        self._slider.max = len(rows) - 1  # takes the index along
        row = rows[self.index]
        order = self.order if self.scrambled else slice(None)
        self._image.set_data(X[row][order].reshape(data.image_shape))
        self._mean.set_data(self.means[y[row]][order].reshape(data.image_shape))
        label = data.class_names[y[row]]
        for title, text in zip(self._titles, (f"label: {label}", f"mean of class {label}"), strict=True):
            title.set_text(text)
        distances = np.linalg.norm(X[row][order] - self.means[:, order], axis=1)
        for bar, distance in zip(self._bars, distances, strict=True):
            bar.set(width=distance, color=plots.COLORS[1] if distance == distances.min() else plots.COLORS[5])
        nearest = data.class_names[distances.argmin()]
        return f"row {row} of the {self.part} data: label {label}, nearest class mean {nearest}"

"""What a playground shows of its training: two curves, and a view that depends on the data.

A view has a `figure`, the `artists` that change, the axes of the two `curves`, and `update(network)`.
"""

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_rgb

from nnlib import plots
from nnlib.plots.style import SIGNED

MOST_UNITS = 40  # whose weights are shown as pictures


class Curves:
    """Loss and accuracy over the steps. The axes grow in jumps, since each change of theirs costs a whole drawing; a
    loss far above that of guessing leaves the picture."""

    def __init__(self, loss, accuracy, validation):
        self.axes, self.lines = (loss, accuracy), []
        loss.figure.get_layout_engine().set(w_pad=0.12)  # inches: room for tick labels that get longer
        for axes, name in ((loss, "loss"), (accuracy, "accuracy")):
            axes.set(ylabel=name)
            count_steps(axes)
            self.lines += axes.plot([], [], linewidth=2, label="training")
            self.lines += axes.plot([], [], "--", linewidth=2, label="validation" if validation else None)
        accuracy.set(ylim=(0, 1.02))
        accuracy.legend(loc="lower right", frameon=False)

    def update(self, points, step, top):
        """`points`: rows of step, loss, accuracy, val_loss, val_accuracy. The loss axis ends between `top` and twice
        that."""
        table = np.array(points).reshape(-1, 5)
        for line, column in zip(self.lines, (1, 3, 2, 4), strict=True):
            line.set_data(table[:, 0], table[:, column])
        for axes in self.axes:
            if axes.get_xlim()[1] != end_of_steps(step):
                axes.set_xlim(0, end_of_steps(step))
        losses = table[:, [1, 3]]
        self.axes[0].set_ylim(0, round_up(min(losses.max(where=np.isfinite(losses), initial=top), 2 * top)))


def count_steps(axes):
    """The axis of the steps: 5000, but 10k, so that the numbers stay apart."""
    axes.set_xlabel("step")
    axes.xaxis.set_major_formatter(lambda x, _: f"{x / 1000:g}k" if x and axes.get_xlim()[1] >= 10_000 else f"{x:g}")


def end_of_steps(step):
    """Where the axis of the steps ends: 100, 200, 500, 1000 and so on, few changes."""
    return round_up(max(step, 100), (1, 2, 5, 10))


def round_up(value, digits=(1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)):
    """The next round number: one of `digits` times a power of ten."""
    power = 10.0 ** np.floor(np.log10(value))
    return next(k * power for k in digits if k * power >= 0.999 * value)


def view_of(panel):
    """The view that suits the panel's data."""
    if panel.X.shape[1] == 2:
        return Plane(panel)
    return Pictures(panel) if panel.image_shape else CurvesAlone()


class CurvesAlone:
    """Nothing but the curves, for rows that are neither points in the plane nor pictures."""

    def __init__(self):
        self.figure, self.curves = plots.figure(10, 3.8, ncols=2)
        self.artists = []

    def update(self, network):
        pass


class Plane:
    """What the network says of every point of the plane: the classes' colours, mixed by their probabilities."""

    def __init__(self, panel):
        X, y = panel.X, panel.y
        self.figure, (axes, *self.curves) = plots.figure(10, 3.4, ncols=3)
        (left, bottom), (right, top) = X.min(axis=0) - 0.3, X.max(axis=0) + 0.3
        grid = np.meshgrid(np.linspace(left, right, 100), np.linspace(bottom, top, 100))
        self.grid = np.stack(grid, axis=-1).reshape(-1, 2)
        self.colors = np.array([to_rgb(plots.COLORS[k % len(plots.COLORS)]) for k in range(len(panel.class_names))])
        extent = (left, right, bottom, top)
        self.image = axes.imshow(np.ones((100, 100, 3)), origin="lower", extent=extent, aspect="auto")
        points = [
            axes.scatter(*X[y == k].T, s=16, color=color, edgecolor="white", linewidth=0.5, marker="os^Dv"[k % 5])
            for k, color in enumerate(self.colors)
        ]
        axes.set(xlabel="$x_1$", ylabel="$x_2$")
        axes.grid(False)
        self.artists = [self.image, *points]

    def update(self, network):
        mixed = network.predict_proba(self.grid) @ self.colors
        self.image.set_data((0.5 + 0.5 * mixed).reshape(100, 100, 3))


class Pictures:
    """The weights into the first layer's units as pictures, and what the network says of ten validation pictures."""

    def __init__(self, panel):
        self.image_shape, self.class_names = panel.image_shape, panel.class_names
        self.X, self.y = (panel.X_val[:10], panel.y_val[:10]) if len(panel.X_val) else (panel.X[:10], panel.y[:10])
        self.figure, axes = plots.figure(10, 4.8, nrows=2, ncols=2, width_ratios=[1, 1.7], height_ratios=[1.6, 1])
        self.curves = axes[:, 0]
        self.above, below = axes[:, 1]
        self.above.set_anchor("N")  # the title stays where it is when there are more rows of pictures
        self.title = self.above.set_title("weights", fontsize=12)
        below.set_title(
            f"what the network says of {'validation' if len(panel.X_val) else 'training'} pictures", fontsize=12
        )
        for ax in (self.above, below):
            ax.axis("off")
        self.weights = self.above.imshow(np.zeros((2, 2, 4), np.uint8), interpolation="nearest")
        height, width = self.image_shape
        below.imshow(plots.tile(self.X, self.image_shape, columns=len(self.X)), cmap="gray", vmin=0)
        below.set_ylim(1.9 * height, -1)
        self.labels = [
            below.text((k + 0.5) * (width + 1), 1.1 * height, "", ha="center", va="top", fontsize=12)
            for k in range(len(self.X))
        ]
        self.artists = [self.title, *self.labels, self.weights]  # what changes more often comes later

    def update(self, network):
        units = len(network.weights[0].T)
        W = network.weights[0].T[:MOST_UNITS]
        which = "the first layer" if units <= MOST_UNITS else f"the first {MOST_UNITS} of {units} units"
        self.title.set_text(f"weights into {which} (red +, blue -)")
        columns = 5 if len(W) <= 10 else 10
        tiles = plots.tile(W / (np.abs(W).max() or 1), self.image_shape, columns)
        if tiles.shape != self.weights.get_array().shape[:2]:
            height, width = tiles.shape
            self.weights.set_extent((0, width, height, 0))
            self.above.set(xlim=(0, width), ylim=(height, 0))
        # Four times as fast as to leave the colours to imshow, which would find them for every pixel of the screen.
        self.weights.set_data(colormaps[SIGNED](0.5 + 0.5 * tiles, bytes=True))
        for label, said, is_ in zip(self.labels, network.predict(self.X), self.y, strict=True):
            right = said == is_
            text = self.class_names[said] if right else f"{self.class_names[said]}\nis {self.class_names[is_]}"
            if text != label.get_text():
                label.set(text=text, color=plots.RIGHT if right else plots.WRONG)

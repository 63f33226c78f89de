"""What a playground shows of its training: two curves, and a view that depends on the data.

A view has a `figure`, the `artists` that change, the axes of the two `curves`, those that are `clickable`,
`update(panel)` and `pointed(panel, axes, x, y)`.
"""

import contourpy
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.lines import Line2D

from nnlib import plots
from nnlib.layers import Activation
from nnlib.plots.style import empty_figure, styled

MOST_UNITS = 40  # whose weights are shown as pictures


class Curves:
    """Loss and accuracy over the steps, and in grey those of the run before. The axes grow in jumps, since each change
    of theirs costs a whole drawing; a loss far above that of guessing is marked at the edge of the picture."""

    def __init__(self, loss, accuracy, validation, earlier="last run"):
        self.axes, self.lines, self.validation = (loss, accuracy), [], validation
        loss.figure.get_layout_engine().set(w_pad=0.12)  # inches: room for tick labels that get longer
        for axes, name in ((loss, "loss"), (accuracy, "accuracy")):
            axes.set(ylabel=name)
            count_steps(axes)
            self.lines += axes.plot([], [], ":", color="0.55", linewidth=2, label="last run")
            self.lines += axes.plot([], [], color=plots.COLORS[0], linewidth=2, label="training")
            self.lines += axes.plot([], [], "--", color=plots.COLORS[1], linewidth=2, label="validation")
        accuracy.set(ylim=(0, 1.02))
        self.lines += loss.plot([], [], "^", color=plots.COLORS[1], markersize=9, clip_on=False, in_layout=False)
        if loss.get_position().x0 == accuracy.get_position().x0:  # one above the other
            loss.set(xlabel="")
        shown = [1, *([2] if validation else []), *([0] if earlier else [])]
        legend_above(loss, [self.lines[k] for k in shown])
        self.diverged = loss.text(0.97, 0.9, "", transform=loss.transAxes, ha="right", va="top", fontsize=12)
        self.artists = [*self.lines, self.diverged]

    def update(self, run, top, steps=None, earlier=None):
        """`run`: a Run; the axes go to `steps`, if it is known how many there will be. The loss axis ends between `top`
        and twice that. `earlier`: the curve of the run before."""
        table, earlier = run.curve(), np.empty((0, 5)) if earlier is None else earlier
        for axes, lines, column in zip(self.axes, (self.lines[:3], self.lines[3:6]), (1, 2), strict=True):
            put(lines[0], earlier[:, 0], earlier[:, column + 2 * self.validation])
            put(lines[1], table[:, 0], table[:, column])
            judged = np.isfinite(table[:, column + 2])
            put(lines[2], table[judged, 0], table[judged, column + 2])
            last = max(steps or 0, run.step, run.diverged or 0, *earlier[-1:, 0])
            if axes.get_xlim()[1] != end_of_steps(last):
                axes.set_xlim(0, end_of_steps(last))
        losses = table[:, [1, 3]]
        end = round_up(min(losses.max(where=np.isfinite(losses), initial=top), 2 * top))
        self.axes[0].set_ylim(0, end)
        outside = [*table[np.nanmax(losses, axis=1, initial=0) > end, 0], *([run.diverged] if run.diverged else [])]
        put(self.lines[6], outside, [end] * len(outside))
        self.diverged.set_text(f"diverged at step {run.diverged:,}" if run.diverged else "")


def put(line, x, y):
    """Other points for a line; what shows them already is not drawn anew."""
    if not (np.array_equal(line.get_xdata(), x) and np.array_equal(line.get_ydata(), y)):
        line.set_data(x, y)


def legend_above(axes, handles=None, labels=None, side="left"):
    """A legend in one row above the axes, never on their curves; it may go on beyond the other side."""
    handles, given = (handles, [line.get_label() for line in handles]) if handles else axes.get_legend_handles_labels()
    corner = float(side == "right"), 1.0
    legend = axes.legend(handles, labels or given, loc=f"lower {side}", bbox_to_anchor=corner, ncols=4, fontsize=11,
                         frameon=False, borderaxespad=0.1, columnspacing=1, handletextpad=0.4,
                         handlelength=1.5)  # fmt: skip
    legend.set_in_layout(False)  # it may be wider than the axes; an empty title keeps its row free
    axes.set_title(" ", fontsize=13)


def count_steps(axes):
    """The axis of the steps: 5000, but 10k, so that the numbers stay apart."""
    axes.set_xlabel("step")
    axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x / 1000:g}k" if x and axes.get_xlim()[1] >= 10_000 else f"{x:g}")


def end_of_steps(step):
    """Where the axis of the steps ends: 100, 200, 500, 1000 and so on, few changes."""
    return round_up(max(step, 100), (1, 2, 5, 10))


def round_up(value, digits=(1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)):
    """The next round number: one of `digits` times a power of ten."""
    power = 10.0 ** np.floor(np.log10(value))
    return next(k * power for k in digits if k * power >= 0.999 * value)


def signed(values):
    """Numbers between -1 and 1 as RGBA: blue below 0, red above, nothing at 0, whatever the paper is."""
    return _SIGNED[np.rint(127.5 + 127.5 * np.nan_to_num(values).clip(-1, 1)).astype(np.uint8)]


_SIGNED = np.zeros((256, 4), np.uint8)
_SIGNED[:128, :3], _SIGNED[128:, :3] = (0x1C, 0x6D, 0xC0), (0xD0, 0x35, 0x20)
_SIGNED[:, 3] = 255 * np.abs(np.linspace(-1, 1, 256)) ** 0.8
FADING = ListedColormap(_SIGNED / 255)  # the same, as a colour map


def view_of(panel):
    """The view that suits the panel's data."""
    if panel.X.shape[1] == 2:
        return Plane(panel)
    return Pictures(panel) if panel.image_shape else CurvesAlone()


class CurvesAlone:
    """Nothing but the curves, for rows that are neither points in the plane nor pictures."""

    clickable, artists = None, ()

    def __init__(self):
        self.figure, self.curves = plots.figure(10, 3.4, ncols=2)

    def update(self, panel):
        pass

    def pointed(self, panel, axes, x, y):
        """What is at x, y of these axes, in words."""


class Plane:
    """What the network says of every point of the plane: the classes' colours, mixed by their probabilities, and a line
    where two are even. Beside it, what each unit of the first hidden layer says."""

    def __init__(self, panel):
        layout = [["plane", "units", "loss"], ["plane", "units", "accuracy"]]
        self.figure, axes = mosaic(10, 3.7, layout, [1.5, 0.9, 1.1])
        self.clickable, self.units, *self.curves = axes.values()
        classes = range(max(3, len(panel.class_names)))
        self.colors = np.array([to_rgb(plots.COLORS[k % len(plots.COLORS)]) for k in classes])
        self.image = self.clickable.imshow(np.ones((100, 100, 4)), origin="lower")
        self.points = [
            self.clickable.scatter([], [], s=26, color=color, edgecolor="white", linewidth=0.6, marker="os^Dv"[k % 5])
            for k, color in enumerate(self.colors)
        ]
        self.line = LineCollection([], colors="black", linewidths=1.8)
        self.clickable.add_collection(self.line)
        self.clickable.set(xlabel="$x_1$", ylabel="$x_2$")
        self.clickable.grid(False)
        keys = [*self.points[: len(panel.class_names)], Line2D([], [], color="black", linewidth=1.8)]
        names = [*(f"class {name}" for name in panel.class_names), "even"]
        legend_above(self.clickable, keys[-4:], names[-4:])
        self.units.axis("off")
        self.title = self.units.set_title("", fontsize=12)
        self.maps = self.units.imshow(np.zeros((2, 2, 4), np.uint8))
        self.artists = [self.image, self.line, *self.points, self.title, self.maps]
        self.X = None

    def _look_at(self, panel):
        """Other rows: the part of the plane that is shown, and the points."""
        self.X, (left, bottom), (right, top) = panel.X, panel.X.min(axis=0) - 0.3, panel.X.max(axis=0) + 0.3
        x, y = np.linspace(left, right, 100), np.linspace(bottom, top, 100)
        self.axis, self.grid = (x, y), np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype(np.float32)
        self.image.set_extent((left, right, bottom, top))
        self.clickable.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
        for k, points in enumerate(self.points):
            points.set_offsets(panel.X[panel.y == k])

    def update(self, panel):
        if self.X is not panel.X:
            self._look_at(panel)
        network, K = panel.network, len(panel.class_names)
        p = np.nan_to_num(network.output.forward(network.logits(self.grid)))  # also where a training diverges
        faint = np.full((len(p), 1), 0.5)
        self.image.set_data(np.hstack([p @ self.colors[:K], faint]).clip(0, 1).reshape(100, 100, 4))
        lines = []
        for k in range(K if K > 2 else 1):
            lead = (p[:, k] - np.delete(p, k, axis=1).max(axis=1)).reshape(100, 100)
            lines += contourpy.contour_generator(*self.axis, lead).lines(0)
        self.line.set_segments(lines)
        self._show_units(network, len(panel.hidden))

    def _show_units(self, network, hidden):
        """The first hidden layer's values over the plane, of up to 12 units."""
        A, side = self.grid.reshape(100, 100, 2)[::-3, ::3].reshape(-1, 2), 34
        for layer in network.layers if hidden else ():
            A = layer.forward(A)
            if isinstance(layer, Activation):
                break
        units = A.T[:12] if hidden else np.zeros((1, side**2))
        units = units / (np.abs(units).max(axis=1, keepdims=True) + 1e-9)
        self.title.set_text(f"{len(units)} hidden units\n(red +, blue -)" if hidden else "no hidden unit")
        show_tiles(self.maps, signed(plots.tile(units, (side, side), 2 if len(units) <= 6 else 3)))

    def pointed(self, panel, axes, x, y):
        if axes is not self.clickable:
            return None
        p = panel.network.predict_proba(np.array([[x, y]], np.float32))[0]
        return ", ".join(f"class {name}: {100 * share:.0f} %" for name, share in zip(panel.class_names, p))


class Pictures:
    """The weights into the first layer's units as pictures, and what the network says of ten validation pictures."""

    clickable = None

    def __init__(self, panel):
        self.image_shape, self.class_names = panel.image_shape, panel.class_names
        self.X, self.y = (panel.X_val[:10], panel.y_val[:10]) if len(panel.X_val) else (panel.X[:10], panel.y[:10])
        layout = [*2 * [["loss", "above"]], ["loss", "above"], ["accuracy", "above"], *2 * [["accuracy", "below"]]]
        self.figure, axes = mosaic(10, 4, layout, [1, 1.55])
        self.figure.get_layout_engine().set(h_pad=0.01)  # inches, six times; matplotlib 3.10 collapses at 0.04
        self.curves = axes["loss"], axes["accuracy"]
        self.above, below = axes["above"], axes["below"]
        self.title = self.above.set_title("weights", fontsize=12)
        which = "validation" if len(panel.X_val) else "training"
        below.set_title(f"what the network says of {which} pictures", fontsize=12)
        for ax in (self.above, below):
            ax.axis("off")
        self.weights = self.above.imshow(np.zeros((2, 2, 4), np.uint8), interpolation="nearest")
        height, width = self.image_shape
        below.imshow(plots.tile(self.X, self.image_shape, columns=len(self.X)), cmap="gray", vmin=0)
        below.set_ylim(2.05 * height, -1)
        self.labels = [
            below.text((k + 0.5) * (width + 1), 1.1 * height, "", ha="center", va="top", fontsize=12)
            for k in range(len(self.X))
        ]
        self.names = [self.above.text(0, 0, "", va="top", fontsize=12) for _ in self.class_names]
        # What changes more often comes later.
        self.artists = [self.title, *self.labels, self.weights, *self.names]

    def update(self, panel):
        network = panel.network
        units, names = len(network.weights[0].T), self.class_names if not panel.hidden else ()
        self.W = network.weights[0].T[:MOST_UNITS]
        which = "the first layer" if units <= MOST_UNITS else f"the first {MOST_UNITS} of {units} units"
        self.title.set_text(f"weights into {'each class' if names else which} (red +, blue -)")
        self.columns = int(np.ceil(np.sqrt(2.1 * len(self.W))))
        tiles = plots.tile(self.W / (np.abs(self.W).max() or 1), self.image_shape, self.columns)
        show_tiles(self.weights, signed(tiles))
        height, width = self.image_shape
        for k, text in enumerate(self.names):
            if bool(text.get_text()) != bool(names):
                row, column = divmod(k, self.columns)
                text.set(text=names[k] if names else "", x=column * (width + 1), y=row * (height + 1))
        for label, said, is_ in zip(
            self.labels, network.decide(network.logits(self.X), threshold=0), self.y, strict=True
        ):
            right = said == is_
            text = self.class_names[said] if right else f"{self.class_names[said]}\nis {self.class_names[is_]}"
            if text != label.get_text():
                label.set(text=text, color=plots.RIGHT if right else plots.WRONG)

    def pointed(self, panel, axes, x, y):
        if axes is not self.above:
            return None
        height, width = self.image_shape
        (row, i), (column, j) = divmod(int(y), height + 1), divmod(int(x), width + 1)
        unit = row * self.columns + column
        if unit >= len(self.W) or i >= height or j >= width or min(x, y) < 0:
            return None
        return f"unit {unit}, pixel ({i}, {j}): weight {self.W[unit, i * width + j]:+.3f}"


@styled
def mosaic(width, height, layout, width_ratios):
    """A Figure of the module's style and its axes by name, where some span several rows."""
    figure = empty_figure(width, height)
    return figure, figure.subplot_mosaic(layout, width_ratios=width_ratios)


def show_tiles(image, tiles):
    """Other tiles, perhaps more of them."""
    if tiles.shape != image.get_array().shape:
        height, width = tiles.shape[:2]
        image.set_extent((0, width, height, 0))
        image.axes.set(xlim=(0, width), ylim=(height, 0))
    image.set_data(tiles)

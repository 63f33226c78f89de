"""Set the nine numbers of a kernel, and see what it makes of a digit; below, what a network's own kernels make."""

import ipywidgets
import numpy as np
import traitlets
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from nnlib import plots
from nnlib.convolution import Conv2D
from nnlib.network import Network
from nnlib.plots.pictures import heat
from nnlib.plots.style import empty_figure
from nnlib.widgets.arguments import Number
from nnlib.widgets.controls import dropdown, number, switch
from nnlib.widgets.panel import Panel
from nnlib.widgets.views import FADING

OWN = "my own"
KERNELS = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "blur": np.full((3, 3), 1 / 9),
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "edge, left": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],  # Sobel's
    "edge, top": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
}
PLACES = [(i, j) for i in range(3) for j in range(3)]
NAMES = {f"w{i}{j}": (i, j) for i, j in PLACES}
MOST = 8  # kernels of the network that are shown


class KernelPad(Panel):
    """A kernel of 3x3 numbers, the map that it makes of a digit, and the first kernels of a network with their maps.

    X         one digit (28, 28) or (784,), or several, (n, 784), of which a control takes one; 0 paper, 1 ink
    network   a Network that begins with a Conv2D of one channel; without one, only your own kernel is shown
    kernel    one of `KERNELS`, or nine numbers (3, 3) from -5 to 5

    Attributes, to be read and set at any time: `w00` to `w22` (row, column), `kernel` (3, 3), `preset` (the name of the
    kernel, "my own" where it has none), `index` (which digit), `row` and `column` (the place of the map whose sum the
    text shows; a click on the map sets them), `relu` (what is below 0 becomes 0). `map` (26, 26) is the kernel's,
    `learned_maps` (k, h, w) are the network's, at most eight. `lecture=True` is larger, for the back row.
    """

    label = "A digit, a kernel of three by three numbers, the map it makes, and a network's own kernels with their maps"
    index, row, column = traitlets.Int(0, min=0), traitlets.Int(10, min=0, max=25), traitlets.Int(12, min=0, max=25)
    relu = traitlets.Bool(False)
    preset = traitlets.Enum([*KERNELS, OWN])
    w00, w01, w02, w10, w11, w12, w20, w21, w22 = (Number(0, min=-5, max=5) for _ in PLACES)
    untold = tuple(NAMES) + ("preset",)  # `kernel` tells it

    def __init__(self, X: ArrayLike, network: Network | None = None, kernel: str | ArrayLike = "edge, left",
                 lecture: bool = False) -> None:  # fmt: skip
        shape = np.shape(X)
        if 0 in shape or (shape not in ((28, 28), (784,)) and shape[1:] != (784,)):
            raise ValueError(
                f"X is a {type(X).__name__} of shape {shape}; expected a digit (28, 28) or (784,), or several (n, 784)"
            )
        first = network.layers[0] if network else None
        if network and not (isinstance(first, Conv2D) and first.channels_in == 1):
            raise ValueError(f"the network begins with {first!r}; expected Conv2D(1, ...), whose kernels can be shown")
        self.X, self._first = np.ascontiguousarray(X, np.float32).reshape(-1, 784), first
        self.kernel = kernel
        figure = empty_figure(10, 4.6 if first else 3.3)
        rows = figure.add_gridspec(3 if first else 1, 1, height_ratios=[3, 0.8, 1] if first else [1])
        self._draw_own(figure, rows[0].subgridspec(1, 3))
        self._learned = self._draw_learned(figure, rows) if first else []
        self.observe(self._take_preset, "preset")
        self.observe(self._name_kernel, [*NAMES])
        artists = [self._digit, self._table, *self._numbers, self._map, self._patch, self._place, *self._learned]
        super().__init__(figure, artists, *self._controls(lecture))

    def _draw_own(self, figure, grid):
        left, middle, right = self._axes = [figure.add_subplot(part) for part in grid]
        self._digit = left.imshow(np.zeros((28, 28)), cmap="gray", vmin=0, vmax=1)
        self._table = heat(middle, np.zeros((3, 3)), 1, aspect="equal")
        self._table.set_cmap(FADING)
        self._numbers = [middle.text(j, i, "", ha="center", va="center", fontsize=15) for i, j in PLACES]
        self._map = right.imshow(np.zeros((26, 26)), cmap=FADING)
        frame = {"fill": False, "edgecolor": plots.COLORS[4], "linewidth": 3}
        self._patch = left.add_patch(Rectangle((0, 0), 3, 3, **frame))
        self._place = right.add_patch(Rectangle((0, 0), 1, 1, **frame))
        for axes, title in zip(self._axes, ("the digit, 28×28", "the kernel, 3×3", "its map, 26×26"), strict=True):
            axes.set(title=title, xticks=[], yticks=[])
            axes.grid(False)

    def _draw_learned(self, figure, rows):
        """The network's kernels stand still; their maps are returned."""
        W = self._first.W[:MOST, 0]  # (k, size, size)
        above, below = rows[1].subgridspec(1, MOST), rows[2].subgridspec(1, MOST)
        shape, maps = self._first.output_shape((1, 28, 28))[1:], []
        for k, kernel in enumerate(W):
            heat(figure.add_subplot(above[k]), kernel, np.abs(W).max(), aspect="equal").set_cmap(FADING)
            axes = figure.add_subplot(below[k], xticks=[], yticks=[])
            axes.grid(False)
            maps.append(axes.imshow(np.zeros(shape), cmap=FADING))
        figure.axes[3].set_title("learned:", loc="left")
        return maps

    def _controls(self, lecture):
        """The rows of controls, `lecture`, and those that a lecture does without."""
        words = "Weight of the pixel in row {} and column {} of the patch"
        cells = [number(self, name, f"row {i}, col {j}", words.format(i, j), min=-5, max=5, step=0.1)
                for name, (i, j) in NAMES.items()]  # fmt: skip
        named = dropdown(self, "preset", "kernel", "A kernel that has a name", [*KERNELS, OWN])
        relu = switch(
            self, "relu", "ReLU", "Set to 0 what is below 0, as the next layer of a network gets it", "level-up"
        )
        place = [number(self, name, f"map's {name}", f"The {name} of the place that is looked at", max=25, whole=True)
                 for name in ("row", "column")]  # fmt: skip
        more = []
        if len(self.X) > 1:
            more = [number(self, "index", "digit", "Which digit is shown", max=len(self.X) - 1, whole=True)]
        rows = [ipywidgets.HBox(cells[start : start + 3]) for start in (0, 3, 6)]
        return [ipywidgets.HBox([named, relu, *more, *place]), *rows], lecture, place

    @property
    def kernel(self):
        return np.array([getattr(self, name) for name in NAMES]).reshape(3, 3)

    @kernel.setter
    def kernel(self, kernel):
        if isinstance(kernel, str) and kernel not in KERNELS:
            raise ValueError(f"unknown kernel {kernel!r}; known: {', '.join(KERNELS)}")
        values = np.asarray(KERNELS[kernel] if isinstance(kernel, str) else kernel, float)
        if values.shape != (3, 3):
            raise ValueError(f"kernel has the shape {values.shape}; expected nine numbers, (3, 3)")
        with self.hold_trait_notifications():
            for name, value in zip(NAMES, values.ravel(), strict=True):
                setattr(self, name, value)
        self._name_kernel()

    def _name_kernel(self, _=None):
        named = (name for name, kernel in KERNELS.items() if np.allclose(self.kernel, kernel))
        self.preset = next(named, OWN)

    def _take_preset(self, change):
        if change["new"] != OWN and not np.allclose(self.kernel, KERNELS[change["new"]]):
            self.kernel = change["new"]

    @traitlets.validate("index")
    def _check_index(self, proposal):
        if proposal["value"] >= len(self.X):
            raise traitlets.TraitError(f"index is {proposal['value']}; there are {len(self.X)} digits, 0 is the first")
        return proposal["value"]

    def arguments(self):
        return {"kernel": self.kernel.tolist() if self.preset == OWN else self.preset}

    def pointed(self, axes, x, y, clicked):
        i, j = round(y), round(x)
        if axes is self._axes[2] and 0 <= i < 26 and 0 <= j < 26:
            if clicked:
                self.row, self.column = i, j
            return f"row {i}, column {j}: {self.map[i, j]:.2f}"

    @property
    def map(self):
        return self._bend(np.tensordot(np.lib.stride_tricks.sliding_window_view(self._pixels, (3, 3)), self.kernel))

    @property
    def learned_maps(self):
        return self._bend(self._first.forward(self._pixels[None, None])[0, :MOST])

    @property
    def _pixels(self):
        return self.X[self.index].reshape(28, 28)

    def _bend(self, Z):
        return np.maximum(Z, 0) if self.relu else Z

    def update(self):
        kernel, made = self.kernel, self.map
        self._digit.set_data(self._pixels)
        self._table.set_data(kernel)
        limit = np.abs(kernel).max() or 1
        self._table.set_clim(-limit, limit)
        for text, value in zip(self._numbers, kernel.ravel(), strict=True):
            text.set_text(f"{value:.3g}".replace("-", "−"))
            text.set_color("#FFFFFE" if abs(value) > 0.6 * limit else "black")  # white in a dark page, too
        _show_signed(self._map, made)
        for picture, learned in zip(self._learned, self.learned_maps if self._learned else [], strict=True):
            _show_signed(picture, learned)
        self._patch.set_xy((self.column - 0.5, self.row - 0.5))
        self._place.set_xy((self.column - 0.5, self.row - 0.5))
        return self._report(kernel)

    def _report(self, kernel):
        """The sum at the place that is looked at, written out."""
        patch = self._pixels[self.row : self.row + 3, self.column : self.column + 3]
        used = [f"({w:.3g})&middot;{x:.2f}" for w, x in zip(kernel.ravel(), patch.ravel(), strict=True) if w and x]
        total = self.map[self.row, self.column]
        terms = " + ".join(used) or "0"
        bent = ", after ReLU" if self.relu else ""
        where = f"Row {self.row}, column {self.column} of the map"
        return f"{where}: {terms} &asymp; <b>{total:.2f}</b>{bent}".replace("-", "&minus;")


def _show_signed(picture, Z):
    """Blue below 0, white 0, red above, full colour at the largest."""
    limit = np.abs(Z).max() or 1
    picture.set_data(Z)
    picture.set_clim(-limit, limit)

"""Move a digit, and see what networks make of it."""

import html

import ipywidgets
import numpy as np
import traitlets
from numpy.typing import ArrayLike

from nnlib import images, plots
from nnlib.network import Network
from nnlib.widgets.answers import Bars, percent, reader_of
from nnlib.widgets.arguments import Number
from nnlib.widgets.controls import button, number
from nnlib.widgets.panel import Panel

AT_REST = {"shift_x": 0, "shift_y": 0, "rotation": 0, "thickness": 0.0, "scale": 1.0}
CONTROLS = {  # name: description, what it does, ends, step
    "shift_x": ("shift right", "Move the digit right by so many pixels", -10, 10, 1),
    "shift_y": ("shift down", "Move the digit down by so many pixels", -10, 10, 1),
    "rotation": ("rotation", "Turn the digit anticlockwise by so many degrees", -180, 180, 5),
    "thickness": ("thickness", "Add so many pixels to the width of the pen", -2, 4, 0.25),
    "scale": ("scale", "Make the digit so many times as large", 0.4, 1.6, 0.05),
}
POINTS = 25  # of the curve along one of them


class Transform(Panel):
    """Shift, turn, thicken and scale a digit, with what one or more networks say of it.

    X         one digit (28, 28) or (784,), or several, (n, 784), of which a slider takes one; 0 paper, 1 ink
    y         its label, or theirs (n,); None if it is not known
    networks  a Network, or a dict of names and Networks; unless given, the one that ships with the package

    Attributes, to be read and set at any time: `index` (which digit), `shift_x`, `shift_y` (pixels, right and down),
    `rotation` (degrees, anticlockwise), `thickness` (pixels added to the pen), `scale`. `moved` (28, 28) is the digit
    as the networks see it, `answers` a dict of name and class, `probabilities` one of name and row (K,). `along` is
    what was moved last: a curve shows the probability of the label (or of what was read at rest) over it.
    `lecture=True` is larger, for the back row.
    """

    label = "The digit, the digit moved, how probable each digit is, and how that changes with what was moved last"
    index = traitlets.Int(0, min=0)
    shift_x = traitlets.Int(0, min=-10, max=10)
    shift_y = traitlets.Int(0, min=-10, max=10)
    rotation = traitlets.Int(0, min=-180, max=180)
    thickness = Number(0, min=-2, max=4)
    scale = Number(1, min=0.4, max=1.6)
    along = traitlets.Enum(list(AT_REST), "rotation")

    def __init__(self, X: ArrayLike, y: ArrayLike | None = None, networks: Network | dict[str, Network] | None = None,
                 lecture: bool = False) -> None:  # fmt: skip
        shape = np.shape(X)
        if shape not in ((28, 28), (784,)) and shape[1:] not in ((784,), (28, 28)):
            raise ValueError(
                f"X is a {type(X).__name__} of shape {shape}; expected a digit (28, 28) or (784,), or several (n, 784)"
            )
        self.X = np.ascontiguousarray(X, np.float32).reshape(-1, 784)
        self.y = None if y is None else np.asarray(y).reshape(-1)
        if len(self.X) == 0 or (self.y is not None and len(self.y) != len(self.X)):
            raise ValueError(f"{len(self.X)} digits and {np.size(y)} labels given; expected one label per digit")
        if not -1e-3 <= self.X.min() <= self.X.max() <= 1.001:  # so that rounding passes, and NaN fails
            raise ValueError(
                f"X goes from {self.X.min():g} to {self.X.max():g}; expected pixels from 0, paper, to 1, ink. "
                "Divide pixels from 0 to 255 by 255"
            )
        networks = networks if isinstance(networks, dict) else {"": networks}
        if not 1 <= len(networks) <= len(plots.COLORS):
            raise ValueError(f"{len(networks)} networks given; expected at least one, at most {len(plots.COLORS)}")
        self.networks = {name: reader_of(net) for name, net in networks.items()}
        if len({net.sizes[-1] for net in self.networks.values()}) != 1:
            raise ValueError("the networks differ in their number of classes; expected the same")
        K = next(iter(self.networks.values())).sizes[-1]
        self.names = [str(k) for k in range(K)]
        if self.y is not None:
            wrong = self.y[~np.isin(self.y, np.arange(K))]
            if len(wrong):
                raise ValueError(f"y holds {wrong[0]}; expected labels, whole numbers from 0 to {K - 1}")
            self.y = self.y.astype(int)

        figure, (before, after, right, self._over) = plots.figure(11, 3.1, ncols=4, width_ratios=[0.9, 0.9, 1.8, 1.3])
        figure.get_layout_engine().set(rect=(0, 0, 0.985, 1))  # laid out once: room for other numbers at the last tick
        self._pictures = []
        for axes, title in ((before, "the digit"), (after, "moved")):
            axes.set(title=title, xticks=[], yticks=[])
            axes.grid(False)
            self._pictures.append(axes.imshow(np.zeros((28, 28)), cmap="gray", vmin=0, vmax=1))
        self._bars = Bars(right, self.names, list(self.networks))

        self._over.set(ylim=(0, 1.05), yticks=[0, 0.5, 1])
        self._curves = [self._over.plot([], [], color=color)[0] for color, _ in zip(plots.COLORS, self.networks)]
        self._here = self._over.axvline(0, color="black", linewidth=1.2, linestyle=":")
        self._title, self._curve_of = self._over.set_title(" ", fontsize=13), None

        self.controls = {
            name: number(
                self, name, text, what, min=low, max=high, step=step, whole=name in ("shift_x", "shift_y", "rotation")
            )
            for name, (text, what, low, high, step) in CONTROLS.items()
        }
        if len(self.X) > 1:
            which = number(self, "index", "digit", "Which digit is shown", max=len(self.X) - 1, whole=True)
            self.controls = {"index": which, **self.controls}
        self.rest_button = button("Put back", "undo", self.rest, "Show the digit as it was")
        row = ipywidgets.HBox([*self.controls.values(), self.rest_button])
        artists = [*self._pictures, *self._bars.artists, *self._curves, self._here, self._title]
        super().__init__(figure, artists, [row], lecture)
        self.observe(lambda change: setattr(self, "along", change["name"]), list(AT_REST))

    def rest(self):
        """The digit as it was."""
        with self.hold_trait_notifications():
            for name, value in AT_REST.items():
                setattr(self, name, value)

    @traitlets.validate("index")
    def _check_index(self, proposal):
        if proposal["value"] >= len(self.X):
            raise traitlets.TraitError(f"index is {proposal['value']}; there are {len(self.X)} digits, 0 is the first")
        return proposal["value"]

    @property
    def moved(self):
        return self._moved(**{name: getattr(self, name) for name in AT_REST})

    def _moved(self, shift_x, shift_y, rotation, thickness, scale):
        digit = self.X[self.index].reshape(28, 28)
        if thickness:
            digit = images.thicken(digit, thickness)
        return images.warp(digit[None], (shift_x, shift_y), rotation, scale)[0]

    def _draw_curve(self):
        """The probability of the right class over what was moved last, all else as it is."""
        now = {name: getattr(self, name) for name in AT_REST}
        text, _, low, high, _ = CONTROLS[self.along]
        others = (self.index, self.along, *(value for name, value in now.items() if name != self.along))
        if others != self._curve_of:
            x = np.linspace(low, high, POINTS)
            rows = np.array([self._moved(**{**now, self.along: value}) for value in x]).reshape(-1, 784)
            rest = self.X[self.index][None]
            for curve, net in zip(self._curves, self.networks.values(), strict=True):
                k = int(self.y[self.index] if self.y is not None else net.predict(rest)[0])
                curve.set_data(x, net.predict_proba(rows)[:, k])
            self._over.set_xlim(low, high)
            self._title.set_text(f"p({self.names[k] if self.y is not None else 'answer at rest'}) over {text}")
            self._curve_of = others
        self._here.set_xdata([now[self.along]] * 2)

    @property
    def answers(self):
        return {name: int(p.argmax()) for name, p in self.probabilities.items()}

    def update(self):
        moved = self.moved
        row = moved.reshape(1, 784)
        self.probabilities = {name: net.predict_proba(row)[0] for name, net in self.networks.items()}
        for picture, digit in zip(self._pictures, (self.X[self.index].reshape(28, 28), moved), strict=True):
            picture.set_data(digit)
        self._bars.show(*self.probabilities.values())
        self._draw_curve()
        return (
            f"{' &middot; '.join(self._verdict(name, p) for name, p in self.probabilities.items())}<br>{self._moves()}"
        )

    def _verdict(self, name, p):
        """What a network says of the digit, and whether that is right."""
        said = f"{html.escape(f'{name}: ') if name else ''}<b>{self.names[p.argmax()]}</b> with {percent(p.max())}"
        if self.y is None:
            return said
        label = self.y[self.index]
        return f"{said}, right" if p.argmax() == label else f"{said}, <b>wrong</b>: it is {self.names[label]}"

    def _moves(self):
        across, down = "left" if self.shift_x < 0 else "right", "up" if self.shift_y < 0 else "down"
        return (
            f"shift {abs(self.shift_x)} {across}, {abs(self.shift_y)} {down} &middot; "
            f"rotation {self.rotation:+d}&deg; &middot; "
            f"thickness {self.thickness:+.2f} pixels &middot; scale {self.scale:.2f}"
        ).replace("-", "&minus;")

"""Move a digit, and see what networks make of it."""

import html

import ipywidgets
import numpy as np
import traitlets

from nnlib import images, plots
from nnlib.widgets.answers import Bars, percent, reader_of
from nnlib.widgets.arguments import Number
from nnlib.widgets.controls import button, link_values, slider
from nnlib.widgets.panel import Panel

AT_REST = {"shift_x": 0, "shift_y": 0, "rotation": 0, "thickness": 0.0, "scale": 1.0}


class Transform(Panel):
    """Shift, turn, thicken and scale a digit, with what one or more networks say of it.

    X         one digit (28, 28) or (784,), or several, (n, 784), of which a slider takes one; 0 paper, 1 ink
    y         its label, or theirs (n,); None if it is not known
    networks  a Network, or a dict of names and Networks; unless given, the one that ships with the package

    Attributes, to be read and set at any time: `index` (which digit), `shift_x`, `shift_y` (pixels, right and down),
    `rotation` (degrees, anticlockwise), `thickness` (pixels added to the pen), `scale`. `moved` (28, 28) is the digit
    as the networks see it, `answers` a dict of name and class, `probabilities` one of name and row (K,).
    """

    label = "The digit, the digit moved, and bars: how probable each digit is"
    index = traitlets.Int(0, min=0)
    shift_x = traitlets.Int(0, min=-10, max=10)
    shift_y = traitlets.Int(0, min=-10, max=10)
    rotation = traitlets.Int(0, min=-180, max=180)
    thickness = Number(0, min=-2, max=4)
    scale = Number(1, min=0.4, max=1.6)

    def __init__(self, X, y=None, networks=None):
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

        figure, (before, after, right) = plots.figure(10, 3.1, ncols=3, width_ratios=[1, 1, 1.9])
        self._pictures = []
        for axes, title in ((before, "the digit"), (after, "moved")):
            axes.set(title=title, xticks=[], yticks=[])
            axes.grid(False)
            self._pictures.append(axes.imshow(np.zeros((28, 28)), cmap="gray", vmin=0, vmax=1))
        self._bars = Bars(right, self.names, list(self.networks))

        self.controls = {
            "shift_x": slider(ipywidgets.IntSlider, "shift right", min=-10, max=10),
            "shift_y": slider(ipywidgets.IntSlider, "shift down", min=-10, max=10),
            "rotation": slider(ipywidgets.IntSlider, "rotation", min=-180, max=180, step=5),
            "thickness": slider(ipywidgets.FloatSlider, "thickness", min=-2, max=4, step=0.25),
            "scale": slider(ipywidgets.FloatSlider, "scale", min=0.4, max=1.6, step=0.05),
        }
        if len(self.X) > 1:
            which = slider(ipywidgets.IntSlider, "digit", min=0, max=len(self.X) - 1)
            self.controls = {"index": which, **self.controls}
        link_values(self, **self.controls)
        self.rest_button = button("Put back", "undo", self.rest)
        sliders = list(self.controls.values())
        for control in sliders:
            control.layout.width = "330px"  # two fit beside each other
        columns = [ipywidgets.VBox(sliders[:-3]), ipywidgets.VBox(sliders[-3:])]
        row = ipywidgets.HBox(columns, layout={"flex_flow": "row wrap"})
        super().__init__(figure, [*self._pictures, *self._bars.artists], [row, self.rest_button])

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
        digit = self.X[self.index].reshape(28, 28)
        if self.thickness:
            digit = images.thicken(digit, self.thickness)
        return images.warp(digit[None], (self.shift_x, self.shift_y), self.rotation, self.scale)[0]

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

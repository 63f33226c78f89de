"""An activation function, its derivative, and one point that can be moved along both."""

import ipywidgets
import numpy as np
import traitlets

from nnlib import plots
from nnlib.activations import FUNCTIONS
from nnlib.widgets.arguments import Number
from nnlib.widgets.controls import dropdown, number
from nnlib.widgets.panel import Panel

# Each name's parameter, the argument of its function; the others have none.
PARAMETERS = {"relu": None, "leaky_relu": "slope", "elu": "alpha", "sigmoid": None, "tanh": None, "identity": None}
LAYERS = 8  # through how many a gradient is followed below the picture
Z = np.linspace(-6, 6, 601)


class ActivationExplorer(Panel):
    """A function and its derivative. Move `z` and read both; change the parameter of Leaky ReLU or ELU.

    Attributes: `activation` (a name), `slope` (of leaky_relu, 0 to 1), `alpha` (of elu, 0.1 to 3), `z` (-6 to 6),
    `other` (a name, or "none": a second function, in grey). `lecture=True` is larger, for the back row.
    `value` and `derivative` are what is read off at z, `factor` what is left of a gradient after eight such units.
    """

    label = "The graph of an activation function, and beside it the graph of its derivative"
    activation = traitlets.Enum(list(PARAMETERS))
    slope = Number(min=0, max=1)
    alpha = Number(min=0.1, max=3)
    z = Number(min=-6, max=6)
    other = traitlets.Enum(["none", *PARAMETERS], "none")

    def __init__(self, activation: str = "leaky_relu", slope: float = 0.1, alpha: float = 1.0, z: float = -2.0,
                 other: str = "none", lecture: bool = False) -> None:  # fmt: skip
        self.activation, self.slope, self.alpha, self.z, self.other = activation, slope, alpha, z, other
        figure, (left, right) = plots.figure(10, 3.9, ncols=2)
        left.set(xlim=(-6, 6), ylim=(-3.3, 6.3), xlabel="z", title="activation $a = f(z)$")
        left.yaxis.set_major_formatter("{x:.1f}")  # as wide for every scale: the figure is laid out once
        right.set(xlim=(-6, 6), ylim=(-0.15, 1.4), xlabel="z", title="derivative $f\\,'(z)$")
        artists, self._curves, self._points, self._labels, self._others = [], [], [], [], []
        for axes, color in ((left, plots.COLORS[0]), (right, plots.COLORS[1])):
            axes.axhline(0, color="black", linewidth=0.8)
            axes.axvline(0, color="black", linewidth=0.8)
            artists += axes.plot([], [], "-.", color="0.55", linewidth=2.2)
            self._others.append(artists[-1])
            artists += axes.plot([], [], color=color)
            self._curves.append(artists[-1])
            artists += axes.plot([], [], "o", color="black", markersize=10, clip_on=False)
            self._points.append(artists[-1])
            place = {"transform": axes.transAxes, "va": "top", "fontsize": 15}
            self._labels.append(axes.text(0.03, 0.97, "", **place))
        artists += left.plot([], [], "--", color="black", linewidth=1.5)
        self._tangent = artists[-1]
        left.text(0.97, 0.05, "dashed: the tangent at z", transform=left.transAxes, ha="right", fontsize=12)

        names = dropdown(self, "activation", "activation", "The function that is drawn", list(PARAMETERS))
        other = dropdown(self, "other", "beside it", "A second function, in grey", ["none", *PARAMETERS])
        what = {"slope": "The slope of Leaky ReLU below 0", "alpha": "How far ELU goes below 0"}
        ends = {"slope": (0, 1), "alpha": (0.1, 3), "z": (-6, 6)}
        what["z"] = "The point at which both functions are read off"
        self._sliders = {
            name: number(self, name, name, what[name], min=low, max=high, step=0.01)
            for name, (low, high) in ends.items()
        }
        controls = [ipywidgets.HBox([names, other, *self._sliders.values()])]
        super().__init__(figure, [*artists, *self._labels], controls, lecture, [other])

    @property
    def value(self):
        return float(self._at(self.z)[0])

    @property
    def derivative(self):
        return float(self._at(self.z)[1])

    @property
    def factor(self):
        return self.derivative**LAYERS

    def _at(self, z, activation=None):
        """f(z) and f'(z)."""
        activation = activation or self.activation
        function, backward = FUNCTIONS[activation]
        name = PARAMETERS[activation]
        options = {name: getattr(self, name)} if name else {}
        A = function(np.asarray(z, dtype=np.float64), **options)
        return A, backward(1.0, A, **options)

    def _curves_of(self, activation):
        """f and f' over Z. Some derivatives jump at z = 0: no line from one side to the other."""
        f, slopes = self._at(Z, activation)
        middle = len(Z) // 2
        jump = abs(slopes[middle + 1] - slopes[middle - 1]) > 0.05
        return f, np.where((np.arange(len(Z)) == middle) & jump, np.nan, slopes)

    def update(self):
        both = [self.activation] if self.other == "none" else [self.activation, self.other]
        for name in ("slope", "alpha"):  # a slider that does nothing is not shown
            used = any(PARAMETERS[activation] == name for activation in both)
            self._sliders[name].layout.display = None if used else "none"
        f, slopes = self._curves_of(self.activation)
        others = (np.full_like(Z, np.nan),) * 2 if self.other == "none" else self._curves_of(self.other)
        for curve, y in zip([*self._curves, *self._others], (f, slopes, *others), strict=True):
            curve.set_data(Z, y)
        # A derivative above 1 (ELU's, with alpha above 1) needs a taller picture, an S-shaped function a flatter one.
        self._curves[1].axes.set_ylim(-0.15, 1.4 if self.alpha <= 1.2 or "elu" not in both else 3.5)
        # Few different limits: each change costs a whole drawing.
        least = np.nanmin([f[0], others[0][0]])
        low, high = (-1.3, 1.7) if {*both} <= {"sigmoid", "tanh"} else (-3.3 if least >= -3.3 else -6.3, 6.3)
        self._curves[0].axes.set_ylim(low, high)
        a, slope = self.value, self.derivative
        for point, label, y, name in zip(self._points, self._labels, (a, slope), ("f", "f\\,'"), strict=True):
            point.set_data([self.z], [y])
            label.set_text(f"${name}({self.z:.2f}) = {y:.4g}$")
        ends = np.array([self.z - 1.5, self.z + 1.5])
        self._tangent.set_data(ends, a + slope * (ends - self.z))
        beside = (
            ""
            if self.other == "none"
            else f"<br>In grey: {self.other}, f({self.z:.2f}) = {self._at(self.z, self.other)[0]:.4g}."
        )
        return (
            f"A gradient that passes one such unit is multiplied by <b>{slope:.4g}</b> (and by a weight), "
            f"after {LAYERS} layers by <b>{self.factor:.2g}</b>.{beside}"
        )

"""An activation function, its derivative, and one point that can be moved along both."""

import ipywidgets
import numpy as np
import traitlets

from nnlib import plots
from nnlib.activations import FUNCTIONS
from nnlib.widgets.arguments import Number
from nnlib.widgets.controls import dropdown, link_values, slider
from nnlib.widgets.panel import Panel

# Each name's parameter, the argument of its function; the others have none.
PARAMETERS = {"relu": None, "leaky_relu": "slope", "elu": "alpha", "sigmoid": None, "tanh": None, "identity": None}
LAYERS = 8  # through how many a gradient is followed below the picture
Z = np.linspace(-6, 6, 601)


class ActivationExplorer(Panel):
    """A function and its derivative. Move `z` and read both; change the parameter of Leaky ReLU or ELU.

    Attributes: `activation` (a name), `slope` (of leaky_relu, 0 to 1), `alpha` (of elu, 0.1 to 3), `z` (-6 to 6).
    `value` and `derivative` are what is read off at z, `factor` what is left of a gradient after eight such units.
    """

    label = "The graph of an activation function, and beside it the graph of its derivative"
    activation = traitlets.Enum(list(PARAMETERS))
    slope = Number(min=0, max=1)
    alpha = Number(min=0.1, max=3)
    z = Number(min=-6, max=6)

    def __init__(self, activation="leaky_relu", slope=0.1, alpha=1.0, z=-2.0):
        self.activation, self.slope, self.alpha, self.z = activation, slope, alpha, z
        figure, (left, right) = plots.figure(10, 3.9, ncols=2)
        left.set(xlim=(-6, 6), ylim=(-3.3, 6.3), xlabel="z", title="activation $a = f(z)$")
        left.yaxis.set_major_formatter("{x:.1f}")  # as wide for every scale: the figure is laid out once
        right.set(xlim=(-6, 6), ylim=(-0.15, 1.4), xlabel="z", title="derivative $f\\,'(z)$")
        artists, self._curves, self._points, self._labels = [], [], [], []
        for axes, color in ((left, plots.COLORS[0]), (right, plots.COLORS[1])):
            axes.axhline(0, color="black", linewidth=0.8)
            axes.axvline(0, color="black", linewidth=0.8)
            artists += axes.plot([], [], color=color)
            self._curves.append(artists[-1])
            artists += axes.plot([], [], "o", color="black", markersize=10, clip_on=False)
            self._points.append(artists[-1])
            place = {"transform": axes.transAxes, "va": "top", "fontsize": 15}
            self._labels.append(axes.text(0.03, 0.97, "", **place))
        artists += left.plot([], [], "--", color="black", linewidth=1.5)
        self._tangent = artists[-1]
        left.text(0.97, 0.05, "dashed: the tangent at z", transform=left.transAxes, ha="right", fontsize=12)

        names = dropdown("activation", list(PARAMETERS))
        sliders = {
            name: slider(ipywidgets.FloatSlider, name, min=low, max=high, step=0.01)
            for name, low, high in (("slope", 0, 1), ("alpha", 0.1, 3), ("z", -6, 6))
        }
        self._sliders = sliders
        link_values(self, activation=names, **sliders)
        first = ipywidgets.HBox([names, sliders["slope"], sliders["alpha"]])
        super().__init__(figure, [*artists, *self._labels], [first, sliders["z"]])

    @property
    def value(self):
        return float(self._at(self.z)[0])

    @property
    def derivative(self):
        return float(self._at(self.z)[1])

    @property
    def factor(self):
        return self.derivative**LAYERS

    def _at(self, z):
        """f(z) and f'(z)."""
        function, backward = FUNCTIONS[self.activation]
        name = PARAMETERS[self.activation]
        options = {name: getattr(self, name)} if name else {}
        A = function(np.asarray(z, dtype=np.float64), **options)
        return A, backward(1.0, A, **options)

    def update(self):
        for name in ("slope", "alpha"):  # a slider that does nothing is not shown
            self._sliders[name].layout.display = None if PARAMETERS[self.activation] == name else "none"
        f, slopes = self._at(Z)
        middle = len(Z) // 2  # z = 0, where some derivatives jump: no line from one side to the other
        jump = abs(slopes[middle + 1] - slopes[middle - 1]) > 0.05
        slopes = np.where((np.arange(len(Z)) == middle) & jump, np.nan, slopes)
        for curve, y in zip(self._curves, (f, slopes), strict=True):
            curve.set_data(Z, y)
        # A derivative above 1 (ELU's, with alpha above 1) needs a taller picture, an S-shaped function a flatter one.
        self._curves[1].axes.set_ylim(-0.15, 1.4 if self.alpha <= 1.2 or self.activation != "elu" else 3.5)
        # Few different limits: each change costs a whole drawing.
        low, high = (-1.3, 1.7) if self.activation in ("sigmoid", "tanh") else (-3.3 if f[0] >= -3.3 else -6.3, 6.3)
        self._curves[0].axes.set_ylim(low, high)
        a, slope = self.value, self.derivative
        for point, label, y, name in zip(self._points, self._labels, (a, slope), ("f", "f\\,'"), strict=True):
            point.set_data([self.z], [y])
            label.set_text(f"${name}({self.z:.2f}) = {y:.4g}$")
        ends = np.array([self.z - 1.5, self.z + 1.5])
        self._tangent.set_data(ends, a + slope * (ends - self.z))
        return (
            f"A gradient that passes one such unit is multiplied by <b>{slope:.4g}</b> (and by a weight), "
            f"after {LAYERS} layers by <b>{self.factor:.2g}</b>."
        )

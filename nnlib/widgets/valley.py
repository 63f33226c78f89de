"""A narrow valley, and the ways of four optimizers to its lowest point."""

from types import SimpleNamespace

import ipywidgets
import numpy as np
import traitlets

from nnlib import plots
from nnlib.optimizers import SGD, Adam, RMSprop
from nnlib.plots.style import GREY
from nnlib.widgets.arguments import Number
from nnlib.widgets.controls import number
from nnlib.widgets.panel import Panel
from nnlib.widgets.views import legend_above

CURVATURES = np.array([1.0, 25.0])  # along the valley, and across
RATES = [float(f"{digits}e{power}") for power in (-3, -2, -1) for digits in (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)] + [1.0]
STYLES = ("-", "--", "-.", ":")
FAR = 1e3  # a path that is as far out as this has diverged, and ends
LOSSES = (1e-5, 1e4)  # the ends of the axis


def loss(w):
    """`(w_1^2 + 25 w_2^2) / 2` of points w (..., 2)."""
    return 0.5 * (CURVATURES * w**2).sum(axis=-1)


def descend(optimizer, start, steps):
    """The points (steps + 1, 2) that an nnlib optimizer visits in the valley; fewer if it diverges."""
    point = SimpleNamespace(parameters=np.array(start, dtype=np.float64), gradient=np.zeros(2))
    path = [point.parameters.copy()]
    for _ in range(steps):
        point.gradient[:] = CURVATURES * point.parameters
        optimizer.step(point)
        path.append(point.parameters.copy())
        if np.abs(path[-1]).max() > FAR:
            break
    return np.array(path)


class Valley(Panel):
    """Four optimizers go down a valley that is 25 times as steep across as along: L = (w_1^2 + 25 w_2^2) / 2.

    Drag the start in the picture, or set it. Attributes, to be read and set at any time: `w1`, `w2` (the start), `rate`
    (of SGD and momentum), `adaptive_rate` (of RMSprop and Adam), `momentum` (of momentum; Adam's beta1 is the same) and
    `steps`. `paths` is a dict of name and points (steps + 1, 2), shorter if diverged; `losses` one of name and the loss
    at the end of the path.
    """

    label = (
        "A narrow valley from above with the paths of SGD, momentum, RMSprop and Adam; beside it their losses by step"
    )
    drags = True
    w1 = Number(min=-5, max=5)
    w2 = Number(min=-2, max=2)
    rate = Number(min=0, max=1)
    adaptive_rate = Number(min=0, max=1)
    momentum = Number(min=0, max=0.99)
    steps = traitlets.Int(min=1, max=300)

    def __init__(self, w1: float = -4.0, w2: float = 1.2, rate: float = 0.07, adaptive_rate: float = 0.1,
                 momentum: float = 0.8, steps: int = 50, lecture: bool = False) -> None:  # fmt: skip
        self.w1, self.w2, self.rate, self.adaptive_rate = w1, w2, rate, adaptive_rate
        self.momentum, self.steps = momentum, steps
        figure, (self._plane, self._losses) = plots.figure(11, 3.5, ncols=2, width_ratios=[2.1, 1])
        figure.get_layout_engine().set(rect=(0, 0, 0.985, 1))  # laid out once: room for other numbers at the last tick
        w = np.stack(np.meshgrid(np.linspace(-5, 5, 201), np.linspace(-2, 2, 81)), axis=-1)
        levels = [0.1, 0.5, 1.5, 4, 8, 14, 22, 32, 44]
        self._plane.contour(*np.moveaxis(w, -1, 0), loss(w), levels, colors=GREY, linewidths=0.8)
        self._plane.plot(0, 0, "+", color="black", markersize=14, markeredgewidth=2)
        # One scale for both axes: only then does a gradient stand at right angles to a line of equal loss.
        self._plane.set(xlim=(-5, 5), ylim=(-2, 2), xlabel="$w_1$", ylabel="$w_2$", aspect="equal")
        self._losses.set(xlabel="step", ylabel="loss", yscale="log", ylim=LOSSES, xlim=(0, self.steps))
        self._plane.grid(False)
        looks = [{"linestyle": style, "color": color} for style, color in zip(STYLES, plots.COLORS, strict=False)]
        self._paths = [self._plane.plot([], [], **look, marker="o", markersize=3.5, linewidth=1.6)[0] for look in looks]
        self._curves = [self._losses.plot([], [], **look, linewidth=2.2)[0] for look in looks]
        self._start = self._plane.plot([], [], "o", color="black", markersize=11)[0]
        for curve, name in zip(self._curves, ("SGD", "momentum", "RMSprop", "Adam"), strict=True):
            curve.set_label(name)
        legend_above(self._plane, self._curves)

        self.controls = {
            "w1": number(self, "w1", "start w1", "Where the paths begin, along the valley", min=-5, max=5, step=0.1),
            "w2": number(self, "w2", "start w2", "Where the paths begin, across the valley", min=-2, max=2, step=0.1),
            "steps": number(self, "steps", "steps", "How long each path is", min=1, max=300, whole=True),
            "rate": number(self, "rate", "rate", "The learning rate of SGD and of momentum", choices=RATES, least=0),
            "adaptive_rate": number(
                self, "adaptive_rate", "adaptive rate", "The rate of RMSprop and of Adam", choices=RATES, least=0
            ),
            "momentum": number(
                self, "momentum", "momentum", "How much of the last step stays in this one", max=0.99, step=0.01
            ),
        }
        row = ipywidgets.HBox([*self.controls.values()])
        super().__init__(figure, [*self._paths, *self._curves, self._start], [row], lecture)

    def pointed(self, axes, x, y, clicked):
        if clicked and axes is self._plane:  # clicked or dragged: the start follows
            self.w1, self.w2 = round(float(np.clip(x, -5, 5)), 2), round(float(np.clip(y, -2, 2)), 2)

    @property
    def losses(self):
        return {name: float(loss(path[-1])) for name, path in self.paths.items()}

    def update(self):
        optimizers = {
            "SGD": SGD(self.rate),
            "momentum": SGD(self.rate, self.momentum),
            "RMSprop": RMSprop(self.adaptive_rate),
            "Adam": Adam(self.adaptive_rate, beta1=self.momentum),
        }
        start = self.w1, self.w2
        self.paths = {name: descend(optimizer, start, self.steps) for name, optimizer in optimizers.items()}
        self._losses.set_xlim(0, self.steps)
        self._start.set_data([self.w1], [self.w2])
        for line, curve, path in zip(self._paths, self._curves, self.paths.values(), strict=True):
            line.set_data(*path.T)
            curve.set_data(range(len(path)), np.clip(loss(path), LOSSES[0], None))
        ends = [
            f"{name} diverges" if len(path) <= self.steps else f"{name} {end:.2g}"
            for (name, path), end in zip(self.paths.items(), self.losses.values(), strict=True)
        ]
        return (
            f"Start ({self.w1:.2f}, {self.w2:.2f}): loss {loss(np.array(start)):.2g}, after {self.steps} steps: "
            f"{', '.join(ends)} &middot; rate {self.rate:g} (SGD, momentum), {self.adaptive_rate:g} (RMSprop, Adam), "
            f"momentum {self.momentum:g} &middot; drag the black point to start elsewhere"
        )

"""Walk forward and backward through a tiny network, one operation at a time."""

import ipywidgets
import numpy as np
import traitlets
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from nnlib import plots
from nnlib.activations import FUNCTIONS
from nnlib.checks import numerical_gradient
from nnlib.widgets.controls import ACTIVATIONS, button, dropdown, number, train_switch
from nnlib.widgets.operations import array_named, operations
from nnlib.widgets.panel import Panel

SIZES = 2, 3, 2  # inputs, hidden units, classes
LEARNING_RATE = 0.5
FORWARD, BACKWARD = plots.COLORS[0], plots.COLORS[1]
PALE = {FORWARD: (*to_rgb(FORWARD), 0.17), BACKWARD: (*to_rgb(BACKWARD), 0.2)}  # on whatever paper
PLACES = {  # middle of each box, in a field of 100 x 62
    **{"W1": (16, 58), "b1": (26, 58), "W2": (52, 58), "b2": (62, 58), "Y": (93, 58)},
    **{"X": (5, 48.5), "Z1": (23, 48.5), "A1": (41, 48.5), "Z2": (59, 48.5), "A2": (77, 48.5), "L": (93, 48.5)},
    **{"dX": (5, 38), "dZ1": (23, 38), "dA1": (41, 38), "dZ2": (59, 38)},
    **{"dW1": (16, 28.5), "db1": (26, 28.5), "dW2": (52, 28.5), "db2": (62, 28.5)},
}
WIDTH, HEIGHT = 8.6, 5.6
SUBSCRIPTS = str.maketrans("12", "₁₂")
EDGES = [  # the arrows that are always there; those of the current operation are drawn over them
    *[("X", "Z1"), ("W1", "Z1"), ("b1", "Z1"), ("Z1", "A1"), ("A1", "Z2"), ("W2", "Z2"), ("b2", "Z2"), ("Z2", "A2")],
    *[("A2", "L"), ("Y", "L"), ("A2", "dZ2"), ("dZ2", "dW2"), ("dZ2", "db2"), ("dZ2", "dA1"), ("dA1", "dZ1")],
    *[("dZ1", "dW1"), ("dZ1", "db1"), ("dZ1", "dX")],
]


class BackpropStepper(Panel):
    """Forward and backward through a 2-3-2 network, one operation at a time.

    Shows where in the network the operation is, its formula, its numbers with their shapes, and, on the way back, how
    far the result is from a numerical derivative.
    Attributes: `position` (0 the inputs, 1-5 forward, 6-13 backward; a click on a box goes there), `activation`,
    `samples` (rows, 1-4), `seed` (of inputs and parameters), `updates` (how often the parameters were moved against
    their derivatives, times LEARNING_RATE), `running` (goes on by itself); `values` is a dict of all arrays,
    `differences` of the largest differences to the numerical derivatives. `lecture=True` is larger, for the back row.
    """

    label = "The network as boxes and arrows, and the present operation with its numbers"
    position = traitlets.Int(0, min=0, max=13)
    activation = traitlets.Enum(ACTIVATIONS)
    samples = traitlets.Int(1, min=1, max=4)
    seed = traitlets.Int(2, min=0)
    updates = traitlets.Int(0, min=0, max=100)
    lecture_paper = 1.0  # its letters stand in boxes
    hovers = True

    def __init__(self, position: int = 0, activation: str = "tanh", samples: int = 1, seed: int = 2,
                 lecture: bool = False) -> None:  # fmt: skip
        self.position, self.activation, self.samples, self.seed = position, activation, samples, seed
        self.speed = 0.7
        self._computed_for = None
        figure, axes = plots.figure(10, 5)
        axes.set(xlim=(-1, 101), ylim=(0, 62))
        axes.axis("off")
        for x, y, text, color in ((-0.7, 53.5, "forward", FORWARD), (-0.7, 31.5, "backward", BACKWARD)):
            axes.text(x, y, text, color=color, fontsize=13, weight="bold")
        for start, end in EDGES:
            axes.add_patch(_arrow(start, end, color="0.8", linewidth=1.2, zorder=1))
        self._axes = axes
        self._boxes = {name: _box(axes, name) for name in PLACES}
        self._arrows = [axes.add_patch(_arrow("X", "Z1", linewidth=3, zorder=2)) for _ in range(3)]
        self._formula = axes.text(50, 21.3, "", ha="center", va="center", fontsize=20)
        self._reason = axes.text(50, 16.6, "", ha="center", va="center", fontsize=13, color="0.25")
        self._numbers = [axes.text(0, 7.8, "", va="center", family="monospace", fontsize=13) for _ in range(7)]
        self._labels = [axes.text(0, 0.9, "", ha="center", va="center", fontsize=12, color="0.35") for _ in range(7)]
        boxes = [artist for box in self._boxes.values() for artist in box]
        artists = [*self._arrows, *boxes, self._formula, self._reason, *self._numbers, *self._labels]
        row = self._controls()
        super().__init__(figure, artists, [ipywidgets.HBox(row)], lecture, row[-2:])
        if lecture:
            self.picture.widest = 1100

    def _controls(self):
        self._buttons = [
            button("Restart", "fast-backward", lambda: self.step(-self.position), "Go back to what is given"),
            button("Back", "step-backward", lambda: self.step(-1), "Go back by one operation"),
            button("Next", "step-forward", self.step, "Compute the next operation"),
        ]
        self._buttons[-1].button_style = "primary"
        what = "Move each parameter against its derivative, and look at the loss again"
        return [
            *self._buttons,
            train_switch(self, "Go on by itself, to the end", "Play"),
            button("Do the update", "refresh", self.update_parameters, what),
            number(self, "position", "position", "Which of the 13 operations is shown", max=13, whole=True),
            number(self, "samples", "samples", "How many rows X has", min=1, max=4, whole=True),
            dropdown(self, "activation", "activation", "The activation of the hidden units", ACTIVATIONS),
            number(self, "seed", "seed", "Which numbers X and the weights start from", max=99, most=None, whole=True),
        ]

    def work(self):
        """Goes on by itself, and stops at the end."""
        self.step()
        self.running = self.position < 13

    def update_parameters(self):
        """Move each parameter against its derivative, and look at the loss again."""
        self.updates, self.position = self.updates + 1, 5

    def pointed(self, axes, x, y, clicked):
        for name, (left, bottom) in PLACES.items():
            if abs(x - left) < WIDTH / 2 and abs(y - bottom) < HEIGHT / 2:
                numbers = [operation.name for operation in self._operations]
                if clicked:
                    self.position = numbers.index(name) + 1 if name in numbers else 0
                given = "given" if name not in numbers else self._operations[numbers.index(name)].why
                return f"{name}: {given}"

    def step(self, operations=1):
        """Go on by this many operations, back if negative; stays at the ends."""
        self.position = min(max(self.position + operations, 0), 13)

    def update(self):
        self._catch_up()
        for made, end in zip(self._buttons, (0, 0, 13), strict=True):
            made.disabled = self.position == end  # there it would do nothing
        done = self._operations[: self.position]
        current = done[-1] if done else None
        color = BACKWARD if self.position > 5 else FORWARD
        known = {"X", "W1", "b1", "W2", "b2", "Y", *(operation.name for operation in done)}
        for name, (box, text) in self._boxes.items():
            own = BACKWARD if name.startswith("d") else FORWARD
            is_current, used = current and name == current.name, current and name in current.uses.split()
            box.set(
                facecolor=own if is_current else PALE[own] if name in known else (1, 1, 1, 0),
                edgecolor=color if is_current or used else "0.6" if name in known else "0.8",
                linewidth=3 if used or is_current else 1.2,
            )
            text.set_color("#FFFFFE" if is_current else "black" if name in known else "0.6")
            text.set_text(_label(name.translate(SUBSCRIPTS), self.values[name]))
        uses = current.uses.split() if current else ()
        for k, arrow in enumerate(self._arrows):
            arrow.set(visible=k < len(uses), color=color)
            if k < len(uses):
                arrow.set_positions(*_ends(uses[k], current.name))
        self._formula.set(text=f"${current.formula}$" if current else "$X,\\ Y$ and the parameters are given")
        self._reason.set_text(current.why if current else "press Next to compute the first thing that can be computed")
        self._show_numbers(current)
        return self._report(current)

    def _catch_up(self):
        """Compute everything anew if activation, samples or seed have changed."""
        settings = self.activation, self.samples, self.seed, self.updates
        if settings == self._computed_for:
            return
        self._operations = operations(*FUNCTIONS[self.activation], self.activation)
        rng = np.random.default_rng(self.seed)
        n_in, hidden, K = SIZES
        given = {"W1": rng.normal(0, 1, (n_in, hidden)), "b1": rng.normal(0, 0.5, hidden)}
        given |= {"W2": rng.normal(0, 1, (hidden, K)), "b2": rng.normal(0, 0.5, K)}
        given |= {"X": rng.normal(0, 1, (4, n_in))[: self.samples], "Y": np.eye(K)[[0, 1, 1, 0]][: self.samples]}
        given = {name: array.round(2) for name, array in given.items()}  # so that the numbers on screen are the numbers
        self.losses = []
        for update in range(self.updates + 1):
            self.values = self._compute(given)
            self.losses.append(float(self.values["L"]))
            if update < self.updates:
                for name in ("W1", "b1", "W2", "b2"):
                    given[name] = (given[name] - LEARNING_RATE * self.values[f"d{name}"]).round(2)
        self.differences = {}
        for operation in self._operations[5:]:
            array = self.values[operation.name[1:]].copy()
            fixed = {**given, operation.name[1:]: array}
            numeric = numerical_gradient(lambda fixed=fixed: self._compute(fixed)["L"], array)
            self.differences[operation.name] = np.abs(self.values[operation.name] - numeric).max()
        self._computed_for = settings

    def _compute(self, given):
        """All arrays; those given are not computed anew."""
        values = dict(given)
        for operation in self._operations:
            if operation.name not in given:
                values[operation.name] = operation.compute(values)
        return values

    def _show_numbers(self, current):
        """The operation as arrays with their shapes, one after another, centred."""
        if current:
            names, derivative = current.written.split(), FUNCTIONS[self.activation][1]
            arrays = [(name, array_named(name, self.values, derivative)) for name in names[::2]]
            arrays.append((current.name, self.values[current.name]))
            signs = [*names[1::2], "=" if names[1:] else "→"]
        else:
            arrays, signs = [(name, self.values[name]) for name in ("X", "W1", "b1", "Y")], ["", "", ""]
        parts = [(_as_text(*arrays[0]), _label(*arrays[0]))]  # what is shown, and what stands below
        for sign, array in zip(signs, arrays[1:], strict=True):
            parts += [(sign, ""), (_as_text(*array), _label(*array))]
        per_character = 13 * 0.602 / 72 * 100 / 1000 * 102  # of the monospace font at this size, in the field's units
        widths = [max(len(line) for line in text.split("\n")) * per_character for text, _ in parts]
        space = 1.3
        x = 50 - (sum(widths) + space * (len(parts) - 1)) / 2
        parts += [("", "")] * (len(self._numbers) - len(parts))
        for array, label, (text, below), width in zip(
            self._numbers, self._labels, parts, [*widths, *7 * [0]], strict=False
        ):
            array.set(text=text, x=x)
            label.set(text=below, x=x + width / 2)
            x += width + space

    def _report(self, current):
        """The line below the picture."""
        if not current:
            return "Position 0 of 13: nothing is computed yet."
        moved = "&middot; loss before each update, and now: " + ", ".join(f"{loss:.3f}" for loss in self.losses[-5:])
        way = "forward" if self.position <= 5 else "backward"
        parts = [f"Position {self.position} of 13, {way}: <b>{current.name}</b>"]
        if current.name in self.differences:
            difference = self.differences[current.name]
            verdict = "close" if difference < 1e-7 else "<b>wrong</b>"
            parts.append(f"numerical derivative: {verdict}, largest difference {difference:.0e}")
        return " &middot; ".join(parts) + (moved if self.updates else "")


def _box(axes, name):
    x, y = PLACES[name]
    corner = x - WIDTH / 2, y - HEIGHT / 2
    box = FancyBboxPatch(corner, WIDTH, HEIGHT, boxstyle="round,pad=0,rounding_size=1", zorder=3)
    text = axes.text(x, y - 0.1, "", ha="center", va="center", fontsize=12, linespacing=1.05, zorder=4)
    return axes.add_patch(box), text


def _ends(start, end):
    """From the edge of one box to the edge of another."""
    a, b = np.array(PLACES[start], float), np.array(PLACES[end], float)
    way = b - a
    inside = min(WIDTH / 2 / max(abs(way[0]), 1e-9), HEIGHT / 2 / max(abs(way[1]), 1e-9))
    return a + inside * way, b - inside * way


def _arrow(start, end, **style):
    return FancyArrowPatch(*_ends(start, end), arrowstyle="-|>", mutation_scale=14, shrinkA=0, shrinkB=2, **style)


def _as_text(name, array):
    """An array (of two dimensions at most) as lines of numbers in brackets: two decimals, three for derivatives."""
    if name in ("m", "-1/m"):
        return name.replace("m", str(array))
    decimals = 3 if name.startswith("d") else 2
    rows = np.atleast_2d(np.round(array, decimals) + 0.0)  # + 0.0: no -0.00
    return "\n".join("[" + " ".join(f"{value:{decimals + 3}.{decimals}f}" for value in row) + "]" for row in rows)


def _label(name, array):
    return name if array.ndim == 0 else f"{name}\n{array.shape}"

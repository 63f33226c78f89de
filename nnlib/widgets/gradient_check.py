"""Compare a network's gradient with numbers, for any activation, loss and epsilon."""

import html
from collections.abc import Callable

import ipywidgets
import numpy as np
import traitlets

from nnlib import plots
from nnlib.checks import check_gradients, numerical_gradient, relative_error
from nnlib.layers import KINKED
from nnlib.network import Network
from nnlib.plots.style import check_dense
from nnlib.widgets.arguments import Number, whole_number
from nnlib.widgets.controls import ACTIVATIONS, dropdown, number, switch
from nnlib.widgets.panel import Panel
from nnlib.widgets.views import legend_above

LOSSES = {
    "softmax, cross-entropy": ("softmax", "cross_entropy"),
    "softmax, squared error": ("softmax", "mean_squared_error"),
    "sigmoid, binary cross-entropy": ("sigmoid", "binary_cross_entropy"),
    "sigmoid, squared error": ("sigmoid", "mean_squared_error"),
    "identity, squared error": ("identity", "mean_squared_error"),
}
WORDS = {loss: text.split(", ")[1] for text, (_, loss) in LOSSES.items()}
NONE = "none"
EPSILONS = np.logspace(-12, -1, 23)
RIGHT, WRONG = 1e-6, 1e-3  # an error below is right, above is wrong
LEAST, MOST = 1e-13, 3.0  # the axes' ends


class GradientCheck(Panel):
    """`check_gradients` of a 4-5-5-3 network on ten samples: the error of each parameter array, and over epsilon.

    mistakes   {name: function}, where function(net) spoils the network and returns it; adds a control "mistake" and one
               that plants a mistake without a name
    lecture    larger, for the back row, with fewer controls

    Attributes: `activation`, `loss` (output and loss, a key of `LOSSES`), `epsilon` (1e-12 to 0.1; a click in the plot
    sets it), `mistake`, `quiz` (a mistake, or none, is planted and not named until the quiz ends);
    `report` is the DataFrame of `check_gradients`, `verdict` one of "right", "not sure", "wrong", "nothing checked".
    """

    label = "Relative error of the gradient, for each parameter array and over epsilon"
    activation = traitlets.Enum(ACTIVATIONS)
    loss = traitlets.Enum(list(LOSSES))
    epsilon = Number(1e-5, min=1e-12, max=0.1)
    mistake = traitlets.Unicode(NONE)
    quiz = traitlets.Bool(False)

    def __init__(self, activation: str = "tanh", loss: str = "softmax, cross-entropy", epsilon: float = 1e-5,
                 mistake: str = NONE, mistakes: dict[str, Callable] | None = None, seed: int = 0,
                 lecture: bool = False) -> None:  # fmt: skip
        mistakes = {} if mistakes is None else mistakes
        if not (isinstance(mistakes, dict) and all(map(callable, mistakes.values()))):
            raise TypeError(f"mistakes is {mistakes!r}; expected a dict of names and functions of a network")
        self.mistakes = {NONE: lambda net: net, **mistakes}
        self.activation, self.loss, self.epsilon, self.mistake = activation, loss, epsilon, mistake
        self._seed, self._errors_over_epsilon, self._report_settings = whole_number("seed", seed, 0), {}, None
        self.seed, self._revealed, self._draw_lots = seed, "", np.random.default_rng()
        rng = np.random.default_rng(seed)
        self.X, self._y, self._y_regression = rng.normal(size=(10, 4)), np.arange(10) % 3, rng.normal(size=(10, 3))
        figure, (left, right) = plots.figure(10, 3.9, ncols=2, width_ratios=[1, 1.25])
        self._over = right
        self._draw_left(left)
        self._draw_right(right)
        artists = [*self._bars, *self._texts, *self._error_lines, self._epsilon_line, self._epsilon_dot]
        controls, rare = self._controls()
        super().__init__(figure, artists, controls, lecture, rare)

    def _draw_left(self, axes):
        names = [f"{name}{k}" for k in (1, 2, 3) for name in ("W", "b")]
        self._bars = axes.barh(names, 1, left=LEAST)
        self._texts = [axes.text(1, y, "", va="center", fontsize=12) for y in range(len(names))]
        axes.invert_yaxis()
        axes.set(xscale="log", xlim=(LEAST, 1e5), xlabel="relative error", xticks=[1e-12, 1e-9, 1e-6, 1e-3, 1])
        for at, x, ha, text in ((RIGHT, RIGHT / 3, "right", "◂ right"), (WRONG, 3 * WRONG, "left", "wrong ▸")):
            axes.axvline(at, color="0.4", linewidth=1.2, linestyle=":")
            axes.text(x, -0.62, text, ha=ha, va="bottom", fontsize=12)
        axes.grid(False, axis="y")
        axes.minorticks_off()

    def _draw_right(self, axes):
        fine = np.array([1e-12, 1e-1])
        for errors in (6e-16 / fine, 0.5 * fine**2):
            axes.plot(fine, errors, ":", color="0.4", linewidth=1.3)
        axes.text(1e-10, 1e-4, "rounding\nslope -1", fontsize=12, color="0.3")
        axes.text(3e-4, 1e-9, "truncation\nslope +2", fontsize=12, color="0.3", va="top")
        (every,) = axes.plot([], [], color=plots.COLORS[2], label="every entry")
        (without_kinks,) = axes.plot([], [], "--", color=plots.COLORS[0], label="kinks left out (ReLU)")
        self._error_lines = every, without_kinks
        self._epsilon_line = axes.axvline(1e-5, color="black", linewidth=1.5)
        (self._epsilon_dot,) = axes.plot([], [], "o", color="black", markersize=9, clip_on=False)
        axes.set(xscale="log", yscale="log", xlim=(1e-12, 0.1), ylim=(LEAST, MOST))
        axes.set(xlabel="epsilon", ylabel="largest relative error", xticks=[1e-11, 1e-9, 1e-7, 1e-5, 1e-3, 1e-1])
        axes.set_yticks([1e-12, 1e-9, 1e-6, 1e-3, 1])
        axes.minorticks_off()
        legend_above(axes)

    def _controls(self):
        """The rows of controls, and those that a lecture does without."""
        what = "How far each parameter is moved for the numerical derivative; a click in the plot sets it too"
        controls = [
            dropdown(self, "activation", "activation", "The activation of the hidden units", ACTIVATIONS),
            dropdown(self, "loss", "loss", "Output and loss of the network", list(LOSSES), "270px"),
            number(self, "epsilon", "epsilon", what, choices=[float(f"{e:.3g}") for e in np.logspace(-12, -1, 45)]),
        ]
        if len(self.mistakes) > 1:
            names = dropdown(self, "mistake", "mistake", "Which mistake the gradient has", list(self.mistakes), "330px")
            quiz = switch(
                self, "quiz", "Quiz", "Plant a mistake, or none, without a name; press again to see which", "question"
            )

            def hide(_):
                names.layout.display = "none" if self.quiz else None
                if self.quiz:
                    self.mistake = str(self._draw_lots.choice(list(self.mistakes)))
                self._revealed = "" if self.quiz else f"it was: {self.mistake}"

            self.observe(hide, "quiz")
            self.observe(lambda _: setattr(self, "_revealed", ""), "mistake")
            controls += [names, quiz]
        return [ipywidgets.HBox(controls)], controls[:2]

    def pointed(self, axes, x, y, clicked):
        if clicked and axes is self._over:
            self.epsilon = float(f"{np.clip(x, 1e-12, 0.1):.2g}")

    @traitlets.validate("mistake")
    def _check_mistake(self, proposal):
        if proposal["value"] not in self.mistakes:
            raise traitlets.TraitError(f"unknown mistake {proposal['value']!r}; known: {', '.join(self.mistakes)}")
        return proposal["value"]

    def update(self):
        settings = self.activation, self.loss, self.mistake
        if settings not in self._errors_over_epsilon:
            self._errors_over_epsilon[settings] = self._over_epsilon()
        if (*settings, self.epsilon) != self._report_settings:
            net, X, y = self._network()
            self.report, self._loss_name = check_gradients(net, X, y, self.epsilon), net.loss_name
            self._report_settings = (*settings, self.epsilon)
        for bar, text, (_, row) in zip(self._bars, self._texts, self.report.iterrows(), strict=True):
            error = row["error"] if row["checked"] else np.nan
            shown = max(error, 2 * LEAST) if row["checked"] else 2 * LEAST
            bar.set(width=shown - LEAST, color=_color(error))
            out = f" ({row['left_out']} out)" if row["left_out"] else ""
            text.set(text=f" {_short(error)}{out}" if row["checked"] else " all left out", x=shown)
        for line, errors in zip(self._error_lines, self._errors_over_epsilon[settings], strict=True):
            line.set_data(EPSILONS, np.maximum(errors, LEAST))
        self._error_lines[1].set_visible(self.activation in KINKED)
        self._epsilon_line.set_xdata([self.epsilon, self.epsilon])
        self._epsilon_dot.set_data([self.epsilon], [max(_largest(self.report), LEAST)])
        return self._report()

    def _network(self):
        """The network, its rows and its targets."""
        output, loss = LOSSES[self.loss]
        net = Network([4, 5, 5, 3], self.activation, output, loss, _he_with_biases, np.float64, self._seed)
        net = self.mistakes[self.mistake](net)
        if not isinstance(net, Network):
            raise TypeError(f"the function of the mistake {self.mistake!r} returns {net!r}; expected the network")
        check_dense(net, "GradientCheck")
        return net, self.X, self._y_regression if output == "identity" else self._y

    def _over_epsilon(self):
        """The largest error of a parameter array at each epsilon: of every entry, and with the kinks left out."""
        net, X, y = self._network()
        without_kinks = [_largest(check_gradients(net, X, y, epsilon)) if self.activation in KINKED else np.nan
                for epsilon in EPSILONS]  # fmt: skip
        analytic = [array for layer in net.gradients(X, y) for array in layer.values()]
        (X, Y), every = net.check_X_y(X, y), []
        for epsilon in EPSILONS:
            numeric = [
                numerical_gradient(lambda: net.compare(net.logits(X, training=True), Y)[0], array, epsilon)
                for layer in net.dense
                for array in (layer.W, layer.b)
            ]
            every.append(max(relative_error(a, n) for a, n in zip(analytic, numeric, strict=True)))
        return every, without_kinks

    @property
    def verdict(self):
        error = _largest(self.report)
        if np.isnan(error):
            return "nothing checked"
        return "right" if error < RIGHT else "wrong" if error > WRONG else "not sure"

    def _report(self):
        """The line below the picture."""
        checked, left_out = self.report["checked"].sum(), self.report["left_out"].sum()
        parts = [f"<b>{self.verdict}</b>"]
        if checked:
            worst = self.report["error"].where(self.report["checked"] > 0).idxmax()
            parts.append(f"largest relative error {_short(_largest(self.report))} at {worst}")
        parts.append(f"epsilon {_number(self.epsilon, 1)}")
        if self._revealed or self.quiz:
            parts.append(
                "<b>Which mistake is it, if any?</b>" if self.quiz else f"<b>{html.escape(self._revealed)}</b>"
            )
        out = f", {left_out} left out because a unit changes sides of its kink" if left_out else ""
        parts.append(f"{checked} entries checked{out}")
        if self._loss_name != LOSSES[self.loss][1] and not self.quiz:
            parts.append(f"this mistake uses {WORDS.get(self._loss_name, self._loss_name)}")
        return " &middot; ".join(parts)


def _he_with_biases(rng, n_in, n_out):
    """He's weights; biases are not zero, since zeros hide mistakes."""
    return rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out)), rng.normal(0, 0.1, n_out)


def _largest(report):
    """The largest error of an array of which anything was checked; NaN if there is none."""
    return report["error"].where(report["checked"] > 0).max()


def _number(value, decimals):
    """1.8e-4, as the slider writes it; Python has 1.8e-04."""
    return f"{value:.{decimals}e}".replace("e-0", "e-").replace("e+0", "e+")


def _short(error):
    """One digit; two between the limits, where 1e-3 would look like the limit."""
    return _number(error, 1 if RIGHT <= error <= WRONG else 0)


def _color(error):
    return plots.RIGHT if error < RIGHT else plots.WRONG if error > WRONG else plots.COLORS[4]

"""Controls that several panels have. Each says in one sentence what it does."""

from pathlib import Path

import anywidget
import ipywidgets
import traitlets

ACTIVATIONS = ["relu", "leaky_relu", "elu", "tanh", "sigmoid", "identity"]
FULL_SPEED = 10_000.0  # steps per second: no limit
RATES = [float(f"{digits}e{power}") for power in range(-4, 1) for digits in (1, 1.5, 2, 3, 5, 7)] + [10.0]


class NumberControl(anywidget.AnyWidget):
    """A slider and a box for a number: over a range, or over round numbers, `choices`, between which the box takes any.

    `least` and `most` bound what the box takes, `min` and `max` the slider; a `most` of None is no bound.
    """

    _esm = Path(__file__).with_name("number.js").read_text("utf-8")
    description, tooltip = traitlets.Unicode().tag(sync=True), traitlets.Unicode().tag(sync=True)
    value, min, max = (traitlets.CFloat(end).tag(sync=True) for end in (0, 0, 100))
    step, least = traitlets.CFloat(1).tag(sync=True), traitlets.CFloat(0).tag(sync=True)
    most = traitlets.CFloat(None, allow_none=True).tag(sync=True)
    choices = traitlets.List().tag(sync=True)
    whole, disabled = traitlets.Bool(False).tag(sync=True), traitlets.Bool(False).tag(sync=True)

    def reach(self, value):
        """Take a value, beyond the slider's end if need be."""
        with self.hold_trait_notifications():
            self.max, self.value = max(self.max, value), value


def number(panel, name, description, tooltip, **options):
    """A control for the panel's attribute `name`. What the panel refuses is told, and the control goes back."""
    ends = {"min": 0, "max": 100} | options
    choices = ends.get("choices")
    ends = {"least": choices[0] if choices else ends["min"], "most": choices[-1] if choices else ends["max"]} | ends
    control = NumberControl(description=description, tooltip=tooltip, **ends)
    if name is None:
        return control

    def follow(_=None):
        control.reach(getattr(panel, name)) if not choices else control.set_trait("value", getattr(panel, name))

    def lead(change):
        if change["new"] != getattr(panel, name):
            try:
                setattr(panel, name, int(change["new"]) if control.whole else change["new"])
            except traitlets.TraitError as error:
                panel.fail(error)
            follow()

    follow()
    panel.observe(follow, name)
    control.observe(lead, "value")
    return control


def dropdown(panel, name, description, tooltip, options, width="210px"):
    """A list of names for the panel's attribute `name`, if that is given."""
    made = ipywidgets.Dropdown(description=description, tooltip=tooltip, options=options, layout={"width": width})
    made.style.description_width = "initial"
    if name:
        traitlets.link((panel, name), (made, "value"))
    return made


def switch(panel, name, description, tooltip, icon=""):
    """A button that stays down, for the panel's attribute `name`."""
    made = ipywidgets.ToggleButton(description=description, tooltip=tooltip, icon=icon, layout={"width": "auto"})
    traitlets.link((panel, name), (made, "value"))
    return made


def button(text, icon, action, tooltip):
    """A button that calls `action()`."""
    made = ipywidgets.Button(description=text, icon=icon, tooltip=tooltip, layout={"width": "auto"})
    made.on_click(lambda _: action())
    return made


def train_switch(panel, what="Train until Pause is pressed", text="Train"):
    """Train / Pause."""
    train = switch(panel, "running", text, what, "play")
    train.button_style, train.layout.width = "primary", "100px"

    def show_state(_):
        train.description, train.icon = ("Pause", "pause") if panel.running else (text, "play")
        train.tooltip = "Pause until it is pressed again" if panel.running else what

    panel.observe(show_state, "running")
    return train


def train_buttons(panel, *more):
    """Train / Pause, Step and Reset for a TrainingPanel with a `seed`, what else is given, New seed and the speed."""

    def new_seed():
        panel.seed += 1

    step = button("Step", "step-forward", panel.step_once, "Make one update of the weights")
    reset = button("Reset", "undo", panel.reset, "Go back to the start weights; the last run stays in grey")
    seed = button("New seed", "random", new_seed, "Begin again from other start weights")
    what = f"How many steps are made per second, at most; {FULL_SPEED:,.0f} is as fast as it goes"
    speeds = [float(f"{digits}e{power}") for power in range(4) for digits in (1, 2, 5)] + [FULL_SPEED]
    speed = number(panel, "speed", "steps per second", what, choices=speeds, least=0.1)
    return ipywidgets.HBox([train_switch(panel), step, reset, *more, seed, speed])

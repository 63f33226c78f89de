"""Controls that several panels have."""

import functools

import ipywidgets
import numpy as np
import traitlets

from nnlib.optimizers import SGD, Adam, RMSprop

ACTIVATIONS = ["relu", "leaky_relu", "elu", "tanh", "sigmoid", "identity"]
OPTIMIZERS = {"SGD": SGD, "momentum": functools.partial(SGD, momentum=0.9), "RMSprop": RMSprop, "Adam": Adam}
RATES = [float(f"{digits}e{power}") for power in range(-4, 1) for digits in (1, 1.5, 2, 3, 5, 7)] + [10.0]


def slider(kind, description, **limits):
    return kind(description=description, style={"description_width": "100px"}, layout={"width": "400px"}, **limits)


def dropdown(description, options, width="210px"):
    return ipywidgets.Dropdown(description=description, options=options, layout={"width": width})


def set_slider(control, value, lowest=None):
    """Move a slider to a value, beyond its upper end if need be; `lowest` is its new lower end."""
    with control.hold_trait_notifications():
        control.min = control.min if lowest is None else lowest
        control.max, control.value = max(control.max, value), value


def nearest(choices, value):
    """The one of `choices` (numbers from 0) that is nearest on a logarithmic scale, on which 0 stands for 1e-9."""
    return min(choices, key=lambda choice: abs(np.log(max(choice, 1e-9) / max(value, 1e-9))))


def choice_slider(description, choices, text="{:g}"):
    """A slider over round numbers; one over all numbers would move a rate of 0.5 to 0.501."""
    options = [(text.format(choice), choice) for choice in choices]
    return slider(ipywidgets.SelectionSlider, description, options=options)


def slider_of(panel, name, description, choices, text="{:g}"):
    """A choice slider for the panel's attribute `name`: it stands at the nearest choice, and leaves a value that was
    set from code as it is."""
    control = choice_slider(description, choices, text)

    def follow(_=None):
        control.value = nearest(choices, getattr(panel, name))

    def lead(change):
        if change["new"] != nearest(choices, getattr(panel, name)):
            setattr(panel, name, change["new"])

    follow()
    panel.observe(follow, name)
    control.observe(lead, "value")
    return control


def link_values(panel, **controls):
    """Tie each control's value to the panel's attribute of that name."""
    for name, control in controls.items():
        traitlets.link((panel, name), (control, "value"))


def button(text, icon, action):
    """A button that calls `action()`."""
    made = ipywidgets.Button(description=text, icon=icon)
    made.on_click(lambda _: action())
    return made


def train_buttons(panel):
    """Train / Pause, Step, Reset and New seed for a TrainingPanel with a `seed`."""
    train = ipywidgets.ToggleButton(description="Train", icon="play", button_style="primary")
    traitlets.link((panel, "running"), (train, "value"))

    def show_state(_):
        train.description, train.icon = ("Pause", "pause") if panel.running else ("Train", "play")

    def new_seed():
        panel.seed += 1

    panel.observe(show_state, "running")
    step, reset = button("Step", "step-forward", panel.step_once), button("Reset", "undo", panel.reset)
    return ipywidgets.HBox([train, step, reset, button("New seed", "random", new_seed)])

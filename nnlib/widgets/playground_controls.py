"""The playground's controls: hidden layers, what acts on training, points in the plane."""

import functools

import ipywidgets

from nnlib.data.points import SHAPES
from nnlib.optimizers import OPTIMIZERS
from nnlib.widgets.controls import ACTIVATIONS, RATES, dropdown, number, switch

GIVEN = "as given"  # the points that the panel was made with
DECAYS = [0.0, *RATES[3:19]]


def network_controls(panel, full):
    """Hidden layers: their units and activations. One layer, or with `full` three or more and a slider for how many.

    A control changes its own entry of the panel's lists, and nothing if that says already what the control shows.
    """
    rows = []
    for k in range(max(3, len(panel.hidden)) if full else 1):
        name = f"units {k + 1}" if full else "hidden units"
        size = number(
            panel, None, name, f"How many units hidden layer {k + 1} has", value=16, max=128, most=2000, whole=True
        )
        what = f"What the units of hidden layer {k + 1} make of their sum"
        rows.append(ipywidgets.HBox([size, dropdown(panel, None, "activation", what, ACTIVATIONS)]))
    what = "How many hidden layers the network has"
    depth = number(panel, None, "hidden layers", what, max=len(rows), most=None, whole=True) if full else None

    def show(_=None):
        """Controls after the panel's settings."""
        if full:
            depth.reach(len(panel.hidden))
        for k, row in enumerate(rows):
            size, name = row.children
            used = k < len(panel.hidden)
            if full:
                row.layout.display = None if used else "none"
            if used or not full:  # a slider that is not shown keeps its units for when it is
                # At 0 units there is no layer, which is offered where it is the only one.
                lowest = int(full or len(panel.hidden) > 1)
                size.min = size.least = lowest
                size.reach(panel.hidden[k] if used else 0)
            name.value, name.disabled = panel.activation_of(k), not used

    def set_depth(change):
        sizes, wanted = [int(row.children[0].value) for row in rows], int(change["new"])
        more = [sizes[min(k, len(sizes) - 1)] for k in range(len(panel.hidden), wanted)]
        panel.hidden = [*panel.hidden, *more][:wanted]

    def set_size(k, change):
        wanted = max(int(change["new"]), int(rows[k].children[0].least))
        size = [wanted] if wanted else []
        panel.hidden = [*panel.hidden[:k], *size, *panel.hidden[k + 1 :]]

    def set_name(k, change):
        if change["new"] == panel.activation_of(k):
            return
        if isinstance(panel.activation, str) and not full:
            panel.activation = change["new"]  # one name for all layers stays one
        else:
            names = [panel.activation_of(other) for other in range(max(k + 1, len(panel.hidden)))]
            panel.activation = [*names[:k], change["new"], *names[k + 1 :]]

    show()
    panel.observe(show, ["hidden", "activation"])
    for k, row in enumerate(rows):
        for control, setter in zip(row.children, (set_size, set_name), strict=True):
            control.observe(functools.partial(setter, k), "value")
    if full:
        depth.observe(set_depth, "value")
    return ipywidgets.HBox([depth, *rows] if full else rows)


def training_controls(panel, full):
    """Learning rate, and with `full` what else acts on training, of which a lecture does without all but the rate."""
    rate = number(panel, "learning_rate", "learning rate", "How far each update moves the weights", choices=RATES,
                  least=0, most=None)  # fmt: skip
    more = []
    if full:
        every, what = len(panel.X), "How many training rows each update looks at"
        more = [
            dropdown(panel, "optimizer", "optimizer", "How an update is made from the gradient", list(OPTIMIZERS)),
            number(panel, "batch_size", "batch size", what, min=1, max=512, most=100_000, whole=True),
            number(panel, "samples", "training rows", "How many rows are used", min=1, max=every, whole=True),
            number(panel, "weight_decay", "weight decay", "How strongly each update pulls the weights towards 0 (L2)",
                   choices=DECAYS, most=None),
            number(panel, "dropout", "dropout", "Share of hidden units that an update leaves out", max=0.9, step=0.1),
            switch(panel, "batch_norm", "batch norm", "Give each hidden unit mean 0 and variance 1 over the batch"),
        ]  # fmt: skip
    return ipywidgets.HBox([rate, *more]), more


def point_controls(panel):
    """For points in the plane: their shape and noise, and the class that a click adds."""
    if panel.X.shape[1] != 2:
        return []
    shapes = [*([GIVEN] if panel.shape == GIVEN else []), *SHAPES]
    shape = dropdown(panel, "shape", "points", "Which points there are", shapes)
    noise = number(panel, "noise", "noise", "How far chance moves the points", max=0.5, step=0.02, most=1)
    classes = [("class 0", 0), ("class 1", 1)]
    adds = dropdown(panel, "adds", "a click adds", "The class of the point that a click in the picture adds", classes)
    noise.disabled = panel.shape == GIVEN
    panel.observe(lambda change: setattr(noise, "disabled", change["new"] == GIVEN), "shape")
    return [ipywidgets.HBox([shape, noise, adds])]

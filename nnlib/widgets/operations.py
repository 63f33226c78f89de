"""What backpropagation through one hidden layer computes, one operation at a time: for the stepper."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nnlib.activations import softmax

SLOPE = {  # f'(Z1), written in A1
    "tanh": "(1 - A_1^2)",
    "sigmoid": "A_1 (1 - A_1)",
    "relu": "[A_1 > 0]",
    "leaky_relu": "(1\\ \\mathrm{if}\\ A_1 > 0\\ \\mathrm{else}\\ 0.01)",
    "elu": "(1\\ \\mathrm{if}\\ A_1 > 0\\ \\mathrm{else}\\ A_1 + 1)",
    "identity": "1",
}


@dataclass
class Operation:
    """One step: what it computes, from what, and how it is written.

    `uses` are the boxes that it takes its arrays from; `written` names the arrays and the signs between them on screen.
    """

    name: str
    uses: str
    written: str
    formula: str
    why: str
    compute: Callable


def operations(f, derivative, name):
    """The 13 operations in order. `v` holds the arrays computed so far."""
    function = f"\\mathrm{{{name.replace('_', chr(92) + '_')}}}"
    rows = "\\mathrm{sum\\ of\\ the\\ rows\\ of}"
    table = [
        ("Z1", "X W1 b1", "X @ W1 + b1", "Z_1 = X\\, W_1 + b_1",
         "each row of X meets each column of W1; b1 is added to every row", lambda v: v["X"] @ v["W1"] + v["b1"]),
        ("A1", "Z1", "Z1", f"A_1 = {function}(Z_1)", "entry by entry", lambda v: f(v["Z1"])),
        ("Z2", "A1 W2 b2", "A1 @ W2 + b2", "Z_2 = A_1\\, W_2 + b_2",
         "the same again, with A1 in the place of X", lambda v: v["A1"] @ v["W2"] + v["b2"]),
        ("A2", "Z2", "Z2", "A_2 = \\mathrm{softmax}(Z_2)", "each row becomes probabilities that add up to 1",
         lambda v: softmax(v["Z2"])),
        ("L", "A2 Y", "-1/m Σ Y ln A2", "L = -\\frac{1}{m}\\ \\sum_{i,k}\\ Y_{ik}\\, \\ln A_{2,ik}",
         "one number: the mean over the samples of -ln(probability of the right class)",
         lambda v: np.array(-(v["Y"] * np.log(v["A2"])).sum() / len(v["Y"]))),
        ("dZ2", "A2 Y", "A2 - Y / m", "dZ_2 = (A_2 - Y)\\, /\\, m",
         "what it said minus what is right; the 1/m of the mean comes in here, once",
         lambda v: (v["A2"] - v["Y"]) / len(v["Y"])),
        ("dW2", "A1 dZ2", "A1.T @ dZ2", "dW_2 = A_1^\\top\\, dZ_2",
         "what came in, times what comes back, added up over the samples", lambda v: v["A1"].T @ v["dZ2"]),
        ("db2", "dZ2", "dZ2", f"db_2 = {rows}\\ dZ_2",
         "b2 was copied to every row, so its derivative is the sum over the rows", lambda v: v["dZ2"].sum(axis=0)),
        ("dA1", "dZ2 W2", "dZ2 @ W2.T", "dA_1 = dZ_2\\, W_2^\\top",
         "each hidden unit collects over all the outputs that it feeds", lambda v: v["dZ2"] @ v["W2"].T),
        ("dZ1", "dA1 A1", "dA1 * f'(Z1)", f"dZ_1 = dA_1 \\odot f\\,'(Z_1) = dA_1 \\odot {SLOPE[name]}",
         "entry by entry, times the slope of the activation", lambda v: derivative(v["dA1"], v["A1"])),
        ("dW1", "X dZ1", "X.T @ dZ1", "dW_1 = X^\\top\\, dZ_1", "as for dW2, with X in the place of A1",
         lambda v: v["X"].T @ v["dZ1"]),
        ("db1", "dZ1", "dZ1", f"db_1 = {rows}\\ dZ_1", "as for db2", lambda v: v["dZ1"].sum(axis=0)),
        ("dX", "dZ1 W1", "dZ1 @ W1.T", "dX = dZ_1\\, W_1^\\top",
         "as for dA1; training does not need it, but it says how the inputs act on the loss",
         lambda v: v["dZ1"] @ v["W1"].T),
    ]  # fmt: skip
    return [Operation(*row) for row in table]


def array_named(text, v, derivative):
    """The array that is written so: X, W2.T, m, -1/m or f'(Z1)."""
    if text in ("m", "-1/m"):
        return np.array(len(v["Y"]))
    if text == "f'(Z1)":
        return derivative(1.0, v["A1"])
    return v[text.removesuffix(".T")].T if text.endswith(".T") else v[text]

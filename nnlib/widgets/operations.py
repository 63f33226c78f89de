"""What backpropagation through one hidden layer computes, one operation at a time: for the stepper."""

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

    `shown` are the arrays that stand between the signs on screen; `uses` are the boxes that it takes them from.
    """

    name: str
    formula: str
    why: str
    uses: tuple
    compute: callable
    shown: callable
    signs: tuple


def operations(f, derivative, name):
    """The 13 operations in order. `v` holds the arrays computed so far."""
    f_prime = "f'(Z1)"
    return [
        Operation(
            "Z1",
            "Z_1 = X\\, W_1 + b_1",
            "each row of X meets each column of W1; b1 is added to every row",
            ("X", "W1", "b1"),
            lambda v: v["X"] @ v["W1"] + v["b1"],
            lambda v: [("X", v["X"]), ("W1", v["W1"]), ("b1", v["b1"])],
            ("@", "+"),
        ),
        Operation(
            "A1",
            f"A_1 = \\mathrm{{{name.replace('_', chr(92) + '_')}}}(Z_1)",
            "entry by entry",
            ("Z1",),
            lambda v: f(v["Z1"]),
            lambda v: [("Z1", v["Z1"])],
            (),
        ),
        Operation(
            "Z2",
            "Z_2 = A_1\\, W_2 + b_2",
            "the same again, with A1 in the place of X",
            ("A1", "W2", "b2"),
            lambda v: v["A1"] @ v["W2"] + v["b2"],
            lambda v: [("A1", v["A1"]), ("W2", v["W2"]), ("b2", v["b2"])],
            ("@", "+"),
        ),
        Operation(
            "A2",
            "A_2 = \\mathrm{softmax}(Z_2)",
            "each row becomes probabilities that add up to 1",
            ("Z2",),
            lambda v: softmax(v["Z2"]),
            lambda v: [("Z2", v["Z2"])],
            (),
        ),
        Operation(
            "L",
            "L = -\\frac{1}{m}\\ \\sum_{i,k}\\ Y_{ik}\\, \\ln A_{2,ik}",
            "one number: the mean over the samples of -ln(probability of the right class)",
            ("A2", "Y"),
            lambda v: np.array(-(v["Y"] * np.log(v["A2"])).sum() / len(v["Y"])),
            lambda v: [("-1/m", np.array(len(v["Y"]))), ("Y", v["Y"]), ("A2", v["A2"])],
            ("Σ", "ln"),
        ),
        Operation(
            "dZ2",
            "dZ_2 = (A_2 - Y)\\, /\\, m",
            "what it said minus what is right; the 1/m of the mean comes in here, once",
            ("A2", "Y"),
            lambda v: (v["A2"] - v["Y"]) / len(v["Y"]),
            lambda v: [("A2", v["A2"]), ("Y", v["Y"]), ("m", np.array(len(v["Y"])))],
            ("-", "/"),
        ),
        Operation(
            "dW2",
            "dW_2 = A_1^\\top\\, dZ_2",
            "what came in, times what comes back, added up over the samples",
            ("A1", "dZ2"),
            lambda v: v["A1"].T @ v["dZ2"],
            lambda v: [("A1.T", v["A1"].T), ("dZ2", v["dZ2"])],
            ("@",),
        ),
        Operation(
            "db2",
            "db_2 = \\mathrm{sum\\ of\\ the\\ rows\\ of}\\ dZ_2",
            "b2 was copied to every row, so its derivative is the sum over the rows",
            ("dZ2",),
            lambda v: v["dZ2"].sum(axis=0),
            lambda v: [("dZ2", v["dZ2"])],
            (),
        ),
        Operation(
            "dA1",
            "dA_1 = dZ_2\\, W_2^\\top",
            "each hidden unit collects over all the outputs that it feeds",
            ("dZ2", "W2"),
            lambda v: v["dZ2"] @ v["W2"].T,
            lambda v: [("dZ2", v["dZ2"]), ("W2.T", v["W2"].T)],
            ("@",),
        ),
        Operation(
            "dZ1",
            f"dZ_1 = dA_1 \\odot f\\,'(Z_1) = dA_1 \\odot {SLOPE[name]}",
            "entry by entry, times the slope of the activation",
            ("dA1", "A1"),
            lambda v: derivative(v["dA1"], v["A1"]),
            lambda v: [("dA1", v["dA1"]), (f_prime, derivative(1.0, v["A1"]))],
            ("*",),
        ),
        Operation(
            "dW1",
            "dW_1 = X^\\top\\, dZ_1",
            "as for dW2, with X in the place of A1",
            ("X", "dZ1"),
            lambda v: v["X"].T @ v["dZ1"],
            lambda v: [("X.T", v["X"].T), ("dZ1", v["dZ1"])],
            ("@",),
        ),
        Operation(
            "db1",
            "db_1 = \\mathrm{sum\\ of\\ the\\ rows\\ of}\\ dZ_1",
            "as for db2",
            ("dZ1",),
            lambda v: v["dZ1"].sum(axis=0),
            lambda v: [("dZ1", v["dZ1"])],
            (),
        ),
        Operation(
            "dX",
            "dX = dZ_1\\, W_1^\\top",
            "as for dA1; training does not need it, but it says how the inputs act on the loss",
            ("dZ1", "W1"),
            lambda v: v["dZ1"] @ v["W1"].T,
            lambda v: [("dZ1", v["dZ1"]), ("W1.T", v["W1"].T)],
            ("@",),
        ),
    ]

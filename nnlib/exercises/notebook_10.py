"""The questions of notebook 10."""

import numpy as np

from nnlib.autograd import Tensor
from nnlib.exercises import Question


def numbers_to_divide(rng):
    """d, p and q of one shape, q away from 0."""
    shape = tuple(rng.integers(1, 4, 2))
    q = rng.choice([-1, 1], shape) * rng.uniform(0.5, 2, shape).round(1)
    return rng.normal(size=shape).round(1), rng.normal(size=shape).round(1), q


def derivatives(inputs, tape):
    """The derivative of the tape's last value by each of its inputs."""
    values = [Tensor(value) for value in inputs]
    leaves = values[:]
    operations = {"add": Tensor.__add__, "multiply": Tensor.__mul__, "exp": Tensor.exp, "relu": Tensor.relu}
    for name, *used in tape:
        values.append(operations[name](*(values[i] for i in used)))
    values[-1].backward()
    return np.array([float(leaf.grad) for leaf in leaves])


def a_tape(rng):
    """One to three inputs and up to six operations, on values small enough for exp."""
    inputs, tape = [float(x) for x in rng.normal(0, 0.7, rng.integers(1, 4)).round(1)], []
    values = list(inputs)
    for _ in range(rng.integers(1, 7)):
        i, j = (int(k) for k in rng.integers(len(values), size=2))
        choices = [("add", i, j), ("multiply", i, j), ("relu", i)] + [("exp", i)] * (abs(values[i]) < 2)
        tape.append(choices[rng.integers(len(choices))])
        a, b = values[i], values[j]
        results = {"add": a + b, "multiply": a * b, "relu": max(a, 0.0), "exp": float(np.exp(min(a, 2.0)))}
        values.append(results[tape[-1][0]])
    return inputs, tape


QUESTIONS = {
    "10.1 division_rule": Question(
        lambda d, p, q: (d / q, -d * p / q**2),
        inputs=numbers_to_divide,
        hint="Each derivative is d times the slope of p / q, once as a function of p and once as one of q.",
        more="The slope by q is that of p times 1/q: minus p over q squared.",
    ),
    "10.2 floor_26": Question(
        float(np.log(1 + 25 / np.e)),
        hint="(10.6) with K = 26: how many classes get e^0 = 1 each from the second softmax?",
        more="25 of them, beside the e of the right class.",
        tolerance=2e-3,
    ),
    "10.2 missing_line": Question(
        "C", hint="Without A or B the weights would not move at all. Part 7 shows such a curve."
    ),
    "10.3 derivatives": Question(
        derivatives,
        inputs=a_tape,
        hint="Try a tape of one operation first. Does a value that is used twice get both derivatives, also for "
        '("multiply", 0, 0)? Does an input that the result does not depend on get 0?',
        more="Keep one list of derivatives beside the list of values; every operation adds to the places i and j. The "
        "slope of exp is the value that came out, the slopes of a product are the *other* factor.",
    ),
}

"""The expression stepper: its derivatives are those of numbers, each step shows something, bad input loses nothing."""

import ipywidgets
import numpy as np
import pytest
from controls import control

import nnlib
from nnlib.widgets import ExpressionStepper
from nnlib.widgets.expression import MOST, Graph

EXPRESSIONS = {
    "(a + b) * b": {"a": 2.0, "b": 3.0},
    "x * x * x": {"x": 2.0},
    "log(exp(a) + exp(b)) - a": {"a": 2.0, "b": 0.0},
    "tanh(w * x + b) / 2 - -b ** 2": {"w": 0.5, "x": 1.5, "b": -0.3},
    "relu(w * x + b)": {"w": -1.0, "x": 2.0, "b": 0.5},
    "1 / (1 + exp(-z))": {"z": 0.7},
}
EVALUATE = {"exp": np.exp, "log": np.log, "tanh": np.tanh, "relu": lambda a: max(a, 0), "__builtins__": {}}


@pytest.fixture(params=EXPRESSIONS)
def panel(request):
    panel = ExpressionStepper(request.param, **EXPRESSIONS[request.param])
    yield panel
    panel.close()


def test_derivatives_by_numbers(panel):
    values = np.array(list(panel.values.values()))

    def end():
        return eval(panel.expression, EVALUATE | dict(zip(panel.values, values)))

    expected = nnlib.numerical_gradient(end, values)
    assert list(panel.derivatives.values()) == pytest.approx(expected, rel=1e-6, abs=1e-8)


def test_the_steps_arrive_at_the_derivatives(panel):
    graph, pictures = Graph(panel.expression, panel.values), set()
    for position in range(graph.last + 1):
        panel.position = position
        pictures.add(panel.snapshot().tobytes())
    assert len(pictures) == graph.last + 1
    _, shares, _ = graph.at(graph.last)
    for name, leaf in graph._leaves.items():
        assert sum(shares[id(leaf)]) == pytest.approx(panel.derivatives[name])
        assert len(shares[id(leaf)]) == graph.uses[id(leaf)]
    assert f"step {graph.last} of {graph.last}" in panel.message.value


def test_a_value_used_twice_waits():
    panel = ExpressionStepper("(a + b) * b", 3, a=2, b=3)
    assert "waits for another derivative" in panel.message.value
    assert any(text.get_visible() and text.get_text() == "d 5 + …" for text in panel._slopes)
    panel.step()
    assert any(text.get_visible() and text.get_text() == "d 5 + 3 = 8" for text in panel._slopes)
    panel.close()


def test_buttons_and_boxes():
    panel = ExpressionStepper("a * b", a=2, b=3)
    for _ in range(9):
        control(panel, "Next").click()
    assert panel.position == 2 and control(panel, "Next").disabled
    control(panel, "Back").click()
    assert panel.position == 1
    control(panel, "Restart").click()
    assert panel.position == 0
    control(panel, "expression").value = "a * b + c"
    assert panel.expression == "a * b + c" and panel.values == {"a": 2, "b": 3, "c": 1}
    assert control(panel, "values").value == "a=2, b=3, c=1"
    control(panel, "values").value = "a=2, b=-4, c=1"
    assert panel.derivatives == {"a": -4, "b": 2, "c": 1} and panel.position == 0
    panel.close()


@pytest.mark.parametrize(
    "typed, words",
    [
        ("a +", "cannot be read"),
        ("", "cannot be read"),
        ("a", "'a' has 0 operations and 1 values; expected one operation at least"),
        ("a + b[0]", r"'b\[0\]' is not known here"),
        ("__import__('os').getcwd()", "is not known here"),
        ("sin(a)", "'sin.a.' is not known here; .* exp, log, tanh, relu"),
        ("a ** b", "is not known here; .* with a number"),
        ("True + a", "'True' is not known here"),
        ("+".join("abcdefghijklmnopq"), f"at most {MOST} values"),
    ],
)
def test_bad_expressions(typed, words):
    with pytest.raises(ValueError, match=words):
        ExpressionStepper(typed)
    panel = ExpressionStepper("a * b", a=2, b=3)
    control(panel, "expression").value = typed
    assert "Not done" in panel.message.value and panel.expression == "a * b"
    panel.close()


@pytest.mark.parametrize("typed", ["a", "a=x", "a=1=2", "=3, b"])
def test_bad_values(typed):
    panel = ExpressionStepper("a * b", a=2, b=3)
    control(panel, "values").value = typed
    assert "expected a number for each name" in panel.message.value and panel.values == {"a": 2, "b": 3}
    panel.close()


def test_a_text_is_no_html():
    panel = ExpressionStepper("a * b")
    control(panel, "expression").value = "<img onerror=x> * a"
    assert "<img" not in panel.message.value
    panel.close()


def test_every_control_says_what_it_does():
    panel = ExpressionStepper(lecture=True)
    for row in panel.children[:2]:
        assert all(c.tooltip for c in row.children if isinstance(c, ipywidgets.DOMWidget))
    panel.close()

"""Walk forward and backward through an expression that the reader types, one operation at a time."""

import ast

import ipywidgets
import traitlets
from matplotlib.patches import FancyArrowPatch

from nnlib import plots
from nnlib.autograd import Tensor, history
from nnlib.widgets.controls import button, switch
from nnlib.widgets.panel import Panel

FORWARD, BACKWARD = plots.COLORS[0], plots.COLORS[1]
MOST = 16  # values that the picture has room for
SIGNS = {ast.Add: "+", ast.Sub: "+", ast.Mult: "×", ast.Div: "÷"}
FUNCTIONS = ("exp", "log", "tanh", "relu")
KNOWN = f"names, numbers, + - * /, ** with a number, brackets and {', '.join(FUNCTIONS)}"


class ExpressionStepper(Panel):
    """nnlib.autograd on an expression such as `"(a + b) * b"`: its values one after the other, then its derivatives.

    The values of names are keywords, `a=2`; a name without one is 1.
    Attributes: `expression` (names, numbers, + - * /, ** with a number, brackets, exp, log, tanh, relu), `values` (a
    dict), `position` (0 what is given; then a value at a time forward, and a value at a time back), `running` (goes on
    by itself); `derivatives` is a dict of the result's derivative by each name. ValueError for anything else.
    """

    label = "The expression as a graph, with the values and derivatives found so far"
    expression = traitlets.Unicode()
    values = traitlets.Dict()
    position = traitlets.Int(0, min=0)
    lecture_paper = 1.0

    def __init__(self, expression: str = "(a + b) * b", position: int = 0, lecture: bool = False,
                 **values: float) -> None:  # fmt: skip
        self.speed, self._graph = 0.7, Graph(expression, values)
        self.expression, self.values, self.position = expression, self._graph.values, position
        figure, self._axes = plots.figure(10, 4.2)
        self._axes.axis("off")
        self._boxes, self._numbers = ([self._text(size) for _ in range(MOST)] for size in (18, 15))
        self._slopes = [self._text(15) for _ in range(MOST)]
        self._arrows = [self._axes.add_patch(FancyArrowPatch((0, 0), (1, 1), zorder=1)) for _ in range(2 * MOST)]
        artists = [*self._arrows, *self._boxes, *self._numbers, *self._slopes]
        super().__init__(figure, artists, self._controls(), lecture)

    def _text(self, size):
        return self._axes.text(0, 0, "", ha="center", va="center", fontsize=size, zorder=3)

    def _controls(self):
        look = {"continuous_update": False, "layout": {"width": "330px"}, "style": {"description_width": "initial"}}
        typed = ipywidgets.Text(description="expression", tooltip=f"What is computed: {KNOWN}", **look)
        given = ipywidgets.Text(description="values", tooltip="The value of each name, as in a=2, b=3", **look)

        def follow(_=None):
            typed.value, given.value = self.expression, text_of(self.values)

        def lead(_):
            if (typed.value, given.value) != (self.expression, text_of(self.values)):
                try:
                    self.compute(typed.value, **numbers_of(given.value))
                except ValueError as error:  # what was shown stays, and what was typed too, to be mended
                    self.fail(error)

        follow()
        self.observe(follow, ["expression", "values"])
        for box in (typed, given):
            box.observe(lead, "value")
        self._buttons = [
            button("Restart", "fast-backward", lambda: self.step(-self.position), "Go back to what is given"),
            button("Back", "step-backward", lambda: self.step(-1), "Go back by one step"),
            button("Next", "step-forward", self.step, "Compute the next value, or hand on the next derivative"),
        ]
        self._buttons[-1].button_style = "primary"
        play = switch(self, "running", "Play", "Go on by itself", "play")
        return [ipywidgets.HBox([typed, given]), ipywidgets.HBox([*self._buttons, play])]

    def compute(self, expression, **values):
        """Another expression, from its beginning. ValueError if it cannot be computed; the old one stays then."""
        graph = Graph(expression, values)
        with self.hold_trait_notifications():
            self.expression, self.values, self.position = expression, graph.values, 0

    @property
    def derivatives(self):
        """The derivative of the result by each name: a dict."""
        return Graph(self.expression, self.values).derivatives()

    @property
    def code(self):
        """The lines that make this panel as it stands."""
        values = "".join(f", {name}={value:g}" for name, value in self.values.items())
        return f"panel = widgets.ExpressionStepper({self.expression!r}, {self.position}{values})\npanel"

    def work(self):
        """Goes on by itself, and stops at the end."""
        self.step()
        self.running = self.position < self._graph.last

    def step(self, steps=1):
        """Go on by this many, back if negative; stays at the ends."""
        self.position = min(max(self.position + steps, 0), self._graph.last)

    def update(self):
        if (self.expression, self.values) != (self._graph.expression, self._graph.values):
            self._graph = Graph(self.expression, self.values)
        graph = self._graph
        for made, end in zip(self._buttons, (0, 0, graph.last), strict=True):
            made.disabled = self.position == end
        known, shares, current = graph.at(self.position)
        back = self.position > len(graph.made)
        xs, ys = zip(*graph.places.values())
        self._axes.set(xlim=(min(xs) - 0.6, max(xs) + 0.6), ylim=(min(-1, min(ys) - 0.7), max(1, max(ys) + 0.7)))
        for artist in (*self._boxes, *self._numbers, *self._slopes, *self._arrows):
            artist.set_visible(False)
        for node, box, number, slope in zip(graph.nodes, self._boxes, self._numbers, self._slopes):
            x, y = graph.places[id(node)]
            color = "0.6" if node is not current else BACKWARD if back else FORWARD
            box.set_bbox({"boxstyle": "round,pad=0.4", "fc": "none", "ec": color, "lw": 3 if node is current else 1.5})
            box.set(visible=True, position=(x, y), text=graph.labels[id(node)])
            number.set(visible=id(node) in known, position=(x, y + 0.36), color=FORWARD, text=f"{float(node.data):.4g}")
            arrived = shares.get(id(node), [])
            text = " + ".join(f"{share:.3g}" for share in arrived).replace("+ -", "− ")
            waits = len(arrived) < graph.uses[id(node)]
            text += " + …" if waits else f" = {sum(arrived):.4g}" if len(arrived) > 1 else ""
            slope.set(visible=bool(arrived), position=(x, y - 0.36), color=BACKWARD, text=f"d {text}")
        for k, (arrow, (parent, child)) in enumerate(zip(self._arrows, graph.edges)):
            color = "0.7" if child is not current else BACKWARD if back else FORWARD
            arrow.set(visible=True, color=color, linewidth=3 if child is current else 1.2)
            arrow.set_arrowstyle("<|-" if back and child is current else "-|>", head_width=4, head_length=7)
            arrow.shrinkA = arrow.shrinkB = 22
            start, end = graph.places[id(parent)], graph.places[id(child)]
            bend = 0.25 if end[0] - start[0] > 1 else 0.3 * (graph.edges[:k].count((parent, child)))
            arrow.set_connectionstyle("arc3", rad=bend)  # around what stands between, or beside its like
            arrow.set_positions(start, end)
        return graph.words(self.position, shares, current)


class Graph:
    """An expression computed on Tensors: its `nodes` in order, those that are `made` by an operation, where they stand,
    and how often each is used."""

    def __init__(self, expression, values):
        self.expression, self.labels, self._leaves = expression, {}, {}
        try:
            tree = ast.parse(expression.strip(), mode="eval").body
        except SyntaxError as error:
            raise ValueError(f"{expression!r} cannot be read; expected {KNOWN}") from error
        self._given = {name: float(value) for name, value in values.items()}
        self.end = self._compute(tree)
        self.values = {name: float(leaf.data) for name, leaf in self._leaves.items()}
        self.nodes = history(self.end)
        self.made = [node for node in self.nodes if node.parents]
        if not self.made or len(self.nodes) > MOST:
            count = f"{len(self.made)} operations and {len(self.nodes)} values"
            raise ValueError(f"{expression!r} has {count}; expected one operation at least, and at most {MOST} values")
        self.edges = [(parent, node) for node in self.made for parent in node.parents]
        self.uses = {id(node): max(1, sum(parent is node for parent, _ in self.edges)) for node in self.nodes}
        self.last = 2 * len(self.made)
        self.places = self._lay_out()

    def _compute(self, tree):
        """The Tensor of a part of the expression; what each is called goes into `labels`."""
        match tree:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return self._label(Tensor(value), f"{value:g}")
            case ast.Name(id=name):
                if name not in self._leaves:
                    self._leaves[name] = self._label(Tensor(self._given.get(name, 1.0)), name)
                return self._leaves[name]
            case ast.UnaryOp(op=ast.USub(), operand=part):
                return self._label(-self._compute(part), "−")
            case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() | float() as power)):
                return self._label(self._compute(left) ** power, f"power {power:g}")
            case ast.BinOp(left=left, op=ast.Sub(), right=right):  # a sum with a negative
                return self._label(self._compute(left) + self._label(-self._compute(right), "−"), "+")
            case ast.BinOp(left=left, op=ast.Add() | ast.Mult() | ast.Div() as op, right=right):
                a, b = self._compute(left), self._compute(right)
                made = a + b if isinstance(op, ast.Add) else a * b if isinstance(op, ast.Mult) else a / b
                return self._label(made, SIGNS[type(op)])
            case ast.Call(func=ast.Name(id=name), args=[part], keywords=[]) if name in FUNCTIONS:
                return self._label(getattr(self._compute(part), name)(), name)
        raise ValueError(f"{ast.unparse(tree)!r} is not known here; expected {KNOWN}")

    def _label(self, node, text):
        self.labels[id(node)] = text
        return node

    def _lay_out(self):
        """A column for each depth; what is given stands one column before its first use."""
        column = {}
        for node in self.made:
            column[id(node)] = 1 + max(column.get(id(parent), 0) for parent in node.parents)
        for parent, node in self.edges:
            if not parent.parents:
                column[id(parent)] = min(column.get(id(parent), MOST), column[id(node)] - 1)
        rows = {}
        for node in self.nodes:
            rows.setdefault(column[id(node)], []).append(node)
        return {id(n): (x, (len(some) - 1) / 2 * 1.2 - 1.2 * y) for x, some in rows.items() for y, n in enumerate(some)}

    def at(self, position):
        """The ids of nodes with a value, the derivatives that have arrived at each, and the node that acts."""
        known = {id(node) for node in self.nodes if not node.parents} | {id(node) for node in self.made[:position]}
        acting, shares = self.made[position - 1] if 0 < position <= len(self.made) else None, {}
        for node in self.made[::-1][: max(0, position - len(self.made))]:
            if node is self.end:
                shares[id(node)] = [1.0]
            for parent, share in zip(node.parents, node.rule(sum(shares[id(node)]))):
                shares.setdefault(id(parent), []).append(float(share))
            acting = node
        return known, shares, acting

    def derivatives(self):
        """The derivative of the result by each name: a dict."""
        self.end.backward()
        return {name: float(leaf.grad) for name, leaf in self._leaves.items()}

    def words(self, position, shares, acting):
        """What has just happened, as HTML without anything that was typed."""
        if acting is None:
            return "Blue: values. Press <b>Next</b> to compute the first that can be computed."
        done = f"step {position} of {self.last}"
        if position <= len(self.made):
            return f"<b>{self.labels[id(acting)]}</b> gives {float(acting.data):.6g} &middot; {done}"
        own = sum(shares[id(acting)])
        waiting = sum(len(shares.get(id(parent), [])) < self.uses[id(parent)] for parent in set(acting.parents))
        wait = " &middot; a value behind it waits for another derivative" if waiting else ""
        return f"<b>{self.labels[id(acting)]}</b> hands on its derivative {own:.6g}{wait} &middot; {done}"


def text_of(values):
    return ", ".join(f"{name}={value:g}" for name, value in values.items())


def numbers_of(text):
    """`a=2, b=3` as a dict; ValueError if it is something else."""
    try:
        pairs = (pair.split("=") for pair in text.split(",") if pair.strip())
        return {name.strip(): float(value) for name, value in pairs}
    except ValueError as error:
        raise ValueError(f"the values are {text!r}; expected a number for each name, as in a=2, b=0.5") from error

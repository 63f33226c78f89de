"""A bug of one's own: a right function with one wrong line, drawn by a student's number.

The right function and its bugs stand in `notebook_NN.py`: PLANTED_IN, and BUGS, pairs of a right line and a wrong one.
"""

import importlib
import inspect
import operator

import numpy as np


class Planted:
    """The source of a function with one wrong line.

    `source` is its text, which `print` shows with numbered lines; `function` is what it defines.
    """

    def __init__(self, right, bug):
        self._right, (good, bad) = right, bug
        lines = inspect.getsource(right).rstrip().splitlines()
        (self._place,) = [k for k, line in enumerate(lines) if line.strip() == good]
        self._lines = _replaced(lines, self._place, bad)

    @property
    def source(self):
        return "\n".join(self._lines)

    @property
    def function(self):
        return self._define(self._lines)

    def mend(self, line, text):
        """The function with another text in a line, counted from 1 as printed; its indentation is kept.

        Raises ValueError for a line that there is not.
        """
        if line not in range(1, len(self._lines) + 1):
            raise ValueError(f"line is {line!r}; expected a number from 1 to {len(self._lines)}, as printed")
        return self._define(_replaced(self._lines, line - 1, text))

    def _define(self, lines):
        known = dict(inspect.getmodule(self._right).__dict__)
        exec("\n".join(lines), known)  # noqa: S102 - the reader's own lines, in their own kernel
        return known[self._right.__name__]

    def __repr__(self):
        return "\n".join(f"{k:2}  {line}" for k, line in enumerate(self._lines, 1))


def _replaced(lines, place, text):
    indentation = lines[place][: len(lines[place]) - len(lines[place].lstrip())]
    return [*lines[:place], indentation + text.strip(), *lines[place + 1 :]]


def planted(notebook, number):
    """The bug that a student's `number` (0, 1, 2, ...) draws in a notebook ("02" to "06"): always the same one.

    The bugs are dealt like cards and shuffled anew when all are out, so that neighbours hardly ever share one. Raises
    ValueError for a notebook without bugs and for a number that is none.
    """
    module = _module(notebook)
    try:
        number = operator.index(number)
    except TypeError:
        number = -1
    if number < 0:
        raise ValueError("number is not a whole number of 0 or more; expected the digits of a student's number")
    deal, card = divmod(number, len(module.BUGS))
    order = np.random.default_rng([int(notebook), deal]).permutation(len(module.BUGS))
    return Planted(module.PLANTED_IN, module.BUGS[order[card]])


def wrong_line(notebook):
    """For `check`: the number of the wrong line, as a function of a student's number."""
    return lambda number: planted(notebook, number)._place + 1


def _module(notebook):
    if notebook not in ("02", "03", "04", "05", "06"):
        raise ValueError(f'notebook is {notebook!r}; expected "02", "03", "04", "05" or "06"')
    return importlib.import_module(f"nnlib.exercises.notebook_{notebook}")

"""What the notebooks' check cells call."""

import numpy as np


def check(answer, expected, hint="", tolerance=1e-6):
    """Print whether `answer` is right, wrong (what came, what was expected, the hint), or not filled in yet.

    `answer` and `expected` are numbers, texts or arrays; numbers may differ by `tolerance` times their size, plus as
    much.
    `None` and `...` count as not filled in. Never raises: a notebook goes on after a wrong answer.
    """
    print(_judge(answer, expected, hint, tolerance))


def _judge(answer, expected, hint, tolerance):
    if any(part is None or part is ... for part in (answer if isinstance(answer, list | tuple) else [answer])):
        return "Not filled in yet."
    try:
        got = f"got {_show(answer)}, expected {_show(expected)}. {hint}".rstrip()
        a, e = np.asarray(answer), np.asarray(expected)
        if a.shape != e.shape:
            return f"Not yet: the shape is {a.shape}, expected {e.shape}; {got}"
        numbers = a.dtype.kind in "biufc" and e.dtype.kind in "biufc"
        right = np.allclose(a, e, rtol=tolerance, atol=tolerance, equal_nan=True) if numbers else bool(np.all(a == e))
    except Exception as error:  # whatever a student's object does when it is compared or shown
        kind = type(answer).__name__
        return f"Not yet: got a {kind} that cannot be compared ({error}), expected {_show(expected)}. {hint}".rstrip()
    return "Right." if right else f"Not yet: {got}"


def _show(value):
    text = np.array2string(value, precision=4, threshold=12) if isinstance(value, np.ndarray) else repr(value)
    return text if len(text) <= 200 else text[:200] + " ..."

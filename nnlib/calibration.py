"""Calibration: is a probability of 0.8 right in eight of ten cases? (Guo, Pleiss, Sun & Weinberger 2017)

`p` (m,) holds the probability with which each answer was given, the largest of its row; `right` (m,) says whether it
was right.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from nnlib.extras import from_an_extra
from nnlib.losses import cross_entropy_from_logits

EDGES = (0.5, 0.7, 0.9, 0.99)  # of a reliability diagram's groups: most answers of a good classifier lie above 0.9


def groups(p: ArrayLike, right: ArrayLike, edges: Sequence[float] | np.ndarray = EDGES) -> pd.DataFrame:
    """The answers sorted by p into groups with these borders between them: a DataFrame, a row per group that has any.

    Columns: n, the number of answers; said, their mean p; right, the share that is. An answer on a border belongs to
    the group above. Raises ValueError unless p and right are two equally long rows of numbers in [0, 1].
    """
    p, right = np.asarray(p, float), np.asarray(right, float)
    if p.ndim != 1 or p.shape != right.shape or not len(p):
        raise ValueError(f"p has the shape {p.shape}, right {right.shape}; expected one number for each answer in both")
    if not all(((values >= 0) & (values <= 1)).all() for values in (p, right)):
        raise ValueError("p and right lie in [0, 1]: the answers' probabilities, and whether each is right")
    table = pd.DataFrame({"group": np.digitize(p, edges), "said": p, "right": right})
    return table.groupby("group").agg(n=("said", "size"), said=("said", "mean"), right=("right", "mean"))


def calibration_error(p: ArrayLike, right: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error: the mean of |said - right| over equally wide groups, each weighted by its answers.

    Guo et al. 2017, equation 3. Not 0 even for an honest classifier, since shares of few answers scatter: compare it
    with that of labels which are drawn from the probabilities.
    """
    table = groups(p, right, np.linspace(0, 1, bins + 1)[1:-1])
    return float(np.average((table["said"] - table["right"]).abs(), weights=table["n"]))


@from_an_extra()
def fit_temperature(Z: ArrayLike, y: ArrayLike) -> float:
    """The T, from 0.001 to 1,000, for which softmax(Z / T) has the smallest cross-entropy on these rows: a float.

    Z (m, K) are logits of rows that the network was not trained on, y (m,) their classes. Guo et al. 2017, section 4.2.
    With all of Z's largest logits right there is none, since every smaller T is better: ValueError.
    """
    from scipy.optimize import minimize_scalar

    Z, y = np.asarray(Z, np.float64), np.asarray(y)
    if Z.ndim != 2 or y.shape != Z.shape[:1] or y.dtype.kind not in "iu":
        raise ValueError(f"Z has the shape {Z.shape}, y {y.shape} {y.dtype}; expected logits (m, K) and classes (m,)")
    if (Z.argmax(axis=1) == y).all():
        raise ValueError(f"all {len(y)} answers are right, so no T is best; give more rows, or rows not trained on")
    Y = np.eye(Z.shape[1])[y]
    # In 1 / T, a factor of the logits, the loss is convex: one minimum.
    best = minimize_scalar(lambda factor: cross_entropy_from_logits(factor * Z, Y)[0], bounds=(1e-3, 1e3))
    return float(1 / best.x)

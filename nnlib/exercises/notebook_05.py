"""The questions of notebook 05."""

import numpy as np
from scipy.stats import binomtest

from nnlib.exercises import Question


def paired_test(right_a, right_b):
    """The two-sided p-value of the exact sign test on the entries where exactly one is True; 1 if there is none."""
    only_a, only_b = int(np.sum(right_a & ~right_b)), int(np.sum(right_b & ~right_a))
    return binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0


def two_nets(rng):
    """Where two nets are right on the same pictures, few or many; every fourth time they never disagree."""
    n = rng.integers(4, 41)
    right_a = rng.random(n) < 0.7
    share = rng.choice([0, 0.2, 0.5, 0.9])  # of the pictures that b may answer otherwise
    return right_a, np.where(rng.random(n) < share, rng.random(n) < rng.random(), right_a)


QUESTIONS = {
    "05.1 w_sigmoid": Question(4, hint="The factor per layer is w f'(0). What is f'(0)?"),
    "05.1 w_tanh": Question(1, hint="tanh'(0) = 1 - tanh(0)**2."),
    "05.2 largest_bias": Question(
        -1.0,
        hint="Which picture gives this unit its largest z? z must not exceed 0 even there.",
    ),
    "05.3 images_bars": Question(
        0.94 * 0.06 * (1.96 / 0.002) ** 2,
        tolerance=0.01,
        hint="Solve (5.8) for n, with p = 0.94 and 0.002 on the right.",
    ),
    "05.3 images_paired": Question(
        0.04 * (1.96 / 0.004) ** 2,
        tolerance=0.005,
        hint="Set (5.9) equal to the whole difference, and solve it for n.",
    ),
    "05.4 paired_test": Question(
        paired_test,
        inputs=two_nets,
        hint="Only pictures on which exactly one net is right are tosses of the coin. Are heads those of a alone, and "
        "tosses those of a alone and of b alone?",
        more="binomtest wants at least one toss, and it is two-sided unless told otherwise; .pvalue is the number.",
    ),
}

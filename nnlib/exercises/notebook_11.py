"""The questions of notebook 11."""

import numpy as np

from nnlib.exercises import Question


def on_sheet(h, u, v):
    """(s, t) of the place that a camera with the eight numbers h shows at (u, v): (11.1) solved for s and t."""
    there = np.append(h, 1).reshape(3, 3)
    s, t, scale = np.linalg.solve(there, [u, v, 1])
    return np.array([s, t]) / scale


def a_camera(rng):
    """h (8,) of a sheet that lies turned and leaning in a photograph, and a place in it."""
    h = np.array([5, 0.5, 200, -0.5, 5, 300, 0, 0]) + rng.normal(0, 1, 8) * (0.5, 0.3, 50, 0.3, 0.5, 50, 4e-4, 4e-4)
    s, t = rng.uniform(0, 180), rng.uniform(0, 250)
    u, v, scale = np.append(h, 1).reshape(3, 3) @ (s, t, 1)
    return h, float(u / scale), float(v / scale)


def compare(right_a, right_b, who):
    """Mean over writers of the accuracy of b minus that of a, and the ends of its 95 % interval, (11.2)."""
    from scipy import stats

    writers, place = np.unique(who, return_inverse=True)
    rows = np.bincount(place)
    gain = np.bincount(place, weights=np.asarray(right_b, float) - np.asarray(right_a, float)) / rows
    interval = stats.t.interval(0.95, len(writers) - 1, loc=gain.mean(), scale=stats.sem(gain))
    return (gain.mean(), *interval)


def two_nets(rng):
    """Rows of four to eight writers, a different number of each, in a random order; b is a little better."""
    names = rng.permutation(20)[: rng.integers(4, 9)]
    who = rng.permutation(np.repeat(names, rng.integers(5, 40, len(names))))
    return rng.random(len(who)) < 0.8, rng.random(len(who)) < 0.9, who


QUESTIONS = {
    "11.1 new_pupil": Question(
        "C", hint="What will be new when it counts? That must be new in the test part, too.", more="A person will be."
    ),
    "11.1 next_month": Question(
        "B", hint="The people will be the same then, and the sheet another.", more="So which groups may not be divided?"
    ),
    "11.1 abroad": Question(
        "D", hint="How many schools are in the data? Can any split of them show how schools differ?"
    ),
    "11.2 on_sheet": Question(
        on_sheet,
        inputs=a_camera,
        hint="u times the denominator is the numerator: bring what has s or t in it to the left, the rest to the right."
        " The same for v.",
        more="The first equation is (h1 - u h7) s + (h2 - u h8) t = u - h3.",
    ),
    "11.3 compare": Question(
        compare,
        inputs=two_nets,
        hint="One difference for each writer, however many rows they have; then (11.2) with R writers: a standard "
        "deviation with R - 1 below, Student's q, and the root of R.",
        more="np.unique gives the writers, std(ddof=1) the deviation, stats.t.ppf(0.975, R - 1) the q.",
    ),
}

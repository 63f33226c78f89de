"""The questions of notebook 06."""

import numpy as np

from nnlib.exercises import Question


def share_of_sixes_read_as_nine(net, X, y):
    """In percent, of the sixes among X that are turned by 180 degrees."""
    from nnlib import images

    return 100 * np.mean(net.predict(images.warp(X[y == 6], rotate=180)) == 9)


QUESTIONS = {
    "06.1 center_7": Question(
        [0.6, 1.2],
        hint="Five pixels of ink: the mean of their rows, and the mean of their columns.",
        more="Rows: 0, 0, 0, 1, 2. Columns: 0, 1, 2, 2, 1.",
    ),
    "06.1 move_7": Question([2, 2], hint="3 minus the centre, each rounded."),
    "06.2 costs_100": Question(
        [7000, 2500, 1500, 1950], hint="5 cents for each sent back plus 100 for each wrong one."
    ),
    "06.2 best_100": Question(0.99, hint="The smallest of the four costs."),
    "06.2 best_20": Question(0.9, hint="The same four costs, with 20 cents for a wrong one."),
    "06.3 useful": Question(
        (True, False, False, True), hint="A turned 6 is a 9. A mirrored 2 is no digit, and nobody writes it."
    ),
    "06.3 sixes_as_nine": Question(
        share_of_sixes_read_as_nine,
        hint="Turn the sixes of the validation rows with images.warp, and let `plain` read them.",
        more="The mean of (predicted == 9), times 100.",
    ),
}

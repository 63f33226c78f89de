"""The questions of notebook 05."""

from nnlib.exercises import Question

QUESTIONS = {
    "05.1 w_sigmoid": Question(4, hint="The factor per layer is w f'(0). What is f'(0)?"),
    "05.1 w_tanh": Question(1, hint="tanh'(0) = 1 - tanh(0)**2."),
    "05.2 largest_bias": Question(
        -1.0,
        hint="Which picture gives this unit its largest z? z must not exceed 0 even there.",
    ),
    "05.3 images_needed": Question(
        0.94 * 0.06 * (1.96 / 0.002) ** 2,
        tolerance=0.01,
        hint="Solve (5.7) for n, with p = 0.94 and 0.002 on the right.",
    ),
}

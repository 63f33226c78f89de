"""The questions of notebook 04."""

from itertools import pairwise

import numpy as np

from nnlib.activations import softmax
from nnlib.exercises import Question
from nnlib.exercises.bugs import wrong_line


def forward_backward(X, Y, weights, biases):
    """[(dW, db), ...] of the mean cross-entropy, first layer first: hidden units tanh, output softmax."""
    A = [X]
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        A.append(np.tanh(A[-1] @ W + b))
    Z = A[-1] @ weights[-1] + biases[-1]
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    dZ, pairs = (E / E.sum(axis=1, keepdims=True) - Y) / len(X), []
    for A_in, W in zip(A[::-1], weights[::-1], strict=True):
        pairs.insert(0, (A_in.T @ dZ, dZ.sum(axis=0)))
        dZ = (dZ @ W.T) * (1 - A_in**2)
    return pairs


def a_batch_and_a_net(rng):
    """X, Y, weights and biases of one to four layers, with short numbers, since a wrong answer is shown them."""
    m, sizes = rng.integers(1, 6), [*rng.integers(1, 5, rng.integers(1, 5)), rng.integers(2, 5)]
    X, Y = rng.normal(size=(m, sizes[0])).round(1), np.eye(sizes[-1])[rng.integers(sizes[-1], size=m)]
    shapes = list(pairwise(sizes))
    weights, biases = ([rng.normal(size=s).round(1) for s in some] for some in (shapes, [n_out for _, n_out in shapes]))
    return X, Y, weights, biases


def train_epoch(X, Y, weights, biases, order, batch_size, learning_rate):
    """The weights and biases after one epoch: the rows of X that `order` lists, in this order, in batches."""
    weights, biases = [W.copy() for W in weights], [b.copy() for b in biases]
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        A = [X[rows]]
        for W, b in zip(weights[:-1], biases[:-1]):
            A.append(np.maximum(A[-1] @ W + b, 0))
        A_last = softmax(A[-1] @ weights[-1] + biases[-1])
        dZ = (A_last - Y[rows]) / len(rows)
        for k in reversed(range(len(weights))):
            dW, db = A[k].T @ dZ, dZ.sum(axis=0)
            dZ = (dZ @ weights[k].T) * (A[k] > 0)
            weights[k] -= learning_rate * dW
            biases[k] -= learning_rate * db
    return weights, biases


PLANTED_IN = train_epoch
BUGS = [  # a right line, and what stands in its place
    ("for start in range(0, len(order), batch_size):", "for start in range(0, len(order)):"),
    ("for start in range(0, len(order), batch_size):", "for start in range(0, len(order) - batch_size, batch_size):"),
    ("rows = order[start : start + batch_size]", "rows = order[start : start + batch_size - 1]"),
    ("A = [X[rows]]", "A = [X[start : start + batch_size]]"),
    ("A.append(np.maximum(A[-1] @ W + b, 0))", "A.append(np.maximum(A[-1] @ W, 0) + b)"),
    ("dZ = (A_last - Y[rows]) / len(rows)", "dZ = (A_last - Y[rows]) / len(X)"),
    ("for k in reversed(range(len(weights))):", "for k in reversed(range(1, len(weights))):"),
    ("weights[k] -= learning_rate * dW", "weights[k] += learning_rate * dW"),
    ("biases[k] -= learning_rate * db", "biases[k] = -learning_rate * db"),
]


def an_epoch(rng):
    """Six to ten rows in batches of three."""
    sizes = [*rng.integers(2, 5, 3), 3]
    shapes = list(pairwise(sizes))
    weights, biases = ([rng.normal(size=s) for s in some] for some in (shapes, [n_out for _, n_out in shapes]))
    m = rng.integers(6, 11)
    X, Y = rng.normal(size=(m, sizes[0])), np.eye(3)[rng.integers(0, 3, m)]
    return X, Y, weights, biases, rng.permutation(m), 3, 0.3


QUESTIONS = {
    "04.1 updates_64": Question(
        15_000,
        hint="One epoch has as many updates as there are batches.",
        more="48,000 / 64 of them.",
    ),
    "04.1 updates_640": Question(1_500, hint="The number of epochs is the same, but each has ten times fewer batches."),
    "04.1 epochs_640": Question(200, hint="How many updates has an epoch now?", more="75."),
    "04.2 slope": Question(
        lambda A: 1 - A * A,
        inputs=lambda rng: (np.tanh(rng.normal(0, 2, rng.integers(1, 5, 2))),),
        hint="Look at the derivative of tanh by Z, and write it with A in the place of tanh(Z).",
        more="d tanh(Z)/dZ = 1 - tanh(Z)^2, and tanh(Z) is A: no second tanh.",
    ),
    "04.3 precision_2": Question(100 / 125, hint="Of everything that was called 2 (its column), the share that is 2."),
    "04.3 recall_2": Question(1.0, hint="Of everything that is 2 (its row), the share that was called 2."),
    "04.3 accuracy_all": Question(0.9, hint="The diagonal over all 300."),
    "04.3 always_2": Question([1 / 3, 1.0], hint="All 300 are called 2; 100 of them are. No 2 is missed."),
    "04.4 forward_backward": Question(
        forward_backward,
        inputs=a_batch_and_a_net,
        hint="Which part is wrong? Part k is layer k's pair (dW, db), first layer first. Check dZ of the last layer "
        "first, divided by the number of rows, then the shapes on the way back.",
        more="If the last pair is right and the others are not, look at (4.8): W transposed, and the slope 1 - A^2 of "
        "the A that went into W. A net of one layer has no tanh at all.",
    ),
    "04.5 line": Question(
        wrong_line("04"),
        hint="One batch is one step: let `order` list as many rows as a batch has. Before minus after, divided by the "
        "rate, is the gradient of these rows. Is it, array by array?",
        more="No array moves, or too many times: the loop over batches. All wrong: the rows, their labels or the mean. "
        "Only some: the loop over layers, or its last two lines.",
    ),
    "04.5 mended": Question(
        train_epoch,
        inputs=an_epoch,
        hint="Part 1 are the weights, part 2 the biases after the epoch. The last batch may be smaller.",
    ),
}

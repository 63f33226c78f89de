"""The questions of notebook 07."""

import numpy as np

from nnlib.exercises import Question


def regularised(X, Y, W1, b1, W2, b2, mask, rate, lam):
    """(loss, dW1, db1, dW2, db2): ReLU, dropout with this mask, softmax with cross-entropy, L2 on both matrices."""
    A1 = np.maximum(X @ W1 + b1, 0)
    scale = mask / (1 - rate)
    Z2 = A1 * scale @ W2 + b2
    E = np.exp(Z2 - Z2.max(axis=1, keepdims=True))
    A2 = E / E.sum(axis=1, keepdims=True)
    loss = -np.sum(Y * np.log(A2)) / len(X) + lam / 2 * (np.sum(W1**2) + np.sum(W2**2))
    dZ2 = (A2 - Y) / len(X)
    dZ1 = dZ2 @ W2.T * scale * (A1 > 0)
    return loss, X.T @ dZ1 + lam * W1, dZ1.sum(axis=0), (A1 * scale).T @ dZ2 + lam * W2, dZ2.sum(axis=0)


def a_batch_and_a_mask(rng):
    """A batch, a net with one hidden layer, a mask, a rate and a lambda, with short numbers, which are shown."""
    m, (n_in, hidden), K = rng.integers(2, 6), rng.integers(2, 6, 2), rng.integers(2, 5)
    X, Y = rng.normal(size=(m, n_in)).round(1), np.eye(K)[rng.integers(K, size=m)]
    shapes = (n_in, hidden), (hidden,), (hidden, K), (K,)
    rate, lam = rng.choice([0.2, 0.5, 0.75]), rng.choice([0.01, 0.1, 1.0])
    mask = (rng.random((m, hidden)) >= rate).astype(float)
    return X, Y, *(rng.normal(size=shape).round(1) for shape in shapes), mask, float(rate), float(lam)


QUESTIONS = {
    "07.1 left_after_100": Question(
        0.995**100,
        tolerance=0.003,
        hint="By (7.3), each step multiplies the weight by the same factor.",
        more="A hundred steps: the factor's hundredth power, and not a hundred times what one step takes.",
    ),
    "07.1 steps_to_half": Question(139, hint="The smallest whole number of steps after which less than half is left."),
    "07.1 steps_to_zero": Question(40, hint="By (7.4), each step takes the same amount: the rate times lambda 1."),
    "07.2 announced_3": Question(109.5, hint="(4.9): each answer announces 1 - p of a mistake. Add up the groups."),
    "07.2 made_3": Question(113, hint="Answers minus right ones, in all three groups."),
    "07.2 ece_3": Question(
        0.0335,
        tolerance=0.002,
        hint="(7.8): in each group the distance of p from the share that is right, without its sign; weighted by the "
        "group's share of the 1,000 answers.",
    ),
    "07.2 one_temperature": Question(
        "no", hint="In which direction must the p of each group go? Which way does one T move them?"
    ),
    "07.3 regularised": Question(
        regularised,
        inputs=a_batch_and_a_mask,
        hint="Part 1 is the loss, parts 2 to 5 are dW1, db1, dW2, db2. The first part that is wrong is named: begin "
        "there, and look for 1 / (1 - rate), forward and backward.",
        more="dW2 is made from the dropped values; the mask and its scale stand in dZ1 as well; lam W is added to "
        "both dW and to no db, and it is not divided by m.",
    ),
}

"""One training as a panel shows it: where it is, and the points of its curves."""

import collections

import numpy as np
import pandas as pd

from nnlib.training import train_steps

EVERY = 20  # steps between two points of the curves at first, and batches that a point is the mean of
EARLY = (1, 2, 3, 5, 10)  # and points before that
MOST_POINTS = 100  # of a curve; then every second one goes, and the next ones are twice as far apart
MOST_ROWS = 500  # training rows that the point at step 0 is the mean of


class Run:
    """Trains `network` a step at a time, exactly as `train_steps` does, judged on validation rows (there may be none).

    `points` holds rows of step, loss and accuracy of the `recent` batches, val_loss, val_accuracy (NaN without rows),
    from step 0 on, once there was a step. `diverged` is the step at which training did, as long as it has not gone on.
    """

    def __init__(self, network, X_val, y_val, seed):
        self.network, self.order = network, np.random.default_rng(seed)
        self.validation = network.check_X_y(X_val, y_val) if len(X_val) else None
        self.step, self.epochs, self.diverged = 0, 0.0, None
        self.points, self.every, self.recent = [], EVERY, collections.deque(maxlen=EVERY)

    def train_on(self, X, y, batch_size, optimizer, augment=None):
        """The next step begins an epoch of these rows."""
        self.given = X, y, batch_size, optimizer, augment
        self.steps = train_steps(self.network, X, y, 10**9, batch_size, optimizer, self.order, augment)
        self.rows_left = 0  # of the epoch under way

    def advance(self):
        """One step. ValueError if training diverges: the weights are then those of the epoch's start; see `go_back`."""
        if self.diverged:  # another try: its curve begins where the weights are
            self.points = [point for point in self.points if point[0] <= self.step]
            self.diverged = None
        if not self.points:
            X, y = self.given[:2]
            self.add_point(self.network.score(*self.network.check_X_y(X[:MOST_ROWS], y[:MOST_ROWS])))
        if not self.rows_left:
            self.rows_left, self.epoch_start = len(self.given[0]), (self.step, self.epochs)
        try:
            record = next(self.steps)
        except BaseException:  # diverged or interrupted, which ends the generator: another try needs a new one
            self.train_on(*self.given)
            raise
        self.rows_left -= record["samples"]
        self.step += 1
        self.epochs += record["samples"] / len(self.given[0])
        self.recent.append((record["loss"], record["accuracy"]))
        if self.step % self.every == 0 or self.step in EARLY:
            self.add_point()

    def add_point(self, training=None):
        """A point of the curves at this step; `training`, loss and accuracy, is the mean of the recent batches."""
        judged = self.network.score(*self.validation) if self.validation else (np.nan, np.nan)
        self.points.append((self.step, *(training or self.of_training()), *judged))
        if self.step >= MOST_POINTS * self.every:
            self.every *= 2
            self.points = [point for point in self.points if point[0] % self.every == 0]

    @property
    def history(self):
        """The points as a DataFrame."""
        return pd.DataFrame(self.points, columns=["step", "loss", "accuracy", "val_loss", "val_accuracy"])

    def curve(self):
        """The points as an array (n, 5), and the present step where it is none of them, without validation."""
        points = self.points
        if self.recent and points[-1][0] < self.step:
            points = [*points, (self.step, *np.mean(self.recent, axis=0), np.nan, np.nan)]
        return np.array(points).reshape(-1, 5)

    def of_training(self):
        """Loss and accuracy on the training rows, for a point."""
        return np.mean(self.recent, axis=0)

    def go_back(self):
        """To the start of the epoch, where a training that diverged has put the weights. The curve stays to be seen."""
        self.diverged = self.step + 1
        self.step, self.epochs = self.epoch_start
        self.recent.clear()

"""One training as a panel shows it: where it is, and the points of its curves."""

import collections

import numpy as np

from nnlib.training import train_steps

EVERY = 20  # steps between two points of the curves at first, and batches that a point is the mean of
MOST_POINTS = 100  # of a curve; then every second one goes, and the next ones are twice as far apart


class Run:
    """Trains `network` a step at a time, exactly as `train_steps` does, judged on validation rows (there may be none).

    `points` holds rows of step, loss and accuracy of the `recent` batches, val_loss, val_accuracy (NaN without rows).
    """

    def __init__(self, network, X_val, y_val, seed):
        self.network, self.order = network, np.random.default_rng(seed)
        self.validation = network.check_X_y(X_val, y_val) if len(X_val) else None
        self.step, self.epochs = 0, 0.0
        self.points, self.every, self.recent = [], EVERY, collections.deque(maxlen=EVERY)

    def train_on(self, X, y, batch_size, optimizer, augment=None):
        """The next step begins an epoch of these rows."""
        self.given = X, y, batch_size, optimizer, augment
        self.steps = train_steps(self.network, X, y, 10**9, batch_size, optimizer, self.order, augment)
        self.rows_left = 0  # of the epoch under way

    def advance(self):
        """One step. ValueError if training diverges: the weights are then those of the epoch's start; see `go_back`."""
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
        if self.step % self.every == 0:
            self.add_point()

    def add_point(self):
        """A point of the curves at this step."""
        judged = self.network.score(*self.validation) if self.validation else (np.nan, np.nan)
        self.points.append((self.step, *self.of_training(), *judged))
        if len(self.points) == MOST_POINTS:
            del self.points[::2]
            self.every *= 2

    def of_training(self):
        """Loss and accuracy on the training rows, for a point."""
        return np.mean(self.recent, axis=0)

    def go_back(self):
        """To the start of the epoch, where a training that diverged has put the weights."""
        self.step, self.epochs = self.epoch_start
        self.points = [point for point in self.points if point[0] <= self.step]
        self.recent.clear()

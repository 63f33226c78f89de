"""A panel that trains, a step at a time."""

from nnlib.widgets.controls import FULL_SPEED
from nnlib.widgets.panel import Panel, numerics


class TrainingPanel(Panel):
    """A panel whose `work` is one step of training, and which can go back to its start: `_resets` counts how often."""

    _resets = _steps_wanted = 0
    finished = False  # no further step is wanted

    def advance(self, steps=1):
        """Train this many steps and draw: exactly what `nnlib.train_steps` does with the same settings and seed."""
        try:
            with numerics():
                for _ in range(steps):
                    self.work()
                    if self.finished:
                        break
        finally:  # as far as it came
            self.draw()

    def step_once(self):
        """One step, by the panel's task."""
        self._steps_wanted += 1
        self.changed()

    def reset(self):
        """Back to the start weights of this seed."""
        self._resets += 1
        self._steps_wanted = 0
        self.changed()

    def _update(self):
        wanted, self._steps_wanted = self._steps_wanted, 0  # first: if one fails, the rest is not tried again
        with numerics():
            for _ in range(wanted):
                self.work()
        super()._update()
        if self.speed < FULL_SPEED:
            self._message_text += f" &middot; at most {self.speed:,g} steps/s"

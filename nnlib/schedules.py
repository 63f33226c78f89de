"""Learning rates that change: an optimizer's `learning_rate` may be any function of the step, which counts from 0.

`SGD(Cosine(0.1, steps=5000))`. The optimizer goes on counting from one training to the next.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Constant:
    """The same rate at every step, as a number is."""

    rate: float

    def __call__(self, step):
        return self.rate


@dataclass(frozen=True)
class Step:
    """`rate * factor^k` after k times `every` steps."""

    rate: float
    every: int
    factor: float = 0.1

    def __call__(self, step):
        return self.rate * self.factor ** (step // self.every)


@dataclass(frozen=True)
class Cosine:
    """From `rate` to `final` along half a cosine in `steps` steps, then `final` (Loshchilov & Hutter 2017, eq. 5)."""

    rate: float
    steps: int
    final: float = 0.0

    def __call__(self, step):
        return self.final + (self.rate - self.final) * (1 + np.cos(np.pi * min(step / self.steps, 1))) / 2


@dataclass(frozen=True)
class WarmUp:
    """`steps` steps up to where `schedule` (or a number) begins, then `schedule` (Goyal et al. 2017, section 2.2)."""

    schedule: object
    steps: int

    def __call__(self, step):
        schedule = self.schedule if callable(self.schedule) else Constant(self.schedule)
        return schedule(0) * (step + 1) / self.steps if step < self.steps else schedule(step - self.steps)

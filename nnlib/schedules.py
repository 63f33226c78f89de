"""Learning rates that change: an optimizer's `learning_rate` may be any function of the step, which counts from 0.

`SGD(Cosine(0.1, steps=5000))`. The optimizer goes on counting from one training to the next.
"""

from collections.abc import Callable

import numpy as np


class _Schedule:
    """What the four share: settings, checked and shown."""

    def __init__(self, **settings):
        for name, value in settings.items():
            if name in ("steps", "every") and not value >= 1:
                raise ValueError(f"{name} is {value}; expected a number of steps from 1")
        self.__dict__.update(settings)

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{name}={value}' for name, value in vars(self).items())})"


class Constant(_Schedule):
    """The same rate at every step, as a number is."""

    def __init__(self, rate: float) -> None:
        super().__init__(rate=rate)

    def __call__(self, step: int) -> float:
        return self.rate


class Step(_Schedule):
    """`rate * factor^k` after k times `every` steps."""

    def __init__(self, rate: float, every: int, factor: float = 0.1) -> None:
        super().__init__(rate=rate, every=every, factor=factor)

    def __call__(self, step: int) -> float:
        return self.rate * self.factor ** (step // self.every)


class Cosine(_Schedule):
    """From `rate` to `final` along half a cosine in `steps` steps, then `final` (Loshchilov & Hutter 2017, eq. 5)."""

    def __init__(self, rate: float, steps: int, final: float = 0.0) -> None:
        super().__init__(rate=rate, steps=steps, final=final)

    def __call__(self, step: int) -> float:
        return self.final + (self.rate - self.final) * (1 + np.cos(np.pi * min(step / self.steps, 1))) / 2


class WarmUp(_Schedule):
    """`steps` steps up to where `schedule` (or a number) begins, then `schedule` (Goyal et al. 2017, section 2.2)."""

    def __init__(self, schedule: float | Callable[[int], float], steps: int) -> None:
        super().__init__(schedule=schedule if callable(schedule) else Constant(schedule), steps=steps)

    def __call__(self, step: int) -> float:
        return self.schedule(0) * (step + 1) / self.steps if step < self.steps else self.schedule(step - self.steps)

"""Optimizers: one update of all parameters of a network from its gradient.

`step(net)` changes `net.parameters` in place. What an optimizer remembers of earlier steps belongs to one network:
`step` raises ValueError for another one until `reset()`; `copy.deepcopy((net, optimizer))` copies both. All take,
besides their own settings, by keyword:

learning_rate  a number, or a function of the step such as `schedules.Cosine(0.1, steps=5000)`; may be set between steps
weight_decay   pulls W towards 0: in SGD by the gradient of the penalty `weight_decay / 2 sum W^2` (L2); in Adam and
               RMSprop, which would divide that away, by `W -= learning_rate weight_decay W` (Loshchilov & Hutter 2019)
l1             the penalty `l1 sum |W|`: moves each W by `learning_rate l1` towards 0 after the step, and no further
               (soft thresholding, Parikh & Boyd 2014, section 6.5.2)
decay_all      True: both act on biases and on batch norm's gamma and beta as well
clip_norm      a gradient longer than this is shortened to it (Pascanu, Mikolov & Bengio 2013)
"""

from collections.abc import Callable
from numbers import Real

import numpy as np


class Optimizer:
    """What the three share: settings, penalties, and the vectors that they remember between steps."""

    def __init__(self, learning_rate, settings, weight_decay=0.0, l1=0.0, decay_all=False, clip_norm=None):
        if clip_norm is not None and not (isinstance(clip_norm, Real) and clip_norm > 0):
            raise ValueError(f"clip_norm is {clip_norm}; expected a length above 0, or None")
        self.learning_rate, self.decay_all, self.clip_norm = learning_rate, decay_all, clip_norm
        self._settings = ("learning_rate", *settings)
        for name, value in {**settings, "weight_decay": weight_decay, "l1": l1}.items():
            end = np.inf if name in ("weight_decay", "l1") else 1
            if name == "epsilon" and not (isinstance(value, Real) and 0 < value < np.inf):
                raise ValueError(f"epsilon is {value}; expected a small number above 0, or a gradient of 0 gives 0 / 0")
            if name != "epsilon" and not (isinstance(value, Real) and 0 <= value < end):
                raise ValueError(f"{name} is {value}; expected 0 <= {name} < {end}")
            setattr(self, name, float(value))  # a NumPy float64 would make float32 parameters pass through float64
        self.reset()
        if not callable(learning_rate):
            self.rate  # noqa: B018, which checks it

    def reset(self) -> None:
        """Forget all earlier steps."""
        self.steps, self._owner, self._memory = 0, None, None

    @property
    def rate(self) -> float:
        """The learning rate of the next step, a float. Raises ValueError unless it is one from 0."""
        rate = self.learning_rate(self.steps) if callable(self.learning_rate) else self.learning_rate
        if not isinstance(rate, Real) or not 0 <= rate < np.inf:
            raise ValueError(f"learning_rate is {rate}; expected 0 <= learning_rate < inf, or a schedule that gives it")
        return float(rate)

    def step(self, net) -> None:
        """Update `net.parameters` from `net.gradient`, to which clipping and L2 are applied in place."""
        # Anything with parameters and a gradient can take a step, so there may be no layers.
        frozen = [layer for layer in getattr(net, "layers", ()) if not layer.trainable]
        before = [(array := getattr(layer, name), array.copy()) for layer in frozen for name in layer.shapes]
        rate, memory, arrays = self.rate, self._remember(net), []
        if self.clip_norm is not None and (norm := np.linalg.norm(net.gradient)) > self.clip_norm:
            net.gradient *= float(self.clip_norm / norm)
        if self.weight_decay or self.l1:
            arrays = [(getattr(layer, name), getattr(layer, f"d{name}")) for layer in net.layers
                      for name in (layer.shapes if self.decay_all else layer.decayed)]  # fmt: skip
        for W, dW in arrays if self.weight_decay else ():
            self._decay(W, dW, rate)
        self._update(net.parameters, net.gradient, rate, *memory)
        for W, _ in arrays if self.l1 else ():
            W[...] = np.copysign(np.maximum(np.abs(W) - rate * self.l1, 0), W)
        for array, values in before:  # what penalties and memory have moved
            array[...] = values
        self.steps += 1

    def _decay(self, W, dW, rate):
        W -= rate * self.weight_decay * W

    def _remember(self, net):
        """The vectors like the parameters that are kept between steps, zero before the first one."""
        if self._vectors == 0 and not callable(self.learning_rate):  # of a schedule, the step is remembered
            return ()
        if self._owner is None:
            self._owner, self._memory = net, [np.zeros_like(net.parameters) for _ in range(self._vectors)]
        if self._owner is not net:
            raise ValueError("this optimizer remembers steps of another network; make a new one, or call reset()")
        return self._memory

    def __repr__(self):
        extra = [name for name in ("weight_decay", "l1", "decay_all", "clip_norm") if getattr(self, name)]
        return f"{type(self).__name__}({', '.join(f'{k}={getattr(self, k)}' for k in (*self._settings, *extra))})"


class SGD(Optimizer):
    """Gradient descent: `v = momentum v + g`, `w = w - learning_rate v` (Sutskever et al. 2013 in PyTorch's form).

    With momentum 0, `v` is the gradient and nothing is remembered.
    """

    def __init__(self, learning_rate: float | Callable = 0.1, momentum: float = 0.0, **penalties: float | None) -> None:
        super().__init__(learning_rate, {"momentum": momentum}, **penalties)

    def _decay(self, W, dW, rate):
        dW += self.weight_decay * W

    @property
    def _vectors(self):
        return 1 if self.momentum else 0

    def _update(self, w, g, rate, v=None):
        if self.momentum:
            v *= self.momentum
            v += g
            g = v
        w -= rate * g


class RMSprop(Optimizer):
    """`v = decay v + (1 - decay) g^2`, `w = w - learning_rate g / (sqrt(v) + epsilon)` (Tieleman & Hinton 2012)."""

    _vectors = 1

    def __init__(self, learning_rate: float | Callable = 0.001, decay: float = 0.9, epsilon: float = 1e-8,
                 **penalties: float | None) -> None:  # fmt: skip
        super().__init__(learning_rate, {"decay": decay, "epsilon": epsilon}, **penalties)

    def _update(self, w, g, rate, v):
        v *= self.decay
        v += (1 - self.decay) * g * g
        w -= rate * g / (np.sqrt(v) + self.epsilon)


class Adam(Optimizer):
    """`w = w - learning_rate mean(g) / (sqrt(mean(g^2)) + epsilon)` (Kingma & Ba 2015, algorithm 1).

    The means are over all steps so far, an older one discounted by `beta1` (g) or `beta2` (g^2) per step. A discounted
    mean is the discounted sum `m = beta m + g` over the sum of the discounts, 1 + beta + ... = (1 - beta^t) / (1 -
    beta) after t steps; the paper keeps (1 - beta) m and calls the division by 1 - beta^t the bias correction.
    """

    _vectors = 3  # m, v, and room for the update

    def __init__(self, learning_rate: float | Callable = 0.001, beta1: float = 0.9, beta2: float = 0.999,
                 epsilon: float = 1e-8, **penalties: float | None) -> None:  # fmt: skip
        super().__init__(learning_rate, {"beta1": beta1, "beta2": beta2, "epsilon": epsilon}, **penalties)

    def _update(self, w, g, rate, m, v, update):
        t = self.steps + 1
        m *= self.beta1
        m += g
        v *= self.beta2
        v += np.multiply(g, g, out=update)
        discounts1 = (1 - self.beta1**t) / (1 - self.beta1)
        discounts2 = (1 - self.beta2**t) / (1 - self.beta2)
        # The two divisors are numbers: taken out of the vectors, they cost no pass over memory.
        np.sqrt(v, out=update)
        update += self.epsilon * discounts2**0.5
        np.divide(m, update, out=update)
        update *= rate * discounts2**0.5 / discounts1
        w -= update


OPTIMIZERS = {"SGD": SGD, "RMSprop": RMSprop, "Adam": Adam}

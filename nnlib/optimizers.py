"""Optimizers: one update of all parameters of a network from its gradient.

`step(net)` changes `net.parameters` in place; `learning_rate` may be changed between steps. What an optimizer remembers
of earlier steps belongs to one network: `step` raises ValueError for another one until `reset()`.
"""

import numpy as np


class _Optimizer:
    """What the three share: the vectors that they remember between steps, and whose they are."""

    def __init__(self, learning_rate, **settings):
        if not 0 <= learning_rate < np.inf:
            raise ValueError(f"learning_rate is {learning_rate}; expected 0 <= learning_rate < inf")
        for name, value in settings.items():
            if name == "epsilon" and not 0 < value < np.inf:
                raise ValueError(f"epsilon is {value}; expected a small number above 0, or a gradient of 0 gives 0 / 0")
            if name != "epsilon" and not 0 <= value < 1:
                raise ValueError(f"{name} is {value}; expected 0 <= {name} < 1")
        self.learning_rate = learning_rate
        self.__dict__.update(settings)
        self._settings = ("learning_rate", *settings)
        self.reset()

    def reset(self):
        """Forget all earlier steps."""
        self.steps, self._owner, self._memory = 0, None, None

    def _remember(self, net, count):
        """`count` vectors like the parameters, zero before the first step and kept between steps."""
        if self._owner is None:
            self._owner = net
            self._memory = [np.zeros_like(net.parameters) for _ in range(count)]
        if self._owner is not net:
            raise ValueError("this optimizer remembers steps of another network; make a new one, or call reset()")
        self.steps += 1
        return self._memory

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{k}={getattr(self, k)}' for k in self._settings)})"


class SGD(_Optimizer):
    """Gradient descent: `v = momentum v + g`, `w = w - learning_rate v` (Sutskever et al. 2013 in PyTorch's form).

    With momentum 0, `v` is the gradient and nothing is remembered.
    """

    def __init__(self, learning_rate=0.1, momentum=0.0):
        super().__init__(learning_rate, momentum=momentum)

    def step(self, net):
        v = net.gradient
        if self.momentum:
            (v,) = self._remember(net, 1)
            v *= self.momentum
            v += net.gradient
        net.parameters -= float(self.learning_rate) * v


class RMSprop(_Optimizer):
    """`v = decay v + (1 - decay) g^2`, `w = w - learning_rate g / (sqrt(v) + epsilon)` (Tieleman & Hinton 2012)."""

    def __init__(self, learning_rate=0.001, decay=0.9, epsilon=1e-8):
        super().__init__(learning_rate, decay=decay, epsilon=epsilon)

    def step(self, net):
        (v,) = self._remember(net, 1)
        g = net.gradient
        v *= self.decay
        v += (1 - self.decay) * g * g
        net.parameters -= float(self.learning_rate) * g / (np.sqrt(v) + self.epsilon)


class Adam(_Optimizer):
    """`w = w - learning_rate mean(g) / (sqrt(mean(g^2)) + epsilon)` (Kingma & Ba 2015, algorithm 1).

    The means are over all steps so far, an older one discounted by `beta1` (g) or `beta2` (g^2) per step. A discounted
    mean is the discounted sum `m = beta m + g` over the sum of the discounts, 1 + beta + ... = (1 - beta^t) / (1 -
    beta) after t steps; the paper keeps (1 - beta) m and calls the division by 1 - beta^t the bias correction.
    """

    def __init__(self, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
        super().__init__(learning_rate, beta1=beta1, beta2=beta2, epsilon=epsilon)

    def step(self, net):
        m, v, update = self._remember(net, 3)
        m *= self.beta1
        m += net.gradient
        v *= self.beta2
        v += np.multiply(net.gradient, net.gradient, out=update)
        discounts1 = (1 - self.beta1**self.steps) / (1 - self.beta1)
        discounts2 = (1 - self.beta2**self.steps) / (1 - self.beta2)
        # The two divisors are numbers: taken out of the vectors, they cost no pass over memory.
        np.sqrt(v, out=update)
        update += self.epsilon * discounts2**0.5
        np.divide(m, update, out=update)
        update *= float(self.learning_rate) * discounts2**0.5 / discounts1
        net.parameters -= update

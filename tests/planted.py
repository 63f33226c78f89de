"""Ten mistakes people make, planted in a network or its data, for the checks to find.

`PLANTED[name](net, X, y, rate)` returns the four again, one of them spoiled; `net` has two hidden ReLU layers of equal
width, so that the transposed matrix fits. The faulty layers stand in for the right ones in `net.layers`.
"""

import numpy as np

from nnlib import Activation, Dense


class TransposeForgotten(Dense):
    def backward(self, dZ, need_dX=True):
        super().backward(dZ, need_dX=False)
        return dZ @ self.W if need_dX and self.n_in == self.n_out else dZ @ self.W.T


class BiasMean(Dense):
    def backward(self, dZ, need_dX=True):
        dX = super().backward(dZ, need_dX)
        self.db /= len(dZ)
        return dX


class DividedTwice(Dense):
    def backward(self, dZ, need_dX=True):
        dX = super().backward(dZ, need_dX)
        self.dW /= len(dZ)
        self.db /= len(dZ)
        return dX


class MaskedOnOutput(Activation):
    """ReLU whose derivative asks `A >= 0` of the rectified A: always true."""

    def backward(self, dA, need_dX=True):
        return dA * (self.A >= 0)


def replace(net, which, kind):
    """Let the layers with these numbers be of the class `kind`."""
    for i in which:
        net.layers[i].__class__ = kind
    return net


def dense_numbers(net):
    return [i for i, layer in enumerate(net.layers) if isinstance(layer, Dense)]


def scale_weights(net, factor):
    net.parameters *= factor
    return net


def leave_out_softmax(net):
    net.output.function = lambda Z: Z
    return net


PLANTED = {
    "unscaled pixels": lambda net, X, y, rate: (net, X * 255, y, rate),
    "shuffled labels": lambda net, X, y, rate: (net, X, np.random.default_rng(0).permutation(y), rate),
    "transpose forgotten": lambda net, X, y, rate: (replace(net, dense_numbers(net), TransposeForgotten), X, y, rate),
    "bias mean instead of sum": lambda net, X, y, rate: (replace(net, dense_numbers(net), BiasMean), X, y, rate),
    "divided by m twice": lambda net, X, y, rate: (replace(net, dense_numbers(net)[:1], DividedTwice), X, y, rate),
    "zero weights": lambda net, X, y, rate: (scale_weights(net, 0), X, y, rate),
    "start weights too large": lambda net, X, y, rate: (scale_weights(net, 10), X, y, rate),
    "start weights too small": lambda net, X, y, rate: (scale_weights(net, 0.01), X, y, rate),
    "rate too large": lambda net, X, y, rate: (net, X, y, rate * 1000),
    "rate too small": lambda net, X, y, rate: (net, X, y, rate / 1e5),
    "softmax left out": lambda net, X, y, rate: (leave_out_softmax(net), X, y, rate),
    "ReLU masked on its output": lambda net, X, y, rate: (replace(net, [1, 3], MaskedOnOutput), X, y, rate),
}

"""The questions of notebook 09."""

import numpy as np
from scipy.signal import convolve2d, correlate2d

from nnlib.exercises import Question

X = np.array([[1.0, 0, 2], [0, 3, 1], [2, 1, 0]])
W = np.array([[1.0, 2], [0, -1]])
dZ = np.array([[1.0, 0], [2, -1]])


def conv_backward(dZ, X, W):
    """dW, db and dX by SciPy, one map at a time."""
    dW, dX = np.zeros_like(W), np.zeros_like(X)
    for sample, f, c in np.ndindex(len(X), *W.shape[:2]):
        dW[f, c] += correlate2d(X[sample, c], dZ[sample, f], mode="valid")
        dX[sample, c] += convolve2d(dZ[sample, f], W[f, c], mode="full")
    return [dW, dZ.sum(axis=(0, 2, 3)), dX]


def a_layer(rng):
    m, channels_in, channels_out, k = rng.integers(1, 4, 4)
    h, w = k + rng.integers(0, 4, 2)
    shape = m, channels_out, h - k + 1, w - k + 1
    return (
        rng.normal(size=shape),
        rng.normal(size=(m, channels_in, h, w)),
        rng.normal(size=(channels_out, channels_in, k, k)),
    )


QUESTIONS = {
    "09.1 shape": Question(
        (24, 7, 7),
        hint="Rule (9.3), layer by layer: height and width follow the kernel, the padding and the pooling. How many "
        "channels leave a layer is how many kernels it has.",
    ),
    "09.1 parameters": Question(
        12 * (3 * 25 + 1) + 24 * (12 * 9 + 1),
        hint="A kernel has a slice for each channel that comes in, and one bias. Pooling has no parameters.",
        more="The first layer: 12 kernels of 3 x 5 x 5 weights and a bias each.",
    ),
    "09.2 kernel": Question(
        [[0, 0, 0], [1, 0, 0], [0, 0, 0]],
        hint="The value in the middle of a patch belongs to the place itself. Which weight meets its left neighbour?",
        more="In (9.1) nothing is turned round.",
    ),
    "09.3 dW": Question(
        correlate2d(X, dZ, mode="valid"),
        hint="(9.5): weight (u, v) meets the pixel u below and v right of each of the four places.",
    ),
    "09.3 dX": Question(
        convolve2d(dZ, W, mode="full"),
        hint="(9.6): lay the kernel onto each of the four places, times the dZ there, and add what overlaps.",
        more="dX has X's shape, (3, 3).",
    ),
    "09.4 conv_backward": Question(
        conv_backward,
        inputs=a_layer,
        hint="dW in W's shape sums over samples and places, db over both, too; dX sums over kernels and over the "
        "weights of each. The lines of part 5 do it for one channel and one kernel.",
        more="Which letters stand in both arguments of your einsum and not in its result? Those are summed.",
    ),
}

"""Every kind of photograph is read; with the stages of before, each of these counts was missed."""

import numpy as np
import pytest

import nnlib
from nnlib import images
from nnlib.images.photographs import KINDS, photograph, photograph_row


@pytest.fixture(scope="module")
def some(dataset):
    """150 digits in an order of chance. The shipped model knows them: what is tested is what the pictures cost."""
    data = dataset("mnist-5k")
    chosen = np.random.default_rng(0).permutation(len(data.X_test))[:150]
    return data.X_test[chosen].reshape(-1, 28, 28), data.y_test[chosen]


@pytest.mark.parametrize("other", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_photographs_of_each_kind_are_read(some, kind, other):
    X, y = (part[:20] for part in some)
    pictures = [photograph(digit, kind, [3, k], other) for k, digit in enumerate(X)]
    P = nnlib.load_pretrained().predict(np.stack([images.prepare(picture) for picture in pictures]).reshape(-1, 784))
    assert np.sum(y == P) >= (16 if kind == "squared, pencil" else 18)  # the hardest: every square crosses the digit


def test_a_photograph_is_reproducible_and_has_the_digit_in_it():
    digit = np.zeros((28, 28), np.float32)
    digit[4:24, 12:16] = 1
    first, again, another = (photograph(digit, "box", seed) for seed in (1, 1, 2))
    assert first.shape == (300, 300) and first.dtype == np.uint8
    assert np.array_equal(first, again) and not np.array_equal(first, another)
    assert photograph(digit, "equal brightness", 0).shape == (300, 300, 3)
    with pytest.raises(ValueError, match="the kind is 'fog'; expected one of plain paper, box"):
        photograph(digit, "fog", 0)
    with pytest.raises(ValueError, match="the kind is 'fog'; expected apart"):
        photograph_row([digit], "fog", 0)

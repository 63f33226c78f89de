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


@pytest.mark.parametrize("other", [False, True])
def test_rows_of_touching_digits_are_read(some, other):
    X, y = (part.reshape(30, 5, *part.shape[1:]) for part in some)
    pictures = [photograph_row(row, "touching", [5, k], other) for k, row in enumerate(X)]
    read = [images.split_digits(picture, stages=True)["probabilities"].argmax(axis=1) for picture in pictures]
    right = sum(np.array_equal(row, its) for row, its in zip(read, y))
    assert right >= 22  # of 30; with straight cuts and the network alone 8


def test_a_digit_by_itself_is_not_torn(some):
    found = [images.split_digits(photograph(digit, "plain paper", [7, k], k % 2)) for k, digit in enumerate(some[0])]
    assert sum(len(digits) != 1 for digits in found) <= 3  # two in a hundred


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

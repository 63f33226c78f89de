"""The made-up writers: the same for the same seed, each with a hand of their own."""

import numpy as np
import pytest

import nnlib
from nnlib.images.writers import STROKES, write


def test_every_character_by_every_writer():
    X, y, writer = write("0A7", writers=4, copies=2, seed=3)
    assert X.shape == (24, 28, 28) and X.dtype == np.float32 and X.min() >= 0 and 0.9 < X.max() <= 1
    assert y.tolist() == ["0", "0", "A", "A", "7", "7"] * 4 and writer.tolist() == [
        k for k in range(4) for _ in range(6)
    ]
    assert set(STROKES) == set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def test_a_seed_is_a_group_of_writers():
    first, again, others = (write("3B", 2, 2, seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, others)
    assert np.array_equal(write("3B", 1, 2, 1)[0], first[:4]), "a writer does not hang on how many there are"


def test_copies_are_more_alike_than_writers():
    """Of every letter: the nearest other one is mostly by the same hand."""
    for label in "AKS":
        X, _, writer = write(label, writers=12, copies=4)
        rows = X.reshape(len(X), -1)
        distances = np.linalg.norm(rows[:, None] - rows, axis=2)
        np.fill_diagonal(distances, np.inf)
        assert np.mean(writer[distances.argmin(axis=1)] == writer) > 0.5  # by chance 0.06


def test_they_are_read_as_what_they_are_meant_to_be():
    X, y, _ = write("0123456789", writers=10, copies=2)
    assert np.mean(nnlib.load_pretrained().predict(X.reshape(-1, 784)) == y.astype(int)) > 0.8


def test_other_characters_are_refused():
    with pytest.raises(ValueError, match="labels has 'ß'; expected digits 0-9 and letters A-Z"):
        write("AßC")

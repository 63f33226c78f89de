"""Pictures that are not in the project: NNLIB_TEST_DATA names a folder with `mnist/`, the four files of MNIST, and
`custom_digits/`, one folder of PNG files per digit. Tests that want them are skipped where they are not."""

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("NNLIB_TEST_DATA", "nowhere"))
MNIST, CUSTOM_DIGITS = FOLDER / "mnist", FOLDER / "custom_digits"


def needs(folder):
    return pytest.mark.skipif(not folder.is_dir(), reason=f"NNLIB_TEST_DATA names no folder with {folder.name}/")

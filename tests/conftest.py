"""What several test files share."""

import functools

import pytest
from threadpoolctl import threadpool_limits

import nnlib


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """One BLAS thread: on a busy machine two make products of small matrices up to 50 times slower."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    """`load_dataset`, which keeps what it has loaded, and its cache out of the user's."""
    cache = str(tmp_path_factory.mktemp("datasets"))

    @functools.cache
    def load(name, **options):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NNLIB_CACHE", cache)
            return nnlib.load_dataset(name, **options)

    return load

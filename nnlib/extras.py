"""What `pip install nnlib` alone leaves out, since the core does without it."""

import contextlib


@contextlib.contextmanager
def from_an_extra():
    """For imports of such packages, as a context or as a decorator: where one is missing, how to get it.

    Raises ModuleNotFoundError, from the one that there was.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("nnlib"):
            raise
        raise ModuleNotFoundError(
            f'nnlib needs {error.name}, which is not installed: pip install ".[notebooks]" in its folder brings it',
            name=error.name,
        ) from error

"""python -m nnlib: see nnlib/cli."""

import os
import sys

from nnlib.cli.main import main


def start():
    """Run `main` on a terminal of any encoding, into a pipe that may close; returns the exit code."""
    sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may have letters that the terminal lacks
    try:
        try:
            return main()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # `| head -1` has read enough: docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(start())

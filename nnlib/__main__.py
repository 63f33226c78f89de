"""python -m nnlib: see nnlib/cli."""

import sys

from nnlib.cli.main import main

if __name__ == "__main__":
    sys.exit(main())

"""The command line, `python -m nnlib`."""

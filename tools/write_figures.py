"""Write the figures for README and elsewhere: the pictures that the notebooks hold, none is drawn anew.

A cell tagged `figure:NAME` gives its output's picture to NAME.png."""

import argparse
import base64
from pathlib import Path

import nbformat


def pictures(path):
    """The PNG of every tagged cell of the notebook at path: a dict of names and bytes.

    Raises ValueError for a tagged cell without exactly one picture, and for a name that two cells have."""
    found = {}
    for cell in nbformat.read(path, as_version=4).cells:
        for name in [tag.removeprefix("figure:") for tag in cell.metadata.get("tags", []) if tag.startswith("figure:")]:
            held = [
                output.data["image/png"] for output in cell.get("outputs", []) if "image/png" in output.get("data", {})
            ]
            if len(held) != 1:
                raise ValueError(f"{path}: the cell of {name} holds {len(held)} pictures; expected one: make notebooks")
            if name in found:
                raise ValueError(f"{path}: two cells are tagged figure:{name}; give each its own name")
            found[name] = base64.b64decode(held[0])
    return found


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--output", type=Path, default=Path("figures"), help="folder for the figures")
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    for path in options.notebooks:
        for name, png in pictures(path).items():
            (options.output / f"{name}.png").write_bytes(png)


if __name__ == "__main__":
    main()

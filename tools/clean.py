"""Remove a folder that the other tools write, but no file that somebody edited or put there.

Where `.checksums.json` lies (see parts.Folder), a file whose checksum is no longer the one it was written with stays.
So does a file that the list does not know: a copy that was worked on, what graders handed out and got back. Needs
nothing but Python itself."""

import hashlib
import json
import shutil
import sys
from pathlib import Path

LIST = ".checksums.json"
SCRATCH = {"__pycache__", ".ipynb_checkpoints"}


def clean(folder):
    """Remove it, and return the files that stay, in order."""
    stay = []
    for path in sorted(folder.rglob(LIST)):
        written = json.loads(path.read_text(encoding="utf-8"))
        for file in sorted(path.parent.rglob("*")):
            name = file.relative_to(path.parent).as_posix()
            if not file.is_file() or file.name == LIST or SCRATCH & set(file.parts):
                continue
            if written.get(name) != hashlib.sha256(file.read_bytes()).hexdigest():
                stay.append(file)
        left = {name: written[name] for name in written if path.parent / name in stay}
        if left:  # what it was written with: so that the next copy knows that this one was edited
            path.write_text(json.dumps(left, indent=1, sort_keys=True), encoding="utf-8")
            stay.append(path)
    if not stay:
        shutil.rmtree(folder, ignore_errors=True)
        return []
    for file in sorted(folder.rglob("*"), reverse=True):  # what is in a folder before the folder
        if file.is_dir() and not file.is_symlink():
            if not any(file in kept.parents for kept in stay):
                file.rmdir()
        elif file not in stay:
            file.unlink()
    return [file for file in stay if file.name != LIST]


def main(folder):
    if stay := clean(Path(folder)):
        print(f"These were edited or added, and stay ({len(stay)}); delete them yourself if nobody needs them:")
        print(*stay, sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

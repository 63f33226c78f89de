"""From labels as they stand in a file to class numbers and class names."""

import re
import string

import numpy as np

UPPER, LOWER, DIGITS = string.ascii_uppercase, string.ascii_lowercase, string.digits
EMNIST = {  # which character each label of a split of EMNIST means (Cohen et al. 2017); small letters like c are merged
    "balanced": DIGITS + UPPER + "abdefghnqrt",
    "bymerge": DIGITS + UPPER + "abdefghnqrt",
    "byclass": DIGITS + UPPER + LOWER,
}
FASHION = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]


def encode(source, parts, title, pictures):
    """
    Turn the labels of each part, (n,) int64 or str, into class numbers: a list of (n,) int64 from 0, and class names.

    Class names are the labels as they were, sorted. What is called letters or fashion in `title` gets letters or
    garments. Raises ValueError for a single class, or for nearly as many classes as rows.
    """
    labels = np.concatenate(parts)
    classes = np.unique(labels)
    if classes.dtype.kind == "U" and all(re.fullmatch("0|[1-9][0-9]*", name) for name in classes):  # names of folders
        return encode(source, [part.astype(np.int64) for part in parts], title, pictures)
    if len(classes) == 1:
        raise ValueError(
            f"{source}: every label is {classes[0]}; expected at least two classes. "
            "Do the labels stand in another column? Give label=."
        )
    if len(classes) > max(2, len(labels) / 2):
        raise ValueError(
            f"{source}: {len(classes)} different labels in {len(labels)} rows; expected a few classes with many rows. "
            "Is it the right column? Give label=."
        )
    if classes.dtype.kind != "U":
        digits = pictures and classes[0] == 0 and classes[-1] <= 9
        if digits and len(classes) > (classes[-1] + 1) / 2:  # a digit that happens to be missing keeps its place
            classes = np.arange(classes[-1] + 1)
    names = class_names(classes, title.lower()) if pictures else None
    return [np.searchsorted(classes, part).astype(np.int64) for part in parts], names or [str(name) for name in classes]


def class_names(classes, title):
    """The names that these labels (int64) have by the title of their data set; None if it says nothing."""
    if classes.dtype.kind == "U":
        return None
    names, start = None, 0
    if re.search(r"letters|(?<![a-z])a[ _-]?z(?![a-z])", title):
        names, start = UPPER, int(classes[0] > 0)  # EMNIST counts from 1, the table A-Z from 0
    elif "emnist" in title:
        names = next((names for split, names in EMNIST.items() if split in title), None)
    elif "fashion" in title:
        names = FASHION
    fits = names and classes[0] >= start and classes[-1] < len(names) + start
    return [names[k - start] for k in classes] if fits else None

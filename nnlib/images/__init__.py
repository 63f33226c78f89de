"""From any picture of a digit to 28x28 pixels like MNIST's, and randomly moved copies of digits for training.

`prepare`: one digit, with every stage. `split_digits`: a postcode or a phone number. `write_sheet` makes a sheet to
print, and `read_sheet` has its labelled characters from a photograph. `augment`: training rows, randomly moved and
bent; `warp` and `thicken` do to a digit what you say, `elastic_field` draws how one is bent.
"""

from nnlib.extras import from_an_extra

with from_an_extra():
    from nnlib.images.augmentation import augment, elastic_field, thicken, warp
    from nnlib.images.digits import PEN_WIDTH, pen_width, prepare
    from nnlib.images.reading import read_grey
    from nnlib.images.several import split_digits
    from nnlib.images.sheet_layout import write_sheet
    from nnlib.images.sheet_reading import read_sheet

__all__ = [
    "PEN_WIDTH",
    "augment",
    "elastic_field",
    "pen_width",
    "prepare",
    "read_grey",
    "read_sheet",
    "split_digits",
    "thicken",
    "warp",
    "write_sheet",
]

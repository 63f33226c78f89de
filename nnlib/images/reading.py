"""Any picture as a grey array: files, bytes, PIL images, arrays; or an error that says what to do."""

import io
import os
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from scipy import ndimage

SIDE = 500  # pixels of the longer side: a larger picture is shrunk at once, since one digit needs no more
SMALLEST = 8
MOST_PIXELS = 64_000_000  # 64 megapixels; decoded they fill 256 MB
# Not Pillow's whole list: some rare formats start other programs, or fill the memory from a small file.
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
HEIC = (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypmif1", b"ftypmsf1")  # bytes 4 to 12 of an iPhone's picture
Source = str | os.PathLike | bytes | Image.Image | np.ndarray  # what a picture may be given as
EXPECTED = "expected a picture file: PNG, JPEG, GIF, BMP, WebP, TIFF or PPM"


def read_grey(source: Source, side: int = SIDE) -> np.ndarray:
    """The picture as float32 (height, width) in [0, 1], 0 black and 1 white, its longer side at most `side` pixels.

    `source` and errors as in `prepare`.
    """
    if isinstance(source, np.ndarray):
        return to_grey(from_array(source), side)
    if isinstance(source, Image.Image):
        return decode(source, "the PIL image", side, own=False)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return from_file(io.BytesIO(source), f"the file of {len(source):,} bytes", side)
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if path.is_dir():
            raise IsADirectoryError(f"the path {path} is a folder; {EXPECTED} in it. Give one file's path.")
        if not path.exists():
            raise FileNotFoundError(f"no file {path} in {Path.cwd()}; check the name, or give the whole path.")
        with open(path, "rb") as file:
            return from_file(file, f"the file {path}", side)
    raise ValueError(f"the picture is a {type(source).__name__}; expected a path, bytes, a PIL image or a NumPy array.")


def from_file(file, name, side):
    """Open, check the size that the header states, decode. Returns what `read_grey` returns."""
    try:
        with warnings.catch_warnings():  # Pillow warns of large pictures; ours below is the only say on size
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(file, formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise too_large(name, "more than 178 million") from error
    except Exception as error:
        file.seek(4)
        if file.read(8) in HEIC:
            raise ValueError(
                f"{name} is a HEIC picture, which Pillow does not read without pillow-heif; save it as JPEG or PNG."
            ) from error
        raise unreadable(name, error) from error
    with image:
        return decode(image, name, side, own=True)


def decode(image, name, side, own):
    """A PIL image, not yet decoded if it comes from a file, as `read_grey` returns it."""
    if image.width * image.height > MOST_PIXELS:
        raise too_large(name, f"{image.width:,} x {image.height:,}")
    try:
        if getattr(image, "is_animated", False) and image.format != "MPO":  # MPO: a phone's JPEG with a preview in it
            warnings.warn(f"{name} has {image.n_frames} frames; the first is taken", stacklevel=5)
            if own:
                image.seek(0)
        if own:  # a picture handed over by the caller stays as it is
            factor = side / max(image.size)
            image.draft(
                "RGB", (int(image.width * factor), int(image.height * factor))
            )  # JPEG alone: decodes 1/2 to 1/8
            ImageOps.exif_transpose(image, in_place=True)
        else:
            image = ImageOps.exif_transpose(image)
        if image.mode[0] in "IF":  # 16 or 32 bits a pixel
            image = from_array(np.asarray(image))
        return to_grey(image, side)
    except Warning:  # where warnings are errors
        raise
    except Exception as error:  # a damaged file makes Pillow's decoders raise nearly anything
        raise unreadable(name, error) from error


def to_grey(image, side):
    """A PIL image in [0, 255] of any mode as `read_grey` returns it. Transparent is background."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode not in ("RGB", "F"):  # colours are taken out below, when there are fewer pixels
        image = image.convert("L")
    width, height = image.size
    if max(width, height) < SMALLEST:
        raise ValueError(f"the picture has {width}x{height} pixels; expected at least {SMALLEST}. Give a larger one.")
    if max(width, height) >= 2 * side:
        image = image.reduce(max(width, height) // side)  # means of whole squares: the fastest
    if image.mode == "RGBA":
        grey = over_background(np.asarray(image.convert("LA"), np.float32) / 255)
    else:
        grey = strongest_channel(image) if image.mode == "RGB" else np.asarray(image, np.float32) / np.float32(255)
    return shrink(grey, side)


def strongest_channel(image):
    """An RGB image as (height, width) in [0, 1]: its brightness, or where that hardly shows the ink, another mixture.

    The mixture w of red, green and blue in which neighbouring places differ most: the first principal component of the
    picture without its coarse parts (light and shadow).
    """
    small = np.asarray(image.reduce(max(1, max(image.size) // 128)), np.float32) / 255
    fine = small - ndimage.uniform_filter(small, (15, 15, 0))
    covariance = np.cov(fine.reshape(-1, 3), rowvar=False)
    variances, mixtures = np.linalg.eigh(covariance)
    brightness = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as Pillow has it
    if variances[-1] <= 6 * brightness @ covariance @ brightness / (brightness @ brightness):
        return np.asarray(image.convert("L"), np.float32) / np.float32(255)
    w = mixtures[:, -1] / np.abs(mixtures[:, -1]).sum()
    return (np.asarray(image, np.float32) / np.float32(255)) @ w.astype(np.float32) - np.float32(np.minimum(w, 0).sum())


def over_background(grey_alpha):
    """Lay a partly transparent picture (height, width, 2) on a background that shows it. Returns (height, width)."""
    grey, alpha = grey_alpha[..., 0], grey_alpha[..., 1]
    if alpha.min() == 1 or alpha.max() == 0:
        return grey * alpha
    opaque = grey[alpha > 0.5 * alpha.max()]
    only_ink = alpha.mean() < 0.5  # else the paper is opaque too
    background = float(opaque.mean() < 0.5) if only_ink else np.median(opaque)
    return (grey * alpha + background * (1 - alpha)).astype(np.float32)


def from_array(array):
    """An array as a PIL image in [0, 255]. ValueError for other shapes, types and ranges than `prepare` names."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.size == 0 or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (2, 3, 4)):
        raise ValueError(
            f"the array's shape is {array.shape}; expected one picture: (height, width), or (height, width, channels) "
            "with 1 to 4 channels. A row of 784 pixels is row.reshape(28, 28)."
        )
    if array.dtype.kind not in "buif":
        raise ValueError(f"the array holds {array.dtype}; expected numbers. Use array.astype(float).")
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 65535):  # written so that NaN fails too
        raise ValueError(
            f"the array's pixels go from {low} to {high}; expected 0 to 1, 0 to 255 or 0 to 65535 (no NaN). "
            "Scale them first."
        )
    if array.dtype != np.uint8 or high <= 1:
        array = array.astype(np.float32) * np.float32(255 / (1 if high <= 1 else 255 if high <= 255 else 65535))
    return Image.fromarray(np.ascontiguousarray(array if array.ndim == 2 else array.astype(np.uint8)))


def resize(picture, shape, box=None):
    """A picture, or the `box` (left, top, right, bottom) of one, as float32 of `shape`, anti-aliased when it shrinks.

    Enlarged it is interpolated; shrunk, a new pixel is the mean of the old ones it covers.
    """
    height, width = shape
    left, top, right, bottom = box or (0, 0, picture.shape[1], picture.shape[0])
    smaller = height * width < (right - left) * (bottom - top)
    method = Image.Resampling.BOX if smaller else Image.Resampling.BICUBIC
    image = Image.fromarray(np.ascontiguousarray(picture, np.float32))
    return np.asarray(image.resize((width, height), method, box))


def shrink(picture, side):
    """The picture with its longer side brought down to `side` pixels if it is more."""
    factor = side / max(picture.shape)
    return picture if factor >= 1 else resize(picture, [max(1, round(n * factor)) for n in picture.shape])


def too_large(name, size):
    return ValueError(
        f"{name} has {size} pixels; expected at most {MOST_PIXELS // 10**6} million. Make it smaller, or cut it out."
    )


def unreadable(name, error):
    why = "" if isinstance(error, UnidentifiedImageError) else f" ({error})"  # Pillow's words have only an address
    return ValueError(
        f"{name} cannot be read as a picture{why}; {EXPECTED}, whole and undamaged. Open it in a picture viewer "
        "and save it as PNG."
    )

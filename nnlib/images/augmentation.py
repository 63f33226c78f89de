"""Moved copies of digits: many at once, by bilinear interpolation in NumPy."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import gaussian_filter1d

from nnlib.images.digits import FINE, dilated
from nnlib.images.reading import resize

CHUNK = 256  # pictures at a time, so that the work stays in the processor's cache


def augment(X: np.ndarray, rng: int | np.random.Generator, shift: float = 2, rotate: float = 10, scale: float = 0.1,
            shear: float = 0.1, elastic: float = 0, smooth: float = 4,
            image_shape: tuple[int, int] = (28, 28)) -> np.ndarray:  # fmt: skip
    """A copy of X in which every picture is moved at random, to train on: a new one for each epoch.

    X (n, pixels) or (n, height, width), floats; the copy has X's shape and dtype. Drawn evenly, for each picture by
    itself: `shift` up to so many pixels in x and in y, `rotate` up to so many degrees either way, `scale` width and
    height each by a factor from 1 - scale to 1 + scale, `shear` a slant of up to so many pixels per pixel. `elastic`
    bends a picture as well: every pixel is moved by so many pixels (standard deviation), neighbours nearly alike, as
    `smooth` says (`elastic_field`). `rng` is a Generator or a seed. Raises ValueError when `image_shape` does not fit.
    """
    rng, n = np.random.default_rng(rng), len(X)
    return warp(
        X,
        shift=rng.uniform(-shift, shift, (n, 2)),
        rotate=rng.uniform(-rotate, rotate, n),
        scale=rng.uniform(1 - scale, 1 + scale, (n, 2)),
        shear=rng.uniform(-shear, shear, n),
        field=elastic_field(rng, n, elastic, smooth, image_shape) if elastic else None,
        image_shape=image_shape,
    )


def elastic_field(rng: int | np.random.Generator, n: int, elastic: float, smooth: float = 4,
                  image_shape: tuple[int, int] = (28, 28)) -> np.ndarray:  # fmt: skip
    """Random displacements (n, 2, height, width) in pixels, in x and in y: float32.

    Noise, blurred by a Gaussian of the standard deviation `smooth` pixels and scaled to the standard deviation
    `elastic` (Simard, Steinkraus & Platt 2003; their alpha = 34, sigma = 4 is elastic = 1.4, smooth = 4). Outside the
    picture the noise is 0, so that its border moves less. `rng` is a Generator or a seed.
    """
    rng = np.random.default_rng(rng)
    # Blurring is linear: one matrix for each direction, in half the time that the filter itself takes for all pictures.
    down, across = (gaussian_filter1d(np.eye(side), smooth, mode="constant").astype(np.float32) for side in image_shape)
    noise = rng.standard_normal((n, 2, *image_shape), dtype=np.float32)
    size = np.linalg.norm(down, axis=1).max() * np.linalg.norm(across, axis=1).max()
    return down @ (noise @ (across.T * np.float32(elastic / size)))


def warp(X: ArrayLike, shift: ArrayLike = (0, 0), rotate: ArrayLike = 0, scale: ArrayLike = 1, shear: ArrayLike = 0,
         field: np.ndarray | None = None, image_shape: tuple[int, int] = (28, 28)) -> np.ndarray:  # fmt: skip
    """A copy of X, moved as told: each value is one for all pictures, or one per picture (n,).

    X as in `augment`. `shift` (x, y) or (n, 2) in pixels, right and down; `rotate` in degrees, anticlockwise; `scale` a
    factor, (n,) or (n, 2) for x and y; `shear` leans the top to the right. About the picture's centre; what comes in
    from outside is 0. `field` (n, 2, height, width) says, for x and y, how many pixels further each new pixel looks.
    Raises ValueError when `image_shape` does not fit.
    """
    X = np.asarray(X)
    height, width = image_shape
    if X.shape[1:] not in ((height * width,), (height, width)):
        raise ValueError(f"X has the shape {X.shape}; expected (n, {height * width}) or (n, {height}, {width})")
    n, scale = len(X), np.asarray(scale, float)
    shift = np.broadcast_to(np.asarray(shift, float), (n, 2))
    scale = np.broadcast_to(scale[:, None] if scale.ndim == 1 else scale, (n, 2))
    if not (scale > 0).all():
        raise ValueError(f"scale is {scale.min()}; expected a factor above 0 (1 leaves the size)")
    angle, shear = np.deg2rad(np.broadcast_to(rotate, n)), np.broadcast_to(shear, n)
    # new = R S old, so each new pixel looks at old = (R S)^-1 (new - shift); y points down
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    stretch = np.array([[scale[:, 0], -shear * scale[:, 1]], [np.zeros(n), scale[:, 1]]])
    back = np.linalg.inv(np.einsum("ijn,jkn->nik", rotation, stretch))
    out = np.empty(X.shape, X.dtype if X.dtype.kind == "f" else np.float32)
    for start in range(0, n, CHUNK):
        rows = slice(start, start + CHUNK)
        moved = sample(
            X[rows].reshape(-1, height, width), back[rows], shift[rows], None if field is None else field[rows]
        )
        out[rows] = moved.reshape(out[rows].shape)
    return out


def sample(pictures, back, shift, field=None):
    """Bilinear: pictures (n, height, width), a new pixel from `back` (n, 2, 2) times its place minus `shift` (n, 2),
    plus `field` (n, 2, height, width)."""
    n, height, width = pictures.shape
    padded = np.zeros((n, height + 3, width + 3), np.float32)  # zeros before, and two after: for the right neighbour
    padded[:, 1:-2, 1:-2] = pictures
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    y, x = np.mgrid[:height, :width].reshape(2, -1).astype(np.float32) - middle[::-1, None].astype(np.float32)
    start = (middle + 1 - np.einsum("nij,nj->ni", back, shift)).astype(np.float32)
    back = back.astype(np.float32)
    at_x = back[:, 0, :1] * x + back[:, 0, 1:] * y + start[:, :1]
    at_y = back[:, 1, :1] * x + back[:, 1, 1:] * y + start[:, 1:]
    if field is not None:
        at_x += field[:, 0].reshape(n, -1)
        at_y += field[:, 1].reshape(n, -1)
    np.clip(at_x, 0, width + 1, out=at_x)
    np.clip(at_y, 0, height + 1, out=at_y)
    left, above = np.floor(at_x), np.floor(at_y)
    at_x -= left  # from here on, the share of the right and of the lower neighbour
    at_y -= above
    place = (left + (width + 3) * above).astype(np.intp) + (height + 3) * (width + 3) * np.arange(n)[:, None]
    pixels = padded.ravel()
    upper = pixels.take(place) * (1 - at_x) + pixels.take(place + 1) * at_x
    place += width + 3
    lower = pixels.take(place) * (1 - at_x) + pixels.take(place + 1) * at_x
    return upper + (lower - upper) * at_y


def thicken(digit: ArrayLike, pixels: float) -> np.ndarray:
    """A digit (28, 28) in [0, 1], white on black, with a pen wider by `pixels`, or thinner if that is negative."""
    digit = np.asarray(digit, np.float32)
    large = resize(digit, [FINE * n for n in digit.shape])
    return np.clip(resize(dilated(large > 0.5, FINE * pixels / 2), digit.shape), 0, 1)

"""Paper and light taken away: what is left is ink, 0 where there is none.

The paper's brightness at a place is what is left when everything thin is taken out of the picture: a grey morphological
closing (Serra 1982, "Image Analysis and Mathematical Morphology") takes out what is dark and thin, an opening what is
light and thin. Both leave a straight step where it was, so a shadow's edge and a table's are paper, not ink.
"""

import numpy as np
from scipy import ndimage

LOOK = 96  # pixels of the longer side at which polarity and the strokes' width are found
WIDTHS = 2, 3, 5, 7, 10, 14, 20, 28, 40, 56  # pixels at that size: widths of strokes that are tried


def running(extreme, picture, n, axes=(-2, -1)):
    """np.maximum or np.minimum over every n x n square that lies in the picture, by doubling; n - 1 smaller."""
    for axis in axes:
        picture, length = picture.swapaxes(0, axis), 1
        while length < n:
            step = min(length, n - length)
            picture = extreme(picture[:-step], picture[step:])
            length += step
        picture = picture.swapaxes(0, axis)
    return picture


def closing(picture, n):
    """What is dark and narrower than n > 1 pixels filled with what is around it; of pictures (..., height, width)."""
    return closed(with_edge(picture), n)


def with_edge(picture):
    """The picture and one pixel more on every side, as `closed` wants it.

    Outside, a table or a shadow goes on that takes most of an edge; ink that touches the edge does not.
    """
    padded = padded_by(picture, 1, 1)
    for lines in (padded, padded.swapaxes(-1, -2)):
        k = int(0.75 * lines.shape[-1])
        wide = padded_by(lines[..., [0, -1], :], 0, k - 1)
        lines[..., [0, -1], :] = running(np.minimum, running(np.maximum, wide, k, axes=(-1,)), k, axes=(-1,))
    return padded


def closed(edged, n):
    """The closing of a picture that has its edge already; many widths share one edge."""
    padded = padded_by(edged, n - 2, n - 2)
    return running(np.minimum, running(np.maximum, padded, n), n)


def padded_by(picture, down, across):
    """The edge of the last two axes repeated so many times."""
    return np.pad(picture, [(0, 0)] * (picture.ndim - 2) + [(down, down), (across, across)], mode="edge")


def opening(picture, n):
    """What is light and narrower than n pixels taken out: the closing of the negative."""
    return -closing(-picture, n)


def thin_parts(grey):
    """How much dark and how much light is narrower than each of WIDTHS: two arrays (len(WIDTHS),), sums of squares."""
    widths = [width for width in WIDTHS if width < 0.7 * min(grey.shape)]
    both = np.stack([grey, -grey])  # what is light is dark in the negative
    edged = with_edge(both)
    parts = [((closed(edged, n + 1) - both) ** 2).sum(axis=(1, 2)) for n in widths]
    dark, light = np.reshape(parts, (-1, 2)).T
    return np.array(widths), dark, light


def polarity_and_width(grey):
    """1 if the ink is lighter than its ground, -1 if darker; and a width of square that no stroke fills, in pixels.

    Ink is thin: the sum of squares of what is narrower than n grows with n and stops at the strokes' width. The ground
    between strokes is narrow, too, but wider than they are. So the first width at which one of the two is clearly more
    than the other decides.
    """
    widths, dark, light = thin_parts(grey)
    surplus, both = dark - light, dark + light
    clear = (np.abs(surplus) > 0.4 * both) & (np.abs(surplus) > 0.06 * both.max()) & (widths < 0.12 * LOOK)
    first = int(np.argmax(clear if clear.any() else np.abs(surplus) >= 0.5 * np.abs(surplus).max()))
    sign = -1 if surplus[first] > 0 else 1
    thin = light if sign > 0 else dark
    width = widths[int(np.argmax(thin >= 0.95 * thin.max()))]
    return sign, width


def light_on_dark(grey, sign, n):
    """Contrast with the paper around, float32 of grey's shape: 0 is paper, up to 1 ink. `sign`, `n` as found above.

    Light multiplies: paper and ink lose the same share of it in a shadow. So dark ink is what is missing from the
    paper's brightness, as a share of it (of a dark table's brightness not, which would make much of its grain).
    """
    smooth = ndimage.gaussian_filter(grey, 0.7)
    paper = closing(smooth, n) if sign < 0 else opening(smooth, n)
    light = sign * (grey - paper)
    light = light / np.maximum(paper, 0.4 * np.quantile(paper[::5, ::5], 0.9) + 1e-3) if sign < 0 else light
    return light - np.median(bare(light))  # a closing is as much too bright as the noise is large


def bare(light):
    """Of every ninth pixel those that are no ink."""
    some = light[::3, ::3]
    return some[some <= 0.5 * np.quantile(some, 0.999)]


def stroke_width(mask):
    """The width that nine in ten of the mask's pixels do not exceed, in pixels.

    Along the middle of a stroke of width w the distance to its edge is w/2.
    """
    some = mask[::2, ::2]  # a quarter of the work
    if not some.any():
        return 2.0
    rows, columns = (np.flatnonzero(some.any(axis=axis)) for axis in (1, 0))
    some = some[max(0, rows[0] - 1) : rows[-1] + 2, max(0, columns[0] - 1) : columns[-1] + 2]  # and paper around it
    return 4 * np.quantile(ndimage.distance_transform_edt(some)[some], 0.9)


def ink_level(light):
    """How bright ink is: the brightest thousandth of a picture."""
    return np.quantile(light[::2], 0.999)


def noise_level(light):
    """Three standard deviations of a pixel's noise.

    Noise is how much a pixel differs from its neighbour, in the median; most pixels are no edge.
    """
    return 3 * np.median(np.abs(np.diff(light[::3])))

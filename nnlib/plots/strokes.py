"""A figure as strokes, texts and pictures that the page draws itself, sharp at every size and in its own colours.

A matplotlib renderer that writes down what it is asked to draw. It costs a tenth of what pixels do, and the page may
be as fine, as large and as dark as it likes. `picture.js` reads what is written here.
"""

import numpy as np
import pandas as pd
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_hex
from matplotlib.transforms import Affine2D

from nnlib.threads import IN_BROWSER


class Recorder(RendererBase):
    """Writes down in `marks` what is drawn, in pixels of the figure, y upwards.

    A mark is [kind, style, first, number, ...]: path ("p"), markers ("m"), text ("t") or image ("i"). Points stand in
    `points` and the kinds of them, as `matplotlib.path.Path` counts them, in `codes`; an image's RGBA in `images`, or
    256 colours and the number of each pixel's.
    """

    def __init__(self, figure):
        super().__init__()
        (self.width, self.height), self.dpi = figure.bbox.size.tolist(), figure.dpi
        self.marks, self.points, self.codes, self.images = [], [], [], []
        self._count = 0  # of points

    def _add_path(self, path, transform, clip=None):
        """Where the points of a path begin, and how many there are."""
        path = path.cleaned(transform, remove_nans=True, clip=clip, curves=True, simplify=path.should_simplify)
        first, number = self._count, len(path.codes) - 1  # the last is a stop
        self.points.append(path.vertices[:number].astype(np.float32).tobytes())
        self.codes.append(path.codes[:number].tobytes())
        self._count += number
        return first, number

    def _style(self, gc, fill=None):
        """[stroke, width, dashes, fill, clip, cap]: colours as #rrggbbaa or None, lengths in pixels."""
        alpha = gc.get_alpha() if gc.get_forced_alpha() else None
        width = self.points_to_pixels(gc.get_linewidth())
        clip, (_, dashes) = gc.get_clip_rectangle(), gc.get_dashes()
        return [
            _hex(gc.get_rgb(), alpha) if width else None,
            round(width, 2),
            None if dashes is None else [round(self.points_to_pixels(length), 1) for length in dashes],
            None if fill is None else _hex(fill, alpha),
            None if clip is None else [round(float(number), 1) for number in clip.bounds],
            gc.get_capstyle(),
        ]

    def draw_path(self, gc, path, transform, rgbFace=None):
        # What lies far outside is left out, where it is a line: a filled one would get other edges.
        clip = (-1e4, -1e4, 1e4, 1e4) if rgbFace is None else None
        self.marks.append(["p", self._style(gc, rgbFace), *self._add_path(path, transform, clip)])

    def draw_markers(self, gc, marker_path, marker_trans, path, trans, rgbFace=None):
        places = path.cleaned(trans, remove_nans=True)
        at = np.isin(places.codes, (1, 2))  # a marker at each point, none at a curve's control points or the stop
        shape = self._add_path(marker_path, marker_trans)
        first, number = self._count, int(at.sum())
        self.points.append(places.vertices[at].astype(np.float32).tobytes())
        self.codes.append(places.codes[at].tobytes())
        self._count += number
        self.marks.append(["m", self._style(gc, rgbFace), *shape, first, number])

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        if ismath:
            return super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)  # as paths
        width, _, _ = self.get_text_width_height_descent(s, prop, False)
        size = self.points_to_pixels(prop.get_size_in_points())
        face = "monospace" if "monospace" in prop.get_family() else "sans-serif"
        where = [round(float(number), 2) for number in (x, y, angle, width, size)]
        self.marks.append(["t", self._style(gc), s, *where, face, str(prop.get_weight())])

    def draw_image(self, gc, x, y, im, transform=None):
        height, width = im.shape[:2]
        if transform is None:
            transform = Affine2D().scale(width, height)
        matrix = (transform + Affine2D().translate(x, y)).get_matrix()[:2]
        place = [round(float(number), 2) for number in matrix.ravel()]
        self.marks.append(["i", self._style(gc), len(self.images), width, height, place])
        pixels = np.ascontiguousarray(im, np.uint8)
        # A page's own Python sends them no further than the page, and may still be loading pandas.
        self.images.append((pixels if IN_BROWSER else with_palette(pixels)).tobytes())

    def flipy(self):
        return False

    def option_scale_image(self):
        return True  # the page enlarges pictures

    def get_canvas_width_height(self):
        return self.width, self.height

    def points_to_pixels(self, points):
        return points * self.dpi / 72


def with_palette(pixels):
    """RGBA (height, width, 4) as 256 colours and each pixel's number, a quarter of the bytes; more colours as it is."""
    index, colors = pd.factorize(pixels.view(np.uint32).ravel())  # a tenth of the time of np.unique, which sorts
    if len(colors) > 256 or index.size <= 341:
        return pixels
    colors = np.append(colors, np.zeros(256 - len(colors), np.uint32)).view(np.uint8)
    return np.append(colors, index.astype(np.uint8))


def _hex(color, alpha):
    return to_hex(color if alpha is None else (*color[:3], alpha), keep_alpha=True)


def joined(recorders):
    """What several have written down, as a dict to send: `parts` are [first point, first image, marks]."""
    parts, count, images = [], 0, []
    for recorder in recorders:
        parts.append([count, len(images), recorder.marks])
        count += recorder._count
        images += recorder.images
    points, codes = (b"".join(b for r in recorders for b in getattr(r, name)) for name in ("points", "codes"))
    size = [recorders[0].width, recorders[0].height] if recorders else []
    return {"size": size, "parts": parts, "points": points, "codes": codes, "images": images}

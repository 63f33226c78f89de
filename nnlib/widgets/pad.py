"""Draw a digit, and see what a network reads while you draw."""

from pathlib import Path

import anywidget
import ipywidgets
import numpy as np
import traitlets
from PIL import Image, ImageDraw

from nnlib import images, plots
from nnlib.network import Network
from nnlib.widgets.answers import THRESHOLD, Bars, in_words, reader_of
from nnlib.widgets.arguments import Number
from nnlib.widgets.controls import number
from nnlib.widgets.panel import Panel

SIDE = 280  # pixels of the pad
LARGE = 320  # CSS pixels of it on the page
FINE = 3  # strokes from code are drawn so many times larger, then shrunk: soft edges, as the browser's have


class Sheet(anywidget.AnyWidget):
    """The canvas. What is drawn on it comes as `pixels`, number `sent`; the kernel answers that number in `read`."""

    _esm = Path(__file__).with_name("pad.js").read_text("utf-8")
    side = traitlets.Int(SIDE).tag(sync=True)
    size = traitlets.Int(LARGE, help="CSS pixels that it takes on the page").tag(sync=True)
    pen = traitlets.Int(20).tag(sync=True)
    # Not traitlets.Bytes: what comes from the page is a memoryview, which Bytes refuses without a word.
    pixels = traitlets.CBytes(bytes(SIDE * SIDE)).tag(sync=True, echo_update=False)
    sent = traitlets.Int(0).tag(sync=True, echo_update=False)
    read = traitlets.Int(0).tag(sync=True)
    given = traitlets.Int(0, help="how often `pixels` were set by the kernel").tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)


class DrawingPad(Panel):
    """Draw a digit with mouse, pen or finger. Beside it: the 28x28 pixels that the network sees, and what it reads.

    network    a classifier of 784 pixels; unless given, the one that ships with the package
    pen        its width in pixels of the pad, which is 280x280
    threshold  below this probability the answer is "not sure"
    lecture    larger, for the back row

    The drawing goes through `images.prepare`. From code: `pixels` uint8 (280, 280), 0 paper and 255 ink, may be set;
    `draw_strokes` draws, `clear` clears. `digit` (28, 28) is what the network sees, `probabilities` (K,) what it says,
    `answer` the class; None while there is no digit (and, for `answer`, if it is not sure). `snapshot()` is a picture.
    """

    label = "What the network sees of the drawing, 28x28 pixels, and bars: how probable each digit is"
    lecture_paper = 0.95
    pen = traitlets.Int(min=4, max=60)
    threshold = Number(min=0, max=1)

    def __init__(self, network: Network | None = None, pen: int = 20, threshold: float = THRESHOLD,
                 lecture: bool = False) -> None:  # fmt: skip
        self.network = reader_of(network)
        self.names = [str(k) for k in range(self.network.sizes[-1])]
        self.pen, self.threshold = pen, threshold
        self.digit = self.probabilities = None
        self.sheet = Sheet(pen=pen, size=460 if lecture else LARGE)
        figure, (left, right) = plots.figure(3.9, 3.1, ncols=2, width_ratios=[1, 1.7])  # beside the pad in 700 pixels
        left.set(title="it sees", xticks=[], yticks=[])
        left.grid(False)
        self._image = left.imshow(np.zeros((28, 28)), cmap="gray", vmin=0, vmax=1)
        right.set_title("it says")
        self._bars = Bars(right, self.names, half=0.28)

        what = f"Width of the pen in pixels, of which the pad has {SIDE}"
        self.pen_control = number(self, "pen", "pen width", what, min=4, max=60, whole=True)
        traitlets.link((self, "pen"), (self.sheet, "pen"))
        column = ipywidgets.VBox([self.sheet, self.pen_control])
        super().__init__(figure, [self._image, *self._bars.artists], [column], lecture)
        if lecture:
            self.picture.widest = 700
        # Side by side, and one above the other where the page is narrow.
        self.layout.flex_flow, self.layout.align_items = "row wrap", "center"
        self.sheet.observe(self.changed, ["sent", "given"])

    @property
    def pixels(self):
        return np.frombuffer(self.sheet.pixels, np.uint8).reshape(SIDE, SIDE).copy()

    @pixels.setter
    def pixels(self, pixels):
        pixels = np.asarray(pixels)
        wrong = pixels[~np.isin(pixels, np.arange(256))]
        if pixels.shape != (SIDE, SIDE) or len(wrong):
            raise ValueError(
                f"pixels has the shape {pixels.shape}{f' and holds {wrong[0]}' if len(wrong) else ''}; expected "
                f"({SIDE}, {SIDE}) whole numbers, 0 paper to 255 ink. If they go from 0 to 1: (255 * pixels).round()"
            )
        with self.sheet.hold_sync():
            self.sheet.pixels = pixels.astype(np.uint8).tobytes()
            self.sheet.given += 1

    def clear(self):
        """An empty pad."""
        self.pixels = np.zeros((SIDE, SIDE))

    def draw_strokes(self, strokes):
        """Draw lines with the present pen, beside what is there: a list of strokes, each a list of points (x, y)."""
        fine = Image.new("L", (FINE * SIDE, FINE * SIDE))
        draw, width = ImageDraw.Draw(fine), FINE * self.pen
        for stroke in strokes:
            points = np.array([*stroke], float)
            if points.shape[1:] != (2,) or not np.isfinite(points).all():
                raise ValueError(
                    f"a stroke is {stroke!s:.60}; expected a list of points (x, y). One stroke: draw_strokes([stroke])"
                )
            points *= FINE
            draw.line(points.ravel().tolist(), fill=255, width=width)
            for x, y in points:  # round ends and corners
                draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
        self.pixels = np.maximum(self.pixels, np.asarray(fine.reduce(FINE)))

    @property
    def answer(self):
        p = self.probabilities
        return None if p is None or p.max() < self.threshold else int(p.argmax())

    def update(self):
        seen, pixels = self.sheet.sent, self.pixels
        self.digit = self.probabilities = None
        if not pixels.any():
            words = "<b>The pad is empty.</b> Draw a digit from 0 to 9 with mouse, pen or finger."
        else:
            try:
                self.digit = images.prepare(255 - pixels)  # black on white
            except ValueError:
                words = "<b>No digit found</b> in so much ink. Press Clear and draw again."
        if self.digit is not None:
            self.probabilities = self.network.predict_proba(self.digit.reshape(1, 784))[0]
            words = in_words(self.probabilities, self.names, self.threshold)
        self._image.set_data(np.zeros((28, 28)) if self.digit is None else self.digit)
        self._bars.show(np.zeros(len(self.names)) if self.probabilities is None else self.probabilities)
        self.sheet.read = seen  # the page may send the next
        text = words.replace("<b>", "").replace("</b>", "")
        self.sheet.label = f"Drawing pad for mouse, pen or finger. {text}"
        return f"{words} The pen is {self.pen} of {SIDE} pixels wide."

    def snapshot(self):
        """Pad and answer side by side, twice as fine: a PIL image."""
        self.draw()
        return super().snapshot()

    def framed(self, picture):
        side = 2 * SIDE
        whole = Image.new("RGB", (side + 44 + picture.width, max(picture.height, side + 8)), "white")
        middle = (whole.height - side) // 2
        ImageDraw.Draw(whole).rectangle((2, middle - 2, side + 5, middle + side + 1), outline="#777777", width=2)
        whole.paste(Image.fromarray(255 - self.pixels).resize((side, side)), (4, middle))
        whole.paste(picture, (side + 44, (whole.height - picture.height) // 2))
        return whole

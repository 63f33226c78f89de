"""Draw a digit, and see what a network reads while you draw."""

import anywidget
import ipywidgets
import numpy as np
import traitlets
from PIL import Image, ImageDraw

from nnlib import images, plots
from nnlib.widgets.answers import THRESHOLD, Bars, in_words, reader_of
from nnlib.widgets.arguments import Number
from nnlib.widgets.controls import button, slider
from nnlib.widgets.panel import Panel

SIDE = 280  # pixels of the pad
FINE = 3  # strokes from code are drawn so many times larger, then shrunk: soft edges, as the browser's have

# Pointer events are mouse, pen and touch alike. The pixels go to the kernel as they are drawn: at most every 50 ms, and
# not before it has read the last ones (or a second has passed), so that a slow kernel gets fewer and none waits.
ESM = """
export default {
  render({ model, el }) {
    const side = model.get("side"), canvas = document.createElement("canvas");
    canvas.width = canvas.height = side;
    canvas.style = "background: #fff; box-shadow: 0 0 0 1px #777; cursor: crosshair; touch-action: none; margin: 2px";
    canvas.classList.add("nnlib-pad");
    canvas.setAttribute("role", "img");
    el.append(canvas);
    const ink = canvas.getContext("2d", { willReadFrequently: true });
    ink.lineCap = ink.lineJoin = "round";
    let pointer = null, from = null, dirty = false, last = 0;

    const send = () => {
      const waited = performance.now() - last;
      if (!dirty || waited < (model.get("read") < model.get("sent") ? 1000 : 50)) return;
      const pixels = ink.getImageData(0, 0, side, side).data.filter((_, k) => k % 4 === 3);
      model.set({ pixels: new DataView(pixels.buffer), sent: model.get("sent") + 1 });
      model.save_changes();
      [dirty, last] = [false, performance.now()];
    };
    const draw = (event) => {
      const box = canvas.getBoundingClientRect(), scale = side / box.width;
      const to = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
      ink.lineWidth = model.get("pen");
      ink.beginPath();
      ink.moveTo(...(from ?? to));
      ink.lineTo(...to);
      ink.stroke();
      [from, dirty] = [to, true];
    };
    canvas.onpointerdown = (event) => {
      if (event.button !== 0 || pointer !== null) return;
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      pointer = event.pointerId;
      draw(event);
      send();
    };
    canvas.onpointermove = (event) => {
      if (event.pointerId !== pointer) return;
      const passed = event.getCoalescedEvents?.() ?? [];
      (passed.length ? passed : [event]).forEach(draw);
      send();
    };
    canvas.onpointerup = canvas.onpointercancel = (event) => {
      if (event.pointerId === pointer) [pointer, from] = [null, null];
    };

    const show = () => {
      const given = model.get("pixels"), picture = ink.createImageData(side, side);
      for (let k = 0; k < given.byteLength; k += 1) picture.data[4 * k + 3] = given.getUint8(k);
      ink.putImageData(picture, 0, 0);
      dirty = false;
    };
    // What another view of this pad has drawn.
    const follow = () => pointer === null && show();
    const say = () => canvas.setAttribute("aria-label", model.get("label"));
    model.on("change:given", show);
    model.on("change:pixels", follow);
    model.on("change:label", say);
    show();
    say();
    const timer = setInterval(send, 25);
    return () => {
      clearInterval(timer);
      model.off("change:given", show);
      model.off("change:pixels", follow);
      model.off("change:label", say);
    };
  },
};
"""


class Sheet(anywidget.AnyWidget):
    """The canvas. What is drawn on it comes as `pixels`, number `sent`; the kernel answers that number in `read`."""

    _esm = ESM
    side = traitlets.Int(SIDE).tag(sync=True)
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

    The drawing goes through `images.prepare`. From code: `pixels` uint8 (280, 280), 0 paper and 255 ink, may be set;
    `draw_strokes` draws, `clear` clears. `digit` (28, 28) is what the network sees, `probabilities` (K,) what it says,
    `answer` the class; None while there is no digit (and, for `answer`, if it is not sure). `snapshot()` is a picture.
    """

    label = "What the network sees of the drawing, 28x28 pixels, and bars: how probable each digit is"
    pen = traitlets.Int(min=4, max=60)
    threshold = Number(min=0, max=1)

    def __init__(self, network=None, pen=20, threshold=THRESHOLD):
        self.network = reader_of(network)
        self.names = [str(k) for k in range(self.network.sizes[-1])]
        self.pen, self.threshold = pen, threshold
        self.digit = self.probabilities = None
        self.sheet = Sheet(pen=pen)
        figure, (left, right) = plots.figure(4, 2.9, ncols=2, width_ratios=[1, 1.7])  # beside the pad in 700 pixels
        left.set(title="it sees", xticks=[], yticks=[])
        left.grid(False)
        self._image = left.imshow(np.zeros((28, 28)), cmap="gray", vmin=0, vmax=1)
        right.set_title("it says")
        self._bars = Bars(right, self.names, half=0.27)

        self.pen_control = slider(ipywidgets.IntSlider, "pen width", min=4, max=60)
        self.clear_button = button("Clear", "eraser", self.clear)
        traitlets.link((self, "pen"), (self.pen_control, "value"))
        traitlets.link((self, "pen"), (self.sheet, "pen"))
        row = ipywidgets.HBox([self.clear_button, self.pen_control])
        super().__init__(figure, [self._image, *self._bars.artists], [self.sheet, row])
        # Side by side, and one above the other where the page is narrow.
        self.layout.flex_flow, self.layout.align_items = "row wrap", "center"
        row.layout.order, row.layout.width = "1", "100%"
        self.message.layout.order, self.message.layout.width = "2", "100%"
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
        """Pad and answer side by side: a PIL image."""
        self.draw()
        picture = super().snapshot()
        whole = Image.new("RGB", (SIDE + 22 + picture.width, max(picture.height, SIDE + 4)), "white")
        middle = (whole.height - SIDE) // 2
        ImageDraw.Draw(whole).rectangle((1, middle - 1, SIDE + 2, middle + SIDE), outline="#777777")
        whole.paste(Image.fromarray(255 - self.pixels), (2, middle))
        whole.paste(picture, (SIDE + 22, (whole.height - picture.height) // 2))
        return whole

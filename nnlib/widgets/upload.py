"""Upload a picture, and see every stage from it to the answer."""

import html
import warnings
from pathlib import Path

import anywidget
import numpy as np
import traitlets

from nnlib import images, plots
from nnlib.images.reading import Source
from nnlib.network import Network
from nnlib.widgets.answers import THRESHOLD, Bars, in_words, reader_of
from nnlib.widgets.panel import Panel

STAGES = ["grey", "light on dark", "ink", "without lines", "digit",
          "cropped", "clean", "pen width", "20 pixels", "centred"]  # fmt: skip
WIDEST = 1.4  # width by height: of 4,000 MNIST digits 33 are wider, of 300 pairs 295


class Drop(anywidget.AnyWidget):
    """A button and a place to drop a picture, which comes as `content`, file number `number`."""

    _esm = Path(__file__).with_name("upload.js").read_text("utf-8")
    content = traitlets.CBytes().tag(sync=True, echo_update=False)
    name = traitlets.Unicode().tag(sync=True)
    number = traitlets.Int(0).tag(sync=True, echo_update=False)


class Upload(Panel):
    """Takes a picture from your disk or camera, and shows every stage of `images.prepare`, and what is read.

    network  a classifier of 784 pixels; unless given, the one that ships with the package
    picture  what is shown before anything is uploaded: whatever `images.prepare` takes
    lecture  larger, for the back row

    From code: `read(source)`. `stages` is a dict of name and picture, `probabilities` (K,) what the network says; both
    None if there is no digit, and `message` says why. Where there are several digits, `digits` (n, 28, 28) are all that
    `images.split_digits` finds, and the message reads them.
    """

    label = "The stages from a picture to 28x28 pixels, and bars: how probable each digit is"

    def __init__(self, network: Network | None = None, picture: Source | None = None, lecture: bool = False) -> None:
        self.network = reader_of(network)
        self.names = [str(k) for k in range(self.network.sizes[-1])]
        self._source, self.stages, self.probabilities, self.digits = picture, None, None, None
        figure, axes = plots.figure(10, 3.9, nrows=2, ncols=6, width_ratios=[1, 1, 1, 1, 1, 2.2])
        self._axes = [*axes[0, :5], *axes[1, :5]]
        for stage, place in zip(STAGES, self._axes, strict=True):
            place.set(title=stage, xticks=[], yticks=[], box_aspect=1)  # in line, whatever their shapes are
            place.grid(False)
            place.spines[:].set(visible=True, color="#BBBBBB")
        self._pictures = [place.imshow(np.zeros((28, 28)), cmap="gray") for place in self._axes]
        axes[1, 5].remove()
        axes[0, 5].set_subplotspec(axes[0, 5].get_gridspec()[:, 5])  # both rows
        self._bars = Bars(axes[0, 5], self.names)
        self.upload = Drop()
        super().__init__(figure, [*self._pictures, *self._bars.artists], [self.upload], lecture)
        self.upload.observe(lambda _: self.read(bytes(self.upload.content)), "number")

    def read(self, source):
        """Show another picture: whatever `images.prepare` takes."""
        self._source = source
        self.changed()

    def update(self):
        self.stages = self.probabilities = self.digits = None
        with warnings.catch_warnings(record=True) as notes:
            warnings.simplefilter("always")
            words = self._read()
        shown = self.stages or {name: np.zeros((28, 28)) for name in STAGES}
        for axes, picture, stage in zip(self._axes, self._pictures, shown.values(), strict=True):
            height, width = stage.shape
            picture.set(
                visible=self.stages is not None,
                data=stage,
                extent=(0, width, height, 0),
                clim=(0, max(stage.max(), 1e-3)),
            )
            side = max(width, height) / 2
            axes.set(xlim=(width / 2 - side, width / 2 + side), ylim=(height / 2 + side, height / 2 - side))
        self._bars.show(np.zeros(len(self.names)) if self.probabilities is None else self.probabilities)
        return "<br>".join([words, *(f"Note: {html.escape(str(note.message))}" for note in notes)])

    def _read(self):
        """Bring `stages` and `probabilities` up to date; returns what is to be said."""
        if self._source is None:
            return "<b>No picture yet.</b> Press the button: a photograph, a scan or a drawing of one digit."
        try:
            self.stages = images.prepare(self._source, stages=True)
        except (ValueError, OSError) as error:
            words = str(error)
            return f"<b>Not read.</b> {html.escape(words[:1].upper() + words[1:])}"
        (height, width), digit = self.stages["20 pixels"].shape, self.stages["digit"]
        if width > WIDEST * height or ((digit > 0) & (digit < 1)).any():  # grey: pieces that may be it just as well
            found = images.split_digits(self._source, stages=True, network=self.network)
            self.digits, rows = found["digits"], found["probabilities"]
        self.probabilities = self.network.predict_proba(self.stages["centred"].reshape(1, 784))[0]
        if self.digits is None or len(self.digits) < 2:
            return in_words(self.probabilities, self.names, THRESHOLD)
        said = " ".join(self.names[k] + ("" if p >= THRESHOLD else "?") for k, p in zip(rows.argmax(1), rows.max(1)))
        return f"<b>More than one digit:</b> taken apart, the {len(rows)} read <b>{said}</b> (? where it is not sure)."

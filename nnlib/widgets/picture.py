"""The picture of a live panel with the text below it, and word from the page when it is on screen."""

from pathlib import Path

import anywidget
import traitlets


class Picture(anywidget.AnyWidget):
    """A drawing that changes many times a second, and `value`, the message (HTML) of the same instant.

    What stands `still` is sent apart from what is `moving`. `shown` tells the kernel how far the page is, so that it
    does not run ahead.
    """

    _esm = Path(__file__).with_name("picture.js").read_text("utf-8")
    still = traitlets.Dict(help="what strokes.joined makes").tag(sync=True)
    moving = traitlets.Dict(help="the same, with the number of the frame and whether training runs").tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    code = traitlets.Unicode().tag(sync=True)
    key = traitlets.Unicode(help="names the stored picture that this one replaces").tag(sync=True)
    widest = traitlets.Int(0, help="CSS pixels that it may fill; 0: as wide as it was drawn").tag(sync=True)
    tips = traitlets.List(help="what each list and text of the panel does").tag(sync=True)
    hovers = traitlets.Bool(False, help="the kernel says what the pointer is over").tag(sync=True)
    drags = traitlets.Bool(False, help="a pointer that is held down and moved clicks all the way").tag(sync=True)
    seen = traitlets.Bool(True, help="some page has it in sight").tag(sync=True, echo_update=False)
    shown = traitlets.Int(0, help="number of the last frame that a page has drawn").tag(sync=True, echo_update=False)
    frame = 0  # number of the newest

    def show(self, moving, still, value, running):
        """Send a frame; `still` is None where that has not changed."""
        self.frame += 1
        with self.hold_sync():
            if still is not None:
                self.still = still
            self.moving, self.value = {**moving, "frame": self.frame, "running": running}, value

    @property
    def drawing(self):
        """All that is drawn, as a text: the same for the same picture."""
        return repr((self.still, {**self.moving, "frame": 0, "running": False}))

    @property
    def frames_ahead(self):
        """Number of frames that no page has drawn yet."""
        return self.frame - self.shown

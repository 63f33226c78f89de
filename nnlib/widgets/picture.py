"""The picture of a live panel, and word from the page when it is on screen."""

from pathlib import Path

import anywidget
import traitlets


class Picture(anywidget.AnyWidget):
    """A drawing that changes many times a second; what stands `still` is sent apart from what is `moving`.

    `shown` tells the kernel how far the page is, so that it does not run ahead.
    """

    _esm = Path(__file__).with_name("picture.js")
    still = traitlets.Dict(help="a Recorder's state").tag(sync=True)
    moving = traitlets.Dict(help="a Recorder's state, and the number of the frame").tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)
    widest = traitlets.Int(0, help="CSS pixels that it may fill; 0 is as wide as it was drawn").tag(sync=True)
    frame = 0  # number of the newest
    shown = traitlets.Int(0, help="number of the last frame that a page has drawn").tag(sync=True, echo_update=False)

    def show(self, moving, still=None):
        """Send a frame."""
        self.frame += 1
        with self.hold_sync():
            if still is not None:
                self.still = still
            self.moving = {**moving, "frame": self.frame}

    @property
    def frames_ahead(self):
        """Number of frames that no page has drawn yet."""
        return self.frame - self.shown

"""Live panels: sliders that act while a network trains.

A panel is an ipywidgets box: controls, a picture, a line of text. It is shown by being the last line of a cell.
Settings are attributes too: `panel.learning_rate = 0.3` moves the slider, and what a control changes can be read.
`advance(n)` trains n steps without a clock, so that a prepared situation and a test are exact. `lecture=True` makes any
panel larger, for the back row, with fewer controls. `code` is the call that makes the panel as it stands.

How it works. One asyncio task per panel runs in the kernel's own loop: it trains for a few milliseconds and gives way,
so that messages from the browser come in between; when enough was trained, or a setting has changed, it draws. Messages
are taken up in the same loop, whatever thread they come on: the task never sees half a change. A control's callback
only sets attributes and wakes the task; an attribute that is set in a cell or a script acts at once.
"""

import asyncio
import contextlib
import functools
import html
import inspect
import io
import time
import uuid

import ipywidgets
import numpy as np
import traitlets
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from nnlib.plots.strokes import Recorder, joined
from nnlib.threads import IN_BROWSER, one_blas_thread
from nnlib.widgets.code import code_of
from nnlib.widgets.controls import FULL_SPEED
from nnlib.widgets.open_panels import open_panels, running_cell, take_interrupts
from nnlib.widgets.picture import Picture
from nnlib.widgets.stored import outputs

TURN_SECONDS = 0.019  # of training between two looks at the controls
FRAME_SECONDS = 2 * TURN_SECONDS  # of training between two frames
# Turns of the loop that a message passes through, in seconds; a page's own Python takes one only while it sleeps.
GIVE_WAY = (0.012,) if IN_BROWSER else (0, 0, 0)
MOST_FRAMES_AHEAD = 4  # of what the page has shown
LONGEST_WAIT = 0.25  # seconds for the page to show one when there are so many
LECTURE_WIDTH = 1220  # of a picture for the back row: CSS pixels
MOST_FRAMES_UNSEEN = 40  # until training pauses, on a page that has shown one: 10 seconds


class Panel(ipywidgets.VBox):
    """What all panels share: controls above a picture and a message, and the task that trains and draws.

    A panel gives `figure` and the `artists` that change from frame to frame, and overrides `update` (bring them up
    to date) and, if it trains, `work`. Its own traits are its settings: when one changes, a frame is drawn. `running`
    says whether it trains. `label` is the picture's text for those who hear the page.
    """

    label, hovers, drags = "", False, False
    lecture_paper: float | tuple[float, float] = 0.8
    untold: tuple[str, ...] = ()
    running = traitlets.Bool(False)
    speed = traitlets.Float(FULL_SPEED, min=0.1, help="steps per second, at most; FULL_SPEED is as fast as it goes")
    _task = _wake = _failure_message = _limits = None
    _message_text = ""
    _seconds_since_frame = _next_step = 0.0  # of training; and when the next step is due
    _frame_on_page = _newest_frame_then = 0

    def __new__(cls, *given, **named):
        self = super().__new__(cls)
        signature = inspect.signature(cls.__init__)
        self._parameters = {name: p.default for name, p in [*signature.parameters.items()][1:]}
        self._given = signature.bind(None, *given, **named).arguments
        return self

    def __init__(self, figure, artists, controls, lecture=False, rare=()):
        """`rare` are the controls that a lecture does without."""
        self.figure, self.artists, self.lecture = figure, artists, lecture
        self.canvas = FigureCanvasAgg(figure)
        points = {"hovers": self.hovers, "drags": self.drags}
        self.picture = self.message = Picture(label=self.label, key=uuid.uuid4().hex, **points)
        self._style_figure()
        super().__init__([*controls, self.picture])
        self.add_class("nnlib-panel")
        told = ipywidgets.Dropdown, ipywidgets.Text
        self.picture.tips = [part.tooltip for part in all_parts(self) if isinstance(part, told)]
        if lecture:
            self.add_class("nnlib-lecture")
            for control in rare:
                control.layout.display = "none"
        try:
            self.draw()
        except Exception:  # leave nothing behind
            self.close()
            raise
        self._start_task()
        self.picture.on_msg(self._heard)
        self.picture.observe(self._sighted, "seen")
        self.observe(self.changed, ["running", "speed", *self.own_traits()])

    def _style_figure(self):
        self.figure.patch.set_visible(False)  # the page's own paper
        for axes in self.figure.axes:
            axes.patch.set_visible(False)
            for image in axes.images:
                image.set_interpolation("none")  # the page enlarges it
        for artist in self.artists:
            artist.set_animated(True)  # left out of what stands still
        if self.lecture:  # less paper for the same letters
            self.figure.set_size_inches(self.figure.get_size_inches() * self.lecture_paper)
            self.picture.widest = LECTURE_WIDTH

    @classmethod
    def own_traits(cls):
        """The names of a panel's settings."""
        return sorted(cls.class_traits().keys() - Panel.class_traits().keys())

    @property
    def code(self):
        """The lines that make this panel with its present settings."""
        return code_of(self)

    def arguments(self):
        """What the constructor is to be given where that differs from the setting of the same name."""
        return {}

    def pointed(self, axes, x, y, clicked):
        """What the pointer is over, at x, y of these axes: a text, or None. A click may change the panel."""

    def _heard(self, _, content, buffers):
        """Messages of the page: does the kernel answer, where is the pointer, what shall the notebook keep?"""
        if "ping" in content:
            self.picture.send({"pong": True})
        if "keep" in content:
            self._display([*outputs(self, self.picture.value, buffers[0])][:2], again=True)
        if "at" in content:
            axes = next((axes for axes in self.figure.axes if axes.bbox.contains(*content["at"])), None)
            where = axes.transData.inverted().transform(content["at"]) if axes else (None, None)
            with self._failing():
                self.picture.send({"tip": (axes and self.pointed(axes, *where, content["clicked"])) or ""})

    def _sighted(self, change):
        if self.running and not change["new"]:
            self.fail("Nobody could see this panel. Press the button to go on.")

    def update(self):
        """Bring `artists` up to date; returns the message (HTML) below the picture."""
        raise NotImplementedError

    def work(self):
        """One piece of training, a few milliseconds at most."""
        raise NotImplementedError

    # -- the picture --------------------------------------------------------------------------------------------------

    def draw(self):
        """Draw a frame and show it."""
        self._update()
        self.picture.show(*self._record(), self._failure_message or self._message_text, self.running)
        self._frame_time = time.perf_counter()
        if not self.running:
            self.picture.code = self.code

    def _update(self):
        with numerics():
            self._message_text = self.update()

    def _record(self):
        """What is moving, and what stands still if that is not as the page has it: axes with other limits."""
        limits = [(*axes.get_xlim(), *axes.get_ylim()) for axes in self.figure.axes]
        still = None
        if limits != self._limits:
            if self._limits is None:  # laid out once; every time would cost more than all the rest
                self.figure.draw_without_rendering()
                self.figure.set_layout_engine("none")
            self._limits, self._recorded = limits, {}
            self.figure.draw(recorder := Recorder(self.figure))
            still = joined([recorder])
        for artist in self.artists:
            if artist.stale or artist not in self._recorded:
                artist.draw(recorder := Recorder(self.figure))
                self._recorded[artist] = recorder
        return joined([self._recorded[artist] for artist in self.artists]), still

    def fail(self, error):
        """Pause and say in words what went wrong."""
        words = str(error) or type(error).__name__
        words = html.escape(words[0].upper() + words[1:])
        self._failure_message = f"<b>Paused.</b> {words}" if self.running else f"<b>Not done.</b> {words}"
        self.running = False
        self.message.value = self._failure_message

    def snapshot(self):
        """The picture on the page, twice as fine: a PIL image."""
        self._record()  # in which it is laid out
        for artist in self.artists:
            artist.set_animated(False)
        file = io.BytesIO()
        self.figure.savefig(file, dpi=200)
        for artist in self.artists:
            artist.set_animated(True)
        picture = Image.open(file)
        white = Image.new("RGBA", picture.size, "white")
        return self.framed(Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB"))

    def framed(self, picture):
        """The picture, a PIL image, with what else the panel shows beside it."""
        return picture

    def _ipython_display_(self):
        """The panel, and what a reader without a kernel sees in its place."""
        with self._failing():
            self.draw()
        self._display(outputs(self, self.picture.value))

    def _display(self, shown, again=False):
        from IPython.display import display

        for k, (data, about) in enumerate(shown):
            display(data, raw=True, metadata=about, display_id=f"{self.picture.key}-{k}", update=again)

    # -- the task -----------------------------------------------------------------------------------------------------

    def changed(self, change=None):
        """What every control calls: settings have changed, the picture is out of date."""
        if change is None or change["name"] != "running" or change["new"]:  # to pause is not to try again
            self._failure_message = None
        if self._wake is None or self._loop.is_closed():
            with self._failing():
                self.draw()
        else:
            if self._in_a_cell():
                with self._failing():  # its next line may read the result
                    self._update()
            self._loop.call_soon_threadsafe(self._wake.set)

    def _in_a_cell(self):
        """Is this change made by a cell? It has a task of its own; messages from the page have none."""
        try:
            return asyncio.current_task() not in (None, self._task)
        except RuntimeError:  # another thread
            return False

    def close(self):
        """End the task and take the panel off the page, with all its parts, which ipywidgets would keep for ever."""
        self.unobserve_all()
        self.running = False
        if self in open_panels:
            open_panels.remove(self)
            self._task.cancel()
        super().close()
        for part in [*all_parts(self)][1:]:
            part.unobserve_all()
            part.close()

    def _start_task(self):
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:  # no kernel
            return
        self._cell = running_cell()
        open_panels.append(self)
        self._wake = asyncio.Event()
        self._task = self._loop.create_task(self._train_and_draw())
        for part in all_parts(self):
            part.comm.on_msg(functools.partial(self._loop.call_soon_threadsafe, part._handle_msg))

    async def _train_and_draw(self):
        while True:
            if self.running:
                self._train_for(TURN_SECONDS)
                if (wait := self._next_step - time.perf_counter()) > 0:
                    await asyncio.sleep(min(wait, TURN_SECONDS))
            else:
                await self._wake.wait()
                self._newest_frame_then = self.picture.frame
                while not self._may_draw():  # the page is behind; what changes meanwhile is drawn together
                    await asyncio.sleep(0.002)
            for seconds in GIVE_WAY:
                await asyncio.sleep(seconds)
            if (self._wake.is_set() or self._seconds_since_frame >= FRAME_SECONDS) and self._may_draw():
                self._wake.clear()
                self._seconds_since_frame = 0.0
                take_interrupts()
                with self._failing():
                    self.draw()

    def _may_draw(self):
        """Are there not too many frames on their way? A slow page gets fewer; one that is closed answers no more."""
        return self.picture.frames_ahead < MOST_FRAMES_AHEAD or time.perf_counter() - self._frame_time > LONGEST_WAIT

    def _train_for(self, seconds):
        with self._failing(), numerics():
            end = time.perf_counter() + seconds
            while self._next_step <= (now := time.perf_counter()) < end and self.running:
                self.work()
                self._next_step = max(self._next_step + 1 / self.speed, now) if self.speed < FULL_SPEED else 0.0
        self._seconds_since_frame += seconds
        if self.picture.shown != self._frame_on_page:
            self._frame_on_page, self._newest_frame_then = self.picture.shown, self.picture.frame
        elif self._frame_on_page and self.picture.frame - self._newest_frame_then > MOST_FRAMES_UNSEEN:
            self.fail("No page has shown this panel for ten seconds or so. Press the button to go on.")

    @contextlib.contextmanager
    def _failing(self):
        """What goes wrong is told in the panel; nobody else would show it."""
        try:
            yield
        except Exception as error:
            self.fail(error)


def all_parts(widget):
    """A widget and all that it is made of: its children, their children, and the layout and style of each."""
    yield widget
    for part in (getattr(widget, "layout", None), getattr(widget, "style", None), *getattr(widget, "children", ())):
        if part is not None:
            yield from all_parts(part)


@contextlib.contextmanager
def numerics():
    """How a panel computes: matrix products on one core, since two make small ones slower and the browser wants the
    other; and without warnings, since a training that diverges is told of in words."""
    with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        yield

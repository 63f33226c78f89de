"""A network's mistakes, to be sorted by their reasons."""

import html
from collections.abc import Iterable, Sequence

import ipywidgets
import numpy as np
import pandas as pd
import traitlets
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from nnlib import plots
from nnlib.widgets.controls import button, number
from nnlib.widgets.panel import Panel

REASONS = ("label is wrong", "nobody could tell", "badly written", "unusual form", "cut out badly", "the net's own")
ROWS, COLUMNS = 3, 8  # pictures of a page
MOST = 100
MORE = 30  # per cent of a picture's side: the room for its text


class MistakeGallery(Panel):
    """Up to 100 pictures that a network misread. Click one, or go through them; a button for each reason sorts it.

    X        (n, features) or (n, height, width), n from 1 to 100: the pictures, from 0, black, to 1
    labels   (n,) what they are, and `answers` (n,) what the network said: numbers or texts
    reasons  up to seven texts
    about    n texts to be told beside each picture: its writer, the network's confidence
    sorting  n reasons, or "" for a picture that is not sorted, to go on with

    Attributes: `index` (which picture is chosen), `sorting`. `sort(reason)` sorts the chosen one and goes on to the
    next that is not sorted; `table` is a DataFrame of how many there are of each reason, with their share of those that
    are sorted. `lecture=True` is larger, for the back row.
    """

    label = "A picture that was misread, all of them with label and answer, and how many there are of each reason"
    hovers, lecture_paper = True, 0.9
    index = traitlets.Int(0, min=0)
    sorting = traitlets.List(traitlets.Unicode())

    def __init__(self, X: ArrayLike, labels: Iterable, answers: Iterable, reasons: Sequence[str] = REASONS,
                 about: Sequence[str] | None = None, sorting: Sequence[str] | None = None,
                 lecture: bool = False) -> None:  # fmt: skip
        X = np.asarray(X, np.float32)
        side = int(np.sqrt(X.shape[1])) if X.ndim == 2 else 0
        self.X = X.reshape(-1, side, side) if X.ndim == 2 and side**2 == X.shape[1] else X
        if self.X.ndim != 3 or not 1 <= len(X) <= MOST:
            raise ValueError(f"X has the shape {X.shape}; expected 1 to {MOST} pictures, (n, height, width)")
        self.labels, self.answers = ([str(name) for name in names] for names in (labels, answers))
        self.about = [""] * len(X) if about is None else [str(text) for text in about]
        if not len(self.labels) == len(self.answers) == len(self.about) == len(X):
            lengths = f"{len(self.labels)} labels, {len(self.answers)} answers and {len(self.about)} texts about"
            raise ValueError(f"{lengths} {len(X)} pictures; expected one of each for every picture")
        self.reasons = [str(reason) for reason in reasons]
        if not 1 <= len(self.reasons) <= 7 or "" in self.reasons or len(set(self.reasons)) < len(self.reasons):
            raise ValueError(f"reasons is {reasons!r:.100}; expected one to seven different texts")
        self.sorting = [""] * len(X) if sorting is None else list(sorting)

        figure, (chosen, gallery, counts) = plots.figure(11, 3.6, ncols=3, width_ratios=[1, 3.4, 1.25])
        for axes in (chosen, gallery):
            axes.set(xticks=[], yticks=[], frame_on=False)
            axes.grid(False)
        high, wide = self.X.shape[1:]
        self._large = chosen.imshow(self.X[0], cmap="gray", vmin=0, vmax=1)
        self._title = chosen.set_title(" ", fontsize=14)
        self._gallery, self._pitch = gallery, (wide * 1.12, high * (1 + MORE / 100))
        self._tiles = []
        for k in range(ROWS * COLUMNS):
            left, top = self._corner(k)
            picture = gallery.imshow(
                self.X[0], cmap="gray", vmin=0, vmax=1, extent=(left, left + wide, top + high, top)
            )
            frame = gallery.add_patch(Rectangle((left, top), wide, high, fill=False, linewidth=2))
            text = gallery.text(left + wide / 2, top + high * 1.03, "", ha="center", va="top", fontsize=10)
            self._tiles.append((picture, frame, text))
        gallery.set(xlim=(-0.5, COLUMNS * self._pitch[0]), ylim=(ROWS * self._pitch[1], -0.5), aspect="equal")
        self._colors = dict(zip(self.reasons, plots.COLORS))
        self._bars = counts.barh(range(len(self.reasons)), 0, color=[*self._colors.values()])
        self._numbers = [counts.text(0, k, "", va="center", fontsize=12) for k in range(len(self.reasons))]
        counts.set(xlim=(0, 1.3 * len(X)), xlabel="pictures")
        plots.style.name_ticks(counts.yaxis, [f"{plots.style.as_text(r)} ({k})" for k, r in enumerate(self.reasons, 1)])
        counts.tick_params(axis="y", labelsize=11)
        counts.invert_yaxis()

        which = number(self, "index", "picture", "Which picture is chosen", max=len(X) - 1, whole=True)
        what = "Sort the chosen picture here, and choose the next that is not sorted"
        sort = [
            button(f"{k} {reason}", "", lambda reason=reason: self.sort(reason), what)
            for k, reason in enumerate(self.reasons, 1)
        ]
        self._back = button("Not sorted", "undo", lambda: self.sort(""), "Take the chosen picture's reason away again")
        rows = [ipywidgets.HBox([which, self._back]), ipywidgets.HBox(sort, layout={"flex_flow": "row wrap"})]
        artists = [self._large, self._title, *(part for tile in self._tiles for part in tile), *self._bars]
        super().__init__(figure, [*artists, *self._numbers], rows, lecture)

    def _corner(self, k):
        row, column = divmod(k, COLUMNS)
        return column * self._pitch[0], row * self._pitch[1]

    @traitlets.validate("index")
    def _check_index(self, proposal):
        if proposal["value"] >= len(self.X):
            raise traitlets.TraitError(
                f"index is {proposal['value']}; there are {len(self.X)} pictures, 0 is the first"
            )
        return proposal["value"]

    @traitlets.validate("sorting")
    def _check_sorting(self, proposal):
        new = proposal["value"]
        if wrong := [reason for reason in new if reason not in ("", *self.reasons)]:
            raise traitlets.TraitError(f"sorting has {wrong[0]!r}; the reasons are {', '.join(self.reasons)}")
        if len(new) != len(self.X):
            raise traitlets.TraitError(f"sorting has {len(new)} reasons for {len(self.X)} pictures; expected one each")
        return new

    def sort(self, reason):
        """Give the chosen picture this reason ("" for none), and choose the next that has none."""
        self.sorting = [*self.sorting[: self.index], reason, *self.sorting[self.index + 1 :]]
        order = [*range(self.index + 1, len(self.X)), *range(self.index)]
        if reason:
            self.index = next((k for k in order if not self.sorting[k]), self.index)

    @property
    def table(self):
        """One row for each reason, and for what is not sorted: how many, and the share of those that are sorted."""
        counts = [self.sorting.count(reason) for reason in (*self.reasons, "")]
        done = max(1, len(self.X) - counts[-1])
        shares = [*(count / done for count in counts[:-1]), np.nan]
        index = pd.Index([*self.reasons, "not sorted"], name="reason")
        return pd.DataFrame({"pictures": counts, "share": shares}, index=index)

    def pointed(self, axes, x, y, clicked):
        if axes is not self._gallery:
            return None
        k = int(y // self._pitch[1]) * COLUMNS + int(x // self._pitch[0]) + self._first
        if not (0 <= x < COLUMNS * self._pitch[0] and y >= 0 and k < len(self.X)):
            return None
        if clicked:
            self.index = k
        return f"{self._words(k)}: {self.sorting[k] or 'not sorted'}"

    @property
    def _first(self):
        """The first picture of the page that shows the chosen one."""
        return self.index - self.index % (ROWS * COLUMNS)

    def _words(self, k):
        about = f", {self.about[k]}" if self.about[k] else ""
        return f"picture {k}: {self.labels[k]} read as {self.answers[k]}{about}"

    def update(self):
        self._back.disabled = not self.sorting[self.index]
        self._large.set_data(self.X[self.index])
        self._title.set(text=f"{self.labels[self.index]} read as {self.answers[self.index]}", parse_math=False)
        for place, (picture, frame, text) in enumerate(self._tiles):
            k = self._first + place
            for part in (picture, frame, text):
                part.set_visible(k < len(self.X))
            if k < len(self.X):
                reason = self.sorting[k]
                picture.set_data(self.X[k])
                frame.set(edgecolor=self._colors.get(reason, "0.7"), linewidth=5 if k == self.index else 2)
                which = f" ({self.reasons.index(reason) + 1})" if reason else ""
                text.set(text=f"{self.labels[k]}→{self.answers[k]}{which}", parse_math=False)
                text.set(color="black" if k == self.index else "0.3")
        table = self.table
        for bar, shown, count in zip(self._bars, self._numbers, table.pictures):
            bar.set_width(count)
            shown.set(x=count + 0.03 * len(self.X), text=str(count))
        done = len(self.X) - table.pictures.iloc[-1]
        here = html.escape(f"{self._words(self.index)}: {self.sorting[self.index] or 'not sorted'}")
        return f"{here[0].upper()}{here[1:]} &middot; {done} of {len(self.X)} sorted"

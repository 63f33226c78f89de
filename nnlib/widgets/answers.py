"""What networks answer to one digit: bars of their probabilities, and words."""

import numpy as np

from nnlib import plots
from nnlib.network import Network, load_pretrained

THRESHOLD = 0.8  # a largest probability below this is "not sure"


class Bars:
    """Ten probabilities as bars, for one network or for several side by side: `artists`, and `show` to move them.

    `half` is what half of the longest text needs of the axes' width.
    """

    def __init__(self, axes, names, labels=("",), half=0.15):
        self.names, n = names, len(labels)
        self._room = half * len(names) - 0.5  # for a text's middle, from the edges
        axes.set(xlim=(-0.6, len(names) - 0.4), ylim=(0, 1.12), yticks=[0, 0.5, 1], ylabel="probability")
        axes.set_xticks(range(len(names)), names)
        axes.tick_params(axis="x", length=0, labelsize=15)
        axes.grid(axis="x", visible=False)
        self._bars, self._texts = [], []
        for k, label in enumerate(labels):
            left = np.arange(len(names)) - 0.4 + 0.8 * k / n
            color = plots.COLORS[k]
            self._bars.append(axes.bar(left, 0, 0.8 / n, align="edge", color=color))
            self._texts.append(axes.text(0, 0, "", ha="center", va="bottom", fontsize=13, color=color))
            if label:
                axes.text(
                    k / n, 1.02, f"\u25a0 {label}", transform=axes.transAxes, va="bottom", fontsize=14, color=color
                )
        self.artists = [*(bar for bars in self._bars for bar in bars), *self._texts]

    def show(self, *rows):
        """One row of probabilities (K,) per network; zeros show nothing."""
        for bars, text, p in zip(self._bars, self._texts, rows, strict=True):
            for bar, height in zip(bars, p, strict=True):
                bar.set_height(height)
            highest = bars[int(np.argmax(p))]
            middle = highest.get_x() + highest.get_width() / 2
            inside = np.clip(middle, self._room, len(p) - 1 - self._room)
            text.set_position((inside, max(p) + 0.015))
            text.set_text(percent(max(p)) if len(rows) == 1 and max(p) > 0 else "")


def percent(p):
    """A probability as text; none is called 100 %."""
    return "over 99.9 %" if p > 0.999 else f"{100 * p:.0f} %" if p < 0.985 else f"{100 * p:.1f} %"


def in_words(p, names, threshold=THRESHOLD):
    """The answer to one digit, a sentence in HTML: the most probable class, and the second if one may doubt."""
    first, second = np.argsort(-p)[:2]
    if p[first] < threshold:
        return f"<b>Not sure:</b> {names[first]} ({percent(p[first])}) or {names[second]} ({percent(p[second])})."
    also = f"; {names[second]} with {percent(p[second])}" if p[second] >= 0.005 else ""
    return f"<b>Reads {names[first]}</b> with {percent(p[first])}{also}."


def reader_of(network):
    """`network`, or the one that ships with the package; ValueError if it does not read 28x28 pixels."""
    network = load_pretrained() if network is None else network
    if not isinstance(network, Network):
        raise TypeError(
            f"network is a {type(network).__name__}; expected a Network. From a file: nnlib.Network.load(path)"
        )
    if network.sizes[0] != 784 or not network.is_classifier or network.sizes[-1] < 2:
        raise ValueError(f"the network has the sizes {network.sizes}; expected a classifier of 784 pixels (28x28)")
    return network

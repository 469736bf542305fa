"""style: the common look of all figures, their layout in inches, and how they are saved."""

from __future__ import annotations

import re
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from elsewhere.figures import glyphs
from elsewhere.files import whole

INK = "#1b1f24"
MUTED = "#5b6470"
PALE = "#e4e7eb"
HATCH = "#a7adb5"
PAPER = "#ffffff"
BLUE, ORANGE, GREEN, RED, PURPLE = "#0072b2", "#d55e00", "#009e73", "#b2182b", "#7b5ea7"
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, "#56b4e9", "#e69f00", "#cc79a7", "#000000")
NAMES = ("blue", "orange", "green", "purple", "light blue", "yellow", "pink", "black")
SYNTHETIC = "SYNTHETIC DATA: shows that the machinery works, nothing about patients"

DPI = 150
TITLE, BODY, SMALL = 13.0, 9.5, 8.0
MARGIN = 0.3
_NO_GLYPH = r"Glyph \d+ .*missing from"  # how matplotlib's warning begins
LINE = 0.17

LOOK: Any = {
    "backend": "agg",
    "font.family": glyphs.FONT,
    "text.parse_math": False,  # titles are a user's: a dollar sign begins no formula
    "font.size": BODY,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": BODY,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "hatch.color": HATCH,
    "hatch.linewidth": 0.8,
    "svg.fonttype": "none",
    "svg.hashsalt": "elsewhere",
    "path.simplify": True,
}


@contextmanager
def look() -> Iterator[None]:
    """Draw everything inside this context in the common look."""
    with mpl.rc_context():
        mpl.rcParams.update(mpl.rcParamsDefault)
        mpl.rcParams.update(LOOK)
        yield


def auc_colours() -> Colormap:
    """Return the colours of an AUC on 0..1: white at 0.5 = chance, orange below, blue above."""
    colours: Colormap = sns.blend_palette(["#d9872b", "#f4f4f4", "#4a93cf"], as_cmap=True)
    return colours


def share_colours() -> Colormap:
    """Return the colours of a share on 0..1: white to blue, dark ink reads on all of them."""
    colours: Colormap = sns.light_palette("#4f9bd0", as_cmap=True)
    return colours


@dataclass(frozen=True)
class Sheet:
    """A figure with a title above and notes below; its content is placed in inches.

    Places are counted from the upper left corner of the content, x to the right and y downwards,
    so that rows and columns of any number keep their size and nothing overlaps.
    """

    figure: Figure
    top: float

    def box(self, x: float, y: float, size: tuple[float, float]) -> Axes:
        """Add axes of size (width, height), their upper left corner at (x, y), all in inches."""
        width, height = self.figure.get_size_inches()
        lower = height - self.top - y - size[1]
        place = ((MARGIN + x) / width, lower / height, size[0] / width, size[1] / height)
        return self.figure.add_axes(place)

    def canvas(self, width: float, height: float) -> Axes:
        """Add bare axes over the content whose unit is the inch, y downwards."""
        axes = self.box(0, 0, (width, height))
        bare(axes)
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.patch.set_visible(False)
        return axes

    def text(self, x: float, y: float, words: str, **looks: Any) -> Text:
        """Write words at (x, y) inches of the content."""
        width, height = self.figure.get_size_inches()
        return self.figure.text((MARGIN + x) / width, 1 - (self.top + y) / height, words, **looks)

    def headed(self, x: float, y: float, lines: tuple[str, str], *, width: float) -> None:
        """Write the heading of a column, and below it what it was tested on, centred at x.

        What is wider than the column's `width`, in inches, is written smaller.
        """
        bold, muted = {"weight": "bold"}, {"color": MUTED}
        for down, words, size, looks in ((0, lines[0], 10.5, bold), (0.17, lines[1], 7, muted)):
            written = self.text(x, y + down, words, ha="center", va="center", size=size, **looks)
            wide = written.get_window_extent().width / self.figure.dpi
            written.set_fontsize(size * min(1, width / wide))


def sheet(
    title: str, *, width: float, height: float, notes: tuple[str, ...] = (), synthetic: bool
) -> Sheet:
    """Return an empty sheet whose content is `width` x `height` inches.

    Parameters
    ----------
    title
        What the figure shows; broken into lines that fit.
    notes
        Footnotes, one paragraph each.
    synthetic
        The figure shows at least one synthetic site: a band at the top says so.
    """
    heading = textwrap.wrap(title, max(24, int(width * 9.3)))
    footing = [line for note in notes for line in textwrap.wrap(note, max(30, int(width * 15.3)))]
    band = 0.3 if synthetic else 0.0
    top = band + 0.22 + 0.25 * len(heading)
    total = top + height + (0.18 + LINE * len(footing) if footing else 0.0) + 0.16
    figure = Figure(figsize=(width + 2 * MARGIN, total), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    if synthetic:
        _band(figure, total)
    for number, line in enumerate(heading):
        y = 1 - (band + 0.14 + 0.25 * number) / total
        figure.text(MARGIN / (width + 2 * MARGIN), y, line, size=TITLE, weight="bold", va="top")
    for number, line in enumerate(footing):
        y = (0.14 + LINE * (len(footing) - number)) / total
        figure.text(MARGIN / (width + 2 * MARGIN), y, line, size=SMALL, color=MUTED, va="top")
    return Sheet(figure=figure, top=top)


def _band(figure: Figure, total: float) -> None:
    height = 0.26 / total
    figure.add_artist(
        Rectangle((0, 1 - height), 1, height, facecolor="#ffb000", transform=figure.transFigure)
    )
    figure.text(0.5, 1 - height / 2, SYNTHETIC, size=SMALL, weight="bold", ha="center", va="center")


def swatch(kind: str, at: tuple[float, float], size: tuple[float, float]) -> Rectangle:
    """Return a box: "framed" = a training site, "plain" = another site, "hatched" = no number."""
    frame = INK if kind == "framed" else MUTED
    hatched = kind == "hatched"
    return Rectangle(
        at,
        *size,
        facecolor=PALE if hatched else PAPER,
        hatch="////" if hatched else None,
        edgecolor=HATCH if hatched else frame,
        linewidth=2.6 if kind == "framed" else 0.8,
    )


def bare(axes: Axes) -> None:
    """Remove ticks and frame from axes that hold only boxes and text."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write `name`.png (150 dpi) and `name`.svg (text stays text), the same bytes each time."""
    with look():
        with whole(folder / f"{name}.png") as part:
            _draw(figure, part)
        with whole(folder / f"{name}.svg") as part, warnings.catch_warnings():
            warnings.filterwarnings("ignore", _NO_GLYPH)  # a browser has the letters
            figure.savefig(part, metadata={"Date": None})


def _draw(figure: Figure, part: Path) -> None:
    """Draw a PNG; where the font lacks letters, draw again with other fonts of this machine."""
    options: Any = {"dpi": DPI, "metadata": {"Software": None}}
    with warnings.catch_warnings():
        warnings.filterwarnings("error", _NO_GLYPH)
        try:
            figure.savefig(part, **options)
        except UserWarning as lacks:
            if not re.match(_NO_GLYPH, str(lacks)):
                raise
            warnings.filterwarnings("ignore", _NO_GLYPH)
            figure.draw_without_rendering()
            glyphs.choose(figure)
            figure.savefig(part, **options)


def few_ticks() -> MaxNLocator:
    """Return a locator of at most four ticks at round numbers."""
    return MaxNLocator(nbins=4, integer=True)

"""roc_axes: axes and sizes that figures of several ROC curves share."""

from __future__ import annotations

from matplotlib.axes import Axes

from elsewhere.figures import style

SIDE, PITCH = 2.75, 3.25
LEFT, BELOW = 0.62, 0.5
ENTRY, GAP = 0.175, 0.3
TICKS, MARKS = (0, 0.25, 0.5, 0.75, 1), ("0", "", "0.5", "", "1")


def frame(axes: Axes, *, first: bool) -> None:
    """Draw ticks, labels and the line of chance; only a row's first panel labels its y axis."""
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_xticks(TICKS, MARKS)
    axes.set_yticks(TICKS, MARKS if first else [""] * len(MARKS))
    axes.tick_params(length=2, pad=2)
    axes.set_xlabel("1 – specificity", size=style.SMALL, labelpad=2)
    if first:
        axes.set_ylabel("sensitivity", size=style.SMALL, labelpad=1)
    axes.plot([0, 1], [0, 1], color=style.HATCH, linewidth=0.9)

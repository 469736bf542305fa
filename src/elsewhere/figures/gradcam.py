"""gradcam: draws Grad-CAM maps of scans classified right and wrong (D-43, Figs. 4 and 5)."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from elsewhere.figures import style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Results
from elsewhere.scores.explained import Explained
from elsewhere.scores.outcomes import failed, possible

TILE, GAP = 1.05, 0.04
PITCH = (2 * TILE + GAP + 0.16, TILE + 0.27)
LABELS, HEAD, SITE_GAP = 1.45, 0.36, 0.12
LEAST_WIDTH = 6.4
COLOURS, OPAQUE = "inferno", 0.7

Grey = npt.NDArray[np.uint8]


class Gradcam(Figure):
    """Grad-CAM maps of scans that a model classified right and wrong."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a gallery per explained arm."""
        return draw(given.together, given.explained, folder)


def draw(results: Results, explained: Mapping[str, Explained], folder: Path) -> list[str]:
    """Draw gradcam_<arm>.png and .svg of each explained arm; return their names.

    Sites are one below the other, with a line per outcome. Each scan is drawn as the network sees
    it, and again under its Grad-CAM map.

    Parameters
    ----------
    explained
        Arm to what `explain` made of it.
    """
    labels = {row.name: row.label for row in results.rows}
    names = []
    for arm, explained_arm in explained.items():
        names.append(f"gradcam_{arm}")
        with style.look():
            page = _page(results, explained_arm, labels[arm])
            style.save(page.figure, folder, names[-1])
    return names


def _page(results: Results, explained_arm: Explained, label: str) -> style.Sheet:
    most = (
        explained_arm.gallery.groupby(["site", "outcome"]).size().max()
        if len(explained_arm.gallery)
        else 1
    )
    with_examples = [column for column in results.columns if _reason(explained_arm, column) is None]
    lines = {
        column.row: _outcomes(results, explained_arm, column) if column in with_examples else ("",)
        for column in results.columns
    }
    page = style.sheet(
        f"Grad-CAM of right and wrong predictions: {label}",
        width=max(LEAST_WIDTH, LABELS + PITCH[0] * int(most)),
        height=sum(HEAD + SITE_GAP + PITCH[1] * len(outcomes) for outcomes in lines.values()),
        notes=(*_notes(results, explained_arm), *results.notes()),
        synthetic=results.synthetic,
    )
    top = 0.0
    for column in results.columns:
        page.text(0, top + 0.14, results.heading(column), va="center", weight="bold", size=10.5)
        if column in with_examples:
            _site(page, explained_arm, (column.row, lines[column.row]), top + HEAD)
        else:
            _absent(page, str(_reason(explained_arm, column)), top + HEAD)
        top += HEAD + SITE_GAP + PITCH[1] * len(lines[column.row])
    return page


def _reason(explained_arm: Explained, column: Column) -> str | None:
    """Return why a site has no example, None if it has."""
    if explained_arm.record["status"] != "ok":
        return f"{words.NOT_RUN}: {explained_arm.record['reason']}"
    absent = explained_arm.record["sites"][column.row]["absent"]
    return None if absent is None else f"{words.NOT_RUN}: {absent}"


def _notes(results: Results, explained_arm: Explained) -> tuple[str, ...]:
    if explained_arm.record["status"] != "ok":
        return ()
    layers = {site["layer"] for site in explained_arm.record["sites"].values() if site["layer"]}
    classes = results.named.classes
    shown, most = (classes[1], "higher") if len(classes) == 2 else ("the prediction", "highest")
    alone = "one per patient" + (" (* images, perhaps of one patient)" if results.starred else "")
    drawn = (
        f"Test scans of run {explained_arm.record['run']}, {alone}, drawn at random. "
        f"P: probability of {shown}; the prediction is the class with the "
        f"{most} probability. Left: what the network sees, of a volume one slice. Right: the same "
        "under the Grad-CAM map of the evidence for the predicted class, yellow at the map's own "
        "maximum."
    )
    where = (
        f"Maps of layer {', '.join(sorted(layers))}, upsampled to the image. Against, in "
        "blue: there is no evidence for the predicted class; the map shows that against it."
    )
    return (drawn, where) if layers else (drawn,)


def _outcomes(results: Results, explained_arm: Explained, column: Column) -> tuple[str, ...]:
    """Return the outcomes that have a line: of more than two classes those that a scan has."""
    classes = results.named.classes
    if len(classes) == 2:
        return possible()
    counts = explained_arm.record["sites"][column.row]["counts"]
    return tuple(outcome for outcome in possible(classes) if counts[outcome])


def _site(
    page: style.Sheet, explained_arm: Explained, what: tuple[str, Sequence[str]], top: float
) -> None:
    site, outcomes = what
    counts = explained_arm.record["sites"][site]["counts"]
    of_site = explained_arm.gallery[explained_arm.gallery["site"] == site]
    for line, outcome in enumerate(outcomes):
        y = top + PITCH[1] * line
        colour = style.RED if failed(outcome) else style.GREEN
        named = textwrap.fill(outcome, 17)  # of several classes it is long
        page.text(0, y + TILE / 2, named, va="bottom", color=colour, weight="bold")
        shown = of_site[of_site["outcome"] == outcome].to_dict("records")
        text = f"{len(shown)} of {counts[outcome]} scans" if counts[outcome] else "none"
        page.text(0, y + TILE / 2 + 0.04, text, va="top", size=style.SMALL, color=style.MUTED)
        for number, scan in enumerate(shown):
            _pair(page, scan, (LABELS + PITCH[0] * number, y))


def _pair(page: style.Sheet, scan: Mapping[Any, Any], at: tuple[float, float]) -> None:
    image, heat = (_pixels(scan, name) for name in ("image", "heat"))
    for number in range(2):
        axes = page.box(at[0] + number * (TILE + GAP), at[1], (TILE, TILE))
        style.bare(axes)
        _show(axes, image)
        if number == 1:
            axes.imshow(_overlay(heat, against=scan["against"]), interpolation="nearest")
    about = (", against" if scan["against"] else "") if heat.any() else ", map of zeros"
    text = f"P {words.number(scan['probability_1'])}{about}"
    page.text(at[0], at[1] + TILE + 0.03, text, va="top", size=style.SMALL)


def _pixels(scan: Mapping[Any, Any], name: str) -> Grey:
    return np.frombuffer(scan[name], np.uint8).reshape(scan["rows"], scan["columns"])


def _show(axes: Axes, image: Grey) -> None:
    axes.set_facecolor("black")
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")


def _overlay(heat: Grey, *, against: bool) -> npt.NDArray[np.float64]:
    """Return red, green, blue and opacity, which grows with the map."""
    colours = np.asarray(mpl.colormaps[COLOURS](heat), np.float64)
    if against:
        colours[..., :3] = to_rgb(style.BLUE)
    colours[..., 3] = OPAQUE * heat / 255
    return colours


def _absent(page: style.Sheet, reason: str, top: float) -> None:
    axes = page.box(LABELS, top, (PITCH[0], TILE))
    style.bare(axes)
    axes.add_patch(style.swatch("hatched", (0, 0), (1, 1)))
    text = "\n".join(textwrap.wrap(reason, 30))
    axes.text(
        0.5, 0.5, text, ha="center", va="center", size=style.SMALL,
        bbox={"facecolor": style.PALE, "edgecolor": "none", "pad": 2},
    )  # fmt: skip

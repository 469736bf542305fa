"""roc_findings: draws ROC curves of all findings, a figure per network and a row per arm."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from elsewhere.figures import interval_methods, style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.places import ByFinding, Place
from elsewhere.figures.results import Row
from elsewhere.figures.roc_axes import BELOW, ENTRY, GAP, LEFT, PITCH, SIDE, frame
from elsewhere.files import write_rows

PREFIX = "roc_findings_"
COLUMNS = (
    *("network", "arm", "label", "site", "tested_on", "kind", "finding", "synthetic"),
    *("status", "auc", "auc_low", "auc_high"),
    *("fpr", "tpr"),
)
POINT = COLUMNS[-2:]
TITLE = 0.62
NAMED, ACROSS = 27, 38
BROKEN = ("-", (0, (4, 2)), (0, (1, 1.2)))


class RocFindings(Figure):
    """ROC curves of every finding."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a grid per network."""
        return draw(given.places, folder)


def draw(study: ByFinding, folder: Path) -> list[str]:
    """Draw roc_findings_<network>.png, .svg and .csv for each network (B-30: Figs. 7 and 8).

    Each arm has a row of panels: its own test scans, then each site that it never saw. A panel has
    a curve per finding. A network without any curve has no figure.

    Returns
    -------
    list of str
        Names of the figures drawn.
    """
    drawn = []
    for network, group in study.networks().items():
        places = {row: study.places(row) for row in group}
        cells = [
            cell
            for arm_places in places.values()
            for place in arm_places
            for cell in place.cells.values()
        ]
        if any(words.verdict(cell) == "ok" for cell in cells):
            _figure(study, (network, places), folder)
            drawn.append(f"{PREFIX}{network}")
    return drawn


def _figure(
    study: ByFinding, what: tuple[str, Mapping[Row, Sequence[Place]]], folder: Path
) -> None:
    network, places = what
    name = f"{PREFIX}{network}"
    write_rows(_points(*what), folder / f"{name}.csv", columns=COLUMNS)
    across = max(len(arm_places) for arm_places in places.values())
    tall = TITLE + SIDE + BELOW + ENTRY * len(study.titles) + GAP
    width, height = LEFT + PITCH * (across - 1) + SIDE + 0.15, tall * len(places) - GAP
    with style.look():
        page = style.sheet(
            f"ROC curves of every {study.any.named.part}: {network}",
            width=width,
            height=height,
            notes=(*_notes(study, places.values()), *study.any.notes()),
            synthetic=study.any.synthetic,
        )
        canvas = page.canvas(width, height)
        for y, (row, arm_places) in enumerate(places.items()):
            page.text(LEFT, TITLE + tall * y - 0.5, row.label, va="center", weight="bold")
            for x, place in enumerate(arm_places):
                at = (LEFT + PITCH * x, TITLE + tall * y)
                tested = f"{place.kind}: {place.title}"
                page.text(at[0], at[1] - 0.28, textwrap.shorten(tested, ACROSS), va="center")
                page.text(at[0], at[1] - 0.11, _sizes(place), va="center", size=7.5)
                axes = page.box(*at, (SIDE, SIDE))
                frame(axes, first=x == 0)
                _curves(axes, place)
                _legend(canvas, study, place, (at[0], at[1] + SIDE + BELOW))
        style.save(page.figure, folder, name)


def _sizes(place: Place) -> str:
    """Write how many patients and scans are tested; fewer where a finding is not known."""
    scored = [cell for cell in place.cells.values() if (cell.get("pooled") or {}).get("n_scans")]
    sizes = {words.tested(cell) for cell in scored}
    largest = max(scored, key=lambda cell: cell["pooled"]["n_scans"], default={})
    return ("up to " if len(sizes) > 1 else "") + words.tested(largest)


def _curves(axes: Axes, place: Place) -> None:
    for number, cell in enumerate(place.cells.values()):
        if words.verdict(cell) == "ok":
            curve = cell["pooled"]["roc"]
            axes.plot(curve["fpr"], curve["tpr"], zorder=3 + number, **_look(number))


def _look(number: int) -> dict[str, Any]:
    """Return colour and line of a finding; when colours run out, lines are dashed."""
    turn, colour = divmod(number, len(style.PALETTE))
    return {
        "color": style.PALETTE[colour],
        "linestyle": BROKEN[turn % len(BROKEN)],
        "linewidth": 1.4,
    }


def _legend(canvas: Axes, study: ByFinding, place: Place, at: tuple[float, float]) -> None:
    left, y = at
    for number, (finding, cell) in enumerate(place.cells.items()):
        canvas.plot([left, left + 0.24], [y, y], **_look(number))
        title = textwrap.shorten(study.titles[finding], NAMED, placeholder=" …")
        canvas.text(left + 0.3, y, title, va="center", size=7.5)
        text = words.area(cell) + interval_methods.mark(cell)
        canvas.text(left + SIDE, y, text, ha="right", va="center", size=7.5)
        y += ENTRY


def _notes(study: ByFinding, places: Iterable[Sequence[Place]]) -> tuple[str, ...]:
    cells = [cell for of_arm in places for place in of_arm for cell in place.cells.values()]
    return (
        "A row per model, a panel per test set. Internal: the test scans of all its training "
        "sites together; unseen: a site that it never saw. In the legends AUC with its "
        f"{study.any.percent} interval ({interval_methods.note(cells)}). "
        f"{study.any.pooling}Grey: chance.",
    )


def _points(network: str, places: Mapping[Row, Sequence[Place]]) -> Iterator[dict[str, Any]]:
    for place in (place for arm_places in places.values() for place in arm_places):
        for finding, cell in place.cells.items():
            pooled = cell["pooled"]
            about = {
                "network": network,
                "arm": place.row.name,
                "site": place.site,
                "tested_on": place.title,
                "kind": place.kind,
                "finding": finding,
                "status": words.verdict(cell),
                **place.marks,
                **{name: pooled[name] for name in ("auc", "auc_low", "auc_high")},
            }
            curve = pooled["roc"] or {name: [None] for name in POINT}
            for point in zip(*(curve[name] for name in POINT), strict=True):
                yield about | dict(zip(POINT, point, strict=True))

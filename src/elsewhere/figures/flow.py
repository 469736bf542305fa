"""flow: draws flowcharts of each site's scans, from ingestion to the parts."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from elsewhere.figures import style
from elsewhere.figures.divided import PARTS, Divided, marks
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.paper import beside
from elsewhere.figures.results import Column
from elsewhere.files import write_rows

NAME = "flow"
CSV_NAME = f"{NAME}.csv"
COLUMNS = (
    *(
        "site",
        "title",
        "box",
        "quantity",
        "name",
        "label",
        "count",
        "published",
        "requirement",
        "source",
    ),
    "synthetic",
)
INGESTED, LEFT_OUT = "ingested", "left out"
TITLES = dict(zip(PARTS, ("Train", "Validation", "Test"), strict=True))
TITLES |= {INGESTED: "Ingested", LEFT_OUT: "Left out"}
BOX, GAP, PAD = 2.75, 0.32, 0.12
POSITIVE, SHORT, LONG = "positive scans", 20, 32
LINE, NAME_LINE, DOWN, BETWEEN = 0.185, 0.3, 0.42, 0.45
CONNECTOR: Any = {"color": style.MUTED, "lw": 1.0}
OURS, PAPER = 1.93, BOX - PAD

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Box:
    """A box on the sheet: its name, its rows, and its left edge and top in inches."""

    name: str
    rows: Rows
    left: float
    top: float

    @property
    def height(self) -> float:
        """Height in inches."""
        return LINE * (len(_lines(self.rows)) + 1) + 2 * PAD


class Flow(Figure):
    """How many scans come from ingestion to the parts."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a flowchart per site."""
        rows = table(given.divided, given.paper_counts)
        return draw(given.divided, rows, folder)


def table(divided: Divided, known: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return one row per site, box and quantity (B-07 to B-16), ours beside the published.

    Boxes are what was ingested, what is left out of the study, by view, and the parts. Quantities
    are scans, patients, the share of men among patients of known sex, and the scans positive of
    each label; in ``left out`` also the scans of each view.

    Parameters
    ----------
    known
        As from `paper.counts`.
    """
    listed = {(entry["site"], entry["part"], entry["quantity"]): entry for entry in known}
    rows = []
    for column in divided.columns:
        for box, counts in _boxes(divided, column).items():
            for (quantity, name), count in counts.items():
                part = "all" if box == INGESTED else box
                rows.append(
                    {
                        **marks(column),
                        "box": box,
                        "quantity": quantity,
                        "name": name,
                        "label": "yes" if quantity in divided.labels else "",
                        "count": count,
                        **beside(listed.get((column.name, part, quantity))),
                    }
                )
    return rows


def draw(divided: Divided, rows: Rows, folder: Path) -> list[str]:
    """Draw flow.png and .svg, a flowchart per site (Figs. 4 to 6), and write flow.csv.

    Parameters
    ----------
    rows
        As from `table`.

    Returns
    -------
    list of str
        Names of the figures drawn.
    """
    write_rows(rows, folder / CSV_NAME, columns=COLUMNS)
    top, charts = 0.0, {}
    for column in divided.columns:
        boxes = _place([row for row in rows if row["site"] == column.name], top + NAME_LINE)
        charts[column] = (top, boxes)
        top = max((box.top + box.height for box in boxes), default=top + NAME_LINE) + BETWEEN
    width = 3 * BOX + 2 * GAP
    with style.look():
        page = style.sheet(
            "From ingested scans to training, validation and test",
            width=width,
            height=top - BETWEEN + 0.05,
            notes=(*_notes(rows), *divided.notes_of_parts),
            synthetic=divided.synthetic,
        )
        canvas = page.canvas(width, top - BETWEEN + 0.05)
        for column, (y, boxes) in charts.items():
            heading = divided.heading(column) + ("" if boxes else ": no data here")
            canvas.text(0, y + 0.08, heading, weight="bold", va="center", size=10.5)
            _chart(canvas, boxes)
        style.save(page.figure, folder, NAME)
    return [NAME]


def _boxes(divided: Divided, column: Column) -> dict[str, dict[tuple[str, str], Any]]:
    """Return the counts of each box of a site by quantity and name; none without scans."""
    scans = divided.manifests[column.row]
    if scans.empty:
        return {}
    boxes = {INGESTED: _people(scans)}
    lost = divided.left_out(column)
    if len(lost):
        kept = set(divided.used(column)["view"])
        views = lost["view"].value_counts().sort_index()
        gone = set(lost["patient_id"]) - set(divided.used(column)["patient_id"])
        boxes[LEFT_OUT] = {
            ("scans", "scans"): len(lost),
            **{
                ("view", f"of view {view}" + (", other reason" if view in kept else "")): int(n)
                for view, n in views.items()
            },
            ("patients", "patients of whom no scan is left"): len(gone),
        }
    for part, rows in divided.parts(column).items():
        of_part = scans[scans["scan_id"].isin(set(rows["scan_id"]))]
        boxes[part] = _people(of_part) | {
            (name, title): int((rows[name] == 1).sum()) for name, title in divided.labels.items()
        }
        without = int(rows[[*divided.labels]].isna().all(axis=1).sum())
        if without:
            boxes[part]["without", "no label at all"] = without
    return boxes


def _people(scans: pd.DataFrame) -> dict[tuple[str, str], Any]:
    patients = scans.drop_duplicates("patient_id")
    sexes = patients.loc[patients["sex"] != "unknown", "sex"]
    counts: dict[tuple[str, str], Any] = {
        ("scans", "scans"): len(scans),
        ("patients", "patients"): len(patients),
    }
    if len(sexes):
        counts["male_percent", "male, %"] = 100 * float((sexes == "M").mean())
    return counts


def _place(rows: Rows, top: float) -> tuple[Box, ...]:
    """Return the boxes of a site: the ingested in the middle, the parts below, in their order."""
    names = list(dict.fromkeys(row["box"] for row in rows))
    of = {name: [row for row in rows if row["box"] == name] for name in names}
    middle, right = BOX + GAP, 2 * (BOX + GAP)
    upper = [
        Box(name, of[name], left, top)
        for name, left in ((INGESTED, middle), (LEFT_OUT, right))
        if name in of
    ]
    below = max((box.top + box.height for box in upper), default=top) + DOWN
    parts = [name for name in PARTS if name in of]
    start = middle if len(parts) == 1 else 0.0
    return (
        *upper,
        *(
            Box(name, of[name], start + (BOX + GAP) * number, below)
            for number, name in enumerate(parts)
        ),
    )


def _lines(rows: Rows) -> list[tuple[str, str, str]]:
    """Return name, our and the published number of each line of a box."""
    plain = [(row["name"], _written(row["count"]), row["published"]) for row in rows]
    labels = [number for number, row in enumerate(rows) if row["label"]]
    if labels:
        plain.insert(labels[0], (POSITIVE, "", ""))
    return [(name, ours, f"{int(paper):,}" if paper else "") for name, ours, paper in plain]


def _written(count: float) -> str:
    return f"{count:,}" if isinstance(count, int) else f"{count:.0f}"


def _chart(canvas: Axes, boxes: Sequence[Box]) -> None:
    for box in boxes:
        _box(canvas, box)
        start = (boxes[0].left + BOX / 2, boxes[0].top + boxes[0].height)
        if box.name == LEFT_OUT:
            _arrow(canvas, (box.left - GAP, box.top + 0.3), (box.left, box.top + 0.3))
        elif box.name in PARTS:
            x, bend = box.left + BOX / 2, box.top - DOWN / 2
            canvas.plot([start[0], start[0], x], [start[1], bend, bend], **CONNECTOR)
            _arrow(canvas, (x, bend), (x, box.top))


def _box(canvas: Axes, box: Box) -> None:
    lost = box.name == LEFT_OUT
    canvas.add_patch(
        FancyBboxPatch(
            (box.left, box.top),
            BOX,
            box.height,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor=style.PAPER if lost else "#eef3f8",
            edgecolor=style.MUTED,
            linewidth=0.9,
            linestyle=(0, (4, 2)) if lost else "-",
            clip_on=False,
        )
    )
    lines = _lines(box.rows)
    paper = any(line[2] for line in lines)
    y = box.top + PAD + LINE / 2
    left, ours = box.left + PAD, box.left + (OURS if paper else PAPER)
    small: Any = {"va": "center", "size": style.SMALL}
    canvas.text(left, y, TITLES[box.name], weight="bold", va="center")
    if paper:
        muted = small | {"ha": "right", "color": style.MUTED, "size": 7}
        canvas.text(ours, y, "ours", **muted)
        canvas.text(box.left + PAPER, y, "published", **muted)
    for name, number, listed in lines:
        y += LINE
        colour = style.MUTED if name == POSITIVE else style.INK
        shown = textwrap.shorten(name, SHORT if paper else LONG, placeholder=" …")
        canvas.text(left, y, shown, color=colour, **small)
        canvas.text(ours, y, number, ha="right", **small)
        canvas.text(box.left + PAPER, y, listed, ha="right", color=style.MUTED, **small)


def _arrow(canvas: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    look = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, **CONNECTOR}
    canvas.annotate("", end, start, arrowprops=look)


def _notes(rows: Rows) -> tuple[str, ...]:
    notes = [
        "Male: of the patients whose sex is known. Positive: scans on which the finding counts as "
        "present. Left out: scans of views that the study does not use; a patient with another "
        "view stays."
    ]
    sources = sorted(
        {source for row in rows if row["source"] for source in row["source"].split("; ")}
    )
    if sources:
        notes.append(f"Published counts of the paper are not used in ours: {'; '.join(sources)}.")
    return tuple(notes)

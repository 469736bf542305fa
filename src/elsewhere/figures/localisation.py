"""localisation: draws maps of where a model looks against masks of lesions (C-34, C-35)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from elsewhere.figures import style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Results, Row
from elsewhere.figures.table import Field, Table
from elsewhere.files import write_rows
from elsewhere.scores import localised
from elsewhere.scores.localisation import AUC, CHANCE, POINTING, THRESHOLDS
from elsewhere.scores.localised import ALL, USED, Localised

PREFIX = "localisation_"
COLUMNS = (
    *("arm", "label", "site", "synthetic", "scans", "quantity", "n_patients", "n_scans"),
    *("value", "low", "high", "method", "reason"),
)
OVERLAP = "IoU at 0.5"
TILE, GAP = 1.05, 0.04
LABELS, HEAD = 1.45, 0.34
PITCH = (2 * TILE + GAP + 0.16, TILE + 0.12)
CURVE, BELOW = (3.6, 2.1), 0.6
COLOURS, OPAQUE = "inferno", 0.7
LESION = "#00e5ff"
FIELDS = (
    Field("Test site", 1.6),
    Field("Patients (scans)", 1.05, numeric=True),
    Field("Pointing game", 1.35, numeric=True),
    Field("Lesion share of the lungs", 1.0, numeric=True),
    Field("AUC in the lungs", 1.35, numeric=True),
    Field(OVERLAP, 1.35, numeric=True),
    Field("Masks of the site", 2.2),
)


class Localisation(Figure):
    """Grad-CAM maps against masks of lesions."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw localisation_<arm>.png, .svg and .csv of each explained arm."""
        examples = given.job.paths("localised_examples")
        return [
            draw(given.together, arm, localised.read(path, examples=examples[arm]), folder)
            for arm, path in given.job.paths("localised").items()
        ]


def draw(results: Results, arm: str, found: Localised, folder: Path) -> str:
    """Draw the examples, numbers and overlaps of an arm; return the name of the picture.

    Parameters
    ----------
    results
        The study.
    arm
        Name of the arm.
    found
        What `localise` made of it.
    folder
        Where the files go.
    """
    name = f"{PREFIX}{arm}"
    row = next(row for row in results.rows if row.name == arm)
    columns = [column for column in results.columns if column.row in found.record["sites"]]
    write_rows(_lines(results, row, found, columns), folder / f"{name}.csv", columns=COLUMNS)
    numbers = Table(FIELDS, tuple(_row(found, column) for column in columns))
    shown = _by_place(found, columns)
    labels = sorted({label for _, label in shown})
    pictures = HEAD + PITCH[1] * len({site for site, _ in shown}) if shown else 0.0
    with style.look():
        page = style.sheet(
            f"Does it look at the lesions? {row.label}",
            width=max(numbers.width, LABELS + PITCH[0] * len(labels)),
            height=pictures + 0.25 + numbers.height + 0.35 + CURVE[1] + BELOW,
            notes=(*_notes(found), *results.notes()),
            synthetic=any(column.synthetic for column in columns),
        )
        _examples(page, results, shown, labels)
        numbers.draw(page, top=pictures + 0.25)
        _overlaps(page, found, columns, top=pictures + 0.25 + numbers.height + 0.35)
        style.save(page.figure, folder, name)
    return name


def _lines(
    results: Results, row: Row, found: Localised, columns: list[Column]
) -> Iterator[dict[str, Any]]:
    for column in columns:
        about = {"arm": row.name, "site": column.name, **results.marks(row, column)}
        site = found.record["sites"][column.row]
        if site["absent"]:
            yield {**about, "reason": site["absent"]}
        for line in site["rows"]:
            yield about | line


def _row(found: Localised, column: Column) -> tuple[str, ...]:
    """Return the words of a site in the table of numbers."""
    site = found.record["sites"][column.row]
    masks = "; ".join(f"{count} {reason}" for reason, count in sorted(site["masks"].items()))
    if site["absent"]:
        return column.title, "0", *[words.NOT_RUN] * 4, f"{masks}; {site['absent']}"
    lines = {line["quantity"]: line for line in site["rows"] if line["scans"] == ALL}
    return (
        column.title,
        words.of_class(lines[POINTING]["n_patients"], lines[POINTING]["n_scans"]),
        _number(lines[POINTING]),
        words.number(lines[CHANCE]["value"]),
        _number(lines[AUC]),
        _number(lines[OVERLAP]),
        masks,
    )


def _number(line: Mapping[str, Any]) -> str:
    known = words.interval(line["low"], line["high"])
    return words.number(line["value"]) + (f" ({known})" if known else "")


def _by_place(found: Localised, columns: list[Column]) -> dict[tuple[Column, int], dict[Any, Any]]:
    """Return the first example of each site and class."""
    order = {column.row: column for column in columns}
    shown: dict[tuple[Column, int], dict[Any, Any]] = {}
    for scan in found.examples.to_dict("records"):
        shown.setdefault((order[scan["site"]], scan["label"]), scan)
    return shown


def _examples(
    page: style.Sheet,
    results: Results,
    shown: Mapping[tuple[Column, int], Mapping[Any, Any]],
    labels: list[int],
) -> None:
    """Draw a row a site and a pair a class: the scan, and the map over it, the lesion in both."""
    for number, label in enumerate(labels):
        page.text(
            LABELS + PITCH[0] * number, HEAD - 0.08, results.named.classes[label],
            va="bottom", weight="bold",
        )  # fmt: skip
    sites = [column for column in results.columns if any(place[0] == column for place in shown)]
    for line, column in enumerate(sites):
        top = HEAD + PITCH[1] * line
        title = textwrap.fill(results.heading(column), 17, break_on_hyphens=False)
        page.text(0, top + TILE / 2, title, va="center", weight="bold")
        for number, label in enumerate(labels):
            if (column, label) in shown:
                _pair(page, shown[column, label], (LABELS + PITCH[0] * number, top))


def _pair(page: style.Sheet, scan: Mapping[Any, Any], at: tuple[float, float]) -> None:
    image, heat, lesion = (_pixels(scan, name) for name in ("image", "heat", "lesion"))
    for number in range(2):
        axes = page.box(at[0] + number * (TILE + GAP), at[1], (TILE, TILE))
        style.bare(axes)
        axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        if number == 1:
            colours = np.asarray(mpl.colormaps[COLOURS](heat), np.float64)
            colours[..., 3] = OPAQUE * heat / 255
            axes.imshow(colours, interpolation="nearest")
        if lesion.any() and not lesion.all():
            axes.contour(lesion, levels=[0.5], colors=[LESION], linewidths=0.9)


def _pixels(scan: Mapping[Any, Any], name: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(scan[name], np.uint8).reshape(scan["rows"], scan["columns"])


def _overlaps(page: style.Sheet, found: Localised, columns: list[Column], *, top: float) -> None:
    """Draw the overlap over the threshold of the map, a line a site."""
    axes = page.box(0.55, top, CURVE)
    for number, column in enumerate(columns):
        rows = found.record["sites"][column.row]["rows"]
        known = {line["quantity"]: line["value"] for line in rows if line["scans"] == ALL}
        values = [known.get(f"IoU at {threshold:.1f}") for threshold in THRESHOLDS]
        overlaps = [value for value in values if value is not None]
        if overlaps:  # with a lesion that was seen all are known
            colour = style.PALETTE[number % len(style.PALETTE)]
            axes.plot(THRESHOLDS, overlaps, ".-", color=colour, label=column.title)
    axes.set(xlim=(0, 1), ylim=(0, None))
    axes.set_xlabel("threshold, of the map's maximum", size=style.SMALL, labelpad=2)
    axes.set_ylabel("IoU with the lesion, mean", size=style.SMALL, labelpad=2)
    if axes.get_lines():
        axes.legend(loc="upper left", bbox_to_anchor=(1.03, 1.0), fontsize=8, frameon=False)


def _notes(found: Localised) -> tuple[str, ...]:
    if found.record["status"] != "ok":
        return (f"{words.NOT_RUN}: {found.record['reason']}",)
    sites = found.record["sites"].values()
    layers = ", ".join(sorted({site["layer"] for site in sites if site["layer"]}))
    empty, not_seen = (
        sum(site[name] for site in sites if not site["absent"]) for name in ("empty", "not_seen")
    )
    return (
        f"Test scans of run {found.record['run']} that have a mask. Light blue: the outline of the "
        "lesions; yellow: the maximum of the Grad-CAM map of the predicted class (layer "
        f"{layers}). Of each site and class one scan, drawn at random, in the slice with most of "
        "the lesion.",
        "Pointing game: share of maps whose maximum lies in a lesion; by chance, within the lungs, "
        "it would be the lesion share of the lungs. AUC: the map is higher in a voxel of a lesion "
        "than in another voxel of the lungs. Means over scans, with intervals of resampled "
        f"patients. Masks: {USED}, or why they are not. Maps of zeros: {empty}; lesions outside "
        f"the slices that the network saw: {not_seen}.",
    )

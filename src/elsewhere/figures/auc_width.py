"""auc_width: a table of how wide the interval of every AUC is, and of the patients needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from elsewhere.figures import style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Results
from elsewhere.figures.table import Field, Table
from elsewhere.files import write_rows
from elsewhere.scores import auc_width
from elsewhere.scores.single_models import by_model

NAME = "auc_width"
MARKS = ("label", "synthetic")
FIELDS = (
    Field("patients", 0.85, numeric=True),
    Field("scans", 0.7, numeric=True),
    Field("AUC", 1.75, numeric=True),
    Field("width", 0.65, numeric=True),
    Field("design effect", 0.85, numeric=True),
    Field("expected width", 0.9, numeric=True),
    Field("patients needed", 0.95, numeric=True),
)
LABEL, GAP = 3.7, 0.26

Rows = Sequence[Mapping[str, Any]]


class AucWidth(Figure):
    """Width of the interval of every AUC, and the patients that the target width needs."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a table for each finding, or for each of more than two classes."""
        for finding, results in given.each.items():
            target = given.settings.target_width
            draw(results, rows(given, results, finding), folder, target=target)
        return [results.file(NAME) for results in given.each.values()]


def rows(given: Given, results: Results, finding: str) -> list[dict[str, Any]]:
    """Return rows of `auc_width.COLUMNS`, a row for each site and arm.

    Parameters
    ----------
    finding
        Name of the finding or class; empty where scans have one of two labels.
    """
    settings, found = given.settings, []
    for column in results.columns:
        for row in results.rows:
            pooled = results.cell(row, column)["pooled"]
            effect = None
            if pooled["auc"] is not None and pooled["n_scans"] != pooled["n_patients"]:
                effect = _effect(given, f"{row.name}/{column.row}", finding)
            numbers = auc_width.row(
                pooled,
                effect=effect,
                target=settings.target_width,
                confidence=settings.scoring.confidence,
            )
            about = {"arm": row.name, "site": column.name, **results.marks(row, column)}
            found.append({**about, **numbers})
    return found


def draw(results: Results, found: Rows, folder: Path, *, target: float) -> None:
    """Draw auc_width.png and .svg, a table per site, and write auc_width.csv.

    Parameters
    ----------
    found
        As from `rows`.
    target
        Width that is aimed at.
    """
    name = results.file(NAME)
    write_rows(found, folder / f"{name}.csv", columns=(*MARKS, *auc_width.COLUMNS))
    tables = [_of_site(results, column, found) for column in results.columns]
    with style.look():
        page = style.sheet(
            results.titled("How precise is each AUC?"),
            width=tables[0].width,
            height=sum(table.height for table in tables) + GAP * (len(tables) - 1),
            notes=(*_notes(results, target), *results.notes()),
            synthetic=results.synthetic,
        )
        top = 0.0
        for table in tables:
            table.draw(page, top=top)
            top += table.height + GAP
        style.save(page.figure, folder, name)


def _effect(given: Given, key: str, finding: str) -> float | None:
    return auc_width.observed_effect(by_model(given.predicted(key, finding=finding).frame))


def _of_site(results: Results, column: Column, found: Rows) -> Table:
    lines = []
    for row in results.rows:
        label = row.label + ("" if results.own(row, column) else " (unseen site)")
        entry = next(
            line for line in found if (line["site"], line["arm"]) == (column.name, row.name)
        )
        lines.append((label, *_shown(entry, words.area(results.cell(row, column)))))
    return Table((Field(results.heading(column), LABEL), *FIELDS), tuple(lines))


def _shown(entry: Mapping[str, Any], area: str) -> tuple[str, ...]:
    if entry["auc"] is None:
        return ("", "", area, "", "", "", "")
    patients = "–" if entry["n_patients"] is None else f"{entry['n_patients']:,}"
    effect = "1 scan each" if entry["n_scans"] == entry["n_patients"] else "–"
    if entry["design_effect"] is not None:
        effect = f"{entry['design_effect']:.1f}"
    more = ("–", "–")
    if entry["patients_needed"] is not None:
        more = (f"{entry['expected_width']:.2f}", f"{entry['patients_needed']:,}")
    wide = " *" if entry["wider"] == "yes" else ""
    return (patients, f"{entry['n_scans']:,}", area, f"{entry['width']:.2f}{wide}", effect, *more)


def _notes(results: Results, target: float) -> tuple[str, ...]:
    return (
        f"Width: of the {results.percent} interval of the AUC; *: wider than the study's target of "
        f"{target:.2f} (target_width). Design effect: how many times the variance grows because "
        "scans of a patient are alike. Expected width: of so many patients with this AUC, this "
        "prevalence and this design effect. Patients needed: so many, with as many scans each, are "
        "expected to reach the target. Images where a site publishes no patient keys.",
    )

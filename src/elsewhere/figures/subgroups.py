"""subgroups: AUCs with and without a device, of every arm on every site, as figure and CSV."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from elsewhere.design.scoring import Scoring
from elsewhere.design.subgroups import Subgroups
from elsewhere.figures import style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Results, Row
from elsewhere.figures.table import Field, Table
from elsewhere.files import write_rows
from elsewhere.scores import subgroups
from elsewhere.scores.cell import Predicted
from elsewhere.scores.predictions import RUN
from elsewhere.scores.subgroups import (
    ALL,
    ALONE,
    DIFFERENCE,
    NEGATIVES,
    POSITIVES,
    UNKNOWN,
    WITH,
    WITHOUT,
    Scans,
)

NAME, CSV_NAME = "subgroups", "subgroups.csv"
ABOUT = ("site", "synthetic", "arm", "label", "trained_here", "finding", "device", "quantity")
COLUMNS = (*ABOUT, *subgroups.NUMBERS, "status")
SHOWN = {ALL: "all scans", WITHOUT: "without", WITH: "with", DIFFERENCE: "all minus without"}
LABEL, NUMBER, HEAD, LINE, GAP = 3.2, 1.8, 0.3, 0.2, 0.3
WRAPPED = 150  # characters

Rows = Sequence[Mapping[str, Any]]


class SubgroupTable(Figure):
    """AUC with and without a device that may be a shortcut."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Score with and without the device, and draw the table."""
        chosen = given.settings.subgroups
        if chosen is None:
            return []
        results = given.each[chosen.finding]
        rows = table(
            results,
            chosen,
            predicted={key: given.tested(key, chosen.finding) for key in given.cell_keys},
            states=given.devices(chosen.device),
            scoring=given.settings.scoring,
        )
        draw(results, chosen, rows, folder)
        return [NAME]


def table(
    results: Results,
    chosen: Subgroups,
    *,
    predicted: Mapping[str, Predicted],
    states: Mapping[str, pd.Series[str]],
    scoring: Scoring,
) -> list[dict[str, Any]]:
    """Return one row per arm, site and quantity of `subgroups.measure` (B-45).

    Parameters
    ----------
    results
        Of the finding.
    predicted
        "<arm>/<row of the test site>" to predictions; of several findings, this one's are taken.
    states
        Row of a site to the state of the device by scan_id, as from `elsewhere.sites.states`.
    """
    rows = []
    for column in results.columns:
        for row in results.rows:
            predictions = predicted[f"{row.name}/{column.row}"]
            about = dict(zip(ABOUT, _about(results, row, column, chosen), strict=False))
            if predictions.metadata["status"] == words.NOT_RUN:
                numbers = dict.fromkeys(subgroups.NUMBERS) | {
                    "reason": predictions.metadata["reason"]
                }
                rows += [
                    about | {"quantity": quantity, "status": words.NOT_RUN} | numbers
                    for quantity in subgroups.QUANTITIES
                ]
                continue
            measured = subgroups.measure(
                _scans(predictions, chosen, states[column.row]), scoring=scoring
            )
            for quantity, numbers in measured.items():
                status = "ok" if numbers["value"] is not None else words.UNDEFINED
                rows.append(about | {"quantity": quantity, "status": status} | numbers)
    return rows


def _about(results: Results, row: Row, column: Column, chosen: Subgroups) -> tuple[str, ...]:
    marks = results.marks(row, column)
    trained = "yes" if results.own(row, column) else "no"
    names = (column.name, marks["synthetic"], row.name, marks["label"], trained)
    return (*names, chosen.finding, chosen.device)


def _scans(predictions: Predicted, chosen: Subgroups, states: pd.Series[str]) -> Scans:
    frame = predictions.frame
    tested = frame[(frame["finding"] == chosen.finding) & (frame["part"] == "test")]
    rows = tested.sort_values(["scan_id", *RUN])
    return Scans(
        labels=rows["label"].to_numpy(dtype="int64"),
        scores=rows["probability_1"].to_numpy(dtype="float64"),
        patients=pd.factorize(rows["patient_id"])[0].astype("int64"),
        states=subgroups.absent_if_blank([*states.loc[rows["scan_id"]]], chosen.blank),
        unit=predictions.unit,
        models=rows.groupby(RUN, sort=True).ngroup().to_numpy().astype("int64"),
        scans=pd.factorize(rows["scan_id"])[0].astype("int64"),
    )


def draw(results: Results, chosen: Subgroups, rows: Rows, folder: Path) -> None:
    """Draw subgroups.png and .svg, a table per site, and write subgroups.csv.

    Parameters
    ----------
    rows
        As from `table`.
    """
    write_rows(rows, folder / CSV_NAME, columns=COLUMNS)
    device = chosen.device.replace("_", " ")
    tables = [(column, _of_site(results, column, rows)) for column in results.columns]
    height = sum(HEAD + LINE * len(_lines(rows, column)) + drawn.height for column, drawn in tables)
    with style.look():
        page = style.sheet(
            f"Does AUC depend on a device? {results.named.finding}, with and without {device}",
            width=tables[0][1].width,
            height=height + GAP * (len(tables) - 1),
            notes=(*_notes(results, chosen, device), *results.notes()),
            synthetic=results.synthetic,
        )
        top = 0.0
        for column, drawn in tables:
            page.text(0, top + 0.12, results.heading(column), weight="bold", va="center", size=10.5)
            top += HEAD
            for line in _lines(rows, column):
                page.text(0, top + 0.06, line, va="center", size=style.SMALL, color=style.MUTED)
                top += LINE
            drawn.draw(page, top=top)
            top += drawn.height + GAP
        style.save(page.figure, folder, NAME)


def _of_site(results: Results, column: Column, rows: Rows) -> Table:
    fields = (Field("arm", LABEL), *(Field(f"AUC, {name}", NUMBER) for name in SHOWN.values()))
    lines = []
    for row in results.rows:
        label = row.label + ("" if results.own(row, column) else " (unseen site)")
        of_arm = {
            entry["quantity"]: entry
            for entry in rows
            if (entry["site"], entry["arm"]) == (column.name, row.name)
        }
        lines.append((label, *(_number(of_arm[quantity]) for quantity in SHOWN)))
    return Table(fields, tuple(lines))


def _number(row: Mapping[str, Any]) -> str:
    if row["value"] is None:
        return f"{row['status']}{_of(row)}"
    if row["quantity"] == DIFFERENCE:
        bounds = "" if row["low"] is None else f" ({row['low']:+.2f} to {row['high']:+.2f})"
        return f"{row['value']:+.2f}{bounds}"
    return _bounded(row) + _of(row)


def _bounded(row: Mapping[str, Any]) -> str:
    bounds = words.interval(row["low"], row["high"])
    return words.number(row["value"]) + (f" ({bounds})" if bounds else "")


def _of(row: Mapping[str, Any]) -> str:
    """Write how many patients and scans an AUC is of; a difference has none of its own."""
    if row["n_scans"] is None or row["quantity"] == DIFFERENCE:
        return ""
    return f"\n{words.sizes(row['n_patients'], row['n_scans'])}, {row['n_positive']} pos."


def _lines(rows: Rows, column: Column) -> list[str]:
    """Return sentences on a site's test scans and their devices, the same for all arms."""
    site_rows = [
        row for row in rows if row["site"] == column.name and row["status"] != words.NOT_RUN
    ]
    by_quantity = {row["quantity"]: row for row in site_rows}
    if not by_quantity:
        return []
    sentences = []
    if by_quantity[ALONE]["n_scans"]:
        shares = ", ".join(
            f"in {_share(by_quantity[name])} of {by_quantity[name]['n_scans']} {which}"
            for name, which in ((POSITIVES, "positives"), (NEGATIVES, "negatives"))
        )
        alone, why = _bounded(by_quantity[ALONE]), by_quantity[ALONE]["reason"]
        sentences.append(
            f"Device {shares}. AUC of the device alone: {alone}{f': {why}' if why else ''}"
        )
    if by_quantity[UNKNOWN]["reason"]:
        sentences.append(f"{by_quantity[UNKNOWN]['reason']}, so they are in neither group")
    return [
        line
        for sentence in sentences
        for line in textwrap.wrap(f"{sentence[0].upper()}{sentence[1:]}.", WRAPPED)
    ]


def _share(row: Mapping[str, Any]) -> str:
    if row["value"] is None:
        return words.UNDEFINED
    return f"{row['value']:.0%} ({row['low']:.0%}–{row['high']:.0%})"


def _notes(results: Results, chosen: Subgroups, device: str) -> tuple[str, ...]:
    blank = (
        "counts as absent ([AMB] B-45: chosen by this study)"
        if chosen.blank == "absent"
        else "is unknown, not absent"
    )
    return (
        f"Device: {device} as the manifests have it; one that a report does not mention {blank}.",
        f"In brackets {results.percent} intervals; of the difference, of resampled patients, the "
        "same on both sides. Above 0: without the device the model recognises the finding less "
        "well, so it may rely on the device; scans without it may also be harder. All scans "
        "include those of unknown state. Of several runs: mean over the AUCs of single models.",
    )

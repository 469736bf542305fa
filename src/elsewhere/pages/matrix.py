"""matrix: the first page of a study: every arm on every site, by one measure and finding."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from elsewhere.design.paths import AVERAGE, COMBINED
from elsewhere.figures import words
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Results, Row
from elsewhere.files import unescaped
from elsewhere.pages import measures, shell, told
from elsewhere.pages.measures import Measure
from elsewhere.pages.results import NotThere
from elsewhere.pages.results import Results as Artefacts
from elsewhere.scores.at_site import numbers as at_site
from elsewhere.scores.matrix import TOGETHER


def home(request: Request) -> Response:
    """Lead to the first study, or say how to make one."""
    results = shell.of(request).results
    studies = results.studies()
    if studies:
        return RedirectResponse(f"/studies/{studies[0]}", 303)
    return shell.of(request).page("empty.html.j2", run=results.params.run)


def study(request: Request) -> Response:
    """Show the matrix of a study."""
    name, query, artefacts = request.path_params["study"], request.query_params, _of(request)
    given = artefacts.given(name)
    finding = chosen(request, given)
    results = by_finding(given)[finding]
    offered = measures_of(given, finding)
    measure = offered.get(query.get("measure", ""), next(iter(offered.values())))
    home = artefacts.root / "results" / name
    return shell.of(request).page(
        "matrix.html.j2",
        study=name,
        title=given.settings.title,
        citation=given.settings.citation,
        results=results,
        finding=finding,
        findings=titles(given),
        measure=measure,
        measures=offered,
        groups=_groups(results, measure),
        sums=_sums(artefacts, results, finding=finding, measure=measure),
        waiting=artefacts.waiting(name),
        told=artefacts.kept.of(
            ("told", name), [home / "report.html"], lambda: told.read(home / "report.html")
        ),
        older=_older(given, home / "report.html"),
        beside=_beside(given),
        drawn=(home / "figures").is_dir(),
    )


def by_finding(given: Given) -> Mapping[str, Results]:
    """Return results by finding or class, those of all classes together first."""
    return {TOGETHER: given.together, **given.each} if given.exclusive else given.each


def titles(given: Given) -> dict[str, str]:
    """Return name and title of each finding or class; one without a name where there is none."""
    return {
        name: results.named.finding or (TOGETHER if name else "")
        for name, results in by_finding(given).items()
    }


def chosen(request: Request, given: Given) -> str:
    """Return the finding or class that a request asks for; else the first.

    Raises
    ------
    NotThere
        If the study has no such one.
    """
    known = by_finding(given)
    finding = request.query_params.get("finding") or next(iter(known))
    if finding not in known:
        raise NotThere("This study has no finding or class of this name.")
    return finding


def measures_of(given: Given, finding: str) -> dict[str, Measure]:
    """Return the measures that a study has of a finding, or of all classes."""
    if finding == TOGETHER:
        return measures.together()
    return measures.measures(given.settings.scoring.metrics)


def _of(request: Request) -> Artefacts:
    return shell.of(request).results


def _groups(results: Results, measure: Measure) -> list[dict[str, Any]]:
    """Return the rows of the matrix: arms of one site, then of several."""
    return [
        {
            "title": "Trained on one site" if group[0].single else "Trained on several sites",
            "rows": [
                {
                    "row": row,
                    "cells": [_cell(results, row, column, measure) for column in results.columns],
                }
                for row in group
            ],
        }
        for group in results.groups()
    ]


def _cell(results: Results, row: Row, column: Column, measure: Measure) -> dict[str, Any]:
    cell = results.cell(row, column)
    sent = at_site(cell, cell.get("finding", ""))
    pooled = sent or cell.get("pooled") or {}
    value = pooled.get(measure.name)
    return {
        "site": column.row,
        "title": column.title,
        "own": results.own(row, column),
        "value": value,
        "numbers": pooled,
        "colour": measures.colour(measure.name, value),
        "why": "" if value is not None else measures.why(cell, pooled, measure.name),
        "not_run": cell["status"] == words.NOT_RUN and sent is None,
        "at_site": sent is not None,
    }


def _sums(
    artefacts: Artefacts, results: Results, *, finding: str, measure: Measure
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return, by title and arm, the numbers of matrix.csv on several sites at once, if any."""
    path = artefacts.root / "results" / results.study / "matrix.csv"
    rows = artefacts.kept.of(("matrix", results.study), [path], lambda: _table(path))
    named = {column.row: column.title for column in results.columns}
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        site = row["test_site"]
        if site == COMBINED:
            title = "all scans together"
        elif site.startswith(AVERAGE):
            without = site.removeprefix(AVERAGE).removeprefix(" without ").split("+")
            out = ", ".join(named.get(row, row) for row in without if row)
            title = f"mean of sites without {out}" if out else "mean of sites"
        else:
            continue
        if row["finding"] == (finding if finding != TOGETHER else ""):
            of_arm = {name: _float(row.get(f"{measure.name}{name}")) for name in ("", *ENDS)}
            found.setdefault(title, {})[row["arm"]] = {
                "value": of_arm[""],
                "low": of_arm["_low"],
                "high": of_arm["_high"],
                "colour": measures.colour(measure.name, of_arm[""]),
            }
    return {
        title: arms
        for title, arms in found.items()
        if any(one["value"] is not None for one in arms.values())
    }


ENDS = ("_low", "_high")


def _float(text: str | None) -> float | None:
    return float(text) if text else None


def _table(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return [
            {name: unescaped(text or "") for name, text in row.items() if name}
            for row in csv.DictReader(stream)
        ]


def _older(given: Given, report: Path) -> bool:
    """Whether a cell was scored after the report was written."""
    try:
        written = report.stat().st_mtime
    except OSError:
        return False
    cells = given.job.paths("metrics").values()
    return any(path.stat().st_mtime > written for path in cells if path.is_file())


def _beside(given: Given) -> list[dict[str, str]]:
    """Return the published numbers beside ours; none while a file of them is missing."""
    try:
        return given.beside
    except (FileNotFoundError, KeyError):
        return []


routes: list[BaseRoute] = [Route("/", home), Route("/studies/{study}", study)]

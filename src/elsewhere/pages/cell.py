"""cell: one arm at one site: its numbers, why it fell, and its scans, the wrong ones first."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pandas as pd
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from elsewhere.figures import words
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Results, Row
from elsewhere.files import unescaped
from elsewhere.pages import calls, shell
from elsewhere.pages.calls import Calls
from elsewhere.pages.matrix import by_finding, chosen, measures_of, titles
from elsewhere.pages.measures import why
from elsewhere.pages.results import NotThere
from elsewhere.scores.at_site import numbers as at_site
from elsewhere.scores.attention import FEW
from elsewhere.scores.matrix import TOGETHER

PAGE = 50  # scans
DISTANCES = (0.05, 0.1, 0.2, 0.3, 0.4)
SORTS = {
    "": ("wrong first, then surest", [], []),
    "least": ("least sure first", ["distance"], [True]),
    "high": ("highest probability first", ["probability"], [False]),
    "low": ("lowest probability first", ["probability"], [True]),
    "scan": ("by key", ["scan_id"], [True]),
}
FILTERS = ("label", *calls.SHOWN)


@dataclass(frozen=True)
class Page:
    """A page of the scans that a request asks for.

    Attributes
    ----------
    scans
        Rows of `Calls.scans`.
    number, pages
        Of this page, from 1 on, and of all.
    found, patients, wrong
        Scans on all pages, their patients (None where these are not known), and wrong calls.
    asked
        The filters, by name.
    """

    scans: list[dict[str, Any]]
    number: int
    pages: int
    found: int
    patients: int | None
    wrong: int
    asked: Mapping[str, str]

    def address(self, number: int) -> str:
        """Return the address of another page."""
        return "?" + urlencode({**self.asked, "page": number}) + "#scans"


def cell(request: Request) -> Response:
    """Show a cell of the matrix."""
    study, arm, site = (request.path_params[name] for name in ("study", "arm", "site"))
    artefacts = shell.of(request).results
    artefacts.study(study, arm=arm, site=site)
    given = artefacts.given(study)
    if arm not in given.settings.arms:
        raise NotThere("The cells of this arm are not scored yet.")
    finding = chosen(request, given)
    results = by_finding(given)[finding]
    row = next(row for row in results.rows if row.name == arm)
    column = next(column for column in results.columns if column.row == site)
    content = results.cell(row, column)
    sent = at_site(content, content.get("finding", ""))
    listed, without = _listed(request, given, at=(arm, site), finding=finding)
    home = artefacts.root / "results" / study / "figures"
    return shell.of(request).page(
        "cell.html.j2",
        study=study,
        synthetic=column.synthetic
        or any(artefacts.params.sites[s].synthetic for s in trained(given, arm)),
        crumbs={study: f"/studies/{study}"},
        results=results,
        row=row,
        column=column,
        finding=finding,
        findings=titles(given),
        cell=content,
        pooled=sent or content["pooled"],
        at_site=sent is not None,
        own=results.own(row, column),
        trained=[c.title for c in results.columns if results.own(row, c)],
        notices=[*_notices(given, results, row, column)],
        numbers=_numbers(given, content, sent or content["pooled"], finding),
        confusion=_confusion(given, content, finding),
        fell=_fell(home, results, arm=arm, site=column.name),
        listed=listed,
        without=without,
        page=None if listed is None else _page(request, listed, known=_patients_known(content)),
        together=finding == TOGETHER,
        rivals=bool(given.exclusive) and content["pooled"].get("threshold") is None,
        distances=DISTANCES,
        sorts={name: sort[0] for name, sort in SORTS.items()},
        filters={name: listed.choices[name] for name in FILTERS} if listed else {},
    )


def trained(given: Given, arm: str) -> list[str]:
    """Return the rows of `sites` that an arm was trained on."""
    rows = given.settings.site_rows
    return [rows[name] for name in given.settings.arms[arm].sites if name in rows]


def _listed(
    request: Request, given: Given, *, at: tuple[str, str], finding: str
) -> tuple[Calls | None, str]:
    """Return the scans of a cell, or in a sentence why there are none."""
    results = shell.of(request).results
    try:
        return calls.read(results, given, at=at, finding=finding), ""
    except NotThere as error:
        return None, str(error)


def _notices(given: Given, results: Results, row: Row, column: Column) -> Iterable[str]:
    """Yield what a reader must know before the numbers."""
    arm, cell = given.settings.arms[row.name], results.cell(row, column)
    pooled = cell.get("pooled") or {}
    if cell["status"] == words.NOT_RUN:
        yield f"Not run: {words.reason(cell)}."
    elif words.verdict(cell) == words.ONE_CLASS:
        yield f"One class: {words.reason(cell)}. No AUC can be computed."
    if results.own(row, column):
        others = "images" if results.image_level(column) else "patients"
        yield f"The model was trained on other {others} of this site: this is no test elsewhere."
    if arm.selection == "test":
        yield "Optimistic: the weights were chosen on test scans."
    if arm.federation:
        yield "Trained by a federation: its models were imported, and not made here."
    if arm.models_of is not None:
        yield f"The models are those of arm {arm.models_of}, applied in another way."
    if results.image_level(column):
        yield "This site publishes no patient keys: images are counted, intervals are too narrow."
    positive, scans = pooled.get("n_positive_patients"), pooled.get("n_patients")
    if positive is not None and scans and 0 < min(positive, scans - positive) < FEW:
        least = min(positive, scans - positive)
        yield f"Few: {least} patients of the smaller class; intervals are wide."


def _numbers(
    given: Given, cell: Mapping[str, Any], pooled: Mapping[str, Any], finding: str
) -> list[dict[str, Any]]:
    """Return every number of the cell, with its interval and how that was made, or the reason."""
    methods = pooled.get("intervals") or {}
    return [
        {
            "title": measure.title,
            "name": name,
            "value": pooled.get(name),
            "method": methods.get(name, ""),
            "why": "" if pooled.get(name) is not None else why(cell, pooled, name),
        }
        for name, measure in measures_of(given, finding).items()
    ]


def _confusion(given: Given, cell: Mapping[str, Any], finding: str) -> dict[str, Any] | None:
    """Return the confusion matrix: names of the classes, and counts by true, then called class."""
    counts = (cell.get("pooled") or {}).get("confusion")
    if not counts:
        return None
    if finding == TOGETHER:
        return {"names": given.exclusive, "counts": counts}
    names = calls.names(given, finding) or ("", "")
    return {
        "names": names,
        "counts": [[counts["tn"], counts["fp"]], [counts["fn"], counts["tp"]]],
    }


def _fell(
    folder: Path, results: Results, *, arm: str, site: str
) -> dict[str, list[dict[str, str]]]:
    """Return what why_fell.csv says of a cell: its lines, acquisition fields, and signs."""
    name = results.file("why_fell")
    titles = {column.name: column.title for column in results.columns}
    return {
        part or "lines": [
            row | {"home": _titled(row.get("home", ""), titles)}
            for row in _rows(folder / f"{name}{part}.csv")
            if (row["arm"], row["site"]) == (arm, site)
        ]
        for part in ("", "_fields", "_signs")
    }


def _titled(names: str, titles: Mapping[str, str]) -> str:
    return ", ".join(titles.get(name, name) for name in names.split("+"))


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            return [
                {name: unescaped(text or "") for name, text in row.items() if name}
                for row in csv.DictReader(stream)
            ]
    except OSError:
        return []


def _patients_known(cell: Mapping[str, Any]) -> bool:
    return cell.get("patient_key") != "none"


def _page(request: Request, listed: Calls, *, known: bool) -> Page:
    """Return the scans of the page that a request asks for; what it cannot mean is ignored."""
    query = request.query_params
    names = ("finding", "call", "sure", "sort", *FILTERS)
    asked = {name: query[name] for name in names if query.get(name)}
    scans = _chosen(listed, asked)
    pages = max(1, -(-len(scans) // PAGE))
    number = min(max(1, _whole(query.get("page", ""))), pages)
    shown = scans.iloc[(number - 1) * PAGE : number * PAGE]
    return Page(
        scans=[{str(k): v for k, v in one.items()} for one in shown.to_dict("records")],
        number=number,
        pages=pages,
        found=len(scans),
        patients=int(scans["patient_id"].nunique()) if known else None,
        wrong=int(scans["wrong"].sum()),
        asked=asked,
    )


def _chosen(listed: Calls, asked: Mapping[str, str]) -> pd.DataFrame:
    """Return the scans that the filters leave, in the order asked for."""
    scans = listed.scans
    kept = pd.Series(True, index=scans.index)
    if asked.get("call") in ("wrong", "right"):
        kept &= (scans["wrong"] > 0) == (asked["call"] == "wrong")
    least = _share(asked.get("sure", ""))
    if least:
        kept &= scans["distance"] >= least
    for name in FILTERS:
        if name in asked:
            kept &= scans[name] == asked[name]
    _, by, ascending = SORTS.get(asked.get("sort", ""), SORTS[""])
    found = scans if bool(kept.all()) else scans[kept]
    return found.sort_values(by, ascending=ascending, kind="stable") if by else found


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 1


def _share(text: str) -> float:
    return next((value for value in DISTANCES if f"{value:g}" == text), 0.0)


routes: list[BaseRoute] = [Route("/studies/{study}/cells/{arm}/{site}", cell)]

"""audited: what was checked before any training: duplicates, shortcuts, and the division."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from elsewhere.design import paths
from elsewhere.figures import audit_table, gate_counts, words
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column
from elsewhere.pages import shell
from elsewhere.pages.results import NotThere, Results

PICTURES = {
    "confounding": "What predicts label and site without looking for disease",
    "matching": "Whether the classes of a site are alike in age and sex",
    "site_probe": "Whether a trained model answers where a scan was made",
}


def audit(request: Request) -> Response:
    """Show the audit of a study."""
    study, results = request.path_params["study"], shell.of(request).results
    given = results.given(study)
    found = _audit(results, study)
    columns = given.results.columns
    titles = {column.row: column.title for column in columns}
    folder = results.root / "results" / study / "figures"
    return shell.of(request).page(
        "audit.html.j2",
        study=study,
        crumbs={study: f"/studies/{study}"},
        audit=found,
        classes=given.settings.classes,
        tied="" if found is None else words.number(found["contingency"]["cramers_v"]),
        sites=[] if found is None else _sites(found, columns, given),
        told=[] if found is None else audit_table.shown(found, titles),
        gates=[_gate(results, given, study, column) for column in columns],
        pictures={
            name: text for name, text in PICTURES.items() if (folder / f"{name}.svg").is_file()
        },
    )


def _audit(results: Results, study: str) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] = results.json(paths.audit(study, "audit.json"))
    except NotThere:
        return None
    return found


def _sites(audit: Mapping[str, Any], columns: tuple[Column, ...], given: Given) -> list[Any]:
    """Return patients and scans of each class, by site."""
    titled = {column.row: column for column in columns}
    counted = audit["contingency"]
    return [
        {
            "row": one["site"],
            "title": given.results.heading(titled[one["site"]]),
            "one_class": one["site"] in counted["one_class"],
            "shown": [
                words.of_class(one[f"patients_{label}"], one[f"scans_{label}"])
                for label in range(len(given.settings.classes))
            ],
        }
        for one in counted["sites"]
        if one["site"] in titled
    ]


def _gate(results: Results, given: Given, study: str, column: Column) -> dict[str, Any]:
    """Return how a site was divided, or that it was not yet."""
    try:
        gate = results.json(paths.gate(study, column.row))
    except NotThere:
        about = {"title": column.title, "split": "not divided yet", "checked": ""}
        return {**about, "flagged": False, "torn": None, "lines": []}
    ran = gate["status"] == "ok"
    return {
        "title": column.title,
        "split": gate["split"] if ran else f"{gate['status']}: {gate['reason']}",
        "flagged": gate["patient_key"] == "none",
        "torn": gate["patients_in_two_parts"] if ran else None,
        "lines": gate_counts.lines(gate, given.settings.classes),
        "checked": "; ".join(gate["checked"]),
    }


routes: list[BaseRoute] = [Route("/studies/{study}/audit", audit)]

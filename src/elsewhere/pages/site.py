"""site: what a site's scans are, what became of its files, and what its label can be told from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from elsewhere.design import paths
from elsewhere.figures import audit_table, gate_counts, words
from elsewhere.figures.given import Given
from elsewhere.pages import shell
from elsewhere.pages.results import NotThere, Results
from elsewhere.sites.reasons import REASONS

FIELDS = {
    "category": "Category",
    "view": "View",
    "sub_site": "Sub-site",
    "sex": "Sex",
    "manufacturer": "Manufacturer",
    "kernel": "Kernel",
    "contrast": "Contrast",
    "value_scale": "Value scale",
    "source_format": "Format",
}
RANGES = {
    "age": ("Age, years", 0),
    "n_slices": ("Slices", 0),
    "spacing_z_mm": ("Slice spacing, mm", 2),
    "spacing_x_mm": ("Pixel spacing, mm", 2),
    "rows": ("Rows", 0),
    "columns": ("Columns", 0),
}
MOST = 8  # values of a field


def site(request: Request) -> Response:
    """Show a site of a study."""
    study, name = request.path_params["study"], request.path_params["site"]
    results = shell.of(request).results
    results.study(study, site=name)
    given, row = results.given(study), results.params.sites[name]
    table, absent = _manifest(results, name)
    column = next(column for column in given.results.columns if column.row == name)
    return shell.of(request).page(
        "site.html.j2",
        study=study,
        synthetic=row.synthetic,
        crumbs={study: f"/studies/{study}"},
        row=row,
        column=column,
        absent=absent,
        profile=None if table is None else _profile(results, name),
        account=_account(results, name),
        gate=_gate(results, given, study, name),
        told=_told(results, given, study, name),
        cells=_cells(given, name),
        figure="site_profile.svg" if _drawn(results, study) else "",
    )


def _manifest(results: Results, site: str) -> tuple[pd.DataFrame | None, str]:
    try:
        return results.manifest(site), ""
    except NotThere as error:
        return None, str(error)


def _drawn(results: Results, study: str) -> bool:
    return (results.root / "results" / study / "figures/site_profile.svg").is_file()


def _profile(results: Results, site: str) -> Mapping[str, Any]:
    """Return counts of patients and scans of the whole site, by the values of each field."""
    file = results.root / paths.scans(site)["manifest"]
    return results.kept.of(("profile", site), [file], lambda: _counted(results.manifest(site)))


def _counted(table: pd.DataFrame) -> dict[str, Any]:
    keyed = not (table["patient_key"] == "none").any()
    return {
        "size": words.sizes(table["patient_id"].nunique() if keyed else None, len(table)),
        "keyed": keyed,
        "fields": [
            {"title": title, "values": values, "more": max(0, table[name].nunique() - MOST)}
            for name, title in FIELDS.items()
            for values in [_values(table, name, keyed=keyed)]
            if [one["value"] for one in values] not in ([], ["none"], ["unknown"])
        ],
        "ranges": [
            {
                "title": title,
                "median": known.median(),
                "least": known.min(),
                "most": known.max(),
                "digits": digits,
                "unknown": len(table) - len(known),
            }
            for name, (title, digits) in RANGES.items()
            for known in [table[name].dropna()]
            if len(known)
        ],
        "flags": _flags(table),
    }


def _values(table: pd.DataFrame, name: str, *, keyed: bool) -> list[dict[str, Any]]:
    """Return the commonest values of a field, with patients and scans of each."""
    scans = table[name].value_counts().head(MOST)
    patients = table.groupby(name, observed=True)["patient_id"].nunique().reindex(scans.index)
    return [
        {"value": str(value), "patients": int(of_patients) if keyed else None, "scans": int(count)}
        for (value, count), of_patients in zip(scans.items(), patients, strict=True)
    ]


def _flags(table: pd.DataFrame) -> dict[str, int]:
    flagged = table.loc[table["flags"] != "", "flags"].str.split(";").explode()
    return {str(flag): int(count) for flag, count in flagged.value_counts().items()}


def _account(results: Results, site: str) -> dict[str, Any] | None:
    """Return what became of the site's files: totals, and the reasons with what to do."""
    try:
        account = results.json(paths.scan_file(site, "account.json"))
    except NotThere:
        return None
    rows = account["rows_by_reason"]
    return {
        "files": account["files"],
        "reasons": [
            {
                "code": code,
                "verdict": verdict,
                "files": files,
                "rows": rows.get(code, ""),
                "sentence": REASONS[code].sentence if code in REASONS else "",
                "remedy": REASONS[code].remedy if code in REASONS else "",
            }
            for verdict in ("rejected", "set aside")
            for code, files in account["files_by_reason"].get(verdict, {}).items()
        ],
    }


def _gate(results: Results, given: Given, study: str, site: str) -> dict[str, Any] | None:
    """Return how the study divided the patients of the site."""
    try:
        gate = results.json(paths.gate(study, site))
    except NotThere:
        return None
    ran = gate["status"] == "ok"
    return {
        "split": gate["split"] if ran else f"{gate['status']}: {gate['reason']}",
        "torn": gate["patients_in_two_parts"] if ran else None,
        "lines": gate_counts.lines(gate, given.settings.classes),
        "checked": gate["checked"],
        "image_level": gate["patient_key"] == "none",
        "findings": any("finding" in row for row in gate["counts"]),
    }


def _told(results: Results, given: Given, study: str, site: str) -> list[dict[str, Any]]:
    """Return how well the label can be told at this site without looking at the disease."""
    try:
        audit = results.json(paths.audit(study, "audit.json"))
    except NotThere:
        return []
    here = {**audit, "shortcuts": [one for one in audit["shortcuts"] if one["where"] == site]}
    titles = {column.row: column.title for column in given.results.columns}
    return audit_table.shown(here, titles)


def _cells(given: Given, site: str) -> Iterable[dict[str, Any]]:
    """Return every arm's AUC at the site, by finding or class."""
    return [
        {
            "finding": name,
            "title": results.named.finding,
            "arms": [
                {
                    "name": row.name,
                    "label": row.label,
                    "own": results.own(row, column),
                    "auc": words.area(results.cell(row, column)),
                }
                for row in results.rows
                for column in results.columns
                if column.row == site
            ],
        }
        for name, results in given.each.items()
    ]


routes: list[BaseRoute] = [Route("/studies/{study}/sites/{site}", site)]

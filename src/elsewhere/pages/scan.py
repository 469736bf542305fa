"""scan: the page of one scan: what is known of it, its picture, and every arm's call."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from elsewhere.figures.scans import LUNG_WINDOW_HU
from elsewhere.pages import shell
from elsewhere.pages.matrix import by_finding, chosen, titles
from elsewhere.pages.results import NotThere
from elsewhere.pages.scan_calls import Asked, Said
from elsewhere.scores.matrix import TOGETHER

WATER_OF_CT_NUMBERS = 1024
GREYS = (0.0, 255.0)
NOT_STATED = "not stated"
_SILENT = ("", "unknown", "none")
_WORDS = {  # columns of a manifest that hold texts
    "category": "Category",
    "sub_site": "Sub-site",
    "view": "View",
    "sex": "Sex",
    "manufacturer": "Scanner",
    "kernel": "Kernel",
    "contrast": "Contrast medium",
    "source_format": "Files",
    "value_scale": "Values",
    "repairs": "Repaired",
    "flags": "Flags",
}
_ONLY_IF_STATED = ("sub_site", "view", "repairs", "flags")


def scan(request: Request) -> Response:
    """Show a scan."""
    study, site, key = (request.path_params[name] for name in ("study", "site", "scan"))
    results = shell.of(request).results
    results.study(study, site=site)
    row = {str(name): value for name, value in results.scan(site, key).items()}
    given = results.given(study)
    column = next(one for one in given.results.columns if one.row == site)
    asked = Asked(results, given, column, key, chosen(request, given))
    said = [*asked.said()]
    arm = _arm(request, said)
    return shell.of(request).page(
        "scan.html.j2",
        study=study,
        synthetic=column.synthetic,
        crumbs={
            study: f"/studies/{study}",
            f"{arm.label} on {column.title}": _cell(asked, arm),
        },
        key=key,
        column=column,
        finding=asked.finding,
        findings=titles(given),
        results=by_finding(given)[asked.finding],
        facts=[*_facts(row, asked)],
        arms=said,
        arm=arm,
        cells={one.arm: _cell(asked, one) for one in said},
        hidden=key in results.hidden(site),
        missing=_missing(asked),
        volume=f"/volumes/{quote(site)}/{key}",
        map=None if arm.why else _map(asked, arm),
        window=window(row),
        scale=row["value_scale"],
        together=asked.finding == TOGETHER,
        most_probable=bool(given.exclusive) and not any(one.threshold for one in said),
    )


def window(row: Mapping[str, Any]) -> tuple[float, float]:
    """Return between which values the picture of a scan first runs from black to white."""
    scale, (low, high) = row["value_scale"], LUNG_WINDOW_HU
    if scale == "HU":
        return low, high
    if scale == "CT number":
        return low + WATER_OF_CT_NUMBERS, high + WATER_OF_CT_NUMBERS
    return GREYS if scale == "0-255" else (float(row["value_min"]), float(row["value_max"]))


def _arm(request: Request, said: list[Said]) -> Said:
    """Return the arm that a request asks for; else the first that says something."""
    name = request.query_params.get("arm")
    if not name:
        return next((one for one in said if not one.why), said[0])
    found = next((one for one in said if one.arm == name), None)
    if found is None:
        raise NotThere("This study has no arm of this name.")
    return found


def _missing(asked: Asked) -> str:
    """Say why there are no voxels, or nothing."""
    try:
        asked.results.volume(asked.column.row, asked.scan)
    except NotThere as error:
        return str(error)
    return ""


def _cell(asked: Asked, said: Said) -> str:
    at = f"/studies/{quote(asked.study)}/cells/{quote(said.arm)}/{quote(asked.column.row)}"
    return f"{at}?{urlencode({'finding': asked.finding})}" if asked.finding else at


def _map(asked: Asked, said: Said) -> str:
    """Return the address of the map; of all classes together it is that of the called one."""
    names = (asked.study, said.arm, asked.column.row, asked.scan)
    at = f"/maps/{'/'.join(map(quote, names))}"
    if asked.finding in ("", TOGETHER):
        return at
    return f"{at}?{urlencode({'finding': asked.finding})}"


def _facts(row: Mapping[str, Any], asked: Asked) -> Iterator[tuple[str, str]]:
    """Yield what is known of a scan: name and words. No identifier and no path is among them."""
    yield "Part of the study", asked.parts
    yield from asked.truth.items()
    yield "Age", NOT_STATED if math.isnan(row["age"]) else f"{row['age']:.0f} years"
    for name, words in _WORDS.items():
        stated = row[name] not in _SILENT
        if stated or name not in _ONLY_IF_STATED:
            yield words, str(row[name]).replace(";", ", ") if stated else NOT_STATED
    flat = row["n_slices"] == 1
    sizes = ("rows", "columns") if flat else ("n_slices", "rows", "columns")
    yield "Voxels" if not flat else "Pixels", " × ".join(f"{row[name]}" for name in sizes)
    for axes, words in (("z", "Slice distance"), ("y", "Pixel size")):
        spacing = row[f"spacing_{axes}_mm"]
        if not (flat and axes == "z"):
            yield words, "not known" if math.isnan(spacing) else f"{spacing:.3g} mm"


routes: list[BaseRoute] = [Route("/studies/{study}/scans/{site}/{scan}", scan)]

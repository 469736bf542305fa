"""drawn: the figures, the report and the tables of a study as its last step wrote them.

An SVG file and the report are documents: whatever wrote them, no script may run in them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from elsewhere.design import paths
from elsewhere.design.figure_rows import figure_row
from elsewhere.figures.captions import caption
from elsewhere.figures.given import Given
from elsewhere.pages import shell
from elsewhere.pages.results import NotThere

TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".csv": "text/csv; charset=utf-8"}
PICTURE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox"
# in a sandbox of another origin, its links would come without the cookie
REPORT = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; sandbox allow-same-origin allow-downloads"
)
GONE = "This file is not there yet: the study's figures are drawn last."
IN_PIXELS = ("example_slices", "gradcam_", "localisation_")  # of which an SVG is larger


def figures(request: Request) -> Response:
    """Show every figure of a study with its caption."""
    study = request.path_params["study"]
    given = shell.of(request).results.given(study)
    names = _names(_folder(request))
    return shell.of(request).page(
        "figures.html.j2",
        study=study,
        crumbs={study: f"/studies/{study}"},
        pictures=[*_pictures(given, names)],
    )


def figure(request: Request) -> Response:
    """Return a file of the figures of a study."""
    folder, name = _folder(request), request.path_params["name"]
    suffix = os.path.splitext(name)[1]
    if suffix not in TYPES or name not in _names(folder):
        raise NotThere("This study has no such figure.")
    if suffix == ".csv":
        return _table(folder / name)
    headers = {"content-security-policy": PICTURE} if suffix == ".svg" else {}
    return FileResponse(folder / name, media_type=TYPES[suffix], headers=headers)


def report(request: Request) -> Response:
    """Return the report of a study, in which no script can run."""
    file = _home(request) / "report.html"
    if not file.is_file():
        raise NotThere("The report of this study is not there yet: it is written last.")
    return FileResponse(
        file,
        media_type="text/html; charset=utf-8",
        headers={"content-security-policy": REPORT},
    )


def matrix_csv(request: Request) -> Response:
    """Return matrix.csv of a study."""
    return _table(_home(request) / "matrix.csv")


def metrics_json(request: Request) -> Response:
    """Return metrics.json of a cell."""
    study, arm, site = (request.path_params[name] for name in ("study", "arm", "site"))
    results = shell.of(request).results
    results.study(study, arm=arm, site=site)
    file = results.root / paths.cell(study, arm, site, "metrics.json")
    if not file.is_file():
        raise NotThere("This cell is not scored yet.")
    return FileResponse(file, media_type="application/json")


def _home(request: Request) -> Path:
    study, results = request.path_params["study"], shell.of(request).results
    results.study(study)
    return Path(results.root / "results" / study)


def _folder(request: Request) -> Path:
    return _home(request) / "figures"


def _names(folder: Path) -> set[str]:
    """Return the names of the files of a folder; none while the folder is being replaced."""
    try:
        return {entry.name for entry in os.scandir(folder) if entry.is_file()}
    except OSError:
        return set()


def _table(file: Path) -> Response:
    if not file.is_file():
        raise NotThere(GONE)
    return FileResponse(file, media_type=TYPES[".csv"], filename=file.name)


def _pictures(given: Given, names: set[str]) -> Iterable[dict[str, Any]]:
    """Yield each picture with its caption, in the order of the report."""
    left = {name.removesuffix(".png") for name in names if name.endswith(".png")}
    for kind in given.job.members["figures"]:
        row = figure_row(kind)
        for picture in sorted(left):
            try:
                heading, text, _ = caption(row, picture, given.results)
            except KeyError:
                continue
            left.discard(picture)
            suffix = ".png" if picture.startswith(IN_PIXELS) else ".svg"
            yield {
                "name": picture,
                "shown": picture + (suffix if picture + suffix in names else ".png"),
                "files": [picture + s for s in TYPES if picture + s in names],
                "heading": heading,
                "text": text,
            }


routes: list[BaseRoute] = [
    Route("/studies/{study}/figures/", figures),
    Route("/studies/{study}/figures/{name}", figure),
    Route("/studies/{study}/report", report),
    Route("/studies/{study}/matrix.csv", matrix_csv),
    Route("/studies/{study}/cells/{arm}/{site}/metrics.json", metrics_json),
]

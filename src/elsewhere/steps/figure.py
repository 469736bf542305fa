"""figure: all results of a study to matrix.csv, figures and report.html."""

from __future__ import annotations

import json
from typing import Any

from elsewhere.design import kinds
from elsewhere.design.job import Job
from elsewhere.design.paths import COMBINED
from elsewhere.figures import report
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given, Settings
from elsewhere.files import whole
from elsewhere.scores import matrix

__all__ = ["Settings", "run"]


def run(job: Job, settings: Settings) -> None:
    """Draw a study (A-58 to A-72, D-19 to D-43): the figures of the stage, in their order.

    Reads what the figures declare (`elsewhere.design.figure_rows`) and what the report links;
    writes ``matrix``, ``figures`` and ``report``.
    """
    given = Given(job, settings)
    metrics = settings.scoring.metrics
    rows = [
        row
        for results in given.each.values()
        for row in matrix.rows(
            results.cells.values(), arms=settings.arms, sites=[*settings.sites], metrics=metrics
        )
    ]
    exclusive = bool(given.exclusive)
    combined = _combined(job)
    if combined:
        arms, named = settings.arms, settings.site_rows.items()
        without = [row for site, row in named if site in settings.averages_without]
        of_study = given.results.cells.values()
        rows += matrix.of_sites(of_study, arms=arms, metrics=metrics, without=without)
        rows += matrix.rows(combined, arms=arms, sites=[COMBINED], metrics=metrics)
    if exclusive:
        rows += matrix.of_classes(
            given.results.cells.values(), arms=settings.arms, sites=[*settings.sites]
        )
    matrix.write(rows, job.outputs["matrix"], metrics=metrics, exclusive=exclusive)
    pictures = []
    with whole(job.outputs["figures"]) as folder:
        folder.mkdir()
        for name in job.members["figures"]:
            figure = kinds.implementation("figures", name, Figure)()  # type: ignore[type-abstract]
            pictures += [(name, picture) for picture in figure.draw(given, folder)]
    report.write(given, pictures)


def _combined(job: Job) -> list[dict[str, Any]]:
    """Return the metrics of each arm on the test scans of all sites, if the study has them."""
    return [
        json.loads(path.read_text(encoding="utf-8"))
        for key, path in job.paths("metrics").items()
        if key.endswith(f"/{COMBINED}")
    ]

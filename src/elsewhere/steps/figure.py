"""figure: all results of a study to matrix.csv, figures and report.html."""

from __future__ import annotations

from elsewhere.design import kinds
from elsewhere.design.job import Job
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

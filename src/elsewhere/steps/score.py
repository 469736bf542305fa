"""score: predictions of one arm on one site to the numbers of that cell."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elsewhere.design.job import Job
from elsewhere.design.paths import COMBINED
from elsewhere.design.scoring import Scoring
from elsewhere.design.second_stage import SecondStage
from elsewhere.files import whole
from elsewhere.scores import classes, predictions
from elsewhere.scores.at_site import with_scores_of_the_site
from elsewhere.scores.cell import Predicted, assemble, merged, together


@dataclass(frozen=True)
class Settings:
    """What a user sets of this step; ``second_stage`` says whose calls choose the scans (C-16)."""

    scoring: Scoring
    second_stage: SecondStage | None = None


def run(job: Job, settings: Settings) -> None:
    """Score one cell: AUCs, threshold, confusion, intervals, a run and pooled (A-51 to A-57).

    Of more than two classes each against the rest, and all together (C-28, C-29, C-31). Reads
    ``test``, the cell's predictions (a table of them: those of several sites, as one, of
    `COMBINED` without those that were not run; ``sites`` names them), and
    ``training``, the arm's predictions on each of its training sites; a second stage also
    ``first``, by site the predictions that say which test scans it scores, and of a federation
    between hospitals ``at_site``, what the site itself has computed. Writes ``metrics``.
    What cannot be computed is null with a reason.
    """
    found, site = job.inputs["test"], job.wildcards["site"]
    every = {site: found} if isinstance(found, Path) else {**found}
    ran = {row: path for row, path in every.items() if _ran(path)}
    tested = [*(ran if ran and site == COMBINED else every).values()]
    about, scoring = predictions.metadata_of(tested[0]), settings.scoring
    rivals = predictions.classes(about) if scoring.threshold_from == "argmax" else ()
    chosen = _called(job, settings.second_stage) if settings.second_stage else None

    def read(path: Path, finding: str | None) -> Predicted:
        if not rivals or finding is None:
            return Predicted(*predictions.read(path, finding=finding))
        rows, metadata = predictions.read(path)
        return Predicted(classes.beside(rows, finding), metadata, rivals)

    def read_tested(finding: str | None) -> Predicted:
        test = together([read(path, finding) for path in tested])
        return test if chosen is None else test.only(chosen, reason=_uncalled(settings))

    def assembled(finding: str | None) -> dict[str, Any]:
        return assemble(
            read_tested(finding),
            training={site: read(path, finding) for site, path in job.paths("training").items()},
            names=job.wildcards,
            scoring=scoring,
        )

    # one finding in memory at a time
    names = predictions.findings(about)
    metrics = merged({name: assembled(name) for name in names}) if names else assembled(None)
    if site == COMBINED:
        metrics["sites"] = [*ran]
    if predictions.classes(about):
        metrics["classes"] = classes.assemble(read_tested(None), scoring=scoring)
    if chosen is not None and settings.second_stage is not None:
        scans = {scan for path in tested for scan in _test_scans(path)}
        counts = {"n_called": len(scans & chosen), "n_not_called": len(scans - chosen)}
        metrics["second_stage"] = settings.second_stage.model_dump() | counts
    if "at_site" in job.inputs:
        metrics = with_scores_of_the_site(metrics, json.loads(job.path("at_site").read_text()))
    text = json.dumps(metrics, sort_keys=True, indent=1, allow_nan=False)
    with whole(job.outputs["metrics"]) as part:
        part.write_text(f"{text}\n", encoding="utf-8")


def _ran(path: Path) -> bool:
    return predictions.metadata_of(path)["status"] != "not run"


def _called(job: Job, stage: SecondStage) -> set[str]:
    """Return the test scans that the first study calls of the class that is classified further."""
    scans: set[str] = set()
    for path in job.paths("first").values():
        rows, metadata = predictions.read(path)
        scans |= classes.called(rows, predictions.classes(metadata), of=stage.called)
    return scans


def _uncalled(settings: Settings) -> str:
    stage = settings.second_stage
    return f"arm {stage.arm} of {stage.study} calls no test scan {stage.called}" if stage else ""


def _test_scans(path: Path) -> set[str]:
    rows, _ = predictions.read(path)
    return set(rows.loc[rows["part"] == "test", "scan_id"])

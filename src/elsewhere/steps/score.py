"""score: predictions of one arm on one site to the numbers of that cell."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elsewhere.design.job import Job
from elsewhere.design.scoring import Scoring
from elsewhere.files import whole
from elsewhere.scores import classes, predictions
from elsewhere.scores.cell import Predicted, assemble, merged, together


@dataclass(frozen=True)
class Settings:
    """What a user sets of this step."""

    scoring: Scoring


def run(job: Job, settings: Settings) -> None:
    """Score one cell: AUCs, threshold, confusion, intervals, a run and pooled (A-51 to A-57).

    Of more than two classes each against the rest, and all together (C-28, C-29, C-31). Reads
    ``test``, the cell's predictions (a table of them: those of several sites, as one), and
    ``training``, the arm's predictions on each of its training sites; writes ``metrics``. What
    cannot be computed is null with a reason.
    """
    found = job.inputs["test"]
    tested = [found] if isinstance(found, Path) else [*found.values()]

    about, scoring = predictions.metadata_of(tested[0]), settings.scoring
    rivals = predictions.classes(about) if scoring.threshold_from == "argmax" else ()

    def read(path: Path, finding: str | None) -> Predicted:
        if not rivals or finding is None:
            return Predicted(*predictions.read(path, finding=finding))
        rows, metadata = predictions.read(path)
        return Predicted(classes.beside(rows, finding), metadata, rivals)

    def assembled(finding: str | None) -> dict[str, Any]:
        return assemble(
            together([read(path, finding) for path in tested]),
            training={site: read(path, finding) for site, path in job.paths("training").items()},
            names=job.wildcards,
            scoring=scoring,
        )

    # one finding in memory at a time
    names = predictions.findings(about)
    metrics = merged({name: assembled(name) for name in names}) if names else assembled(None)
    if predictions.classes(about):
        metrics["classes"] = classes.assemble(
            together([read(path, None) for path in tested]), scoring=scoring
        )
    text = json.dumps(metrics, sort_keys=True, indent=1, allow_nan=False)
    with whole(job.outputs["metrics"]) as part:
        part.write_text(f"{text}\n", encoding="utf-8")

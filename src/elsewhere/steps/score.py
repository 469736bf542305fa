"""score: predictions of one arm on one site to the numbers of that cell."""

from __future__ import annotations

import json
from dataclasses import dataclass

from elsewhere.design.job import Job
from elsewhere.design.study import Scoring
from elsewhere.files import whole
from elsewhere.scores.cell import Predicted, assemble
from elsewhere.scores.predictions import read


@dataclass(frozen=True)
class Settings:
    """What a user sets of this step."""

    scoring: Scoring


def run(job: Job, settings: Settings) -> None:
    """Score one cell: AUCs, threshold, confusion, intervals, a run and pooled (A-51 to A-57).

    Reads ``test``, the cell's predictions, and ``training``, the arm's predictions on each of its
    training sites; writes ``metrics``. What cannot be computed is null with a reason.
    """
    metrics = assemble(
        Predicted(*read(job.path("test"))),
        training={site: Predicted(*read(path)) for site, path in job.paths("training").items()},
        names=job.wildcards,
        scoring=settings.scoring,
    )
    text = json.dumps(metrics, sort_keys=True, indent=1, allow_nan=False)
    with whole(job.outputs["metrics"]) as part:
        part.write_text(f"{text}\n", encoding="utf-8")

"""of_findings: every figure that only a study of several findings has, in the report's order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from elsewhere.design.paths import INTERNAL
from elsewhere.design.scoring import Scoring
from elsewhere.design.subgroups import Subgroups
from elsewhere.figures import (
    age_and_sex,
    claims,
    flow,
    prevalence,
    published,
    roc_findings,
    subgroups,
    table_1,
)
from elsewhere.figures.divided import Divided
from elsewhere.figures.findings import ByFinding
from elsewhere.scores import predictions
from elsewhere.scores.cell import Predicted, together
from elsewhere.scores.evidence import Key


@dataclass(frozen=True)
class Chosen:
    """What the study says of these figures.

    Attributes
    ----------
    published
        Name of its published numbers; None: it has none.
    subgroups
        Which device may be a shortcut to which finding.
    devices
        Row of a site to the state of that device by scan_id, as from `elsewhere.sites.states`.
    scoring
        Of the study.
    """

    published: str | None
    subgroups: Subgroups | None
    devices: Mapping[str, pd.Series[str]]
    scoring: Scoring


def draw(
    study: ByFinding,
    divided: Divided,
    paths: Mapping[str, Path],
    *,
    folder: Path,
    chosen: Chosen,
) -> tuple[list[str], list[dict[str, str]]]:
    """Draw Table 1, ROC curves, claims, subgroups and cohorts (B-06 to B-17, B-28 to B-46).

    Parameters
    ----------
    study, divided
        Results, and scans of every site.
    paths
        "<arm>/<row of the test site>" to predictions.parquet.
    folder
        Where the figures go.
    chosen
        What the study says of them.

    Returns
    -------
    tuple
        Names of the figures, and published numbers beside ours, as `published.compare` has them.
    """
    known = published.read(chosen.published) if chosen.published else []
    counts = published.counts(chosen.published)
    rows = table_1.table(study, known)
    names = [*table_1.draw(study, rows, folder), *roc_findings.draw(study, folder)]
    asked = published.claims(chosen.published)
    if asked:
        judged = claims.judge(study, asked, known=known, predicted=_compared(study, paths))
        names += claims.draw(study, judged, folder)
    if chosen.subgroups is not None:
        _subgroups(study, paths, folder, chosen, asked=chosen.subgroups)
        names.append("subgroups")
    confidence = study.any.named.confidence
    names += flow.draw(divided, flow.table(divided, counts), folder)
    shares = prevalence.table(divided, counts, confidence=confidence)
    names += prevalence.draw(divided, shares, folder, confidence=confidence)
    names += age_and_sex.draw(divided, folder, known=counts)
    return names, table_1.beside(rows) if known else []


def _compared(study: ByFinding, paths: Mapping[str, Path]) -> dict[Key, Predicted]:
    """Read the test rows of every arm at sites it never saw and on all its own together."""
    found: dict[Key, Predicted] = {}
    for finding in study.titles:
        for row in study.any.rows:
            own = []
            for column in study.any.columns:
                one = _tested(paths[f"{row.name}/{column.row}"], finding)
                if column.name in row.sites:
                    own.append(one)
                else:
                    found[row.name, column.name, finding] = one
            found[row.name, INTERNAL, finding] = together(own)
    return found


def _tested(path: Path, finding: str) -> Predicted:
    frame, metadata = predictions.read(path, finding=finding)
    return Predicted(frame[frame["part"] == "test"], metadata)


def _subgroups(
    study: ByFinding, paths: Mapping[str, Path], folder: Path, chosen: Chosen, *, asked: Subgroups
) -> None:
    results = study.results[asked.finding]
    rows = subgroups.table(
        results,
        asked,
        predicted={key: _tested(path, asked.finding) for key, path in paths.items()},
        states=chosen.devices,
        scoring=chosen.scoring,
    )
    subgroups.draw(results, asked, rows, folder)

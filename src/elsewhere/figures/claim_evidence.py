"""claim_evidence: the numbers on which a paper's claims are checked, ours and those it prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from elsewhere.design.arm import Arm
from elsewhere.design.paths import AVERAGE
from elsewhere.figures.judgements import OURS, PAPER
from elsewhere.figures.places import ByFinding
from elsewhere.figures.results import Metrics, Results
from elsewhere.scores.cell import Predicted
from elsewhere.scores.estimates import Estimate, average
from elsewhere.scores.evidence import Evidence, Key, Number

ENDS = ("", "_low", "_high")


@dataclass(frozen=True)
class OfOneLabel:
    """Results of a study whose scans have one of two labels, and its arms."""

    any: Results
    arms: Mapping[str, Arm]

    @property
    def titles(self) -> Mapping[str, str]:
        """Names of the findings: there is one, without a name."""
        return {"": ""}


Study = ByFinding | OfOneLabel


def evidence(
    study: Study,
    metric: str,
    *,
    known: Sequence[Mapping[str, str]],
    predicted: Mapping[Key, Predicted],
) -> dict[str, Evidence]:
    """Return what claims about a metric are checked on, ours and published.

    Parameters
    ----------
    known
        As from `paper.read`.
    predicted
        As in `claims.judge`.
    """
    arms = {row.name: study.arms[row.name] for row in study.any.rows if row.counted}
    confidence = study.any.named.confidence
    ours = _of_findings(study, metric) if isinstance(study, ByFinding) else _of_sites(study, metric)
    scans = predicted if metric == "auc" else {}  # DeLong's test is one of AUCs
    return {
        OURS: Evidence(arms, ours, confidence, scans),
        PAPER: Evidence(arms, _published(study, metric, known), confidence, printed=True),
    }


def differences(study: Study) -> str:
    """Say how the intervals of differences are made."""
    if isinstance(study, OfOneLabel):
        return (
            "Differences are taken as of different patients: their intervals are too wide where "
            "scans are shared."
        )
    return (
        "Differences of arms on the same scans: DeLong's paired test, clustered by patient, where "
        "predictions are at hand; others as of different patients, too wide where scans are shared."
    )


def _of_findings(study: ByFinding, metric: str) -> dict[Key, Number]:
    return {
        (place.row.name, place.site, finding): _number(cell, metric)
        for place in study.all_places()
        for finding, cell in place.cells.items()
    }


def _of_sites(study: OfOneLabel, metric: str) -> dict[Key, Number]:
    """Return the numbers of each arm on each site, and its average over those that were run."""
    numbers = {}
    for row in study.any.rows:
        of_arm = {column.name: study.any.cell(row, column) for column in study.any.columns}
        for site, cell in of_arm.items():
            numbers[row.name, site, ""] = _number(cell, metric)
        ran = [
            Estimate(*_number(cell, metric))
            for cell in of_arm.values()
            if cell["status"] != "not run"
        ]
        numbers[row.name, AVERAGE, ""] = Number(*average(ran))
    return numbers


def _number(cell: Metrics, metric: str) -> Number:
    return Number(*(cell["pooled"].get(f"{metric}{end}") for end in ENDS))


def _published(study: Study, metric: str, known: Sequence[Mapping[str, str]]) -> dict[Key, Number]:
    listed = {
        (entry["arm"], entry["site"], entry.get("finding", "")): float(entry["value"])
        for entry in known
        if entry["metric"] == metric and entry["value"]
    }
    if isinstance(study, OfOneLabel):
        sites = [*(column.name for column in study.any.columns), AVERAGE]
        keys = [(row.name, site, "") for row in study.any.rows for site in sites]
        return {key: Number(listed.get(key)) for key in keys}
    numbers = {}
    for place in study.all_places():
        for finding in study.titles:
            of_place = [(place.row.name, site, finding) for site in place.listed_as]
            value = next((listed[key] for key in of_place if key in listed), None)
            numbers[place.row.name, place.site, finding] = Number(value)
    return numbers

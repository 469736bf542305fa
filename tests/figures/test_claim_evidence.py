"""claim_evidence: which numbers claims of a study of one label are checked on."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from elsewhere.design.params import load
from elsewhere.design.paths import AVERAGE
from elsewhere.figures import paper
from elsewhere.figures.claim_evidence import OfOneLabel, differences, evidence
from elsewhere.figures.judgements import OURS, PAPER
from elsewhere.figures.results import Results
from elsewhere.scores import averages
from elsewhere.scores.evidence import Evidence

ARMS = load(Path(__file__).parents[1] / "params").studies["nguyen2021"].arms


def of_metric(results: Results, metric: str) -> dict[str, Evidence]:
    known = paper.read("nguyen2021")
    return evidence(OfOneLabel(results, ARMS), metric, known=known, predicted={})


def test_ours_are_the_pooled_numbers_of_the_cells_and_their_average(nguyen: Results) -> None:
    for metric in ("auc", "accuracy"):
        ours = of_metric(nguyen, metric)[OURS]
        cell = nguyen.cells["utsw", "cc-ccii-synthetic"]["pooled"]
        number = ours.number(("utsw", "cc-ccii", ""))
        ends = (metric, f"{metric}_low", f"{metric}_high")
        assert number == tuple(cell[name] for name in ends)
        sites = [nguyen.cell(nguyen.rows[0], column)["pooled"] for column in nguyen.columns]
        mean = averages.numbers(sites, metrics=(metric,))
        assert ours.number(("utsw", AVERAGE, "")) == tuple(mean[name] for name in ends)
        assert AVERAGE not in ours.external


def test_published_numbers_are_of_the_metric_and_alone(nguyen: Results) -> None:
    theirs = of_metric(nguyen, "accuracy")[PAPER]
    assert theirs.number(("covid-ctset", "utsw", "")) == (0.38, None, None)
    assert theirs.number(("utsw", "cc-ccii", "")).value is None, "not printed"
    assert theirs.printed
    assert of_metric(nguyen, "auc")[PAPER].number(("utsw", "utsw", "")).value == 0.826


def test_arms_that_do_not_count_are_left_out(nguyen: Results) -> None:
    rows = tuple(dataclasses.replace(row, counted=row.name != "utsw") for row in nguyen.rows)
    found = of_metric(dataclasses.replace(nguyen, rows=rows), "accuracy")
    assert all("utsw" not in of.arms and "cc-ccii" in of.arms for of in found.values())


def test_the_note_says_that_shared_scans_are_not_used(nguyen: Results) -> None:
    assert "too wide" in differences(OfOneLabel(nguyen, ARMS))

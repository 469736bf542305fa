"""The two tables of a claim: what stands in them for a pair that holds and one that breaks it."""

from __future__ import annotations

import csv
from pathlib import Path

from elsewhere.figures import judgements
from elsewhere.figures.judgements import OURS, PAPER, Judged
from elsewhere.figures.trained_for import Epochs
from elsewhere.scores.claim import Claim, Pair, Verdict
from elsewhere.scores.evidence import Number

BOTH, ONE = ("both", "away", "edema"), ("one", "away", "edema")
CLAIM = Claim("B-39", "joint_above_single", (), 0.0, 0, "joint is better", "AUC", "page 1")


def pair(value: float, beyond: bool) -> Pair:
    return Pair(BOTH, ONE, value, value - 0.1, value + 0.1, "paired", value > 0, beyond)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_pairs_are_counted_and_ours_alone_have_epochs_and_the_synthetic_mark(
    tmp_path: Path,
) -> None:
    verdict = Verdict(CLAIM, (pair(0.2, True), pair(0.05, False), pair(-0.3, True)))
    areas = {BOTH: Number(0.8), ONE: Number(0.6)}
    judged = Judged(CLAIM, ("Table 1",), {OURS: (verdict, areas), PAPER: (verdict, areas)})
    epochs = {"both": Epochs(2.0, 4.0)}
    judgements.write([judged], tmp_path, epochs=epochs, synthetic=True)
    ours, published = rows(tmp_path / judgements.CSV_NAME)
    counts = [ours[name] for name in ("pairs", "held", "held_beyond", "broken", "broken_beyond")]
    assert counts == ["3", "2", "1", "1", "1"]
    assert (ours["least"], ours["most"]) == ("-0.3", "0.2")
    assert (ours["synthetic"], published["synthetic"]) == ("yes", "no")
    listed = rows(tmp_path / judgements.PAIRS_NAME)
    assert [(row["first_epochs"], row["second_epochs"]) for row in listed] == [
        *[("4.0", "")] * 3,
        *[("", "")] * 3,
    ]
    assert [row["holds"] for row in listed[:3]] == ["yes", "yes", "no"]

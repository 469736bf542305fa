"""groups: every arm has its groups at every site, and the worst of them is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from elsewhere.design.job import Job
from elsewhere.figures.groups import MARKS, draw
from elsewhere.figures.results import Results
from elsewhere.scores.groups import AUC, CALIBRATION, COLUMNS, SENSITIVITY

Texts = Callable[[Path], list[str]]


def line(arm: str, group: str, quantity: str, value: float) -> dict[str, object]:
    about = {"arm": arm, "site": "utsw", "field": "sex", "group": group, "quantity": quantity}
    counts = {"n_patients": 9, "n_scans": 9, "n_positive": 4, "groups": 2, "status": "ok"}
    limits = {"value": value, "low": 0.5, "high": 0.9, "difference": -0.2, "worst": "no"}
    ends = {"difference_low": -0.3, "difference_high": -0.1}
    return dict.fromkeys(COLUMNS) | about | counts | limits | ends


def test_the_worst_group_is_named_with_its_difference(
    nguyen: Results, tmp_path: Path, svg_texts: Texts
) -> None:
    arm = nguyen.rows[0].name
    rows = [
        line(arm, group, quantity, value)
        for group, values in {"F": (0.8, 0.7, 0.01), "M": (0.6, 0.5, -0.2)}.items()
        for quantity, value in zip((AUC, SENSITIVITY, CALIBRATION), values, strict=True)
    ]
    rows[3]["worst"] = "yes"
    draw(nguyen, rows, tmp_path)
    shown = svg_texts(tmp_path / "groups.svg")
    assert "0.60 (0.50–0.90)" in shown
    assert "sens 0.50 (0.50–0.90)" in shown
    assert "cal −0.20 (+0.50 to +0.90)" in shown
    said = next(text for text in shown if "worst group" in text)
    assert "sex M: AUC 0.60, -0.20 against the others, -0.30 to -0.10; beyond chance" in said


def test_unknown_groups_are_not_shown_as_one(drawn: Job) -> None:
    written = pd.read_csv(drawn.outputs["figures"] / "groups.csv")
    assert tuple(written.columns) == (*MARKS, *COLUMNS)
    assert "unknown" not in set(written["group"])


def test_a_site_that_is_not_here_says_so(drawn_absent: Job) -> None:
    written = pd.read_csv(drawn_absent.outputs["figures"] / "groups.csv")
    absent = written[written["status"] == "not run"]
    assert len(absent)
    assert absent["reason"].notna().all()

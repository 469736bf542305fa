from __future__ import annotations

import pytest

from elsewhere.figures import costs
from elsewhere.figures.results import Results


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.53, "0.5 s"), (600, "10.0 min"), (36_000, "10.0 h"), (432_000, "5.0 days")],
)
def test_duration(seconds: float, words: str) -> None:
    assert costs.duration(seconds) == words


def test_ledger_adds_up_and_shows_what_was_not_run(contrastive: Results) -> None:
    five_days = {"wall_seconds": 432_000.0, "gpu_days": 5.0, "device": "V100"}
    train = {"single-a/0-0": five_days, "joint/0-0": {"status": "not run"}}
    predict = {
        f"{row.name}/{column.row}": {"seconds_per_prediction": 0.53}
        for row in contrastive.rows
        for column in contrastive.columns
    }
    ledger = costs.ledger(contrastive, train, predict)
    assert ledger["sentence"] == "Runs: 1; wall time in all: 5.0 days; GPU-days: 5."
    assert ledger["train"][1]["shown"][0] == "not run"
    assert ledger["predict"][0]["shown"] == ["0.53", "0.53"]

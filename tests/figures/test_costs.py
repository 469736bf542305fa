from __future__ import annotations

import pytest

from elsewhere.figures import costs, paper
from elsewhere.figures.results import Results


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.53, "0.5 s"), (600, "10.0 min"), (36_000, "10.0 h"), (432_000, "5.0 days")],
)
def test_duration(seconds: float, words: str) -> None:
    assert costs.duration(seconds) == words


def test_ledger_adds_up_and_shows_what_was_not_run(contrastive: Results) -> None:
    five_days = {"wall_seconds": 432_000.0, "gpu_days": 5.0, "device": "V100"}
    five_days["validation_seconds"] = 108_000.0
    train = {"single-a/0-0": five_days, "joint/0-0": {"status": "not run"}}
    predict = {
        f"{row.name}/{column.row}": {"seconds_per_prediction": 0.53}
        for row in contrastive.rows
        for column in contrastive.columns
    }
    ledger = costs.ledger(contrastive, train, predict)
    assert ledger["sentence"] == "Runs: 1; wall time in all: 5.0 days; GPU-days: 5."
    assert ledger["train"][0]["shown"] == ["V100", "5.0 days", "25%", "5", ""]
    assert ledger["train"][1]["shown"] == ["not run", "", "", "", ""]
    assert ledger["predict"][0]["shown"] == ["0.53", "0.53"]


def test_published_costs_stand_beside_ours(nguyen: Results) -> None:
    """A-40, A-49: epochs of the models of one site, days, GPU-days and seconds."""
    record = {"epochs": {"utsw-synthetic": 12.4}}
    records = {"utsw/0-0": record, "cc-ccii/0-0": {"status": "not run"}, "covid-ctset/0-0": record}
    train = {
        "utsw/0-0": {"wall_seconds": 600.0, "gpu_days": 0.25, "device": "H200"},
        "cc-ccii/0-0": {"status": "not run"},
        "covid-ctset/0-0": {"wall_seconds": 1200.0, "gpu_days": 0.5, "device": "H200"},
    }
    predict = {"a/b": {"seconds_per_prediction": 0.2}, "a/c": {"seconds_per_prediction": 0.4}}
    predict["a/d"] = {"status": "not run"}
    known = paper.costs("nguyen2021")
    rows = costs.beside(nguyen, known, records=records, costs=(train, predict))
    shown = [(row["requirement"], row["published"], row["ours"]) for row in rows]
    assert shown == [
        ("A-40", "1,029", "12"),
        ("A-40", "83", "not run"),
        ("A-40", "544", "12"),
        ("A-40", "406", ""),
        ("A-49", "5 days", "15.0 min (H200)"),
        ("A-49", "45", "0.75"),
        ("A-49", "0.53", "0.3"),
    ]
    assert rows[0]["quantity"] == "epochs of the model of UTSW alone"
    assert rows[3]["comment"].endswith(costs.NO_MODEL)
    nothing = costs.beside(nguyen, known, records={}, costs=({}, {}))
    assert {row["ours"] for row in nothing[4:]} == {"not run"}


def test_published_epochs_follow_from_the_published_counts() -> None:
    """A-41: 250,000 iterations of one scan; the number of COVID-CTset does not fit its counts."""
    scans = dict.fromkeys(("utsw", "cc-ccii", "covid-ctset", "mosmed"), 0)
    for row in paper.counts("nguyen2021"):
        if row["part"] == "train" and row["quantity"].endswith("scans"):
            scans[row["site"]] += int(row["value"])
    assert scans == {"utsw": 243, "cc-ccii": 3001, "covid-ctset": 971, "mosmed": 616}
    epochs = {r["site"]: int(r["value"]) for r in paper.costs("nguyen2021") if r["site"]}
    fits = {site: round(250_000 / n) == epochs[site] for site, n in scans.items()}
    assert fits == {"utsw": True, "cc-ccii": True, "covid-ctset": False, "mosmed": True}

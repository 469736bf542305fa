"""The rounds of a federation at each hospital."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from elsewhere.figures.federation import Federation
from elsewhere.figures.given import Given
from elsewhere.figures.training import Training

ARM = "utsw_covid-ctset"
SCORES = {
    "utsw-synthetic": [0.5, 0.75, 0.7], "covid-ctset-synthetic": [0.5, None, 0.9],
}  # fmt: skip


@pytest.fixture
def given(study_of: Callable[..., Any], tmp_path: Path) -> Given:
    """A study of which one arm was trained in three rounds."""
    job, settings = study_of(tmp_path, arms=("utsw", ARM))
    place = job.paths("history")[f"{ARM}/0-0"].parent
    rounds = [
        {
            "round": number, "bytes_up": 3_000_000, "bytes_down": 1_000_000 * number,
            "encrypt_seconds": 0.5, "add_seconds": 0.2, "decrypt_seconds": 0.1,
        }
        for number in (1, 2, 3)
    ]  # fmt: skip
    history = pd.DataFrame({"iteration": [1, 2, 3], "learning_rate": 0.01, "loss": 0.5})
    history["selection_score"] = [0.5, 0.6, 0.8]
    for site, scores in SCORES.items():
        history[f"score_{site}"] = scores
    history.to_csv(place / "history.csv", index=False)
    (place / "cost.json").write_text(json.dumps({"wall_seconds": 1.0, "rounds": rounds}))
    record = json.loads((place / "run.json").read_text()) | {"best_iteration": 3}
    (place / "run.json").write_text(json.dumps(record))
    return Given(job, settings)


def test_each_hospital_has_a_line_over_rounds_and_over_bytes(
    given: Given, tmp_path: Path, svg_texts: Callable[[Path], list[str]]
) -> None:
    folder = tmp_path / "figures"
    assert Federation().draw(given, folder) == ["federation"]
    shown = svg_texts(folder / "federation.svg")
    titles = {column.title for column in given.results.columns if column.row in SCORES}
    assert len(titles) == 2
    assert {"round", "MB sent and received", "all hospitals", *titles} <= {*shown}
    table = pd.read_csv(folder / "federation.csv")
    assert len(table) == 3 * 3
    last = table[table["round"] == 3].set_index("site")
    assert set(last["megabytes"]) == {15.0}  # 3 x 3 up, 1 + 2 + 3 down
    assert last.loc["all hospitals", "score"] == 0.8
    assert table["score"].isna().sum() == 1, "an undefined score is empty, not 0"


def test_a_study_without_rounds_has_no_such_picture(
    study_of: Callable[..., Any], tmp_path: Path
) -> None:
    given = Given(*study_of(tmp_path, arms=("utsw",)))
    assert Federation().draw(given, tmp_path / "figures") == []


def test_rounds_and_iterations_do_not_share_an_axis(
    given: Given, tmp_path: Path, svg_texts: Callable[[Path], list[str]]
) -> None:
    folder = tmp_path / "figures"
    Training().draw(given, folder)
    shown = svg_texts(folder / "training.svg")
    assert {"round", "iteration"} <= {*shown}
    assert "600" in shown
    assert "3" in shown

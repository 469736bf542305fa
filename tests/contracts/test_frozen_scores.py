"""The standard metrics of a cell stay as they are: metrics.json and matrix.csv of made predictions.

The files in `frozen/` were written by the scoring code before metrics became a shelf. Whoever
changes a number on purpose writes them anew: `python tests/contracts/test_frozen_scores.py`.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from elsewhere.design.arm import Arm
from elsewhere.design.job import Job
from elsewhere.design.scoring import STANDARD, Scoring
from elsewhere.scores import matrix, predictions
from elsewhere.steps import score

FROZEN = Path(__file__).parent / "frozen"
OK = {"status": "ok", "patient_key": "published"}
CELLS = {"both": "training_sites", "one_class": "training_sites", "perfect": "argmax"}


def rows(fold: int, part: str, labels: list[int], scores: Any, passes: int) -> pd.DataFrame:
    """Predictions of a part of a fold, two scans a patient."""
    return pd.DataFrame(
        {
            "scan_id": [f"{part}-{fold}-{number}" for number in range(len(labels))],
            "patient_id": [f"{part}-{fold}-{number // 2}" for number in range(len(labels))],
            "finding": "",
            "label": labels,
            "fold": fold,
            "seed": 0,
            "part": part,
            "probability_0": 1 - scores,
            "probability_1": scores,
            "window_start": 0,
            "mc_probability": [
                [(value + k * (number * 7 % 5) / 10) / 2 for k in range(passes)]
                for number, value in enumerate(scores)
            ],
        }
    )


def drawn(name: str) -> pd.DataFrame:
    """Predictions of two folds; sums and products of a seeded uniform draw, alike everywhere."""
    dice = np.random.default_rng(7)
    frames = []
    for fold in range(2):
        for part, n, passes in (("test", 24, 3), ("validation", 12, 0)):
            labels = [1 if name == "one_class" else number // 3 % 2 for number in range(n)]
            weight = 1.0 if name == "perfect" else 0.3
            scores = weight * np.array(labels) * 0.5 + 0.5 * dice.random(n)
            frames.append(rows(fold, part, labels, scores, passes))
    return pd.concat(frames, ignore_index=True)


def scored(name: str, folder: Path) -> dict[str, Any]:
    """Run the score step on one cell."""
    path, out = folder / f"{name}.parquet", folder / f"{name}.json"
    predictions.write(drawn(name), path, metadata=OK)
    job = Job(
        name="score",
        wildcards={"study": "s", "arm": "a", "site": name},
        inputs={"test": path, "training": {name: path}},
        outputs={"metrics": out},
    )
    scoring = Scoring(
        threshold_from=CELLS[name],  # type: ignore[arg-type]
        confidence=0.95,
        bootstrap=200,
        seed=3,
    )
    score.run(job, score.Settings(scoring))
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


def thinned(value: Any) -> Any:
    """Keep every 25th point of a curve."""
    if isinstance(value, dict):
        return {key: thinned(item) for key, item in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], float):
        return value[::25]
    return [thinned(item) for item in value] if isinstance(value, list) else value


def write_all(folder: Path) -> dict[str, Any]:
    """Write matrix.csv of all cells into a folder and return their metrics."""
    cells = {name: scored(name, folder) for name in CELLS}
    arms = {"a": Arm(sites=("both",), method="erm", network="n")}
    table = matrix.rows(cells.values(), arms=arms, sites=[*CELLS], metrics=STANDARD)
    matrix.write(table, folder / "matrix.csv", metrics=STANDARD)
    return {name: thinned(cell) for name, cell in cells.items()}


def close(value: Any) -> Any:
    """Allow for the last digits, in which processors differ."""
    if isinstance(value, dict):
        return {key: close(item) for key, item in value.items()}
    if isinstance(value, list):
        return [close(item) for item in value]
    return pytest.approx(value, rel=1e-9, abs=1e-12) if isinstance(value, float) else value


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("frozen")
    return write_all(folder), folder


@pytest.mark.parametrize("name", CELLS)
def test_metrics_json_is_as_it_was(made: tuple[dict[str, Any], Path], name: str) -> None:
    frozen = json.loads((FROZEN / "metrics.json").read_text(encoding="utf-8"))
    assert made[0][name] == close(frozen[name])


def test_matrix_csv_is_as_it_was(made: tuple[dict[str, Any], Path]) -> None:
    tables = []
    for folder in (FROZEN, made[1]):
        with (folder / "matrix.csv").open(encoding="utf-8", newline="") as file:
            tables.append(list(csv.reader(file)))
    before, after = tables
    assert after[0] == before[0]
    for old, new in zip(before[1:], after[1:], strict=True):
        assert [number(text) for text in new] == [close(number(text)) for text in old]


def number(text: str) -> Any:
    """Return a field of a CSV as a number, or as it stands."""
    try:
        return float(text)
    except ValueError:
        return text


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        metrics = write_all(Path(place))
        text = json.dumps(metrics, indent=1, sort_keys=True)
        (FROZEN / "metrics.json").write_text(f"{text}\n", encoding="utf-8")
        (FROZEN / "matrix.csv").write_bytes((Path(place) / "matrix.csv").read_bytes())

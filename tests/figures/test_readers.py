"""readers: each reader's numbers are those of their calls, and the picture says who is who."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from elsewhere.figures.given import Given
from elsewhere.figures.readers import COLUMNS, Readers
from elsewhere.scores import predictions

ARMS = ("single-a", "joint")


@pytest.fixture(scope="module")
def drawn(
    tmp_path_factory: pytest.TempPathFactory,
    study_of: Callable[..., tuple],
    predict: Callable[..., None],
) -> tuple[Path, list[str], list[dict[str, str]]]:
    """Draw a site with three readers: one always right, one never, one who calls all positive."""
    root = tmp_path_factory.mktemp("readers")
    job, settings = study_of(root, "contrastive", arms=ARMS)
    settings = dataclasses.replace(settings, arms={arm: settings.arms[arm] for arm in ARMS})
    predict(job, settings, seeds=1)
    (row, *_) = settings.site_rows.values()
    tested, _ = predictions.read(job.paths("predictions")[f"joint/{row}"])
    truth = tested[tested["part"] == "test"].groupby("scan_id")["label"].first()
    calls = pd.DataFrame(
        [
            {"scan_id": scan, "reader": reader, "years": years, "called": int(called)}
            for scan, label in truth.items()
            for reader, years, called in ((1, 18, label), (2, 9, 1 - label), (3, None, 1))
        ]
    )
    calls.to_csv(root / "readers.csv", index=False)
    job = dataclasses.replace(job, inputs={**job.inputs, "readers": {row: root / "readers.csv"}})
    folder = root / "figures"
    folder.mkdir()
    names = Readers().draw(Given(job, settings), folder)
    with (folder / f"{names[0]}.csv").open() as file:
        return folder, names, list(csv.DictReader(file))


def value(lines: list[dict[str, str]], who: str, quantity: str, arm: str = "joint") -> str:
    (line,) = (
        line
        for line in lines
        if (line["arm"], line["who"], line["quantity"]) == (arm, who, quantity)
        and line["class"] == "COVID-19 positive"
    )
    return line["value"]


def test_only_a_site_with_readers_is_drawn(drawn: tuple) -> None:
    folder, names, _ = drawn
    assert names == ["readers_site-a"]
    assert {path.name for path in folder.iterdir()} == {
        f"readers_site-a.{suffix}" for suffix in ("png", "svg", "csv")
    }


def test_the_numbers_are_those_of_the_calls(drawn: tuple) -> None:
    _, _, lines = drawn
    assert [*lines[0]] == [*COLUMNS]
    assert [value(lines, "reader 1", name) for name in ("sensitivity", "specificity")] == [
        "1.0"
    ] * 2
    assert [value(lines, "reader 2", name) for name in ("sensitivity", "specificity")] == [
        "0.0"
    ] * 2
    assert value(lines, "reader 3", "sensitivity") == "1.0"
    assert value(lines, "reader 3", "specificity") == "0.0"
    # two of three call each positive scan positive, and each negative one
    assert value(lines, "vote", "sensitivity") == "1.0"
    assert value(lines, "vote", "specificity") == "0.0"
    assert float(value(lines, "mean reader", "sensitivity")) == pytest.approx(2 / 3)
    for arm in ARMS:
        model = float(value(lines, "model", "sensitivity", arm))
        difference = float(value(lines, "mean reader minus model", "sensitivity", arm))
        assert difference == pytest.approx(2 / 3 - model)


def test_the_picture_names_models_readers_and_vote(
    drawn: tuple, svg_texts: Callable[[Path], list[str]]
) -> None:
    folder, names, _ = drawn
    texts = " ".join(svg_texts(folder / f"{names[0]}.svg"))
    assert "3 readers called the same" in texts
    for word in ("Readers and models at", "mean reader", "majority vote", "SYNTHETIC DATA"):
        assert word in texts

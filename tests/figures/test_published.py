from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace

from elsewhere.design.job import Job
from elsewhere.figures.compared import COLUMNS, NO_ARM
from elsewhere.figures.published import Published
from elsewhere.figures.results import Results
from elsewhere.steps.figure import Settings


def _written(job: Job) -> list[dict[str, str]]:
    path = job.outputs["figures"] / "published.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    return rows


def test_what_cannot_be_compared_says_why(
    drawn_absent: Job, compared: tuple[Job, Settings]
) -> None:
    absent = [row for row in _written(drawn_absent) if row["requirement"] == "D-29"]
    assert {row["ours"] for row in absent} == {"not run"}
    other = [row for row in _written(compared[0]) if row["comment"] == NO_ARM]
    assert not any(row["ours"] for row in other)
    here = {"D-20", "D-22", "D-26", "D-27", "D-29", "D-31", "D-35", "D-36"}
    assert {row["requirement"] for row in other} == {f"D-{n}" for n in range(19, 37)} - here


def test_of_several_classes_the_notes_are_those_of_each(nguyen: Results, tmp_path: Path) -> None:
    """The cells of a study of classes hold a status for each class, and none for all."""
    row = dict.fromkeys(COLUMNS, "a word")
    given = SimpleNamespace(beside=[row], each={"COVID-19": nguyen, "healthy": None}, results=None)
    assert Published().draw(given, tmp_path) == ["published"]
    assert (tmp_path / "published.png").is_file()

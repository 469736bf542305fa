"""confusion_classes: every matrix and every class is there, and what a site lacks is said."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from elsewhere.design.scoring import Scoring
from elsewhere.figures import confusion_classes
from elsewhere.figures.results import Column, Named, Results, Row
from elsewhere.scores.cell import Predicted, assemble
from elsewhere.scores.classes import assemble as together

NAMES = ("healthy", "COVID-19", "bacterial")
# calls of each true class, at a site with all of them, at one without bacterial, and nowhere
COUNTS = {"all": [[4, 1, 0], [0, 3, 1], [1, 0, 5]], "two": [[2, 0, 0], [1, 3, 0]], "gone": []}
ABOUT = {"patient_key": "published", "findings": ";".join(NAMES), "exclusive": "yes"}
SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=50, seed=0)


def predicted(counts: list[list[int]]) -> Predicted:
    """Predictions that give these counts by argmax; without any, of a cell that was not run."""
    called = [
        (truth, call)
        for truth, row in enumerate(counts)
        for call, count in enumerate(row)
        for _ in range(count)
    ]
    rows = [
        {"scan_id": f"s{n:02d}", "patient_id": f"p{n:02d}", "finding": name, "fold": 0, "seed": 0,
         "label": int(truth == k), "part": "test", "probability_1": 0.6 if call == k else 0.2,
         "mc_probability": []}
        for n, (truth, call) in enumerate(called)
        for k, name in enumerate(NAMES)
    ]  # fmt: skip
    status = {"status": "ok"} if rows else {"status": "not run", "reason": "no data here"}
    columns = ["scan_id", "patient_id", "finding", "fold", "seed", "label", "part"]
    frame = pd.DataFrame(rows, columns=[*columns, "probability_1", "mc_probability"])
    return Predicted(frame, {**ABOUT, **status})


def cell(site: str, name: str | None) -> dict[str, Any]:
    whole = predicted(COUNTS[site])
    about = {"study": "s", "arm": "a", "site": site, "training_sites": ["all"]}
    if name is None:
        return {**about, **together(whole, scoring=SCORING)}
    of_class = Predicted(whole.frame[whole.frame["finding"] == name], whole.metadata)
    return about | assemble(of_class, training={site: of_class}, names=about, scoring=SCORING)


def results(name: str | None) -> Results:
    columns = tuple(
        Column(site, site, site.upper(), synthetic=True, available=True) for site in COUNTS
    )
    cells = {("a", site): cell(site, name) for site in COUNTS}
    named = Named("s", "Study", NAMES, 0.95, threshold_from="argmax", finding=name or "")
    return Results(named, (Row("a", "Arm A", ("all",)),), columns, cells)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classes")
    confusion_classes.draw(results(None), folder)
    each = {name: results(name) for name in NAMES}
    confusion_classes.draw_table(results(None), each, folder)
    return folder


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_csv_has_every_count(drawn: Path) -> None:
    rows = rows_of(drawn / "confusion_classes.csv")
    assert [int(row["scans"]) for row in rows if row["site"] == "all"] == [
        4,
        1,
        0,
        0,
        3,
        1,
        1,
        0,
        5,
    ]
    assert [row["share"] for row in rows if row["site"] == "two"][-3:] == ["", "", ""]
    (absent,) = [row for row in rows if row["site"] == "gone"]
    assert (absent["status"], absent["reason"], absent["scans"]) == ("not run", "no data here", "")


def test_matrices_show_shares_of_each_true_class(
    drawn: Path, svg_texts: Callable[[Path], list[str]]
) -> None:
    shown = svg_texts(drawn / "confusion_classes.svg")
    assert {"0.80", "0.75", "0.83"} <= {*shown}
    assert shown.count("no such scans") == 1
    assert shown.count("not run") == 1
    assert "balanced undefined" in shown
    assert any(text.startswith("acc 0.80 (") for text in shown), "12 of 15"
    assert any("1: healthy; 2: COVID-19; 3: bacterial" in text for text in shown)


def test_each_class_has_its_sensitivity_and_specificity(drawn: Path) -> None:
    rows = rows_of(drawn / "by_class.csv")
    assert len(rows) == 3 * 3
    covid = next(row for row in rows if (row["site"], row["class"]) == ("all", "COVID-19"))
    assert float(covid["sensitivity"]) == pytest.approx(3 / 4)
    assert float(covid["specificity"]) == pytest.approx(10 / 11)
    lacking = next(row for row in rows if (row["site"], row["class"]) == ("two", "bacterial"))
    assert (lacking["scans"], lacking["sensitivity"], lacking["auc"]) == ("0", "", "")
    assert "no test scan is positive" in lacking["reason"]


def test_the_table_says_what_is_undefined(
    drawn: Path, svg_texts: Callable[[Path], list[str]]
) -> None:
    shown = svg_texts(drawn / "by_class.svg")
    assert shown.count("undefined") == 2, "sensitivity and AUC of a class that is missing"
    assert shown.count("not run") == 9
    assert {"Arm A", "ALL", "TWO", "GONE"} <= {*shown}

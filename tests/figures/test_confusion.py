from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from elsewhere.design.job import Job
from elsewhere.figures import confusion
from elsewhere.figures.results import Results

Texts = Callable[[Path], list[str]]


def test_shares_are_those_of_the_counts(nguyen: Results, tmp_path: Path, svg_texts: Texts) -> None:
    names = confusion.draw(nguyen, tmp_path, averages_without=("mosmed",))
    assert names == ["confusion_single_site", "confusion_multi_site"]
    shown = svg_texts(tmp_path / "confusion_single_site.svg")
    row, column = nguyen.rows[0], nguyen.columns[0]
    counts = nguyen.cell(row, column)["pooled"]["confusion"]
    negative, positive = counts["tn"] + counts["fp"], counts["tp"] + counts["fn"]
    wanted = [
        counts["tn"] / negative,
        counts["fp"] / negative,
        counts["fn"] / positive,
        counts["tp"] / positive,
    ]
    first = shown.index("UTSW", 1)
    assert [f"{share:.2f}" for share in wanted] == shown[first + 1 : first + 5]


def test_threshold_stands_below_every_site(drawn: Job, svg_texts: Texts) -> None:
    folder = drawn.outputs["figures"]
    single = svg_texts(folder / "confusion_single_site.svg")
    multi = svg_texts(folder / "confusion_multi_site.svg")
    for shown, arms in ((single, ("utsw", "covid-ctset")), (multi, ("utsw_covid-ctset",))):
        for arm in arms:
            cells = [
                path for key, path in drawn.paths("metrics").items() if key.startswith(f"{arm}/")
            ]
            thresholds = [json.loads(path.read_text())["pooled"]["threshold"] for path in cells]
            assert len(thresholds) == 4 + 1  # also all sites combined
            for threshold in thresholds:
                assert f"t = {threshold:.2f}" in shown
    assert single.count("no negative scans") == 2


def test_averages_are_drawn_with_and_without(drawn: Job, svg_texts: Texts) -> None:
    shown = svg_texts(drawn.outputs["figures"] / "confusion_single_site.svg")
    assert [text for text in shown if text in ("Average", "Combined")] == [
        "Average",
        "Average",
        "Combined",
    ]
    assert "without MosMedData" in shown


def test_an_arm_that_was_not_run_has_no_shares(drawn_absent: Job, svg_texts: Texts) -> None:
    shown = svg_texts(drawn_absent.outputs["figures"] / "confusion_multi_site.svg")
    # three arms train on both sites: a panel a site, and two averages
    assert shown.count("not run") == 3 * (2 + 2)
    assert not any(text.startswith("t =") for text in shown)

"""finding_cells: extracts the numbers of each finding, or class, from cells of several."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from elsewhere.design.findings import Findings
from elsewhere.design.paths import INTERNAL
from elsewhere.design.second_stage import SecondStage
from elsewhere.figures.results import Metrics, Results


def split(results: Results, findings: Findings) -> dict[str, Results]:
    """Return the results of each finding, in the order of the study.

    Parameters
    ----------
    results
        Whose cells hold ``findings``.
    findings
        Of the study.
    """
    rules = dict(zip(findings.labels, _rules(findings), strict=True))
    return {
        name: _of_one(results, name, title=finding.title, rule=rules[name])
        for name, finding in findings.labels.items()
    }


def split_classes(results: Results, classes: Iterable[str]) -> dict[str, Results]:
    """Return the results of each class against the rest, in the order of the study (C-31)."""
    rule = "this class against the rest"
    return {name: _of_one(results, name, title=name, rule=rule) for name in classes}


def _of_one(results: Results, name: str, *, title: str, rule: str) -> Results:
    """Return the results of one finding or class; the rule says how its labels were made."""
    cells = {
        key: {**of_finding(cell, name), "label_policy": rule} for key, cell in results.cells.items()
    }
    return replace(results, named=replace(results.named, finding=title), cells=cells)


def of_finding(cell: Mapping[str, Any], finding: str) -> Metrics:
    """Return the numbers of one finding or class, in the shape of a cell of one label."""
    about = {key: value for key, value in cell.items() if key not in ("findings", "classes")}
    return {**about, **cell["findings"][finding], "finding": finding}


def internal(
    paths: Mapping[str, Path], arms: Iterable[str], findings: Iterable[str]
) -> dict[str, dict[str, Metrics]]:
    """Return, by finding and arm, the numbers on the arm's training sites together (B-28)."""
    cells = {
        arm: json.loads(paths[f"{arm}/{INTERNAL}"].read_text(encoding="utf-8")) for arm in arms
    }
    return {name: {arm: of_finding(cell, name) for arm, cell in cells.items()} for name in findings}


def class_policy(classes: Iterable[str]) -> tuple[str, ...]:
    """Return the footnote of every result of more than two classes."""
    return (
        f"A scan has one of the classes {_list(classes)}. Results of one class are those of this "
        "class against the rest: positive scans are of this class.",
    )


def stage_policy(stage: SecondStage | None) -> tuple[str, ...]:
    """Return the footnote of every result of a second stage (C-16)."""
    if stage is None:
        return ()
    return (
        f"Second stage: of the test scans those are scored that arm {stage.arm} of the study "
        f"{stage.study} calls {stage.called}; both studies have the same parts.",
    )


def policy(findings: Findings | None) -> tuple[str, ...]:
    """Return the footnote of every result (B-17, B-18, B-23): how findings became labels."""
    if findings is None:
        return ()
    parts = []
    for treated in ("positive", "negative", "ignore"):
        titles = [label.title for label in findings.labels.values() if label.uncertain == treated]
        if titles:
            parts.append(f"{'left out' if treated == 'ignore' else treated} for {_list(titles)}")
    blank = "left out" if findings.blank == "ignore" else findings.blank
    return (
        f"Labels: an uncertain mention counts as {'; '.join(parts)}; no mention counts as {blank}; "
        f"views: {_list(findings.views)}. A finding that a site does not annotate has no label.",
    )


def _rules(findings: Findings) -> list[str]:
    """Return the rule of each finding in short, as in a row of matrix.csv."""
    rest = f"blank={findings.blank};views={'+'.join(findings.views)}"
    return [f"uncertain={label.uncertain};{rest}" for label in findings.labels.values()]


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)

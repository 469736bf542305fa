"""scan_calls: what every arm of a study says of one scan, and what the study knows of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from elsewhere.design import paths
from elsewhere.figures import words
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Row
from elsewhere.files import texts
from elsewhere.pages import calls
from elsewhere.pages.matrix import by_finding
from elsewhere.pages.results import NotThere, Results
from elsewhere.scores.matrix import TOGETHER
from elsewhere.scores.thresholds import OF_ARGMAX

PARTS = {"train": "training", "validation": "validation", "test": "test"}
TRUTHS = {0: "absent", 1: "present"}


@dataclass(frozen=True)
class Said:
    """What one arm says of a scan.

    Attributes
    ----------
    arm, label
        Its name, and its name in figures.
    trained
        Titles of its training sites.
    here
        Whether it learnt from other patients of this site.
    why
        Why it says nothing; else empty, and `call` is a row of `calls.Calls.scans`.
    threshold
        Least and largest of the models that were tested on it; None: the most probable class is
        called.
    area
        AUC of its cell with the interval, or in words why it has none.
    """

    arm: str
    label: str
    trained: tuple[str, ...] = ()
    here: bool = False
    why: str = ""
    call: Mapping[str, Any] | None = None
    threshold: tuple[float, float] | None = None
    area: str = ""


@dataclass(frozen=True)
class Asked:
    """A scan of a study, and the finding or class that a person looks at.

    Attributes
    ----------
    results, given
        The artefacts, and what the figures of the study are given.
    column
        Its site.
    scan
        Its key.
    finding
        As in `calls.read`.
    """

    results: Results
    given: Given
    column: Column
    scan: str
    finding: str

    @property
    def study(self) -> str:
        """Name of the study."""
        return self.given.job.wildcards["study"]

    @cached_property
    def split(self) -> pd.DataFrame:
        """The rows of the scan in the split of its site: one a fold, or none."""
        path = self.results.root / paths.split(self.study, self.column.row)

        def read() -> pd.DataFrame:
            if not path.is_file():
                raise NotThere("This site is not split yet.")
            return pd.read_csv(path, converters=texts("scan_id", "patient_id"))

        table = self.results.kept.of(("split", path), [path], read)
        return table[table["scan_id"] == self.scan]

    @property
    def parts(self) -> str:
        """In which part of the study the scan is."""
        folds = self.split.groupby("part", sort=False)["fold"].agg(list)
        if folds.empty:
            return "not used by this study"
        if len(folds) == 1:
            return PARTS[folds.index[0]]
        return ", ".join(
            f"{PARTS[str(part)]} (fold {', '.join(map(str, of_part))})"
            for part, of_part in folds.items()
        )

    @property
    def truth(self) -> dict[str, str]:
        """What the study takes for true: the class, or the state of each of its findings."""
        if self.split.empty:
            return {}
        row, findings = self.split.iloc[0], self.given.settings.findings
        if findings is None:
            return {"True class": self.given.settings.classes[int(row["label"])]}
        return {
            label.title: "not known" if pd.isna(row[name]) else TRUTHS[int(row[name])]
            for name, label in findings.labels.items()
            if name in row
        }

    def said(self) -> Iterator[Said]:
        """Yield what each arm says, in the order of the matrix; then arms without scores."""
        for row in by_finding(self.given)[self.finding].rows:
            yield self._of_arm(row)
        for name, arm in self.results.params.studies[self.study].arms.items():
            if name not in self.given.settings.arms:
                yield Said(name, arm.title or name, why="Its cells are not scored yet.")

    def _of_arm(self, row: Row) -> Said:
        results = by_finding(self.given)[self.finding]
        cell = results.cell(row, self.column)
        about: dict[str, Any] = {
            "trained": tuple(one.title for one in results.columns if results.own(row, one)),
            "here": results.own(row, self.column),
            "area": words.area(cell),
        }
        at = row.name, self.column.row
        try:
            listed = calls.read(self.results, self.given, at=at, finding=self.finding)
        except NotThere as error:
            return Said(row.name, row.label, why=str(error), **about)
        found = listed.scans[listed.scans["scan_id"] == self.scan]
        if found.empty:
            return Said(row.name, row.label, why=self._why(), **about)
        call = {str(name): value for name, value in found.iloc[0].items()}
        folds = {*self.split.loc[self.split["part"] == "test", "fold"]}
        several = bool(self.given.exclusive)
        limits = None if self.finding == TOGETHER else _limits(cell, folds, several=several)
        return Said(row.name, row.label, call=call, threshold=limits, **about)

    def _why(self) -> str:
        """Say why a scan has no call."""
        if self.split.empty:
            return "The study does not use this scan."
        if "test" not in set(self.split["part"]):
            return f"The scan is in the {self.parts} part; only test scans are called."
        if self.finding in self.split and self.split[self.finding].isna().all():
            return "It is not known whether the scan has this finding, so that nothing was scored."
        return "No model of this arm was tested on this scan."


def _limits(
    cell: Mapping[str, Any], folds: Collection[int], *, several: bool
) -> tuple[float, float] | None:
    """Return the least and the largest threshold of the runs of a cell in some folds.

    Without a threshold the most probable class is called: of two classes that is one of one half
    or more, of several it may be less.
    """
    found = [run["threshold"] for run in cell.get("runs") or () if run["fold"] in folds]
    if not found or (several and None in found):
        return None
    limits = [OF_ARGMAX.value if one is None else float(one) for one in found]
    return min(limits), max(limits)

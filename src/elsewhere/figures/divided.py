"""divided: manifests and splits of a study's sites, for figures of cohorts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from elsewhere.figures.results import Column

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Divided:
    """Manifest and split of every site.

    Attributes
    ----------
    columns
        The sites, in the order of the study.
    manifests, splits
        Row of the site to its manifest, and to the rows of its split.csv.
    labels
        Columns of the splits that hold labels, to their names in figures: the study's findings,
        or ``label``.
    policy
        Footnote on how labels were made of findings; empty where scans have one label.
    what
        What the labels are: findings, or classes of which a scan has one.

    Raises
    ------
    ValueError
        If a split has no column of a label.
    """

    columns: tuple[Column, ...]
    manifests: Mapping[str, pd.DataFrame]
    splits: Mapping[str, pd.DataFrame]
    labels: Mapping[str, str]
    policy: tuple[str, ...] = ()
    what: str = "finding"

    def __post_init__(self) -> None:
        for column in self.columns:
            names = [*self.splits[column.row]]
            missing = [name for name in self.labels if name not in names]
            if missing:
                raise ValueError(
                    f"the split of {column.row} has no column {', '.join(missing)}; expected one "
                    f"of each label of the study, got {', '.join(names)}"
                )

    @property
    def synthetic(self) -> bool:
        """Whether any site is synthetic."""
        return any(column.synthetic for column in self.columns)

    @property
    def folds(self) -> int:
        """Most folds of a site."""
        return max((split["fold"].nunique() for split in self.splits.values()), default=0)

    @property
    def notes(self) -> tuple[str, ...]:
        """Footnotes on the labels, and on sites whose images count as patients."""
        starred = [column.title for column in self.columns if self.image_level(column)]
        if not starred:
            return self.policy
        return (
            *self.policy,
            f"* {', '.join(starred)}: no patient keys published; every image counts as a patient.",
        )

    @property
    def notes_of_parts(self) -> tuple[str, ...]:
        """These footnotes, and before them which fold is shown."""
        if self.folds < 2:
            return self.notes
        over_all = (
            "all folds test the same patients, and each other patient is validated once"
            if all(map(_tests_the_same, self.splits.values()))
            else "over all folds each patient is tested once"
        )
        return (f"Parts: the first of {self.folds} folds; {over_all}.", *self.notes)

    def image_level(self, column: Column) -> bool:
        """Whether the site publishes no patient keys."""
        return bool((self.manifests[column.row]["patient_key"] == "none").any())

    def heading(self, column: Column) -> str:
        """Return the title of a site, with a star when images count as patients."""
        return column.title + (" *" if self.image_level(column) else "")

    def used(self, column: Column) -> pd.DataFrame:
        """Return the manifest rows of the scans in the split."""
        scans = self.manifests[column.row]
        return scans[scans["scan_id"].isin(set(self.splits[column.row]["scan_id"]))]

    def left_out(self, column: Column) -> pd.DataFrame:
        """Return the manifest rows of the scans that are in no part."""
        scans = self.manifests[column.row]
        return scans[~scans["scan_id"].isin(set(self.splits[column.row]["scan_id"]))]

    def parts(self, column: Column) -> dict[str, pd.DataFrame]:
        """Return the split rows of each part that has any, of the first fold."""
        split = self.splits[column.row]
        first = split[split["fold"] == split["fold"].min()]
        by_part = {part: first[first["part"] == part] for part in PARTS}
        return {part: rows for part, rows in by_part.items() if len(rows)}


def _tests_the_same(split: pd.DataFrame) -> bool:
    """Whether all folds test the same patients (C-07)."""
    tested = split[split["part"] == "test"].groupby("fold")["patient_id"].agg(frozenset)
    return tested.nunique() <= 1 and len(tested) == split["fold"].nunique()


def marks(column: Column) -> dict[str, Any]:
    """Return the columns about the site that every line of a CSV has."""
    return {
        "site": column.name,
        "title": column.title,
        "synthetic": "yes" if column.synthetic else "no",
    }

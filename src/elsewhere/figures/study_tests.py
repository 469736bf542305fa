"""study_tests: the confirmatory tests of a study: its audit and its declared comparisons."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from elsewhere.figures.arm_pairs import Rows, pairs
from elsewhere.scores import arms
from elsewhere.scores.arms import Pair

if TYPE_CHECKING:  # which imports this module
    from elsewhere.figures.given import Given

COMPARISONS = "comparisons"  # the figure that needs every pair


class StudyTests(NamedTuple):
    """Tests whose p is adjusted together.

    Attributes
    ----------
    audit
        audit.json, of whose answers ``p_holm``, ``family`` and ``kind`` are those of the study.
    compared
        Class (empty where there are not more than two) to its rows of `arms.COLUMNS`.
    """

    audit: Mapping[str, Any]
    compared: Mapping[str, Rows]


def made(given: Given) -> StudyTests:
    """Make every declared comparison, and adjust its p and those of the audit.

    In audit.json p is adjusted over the audit alone: no arm was trained then. Comparisons that the
    study has no figure of are not made, and not counted.
    """
    audit = read_json(given.job.path("audit"))
    drawn = COMPARISONS in given.job.members["figures"]
    found = {name: _pairs(given, name) if drawn else [] for name in given.each}
    rows = arms.compare(
        [pair for of_class in found.values() for pair in of_class],
        confidence=given.results.named.confidence,
        measures=tuple(given.results.compared),
    )
    rows, answers = arms.adjusted(rows, audit=audit["shortcuts"], over=given.settings.family)
    return StudyTests({**audit, "shortcuts": answers}, _by_class(rows, found))


def read_json(path: Path) -> Any:
    """Return what a JSON file holds."""
    return json.loads(path.read_text(encoding="utf-8"))


def _by_class(rows: Rows, found: Mapping[str, Sequence[Pair]]) -> dict[str, Rows]:
    size = len(rows) // max(1, sum(map(len, found.values())))  # rows of a pair
    by_class, start = {}, 0
    for name, of_class in found.items():
        by_class[name] = rows[start : start + size * len(of_class)]
        start += size * len(of_class)
    return by_class


def _pairs(given: Given, name: str) -> list[Pair]:
    """Return the pairs to compare, of one of more than two classes against the rest."""
    chosen = given.settings.comparisons
    compared = {arm for row in chosen for arm in (row.arm, *row.against)}
    keys = [key for key in given.cell_keys if key.split("/")[0] in compared]
    predicted = {
        key: given.tested(key, name) if given.exclusive else given.predicted(key) for key in keys
    }
    return pairs(given.each[name], chosen, predicted=predicted, gates=given.gates)

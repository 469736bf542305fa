"""opening: the first page of a report, which a clinician reads in a minute."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from elsewhere.figures import words
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Results
from elsewhere.scores import gate_notices
from elsewhere.scores.attention import FEW

BRACKETS = re.compile(r" \([^()]*\)")  # numbers and names that stand in the whole notice
MOST = 3  # things to distrust; all of them follow under "What needs attention"
Notice = dict[str, str]


def page(
    given: Given, answer: Sequence[dict[str, str]], notices: Sequence[Notice]
) -> dict[str, Any]:
    """Return what the first page shows.

    Parameters
    ----------
    given
        Results of the study.
    answer
        The headline numbers, as from `report.answer`.
    notices
        What needs attention, the most serious first, as from `report.noticed`.
    """
    results = next(iter(given.each.values()))  # of several findings or classes, of the first
    share = len(_asked(given)) == 1  # of several it would be that of the first alone
    sites = [_site(results, column, share=share) for column in results.columns]
    return {
        "question": question(given),
        "sites": sites,
        "shares": any(site["positive"] for site in sites),
        "classes": _asked(given),
        "answer": answer,
        "distrust": distrusted(notices),
        "more": max(0, len(notices) - MOST),
        "marks": marks(given),
    }


def question(given: Given) -> str:
    """Ask in one sentence what the study asks."""
    results = given.results
    what, rest = " or ".join(_asked(given)), "none" if given.settings.findings else None
    return (
        f"Does a model that tells {what} from {rest or results.named.classes[0]} in one hospital "
        f"do so in another? {len(results.rows)} ways of training, each tested on the same patients "
        f"of {len(results.columns)} sites."
    )


def _asked(given: Given) -> tuple[str, ...]:
    """Return what is looked for: the findings, or every class but the first."""
    findings = given.settings.findings
    if findings is not None:
        return tuple(row.title for row in findings.labels.values())
    return given.settings.classes[1:]


def distrusted(notices: Sequence[Notice]) -> list[Notice]:
    """Return the most serious notices in short, of each place in the report one before a second."""
    first: dict[str, Notice] = {}
    for notice in notices:
        first.setdefault(notice["href"], notice)
    chosen = [*first.values()]
    rest = [notice for notice in notices if notice not in chosen]
    shown = [*chosen, *rest][:MOST]
    kept = [notice for notice in notices if notice in shown]
    return [{**notice, "text": BRACKETS.sub("", notice["text"])} for notice in kept]


def marks(given: Given) -> list[str]:
    """Return what a reader must see before any number: synthetic, optimistic, few, post hoc."""
    results = given.results
    return [mark for mark in (
        _synthetic(results), _optimistic(given), _few(given), _post_hoc(given)
    ) if mark]  # fmt: skip


def _synthetic(results: Results) -> str:
    made = [column.title for column in results.columns if column.synthetic]
    if not made:
        return ""
    what = "Nothing here is" if len(made) == len(results.columns) else "Their numbers are not"
    return f"Synthetic: {', '.join(made)}. {what} about patients."


def _optimistic(given: Given) -> str:
    arms = given.settings.arms
    chosen = [row.label for row in given.results.rows if arms[row.name].selection == "test"]
    threshold = given.settings.scoring.threshold_from == "test_site"
    arms_chosen = "1 arm" if len(chosen) == 1 else f"{len(chosen)} arms"
    said = [f"weights of {arms_chosen} were chosen on test scans"] if chosen else []
    said += ["thresholds were chosen at the test site"] if threshold else []
    return f"Optimistic: {'; '.join(said)}." if said else ""


def _few(given: Given) -> str:
    titles = {column.row: column.title for column in given.results.columns}
    least = {titles[row]: _least(gate) for row, gate in given.gates.items()}
    few = [f"{title} ({count})" for title, count in least.items() if count and count < FEW]
    if not few:
        return ""
    return (
        f"Few: fewer than {FEW} patients of a class in a test part at {', '.join(few)}; intervals "
        "are wide."
    )


def _least(gate: Mapping[str, Any]) -> int:
    """Return the patients of the smallest class of a test part that has any; 0: no such part."""
    counts = gate_notices.patients(gate).items()
    tested = [n for (_, part, _), by_label in counts if part == "test" for n in by_label.values()]
    return min((count for count in tested if count), default=0)


def _post_hoc(given: Given) -> str:
    declared = len(given.settings.comparisons)
    tests = "" if declared else ", and no test between models was declared"
    return (
        "Post hoc: no file here shows that settings were fixed before results were seen"
        f"{tests}. Take what no protocol names for exploratory."
    )


def _site(results: Results, column: Column, *, share: bool) -> dict[str, str]:
    """Return the row of a site: patients before scans, and how many scans are positive."""
    cell = results.column(column)
    pooled = cell.get("pooled") or {}
    positive, scans = pooled.get("n_positive"), pooled.get("n_scans")
    counted = f"{positive:,} of {scans:,} scans ({positive / scans:.0%})" if scans else ""
    notes = ["synthetic"] if column.synthetic else []
    notes += ["no patient keys"] if results.image_level(column) else []
    notes += [] if results.trained_on(column) else ["no model was trained here"]
    return {
        **{"title": column.title, "tested": words.tested(cell)},
        **{"positive": counted if share else "", "notes": ", ".join(notes)},
    }

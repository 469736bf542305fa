"""opening: the first page of a report, which a clinician reads in a minute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from elsewhere.figures import words
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Metrics, Results
from elsewhere.scores.attention import FEW

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
    results = given.results
    return {
        "question": question(results),
        "sites": [_site(results, column) for column in results.columns],
        "classes": results.named.classes[1:],
        "answer": answer,
        "distrust": distrusted(notices),
        "more": max(0, len(notices) - MOST),
        "marks": marks(given),
    }


def question(results: Results) -> str:
    """Ask in one sentence what the study asks."""
    arms, sites = len(results.rows), len(results.columns)
    what = " or ".join(results.named.classes[1:])
    return (
        f"Does a model that tells {what} from {results.named.classes[0]} in one hospital do so in "
        f"another? {arms} ways of training, each tested on the same patients of {sites} sites."
    )


def distrusted(notices: Sequence[Notice]) -> list[Notice]:
    """Return the most serious notices, of each place in the report one before a second."""
    first: dict[str, Notice] = {}
    for notice in notices:
        first.setdefault(notice["href"], notice)
    chosen = [*first.values()]
    rest = [notice for notice in notices if notice not in chosen]
    shown = [*chosen, *rest][:MOST]
    return [notice for notice in notices if notice in shown]


def marks(given: Given) -> list[str]:
    """Return what a reader must see before any number: synthetic, optimistic, few, post hoc."""
    results = given.results
    return [mark for mark in (
        _synthetic(results), _optimistic(given), _few(results), _post_hoc(given)
    ) if mark]  # fmt: skip


def _synthetic(results: Results) -> str:
    made = [column.title for column in results.columns if column.synthetic]
    if not made:
        return ""
    return f"Synthetic: {', '.join(made)}. Nothing here is about patients."


def _optimistic(given: Given) -> str:
    arms = given.settings.arms
    chosen = [row.label for row in given.results.rows if arms[row.name].selection == "test"]
    threshold = given.settings.scoring.threshold_from == "test_site"
    said = [f"weights of {len(chosen)} arms were chosen on test scans"] if chosen else []
    said += ["thresholds were chosen at the test site"] if threshold else []
    return f"Optimistic: {'; '.join(said)}." if said else ""


def _few(results: Results) -> str:
    few = [
        f"{column.title} ({least})"
        for column in results.columns
        if (least := _least(results.column(column))) is not None and least < FEW
    ]
    if not few:
        return ""
    return f"Few: fewer than {FEW} tested scans of a class at {', '.join(few)}; intervals are wide."


def _least(cell: Metrics) -> int | None:
    """Return the number of test scans of the smaller of the classes that a site has."""
    pooled = cell.get("pooled") or {}
    positive, scans = pooled.get("n_positive"), pooled.get("n_scans")
    if positive is None or not scans:
        return None
    return min(count for count in (positive, scans - positive) if count)


def _post_hoc(given: Given) -> str:
    declared = len(given.settings.comparisons)
    tests = "" if declared else ", and no test between models was declared"
    return (
        "Post hoc: no file here shows that settings were fixed before results were seen"
        f"{tests}. Take what no protocol names for exploratory."
    )


def _site(results: Results, column: Column) -> dict[str, str]:
    """Return the row of a site: patients before scans, and how many are positive."""
    cell = results.column(column)
    pooled = cell.get("pooled") or {}
    positive, scans = pooled.get("n_positive"), pooled.get("n_scans")
    share = f"{positive:,} of {scans:,} scans ({positive / scans:.0%})" if scans else ""
    notes = ["synthetic"] if column.synthetic else []
    notes += ["no patient keys"] if results.image_level(column) else []
    notes += [] if results.trained_on(column) else ["no model was trained here"]
    return {
        **{"title": column.title, "tested": words.tested(cell)},
        **{"positive": share if positive is not None else "", "notes": ", ".join(notes)},
    }

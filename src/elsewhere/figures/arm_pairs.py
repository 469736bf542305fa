"""arm_pairs: pairs arms for comparison at each site, and puts published p-values beside ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from elsewhere.design.comparisons import Comparisons
from elsewhere.figures.results import Results
from elsewhere.scores import arms
from elsewhere.scores.arms import PAIRED, Pair
from elsewhere.scores.cell import Predicted

Rows = Sequence[Mapping[str, Any]]


def pairs(
    results: Results,
    chosen: Sequence[Comparisons],
    *,
    predicted: Mapping[str, Predicted],
    gates: Mapping[str, Mapping[str, Any]],
) -> list[Pair]:
    """Return the pairs of arms at each site on which both were trained, or neither.

    If only one of them was trained on the site, their difference is not due to the method.

    Parameters
    ----------
    predicted
        "<arm>/<row of the test site>" to predictions.
    gates
        Row of a site to its gate.json.
    """
    rows = {row.name: row for row in results.rows}
    both = [(rows[row.arm], rows[against]) for row in chosen for against in row.against]
    compared = []
    for column in results.columns:
        ratio = arms.scans_ratio(gates[column.row])
        for arm, against in both:
            if results.own(arm, column) == results.own(against, column):
                keys = [f"{row.name}/{column.row}" for row in (arm, against)]
                pair = Pair(
                    names=(column.name, arm.name, against.name),
                    cells=(results.cell(arm, column), results.cell(against, column)),
                    scans=(predicted[keys[0]], predicted[keys[1]]),
                    test_to_train=ratio,
                )
                compared.append(pair)
    return compared


def beside(rows: Rows, published: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return the rows of `arms.compare`, those of the paired t-test with the published p.

    [AMB] D-41: the paper gives one p without naming the measure, so it is put beside each of them.
    """
    known = {
        tuple(entry[name] for name in ("site", "arm", "against")): entry for entry in published
    }
    combined = []
    for row in rows:
        key = tuple(row[name] for name in ("site", "arm", "against"))
        entry = known.get(key, {}) if row["test"] == PAIRED else {}
        combined.append(
            {**row, "published_p": entry.get("p", ""), "requirement": entry.get("requirement", "")}
        )
    return combined

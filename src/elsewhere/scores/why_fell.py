"""why_fell: splits what each model loses at a site that it never saw, and says why in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from elsewhere.design.scoring import Scoring
from elsewhere.scores import below_chance, families, operating
from elsewhere.scores.acquisition import ScansWithFields, associations
from elsewhere.scores.attribution import (
    CALIBRATION,
    CASE_MIX,
    PARTS,
    PREVALENCE,
    RANKING,
    THRESHOLD,
    of_accuracy,
    of_auc,
)
from elsewhere.scores.estimates import Estimate, average, difference
from elsewhere.scores.logits import Recalibration
from elsewhere.scores.operating import Place
from elsewhere.scores.resampling import percentile_interval

AUC, ACCURACY, BALANCED = "auc", "accuracy", "balanced_accuracy"
MEASURES = (AUC, ACCURACY, BALANCED)
ENDS = ("", "_low", "_high")
ABOUT = ("arm", "home", "site", "measure")
COLUMNS = (
    *ABOUT,
    *(f"{name}{end}" for name in ("at_home", "elsewhere", "fall", *PARTS) for end in ENDS),
    *("n_validation_home", "n_validation_elsewhere", "words", "status", "reason"),
)
FIELD_COLUMNS = (
    *("arm", "site", "field", "values", "n_patients", "explained", "p", "p_holm", "family"),
    *("kind", "worst", "worst_patients", "status", "reason"),
)
SIGN_COLUMNS = ("arm", "site", "auc", "below_chance", "look_at", "reversed_in", "advice")
SMALL_P = 0.05
NO_CLASSES = "recalibration needs two validation scans of each class at both places"
REVERSED = "the model orders the validation scans of its own sites the wrong way round"
NO_THRESHOLD = "scans are called of the most probable of several classes, at no threshold"
UNSPLIT = "not split"
WORDS = {
    PREVALENCE: "another share of positives",
    CASE_MIX: "patients who are harder to tell apart",
    RANKING: "ranking: the model orders these patients worse than their mix explains",
    THRESHOLD: "the threshold: one chosen here would regain it",
    CALIBRATION: "calibration: an intercept fitted here would regain it",
    UNSPLIT: "what cannot be split",
}


@dataclass(frozen=True)
class Cell:
    """A model at a site that it never saw, and at its own sites.

    Attributes
    ----------
    names
        Arm, and the site.
    home
        The model's own sites that have an AUC, by name.
    there
        The site.
    fields
        Name of a field of acquisition to that of each test scan there, in the order of the scans.
    others
        AUCs there of the other models that never saw the site.
    """

    names: tuple[str, str]
    home: Mapping[str, Place]
    there: Place
    fields: Mapping[str, tuple[str, ...]]
    others: tuple[float, ...] = ()

    @property
    def scored(self) -> ScansWithFields:
        """Its test scans with their acquisition; a scan's score is the mean over its runs."""
        scans = self.there.scans
        return ScansWithFields(
            scans["label"].to_numpy(np.int64),
            scans["score"].to_numpy(np.float64),
            pd.factorize(scans["patient"])[0].astype(np.int64),
            self.fields,
        )


def rows(cell: Cell, *, scoring: Scoring) -> list[dict[str, Any]]:
    """Return a row of `COLUMNS` for each of `MEASURES`: the fall, and the parts that sum to it.

    The fall is the mean over the model's own sites, each with equal weight, minus the number
    elsewhere; its interval is recovered from the limits of the cells (Zou and Donner 2008), which
    are of different patients. Intervals of parts are percentiles of resampled test patients; the
    model, its threshold and its recalibration are taken as given.
    """
    home = [*cell.home.values()]
    fitted = operating.validated(home)
    reason = _obstacle(fitted)
    fitted = None if reason else fitted
    local = operating.validated([cell.there], slope=fitted.slope) if fitted else None
    reason = reason or (NO_CLASSES if local is None else None)
    counted = {
        "n_validation_home": _n_validation(home) if fitted else None,
        "n_validation_elsewhere": _n_validation([cell.there]) if local else None,
    }
    found = []
    for measure in MEASURES:
        names = (cell.names[0], "+".join(cell.home), cell.names[1], measure)
        about: dict[str, Any] = dict(zip(ABOUT, names, strict=True))
        if measure != AUC and not (cell.there.called and all(one.called for one in home)):
            found.append({**about, "status": "undefined", "reason": NO_THRESHOLD})
            continue
        parts = _parts(cell, fitted if local else None, local, measure)
        row = {**about, **counted, **_falls(cell, measure), **_limited(parts, scoring.confidence)}
        found.append({**row, "words": words(row), "status": "ok", "reason": reason})
    return [{name: row.get(name) for name in COLUMNS} for row in found]


def fields(cells: Sequence[Cell], *, seed: int) -> list[dict[str, Any]]:
    """Return rows of `FIELD_COLUMNS`: which fields of acquisition the errors of each cell go with.

    p is adjusted by Holm over all of them.
    """
    found = [
        {**dict(zip(("arm", "site"), cell.names, strict=True)), **row}
        for cell in cells
        for row in associations(cell.scored, seed=seed)
    ]
    adjusted = families.adjusted("errors", [row["p"] for row in found])
    family = families.size(adjusted)
    return [
        {
            name: {
                **row,
                "p_holm": p,
                "family": family,
                "kind": families.FAMILIES["errors"].kind,
                "status": "undefined" if p is None else "ok",
            }.get(name)
            for name in FIELD_COLUMNS
        }
        for row, p in zip(found, adjusted, strict=True)
    ]


def sign(cell: Cell) -> dict[str, Any]:
    """Return a row of `SIGN_COLUMNS`: whether the score is reversed, where, and what to check."""
    area, found = cell.there.cell["pooled"], below_chance.signs(cell.scored)
    verdict = below_chance.check(found, area=area, others=cell.others)
    low = [one.words for one in found if one.auc < below_chance.CHANCE]
    named = dict(zip(("arm", "site"), cell.names, strict=True))
    shown = "; ".join(low) if verdict["look_at"] else None
    return {**named, "auc": area["auc"], **verdict, "reversed_in": shown}


def largest(row: Mapping[str, Any]) -> tuple[str, float] | None:
    """Return the part that costs most, and what it costs; None where nothing is lost."""
    if row["fall"] <= 0:
        return None
    known = {name: row[name] for name in PARTS if row.get(name) is not None}
    rest = row["fall"] - sum(known.values())
    if any(row.get(name) is None for name in PARTS) and rest > max(known.values()):
        return UNSPLIT, rest
    name = max(known, key=lambda part: known[part])
    return name, known[name]


def words(row: Mapping[str, Any]) -> str:
    """Say in a sentence what a row shows, for a reader who knows no statistics."""
    most = largest(row)
    if most is None:
        return "Nothing is lost here."
    sure = row["fall_low"] is not None and row["fall_low"] > 0
    doubt = "" if sure else "A loss is not shown beyond chance. "
    return f"{doubt}Mostly {WORDS[most[0]]} ({most[1]:+.2f} of {row['fall']:+.2f})."


def errors_with(found: Sequence[Mapping[str, Any]]) -> str:
    """Say with which fields the errors of one cell go; as from `fields`, those of the cell."""
    tested = [row for row in found if row["p_holm"] is not None]
    small = [row for row in tested if row["p_holm"] <= SMALL_P]
    if small:
        named = "; ".join(f"{row['field']}, worst {row['worst']}" for row in small)
        return f"Errors go with {named} (adjusted p at most {SMALL_P:g})."
    if not tested:
        return "Errors: no field of acquisition differs among enough patients."
    least = min(tested, key=lambda row: row["p"])
    return f"Errors go with no field beyond chance (smallest p {least['p']:.2g}, {least['field']})."


def _n_validation(places: Sequence[Place]) -> int:
    """Return how many scans a recalibration was fitted to, of several runs each of them."""
    return sum(len(place.validation) for place in places)


def _obstacle(fitted: Recalibration | None) -> str | None:
    if fitted is None:
        return NO_CLASSES
    return REVERSED if fitted.slope <= 0 else None


def _parts(
    cell: Cell, fitted: Recalibration | None, local: Recalibration | None, measure: str
) -> dict[str, Any]:
    home, there = [*cell.home.values()], cell.there
    if measure != AUC:
        at_home = operating.at_home(home, fitted)
        moved = operating.elsewhere(there, fitted, local)
        return of_accuracy(at_home, moved, balanced=measure == BALANCED)
    expected = None
    if fitted and local:
        of_home = [one.concordance(fitted.apply(one.scores)) for one in home]
        expected = (of_home, there.concordance(local.apply(there.scores)))
    return of_auc([one.auc for one in home], there.auc, expected=expected)


def _falls(cell: Cell, measure: str) -> dict[str, float | None]:
    at_home = average([_estimate(one, measure) for one in cell.home.values()])
    there = _estimate(cell.there, measure)
    named = {"at_home": at_home, "elsewhere": there, "fall": difference(at_home, there)}
    return {
        f"{name}{end}": value
        for name, number in named.items()
        for end, value in zip(ENDS, number, strict=True)
    }


def _estimate(one: Place, measure: str) -> Estimate:
    pooled = one.cell["pooled"]
    if measure != BALANCED:
        return Estimate(*(pooled[f"{measure}{end}"] for end in ENDS))
    shares = [
        Estimate(*(pooled[f"{name}{end}"] for end in ENDS))
        for name in ("sensitivity", "specificity")
    ]
    return average(shares)


def _limited(parts: Mapping[str, Any], confidence: float) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for name, values in parts.items():
        several = np.atleast_1d(values) if values is not None else None
        interval = None
        if several is not None and len(several) > 1:
            interval = percentile_interval(several[1:], confidence=confidence)
        ends = (None, None) if interval is None else interval[:2]
        value = None if several is None else float(several[0])
        found |= dict(zip((f"{name}{end}" for end in ENDS), (value, *ends), strict=True))
    return found

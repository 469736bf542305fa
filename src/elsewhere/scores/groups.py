"""groups: how well a model does in groups of patients and scans, and in which worst."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from elsewhere.scores import acquisition
from elsewhere.scores.calibration import separated
from elsewhere.scores.clustered import mean, standard_error, t_interval
from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.intervals import Interval, auc_interval, z_value
from elsewhere.scores.operating import Place
from elsewhere.scores.shares import Hits
from elsewhere.scores.single_models import ModelScans, mean_area

SEX, AGE = "sex", "age"
OF_SCANS = ("scanner", "kernel", "contrast")
BANDS = {"below 40": 40, "40 to 59": 60, "60 to 79": 80, "80 and above": 200}  # years, below
UNKNOWN = "unknown"
FEWEST = 5  # patients of each class that a quantity needs
AUC, SENSITIVITY, CALIBRATION = "auc", "sensitivity", "calibration in the large"
QUANTITIES = (AUC, SENSITIVITY, CALIBRATION)
COLUMNS = (
    *("arm", "site", "field", "group", "quantity", "n_patients", "n_scans", "n_positive"),
    *("value", "low", "high", "difference", "difference_low", "difference_high", "groups"),
    *("worst", "status", "reason"),
)

NO_SPREAD = "no interval: every resample of patients gives the same value"
NO_FIELD = "neither sex, age nor acquisition is known of the test scans"

Mask = NDArray[np.bool_]


def fields(manifest: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return sex, age band and acquisition of each scan by name of the field, in words.

    Parameters
    ----------
    manifest
        Rows of a manifest, one a scan; what is missing is unknown.
    """
    limits = [0, *BANDS.values()]
    ages = pd.cut(manifest["age"].astype(float), limits, right=False, labels=[*BANDS])
    of_scans = acquisition.fields(manifest)
    return {
        SEX: tuple(manifest["sex"].fillna(UNKNOWN).astype(str)),
        AGE: tuple(ages.astype(object).fillna(UNKNOWN).astype(str)),
        **{name: of_scans[name] for name in OF_SCANS},
    }


def measured(place: Place, of: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Return rows of `COLUMNS` without arm and site: each group of a model's test scans.

    ``difference`` is the group minus all other scans of known group of the field. Its interval is
    from the standard deviation over the same resamples of patients, of calibration from the
    variance over patients, and Bonferroni's over the ``groups`` of the quantity in this cell,
    because a reader looks for the worst of all.
    ``calibration in the large`` is the share of positives minus the mean probability: above 0 the
    model says too little. ``worst`` marks the lowest AUC. A quantity needs `FEWEST` patients of
    each class that it is about, in the group and in the others.
    """
    masks = [*_masks(of)]
    if not masks:
        none = {**dict.fromkeys(COLUMNS[2:]), **_counts(place, np.ones(len(place.labels), bool))}
        return [none | {"worst": "no", "status": "undefined", "reason": NO_FIELD}]
    found = [
        (about, quantity, mask, rest, _obstacle(place, quantity, mask, rest))
        for about, mask, rest in masks
        for quantity in QUANTITIES
    ]
    rows = []
    for about, quantity, mask, rest, obstacle in found:
        groups = sum(q == quantity and not why for _, q, _, _, why in found)
        row: dict[str, Any] = {**dict.fromkeys(COLUMNS[2:]), **about, "quantity": quantity}
        row |= _counts(place, mask) | {"groups": groups, "reason": obstacle}
        if obstacle is None:
            row |= _numbers(place, quantity, (mask, rest), groups)
        rows.append(row | {"status": "undefined" if row["reason"] else "ok"})
    areas = [row for row in rows if row["quantity"] == AUC and row["value"] is not None]
    lowest = min(areas, key=lambda row: row["value"], default=None)
    return [row | {"worst": "yes" if row is lowest else "no"} for row in rows]


def worst(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Say which group of a cell has the lowest AUC; None if no group has one.

    Parameters
    ----------
    rows
        As from `measured`, those of one cell.
    """
    for row in rows:
        if row["worst"] == "yes":
            low, high = row["difference_low"], row["difference_high"]
            limits = "" if low is None else f", {low:+.2f} to {high:+.2f}"
            sure = "beyond chance" if high is not None and high < 0 else "not beyond chance"
            return (
                f"{row['field']} {row['group']}: AUC {row['value']:.2f}, {row['difference']:+.2f} "
                f"against the others{limits}; {sure} for the lowest of {row['groups']}"
            )
    return None


def _masks(of: Mapping[str, Sequence[str]]) -> Iterator[tuple[dict[str, Any], Mask, Mask]]:
    """Yield field and group, the scans of the group, and the others of known group."""
    for field, values in of.items():
        named = np.array(values, dtype=object)
        known = named != UNKNOWN
        order = [*BANDS] if field == AGE else sorted(set(named[known]))
        for group in order:
            mask = named == group
            if mask.any():
                yield {"field": field, "group": group}, mask, known & ~mask


def _obstacle(place: Place, quantity: str, mask: Mask, rest: Mask) -> str | None:
    """Return why a quantity is not given for a group; None if it is."""
    if quantity == SENSITIVITY and not place.called:
        return "scans are called at no threshold"
    for where, scans in (("the group", mask), ("the others", rest)):
        if not scans.any():
            return "all scans of known group are of this one"
        labels, patients = place.labels[scans], place.patients[scans]
        classes = {AUC: (0, 1), SENSITIVITY: (1,), CALIBRATION: ()}[quantity]
        if not classes:
            obstacle = _uncalibrated(labels, place.scores[scans], patients, where)
            if obstacle is not None:
                return obstacle
        for label in classes:
            if len(np.unique(patients[labels == label])) < FEWEST:
                which = "positive" if label else "negative"
                return f"fewer than {FEWEST} {which} patients in {where}"
    return None


def _uncalibrated(labels: Ints, scores: Floats, patients: Ints, where: str) -> str | None:
    """Return why these scans say nothing of calibration; None if they do.

    Of one class, the share of positives does not vary, and an interval would be a point. Where one
    probability divides the classes, no label is off its probability in a way that varies over
    patients, and the interval would be far too narrow (`calibrated.agreement` does not give it,
    either).
    """
    if len(np.unique(patients)) < FEWEST:
        return f"fewer than {FEWEST} patients in {where}"
    if len(np.unique(labels)) == 1:
        return f"all scans of {where} are {'positive' if labels[0] == 1 else 'negative'}"
    if scores.min() < scores.max() and (reason := separated(labels, scores=scores)):
        return f"{reason} in {where}"
    return None


def _counts(place: Place, mask: Mask) -> dict[str, Any]:
    keyed = place.cell["pooled"]["n_patients"] is not None
    scans = place.test[mask].groupby(level=0)[["label"]].first()
    return {
        "n_patients": len(np.unique(place.patients[mask])) if keyed else None,
        "n_scans": len(scans),
        "n_positive": int((scans["label"] == 1).sum()),
    }


def _numbers(place: Place, quantity: str, masks: tuple[Mask, Mask], groups: int) -> dict[str, Any]:
    """Return value and interval in the group, and the difference to the others, or why not."""
    group, rest = (_values(place, quantity, mask) for mask in masks)
    own = _interval(place, quantity, masks[0])
    if own is None:
        return {"reason": NO_SPREAD}
    apart = group - rest
    found = {"value": float(group[0]), "difference": float(apart[0])}
    found |= {"low": own.low, "high": own.high}
    error = _error(place, masks) if quantity == CALIBRATION else float(np.nanstd(apart[1:]))
    if error > 0:
        # tails as far out as Bonferroni's need more resamples than there are: a normal interval
        half = z_value(1 - (1 - place.scoring.confidence) / groups) * error
        found |= {"difference_low": apart[0] - half, "difference_high": apart[0] + half}
    return {name: float(number) for name, number in found.items()}


def _values(place: Place, quantity: str, mask: Mask) -> Floats:
    """Return a quantity among these scans, and in each resample [1 + b]."""
    if quantity == AUC:
        return place.auc_among(mask)
    if quantity == SENSITIVITY:
        return place.share(mask * (place.labels == 1.0), place.calls)
    return np.array([_too_low(place)[mask].mean()])


def _too_low(place: Place) -> Floats:
    """Return label minus probability of each row [n]."""
    return place.labels - place.scores


def _error(place: Place, masks: tuple[Mask, Mask]) -> float:
    """Return the standard error of the difference in calibration, over patients.

    Resamples of patients within classes would take the share of positives for known.
    """
    away, influence = _too_low(place), np.zeros(len(place.labels))
    for mask, sign in zip(masks, (1, -1), strict=True):
        influence[mask] = sign * (away[mask] - away[mask].mean()) / mask.sum()
    return standard_error(influence, patients=place.patients) or 0.0


def _interval(place: Place, quantity: str, mask: Mask) -> Interval | None:
    """Return the interval of a group, by the method that cells have."""
    scoring, patients = place.scoring, place.patients[mask]
    confidence = scoring.confidence
    if quantity == AUC:
        area = mean_area([_scans(place, run & mask) for run in place.runs])
        assert area is not None  # `auc_among` has found a run with both classes
        return auc_interval(area.delong, confidence=confidence, few=scoring.few_patients)
    if quantity == SENSITIVITY:
        positive = mask & (place.labels == 1)
        hits = Hits(place.calls[positive], place.patients[positive])
        return hits.interval(confidence=confidence, unit="patient", few=scoring.few_patients)
    return t_interval(mean(_too_low(place)[mask], patients=patients), confidence=confidence)


def _scans(place: Place, rows: Mask) -> ModelScans:
    """Return some rows, of one run, as the test scans of a model."""
    patients, scans = place.patients[rows], place.test.index[rows].to_numpy()
    return ModelScans(
        place.labels[rows], place.scores[rows], patients.astype(np.str_), scans.astype(np.str_)
    )

"""localisation: how far a map of where a model looks agrees with the outline of lesions (C-35)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elsewhere.design.scoring import Scoring
from elsewhere.scores import intervals, resampling
from elsewhere.scores.discrimination import Floats, Ints, auc
from elsewhere.scores.intervals import Interval, Unit

THRESHOLDS = tuple(step / 10 for step in range(1, 10))  # of the map's maximum
POINTING, AUC, CHANCE = "pointing game", "AUC within the lungs", "lesion share of the lungs"
QUANTITIES = (POINTING, AUC, CHANCE, *(f"IoU at {threshold:.1f}" for threshold in THRESHOLDS))
NO_LESION = "no scan has an outlined lesion"

Mask = NDArray[np.bool_]


class Agreement(NamedTuple):
    """Map and outline of one scan.

    Attributes
    ----------
    pointing
        Share of the voxels with the map's maximum that lie in the lesion: 1 or 0 without ties
        (Zhang et al. 2018).
    auc
        Probability that the map is higher in a lesion voxel of the lungs than in another voxel of
        the lungs; NaN where the lungs are all lesion or have none.
    chance
        Share of the lungs that is lesion: what pointing at random within the lungs would hit.
    iou
        Intersection over union of the lesion and the map at or above each of `THRESHOLDS`.
    """

    pointing: float
    auc: float
    chance: float
    iou: tuple[float, ...]


def agreement(found: Floats, *, lesion: Mask, lungs: Mask) -> Agreement | None:
    """Compare a map with the outline of the lesions of a scan.

    Parameters
    ----------
    found
        Where the model looks, 0 or more, ``[z, y, x]``.
    lesion, lungs
        Outlines on the same lattice. A lesion outside the lungs counts for pointing and overlap.

    Returns
    -------
    Agreement or None
        None if the scan has no lesion: nothing can be found in it.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if not found.shape == lesion.shape == lungs.shape:
        raise ValueError(
            f"map {found.shape}, lesion {lesion.shape} and lungs {lungs.shape} are not of one "
            "lattice"
        )
    if not lesion.any():
        return None
    highest = found == found.max()
    within, values = lesion[lungs], found[lungs].astype(np.float64)
    both = bool(within.any()) and not bool(within.all())
    return Agreement(
        pointing=float(lesion[highest].mean()),
        auc=auc(within.astype(np.int64), scores=values) if both else float("nan"),
        chance=float(within.mean()) if within.size else float("nan"),
        iou=tuple(_iou(found, lesion, threshold) for threshold in THRESHOLDS),
    )


def _iou(found: Floats, lesion: Mask, threshold: float) -> float:
    peak = float(found.max())
    above = found >= threshold * peak if peak > 0 else np.zeros_like(lesion)
    return float((above & lesion).sum() / (above | lesion).sum())


def named(agreed: Agreement) -> dict[str, float]:
    """Return the numbers of a scan by the names of `QUANTITIES`."""
    values = (agreed.pointing, agreed.auc, agreed.chance, *agreed.iou)
    return dict(zip(QUANTITIES, values, strict=True))


def table(
    scans: Sequence[Agreement | None],
    *,
    patients: Ints,
    scoring: Scoring,
    unit: Unit = "patient",
) -> list[dict[str, Any]]:
    """Return the mean of each of `QUANTITIES` with its interval over patients.

    Parameters
    ----------
    scans
        Of each scan; those without a lesion do not count.
    patients
        Patient number of each scan.
    scoring
        Confidence, number of resamples and seed.
    unit
        What is numbered in `patients`.

    Returns
    -------
    list
        Rows with quantity, n_scans, n_patients, value, low, high, method and reason.
    """
    chosen = [(scan, number) for scan, number in zip(scans, patients, strict=True) if scan]
    if not chosen:
        blank = {"n_scans": 0, "n_patients": 0, **dict.fromkeys(("value", "low", "high", "method"))}
        return [{"quantity": name, **blank, "reason": NO_LESION} for name in QUANTITIES]
    columns = np.array([[*named(scan).values()] for scan, _ in chosen])
    of = np.array([number for _, number in chosen], dtype=np.int64)
    return [
        {"quantity": name, **_mean(values, of, scoring, unit)}
        for name, values in zip(QUANTITIES, columns.T, strict=True)
    ]


def _mean(values: Floats, patients: Ints, scoring: Scoring, unit: Unit) -> dict[str, Any]:
    """Return the mean over the scans that have a value, with an interval of resampled patients."""
    known = np.isfinite(values)
    numbers = dict.fromkeys(("value", "low", "high", "method", "reason"))
    n_patients = len(np.unique(patients[known]))
    numbers |= {"n_scans": int(known.sum()), "n_patients": n_patients}
    if not known.any():
        return numbers | {"reason": "the lungs of each scan are all lesion or have none"}
    interval = _interval(values[known], patients[known], scoring, unit)
    mean = float(values[known].mean())
    numbers |= {"value": mean}
    if interval is None and mean in (0.0, 1.0) and np.isin(values[known], (0, 1)).all():
        # a share of scans that is none or all, as of the pointing game: resampling cannot vary it
        interval = intervals.share_interval(
            mean,
            n=n_patients,
            confidence=scoring.confidence,
            scarce=n_patients < scoring.few_patients,
            unit=unit,
        )
    if interval is None:
        return numbers | {"reason": "every resample gives the same value"}
    return numbers | interval._asdict()


def _interval(values: Floats, patients: Ints, scoring: Scoring, unit: Unit) -> Interval | None:
    draws = resampling.resample(
        np.ones(len(values), np.int64), patients=patients, n=scoring.bootstrap, seed=scoring.seed
    )
    sums, counts = np.bincount(draws.patient, weights=values), np.bincount(draws.patient)
    means = (draws.weights * sums).sum(axis=1) / (draws.weights * counts).sum(axis=1)
    return resampling.percentile_interval(means, confidence=scoring.confidence, unit=unit)

"""subgroups: measures how far a model's AUC depends on a device that may be a shortcut (B-45)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from elsewhere.design.scoring import Scoring
from elsewhere.scores import intervals, resampling
from elsewhere.scores.delong import delong
from elsewhere.scores.discrimination import Floats, Ints, undefined
from elsewhere.scores.intervals import Interval, Unit
from elsewhere.scores.resampling import Draws
from elsewhere.scores.shares import Hits

ALL, WITHOUT, WITH = "AUC of all scans", "AUC without the device", "AUC with the device"
DIFFERENCE = "AUC of all minus without"
ALONE = "AUC of the device alone"
POSITIVES, NEGATIVES = "device among positives", "device among negatives"
UNKNOWN = "device unknown"
QUANTITIES = (ALL, WITHOUT, WITH, DIFFERENCE, POSITIVES, NEGATIVES, ALONE, UNKNOWN)
NUMBERS = ("n_patients", "n_scans", "n_positive", "value", "low", "high", "method", "reason")
WHICH = {
    ALL: "test scans",
    WITHOUT: "scans known to be without the device",
    WITH: "scans with the device",
    ALONE: "scans of known device state",
}
NO_SPREAD = "every resample gives the same value"

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Scans:
    """Test scans of one cell and finding, one entry per scan.

    Attributes
    ----------
    labels
        0 or 1, shape [n].
    scores
        Probability of the finding, shape [n].
    patients
        Patient number, shape [n].
    states
        What the manifest says of the device in each scan: "positive", "negative", or in what way
        that is unknown, such as "blank", "uncertain" or "not annotated"; n of them.
    unit
        What is numbered in `patients`.
    """

    labels: Ints
    scores: Floats
    patients: Ints
    states: Sequence[str]
    unit: Unit = "patient"

    @property
    def with_device(self) -> Mask:
        """Scans with the device [n]."""
        return np.array([state == "positive" for state in self.states], dtype=np.bool_)

    @property
    def known(self) -> Mask:
        """Scans for which it is known whether the device is present [n]."""
        return np.array([state in ("positive", "negative") for state in self.states], np.bool_)


def absent_if_blank(states: Sequence[str], blank: Literal["unknown", "absent"]) -> list[str]:
    """Return states in which blank counts as a study has chosen (B-45)."""
    return ["negative" if (state, blank) == ("blank", "absent") else state for state in states]


def measure(scans: Scans, *, scoring: Scoring) -> dict[str, dict[str, Any]]:
    """Return each of `QUANTITIES` with its `NUMBERS`: AUCs with and without the device.

    AUCs have DeLong's interval clustered by patient, and shares Wilson's with the effective number,
    as the cell has; the difference that of resampled patients, the same draws for both sides. A
    scan whose device state is unknown counts among all, and neither with nor without the device;
    the device alone is judged among scans of known state, as a score of 1 or 0. What cannot be
    computed is None, and ``reason`` says why.
    """
    draws = resampling.resample(
        scans.labels, patients=scans.patients, n=scoring.bootstrap, seed=scoring.seed
    )
    everyone = np.ones(len(scans.labels), dtype=np.bool_)
    confidence = scoring.confidence
    measured = {
        name: _counts(scans, mask) | _area(scans, mask, name, scoring)
        for name, mask in (
            (ALL, everyone),
            (WITHOUT, scans.known & ~scans.with_device),
            (WITH, scans.with_device),
        )
    }
    measured[DIFFERENCE] = _counts(scans, everyone) | _difference(
        scans, measured, draws, confidence
    )
    measured |= _shares(scans, scoring)
    measured[ALONE] = _counts(scans, scans.known) | _alone(scans, scoring)
    measured[UNKNOWN] = _counts(scans, ~scans.known) | _unknown(scans)
    return {name: measured[name] for name in QUANTITIES}


def _counts(scans: Scans, mask: Mask) -> dict[str, Any]:
    known = scans.unit == "patient"
    counts = {
        "n_scans": int(mask.sum()),
        "n_patients": len(np.unique(scans.patients[mask])) if known else None,
        "n_positive": int(scans.labels[mask].sum()),
    }
    return dict.fromkeys(NUMBERS) | counts


def _area(scans: Scans, mask: Mask, name: str, scoring: Scoring) -> dict[str, Any]:
    """Return the AUC among these scans, of the model or of the device alone, with its interval."""
    labels = scans.labels[mask]
    scores = scans.with_device.astype(np.float64) if name == ALONE else scans.scores
    reason = undefined(labels, of=WHICH[name])
    if reason:
        return {"reason": f"{reason}{_why_unknown(scans, mask)}"}
    exact = delong(labels, scores=scores[mask][None], patients=scans.patients[mask])
    interval = intervals.auc_interval(
        exact, confidence=scoring.confidence, unit=scans.unit, few=scoring.few_patients
    )
    return {"value": float(exact.auc[0])} | interval._asdict()


def _why_unknown(scans: Scans, mask: Mask) -> str:
    """Return how many device states are unknown, where this leaves too few scans."""
    if mask.all() or scans.known.all():
        return ""
    return f"; {_named(scans)}"


def _named(scans: Scans) -> str:
    kinds = Counter(
        state for state, known in zip(scans.states, scans.known, strict=True) if not known
    )
    which = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return f"the device state of {kinds.total()} of {len(scans.labels)} scans is unknown ({which})"


def _difference(
    scans: Scans, measured: dict[str, dict[str, Any]], draws: Draws, confidence: float
) -> dict[str, Any]:
    for name in (ALL, WITHOUT):
        if measured[name]["value"] is None:
            return {"reason": f"{name}: {measured[name]['reason']}"}
    without = scans.known & ~scans.with_device
    # the same patients on both sides, so that their common variation cancels
    resampled = [
        resampling.resampled_auc(
            scans.labels[mask],
            scores=scans.scores[mask],
            draws=among(draws, mask),
        )
        for mask in (np.ones(len(scans.labels), dtype=np.bool_), without)
    ]
    value = measured[ALL]["value"] - measured[WITHOUT]["value"]
    interval = resampling.percentile_interval(
        resampled[0] - resampled[1], confidence=confidence, unit=scans.unit
    )
    return {"value": value} | _ends(interval)


def among(draws: Draws, mask: Mask) -> Draws:
    """Return the same draws for some of the scans."""
    kept, patient = np.unique(draws.patient[mask], return_inverse=True)
    return Draws(draws.weights[:, kept], patient)


def _ends(interval: Interval | None) -> dict[str, Any]:
    return {"reason": NO_SPREAD} if interval is None else interval._asdict()


def _shares(scans: Scans, scoring: Scoring) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield how often the device is present, among positives and negatives of known state."""
    for name, label in ((POSITIVES, 1), (NEGATIVES, 0)):
        mask = scans.known & (scans.labels == label)
        numbers = _counts(scans, mask)
        if not mask.any():
            which = "positive" if label else "negative"
            why = _why_unknown(scans, mask)
            yield name, numbers | {"reason": f"no {which} scan of known device state{why}"}
            continue
        present = Hits(scans.with_device[mask], scans.patients[mask])
        interval = present.interval(
            confidence=scoring.confidence, unit=scans.unit, few=scoring.few_patients
        )
        yield name, numbers | {"value": present.share} | interval._asdict()


def _alone(scans: Scans, scoring: Scoring) -> dict[str, Any]:
    with_device = scans.with_device[scans.known]
    if len(with_device) and (with_device.all() or not with_device.any()):
        which = "all" if with_device.all() else "none"
        return {
            "reason": f"the device is in {which} of the {len(with_device)} scans of known state"
        }
    return _area(scans, scans.known, ALONE, scoring)


def _unknown(scans: Scans) -> dict[str, Any]:
    if not len(scans.labels):
        return {"reason": "there are no test scans"}
    share = float((~scans.known).mean())
    return {"value": share, "reason": None if scans.known.all() else _named(scans)}

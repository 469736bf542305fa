"""subgroups: measures how far a model's AUC depends on a device that may be a shortcut (B-45)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from elsewhere.design.scoring import Scoring
from elsewhere.scores import intervals, resampling
from elsewhere.scores.discrimination import Floats, Ints, undefined
from elsewhere.scores.intervals import Interval, Unit
from elsewhere.scores.resampling import Draws
from elsewhere.scores.shares import Hits
from elsewhere.scores.single_models import ModelScans, mean_area

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
    """Test scans of one cell and finding, one entry per scan and model that was tested on it.

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
    models, scans
        Number of the model, and of the scan [n]; None: of one model, each entry another scan.
    """

    labels: Ints
    scores: Floats
    patients: Ints
    states: Sequence[str]
    unit: Unit = "patient"
    models: Ints | None = None
    scans: Ints | None = None

    @cached_property
    def of_models(self) -> list[Mask]:
        """Entries of each model [n]."""
        if self.models is None:
            return [np.ones(len(self.labels), dtype=np.bool_)]
        return [self.models == model for model in np.unique(self.models)]

    @cached_property
    def once(self) -> Mask:
        """The first entry of each scan: what is no matter of a model counts a scan once [n]."""
        first = np.ones(len(self.labels), dtype=np.bool_)
        if self.scans is not None:
            first[:] = False
            first[np.unique(self.scans, return_index=True)[1]] = True
        return first

    def both(self, mask: Mask) -> list[Mask]:
        """Return the chosen entries of each model that has both classes among them."""
        several = [of & mask for of in self.of_models]
        return [rows for rows in several if undefined(self.labels[rows]) is None]

    def of_model(self, rows: Mask) -> ModelScans:
        """Return entries of one model as `single_models` takes them."""
        number = np.arange(len(self.labels)) if self.scans is None else self.scans
        return ModelScans(
            self.labels[rows],
            self.scores[rows],
            self.patients[rows].astype(np.str_),
            number[rows].astype(np.str_),
        )

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

    AUCs are means over single models with DeLong's interval clustered by patient, and shares have
    Wilson's with the effective number, as the cell has; the difference has that of resampled
    patients, the same draws for both sides. A scan whose device state is unknown counts among all,
    and neither with nor without the device; the device alone is judged among scans of known state,
    as a score of 1 or 0. What cannot be
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
    known, mask = scans.unit == "patient", mask & scans.once
    counts = {
        "n_scans": int(mask.sum()),
        "n_patients": len(np.unique(scans.patients[mask])) if known else None,
        "n_positive": int(scans.labels[mask].sum()),
    }
    return dict.fromkeys(NUMBERS) | counts


def _area(scans: Scans, mask: Mask, name: str, scoring: Scoring) -> dict[str, Any]:
    """Return the AUC among these scans, of the models or of the device alone, with its interval."""
    chosen = scans.both(mask) if name != ALONE else [mask & scans.once]
    reason = undefined(scans.labels[mask], of=WHICH[name])
    if reason is None and not chosen:
        reason = f"no model has both classes among the {WHICH[name]}"
    if reason:
        return {"reason": f"{reason}{_why_unknown(scans, mask)}"}
    models = [scans.of_model(rows) for rows in chosen]
    if name == ALONE:
        models = [models[0]._replace(scores=scans.with_device[chosen[0]].astype(np.float64))]
    found = mean_area(models)
    assert found is not None  # every model has both classes
    interval = intervals.auc_interval(
        found.delong, confidence=scoring.confidence, unit=scans.unit, few=scoring.few_patients
    )
    return {"value": found.auc} | interval._asdict()


def _why_unknown(scans: Scans, mask: Mask) -> str:
    """Return how many device states are unknown, where this leaves too few scans."""
    if mask.all() or scans.known.all():
        return ""
    return f"; {_named(scans)}"


def _named(scans: Scans) -> str:
    kinds = Counter(np.array(scans.states, dtype=object)[~scans.known & scans.once])
    which = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return f"the device state of {kinds.total()} of {scans.once.sum()} scans is unknown ({which})"


def _difference(
    scans: Scans, measured: dict[str, dict[str, Any]], draws: Draws, confidence: float
) -> dict[str, Any]:
    for name in (ALL, WITHOUT):
        if measured[name]["value"] is None:
            return {"reason": f"{name}: {measured[name]['reason']}"}
    without = scans.known & ~scans.with_device
    # the same patients on both sides, so that their common variation cancels
    everyone = np.ones(len(scans.labels), dtype=np.bool_)
    resampled = [_resampled(scans, mask, draws) for mask in (everyone, without)]
    value = measured[ALL]["value"] - measured[WITHOUT]["value"]
    interval = resampling.percentile_interval(
        resampled[0] - resampled[1], confidence=confidence, unit=scans.unit
    )
    return {"value": value} | _ends(interval)


def _resampled(scans: Scans, mask: Mask, draws: Draws) -> Floats:
    """Return the mean over models of the AUC among these scans in each resample [b]."""
    of_models = [
        resampling.resampled_auc(
            scans.labels[rows], scores=scans.scores[rows], draws=among(draws, rows)
        )
        for rows in scans.both(mask)
    ]
    mean: Floats = np.mean(of_models, axis=0)
    return mean


def among(draws: Draws, mask: Mask) -> Draws:
    """Return the same draws for some of the scans."""
    kept, patient = np.unique(draws.patient[mask], return_inverse=True)
    return Draws(draws.weights[:, kept], patient)


def _ends(interval: Interval | None) -> dict[str, Any]:
    return {"reason": NO_SPREAD} if interval is None else interval._asdict()


def _shares(scans: Scans, scoring: Scoring) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield how often the device is present, among positives and negatives of known state."""
    for name, label in ((POSITIVES, 1), (NEGATIVES, 0)):
        mask = scans.known & scans.once & (scans.labels == label)
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
    with_device = scans.with_device[scans.known & scans.once]
    if len(with_device) and (with_device.all() or not with_device.any()):
        which = "all" if with_device.all() else "none"
        return {
            "reason": f"the device is in {which} of the {len(with_device)} scans of known state"
        }
    return _area(scans, scans.known, ALONE, scoring)


def _unknown(scans: Scans) -> dict[str, Any]:
    if not len(scans.labels):
        return {"reason": "there are no test scans"}
    share = float((~scans.known)[scans.once].mean())
    return {"value": share, "reason": None if scans.known.all() else _named(scans)}

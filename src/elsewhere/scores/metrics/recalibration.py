"""recalibration: calibration of test scans after recalibration on the site's validation scans."""

from __future__ import annotations

from typing import Any

from elsewhere.scores.calibrated import agreement, errors
from elsewhere.scores.calibration import WAYS, How, recalibration
from elsewhere.scores.clustered import n_patients
from elsewhere.scores.metric import Measured, Metric, Sample
from elsewhere.scores.several import Number, measured, number

NAMES: dict[How, str] = {
    "intercept": "intercept",
    "intercept and slope": "logistic",
    "temperature": "temperature",
}
NO_SCANS = "there are no validation scans of the test site"
OF_FOLDS = f"{NO_SCANS} that all runs share"


class Recalibration(Metric):
    """Three ways to recalibrate, each fitted to validation scans and tried on test scans."""

    def measure(self, sample: Sample) -> Measured:
        """Compute what a hospital would gain that recalibrates; the fits are taken as fixed."""
        numbers: dict[str, Number] = {}
        ways: dict[str, Any] = {}
        for how in WAYS:
            name = NAMES[how]
            ways[name], numbers[f"_{name}_brier"] = _after(sample, how)
        return measured("recalibration", numbers, more={"recalibration_all": ways})


def _after(sample: Sample, how: How) -> tuple[dict[str, Any], Number]:
    """Return all numbers of one way, and its Brier score."""
    local = sample.judged.local
    if local is None:
        return {"reason": OF_FOLDS}, number(None, None, reason=OF_FOLDS)
    fit, reason = recalibration(local.labels, scores=local.scores, patients=local.patients, how=how)
    if fit is None:
        reason = f"validation part of the test site: {reason}"
        return {"reason": reason}, number(None, None, reason=reason)
    scores = fit.apply(sample.judged.scores)
    numbers, curve = agreement(sample, scores)
    numbers |= errors(sample, scores)
    entries: dict[str, Any] = {
        "reason": None,
        "n_patients": n_patients(local.patients),
        "fit": fit._asdict(),
        "curve": curve,
    }
    for name, found in numbers.items():
        entries |= found.entries(name)
    return entries, numbers["brier"]

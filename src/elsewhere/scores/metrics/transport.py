"""transport: calls at the threshold of the training sites, beside those at a local threshold."""

from __future__ import annotations

from typing import Any

from elsewhere.scores.clustered import n_patients
from elsewhere.scores.estimates import Estimate
from elsewhere.scores.intervals import OR_EXACT, Interval
from elsewhere.scores.metric import Measured, Metric, Sample
from elsewhere.scores.several import Number, measured, number
from elsewhere.scores.thresholds import Scored
from elsewhere.scores.transport import (
    Rates,
    Rule,
    for_sensitivity,
    highest_accuracy,
    transport,
    why_not,
)

RULES: dict[str, Rule] = {"accuracy": highest_accuracy, "sensitivity_90": for_sensitivity}
SHARES = ("sensitivity", "specificity")
WHOSE = ("training", "local", "gain")
FLAT = {
    f"_{rule}_{share}_{whose}": (rule, share, whose)
    for rule in RULES
    for share in SHARES
    for whose in WHOSE
}


class Transport(Metric):
    """Sensitivity and specificity at both thresholds, by two rules, and what the local one adds."""

    def measure(self, sample: Sample) -> Measured:
        """Try both thresholds; validation scans of both sides must have both classes."""
        judged = sample.judged
        test = Scored(judged.labels, judged.scores, judged.patients)
        training, local = judged.training, judged.local
        reason = why_not(test, training=training, local=local)
        if reason or training is None or local is None:
            nothing = number(None, None, reason=reason)
            return measured("transport", dict.fromkeys(FLAT, nothing))
        found = {
            name: transport(
                test,
                training=training,
                local=local,
                rule=rule,
                scoring=sample.scoring,
            )
            for name, rule in RULES.items()
        }
        numbers: dict[str, Number] = {}
        for suffix, (rule, share, whose) in FLAT.items():
            of = found[rule] if whose == "gain" else getattr(found[rule], whose)
            numbers[suffix] = _number(getattr(of, share), sample, paired=whose == "gain")
        chosen: dict[str, Any] = {
            name: {whose: _chosen(getattr(of, whose)) for whose in WHOSE[:2]}
            for name, of in found.items()
        }
        chosen["n_patients"] = {
            "training": n_patients(training.patients),
            "local": n_patients(local.patients),
        }
        return measured("transport", numbers, more={"transport_thresholds": chosen})


def _number(found: Estimate, sample: Sample, *, paired: bool) -> Number:
    assert found.low is not None
    assert found.high is not None
    unit = sample.judged.unit
    few = sample.scoring.few_patients
    method = f"Wilson, clustered by {unit}" + (
        ", paired (Newcombe 10)" if paired else f"; of fewer than {few} {unit}s{OR_EXACT}"
    )
    return number(found.value, Interval(found.low, found.high, method))


def _chosen(rates: Rates) -> dict[str, Any]:
    return {"threshold": rates.threshold.value, "rule": rates.threshold.rule}

"""probability_coverage: coverage of the intervals of calibration and net benefit, by simulation."""

from __future__ import annotations

import argparse
import datetime
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from interval_coverage import WITHIN, Held, covered, table
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import norm

from elsewhere.design.scoring import Scoring
from elsewhere.scores import decision
from elsewhere.scores.calibrated import agreement, errors
from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.metric import Judged, Sample
from elsewhere.scores.metrics.net_benefit import NetBenefit
from elsewhere.scores.metrics.probabilities import Probabilities
from results import machine, write_section

HEADING = "## Coverage of intervals of calibration and net benefit"
SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=200, seed=0)
GAINS = (0.1, 0.3, 0.5)
SPREAD = 1.5  # standard deviation of the logits of patients
OF_PATIENT = 0.5  # of what decides about a label, besides its probability
LARGE = 400_000  # patients from which true numbers are taken


class Design(NamedTuple):
    """Patients, scans of each (0: 1 to 3), mean logit, and how much too far logits are spread."""

    patients: int
    scans: int
    mean: float
    slope: float = 1.0

    def __str__(self) -> str:
        scans = {0: "1 to 3 scans", 1: "1 scan"}.get(self.scans, f"{self.scans} scans")
        share = expit(np.random.default_rng(0).normal(self.mean, SPREAD, LARGE)).mean()
        words = {1.0: "calibrated", 2.0: "too extreme", 0.6: "too near 0.5"}[self.slope]
        return f"{self.patients}, {scans}, {share:.2f} positive, {words}"


DESIGNS = (
    Design(15, 1, 0.0),
    Design(20, 3, 0.0),
    Design(30, 1, -2.0),
    Design(60, 0, -3.0),
    Design(60, 0, 0.0),
    Design(60, 0, 0.0, 2.0),
    Design(60, 0, 0.0, 0.6),
    Design(200, 1, -1.0, 2.0),
)


def drawn(design: Design, dice: np.random.Generator) -> Judged:
    """Draw labels of patients whose scans have one probability, and what a model says of it."""
    sizes = dice.integers(1, 4, design.patients)
    if design.scans:
        sizes = np.full(design.patients, design.scans)
    patients: Ints = np.repeat(np.arange(design.patients), sizes)
    logits = dice.normal(design.mean, SPREAD, design.patients)[patients]
    own = dice.normal(size=design.patients)[patients]
    luck = OF_PATIENT**0.5 * own + (1 - OF_PATIENT) ** 0.5 * dice.normal(size=len(patients))
    labels = (norm.cdf(luck) < expit(logits)).astype(np.int64)
    scores = expit(design.slope * logits)
    return Judged(labels, scores, scores > 0.5, patients, ())


def truths(design: Design) -> dict[str, float]:
    """Return the true numbers, from many probabilities."""
    logits = np.random.default_rng(0).normal(design.mean, SPREAD, LARGE)
    true, said = expit(logits), expit(design.slope * logits)
    share = float(true.mean())
    brier = float((true * (1 - said) ** 2 + (1 - true) * said**2).mean())
    means = [float((weight * said).sum() / weight.sum()) for weight in (true, 1 - true)]
    gains = gain(true, said, decision.thresholds(SCORING.net_benefit_range))
    return {
        "intercept": brentq(lambda a: expit(a + design.slope * logits).mean() - share, -5, 5),
        "slope": 1 / design.slope,
        "oe": share / float(said.mean()),
        "ici": float(np.abs(true - said).mean()),
        "brier": brier,
        "brier_scaled": 1 - brier / (share * (1 - share)),
        "probabilities_positive": means[0],
        "probabilities_negative": means[1],
        "probabilities_difference": means[0] - means[1],
        "net_benefit": float(gains.mean()),
        **{f"gain at {at}": float(gain(true, said, np.array([at]))[0]) for at in GAINS},
    }


def gain(true: Floats, said: Floats, at: Floats) -> Floats:
    """Return the gain in net benefit over the better of calling all and none [k]."""
    odds, share = at / (1 - at), float(true.mean())
    model = [(worth * (said >= t)).mean() for t, worth in zip(at, _worth(true, odds), strict=True)]
    found: Floats = np.array(model) - np.maximum(share - (1 - share) * odds, 0)
    return found


def _worth(true: Floats, odds: Floats) -> Iterator[Floats]:
    return (true - (1 - true) * w for w in odds)


def measured(judged: Judged, slope: float) -> Iterator[tuple[str, Any]]:
    """Yield the limits of each number; of the curve those of each place, and the truth there."""
    sample = Sample(judged, SCORING)
    numbers, curve = agreement(sample, judged.scores)
    for name, found in (numbers | errors(sample, judged.scores)).items():
        yield name, found.interval and found.interval[:2]
    if curve:
        at, low, high = (np.array(curve[of], dtype=float) for of in ("at", "low", "high"))
        yield "band", (low, high, expit(logit(np.clip(at, 1e-9, 1 - 1e-9)) / slope))
    for metric, name in ((Probabilities(), "probabilities"), (NetBenefit(), "net_benefit")):
        found = metric.measure(sample)
        for suffix, interval in found.intervals.items():
            yield f"{name}{suffix}", interval[:2]
        if given := found.more.get("net_benefit_curve"):
            for threshold in GAINS:
                place = given["threshold"].index(threshold)
                yield f"gain at {threshold}", (given["gain_low"][place], given["gain_high"][place])


def coverage(design: Design, times: int, seed: int) -> Mapping[str, list[Held]]:
    """Return `Held` of each number in the simulations in which it is defined."""
    dice, true = np.random.default_rng(seed), truths(design)
    found: dict[str, list[Held]] = defaultdict(list)
    for _ in range(times):
        for name, limits in measured(drawn(design, dice), design.slope):
            if name == "band":
                low, high, there = limits
                known = np.isfinite(low)
                inside = (low <= there) & (there <= high)
                if known.any():
                    found[name].append(Held(inside[known].mean(), np.median((high - low)[known])))
            elif limits:
                low, high = limits
                found[name].append(Held(low - 1e-9 <= true[name] <= high + 1e-9, high - low))
    return found


def about(times: int) -> str:
    error = (0.95 * 0.05 / times) ** 0.5
    return (
        f"`python benchmarks/probability_coverage.py`, {datetime.date.today()}, {machine()}.\n"
        f"{times:,} simulations of each row, in which an error of coverage is {error:.3f}; "
        "intervals at 0.95: coverage and, in brackets, median width, of the simulations in which "
        f"the number is defined. Bold: coverage below {WITHIN[0]:.0%}; italic: above "
        f"{WITHIN[1]:.0%}. Rows: patients and scans of each; logits of patients are normal with a "
        f"standard deviation of {SPREAD}, {OF_PATIENT:.0%} of what else decides about a label is "
        "the patient's. Too extreme: the model doubles the logit; too near 0.5: 0.6 of it. Band: "
        "mean over the places of the calibration curve. Gain: of the net benefit at one "
        "threshold, over the better of calling all and none; `net_benefit` is its mean from 0.05 "
        "to 0.5. Where a model is calibrated the true ICI is 0, and its interval holds it by "
        "beginning at 0.\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000, help="simulations of each row")
    times = parser.parse_args().times
    lines: dict[str, dict[str, str]] = {}
    for number, design in enumerate(DESIGNS):
        found = coverage(design, times, number)
        lines[str(design)] = {name: covered(held) for name, held in found.items()}
        print(f"{design}: {time.process_time():.0f} s of processors", flush=True)
    names = [*truths(DESIGNS[0])]
    names.insert(names.index("brier"), "band")
    tables: Sequence[Sequence[str]] = (names[:7], names[7:10], names[10:])
    text = "\n".join("\n".join(["", *table("patients", some, lines)]) for some in tables)
    write_section(HEADING, f"{HEADING}\n\n{about(times)}{text}\n")


if __name__ == "__main__":
    main()

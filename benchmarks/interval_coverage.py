"""interval_coverage: coverage of intervals and false positives of tests, by simulation."""

from __future__ import annotations

import argparse
import datetime
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit, softmax
from scipy.stats import norm

from elsewhere.design.metric_rows import metric_row
from elsewhere.design.scoring import Scoring
from elsewhere.scores.classes import MEASURES, Scans
from elsewhere.scores.comparisons import paired, unpaired
from elsewhere.scores.discrimination import GRID, Ints, auc
from elsewhere.scores.estimates import Estimate
from elsewhere.scores.measures import measure
from elsewhere.scores.metric import Judged
from results import machine, write_section

HEADING = "## Coverage of intervals, and false positives of tests"
METRICS = ("auc", "auc_grid", "accuracy", "sensitivity", "specificity", "precision", "f1", "youden")
TESTS = ("paired DeLong", "AUCs of different patients")
AREAS = (0.5, 0.7, 0.9, 0.99)
SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=1, seed=0, metrics=METRICS)

OF_AUC = SCORING.model_copy(update={"metrics": ("auc",)})


class Design(NamedTuple):
    """Patients with and without the disease, and scans of each; 0: 1 to 3.

    Where classes are mixed a quarter of the scans are of the other class than their patient.
    """

    positive: int
    negative: int
    scans: int = 0
    mixed: bool = False

    def __str__(self) -> str:
        scans = {0: "1 to 3 scans", 1: "1 scan"}.get(self.scans, f"{self.scans} scans")
        return f"{self.positive} and {self.negative}, {scans}{', mixed classes' * self.mixed}"


DESIGNS = (
    Design(3, 57),
    Design(5, 55),
    Design(4, 5, scans=3),
    Design(7, 8, scans=1),
    Design(10, 50),
    Design(15, 15),
    Design(15, 15, mixed=True),
    Design(30, 30),
    Design(30, 30, mixed=True),
)
CLASSES = ((5, 15, 40), (10, 10, 10), (30, 30, 30))
WITHIN = (0.93, 0.97)
MOST_FALSE = 0.06
AGAIN = 10  # times as many simulations where more are rejected: is it chance?
OF_PATIENT, SHARED = 0.6, 0.3  # of the variance of scores: of a patient; the same for both models
LARGE = 20_000  # scans of each class, from which the true macro AUC is taken


def scans_of(design: Design, dice: np.random.Generator) -> tuple[Ints, Ints]:
    """Draw label and patient of each scan."""
    classes = np.repeat([1, 0], [design.positive, design.negative])
    n = len(classes)
    sizes = np.full(n, design.scans) if design.scans else dice.integers(1, 4, n)
    patients = np.repeat(np.arange(n), sizes)
    labels = classes[patients]
    if design.mixed:
        labels = np.where(dice.random(len(labels)) < 0.25, 1 - labels, labels)
    return labels, patients


def judged(design: Design, area: float, dice: np.random.Generator) -> Judged:
    """Draw scans whose scores are normal in each class, called at the middle of both means."""
    labels, patients = scans_of(design, dice)
    shift = 2**0.5 * norm.ppf(area)
    of_patient = dice.normal(size=patients.max() + 1)[patients]
    noise = OF_PATIENT**0.5 * of_patient + (1 - OF_PATIENT) ** 0.5 * dice.normal(size=len(labels))
    scores = noise + shift * (labels - 0.5)
    return Judged(labels, expit(2 * scores), scores > 0, patients, ())


def truths(design: Design, area: float) -> dict[str, float]:
    """Return the true numbers; the accuracy is this at any prevalence."""
    half = norm.ppf(area) / 2**0.5
    right = float(norm.cdf(half))
    share = design.positive / (design.positive + design.negative)
    if design.mixed:
        share = 0.75 * share + 0.25 * (1 - share)
    called = share * right + (1 - share) * (1 - right)
    # shares of scans between two thresholds of the grid, in either class
    edges = logit(np.append(GRID, 1.0)) / 2
    low, high = (np.diff(norm.cdf(edges - mean)) for mean in (-half, half))
    grid = float(high @ (np.cumsum(low) - low / 2))
    shares = dict.fromkeys(("accuracy", "sensitivity", "specificity"), right)
    precision = share * right / called
    f1 = 2 * share * right / (share + called)
    return {"auc": area, "auc_grid": grid, **shares, "precision": precision, "f1": f1,
            "youden": 2 * right - 1}  # fmt: skip


class Held(NamedTuple):
    """Whether an interval holds the truth, and its width."""

    held: bool
    width: float


def of_one_site(design: Design, area: float, times: int, seed: Sequence[int]) -> Mapping[str, list]:
    """Return `Held` of each metric, in each simulation with both classes."""
    dice, true = np.random.default_rng(seed), truths(design, area)
    found = defaultdict(list)
    for _ in range(times):
        scans = judged(design, area, dice)
        if len(np.unique(scans.labels)) < 2:
            continue
        numbers = measure(scans, scoring=SCORING)
        for name, truth in true.items():
            if numbers[name] is not None:
                low, high = (numbers[f"{name}_{end}"] for end in ("low", "high"))
                found[name].append(Held(low - 1e-9 <= truth <= high + 1e-9, high - low))
    return found


def of_tests(design: Design, area: float, times: int, seed: Sequence[int]) -> Mapping[str, list]:
    """Return whether each test rejects that two models, or two sites, have the same AUC."""
    dice = np.random.default_rng(seed)
    found: dict[str, list] = {name: [] for name in TESTS}
    for _ in range(times):
        labels, patients = scans_of(design, dice)
        common = dice.normal(size=patients.max() + 1)[patients]
        first, second = (
            2**0.5 * norm.ppf(area) * labels
            + SHARED**0.5 * common
            + (OF_PATIENT - SHARED) ** 0.5 * dice.normal(size=patients.max() + 1)[patients]
            + (1 - OF_PATIENT) ** 0.5 * dice.normal(size=len(labels))
            for _ in range(2)
        )
        p = paired(labels, first=first, second=second, patients=patients, confidence=0.95).p
        found[TESTS[0]].append(p is not None and p < 0.05)
        sites = [measure(judged(design, area, dice), scoring=OF_AUC) for _ in range(2)]
        estimates = [
            Estimate(*(site[f"auc{end}"] for end in ("", "_low", "_high"))) for site in sites
        ]
        p = unpaired(estimates[0], second=estimates[1], confidence=0.95).p
        found[TESTS[1]].append(p is not None and p < 0.05)
    return found


def several(sizes: Sequence[int], shift: float, dice: np.random.Generator) -> Scans:
    """Draw scans of three classes, 1 to 3 of a patient, that lean to the truth by a shift."""
    of_patient = np.repeat(np.arange(3), sizes)
    patients = np.repeat(np.arange(len(of_patient)), dice.integers(1, 4, len(of_patient)))
    labels = of_patient[patients]
    own, alone = (
        dice.normal(size=(len(of_patient), 3))[patients],
        dice.normal(size=(len(labels), 3)),
    )
    logits = OF_PATIENT**0.5 * own + (1 - OF_PATIENT) ** 0.5 * alone + shift * np.eye(3)[labels]
    return Scans(labels, softmax(logits, axis=1), patients)


def of_classes(
    sizes: Sequence[int], shift: float, times: int, seed: Sequence[int]
) -> Mapping[str, list]:
    """Return `Held` of the numbers of three classes together."""
    dice = np.random.default_rng(seed)
    large = several([LARGE] * 3, shift, np.random.default_rng(0))
    right = float((large.calls == large.labels).mean())
    # one class against the rest as they are mixed here
    true = dict.fromkeys(MEASURES, right) | {"macro_auc": macro(large, sizes)}
    found = defaultdict(list)
    for _ in range(times):
        scans = several(sizes, shift, dice)
        for name, of in MEASURES.items():
            low, high, _ = of(scans, SCORING, "patient")[1]
            found[name].append(Held(low <= true[name] <= high, high - low))
    return found


def macro(large: Scans, sizes: Sequence[int]) -> float:
    """Return the macro AUC where classes have these sizes, from many scans of each."""
    areas = []
    for k, scores in enumerate(large.probabilities.T):
        one = scores[large.labels == k]
        rest = [other for other in range(3) if other != k]
        against = [
            auc(np.repeat([1, 0], [len(one), int(of.sum())]), scores=np.append(one, scores[of]))
            for of in (large.labels == other for other in rest)
        ]
        areas.append(np.average(against, weights=[sizes[other] for other in rest]))
    return float(np.mean(areas))


def covered(found: Sequence[Held]) -> str:
    """Return coverage and median width; bold below `WITHIN`, italic above."""
    share = np.mean([one.held for one in found])
    text = f"{share:.3f}"
    if share < WITHIN[0]:
        text = f"**{text}**"
    elif share > WITHIN[1]:
        text = f"*{text}*"
    return f"{text} ({np.median([one.width for one in found]):.2f})"


def table(head: str, names: Sequence[str], lines: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Yield a table with a line for each design and number."""
    yield f"| {head} | {' | '.join(names)} |"
    yield f"|---|{'---|' * len(names)}"
    for line, cells in lines.items():
        yield f"| {line} | {' | '.join(cells.get(name, '') for name in names)} |"


Cells = dict[str, dict[str, dict[str, str]]]  # by number, row and column


def of_two_classes(times: int, columns: Sequence[str]) -> Cells:
    """Return coverage of each metric and false positives of each test, and print its progress."""
    found: Cells = {name: {str(design): {} for design in DESIGNS} for name in (*METRICS, *TESTS)}
    for number, design in enumerate(DESIGNS):
        for area, column in zip(AREAS, columns, strict=True):
            seed = (number, int(100 * area))
            for name, held in of_one_site(design, area, times, seed).items():
                found[name][str(design)][column] = covered(held)
            for name, rejected in of_tests(design, area, times, (*seed, 1)).items():
                share, counted = float(np.mean(rejected)), ""
                if share > MOST_FALSE:
                    more = of_tests(design, area, AGAIN * times, (*seed, 2))[name]
                    share, counted = float(np.mean(more)), f" of {AGAIN * times:,}"
                bold = "**" * (share > MOST_FALSE)
                found[name][str(design)][column] = f"{bold}{share:.3f}{bold}{counted}"
        print(f"{design}: {time.process_time():.0f} s of processors", flush=True)
    return found


def of_three_classes(times: int) -> dict[str, dict[str, str]]:
    found = {}
    for number, sizes in enumerate(CLASSES):
        for shift in (0.5, 2.0):
            line = f"{' + '.join(map(str, sizes))}, logits {shift} apart"
            held = of_classes(sizes, shift, times, (number, int(10 * shift)))
            found[line] = {name: covered(one) for name, one in held.items()}
    return found


def about(times: int) -> str:
    error = (0.95 * 0.05 / times) ** 0.5
    return (
        f"`python benchmarks/interval_coverage.py`, {datetime.date.today()}, {machine()}.\n"
        f"{times:,} simulations of each cell, in which an error of coverage is {error:.3f}; "
        "intervals at 0.95: coverage and, in brackets, median width. Bold: coverage below "
        f"{WITHIN[0]:.0%}, or more than {MOST_FALSE:.0%} of true hypotheses rejected at 5 %, where "
        f"that is so in {AGAIN} times as many other simulations, too; "
        f"italic: coverage above {WITHIN[1]:.0%}, so that the interval is wider than it had to be: "
        "AUCs of few patients and near 1, and shares of few patients, on purpose; precision and "
        "F1, because here the share of positive patients is fixed, and they allow for one that is "
        "drawn with the patients. Rows: "
        "patients with and without the disease; mixed: a quarter of the scans are of the other "
        "class than most of the patient's. Scores are normal, "
        f"{OF_PATIENT:.0%} of their variance is the patient's; calls are made midway between the "
        "classes.\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000, help="simulations of each cell")
    times = parser.parse_args().times
    columns = [f"AUC {area}" for area in AREAS]
    titles = {name: metric_row(name).title for name in METRICS}
    titles |= {name: f"p < 0.05, {name}" for name in TESTS}
    lines: list[str] = []
    for name, of_designs in of_two_classes(times, columns).items():
        lines += ["", *table(titles[name], columns, of_designs)]
    lines += ["", *table("classes", [*MEASURES], of_three_classes(times))]
    write_section(HEADING, f"{HEADING}\n\n{about(times)}{chr(10).join(lines)}\n")


if __name__ == "__main__":
    main()

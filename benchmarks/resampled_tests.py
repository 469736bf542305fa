"""resampled_tests: how often tests over folds and seeds reject that two methods are equal."""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from elsewhere.scores.tests import FEWEST_FOLDS, corrected_t, paired_t
from results import machine, write_section

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

HEADING = "## Tests over folds and seeds"
MOST_FALSE = 0.06
OF_PATIENT, SHARED = 0.6, 0.5  # of the variance of features: of a patient; of that, of both methods
RIDGE = 0.5


class Design(NamedTuple):
    """Patients, folds and seeds, and how two methods learn from them.

    Attributes
    ----------
    features
        That each method sees. Both see other ones, equally good, so that neither is better.
    taken
        Share of the training patients that a seed learns from: the fewer, the more seeds differ.
    area
        AUC of the best combination of a method's features.
    """

    positive: int
    negative: int
    folds: int
    seeds: int
    features: int = 20
    taken: float = 0.8
    area: float = 0.8

    def __str__(self) -> str:
        return (
            f"{self.positive} and {self.negative} | {self.folds} | {self.seeds} | {self.features} "
            f"| {self.taken:.0%} | {self.area}"
        )


DESIGNS = (
    Design(15, 15, 5, 1),
    Design(15, 15, 5, 3),
    Design(15, 15, 5, 3, taken=0.4),
    Design(15, 15, 5, 3, features=2),
    Design(30, 30, 2, 3),
    Design(30, 30, 3, 3),
    Design(30, 30, 4, 1),
    Design(30, 30, 4, 3),
    Design(30, 30, 4, 5, features=40, taken=0.5, area=0.9),
    Design(30, 30, 10, 3),
    Design(5, 55, 5, 3),
    Design(100, 100, 5, 3, taken=0.6),
)


def differences(of: Design, dice: np.random.Generator) -> Floats:
    """Return the AUC of one method minus that of the other [folds, seeds]; NaN where undefined."""
    classes = np.repeat([1, 0], [of.positive, of.negative])
    folds = _folds(classes, of.folds, dice)
    patients = np.repeat(np.arange(len(classes)), dice.integers(1, 4, len(classes)))
    labels, tested = classes[patients], folds[patients]
    found = np.full((of.folds, of.seeds), np.nan)
    both = _features(labels, patients, of, dice)
    for fold in range(of.folds):
        test = tested == fold
        if len(np.unique(labels[test])) < 2:
            continue
        areas = []
        for features in both:
            training = [_taken(classes, folds != fold, of.taken, dice) for _ in range(of.seeds)]
            weights = _fitted(features, labels, np.stack(training)[:, patients])
            scores = weights @ features[test].T
            above = scores[:, labels[test] == 1, None] > scores[:, None, labels[test] == 0]
            areas.append(above.mean(axis=(1, 2)))
        found[fold] = areas[0] - areas[1]
    return found


def _folds(classes: NDArray[np.int64], n: int, dice: np.random.Generator) -> NDArray[np.int64]:
    """Divide the patients of each class among folds."""
    folds = np.empty(len(classes), np.int64)
    order = dice.permutation(len(classes))
    order = order[np.argsort(classes[order], kind="stable")]
    folds[order] = np.arange(len(classes)) % n
    return folds


def _features(
    labels: NDArray[np.int64], patients: NDArray[np.int64], of: Design, dice: np.random.Generator
) -> list[Floats]:
    """Draw the features of each method [2][scans, features]; patients are hard or easy for both."""
    shape = (patients.max() + 1, of.features)
    shift = 2**0.5 * norm.ppf(of.area) / of.features**0.5 * labels[:, None]
    common, found = dice.normal(size=shape), []
    for _ in range(2):
        own = SHARED**0.5 * common + (1 - SHARED) ** 0.5 * dice.normal(size=shape)
        scan = dice.normal(size=(len(labels), of.features))
        found.append(shift + OF_PATIENT**0.5 * own[patients] + (1 - OF_PATIENT) ** 0.5 * scan)
    return found


def _taken(
    classes: NDArray[np.int64], training: Bools, share: float, dice: np.random.Generator
) -> Bools:
    """Draw the patients of each class that a seed learns from."""
    used = np.zeros(len(classes), np.bool_)
    for label in (0, 1):
        who = dice.permutation(np.flatnonzero(training & (classes == label)))
        used[who[: max(1, round(share * len(who)))]] = True
    return used


def _fitted(features: Floats, labels: NDArray[np.int64], used: Bools) -> Floats:
    """Return the linear discriminant of each seed [seeds, features], with a ridge."""
    of_class = [(used & (labels == label)).astype(float) for label in (0, 1)]
    means = [rows @ features / rows.sum(axis=1, keepdims=True) for rows in of_class]
    n = used.sum(axis=1)[:, None, None]
    spread = np.einsum("sn,np,nq->spq", used * 1.0, features, features, optimize=True) / n
    for rows, mean in zip(of_class, means, strict=True):
        share = rows.sum(axis=1)[:, None, None] / n
        spread -= share * mean[:, :, None] * mean[:, None, :]
    spread += RIDGE * np.eye(features.shape[1])
    return np.linalg.solve(spread, (means[1] - means[0])[:, :, None])[:, :, 0]


def rejected(of: Design, times: int, seed: Sequence[int]) -> tuple[float, float, float | None]:
    """Return how often the published, the former and the present test reject at 5 %.

    The former takes every seed for a sample. The present test has None where it gives no p.
    """
    dice = np.random.default_rng(seed)
    ratio = 1 / (of.folds - 1)
    found: list[list[float]] = [[], [], []]
    for _ in range(times):
        each = differences(of, dice)
        each = each[~np.isnan(each[:, 0])]
        d, none = each.ravel(), np.zeros(each.size)
        over = np.repeat(np.arange(len(each)), of.seeds)
        p_values = (
            paired_t(d, second=none, confidence=0.95).p,
            _corrected(d, np.arange(d.size), ratio),
            _corrected(d, over, ratio),
        )
        for of_test, p in zip(found, p_values, strict=True):
            if p is not None:
                of_test.append(p < 0.05)
    plain, former, present = (float(np.mean(one)) if one else None for one in found)
    assert plain is not None
    assert former is not None
    return plain, former, present


def _corrected(d: Floats, folds: NDArray[np.int64], ratio: float) -> float | None:
    second = np.zeros(d.size)
    return corrected_t(d, second=second, folds=folds, test_to_train=ratio, confidence=0.95).p


def table(times: int) -> Iterator[str]:
    """Yield a line for each design, and print it."""
    yield "| patients | folds | seeds | features | taken | AUC | paired t | runs | folds |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for number, design in enumerate(DESIGNS):
        *others, present = rejected(design, times, (number,))
        text = "no test" if present is None else f"{present:.3f}"
        if present is not None and present > MOST_FALSE:
            text = f"**{text}**"
        line = f"| {design} | {' | '.join(f'{share:.3f}' for share in others)} | {text} |"
        print(line, flush=True)
        yield line


def about(times: int) -> str:
    """Say what was simulated."""
    return (
        f"`python benchmarks/resampled_tests.py`, {datetime.date.today()}, {machine()}.\n"
        f"Share of {times:,} simulations in which a test at 5 % rejects that two methods are "
        "equal, which they are; an error of 0.05 is "
        f"{(0.05 * 0.95 / times) ** 0.5:.3f}. Two linear discriminants learn from the same "
        "patients, of 1 to 3 scans, but from other, equally good features; a seed learns from a "
        "part of the training patients (taken). AUCs are compared in every fold. Paired t: as "
        "published, of fold and seed; runs: corrected resampled t-test that takes each fold and "
        "seed for a sample, as it was; folds: the same with the mean over the seeds of each fold, "
        f"as it is. Below {FEWEST_FOLDS} folds it gives no p: with two, the same test rejected "
        "0.073. Bold: "
        f"more than {MOST_FALSE:.0%}.\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=2000, help="simulations of each design")
    times = parser.parse_args().times
    lines = [*table(times)]
    write_section(HEADING, f"{HEADING}\n\n{about(times)}\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

"""split: patients to train, validation and test parts, by one exact rule (A-18 to A-26; D-06)."""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import pandas as pd

from elsewhere.cohorts.labels import LABEL, pattern
from elsewhere.design.split import Split

# Which scans are tested whatever the shares: those of patients found at several sites, because one
# of the sites is external and tests all it has (B-04); or, at that site, all.
Tested = Literal["by_share", "shared", "all"]


@dataclass(frozen=True)
class Unit:
    """What is never divided: a patient, or patients whom identical or near-identical scans connect.

    Attributes
    ----------
    patients
        Hashed keys, sorted.
    n_scans
        Scans of all of them.
    label
        1 if any scan is positive; 0 where scans have findings.
    category
        The publisher's commonest class among the scans of that label; of findings, which of them
        the patient has.
    pin
        Name of the group if it has members at another site, else empty: both sites put it into
        the part that this name alone decides.
    """

    patients: tuple[str, ...]
    n_scans: int
    label: int
    category: str
    pin: str = ""

    @property
    def key(self) -> str:
        """Hashed key of the first patient."""
        return self.patients[0]


def assign(
    scans: pd.DataFrame,
    groups: pd.DataFrame,
    *,
    settings: Split,
    labels: tuple[str, ...] = (LABEL,),
    tested: Tested = "by_share",
) -> pd.DataFrame:
    """Give every scan a part in every fold, patient by patient, strata by label (A-25).

    The result depends on seed, keys, labels, categories and voxels, never on the order of rows.
    Groups with members at other sites come first, each where its name puts it; the rule divides
    all others.
    Within a stratum patients are drawn evenly along their number of scans, so that the shares of
    scans follow those of patients. Where scans have findings there is one stratum, and patients
    are drawn evenly along which findings they have.

    Parameters
    ----------
    scans
        Columns scan_id, patient_id, category, volume_sha256 and the labels.
    groups
        Columns patient_id, group, across_sites: patients that duplicates connect to others, here
        or elsewhere.
    settings
        A holdout (one fold) or folds in which every patient is tested once.
    labels
        `LABEL`, or the names of findings.
    tested
        Which scans are tested whatever the shares.

    Returns
    -------
    pandas.DataFrame
        Columns scan_id, patient_id, the labels, fold and part; one row a scan and fold, sorted by
        fold and scan_id.
    """
    found = units(scans, groups, labels=labels)
    pinned = [unit for unit in found if unit.pin]
    rest = [unit for unit in found if not unit.pin]
    divided = strata(rest, settings=settings) if labels == (LABEL,) else [rest] if rest else []
    parts: list[dict[str, str]] = []
    for fold in range(settings.folds):
        placed = [
            (unit, pinned_part(unit.pin, fold, settings=settings, tested=tested)) for unit in pinned
        ]
        for stratum in divided:
            placed += (
                [(unit, "test") for unit in stratum]
                if tested == "all"
                else _parts(stratum, fold, settings)
            )
        parts.append({patient: part for unit, part in placed for patient in unit.patients})
    kept = scans.sort_values("scan_id")[["scan_id", "patient_id", *labels]]
    rows = [
        kept.assign(fold=fold, part=kept["patient_id"].map(parts[fold]))
        for fold in range(settings.folds)
    ]
    return pd.concat(rows, ignore_index=True).astype(dict.fromkeys(labels, "Int64"))


def pinned_part(group: str, fold: int, *, settings: Split, tested: Tested = "by_share") -> str:
    """Return the part of a group with members at several sites, from its name and the seed alone.

    Every site of a study has the same settings, so that no site tests what another trains on;
    beside an external site, which tests all, every site tests it.
    """
    if tested != "by_share":
        return "test"
    test, validation = shares(settings)
    if settings.kind == "folds":
        drawn = _draw(settings.seed, "pin", group) % settings.folds == fold
    else:
        drawn = Fraction(_draw(settings.seed, "pin", group), 1 << 32) < test
    if drawn:
        return "test"
    share = Fraction(_draw(settings.seed, "pin", fold, group), 1 << 32)
    return "validation" if share < validation / (1 - test) else "train"


def units(
    scans: pd.DataFrame, groups: pd.DataFrame, *, labels: tuple[str, ...] = (LABEL,)
) -> list[Unit]:
    """Group scans that must stay together: of one patient, with identical voxels, or in a group.

    Returns
    -------
    list of Unit
        Sorted by key.
    """
    leader: dict[str, str] = {}

    def first(patient: str) -> str:
        while leader.setdefault(patient, patient) != patient:
            patient = leader[patient]
        return patient

    owners: dict[str, str] = {}
    grouped = groups[groups["patient_id"].isin(set(scans["patient_id"]))]
    for table, column in ((scans, "volume_sha256"), (grouped, "group")):
        for patient, shared in zip(table["patient_id"], table[column], strict=True):
            low, high = sorted((first(patient), first(owners.setdefault(shared, patient))))
            leader[high] = low
    rows: dict[str, list[tuple[str, int, str]]] = defaultdict(list)
    if labels == (LABEL,):
        of_scans = (scans[LABEL].astype("int64"), scans["category"])
    else:
        having = scans["patient_id"].map(pattern(scans, labels))
        of_scans = (pd.Series(0, index=scans.index), having)
    for patient, label, category in zip(scans["patient_id"], *of_scans, strict=True):
        rows[first(patient)].append((patient, int(label), category))
    across = grouped[grouped["across_sites"]]
    pins = dict(zip(across["patient_id"], across["group"], strict=True))
    return [_unit(rows[key], pins) for key in sorted(rows)]


def _unit(scans: list[tuple[str, int, str]], pins: Mapping[str, str]) -> Unit:
    highest = max(label for _, label, _ in scans)
    counts = Counter(category for _, label, category in scans if label == highest)
    commonest = min(counts, key=lambda name: (-counts[name], name))
    patients = tuple(sorted({patient for patient, _, _ in scans}))
    pin = min((pins[patient] for patient in patients if patient in pins), default="")
    return Unit(patients, len(scans), highest, commonest, pin)


def strata(found: Sequence[Unit], *, settings: Split) -> list[list[Unit]]:
    """Group units by label, and within it by the publisher's category where that is large enough.

    UTSW's two negative subsets of 118 (A-03) are why categories count: only together they give
    the published 170/18/48 (A-19). A category too small to reach every part joins the next
    larger one of its label.

    Returns
    -------
    list of list of Unit
        Labels in order, in each the strata from small to large.
    """
    by_label: dict[int, dict[str, list[Unit]]] = defaultdict(lambda: defaultdict(list))
    for unit in found:
        by_label[unit.label][unit.category].append(unit)
    result = []
    for label in sorted(by_label):
        groups = sorted(by_label[label].values(), key=lambda group: (len(group), group[0].category))
        while len(groups) > 1 and _misses_a_part(len(groups[0]), settings):
            groups = sorted([groups[0] + groups[1], *groups[2:]], key=len)
        result += groups
    return result


def part_sizes(n_units: int, *, settings: Split, least: int = 1) -> tuple[int, int, int]:
    """Return how many units of a stratum train, validate and test; of folds: in the first fold.

    test = round(n x test), then validation = round(rest x validation / (1 - test)), halves up,
    in exact arithmetic: the rule that gives the paper's counts (A-18 to A-24). With `rounding: up`
    both are rounded up, which gives those of B-07 and B-08.

    Parameters
    ----------
    n_units
        Units of the stratum.
    settings
        Shares.
    least
        Units that every part gets if there are as many units as parts.
    """
    test, _ = shares(settings)
    n_test = (
        math.ceil(n_units * test)
        if settings.kind == "folds"
        else _rounded(n_units * test, settings)
    )
    if n_units >= 3 and test > 0:
        n_test = min(max(n_test, least), n_units - 2 * least)
    n_validation = _validation_size(n_units - n_test, settings, least)
    return n_units - n_test - n_validation, n_validation, n_test


def _misses_a_part(n_units: int, settings: Split) -> bool:
    train, validation, test = part_sizes(n_units, settings=settings, least=0)
    return 0 in (train, test) or (validation == 0 and settings.validation > 0)


def shares(settings: Split) -> tuple[Fraction, Fraction]:
    """Return the exact shares of test and validation among all patients."""
    holdout = settings.kind == "holdout"
    test = Fraction(str(settings.test)) if holdout else Fraction(1, settings.folds)
    return test, Fraction(str(settings.validation))


def _validation_size(rest: int, settings: Split, least: int) -> int:
    test, validation = shares(settings)
    size = _rounded(rest * validation / (1 - test), settings)
    return min(max(size, least), rest - least) if rest >= 2 and validation > 0 else size


def _rounded(value: Fraction, settings: Split) -> int:
    return math.ceil(value) if settings.rounding == "up" else math.floor(value + Fraction(1, 2))


def _parts(group: list[Unit], fold: int, settings: Split) -> list[tuple[Unit, str]]:
    """Return the part of each unit of a stratum in one fold."""
    ordered = sorted(
        group, key=lambda unit: (unit.category, unit.n_scans, _draw(settings.seed, unit.key))
    )
    if settings.kind == "folds":
        tested = _dealt(ordered, fold, settings)
    else:
        n_test = part_sizes(len(ordered), settings=settings)[2]
        tested = _spread(ordered, n_test, _draw(settings.seed, "test", ordered[0].key))
    rest = [unit for unit in ordered if unit not in tested]
    n_validation = _validation_size(len(rest), settings, 1)
    start = _draw(settings.seed, "validation", fold, ordered[0].key)
    validated = _spread(rest, n_validation, start)
    return [
        (unit, "test" if unit in tested else "validation" if unit in validated else "train")
        for unit in ordered
    ]


def _dealt(ordered: list[Unit], fold: int, settings: Split) -> set[Unit]:
    """Deal units to folds, each next `folds` units in a shuffled order; return one fold's."""
    tested = set()
    for first in range(0, len(ordered), settings.folds):
        block = ordered[first : first + settings.folds]
        turns = sorted(
            range(settings.folds), key=lambda turn: _draw(settings.seed, "deal", turn, block[0].key)
        )
        tested |= {unit for unit, turn in zip(block, turns, strict=False) if turn == fold}
    return tested


def _spread(ordered: list[Unit], count: int, start: int) -> set[Unit]:
    """Take `count` units at even distances (systematic sampling): each is as likely as any other.

    `start`, below 2^32, is the random start within the first distance.
    """
    return {ordered[(start + (i << 32)) * len(ordered) // (count << 32)] for i in range(count)}


def _draw(*what: int | str) -> int:
    """Hash to a uniform integer below 2^32: stable over versions of every library."""
    text = "|".join(str(part) for part in what)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")

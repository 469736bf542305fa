"""split: assign patients to training, validation and test parts (A-18 to A-26; C-07; D-06)."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Literal

import pandas as pd

from elsewhere.cohorts.labels import LABEL
from elsewhere.cohorts.units import Unit, units
from elsewhere.design.split import Split

# Which scans are tested regardless of the shares. "shared": those of patients at several sites,
# because one of these sites is external and tests all its scans (B-04). "all": all scans, at the
# external site itself. "by_share": none. A mapping: the numbers of test patients that a study
# states, by label (C-08).
Tested = Literal["by_share", "shared", "all"] | Mapping[int, int]


def assign(
    scans: pd.DataFrame,
    groups: pd.DataFrame,
    *,
    settings: Split,
    labels: tuple[str, ...] = (LABEL,),
    tested: Tested = "by_share",
) -> pd.DataFrame:
    """Assign every scan to a part in every fold, by patient and stratified by label (A-25).

    The result depends on seed, labels, categories and voxels, never on the order of rows, nor on
    the keys of patients: those of a private site are hashed with a secret of the machine.
    Groups with members at other sites are assigned first, by their name. All other patients are
    divided by strata. Within a stratum the parts are systematic samples of the patients ordered by
    number of scans, so that the shares of scans follow the shares of patients. Where scans have
    findings there is one stratum, and its patients are ordered by the findings that they have.

    Parameters
    ----------
    scans
        Columns scan_id, patient_id, category, volume_sha256 and the labels.
    groups
        Columns patient_id, group, across_sites: patients that duplicates connect to others, at
        this site or another.
    settings
        A holdout (one fold), folds in which every patient is tested once, or folds with the same
        test patients in which every other patient is validated once.
    labels
        `LABEL`, or the names of findings.
    tested
        Which scans are tested regardless of the shares.

    Returns
    -------
    pandas.DataFrame
        Columns scan_id, patient_id, the labels, fold and part; one row per scan and fold, sorted by
        fold and scan_id.

    Raises
    ------
    ValueError
        If the site has fewer patients of a label than the study states for the test part.
    """
    all_units = units(scans, groups, labels=labels)
    pinned_units = [unit for unit in all_units if unit.pin]
    other_units = [unit for unit in all_units if not unit.pin]
    strata_of_others = (
        strata(other_units, settings=settings)
        if labels == (LABEL,)
        else [other_units]
        if other_units
        else []
    )
    n_tested = _stated(strata_of_others, pinned_units, settings=settings, tested=tested)
    parts: list[dict[str, str]] = []
    for fold in range(settings.folds):
        assigned = [
            (unit, pinned_part(unit.pin, fold, settings=settings, tested=tested))
            for unit in pinned_units
        ]
        for stratum, n_test in zip(strata_of_others, n_tested, strict=True):
            assigned += (
                [(unit, "test") for unit in stratum]
                if tested == "all"
                else _parts(stratum, fold, settings, n_test)
            )
        parts.append({patient: part for unit, part in assigned for patient in unit.patients})
    kept = scans.sort_values("scan_id")[["scan_id", "patient_id", *labels]]
    rows = [
        kept.assign(fold=fold, part=kept["patient_id"].map(parts[fold]))
        for fold in range(settings.folds)
    ]
    return pd.concat(rows, ignore_index=True).astype(dict.fromkeys(labels, "Int64"))


def pinned_part(group: str, fold: int, *, settings: Split, tested: Tested = "by_share") -> str:
    """Return the part of a group with members at several sites, from its name and the seed alone.

    All sites of a study share their settings, so that no site tests what another trains on. If
    one of the sites is external and tests all its scans, every site tests the group.
    """
    if tested in ("shared", "all"):
        return "test"
    test, validation = shares(settings)
    if settings.kind == "folds":
        in_test = _draw(settings.seed, "pin", group) % settings.folds == fold
    else:
        in_test = Fraction(_draw(settings.seed, "pin", group), 1 << 32) < test
    if in_test:
        return "test"
    if settings.kind == "fixed_test":
        turn = _draw(settings.seed, "pin validation", group) % settings.folds
        return "validation" if turn == fold else "train"
    position = Fraction(_draw(settings.seed, "pin", fold, group), 1 << 32)
    return "validation" if position < validation / (1 - test) else "train"


def strata(members: Sequence[Unit], *, settings: Split) -> list[list[Unit]]:
    """Group units by label, and within a label by the publisher's category if it is large enough.

    Categories matter because of UTSW's two negative subsets of 118 (A-03): only as two strata do
    they give the published 170/18/48 (A-19). A category that is too small to reach every part is
    merged with the next larger one of its label.

    Returns
    -------
    list of list of Unit
        Strata, in the order of labels, and from small to large within a label.
    """
    by_label: dict[int, dict[str, list[Unit]]] = defaultdict(lambda: defaultdict(list))
    for unit in members:
        by_label[unit.label][unit.category].append(unit)
    result = []
    for label in sorted(by_label):
        groups = sorted(by_label[label].values(), key=lambda group: (len(group), group[0].category))
        while len(groups) > 1 and _misses_a_part(len(groups[0]), settings):
            groups = sorted([groups[0] + groups[1], *groups[2:]], key=len)
        result += groups
    return result


def part_sizes(n_units: int, *, settings: Split, least: int = 1) -> tuple[int, int, int]:
    """Return the numbers of units of a stratum for training, validation and test.

    With folds they are those of the first fold. test = round(n x test), then validation =
    round(rest x validation / (1 - test)), in exact arithmetic with halves rounded up. This rule
    gives the counts of the paper (A-18 to A-24). With `rounding: up` both are rounded up, which
    gives the counts of B-07 and B-08.

    Parameters
    ----------
    n_units
        Number of units of the stratum.
    settings
        Shares of the parts.
    least
        Smallest number of units of a part, if there are at least as many units as parts.
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
    folds = Fraction(1, settings.folds)
    test = folds if settings.kind == "folds" else Fraction(str(settings.test))
    if settings.kind == "fixed_test":
        return test, (1 - test) * folds
    return test, Fraction(str(settings.validation))


def _validation_size(rest: int, settings: Split, least: int) -> int:
    test, validation = shares(settings)
    size = _rounded(rest * validation / (1 - test), settings)
    return min(max(size, least), rest - least) if rest >= 2 and validation > 0 else size


def _rounded(value: Fraction, settings: Split) -> int:
    return math.ceil(value) if settings.rounding == "up" else math.floor(value + Fraction(1, 2))


def _stated(
    groups: Sequence[Sequence[Unit]],
    pinned_units: Sequence[Unit],
    *,
    settings: Split,
    tested: Tested,
) -> list[int | None]:
    """Return how many units of each stratum a study wants tested; None: as many as its share.

    The strata of a label share the stated number in proportion to their sizes, by the largest
    remainder. Pinned units that are tested count.
    """
    counts: list[int | None] = [None] * len(groups)
    if isinstance(tested, str) or not (groups or pinned_units):  # a site without data here
        return counts
    for label, stated in tested.items():
        members = [at for at, group in enumerate(groups) if group[0].label == label]
        pinned_parts = [
            pinned_part(unit.pin, 0, settings=settings, tested=tested)
            for unit in pinned_units
            if unit.label == label
        ]
        wanted = stated - pinned_parts.count("test")
        available = sum(len(groups[at]) for at in members)
        if not 0 <= wanted <= available:
            raise ValueError(
                f"test_patients wants {stated} test patients with label {label}; the site has "
                f"{available} that can be tested or trained on, and {pinned_parts.count('test')} "
                "that are tested because another site has them, too; state another number"
            )
        shares_of = [Fraction(wanted * len(groups[at]), available or 1) for at in members]
        whole = [math.floor(share) for share in shares_of]
        order = sorted(range(len(members)), key=lambda i: (whole[i] - shares_of[i], i))
        for i in order[: wanted - sum(whole)]:
            whole[i] += 1
        for at, count in zip(members, whole, strict=True):
            counts[at] = count
    return counts


def _parts(
    group: list[Unit], fold: int, settings: Split, n_test: int | None
) -> list[tuple[Unit, str]]:
    """Return the part of each unit of a stratum in one fold; `n_test` None: as the share says."""
    ordered = sorted(
        group, key=lambda unit: (unit.category, unit.n_scans, _draw(settings.seed, unit.key))
    )
    if settings.kind == "folds":
        tested = _dealt(ordered, fold, settings)
    else:
        if n_test is None:
            n_test = part_sizes(len(ordered), settings=settings)[2]
        tested = _systematic_sample(ordered, n_test, _draw(settings.seed, "test", ordered[0].key))
    rest = [unit for unit in ordered if unit not in tested]
    if settings.kind == "fixed_test":
        validated = _dealt(rest, fold, settings)
    else:
        n_validation = _validation_size(len(rest), settings, 1)
        start = _draw(settings.seed, "validation", fold, ordered[0].key)
        validated = _systematic_sample(rest, n_validation, start)
    return [
        (unit, "test" if unit in tested else "validation" if unit in validated else "train")
        for unit in ordered
    ]


def _dealt(ordered: list[Unit], fold: int, settings: Split) -> set[Unit]:
    """Deal units to folds, `folds` units at a time in shuffled order; return those of one fold."""
    dealt = set()
    for first in range(0, len(ordered), settings.folds):
        block = ordered[first : first + settings.folds]
        turns = sorted(
            range(settings.folds), key=lambda turn: _draw(settings.seed, "deal", turn, block[0].key)
        )
        dealt |= {unit for unit, turn in zip(block, turns, strict=False) if turn == fold}
    return dealt


def _systematic_sample(ordered: list[Unit], count: int, start: int) -> set[Unit]:
    """Draw `count` units by systematic sampling: equal distances, equal probabilities.

    `start`, below 2^32, is the random start within the first interval.
    """
    return {ordered[(start + (i << 32)) * len(ordered) // (count << 32)] for i in range(count)}


def _draw(*what: int | str) -> int:
    """Hash to a uniform integer below 2^32, which no library version can change."""
    text = "|".join(str(part) for part in what)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")

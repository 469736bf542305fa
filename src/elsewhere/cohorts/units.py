"""units: groups scans into what a split never divides: patients, or patients with shared scans."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from elsewhere.cohorts.labels import LABEL, pattern

_Row = tuple[str, int, str, str]  # of a scan: patient, label, category, digest of its voxels


@dataclass(frozen=True)
class Unit:
    """A unit that is never divided: a patient, or patients that duplicate scans connect.

    Attributes
    ----------
    key
        Digest of the voxels of its first scan: it names the unit whatever secret the keys of
        patients are hashed with, so that a private site is split alike on every machine.
    patients
        Hashed keys, sorted.
    n_scans
        Number of scans of all these patients.
    label
        The highest of all scans: 1 if any is positive; 0 where scans have findings.
    category
        The publisher's commonest class among the scans with that label; with findings, the
        findings of the patient as a string of 0 and 1.
    pin
        Name of the group if it has members at another site, else empty. Both sites put the group
        into the part that this name alone decides.
    """

    key: str
    patients: tuple[str, ...]
    n_scans: int
    label: int
    category: str
    pin: str = ""


def units(
    scans: pd.DataFrame, groups: pd.DataFrame, *, labels: tuple[str, ...] = (LABEL,)
) -> list[Unit]:
    """Return the units of scans: of one patient, with identical voxels, or in one group.

    Returns
    -------
    list of Unit
        Sorted by key.
    """
    leaders: dict[str, str] = {}

    def leader_of(patient: str) -> str:
        while leaders.setdefault(patient, patient) != patient:
            patient = leaders[patient]
        return patient

    owners: dict[str, str] = {}
    grouped = groups[groups["patient_id"].isin(set(scans["patient_id"]))]
    for table, column in ((scans, "volume_sha256"), (grouped, "group")):
        for patient, shared in zip(table["patient_id"], table[column], strict=True):
            low, high = sorted((leader_of(patient), leader_of(owners.setdefault(shared, patient))))
            leaders[high] = low
    rows: dict[str, list[_Row]] = defaultdict(list)
    if labels == (LABEL,):
        label_and_category = (scans[LABEL].astype("int64"), scans["category"])
    else:
        patterns = scans["patient_id"].map(pattern(scans, labels))
        label_and_category = (pd.Series(0, index=scans.index), patterns)
    columns = (scans["patient_id"], *label_and_category, scans["volume_sha256"])
    for patient, label, category, digest in zip(*columns, strict=True):
        rows[leader_of(patient)].append((patient, int(label), category, digest))
    across = grouped[grouped["across_sites"]]
    pins = dict(zip(across["patient_id"], across["group"], strict=True))
    return sorted((_unit(of_unit, pins) for of_unit in rows.values()), key=lambda unit: unit.key)


def _unit(scans: list[_Row], pins: Mapping[str, str]) -> Unit:
    highest = max(label for _, label, _, _ in scans)
    counts = Counter(category for _, label, category, _ in scans if label == highest)
    commonest = min(counts, key=lambda name: (-counts[name], name))
    patients = tuple(sorted({patient for patient, _, _, _ in scans}))
    key = min(digest for _, _, _, digest in scans)
    pin = min((pins[patient] for patient in patients if patient in pins), default="")
    return Unit(key, patients, len(scans), highest, commonest, pin)

"""covid_ct: layout of COVID-CT, single CT slices as images with two tables of patients (D-02).

Files: CT_COVID/*, CT_NonCOVID/* (png or jpg)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from elsewhere.design.layouts.covid_ct import CovidCtOptions
from elsewhere.design.site import IntakeRow
from elsewhere.imaging.source import Source
from elsewhere.sites.layout import NAN, Layout, LeftOut, Scan, Sex, age, folder, images, sex
from elsewhere.sites.published_table import table

_SUFFIXES = (".png", ".jpg", ".jpeg")
_POSITIVE, _NEGATIVE = "COVID-CT-MetaInfo.xlsx", "NonCOVID-CT-MetaInfo.csv"


@dataclass(frozen=True)
class _Person:
    patient: str
    sex: Sex = "unknown"
    age: float = NAN


class CovidCt(CovidCtOptions, Layout):
    """Single slices cut out of figures of papers; `name%k.png` is the k-th panel of a figure.

    Some names in the tables differ from those on disk (no suffix, blanks). An image is matched by
    its exact name first, then by its name without suffix, case and blanks. An image or row without
    a match is rejected.
    """

    citation: ClassVar[str] = "Yang et al. 2020, COVID-CT-Dataset, arXiv 2003.13865"
    licence: ClassVar[str] = "figures: copyright of their authors, for research use"
    suffixes: ClassVar[tuple[str, ...]] = _SUFFIXES

    def scans(self, root: Path, policy: IntakeRow) -> Iterator[Scan | LeftOut]:
        """Yield one scan per image that a table assigns to a patient."""
        positive = table(root / _POSITIVE, required=("File name", "Patient ID", "Age", "Gender"))
        patients = {
            row["File name"]: _Person(row["Patient ID"], sex(row["Gender"]), age(row["Age"]))
            for row in positive
            if row["File name"]
        }
        yield from _category(root, "CT_COVID", patients, _POSITIVE)
        negative = table(root / _NEGATIVE, required=("image name", "patient id"))
        negative_patients = {row["image name"]: _Person(row["patient id"]) for row in negative}
        yield from _category(root, "CT_NonCOVID", negative_patients, _NEGATIVE)


def _category(
    root: Path, category: str, patients: Mapping[str, _Person], table_name: str
) -> Iterator[Scan | LeftOut]:
    image_folder = folder(root, category, f"Images-processed/{category}")
    files = {path.name: path for path in images(image_folder, *_SUFFIXES)}
    matched = match(set(patients), set(files))
    label = int(category == "CT_COVID")
    for name, path in files.items():
        relative = path.relative_to(root).as_posix()
        if name not in matched:
            detail = f"no row of {table_name} names this image"
            yield LeftOut(relative, "not_listed", detail, (path,))
            continue
        person = patients[matched[name]]
        if not person.patient:
            detail = f"{table_name} gives this image no patient"
            yield LeftOut(relative, "no_patient", detail, (path,))
            continue
        source = Source(kind="picture", files=(path,))
        # without the folder, so that both possible places of an image give the same identifier
        key = f"{category}/{name}"
        patient, known_sex, known_age = person.patient, person.sex, person.age
        yield Scan(key, relative, patient, label, category, source, sex=known_sex, age=known_age)
    for name in sorted(set(patients) - set(matched.values())):
        yield LeftOut(
            f"{image_folder.relative_to(root).as_posix()}/{name}",
            "missing",
            f"listed in {table_name}, not on disk",
        )


def match(listed: set[str], on_disk: set[str]) -> dict[str, str]:
    """Return the listed name of every file on disk that matches exactly one.

    Parameters
    ----------
    listed
        Names in a table.
    on_disk
        File names.

    Returns
    -------
    dict
        File name to listed name; no listed name is used twice.
    """
    matches = {name: name for name in on_disk & listed}
    listed_only = _by_normalised(listed - on_disk)
    for normalised, names in _by_normalised(on_disk - listed).items():
        candidates = listed_only.get(normalised, [])
        if len(names) == len(candidates) == 1:
            matches[names[0]] = candidates[0]
    return matches


def _by_normalised(names: set[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in sorted(names):
        groups.setdefault(_normalised(name), []).append(name)
    return groups


def _normalised(name: str) -> str:
    plain = unicodedata.normalize("NFC", name).casefold()
    for suffix in _SUFFIXES:
        plain = plain.removesuffix(suffix)
    return "".join(plain.split())

"""covid_ct: COVID-CT (D-02): CT_COVID and CT_NonCOVID with two tables of patients."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from elsewhere.design.layouts.covid_ct import CovidCtOptions
from elsewhere.design.site import IntakeRow
from elsewhere.imaging.source import Source
from elsewhere.sites.layout import NAN, Layout, LeftOut, Scan, Sex, age, folder, images, sex, table

_SUFFIXES = (".png", ".jpg", ".jpeg")
_POSITIVE, _NEGATIVE = "COVID-CT-MetaInfo.xlsx", "NonCOVID-CT-MetaInfo.csv"


@dataclass(frozen=True)
class _Person:
    patient: str
    sex: Sex = "unknown"
    age: float = NAN


class CovidCt(CovidCtOptions, Layout):
    """Single slices cut from figures of papers; `name%k.png` is the k-th panel of a figure.

    Names in the tables and on disk differ in places (no suffix, blanks): an image is matched by
    its exact name first, then by its name without suffix, case and blanks; what has no match in
    the other list is a rejected row.
    """

    citation: ClassVar[str] = "Yang et al. 2020, COVID-CT-Dataset, arXiv 2003.13865"
    licence: ClassVar[str] = "figures: copyright of their authors, for research use"
    suffixes: ClassVar[tuple[str, ...]] = _SUFFIXES

    def scans(self, root: Path, policy: IntakeRow) -> Iterator[Scan | LeftOut]:
        """Yield one scan an image that a table gives a patient."""
        positive = table(root / _POSITIVE, required=("File name", "Patient ID", "Age", "Gender"))
        people = {
            row["File name"]: _Person(row["Patient ID"], sex(row["Gender"]), age(row["Age"]))
            for row in positive
            if row["File name"]
        }
        yield from _category(root, "CT_COVID", people, _POSITIVE)
        negative = table(root / _NEGATIVE, required=("image name", "patient id"))
        others = {row["image name"]: _Person(row["patient id"]) for row in negative}
        yield from _category(root, "CT_NonCOVID", others, _NEGATIVE)


def _category(
    root: Path, category: str, people: Mapping[str, _Person], table_name: str
) -> Iterator[Scan | LeftOut]:
    at = folder(root, category, f"Images-processed/{category}")
    files = {path.name: path for path in images(at, *_SUFFIXES)}
    matched = match(set(people), set(files))
    label = int(category == "CT_COVID")
    for name, path in files.items():
        relative = path.relative_to(root).as_posix()
        if name not in matched:
            detail = f"no row of {table_name} names this image"
            yield LeftOut(relative, "not_listed", detail, (path,))
            continue
        person = people[matched[name]]
        if not person.patient:
            detail = f"{table_name} gives this image no patient"
            yield LeftOut(relative, "no_patient", detail, (path,))
            continue
        source = Source(kind="stack", files=(path,))
        # the name without the folder: both places of the images give one identifier
        key = f"{category}/{name}"
        patient, known_sex, known_age = person.patient, person.sex, person.age
        yield Scan(key, relative, patient, label, category, source, sex=known_sex, age=known_age)
    for name in sorted(set(people) - set(matched.values())):
        yield LeftOut(
            f"{at.relative_to(root).as_posix()}/{name}",
            "missing",
            f"listed in {table_name}, not on disk",
        )


def match(listed: set[str], on_disk: set[str]) -> dict[str, str]:
    """Return the listed name of every file on disk that has exactly one.

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
    found = {name: name for name in on_disk & listed}
    left = _by_normal(listed - on_disk)
    for normal, names in _by_normal(on_disk - listed).items():
        candidates = left.get(normal, [])
        if len(names) == len(candidates) == 1:
            found[names[0]] = candidates[0]
    return found


def _by_normal(names: set[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in sorted(names):
        groups.setdefault(_normal(name), []).append(name)
    return groups


def _normal(name: str) -> str:
    plain = unicodedata.normalize("NFC", name).casefold()
    for suffix in _SUFFIXES:
        plain = plain.removesuffix(suffix)
    return "".join(plain.split())

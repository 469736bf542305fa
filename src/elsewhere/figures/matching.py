"""matching: a table of age and sex of the classes of each site, and whether they differ (A-05)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from elsewhere.figures import style, words
from elsewhere.figures.divided import Divided, marks
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column
from elsewhere.figures.table import Field, Table
from elsewhere.files import write_rows
from elsewhere.scores.families import FAMILIES
from elsewhere.scores.matching import ONE_CLASS, Contrast, Group, adjusted, ages, sexes

NAME = "matching"
OF_GROUP = ("patients", "age_known", "age_mean", "age_sd", "age_median", "female", "male")
OF_CONTRAST = ("value", "low", "high", "standardised", "p", "p_holm", "reason")
COLUMNS = (
    *("site", "title"),
    *(f"{name}_{label}" for label in (0, 1) for name in (*OF_GROUP, "sex_unknown")),
    *(f"{what}_{name}" for what in ("age", "female") for name in OF_CONTRAST),
    *("kind", "synthetic"),
)
FIELDS = (
    Field("site", 1.3),
    Field("class", 1.7),
    Field("patients", 0.8, numeric=True),
    Field("age known", 0.85, numeric=True),
    Field("age, years", 1.95, numeric=True),
    Field("median", 0.65, numeric=True),
    Field("sex known", 0.85, numeric=True),
    Field("women", 2.05, numeric=True),
    Field("SMD: age; sex", 1.2, numeric=True),
    Field("p: age; sex", 1.45, numeric=True),
)


@dataclass(frozen=True)
class Site:
    """The classes of a site, negative and positive, and the differences between them."""

    column: Column
    groups: tuple[Group, Group]
    age: Contrast
    sex: Contrast


class Matching(Figure):
    """Age and sex of the patients of each class of a site, and their differences."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw the table, and write it as matching.csv."""
        settings = given.settings
        compared = compare(given.divided, confidence=settings.scoring.confidence)
        return draw(given.divided, compared, folder, classes=settings.classes)


def compare(divided: Divided, *, confidence: float) -> list[Site]:
    """Compare the classes of each site; p is adjusted over all sites, for age and sex at once."""
    sites = []
    for column in divided.columns:
        negative, positive = (_group(divided, column, label) for label in (0, 1))
        tests = [test(positive, negative, confidence=confidence) for test in (ages, sexes)]
        sites.append(Site(column, (negative, positive), *tests))
    family = iter(adjusted([test for site in sites for test in (site.age, site.sex)]))
    return [Site(site.column, site.groups, next(family), next(family)) for site in sites]


def draw(
    divided: Divided, compared: Sequence[Site], folder: Path, *, classes: Sequence[str]
) -> list[str]:
    """Draw matching.png and .svg, and write matching.csv.

    Parameters
    ----------
    compared
        As from `compare`.
    classes
        Names of both labels.

    Returns
    -------
    list of str
        Names of the figures drawn.
    """
    write_rows(map(_entry, compared), folder / f"{NAME}.csv", columns=COLUMNS)
    lines = [line for site in compared for line in _lines(divided, site, classes)]
    rules = [number for number, line in enumerate(lines) if number and line[0]]
    table = Table(FIELDS, tuple(lines), rules=tuple(rules))
    with style.look():
        page = style.sheet(
            "Are the classes of a site alike in age and sex?",
            width=table.width,
            height=table.height,
            notes=(*_notes(compared), *divided.notes),
            synthetic=divided.synthetic,
        )
        table.draw(page)
        style.save(page.figure, folder, NAME)
    return [NAME]


def _group(divided: Divided, column: Column, label: int) -> Group:
    """Return the patients of a class whose scans are in the split, at the youngest known age."""
    split = divided.splits[column.row]
    scans = divided.used(column)
    of_label = scans[scans["scan_id"].isin(set(split.loc[split["label"] == label, "scan_id"]))]
    patients = of_label.sort_values(["age", "scan_id"]).drop_duplicates("patient_id")
    counted = patients["sex"].value_counts()
    return Group(
        ages=patients["age"].dropna().to_numpy(dtype=np.float64),
        patients=len(patients),
        females=int(counted.get("F", 0)),
        males=int(counted.get("M", 0)),
    )


def _entry(site: Site) -> dict[str, Any]:
    entry: dict[str, Any] = marks(site.column)
    for label, group in enumerate(site.groups):
        numbers = (group.patients, len(group.ages), group.mean, group.sd, group.median)
        of_group = dict(zip(OF_GROUP, (*numbers, group.females, group.males), strict=True))
        of_group["sex_unknown"] = group.patients - group.sexes_known
        entry |= {f"{name}_{label}": value for name, value in of_group.items()}
    for what, contrast in (("age", site.age), ("female", site.sex)):
        entry |= {f"{what}_{name}": getattr(contrast, name) for name in OF_CONTRAST}
    return entry | {"kind": FAMILIES[NAME].kind}


def _lines(divided: Divided, site: Site, classes: Sequence[str]) -> list[tuple[str, ...]]:
    """Return a line for each class and one of the differences, positive minus negative."""
    heading = divided.heading(site.column)
    if not any(group.patients for group in site.groups):
        return [(heading, "no data here", *[""] * 8)]
    lines = [
        (
            "" if label else heading,
            classes[label],
            f"{group.patients:,}",
            f"{len(group.ages):,}",
            _age(group),
            "–" if group.median is None else f"{group.median:.0f}",
            f"{group.sexes_known:,}",
            "–" if group.female is None else f"{group.females:,} ({group.female:.0%})",
            *("", ""),
        )
        for label, group in enumerate(site.groups)
    ]
    both = (site.age, site.sex)
    smd = "; ".join(words.number(abs(one.standardised)) if one.standardised is not None else "–"
                    for one in both)  # fmt: skip
    p = "; ".join("–" if one.p_holm is None else words.p_value(one.p_holm) for one in both)
    points = _difference(site.sex, ".0f", scale=100, unit=" points")
    differences = (_difference(site.age, ".1f"), "", "", points)
    return [*lines, ("", "difference", "", "", *differences, smd, p)]


def _age(group: Group) -> str:
    if group.mean is None:
        return "–"
    return f"{group.mean:.1f}" + ("" if group.sd is None else f" ± {group.sd:.1f}")


def _difference(contrast: Contrast, how: str, *, scale: int = 1, unit: str = "") -> str:
    if contrast.value is None:
        return "–"
    text = f"{scale * contrast.value:+{how}}{unit}"
    if contrast.low is not None and contrast.high is not None:
        text += f" ({scale * contrast.low:+{how}} to {scale * contrast.high:+{how}})"
    return text.replace("-", "−")


def _notes(compared: Sequence[Site]) -> tuple[str, ...]:
    notes = [
        "Patients whose scans are in the split, each once in a class, at the youngest age known; "
        "mean ± standard deviation. Difference: positive minus negative, with its interval "
        "(Welch; Newcombe). p: Welch's and Fisher's test, exploratory, after Holm over this table "
        "alone.",
        "SMD: standardised difference, without its sign; below 0.1 classes are usually taken as "
        "balanced. A large p does not show that they are: few patients have a large p too.",
    ]
    reasons = dict.fromkeys(
        f"{site.column.title}: {'' if contrast.reason == ONE_CLASS else what}{contrast.reason}"
        for site in compared
        for what, contrast in (("age ", site.age), ("sex ", site.sex))
        if contrast.reason and any(group.patients for group in site.groups)
    )
    if reasons:
        notes.append(f"Not tested: {'; '.join(reasons)}.")
    return tuple(notes)

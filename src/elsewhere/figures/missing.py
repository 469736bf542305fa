"""missing: a table of missing fields by site and class, and of exclusions by site and reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from elsewhere.figures import style
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.table import Field, Table
from elsewhere.files import write_rows

NAME = "missing"
COLUMNS = ("site", "title", "class", "what", "name", "count", "of", "share", "synthetic")
# name of a field for readers: column of the manifest
FIELDS = {
    "sex": "sex",
    "age": "age",
    "scanner": "manufacturer",
    "kernel": "kernel",
    "contrast": "contrast",
    "thickness": "spacing_z_mm",
}
FIELD, NOT_USED, EXCLUDED = "missing field", "not used by the study", "excluded"
UNKNOWN, ANY = "unknown", "class not known"
ALIKE = 0.1  # shares of two classes that differ by more may tell them apart

Rows = Sequence[Mapping[str, Any]]


class Missing(Figure):
    """What is not known of the scans of each site and class, and what was excluded."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw the table, and write it as missing.csv."""
        draw(given, [*rows(given)], folder)
        return [NAME]


def rows(given: Given) -> Iterator[dict[str, Any]]:
    """Yield rows of `COLUMNS`: fields by site and class, and exclusions by site and reason.

    ``count`` and ``of`` are scans, and rows of rejected.csv among themselves and the scans for
    what is excluded: its class is not known, because a file that cannot be used is not read on.
    """
    for row, site in given.settings.sites.items():
        about = {"site": row, "title": site.title, "synthetic": "yes" if site.synthetic else "no"}
        used, scans = given.labelled[row], given.manifests[row]
        for label, name in enumerate(given.settings.classes):
            of_class = used[used["label"] == label]
            for field, column in FIELDS.items():
                count = int(_unknown(of_class[column]).sum())
                yield about | {"class": name, "what": FIELD} | _share(field, count, len(of_class))
        lost = scans[~scans["scan_id"].isin(used["scan_id"])]
        for category, count in lost["category"].value_counts().sort_index().items():
            numbers = _share(str(category), int(count), len(scans))
            yield about | {"class": ANY, "what": NOT_USED} | numbers
        rejected = given.rejected[row]
        excluded = rejected[rejected["verdict"] == "rejected"]
        for reason, count in excluded["reason"].value_counts().sort_index().items():
            numbers = _share(str(reason), int(count), len(excluded) + len(scans))
            yield about | {"class": ANY, "what": EXCLUDED} | numbers


def draw(given: Given, found: Rows, folder: Path) -> None:
    """Draw missing.png and .svg, and write missing.csv.

    Parameters
    ----------
    found
        As from `rows`.
    """
    write_rows(found, folder / f"{NAME}.csv", columns=COLUMNS)
    table = _table(given, found)
    with style.look():
        page = style.sheet(
            "Missing data and exclusions",
            width=table.width,
            height=table.height,
            notes=(*_notes(), *given.policy),
            synthetic=given.synthetic,
        )
        table.draw(page)
        style.save(page.figure, folder, NAME)


def _unknown(values: pd.Series[Any]) -> pd.Series[bool]:
    return values.isna() | (values.astype(str) == UNKNOWN)


def _share(name: str, count: int, of: int) -> dict[str, Any]:
    return {"name": name, "count": count, "of": of, "share": count / of if of else None}


def _table(given: Given, found: Rows) -> Table:
    fields = (
        Field("site", 1.5),
        Field("class", 1.8),
        Field("scans", 0.7, numeric=True),
        *(Field(f"{name} unknown", 0.98, numeric=True) for name in FIELDS),
        Field("not used, excluded (scans)", 3.0),
    )
    lines: list[tuple[str, ...]] = []
    rules = []
    for row, site in given.settings.sites.items():
        rules.append(len(lines))
        of_site = [line for line in found if line["site"] == row]
        apart = _apart(of_site)
        for number, name in enumerate(given.settings.classes):
            of_class = [line for line in of_site if line["class"] == name]
            first = number == 0
            lines.append(
                (
                    site.title if first else "",
                    name,
                    f"{of_class[0]['of']:,}",
                    *(_shown(line, apart) for line in of_class),
                    _others(of_site, available=site.available) if first else "",
                )
            )
    return Table(fields, tuple(lines), tuple(rules[1:]))


def _apart(of_site: Rows) -> set[str]:
    """Return the fields that are missing more often in one class of a site than in another."""
    shares: dict[str, list[float]] = {}
    for line in of_site:
        if line["what"] == FIELD and line["share"] is not None:
            shares.setdefault(line["name"], []).append(line["share"])
    return {name for name, of in shares.items() if max(of) - min(of) > ALIKE}


def _shown(line: Mapping[str, Any], apart: set[str]) -> str:
    if not line["of"]:
        return "–"
    star = " *" if line["name"] in apart else ""
    return f"{line['count']:,} ({line['share']:.0%}){star}"


def _others(of_site: Rows, *, available: bool) -> str:
    if not available:
        return "no data here"
    several = [
        f"{line['name']} {line['count']:,}" + (" (not used)" if line["what"] == NOT_USED else "")
        for line in of_site
        if line["what"] != FIELD
    ]
    return "; ".join(several) or "none"


def _notes() -> tuple[str, ...]:
    return (
        "Scans of which the manifest does not know a field, of all scans of the class that the "
        f"study uses. *: the shares of two classes of the site differ by more than {ALIKE:.0%}: "
        "that a field is missing may then tell the class. Excluded: reasons of rejected.csv; the "
        "class of what could not be used is not known. –: no scan of this class.",
    )

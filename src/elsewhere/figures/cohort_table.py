"""cohort_table: a table of patients and scans by site and class, as a figure and as cohort.csv."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from elsewhere.design.site import Site
from elsewhere.figures import style
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.table import Field, Table
from elsewhere.files import write_frame

FIELDS = (
    Field("site", 1.15),
    Field("class", 1.5),
    Field("patients", 0.85, numeric=True),
    Field("scans", 0.6, numeric=True),
    Field("F / M / ?", 0.95, numeric=True),
    Field("age, years", 1.05, numeric=True),
    Field("vendor", 1.4),
    Field("values", 1.0),
    Field("bits", 0.55, numeric=True),
    Field("slices", 1.05, numeric=True),
    Field("spacing z; x mm", 1.5, numeric=True),
    Field("rejected", 0.75, numeric=True),
)
CSV_NAME = "cohort.csv"


class CohortTable(Figure):
    """Patients and scans of each site and class."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw the table."""
        settings = given.settings
        cohort = table(
            given.labelled,
            rejected=given.rejected,
            sites=settings.sites,
            classes=settings.classes,
        )
        draw(cohort, folder, synthetic=given.synthetic, policy=given.policy)
        return ["cohort_table"]


def table(
    manifests: Mapping[str, pd.DataFrame],
    *,
    rejected: Mapping[str, pd.DataFrame],
    sites: Mapping[str, Site],
    classes: tuple[str, ...],
) -> pd.DataFrame:
    """Return one row per site and label (A-58; A-09, A-11, A-12), in the order of the sites.

    Parameters
    ----------
    manifests, rejected
        Row of the site to its manifest, and to its rejected.csv.
    sites
        Row to site, in the order of the study.
    classes
        Names of the labels, from 0 on.

    Returns
    -------
    pandas.DataFrame
        Counts of patients (empty where no patient key is published) and scans, sex, age (median,
        least, most), vendors, value scales, bit depths, slices and spacing (the same) and the scans
        rejected at the whole site. A label without scans has a row of zeros; what is unknown is
        empty.
    """
    return pd.DataFrame(
        [
            {
                "site": row,
                "title": site.title,
                "label": label,
                "class": classes[label],
                **_describe(manifests[row][manifests[row]["label"] == label]),
                "rejected_at_site": int((rejected[row]["verdict"] == "rejected").sum()),
                "synthetic": site.synthetic,
                "available": site.available,
            }
            for row, site in sites.items()
            for label in range(len(classes))
        ]
    ).astype({"patients": "Int64"})


def draw(
    cohort: pd.DataFrame, folder: Path, *, synthetic: bool, policy: tuple[str, ...] = ()
) -> None:
    """Draw cohort_table.png and .svg and write cohort.csv from the table of `table`.

    `policy` is the footnote on how labels were made of findings.
    """
    write_frame(cohort, folder / CSV_NAME, float_format="%.6g")
    rows = tuple(_row(entry) for entry in cohort.to_dict("records"))
    n_classes = max(cohort["label"].nunique(), 1)
    words = Table(FIELDS, rows, rules=tuple(range(n_classes, len(rows), n_classes)))
    with style.look():
        page = style.sheet(
            "Cohort: patients and scans of each site",
            width=words.width,
            height=words.height,
            notes=(
                "Age, slices and spacing: median (least–most). ?: sex unknown. –: the site does "
                "not publish it. Rejected: scans of the whole site that could not be used; the "
                "report gives the reasons. No data here: the site's data are not available.",
                *policy,
            ),
            synthetic=synthetic,
        )
        words.draw(page)
        style.save(page.figure, folder, "cohort_table")


def _describe(scans: pd.DataFrame) -> dict[str, Any]:
    patients = scans.drop_duplicates("patient_id")
    sexes = patients["sex"].value_counts()
    return {
        "patients": pd.NA if (scans["patient_key"] == "none").any() else len(patients),
        "scans": len(scans),
        **{f"sex_{sex}": int(sexes.get(sex, 0)) for sex in ("F", "M", "unknown")},
        **_range("age", patients["age"]),
        "manufacturers": _values(scans["manufacturer"]),
        "value_scales": _values(scans["value_scale"]),
        "bits_stored": _values(scans["bits_stored"]),
        "source_formats": _values(scans["source_format"]),
        "contrast": _values(scans["contrast"]),
        **_range("slices", scans["n_slices"]),
        **_range("spacing_z_mm", scans["spacing_z_mm"]),
        **_range("spacing_x_mm", scans["spacing_x_mm"]),
    }


def _range(name: str, values: pd.Series[Any]) -> dict[str, float]:
    return {
        f"{name}_median": values.median(),
        f"{name}_min": values.min(),
        f"{name}_max": values.max(),
    }


def _values(column: pd.Series[Any]) -> str:
    return ", ".join(str(value) for value in sorted(set(column)))


def _row(entry: Mapping[Any, Any]) -> tuple[str, ...]:
    site = entry["title"] if entry["label"] == 0 else ""
    if not entry["scans"]:
        if not entry["available"]:
            return (site, entry["class"], *[""] * 4, "no data here", *[""] * 5)
        return (site, entry["class"], "0", "0", *[""] * 7, _rejected(entry))
    spacing = [_written(entry, name, ".3g") for name in ("spacing_z_mm", "spacing_x_mm")]
    return (
        site,
        entry["class"],
        "–" if pd.isna(entry["patients"]) else str(entry["patients"]),
        str(entry["scans"]),
        f"{entry['sex_F']} / {entry['sex_M']} / {entry['sex_unknown']}",
        _written(entry, "age", ".0f"),
        entry["manufacturers"].replace("unknown", "–"),
        entry["value_scales"],
        entry["bits_stored"],
        _written(entry, "slices", ".0f"),
        "–" if spacing == ["–", "–"] else "; ".join(spacing),
        _rejected(entry),
    )


def _rejected(entry: Mapping[Any, Any]) -> str:
    return str(entry["rejected_at_site"]) if entry["label"] == 0 else ""


def _written(entry: Mapping[Any, Any], name: str, how: str) -> str:
    middle, least, most = (entry[f"{name}_{end}"] for end in ("median", "min", "max"))
    if pd.isna(middle):
        return "–"
    if least == most:
        return format(middle, how)
    return f"{middle:{how}} ({least:{how}}–{most:{how}})"

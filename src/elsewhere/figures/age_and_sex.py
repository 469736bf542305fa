"""age_and_sex: patients of each site by age and sex, as a figure and as age_and_sex.csv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from elsewhere.figures import style
from elsewhere.figures.divided import Divided, marks
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column
from elsewhere.files import write_frame

NAME = "age_and_sex"
CSV_NAME = f"{NAME}.csv"
STEP, OLDEST = 10, 90
SEXES = {"M": ("male", style.GREEN), "F": ("female", style.PURPLE), "unknown": ("?", style.HATCH)}
COLUMNS = (
    *("site", "title", "sex", "age_from", "age_to", "patients", "synthetic"),
    *("site_mean_age", "site_sd_age", "published_mean_age", "published_sd_age", "requirement"),
)
ACROSS = 3
WIDE, TALL = 3.3, 2.0
LEFT, GAP, HEAD, FOOT = 0.55, 0.7, 0.62, 0.62

Patients = Mapping[str, pd.DataFrame]


class AgeAndSex(Figure):
    """Age and sex of the patients of each site."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a histogram per site."""
        return draw(given.divided, folder, known=given.paper_counts)


def draw(divided: Divided, folder: Path, *, known: Sequence[Mapping[str, str]]) -> list[str]:
    """Draw age_and_sex.png and .svg, a histogram per site, and write age_and_sex.csv (B-29, B-06).

    A patient counts once, at the youngest known age among the scans in the split. Sites that
    publish no age are named in a note.

    Parameters
    ----------
    known
        As from `paper.counts`: mean and standard deviation of the age.

    Returns
    -------
    list of str
        Names of the figures drawn: none where no site publishes ages.
    """
    by_site = {column.name: _patients(divided.used(column)) for column in divided.columns}
    shown = [column for column in divided.columns if by_site[column.name]["age"].notna().any()]
    if not shown:
        return []
    listed = {(row["site"], row["quantity"]): row for row in known if row["part"] == "all"}
    lines = [line for column in shown for line in _lines(column, by_site[column.name], listed)]
    table = pd.DataFrame(lines, columns=[*COLUMNS])
    write_frame(table, folder / CSV_NAME, float_format="%.6g")
    across = min(ACROSS, len(shown))
    down = -(-len(shown) // across)
    pitch = (WIDE + GAP, HEAD + TALL + FOOT)
    with style.look():
        page = style.sheet(
            "Age and sex of the patients of each site",
            width=max(6.0, LEFT + pitch[0] * across - GAP),
            height=pitch[1] * down - 0.17,
            notes=_notes(divided, by_site, shown),
            synthetic=divided.synthetic,
        )
        for number, column in enumerate(shown):
            at = (LEFT + pitch[0] * (number % across), pitch[1] * (number // across))
            patients = by_site[column.name]
            page.text(at[0], at[1] + 0.1, divided.heading(column), weight="bold", va="center")
            for line, text in enumerate(_summary(column, patients, listed)):
                y = at[1] + 0.29 + 0.17 * line
                colour = style.MUTED if line else style.INK
                page.text(at[0], y, text, size=style.SMALL, va="center", color=colour)
            axes = page.box(at[0], at[1] + HEAD, (WIDE, TALL))
            _bars(axes, [line for line in lines if line["site"] == column.name])
            axes.set_ylabel("patients" if number % across == 0 else "", size=style.SMALL)
        style.save(page.figure, folder, NAME)
    return [NAME]


def _patients(scans: pd.DataFrame) -> pd.DataFrame:
    """Return one row per patient, that of the youngest known age."""
    return scans.sort_values(["age", "scan_id"]).drop_duplicates("patient_id")


def _lines(
    column: Column, patients: pd.DataFrame, listed: Mapping[tuple[str, str], Mapping[str, str]]
) -> list[dict[str, Any]]:
    """Return the bars of a site: one per sex and class of age; the last class is open above."""
    known = patients[patients["age"].notna()]
    first = (known["age"] // STEP * STEP).clip(upper=OLDEST)
    counted = known.groupby([known["sex"], first]).size()
    mean, sd = (listed.get((column.name, name), {}) for name in ("age_mean", "age_sd"))
    about = {
        "site_mean_age": known["age"].mean(),
        "site_sd_age": known["age"].std(ddof=1),
        "published_mean_age": mean.get("value", ""),
        "published_sd_age": sd.get("value", ""),
        "requirement": mean.get("requirement", ""),
    }
    return [
        {
            **marks(column),
            "sex": sex,
            "age_from": age,
            "age_to": age + STEP if age < OLDEST else None,
            "patients": int(counted.get((sex, age), 0)),
            **about,
        }
        for sex in SEXES
        if sex in set(known["sex"])
        for age in range(0, OLDEST + 1, STEP)
    ]


def _summary(
    column: Column, patients: pd.DataFrame, listed: Mapping[tuple[str, str], Mapping[str, str]]
) -> list[str]:
    ages = patients["age"].dropna()
    sexes = patients.loc[patients["sex"] != "unknown", "sex"]
    spread = f" ± {ages.std(ddof=1):.1f}" if len(ages) > 1 else ""
    summary = f"{len(ages):,} patients, {ages.mean():.1f}{spread} years"
    if len(sexes):
        summary += f", {(sexes == 'M').mean():.0%} male"
    known = [listed.get((column.name, name)) for name in ("age_mean", "age_sd", "male_percent")]
    if known[0] is None or known[1] is None:
        return [summary]
    paper = f"published: {known[0]['value']} ± {known[1]['value']} years"
    return [summary, paper + ("" if known[2] is None else f", {known[2]['value']}% male")]


def _bars(axes: Axes, lines: Sequence[Mapping[str, Any]]) -> None:
    sexes = list(dict.fromkeys(line["sex"] for line in lines))
    wide = 0.84 * STEP / len(sexes)
    for number, sex in enumerate(sexes):
        of_sex = [line for line in lines if line["sex"] == sex]
        name, colour = SEXES[sex]
        starts = [line["age_from"] + 0.08 * STEP + wide * number for line in of_sex]
        sizes = [line["patients"] for line in of_sex]
        axes.bar(starts, sizes, width=wide, align="edge", color=colour, label=name)
    axes.set_xlim(0, OLDEST + STEP)
    axes.set_xticks([*range(0, OLDEST + 1, 2 * STEP), OLDEST])
    axes.set_xticklabels([str(age) for age in range(0, OLDEST, 2 * STEP)] + [f"{OLDEST}+"])
    axes.yaxis.set_major_locator(style.few_ticks())
    axes.set_xlabel("age, years", size=style.SMALL, labelpad=2)
    axes.tick_params(length=2, pad=2)
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.02, 1 + 0.4 / TALL), ncols=len(sexes), frameon=False,
        fontsize=style.SMALL, handlelength=0.9, handletextpad=0.4, columnspacing=0.9,
    )  # fmt: skip


def _notes(divided: Divided, by_site: Patients, shown: Sequence[Column]) -> tuple[str, ...]:
    notes = [
        "Patients whose scans are in the split, each once, at the youngest age known; mean ± "
        f"standard deviation. Bars: {STEP} years, the last one {OLDEST} and older. ?: sex unknown."
    ]
    ageless = [
        f"{column.title}: {int(by_site[column.name]['age'].isna().sum()):,} patients"
        for column in divided.columns
        if by_site[column.name]["age"].isna().any()
    ]
    if ageless:
        notes.append(f"No age known: {'; '.join(ageless)}.")
    gone = [column.title for column in divided.columns if by_site[column.name].empty]
    if gone:
        notes.append(f"No data here: {', '.join(gone)}.")
    return (*notes, *divided.notes)

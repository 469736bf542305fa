"""site_summary: summarises a site's scans in a few lines: patients, labels, ages, geometry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from elsewhere.sites import findings
from elsewhere.sites.account import Closed, by_reason
from elsewhere.sites.layout import LeftOut
from elsewhere.sites.reasons import REASONS

Line = tuple[str, str]

SHOWN = 3  # paths of a reason
FEW_PATIENTS = 20
_MOST_WORDS = 6


def lines(scans: pd.DataFrame) -> Iterator[Line]:
    """Yield name and content of each line about the scans of a site.

    Parameters
    ----------
    scans
        Rows of a manifest, at least one.
    """
    yield "scans", _patients(scans)
    if (scans["findings"] != "").any():
        yield from _findings(scans)
    else:
        yield from _labels(scans)
    yield "sex", _counts(scans["sex"])
    yield "age", _range(scans["age"], "years", digits=0)
    if scans["study_day"].notna().any():
        yield "dates", f"of {int(scans['study_day'].notna().sum())} scans"
    yield from _geometry(scans)
    yield "values", _counts(scans["value_scale"])
    yield "format", _counts(scans["source_format"])
    yield "scanner", _counts(scans["manufacturer"])
    for name in ("flags", "repairs"):
        codes = Counter(code for text in scans[name] if text for code in text.split(";"))
        if codes:
            yield name, _listed(codes)


def notes(scans: pd.DataFrame) -> Iterator[str]:
    """Yield what a user should know before training on a site."""
    if (scans["patient_key"] == "none").any():
        yield (
            "nothing says whose scan each is: scans of one patient may be in training and test; "
            "give label.csv a column patient, or set options.patient_pattern"
        )
    if (scans["findings"] == "").all() and scans["label"].nunique() < 2:
        yield "all scans have one label: no model can be trained on this site alone"
    count = scans["patient_id"].nunique()
    if count < FEW_PATIENTS:
        few = _number(count, "patient")
        yield f"only {few}: intervals will be wide and some parts of a split may be empty"
    if scans["flags"].str.contains("orientation_assumed").any():
        yield "some files do not give the patient's orientation: look at one in a viewer"


def account(closed: Closed) -> str:
    """Return how many files were used, and what became of the others."""
    ends = ", ".join(f"{count} {verdict}" for verdict, count in closed.files().items())
    return f"{closed.total}: {closed.used} used, {ends}"


def reasons(closed: Closed) -> Iterator[tuple[str, list[str]]]:
    """Yield each reason with its meaning and remedy, and the first paths it was given for.

    Rejected ones come first, those of most rows before others.
    """
    groups: dict[str, list[LeftOut]] = {}
    for row in closed.rows:
        groups.setdefault(row.reason, []).append(row)
    files = {code: n for counts in by_reason(closed.rows).values() for code, n in counts.items()}

    def rank(code: str) -> tuple[bool, int, str]:
        return groups[code][0].verdict != "rejected", -len(groups[code]), code

    for code in sorted(groups, key=rank):
        rows = sorted(groups[code], key=lambda row: row.path)
        paths = [f"{row.path}: {row.detail}" for row in rows[:SHOWN]]
        if len(rows) > SHOWN:
            paths.append(f"... and {len(rows) - SHOWN} more")
        reason = REASONS[code]
        remedy = "" if reason.remedy == "Nothing." else f" {reason.remedy}"
        many = _number(files[code], "file") if files[code] else _number(len(rows), "row")
        yield f"{many} {reason.verdict}, {code}: {reason.sentence}{remedy}", paths


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _patients(scans: pd.DataFrame) -> str:
    if (scans["patient_key"] == "none").all():
        return f"{len(scans)}, of unknown patients"
    counts = scans["patient_id"].value_counts()
    least, most = counts.min(), counts.max()
    each = f"{least}" if least == most else f"{least} to {most}"
    return f"{len(scans)} of {_number(len(counts), 'patient')}, {each} each"


def _labels(scans: pd.DataFrame) -> Iterator[Line]:
    for label, rows in scans.groupby("label"):
        patients = rows["patient_id"].nunique()
        yield f"label {label}", f"{_number(len(rows), 'scan')} of {_number(patients, 'patient')}"
    if scans["category"].nunique() > scans["label"].nunique():
        yield "category", _counts(scans["category"])


def _findings(scans: pd.DataFrame) -> Iterator[Line]:
    states: dict[str, Counter[str]] = {}
    for text, count in scans["findings"].value_counts().items():
        for name, state in findings.read(str(text)).items():
            states.setdefault(name, Counter())[state] += int(count)
    for name, counts in sorted(states.items()):
        yield name, ", ".join(f"{state} {counts[state]}" for state in findings.STATES)
    if scans["view"].nunique() > 1 or scans["view"].iloc[0] != "none":
        yield "view", _counts(scans["view"])


def _geometry(scans: pd.DataFrame) -> Iterator[Line]:
    if scans["n_slices"].max() > 1:
        yield "slices", _range(scans["n_slices"], "", digits=0)
    yield "matrix", _matrix(scans)
    if scans["spacing_z_mm"].notna().any():
        yield "slice distance", _range(scans["spacing_z_mm"], "mm", digits=2)
    if scans["spacing_x_mm"].notna().any():
        both = pd.concat([scans["spacing_y_mm"], scans["spacing_x_mm"]])
        yield "pixel spacing", _range(both, "mm", digits=2)


def _matrix(scans: pd.DataFrame) -> str:
    sizes = scans["rows"].astype(str) + " x " + scans["columns"].astype(str)
    if sizes.nunique() <= _MOST_WORDS:
        return _counts(sizes)
    rows, columns = (
        f"{scans[axis].min()} to {scans[axis].max()} {axis}" for axis in ("rows", "columns")
    )
    return f"{rows}, {columns}"


def _range(values: pd.Series[Any], unit: str, *, digits: int) -> str:
    known = values.dropna()
    missing = len(values) - len(known)
    unknown = f"unknown for {missing / len(values):.0%}" if missing else ""
    if known.empty:
        return "unknown"
    ends = [f"{float(end):.{digits}f}" for end in (known.min(), known.max())]
    median = f"{float(known.median()):.{digits}f}"
    span = ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}, median {median}"
    return "; ".join(filter(None, [f"{span} {unit}".strip(), unknown]))


def _counts(values: pd.Series[Any]) -> str:
    return _listed(Counter(str(value) for value in values))


def _listed(counts: Counter[str]) -> str:
    shown = [f"{word} ({count})" for word, count in sorted(counts.items(), key=_by_count)]
    more = len(shown) - _MOST_WORDS
    return ", ".join([*shown[:_MOST_WORDS], *([f"{more} others"] if more > 0 else [])])


def _by_count(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def width(content: Sequence[Line]) -> int:
    """Return the length of the longest name of lines."""
    return max((len(name) for name, _ in content), default=0)

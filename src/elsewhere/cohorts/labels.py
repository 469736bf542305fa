"""labels: what a study makes of a manifest: a label a scan, or a finding (B-17, B-18, B-23)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import add

import pandas as pd

from elsewhere.design.findings import Findings
from elsewhere.sites import findings as vocabulary
from elsewhere.sites.findings import State

LABEL = "label"  # the one column of a study whose scans have one label each
_KEYS = ("scan_id", "patient_id", "fold", "part")


class LabelsError(ValueError):
    """Scans do not have the labels that the study asks for; the message says what to change."""


def labelled(manifest: pd.DataFrame, wanted: Findings | None) -> pd.DataFrame:
    """Return the scans of a manifest that a study uses, with a column for each of its labels.

    Parameters
    ----------
    manifest
        Of one site.
    wanted
        The study's findings; None: the manifest's own column `LABEL`, checked to be there.

    Returns
    -------
    pandas.DataFrame
        The manifest's columns, without scans of other views, and a column Int64 a label: 0, 1,
        or empty where the scan has none: the site does not annotate the finding, or the study
        ignores an uncertain or a blank one. With findings `LABEL` says whether any is there.

    Raises
    ------
    LabelsError
        If scans have findings and the study asks for one label, or the other way round, or a
        finding is unknown.
    """
    if wanted is None:
        _require(manifest["label"].notna(), manifest, "have findings instead of a label")
        return manifest
    unknown = [name for name in wanted.labels if name not in vocabulary.NAMES]
    if unknown:
        known = ", ".join(vocabulary.NAMES)
        raise LabelsError(f"findings.labels names {', '.join(unknown)}; known are {known}")
    _require(manifest["findings"] != "", manifest, "have a label instead of findings")
    kept = manifest[manifest["view"].isin(wanted.views)]
    # many scans share one text: it is read once
    states = {text: vocabulary.read(text) for text in kept["findings"].unique()}
    columns = {
        name: kept["findings"].map({text: _value(states[text], name, wanted) for text in states})
        for name in wanted.labels
    }
    labels = pd.DataFrame(columns, index=kept.index).astype("Int64")
    return kept.assign(**labels, **{LABEL: labels.max(axis=1)})


def columns(split: Iterable[str]) -> tuple[str, ...]:
    """Return which columns of a split are labels: `LABEL`, or the names of findings."""
    return tuple(name for name in split if name not in _KEYS)


def findings_of(split: Iterable[str]) -> tuple[str, ...]:
    """Return the findings among the columns of a split; none where scans have one label each."""
    found = columns(split)
    return () if found == (LABEL,) else found


def pattern(rows: pd.DataFrame, names: Iterable[str]) -> pd.Series[str]:
    """Return which of these labels each patient has in any scan, as a text of 0 and 1.

    Returns
    -------
    pandas.Series
        By patient_id.
    """
    highest = rows.groupby("patient_id")[[*names]].max().fillna(0).astype("int64").astype(str)
    # column by column: a row at a time is a minute for the patients of a large site
    return reduce(add, (highest[name] for name in highest))


def _value(states: Mapping[str, State], name: str, wanted: Findings) -> int | None:
    """Return the label of one finding; what is not annotated at the site is in no text of it."""
    if name not in states:
        return None
    state = states[name]
    if state == "uncertain":
        state_or_ignore = wanted.labels[name].uncertain
    elif state == "blank":
        state_or_ignore = wanted.blank
    else:
        state_or_ignore = state
    return {"positive": 1, "negative": 0, "ignore": None}[state_or_ignore]


def _require(fits: pd.Series[bool], manifest: pd.DataFrame, what: str) -> None:
    wrong = int((~fits).sum())
    if wrong:
        raise LabelsError(
            f"{wrong} of {len(manifest)} scans {what}: a site of findings needs a study with "
            "`findings`, a site of labels one without; mend the study, or leave "
            "the site out of its scales"
        )

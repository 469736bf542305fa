"""labels: convert a manifest to the labels of a study: one label or findings (B-17, B-18, B-23)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import add

import pandas as pd

from elsewhere.design.findings import Findings
from elsewhere.sites import findings as vocabulary
from elsewhere.sites.findings import State

LABEL = "label"  # the column of labels in a study whose scans have one label each
_KEYS = ("scan_id", "patient_id", "fold", "part")


class LabelsError(ValueError):
    """The scans do not have the labels that the study needs; the message says what to change."""


def labelled(
    manifest: pd.DataFrame,
    wanted: Findings | None,
    *,
    classes: Sequence[str] = (),
    categories: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return the scans of a manifest that a study uses, with a column for each of its labels.

    Parameters
    ----------
    manifest
        Manifest of one site.
    wanted
        Findings of the study; None: each scan must have a value in the column `LABEL`.
    classes
        Names of the labels of a study, where there are more than two; else empty.
    categories
        Class by category: scans of other categories are left out, and the label is the position
        of the class in ``classes``. None: the labels of the manifest.

    Returns
    -------
    pandas.DataFrame
        The rows of the manifest, without scans of other views, and an Int64 column for each label.
        Its values are 0, 1, or empty if the scan has no label, because the site does not annotate
        the finding or the study ignores uncertain or blank mentions. With findings `LABEL` is 1 if
        any finding is positive.

    Raises
    ------
    LabelsError
        If scans have findings and the study needs one label, or the reverse, a finding is
        unknown, or a label is of no class of the study.
    """
    if wanted is None:
        _require(manifest["label"].notna(), manifest, "have findings instead of a label")
        if categories is not None:
            positions = {name: classes.index(own) for name, own in categories.items()}
            chosen = manifest[manifest["category"].isin(positions)]
            return chosen.assign(label=chosen["category"].map(positions).astype("Int64"))
        _require_classes(manifest["label"], classes)
        return manifest
    known = vocabulary.known(manifest["findings"])
    unknown = [name for name in wanted.labels if name not in known]
    if unknown:
        raise LabelsError(
            f"findings.labels names {', '.join(unknown)}; known are {', '.join(sorted(known))}"
        )
    _require(manifest["findings"] != "", manifest, "have a label instead of findings")
    kept = manifest[manifest["view"].isin(wanted.views)]
    # many scans share one text, so each text is parsed once
    states = {text: vocabulary.read(text) for text in kept["findings"].unique()}
    columns = {
        name: kept["findings"].map({text: _value(states[text], name, wanted) for text in states})
        for name in wanted.labels
    }
    labels = pd.DataFrame(columns, index=kept.index).astype("Int64")
    return kept.assign(**labels, **{LABEL: labels.max(axis=1)})


def columns(split: Iterable[str]) -> tuple[str, ...]:
    """Return the label columns of a split: `LABEL`, or the names of findings."""
    return tuple(name for name in split if name not in _KEYS)


def findings_of(split: Iterable[str]) -> tuple[str, ...]:
    """Return the findings among the columns of a split; none if scans have one label each."""
    names = columns(split)
    return () if names == (LABEL,) else names


def pattern(rows: pd.DataFrame, names: Iterable[str]) -> pd.Series[str]:
    """Return which of these labels each patient has in any scan, as a string of 0 and 1.

    Returns
    -------
    pandas.Series
        By patient_id.
    """
    highest = rows.groupby("patient_id")[[*names]].max().fillna(0).astype("int64").astype(str)
    # by column: joining row by row takes a minute for the patients of a large site
    return reduce(add, (highest[name] for name in highest))


def _value(states: Mapping[str, State], name: str, wanted: Findings) -> int | None:
    """Return the label of one finding; a finding that the site does not annotate has none."""
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


def _require_classes(labels: pd.Series[int], classes: Sequence[str]) -> None:
    n_classes = len(classes) or 2
    outside = labels[labels >= n_classes]
    if len(outside):
        raise LabelsError(
            f"{len(outside)} of {len(labels)} scans have a label of {n_classes} or more, the "
            f"highest {outside.max()}, but the study has {n_classes} classes, from 0 to "
            f"{n_classes - 1}; name all of them in its `classes`, or correct the site's options"
        )


def _require(fits: pd.Series[bool], manifest: pd.DataFrame, what: str) -> None:
    wrong = int((~fits).sum())
    if wrong:
        raise LabelsError(
            f"{wrong} of {len(manifest)} scans {what}: a site with findings needs a study with "
            "`findings`, a site with labels a study without; correct the study, or "
            "leave the site out of its scales"
        )

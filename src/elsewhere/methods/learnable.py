"""learnable: refuses, before any training, scans from which no class can be told from another.

A model that saw one class says this class, and is right on every scan of it; and where the scans
that choose the weights have one class, the model that always says it is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from elsewhere.cohorts.cohort import UNKNOWN, Cohort


class UnlearnableError(ValueError):
    """The training or the selection scans of an arm have one class; the message says what to do."""


def check(train: Mapping[str, Cohort], valid: Mapping[str, Cohort], *, selection: str) -> None:
    """Refuse a run whose training or selection scans have one class at all its sites together.

    A single site may have one class (A-08, C-04): the others show the rest. With findings one is
    enough that is positive in some scans and negative in others.

    Parameters
    ----------
    train, valid
        Scans of each site: those that are learned from, and those that choose the weights.
    selection
        The part of the latter: "validation" or "test".

    Raises
    ------
    UnlearnableError
        It names the sites and the class.
    """
    if not _has_contrast(train):
        raise UnlearnableError(
            f"the training scans of {_named(train)} have {_what(train)}, so nothing can be "
            "learned; add a site that has another to the arm's `sites`, or leave the arm out"
        )
    if not _has_contrast(valid):
        raise UnlearnableError(
            f"the {selection} scans of {_named(valid)}, which choose the weights, have "
            f"{_what(valid)}; raise `{selection}` in the study's split, use fewer folds, or add a "
            "site to the arm's `sites`"
        )


def _has_contrast(scans: Mapping[str, Cohort]) -> bool:
    return any(len(values) > 1 for values in _values(scans))


def _values(scans: Mapping[str, Cohort]) -> list[list[int]]:
    """Return the labels that occur, of each finding or of the one label."""
    columns = [cohort.labels.reshape(len(cohort), -1) for cohort in scans.values() if len(cohort)]
    if not columns:
        return []
    return [sorted({*np.unique(column).tolist()} - {UNKNOWN}) for column in np.vstack(columns).T]


def _what(scans: Mapping[str, Cohort]) -> str:
    about, values = next(iter(scans.values())), _values(scans)
    if about.findings:
        return "no finding that is positive in some and negative in others"
    if not values:
        return "no label: there is no scan"
    (label,) = values[0]
    return f"one class, {about.classes[label] if about.classes else f'label {label}'}"


def _named(scans: Mapping[str, Cohort]) -> str:
    return ", ".join(scans)

"""second_stage: a study of scans that another study calls of a class keeps its parts (C-16)."""

from __future__ import annotations

import pandas as pd

from elsewhere.cohorts.labels import LABEL

KEYS = ["fold", "scan_id"]


class FirstStageError(ValueError):
    """The first study has other scans than the second; the message says which to make again."""


def parts(scans: pd.DataFrame, first: pd.DataFrame) -> pd.DataFrame:
    """Return the split of some scans of another study: its parts, with the labels of this one.

    Parameters
    ----------
    scans
        Columns scan_id, patient_id and label: the scans of this study.
    first
        The split of the other study, which has all these scans.

    Returns
    -------
    pandas.DataFrame
        Columns scan_id, patient_id, label, fold and part, sorted by fold and scan_id.

    Raises
    ------
    FirstStageError
        If a scan is not in the other split.
    """
    lost = sorted(set(scans["scan_id"]) - set(first["scan_id"]))
    if lost:
        raise FirstStageError(
            f"{len(lost)} of {len(scans)} scans are in no part of the first study, the first is "
            f"{lost[0]}; split the first study again"
        )
    own = scans[["scan_id", "patient_id", LABEL]]
    rows = own.merge(first[["scan_id", "fold", "part"]], on="scan_id", validate="one_to_many")
    columns = ["scan_id", "patient_id", LABEL, "fold", "part"]
    return rows.sort_values(KEYS, ignore_index=True)[columns].astype({LABEL: "Int64"})

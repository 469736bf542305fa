"""groups: read, write and count the groups of patients that duplicates connect, for the split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from elsewhere.files import texts, write_frame

COLUMNS = ("patient_id", "group", "across_sites")


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write the rows of one site, sorted by patient; equal rows give equal bytes."""
    ordered = frame[[*COLUMNS]].sort_values("patient_id")
    write_frame(ordered, path)


def read(path: Path) -> pd.DataFrame:
    """Read the rows of one site.

    Raises
    ------
    ValueError
        If the file has other columns.
    """
    frame = pd.read_csv(path, dtype={"across_sites": bool}, converters=texts("patient_id", "group"))
    if [*frame.columns] != [*COLUMNS]:
        raise ValueError(f"{path}: columns {[*frame.columns]}, expected {[*COLUMNS]}")
    return frame


def counted(scans: pd.DataFrame) -> dict[str, int | None]:
    """Count patients, groups and scans.

    Parameters
    ----------
    scans
        Columns site, patient_id, patient_key and unit (see `units`). The key of a patient is one
        within a site.

    Returns
    -------
    dict
        ``patients``, None where a site publishes no patient key, because only its images can be
        counted; ``groups``; ``scans``.
    """
    keyed = not (scans["patient_key"] == "none").any()
    n_patients = len(scans[["site", "patient_id"]].drop_duplicates()) if keyed else None
    return {"patients": n_patients, "groups": scans["unit"].nunique(), "scans": len(scans)}


def units(scans: pd.DataFrame, connected: pd.DataFrame) -> pd.Series[Any]:
    """Return the unit of each scan that must not be divided: the patient's group, or the patient.

    Parameters
    ----------
    scans
        Columns site and patient_id.
    connected
        The rows of the groups of all sites, with a column site.

    Returns
    -------
    pandas.Series
        The name of each scan's unit.
    """
    group_of_patient = connected.set_index(["site", "patient_id"])["group"].to_dict()
    keys = zip(scans["site"], scans["patient_id"], strict=True)
    names = [group_of_patient.get(key, "|".join(key)) for key in keys]
    return pd.Series(names, index=scans.index, dtype=str)

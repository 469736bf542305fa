"""groups: read and write the file of patient groups that duplicates connect, for the split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from elsewhere.files import whole

COLUMNS = ("patient_id", "group", "across_sites")


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write the rows of one site, sorted by patient; equal rows give equal bytes."""
    ordered = frame[[*COLUMNS]].sort_values("patient_id")
    with whole(path) as part:
        ordered.to_csv(part, index=False, lineterminator="\n")


def read(path: Path) -> pd.DataFrame:
    """Read the rows of one site.

    Raises
    ------
    ValueError
        If the file has other columns.
    """
    frame = pd.read_csv(path, dtype={"patient_id": str, "group": str, "across_sites": bool})
    if [*frame.columns] != [*COLUMNS]:
        raise ValueError(f"{path}: columns {[*frame.columns]}, expected {[*COLUMNS]}")
    return frame


def units(scans: pd.DataFrame, connected: pd.DataFrame) -> pd.Series[Any]:
    """Name what may not be torn: the group of a patient, or the patient of a site.

    Parameters
    ----------
    scans
        site and patient_id of each scan.
    connected
        Rows of all sites, with the site.

    Returns
    -------
    pandas.Series
        A name for each scan.
    """
    named = connected.set_index(["site", "patient_id"])["group"].to_dict()
    keys = zip(scans["site"], scans["patient_id"], strict=True)
    return pd.Series([named.get(key, "|".join(key)) for key in keys], index=scans.index, dtype=str)

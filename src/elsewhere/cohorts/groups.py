"""groups: read and write the file of patient groups that duplicates connect, for the split."""

from __future__ import annotations

from pathlib import Path

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

"""manifest: one row a scan, the table between many data sets and many methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pandera.pandas as pa

from elsewhere.design.findings import View
from elsewhere.files import whole
from elsewhere.imaging.volume import ValueScale
from elsewhere.sites import findings

_HASH = pa.Check.str_matches(r"^[0-9a-f]{16}$")
_COUNT = pa.Check.ge(1)
_CODES = pa.Check.str_matches(r"^([a-z0-9_]+(;[a-z0-9_]+)*)?$")
_NOT_EMPTY = pa.Check.str_length(min_value=1)
_FORMATS = ("DICOM", "NIfTI", "NRRD", "MetaImage", "PNG", "JPEG", "TIFF", "BMP", "WebP")
_EITHER = "a row has a label or findings, never both or neither"


def _among(*values: str) -> pa.Check:
    return pa.Check.isin(values)


def _are_findings(cells: pd.Series[Any]) -> pd.Series[bool]:
    """Say of each cell whether it holds findings; many scans share one text, read once."""
    return cells.isin([text for text in cells.unique() if _is_findings(text)])


def _is_findings(text: str) -> bool:
    try:
        findings.read(text)
    except findings.FindingsError:
        return False
    return True


def _one_of_two(frame: pd.DataFrame) -> pd.Series[bool]:
    return frame["label"].notna() ^ (frame["findings"] != "")


SCHEMA = pa.DataFrameSchema(
    {
        "scan_id": pa.Column(str, _HASH, unique=True),
        "patient_id": pa.Column(str, _HASH),
        "patient_key": pa.Column(str, _among("published", "none")),
        "site": pa.Column(str, _NOT_EMPTY),
        "sub_site": pa.Column(str, _NOT_EMPTY),
        # the position of its class among those of a study; empty at a site that publishes findings
        "label": pa.Column("Int64", pa.Check.in_range(0, 99), nullable=True),
        "category": pa.Column(str, _NOT_EMPTY),
        # name=state;...: what is not annotated at the site is not in it
        "findings": pa.Column(str, pa.Check(_are_findings, error="findings")),
        "view": pa.Column(str, _among(*get_args(View))),
        "publisher_part": pa.Column(str, _among(*get_args(findings.Part))),
        "sex": pa.Column(str, _among("F", "M", "unknown")),
        "age": pa.Column(float, pa.Check.in_range(0, 150), nullable=True),
        # days since the patient's first study at the site: no date of a study is kept
        "study_day": pa.Column("Int64", pa.Check.ge(0), nullable=True),
        "manufacturer": pa.Column(str, _NOT_EMPTY),
        "kernel": pa.Column(str, _NOT_EMPTY),
        "contrast": pa.Column(str, _among("yes", "no", "unknown")),
        "spacing_z_mm": pa.Column(float, pa.Check.gt(0), nullable=True),
        "spacing_y_mm": pa.Column(float, pa.Check.gt(0), nullable=True),
        "spacing_x_mm": pa.Column(float, pa.Check.gt(0), nullable=True),
        # voxel (x, y, z) to LPS in mm, the upper 12 numbers by rows; "" where files do not say
        "affine": pa.Column(str, pa.Check.str_matches(r"^(\[[-0-9.e, ]+\])?$")),
        "n_slices": pa.Column("int64", _COUNT),
        "rows": pa.Column("int64", _COUNT),
        "columns": pa.Column("int64", _COUNT),
        "n_files": pa.Column("int64", _COUNT),
        "value_scale": pa.Column(str, _among(*get_args(ValueScale))),
        "colour_mode": pa.Column(str, _among("grey", "rgb", "palette")),
        "bits_stored": pa.Column("int64", pa.Check.in_range(1, 64)),
        "value_min": pa.Column("int64"),
        "value_max": pa.Column("int64"),
        "source_path": pa.Column(str, _NOT_EMPTY),
        "source_format": pa.Column(str, _among(*_FORMATS)),
        "repairs": pa.Column(str, _CODES),
        "flags": pa.Column(str, _CODES),
        "synthetic": pa.Column(bool),
        "volume_sha256": pa.Column(str, pa.Check.str_matches(r"^[0-9a-f]{64}$")),
    },
    checks=pa.Check(_one_of_two, error=_EITHER),
    strict=True,
    ordered=True,
    coerce=True,
)
COLUMNS = tuple(SCHEMA.columns)


class ManifestError(ValueError):
    """A table is no manifest; the message names the column, the value and the file."""


def write(frame: pd.DataFrame, path: Path) -> None:
    """Check a manifest and write it, sorted by scan_id; equal rows give equal bytes.

    Parameters
    ----------
    frame
        The columns of `SCHEMA` in any order; no row at all is a manifest too.
    path
        Parquet file to make or replace.

    Raises
    ------
    ManifestError
        If a column is missing, unknown or holds a value that `SCHEMA` refuses.
    """
    checked = _checked(frame.reindex(columns=[*COLUMNS]) if frame.empty else frame, path)
    with whole(path) as part:
        checked.sort_values("scan_id", ignore_index=True).to_parquet(part, index=False)


def read(path: Path) -> pd.DataFrame:
    """Read and check a manifest: one row a scan, sorted by scan_id.

    Raises
    ------
    ManifestError
        If the table breaks `SCHEMA`.
    """
    return _checked(pd.read_parquet(path), path)


def unfit(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the scans whose rows no manifest may hold, with the columns that are wrong."""
    if not rows:
        return {}
    frame = pd.DataFrame(rows, columns=[*COLUMNS])
    try:
        SCHEMA.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        wrong: dict[str, set[str]] = {}
        for position, column in zip(cases["index"], cases["column"], strict=True):
            if not pd.isna(position):
                wrong.setdefault(frame["scan_id"].iloc[int(position)], set()).add(str(column))
        return {scan: ", ".join(sorted(columns)) for scan, columns in sorted(wrong.items())}
    return {}


def _checked(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    missing = [name for name in COLUMNS if name not in frame]
    unknown = [name for name in frame if name not in COLUMNS]
    if missing or unknown:
        raise ManifestError(f"{path}: columns missing {missing}, unknown {unknown}")
    try:
        checked: pd.DataFrame = SCHEMA.validate(frame[[*COLUMNS]], lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        # what a row as a whole breaks is told once, not column by column
        cases = cases[(cases["check"] != _EITHER) | (cases["column"] == "scan_id")]
        cases = cases[["column", "check", "failure_case"]].head(5)
        raise ManifestError(f"{path}: not a manifest:\n{cases.to_string(index=False)}") from error
    return checked

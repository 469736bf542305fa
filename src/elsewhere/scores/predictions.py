"""predictions: read and write predictions.parquet, a row per scan, run, part and finding or class.

Of more than two classes a scan has a row for each, as of findings: ``finding`` is the name of the
class, ``label`` whether the scan is of it, and ``probability_1`` that of the softmax.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from elsewhere.files import whole

SCHEMA = pa.schema(
    [
        ("scan_id", pa.string()),
        ("patient_id", pa.string()),
        ("finding", pa.string()),
        ("label", pa.int64()),
        ("fold", pa.int64()),
        ("seed", pa.int64()),
        ("part", pa.string()),
        ("probability_0", pa.float64()),
        ("probability_1", pa.float64()),
        ("window_start", pa.int64()),
        ("mc_probability", pa.list_(pa.float64())),
    ]
)
COLUMNS = tuple(SCHEMA.names)
PARTS = ("validation", "test")
RUN = ["fold", "seed"]


class PredictionsError(ValueError):
    """A predictions file or table breaks the contract; the message names what and where."""


def write(frame: pd.DataFrame, path: Path, *, metadata: Mapping[str, str]) -> None:
    """Check and write predictions, sorted by finding, fold, seed, part and scan.

    Equal data give equal bytes.

    Parameters
    ----------
    frame
        The columns of `SCHEMA`, in any order. ``finding`` is empty where scans have one of two
        labels; with several findings, a scan has a row for each that is known.
        ``probability_0`` and ``probability_1`` are those of the softmax, or for a finding of the
        sigmoid; ``mc_probability`` holds P(class 1) of each Monte-Carlo pass of a test row (A-57)
        and is empty in validation rows.
    path
        File to write, whole or not at all.
    metadata
        ``status`` ("ok" or "not run"), ``reason`` (if not run), ``patient_key`` ("published" or
        "none", if ok), ``findings`` (joined by ";", if scans have any), ``exclusive`` ("yes" if
        these are classes, of which a scan has exactly one), and whatever else describes the
        predictions, as text.

    Raises
    ------
    PredictionsError
        If columns, values or metadata break the contract.
    """
    _check_columns(list(frame.columns), path)
    try:
        table = pa.Table.from_pandas(frame[list(COLUMNS)], schema=SCHEMA, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise PredictionsError(f"{path}: a column is not of the type in SCHEMA: {error}") from error
    keys = [(name, "ascending") for name in ["finding", *RUN, "part", "scan_id"]]
    table = table.sort_by(keys).combine_chunks()
    _check(table, metadata, path)
    described = table.replace_schema_metadata(dict(sorted(metadata.items())))
    with whole(path) as part:
        pq.write_table(described, part, compression="zstd")


def metadata_of(path: Path) -> dict[str, str]:
    """Return what describes the predictions, as text."""
    metadata = pq.read_schema(path).metadata or {}
    return {
        key.decode(): value.decode() for key, value in metadata.items() if key != b"ARROW:schema"
    }


def findings(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Return the findings of scans, or the names of more than two classes; else none."""
    return tuple(metadata["findings"].split(";")) if metadata.get("findings") else ()


def classes(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the classes where there are more than two; else none."""
    return findings(metadata) if metadata.get("exclusive") == "yes" else ()


def read(path: Path, *, finding: str | None = None) -> tuple[pd.DataFrame, dict[str, str]]:
    """Read and check predictions.

    Parameters
    ----------
    path
        File to read.
    finding
        Rows of this finding only; None: all rows.

    Returns
    -------
    tuple
        The rows, in the order of the file, and the metadata as text; ``mc_probability`` holds one
        float64 array per row.

    Raises
    ------
    PredictionsError
        If the file breaks the contract.
    """
    metadata = metadata_of(path)
    schema = pq.read_schema(path)
    _check_columns(schema.names, path)
    bare = schema.remove_metadata()
    if not bare.equals(SCHEMA):
        raise PredictionsError(f"{path}: got the schema\n{bare}\nexpected\n{SCHEMA}")
    wanted = None if finding is None else [("finding", "=", finding)]
    table = pq.read_table(path, filters=wanted)
    _check(table, metadata, path)
    return table.to_pandas(), metadata


def tested(path: Path, *, fold: int, seed: int) -> tuple[pd.DataFrame, dict[str, str]]:
    """Read the rows of one run's test scans, and the metadata."""
    rows, metadata = read(path)
    of_run = (rows["fold"] == fold) & (rows["seed"] == seed)
    return rows[of_run & (rows["part"] == "test")], metadata


def _check_columns(names: list[str], path: Path) -> None:
    missing = [name for name in COLUMNS if name not in names]
    unknown = [name for name in names if name not in COLUMNS]
    if missing or unknown:
        raise PredictionsError(
            f"{path}: columns missing: {missing}, unknown: {unknown}; expected {list(COLUMNS)}"
        )


def _check(table: pa.Table, metadata: Mapping[str, str], path: Path) -> None:
    for problem in (
        *_metadata_problems(metadata, table.num_rows),
        *_value_problems(table, metadata),
    ):
        raise PredictionsError(f"{path}: {problem}")


def _metadata_problems(metadata: Mapping[str, str], n_rows: int) -> list[str]:
    problems = []
    status = metadata.get("status")
    if status not in ("ok", "not run"):
        problems.append(f"metadata status is {status!r}, expected 'ok' or 'not run'")
    if status == "not run" and not metadata.get("reason"):
        problems.append("status is 'not run' without a reason; say why in metadata reason")
    if status == "not run" and n_rows:
        problems.append(f"status is 'not run', but there are {n_rows} rows; expected 0")
    if status == "ok" and metadata.get("patient_key") not in ("published", "none"):
        got = metadata.get("patient_key")
        problems.append(f"metadata patient_key is {got!r}, expected 'published' or 'none'")
    return problems


def _value_problems(table: pa.Table, metadata: Mapping[str, str]) -> list[str]:
    empty = [name for name in COLUMNS if table[name].null_count]
    if empty:
        return [f"empty values in {empty}; every row needs all columns"]
    passes = table["mc_probability"].combine_chunks()
    frame = table.drop_columns("mc_probability").to_pandas()
    label = frame["label"]
    p0, p1 = frame["probability_0"].to_numpy(), frame["probability_1"].to_numpy()
    # "not (inside)" also catches NaN
    outside = ~((p0 >= 0) & (p0 <= 1) & (p1 >= 0) & (p1 <= 1))
    known = findings(metadata) or ("",)
    rules = {
        "label is neither 0 nor 1": ~label.isin([0, 1]).to_numpy(),
        f"part is not one of {PARTS}": ~frame["part"].isin(PARTS).to_numpy(),
        "a probability is not within 0..1": outside,
        "probability_0 + probability_1 is not 1": ~outside & (np.abs(p0 + p1 - 1) > 1e-6),
        "a scan stands twice in one run (or in two of its parts)": (
            frame.duplicated([*RUN, "finding", "scan_id"]).to_numpy()
        ),
        "a scan has two patients or two labels": _contradictory(frame),
        f"finding is not one of {sorted(known)}": ~frame["finding"].isin(known).to_numpy(),
    }
    broken = [
        f"{rule}: {int(bad.sum())} rows, the first of scan {frame['scan_id'][bad.argmax()]}"
        for rule, bad in rules.items()
        if bad.any()
    ]
    of_several = frame["finding"].nunique() > 1  # else the rows of one class were read
    exclusive = _class_problems(frame, len(known)) if classes(metadata) and of_several else []
    return broken or exclusive or _pass_problems(frame, passes)


def _class_problems(frame: pd.DataFrame, n_classes: int) -> list[str]:
    """Every scan of a run is of exactly one class, and its probabilities add up to 1."""
    scans = frame.groupby([*RUN, "part", "scan_id"])
    sums = scans[["label", "probability_1"]].sum()
    rules = {
        f"a scan has not one row for each of {n_classes} classes": scans.size() != n_classes,
        "a scan is of no class, or of several": sums["label"] != 1,
        "the probabilities of a scan's classes do not add up to 1": (
            (sums["probability_1"] - 1).abs() > 1e-6
        ),
    }
    return [
        f"{rule}: {int(bad.sum())} scans, the first {bad[bad].index[0][-1]}"
        for rule, bad in rules.items()
        if bad.any()
    ]


def _contradictory(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Say of each row whether rows of its scan and finding have several patients or labels."""
    scan = ["finding", "scan_id"]
    distinct = frame[[*scan, "patient_id", "label"]].drop_duplicates()
    contradictory = distinct.loc[distinct.duplicated(scan), scan].drop_duplicates()
    rows = frame[scan].merge(contradictory, how="left", indicator=True)
    affected: NDArray[np.bool_] = (rows["_merge"] == "both").to_numpy()
    return affected


def _pass_problems(frame: pd.DataFrame, passes: pa.ListArray) -> list[str]:
    """Every test row of a run has equally many Monte-Carlo passes, validation rows have none."""
    n_passes = pd.Series(passes.value_lengths().to_numpy(), index=frame.index)
    if bool((n_passes[frame["part"] == "validation"] > 0).any()):
        return ["validation rows have mc_probability; expected empty lists"]
    tested = frame["part"] == "test"
    spread = n_passes[tested].groupby([frame.loc[tested, name] for name in RUN]).nunique()
    if bool((spread > 1).any()):
        return [f"test rows of run {spread.idxmax()} differ in their number of Monte-Carlo passes"]
    # without a value it is NaN, which is not within
    drawn = passes.flatten().to_numpy(zero_copy_only=False)
    if not bool(((drawn >= 0) & (drawn <= 1)).all()):
        return ["an mc_probability is not within 0..1"]
    return []

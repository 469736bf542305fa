"""explained: reads and writes what `explain` makes: examples, embeddings and a record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from elsewhere.files import whole

GALLERY = pa.schema(
    [
        ("site", pa.string()),
        ("scan_id", pa.string()),
        ("label", pa.int64()),
        ("outcome", pa.string()),
        ("probability_1", pa.float64()),  # of more than two classes that of the called one
        ("slice", pa.int64()),
        ("rows", pa.int64()),
        ("columns", pa.int64()),
        ("image", pa.binary()),  # uint8 [rows, columns]
        ("heat", pa.binary()),  # uint8 [rows, columns]: the Grad-CAM map, 255 at its maximum
        ("against", pa.bool_()),  # it shows evidence against the prediction: there is none for it
    ]
)
EMBEDDINGS = pa.schema(
    [
        ("site", pa.string()),
        ("scan_id", pa.string()),
        ("label", pa.int64()),
        ("x", pa.float64()),
        ("y", pa.float64()),
        ("components", pa.list_(pa.float32())),
    ]
)


@dataclass(frozen=True)
class Explained:
    """What `explain` made of one arm.

    Attributes
    ----------
    record
        explained.json: status, reason, run; by site absent (why it has no scans), counts of
        outcomes and layer; how the plane was made, share of the variance kept, and linear probes.
    gallery
        Columns of `GALLERY`.
    embeddings
        Columns of `EMBEDDINGS`.
    """

    record: Mapping[str, Any]
    gallery: pd.DataFrame
    embeddings: pd.DataFrame


def write(frame: pd.DataFrame, path: Path, *, schema: pa.Schema) -> None:
    """Write a table; equal rows give equal bytes.

    Raises
    ------
    ValueError
        If the columns are not those of the schema.
    """
    if set(frame.columns) != set(schema.names):
        raise ValueError(
            f"{path}: got columns {sorted(map(str, frame))}, expected {sorted(schema.names)}"
        )
    table = pa.Table.from_pandas(frame[schema.names], schema=schema, preserve_index=False)
    with whole(path) as part:
        pq.write_table(table.replace_schema_metadata(None), part, compression="zstd")


def table(path: Path, *, schema: pa.Schema) -> pd.DataFrame:
    """Read a table that `write` wrote.

    Raises
    ------
    ValueError
        If it has another schema.
    """
    found = pq.read_table(path)
    if not found.schema.remove_metadata().equals(schema):
        raise ValueError(f"{path}: got the schema\n{found.schema}\nexpected\n{schema}")
    frame: pd.DataFrame = found.to_pandas()
    return frame


def read(record: Path, *, gallery: Path, embeddings: Path) -> Explained:
    """Read what `explain` made of one arm.

    Raises
    ------
    ValueError
        If a table has another schema.
    """
    return Explained(
        json.loads(record.read_text(encoding="utf-8")),
        gallery=table(gallery, schema=GALLERY),
        embeddings=table(embeddings, schema=EMBEDDINGS),
    )

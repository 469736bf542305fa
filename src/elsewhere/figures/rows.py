"""rows: the table of a figure as CSV beside it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from elsewhere.files import whole


def write(rows: Iterable[Mapping[str, Any]], path: Path, *, columns: Sequence[str]) -> None:
    """Write rows under a header, whole or not at all; None is an empty field.

    Raises
    ------
    ValueError
        If a row has a key that is no column.
    """
    with whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)

"""claim_rows: the base class of the rows of kinds of claims: what a paper's sentence compares."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import ClassVar

from elsewhere.design.rows import Row

TABLES = Path(__file__).parents[1] / "figures" / "published"


class ClaimRow(Row):
    """Base of the rows of kinds of claims, which published/<study>_claims.csv names.

    Attributes
    ----------
    compares
        Which numbers are compared, in words.
    limit
        What the column ``limit`` of the table means for this kind.
    at
        What the sites in the column ``at`` mean; empty: it has none.
    """

    compares: ClassVar[str]
    limit: ClassVar[str]
    at: ClassVar[str] = ""


def claim_kinds(published: str | None) -> tuple[str, ...]:
    """Return the kinds of the claims in a paper's table, sorted; none if it has no such table.

    Parameters
    ----------
    published
        Name of the published numbers of a study.
    """
    path = TABLES / f"{published}_claims.csv"
    if published is None or not path.is_file():
        return ()
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(sorted({row["kind"] for row in csv.DictReader(file)}))

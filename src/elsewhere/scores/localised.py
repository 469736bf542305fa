"""localised: reads and writes what `localise` makes: numbers, and examples with their lesions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from elsewhere.design.scoring import Scoring
from elsewhere.scores import explained
from elsewhere.scores.intervals import Unit
from elsewhere.scores.localisation import QUANTITIES, Agreement, named, table

USED = "used"  # a mask without a reason why not
NOT_SEEN = "no lesion in the slices that the network saw"
SCANS = (*("site", "scan_id", "label", "called", "right", "empty", "reason"), *QUANTITIES)
ALL, RIGHT = "all", "right"  # which scans numbers are of: whatever they were called, or rightly
EXAMPLES = pa.schema(
    [
        ("site", pa.string()),
        ("scan_id", pa.string()),
        ("label", pa.int64()),
        ("call", pa.int64()),
        ("rows", pa.int64()),
        ("columns", pa.int64()),
        ("image", pa.binary()),  # uint8 [rows, columns]
        ("heat", pa.binary()),  # uint8 [rows, columns]: the map, 255 at the maximum of the scan's
        ("lesion", pa.binary()),  # uint8 [rows, columns]: 1 where the lesion is
    ]
)


@dataclass(frozen=True)
class SiteLocalised:
    """What became of the masks of one site.

    Attributes
    ----------
    name
        Row of the site.
    masks
        `USED`, or a reason why not, to the number of masks.
    scans
        Predictions of the test scans with a mask, one row a scan: ``scan_id``, ``patient_id``,
        ``label``, ``call`` and ``empty``, whether the map is zero everywhere.
    agreements
        Of each scan; None if no lesion is in what the network saw.
    examples
        Rows of `EXAMPLES`.
    layer
        Name of the layer whose activations the maps show.
    unit
        What ``patient_id`` numbers.
    reason
        Why there is no scan; None if there is one.
    """

    name: str
    masks: Mapping[str, int]
    scans: pd.DataFrame
    agreements: tuple[Agreement | None, ...] = ()
    examples: tuple[Mapping[str, Any], ...] = ()
    layer: str | None = None
    unit: Unit = "patient"
    reason: str | None = None

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield a row for each scan with its numbers, or why it has none."""
        scans = self.scans.to_dict("records") if self.agreements else []
        for scan, agreed in zip(scans, self.agreements, strict=True):
            yield {
                "site": self.name,
                "scan_id": scan["scan_id"],
                "label": scan["label"],
                "called": scan["call"],
                "right": int(scan["label"] == scan["call"]),
                "empty": int(scan["empty"]),
                "reason": "" if agreed else NOT_SEEN,
                **(named(agreed) if agreed else {}),
            }

    def summary(self, scoring: Scoring) -> dict[str, Any]:
        """Return what the record says: masks, and the numbers of all and of rightly called scans.

        Parameters
        ----------
        scoring
            Confidence, resamples and seed of the intervals.
        """
        about = {"absent": self.reason, "masks": dict(self.masks), "layer": self.layer}
        if self.reason is not None:
            return {**about, "not_seen": 0, "empty": 0, "rows": []}
        patients, _ = pd.factorize(self.scans["patient_id"])
        right = (self.scans["label"] == self.scans["call"]).to_numpy()
        rows: list[dict[str, Any]] = []
        for group, kept in ((ALL, right | ~right), (RIGHT, right)):
            chosen = [one for one, keep in zip(self.agreements, kept, strict=True) if keep]
            found = table(chosen, patients=patients[kept], scoring=scoring, unit=self.unit)
            rows += [{"scans": group, **row} for row in found]
        not_seen = sum(one is None for one in self.agreements)
        empty = int(self.scans["empty"].sum())
        return {**about, "not_seen": not_seen, "empty": empty, "rows": rows}


@dataclass(frozen=True)
class Localised:
    """What `localise` made of one arm.

    Attributes
    ----------
    record
        localised.json: status, reason, run; by site absent (why it has no number), masks (reason
        or ``used`` to their number), not_seen, empty (maps of zeros) and rows (see
        `localisation.table`, with ``scans``: `ALL` or `RIGHT`).
    examples
        Columns of `EXAMPLES`.
    """

    record: Mapping[str, Any]
    examples: pd.DataFrame


def read(record: Path, *, examples: Path) -> Localised:
    """Read what `localise` made of one arm.

    Raises
    ------
    ValueError
        If the table has another schema.
    """
    found = explained.table(examples, schema=EXAMPLES)
    return Localised(json.loads(record.read_text(encoding="utf-8")), found)

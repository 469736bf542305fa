"""intake: the process that reads files from outside, through the ingestion of sites; no torch.

It runs as a process of its own, see `process`.
"""

from __future__ import annotations

import json
import math
import secrets
from pathlib import Path
from typing import Any

from elsewhere.answers.files import ASKED, READ, VOLUMES, read_json, volume_file
from elsewhere.answers.process import confined
from elsewhere.design.site import IntakeRow
from elsewhere.imaging import store
from elsewhere.sites.account import Closed
from elsewhere.sites.intake import Intake, NoMemoryError
from elsewhere.sites.keys import Keys
from elsewhere.sites.loose import loose
from elsewhere.sites.reasons import REASONS

_ROW = (
    *("value_scale", "n_slices", "rows", "columns", "volume_sha256", "flags", "source_format"),
    *("spacing_z_mm", "spacing_y_mm", "spacing_x_mm", "affine"),
)
_PROFILE = ("histogram", "lung_first", "lung_last")


def main(work: Path) -> None:
    """Read the files that `ASKED` names into volumes, and write `READ`."""
    asked = read_json(work / ASKED)
    # identifiers are made with a key that is thrown away
    keys = Keys("ask", True, secrets.token_bytes())
    policy = IntakeRow.model_validate(asked["intake"])
    intake = Intake(keys, False, work / VOLUMES, policy)
    try:
        layout = loose(asked["modality"], first_slice=asked["first_slice"])
        taken = intake.take(layout, Path(asked["folder"]))
    except NoMemoryError:
        raise MemoryError from None
    scans = []
    for number, (row, measured) in enumerate(zip(taken.rows, taken.profiles, strict=True), 1):
        (work / VOLUMES / f"{row['scan_id']}{store.SUFFIX}").rename(volume_file(work, number))
        scans.append(_plain(row, measured))
    told = {
        "scans": scans,
        "unused": _unused(taken.account),
        "files": taken.account.total,
        "used": taken.account.used,
    }
    (work / READ).write_text(json.dumps(told, allow_nan=False), encoding="utf-8")


def _plain(row: dict[str, Any], measured: dict[str, Any]) -> dict[str, Any]:
    """Return what is said of a scan as JSON holds it; a number that is not known is null."""
    kept = {name: row[name] for name in _ROW}
    found = {name: measured[name] for name in _PROFILE}
    plain = {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in kept.items()
    }
    return {"row": plain, "profile": {**found, "signature": measured["signature"].hex()}}


def _unused(account: Closed) -> list[dict[str, Any]]:
    rows = []
    for number, row in enumerate(sorted(account.rows, key=lambda one: one.path), 1):
        reason = REASONS[row.reason]
        rows.append(
            {
                "number": number,
                "files": len(row.files),
                "rejected": row.verdict == "rejected",
                "reason": row.reason,
                "detail": row.detail,
                "sentence": reason.sentence,
                "remedy": reason.remedy,
                "path": row.path,
            }
        )
    return rows


if __name__ == "__main__":
    confined(main)

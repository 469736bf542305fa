"""hidden: scans that nobody must be shown, because text in their pixels may name a patient."""

from __future__ import annotations

import pandas as pd

FLAGS = frozenset({"burned_in", "secondary_capture"})


def hidden(manifest: pd.DataFrame) -> set[str]:
    """Return the scans of a manifest, its columns scan_id and flags, that must not be shown."""
    shown = manifest["flags"].str.split(";").map(FLAGS.isdisjoint).astype(bool)
    return set(manifest.loc[~shown, "scan_id"])

"""hidden: find scans that must not be displayed, because their pixels may show a patient's name."""

from __future__ import annotations

import pandas as pd

FLAGS = frozenset({"burned_in", "secondary_capture"})


def hidden(manifest: pd.DataFrame) -> set[str]:
    """Return the ids of the scans that must not be displayed.

    Parameters
    ----------
    manifest
        Columns scan_id and flags.
    """
    may_be_shown = manifest["flags"].str.split(";").map(FLAGS.isdisjoint).astype(bool)
    return set(manifest.loc[~may_be_shown, "scan_id"])

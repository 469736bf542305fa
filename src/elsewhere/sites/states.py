"""states: what a manifest says of one finding of each of its scans."""

from __future__ import annotations

from typing import Final

import pandas as pd

from elsewhere.sites import findings

NOT_ANNOTATED: Final = "not annotated"


def states(manifest: pd.DataFrame, finding: str) -> pd.Series[str]:
    """Return the state of a finding in each scan of a manifest.

    Returns
    -------
    pandas.Series
        By scan_id: one of `findings.STATES`, or `NOT_ANNOTATED` where the site's publisher never
        looks for it.

    Raises
    ------
    elsewhere.sites.findings.FindingsError
        If neither a publisher nor this manifest annotates a finding of this name.
    """
    texts = manifest["findings"]  # many scans share one: each is read once
    known = findings.known(texts)
    if finding not in known:
        raise findings.FindingsError(
            f"no finding '{finding}' is known; there are {', '.join(sorted(known))}"
        )
    read: dict[str, str] = {
        text: findings.read(text).get(finding, NOT_ANNOTATED) for text in texts.unique()
    }
    return pd.Series(
        texts.map(read).to_numpy(dtype=object), index=manifest["scan_id"], dtype=object
    )

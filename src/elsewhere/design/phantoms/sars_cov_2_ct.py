"""sars_cov_2_ct: settings of a synthetic site in the layout of SARS-CoV-2 CT."""

from __future__ import annotations

from typing import Literal

from elsewhere.design.phantom_rows import Images


class SarsCov2Ct(Images):
    """PNG slices in two folders, no patient key."""

    kind: Literal["sars_cov_2_ct"]

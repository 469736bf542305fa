"""sars_cov_2_ct: settings of a synthetic site in the layout of SARS-CoV-2 CT."""

from __future__ import annotations

from typing import Literal

from elsewhere.design.phantom_rows import Images


class SarsCov2Ct(Images):
    """A synthetic site of PNG slices in two folders, without patient keys."""

    kind: Literal["sars_cov_2_ct"]

"""mosmed: settings of a synthetic site in the layout of MosMedData."""

from __future__ import annotations

from typing import Literal

from elsewhere.design.phantom_rows import Volumes


class Mosmed(Volumes):
    """A synthetic site of NIfTI volumes by severity."""

    kind: Literal["mosmed"]

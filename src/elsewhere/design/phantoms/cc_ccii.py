"""cc_ccii: settings of a synthetic site in the layout of CC-CCII."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from elsewhere.design.phantom_rows import Volumes, need_windows
from elsewhere.design.rows import Share


class CcCcii(Volumes):
    """A synthetic site of 8-bit PNG slices by class, patient and scan."""

    kind: Literal["cc_ccii"]
    second_scan: Share = Field(description="share of patients with two scans")

    @model_validator(mode="after")
    def _windows(self) -> CcCcii:
        need_windows(self)
        return self

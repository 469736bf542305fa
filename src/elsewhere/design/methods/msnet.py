"""msnet: settings of MS-Net."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from elsewhere.design.rows import MethodRow, Share


class Msnet(MethodRow):
    """MS-Net (Liu et al. 2020): a head for each site teaches the universal one (D-18)."""

    kind: Literal["msnet"]
    soft: Share = Field(description="share of the teachers' words in the loss, beside the labels")

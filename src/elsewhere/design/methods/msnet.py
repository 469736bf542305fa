"""msnet: settings of MS-Net, in which a teacher head per site trains a universal head."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from elsewhere.design.rows import MethodRow, Share


class Msnet(MethodRow):
    """MS-Net (Liu et al. 2020): a teacher head per site trains a universal head (D-18)."""

    kind: Literal["msnet"]
    soft: Share = Field(description="weight of the teachers' loss; that of the labels is 1 - soft")
    targets: Literal["probabilities", "one_hot"] = Field(
        "probabilities",
        description="[AMB] D-18: what the teachers teach: their probabilities, or, as the released "
        "code of MS-Net does, the one class that each calls",
    )

"""contrastive: settings of the method that pulls embeddings of one class together across sites."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from elsewhere.design.rows import MethodRow, Positive


class Contrastive(MethodRow):
    """Separate normalisation and a contrastive loss on embeddings (D-12 to D-15)."""

    one_label: ClassVar[bool] = True
    least_batch: ClassVar[int] = 3  # two scans of one class and one of the other

    kind: Literal["contrastive"]
    loss: Literal["negatives_only", "nt_xent"] = Field(
        description="[AMB] D-14: the denominator of the paper's Eq. 4 has no positive pair; that "
        "of the released code has one, the pair itself"
    )
    reduction: Literal["mean", "sum"] = Field(description="[AMB] D-15: over the positive pairs")
    temperature: Annotated[float, Field(gt=0)] = Field(description="tau of Eq. 4 (D-15)")
    weight: Annotated[float, Field(ge=0)] = Field(description="alpha of Eq. 5 (D-15)")
    projection: tuple[Positive, Positive] = Field(description="the two dense layers (D-13)")
    projection_norm: Literal["none", "batch"] = Field(
        "none",
        description="[AMB] D-13: none: ReLU between the two layers, as in the paper's text; batch: "
        "batch normalisation by site and ReLU after both, as in the released code",
    )

"""audit: settings of the audit, which checks duplicates and confounding before any training."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from elsewhere.design.rows import Positive, Row, Seed


class Audit(Row):
    """Settings of the checks between the sites of a study before any training."""

    similarity: Annotated[float, Field(gt=0, le=1)] = Field(
        description="smallest correlation of the signatures of near-duplicates"
    )
    folds: Annotated[int, Field(ge=2)] = Field(
        description="of the cross-validated AUC of label and site from headers and voxels"
    )
    permutations: Positive = Field(
        description="of labels among patients, for p; more where Holm's adjustment needs it"
    )
    seed: Seed

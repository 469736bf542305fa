"""scoring: settings of how cells are scored: thresholds and intervals."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from elsewhere.design.rows import Positive, Row, Seed


class Scoring(Row):
    """Thresholds and intervals (A-52 to A-57)."""

    threshold_from: Literal["training_sites", "test_site", "argmax"] = Field(
        description="[AMB] A-52: whose validation part chooses the threshold of a cell; argmax: "
        "0.5, as the released code of Wang et al. 2020"
    )
    confidence: Annotated[float, Field(gt=0, lt=1)]
    bootstrap: Positive = Field(description="patient-clustered resamples")
    seed: Seed

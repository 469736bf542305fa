"""scoring: settings of how cells are scored: metrics, thresholds and intervals."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from elsewhere.design.named import expanded
from elsewhere.design.rows import Name, Positive, Row, Seed

# in the order of the columns of matrix.csv; a metric is added to a study by name.
FEW_PATIENTS = 10  # of a class, below which DeLong's interval covers too rarely: docs/statistics.md
STANDARD = ("auc", "auc_mc", "accuracy", "sensitivity", "specificity", "f1", "precision")
Share = Annotated[float, Field(gt=0, lt=1)]


class Scoring(Row):
    """Metrics, thresholds and intervals (A-51 to A-57)."""

    threshold_from: Literal["training_sites", "test_site", "argmax"] = Field(
        description="[AMB] A-52: whose validation part chooses the threshold of a cell; argmax: "
        "0.5, as the released code of Wang et al. 2020"
    )
    confidence: Annotated[float, Field(gt=0, lt=1)]
    bootstrap: Positive = Field(description="patient-clustered resamples")
    seed: Seed
    few_patients: Positive = Field(
        FEW_PATIENTS,
        description="with fewer patients of a class the interval of an AUC is also that of "
        "Newcombe (2006), and that of a share Clopper and Pearson's, whichever limit is farther",
    )
    net_benefit_range: tuple[Share, Share] = Field(
        (0.05, 0.5),
        description="probabilities from which somebody would act, lowest and highest: the "
        "thresholds of decision curves (Vickers and Elkin 2006)",
    )
    prevalences: tuple[Share, ...] = Field(
        (0.05, 0.2, 0.5),
        min_length=1,
        description="for which predictive values are given; matrix.csv has those of the first",
    )
    metrics: tuple[Name, ...] = Field(
        STANDARD,
        min_length=1,
        description=f"metrics by name; `standard` stands for {', '.join(STANDARD)}",
    )

    @field_validator("net_benefit_range")
    @classmethod
    def _ascending(cls, limits: tuple[float, float]) -> tuple[float, float]:
        """Refuse a range whose lower limit is not below the upper one, or that has no hundredth."""
        low, high = (round(100 * limit) for limit in limits)
        if not 0 < low < high < 100:
            raise ValueError(
                f"the range goes from {limits[0]} to {limits[1]}; expected two ascending "
                "probabilities in hundredths, such as [0.05, 0.5]"
            )
        return limits

    @field_validator("metrics")
    @classmethod
    def _metrics_exist(cls, metrics: tuple[str, ...]) -> tuple[str, ...]:
        """Put the standard metrics in place of their name, and refuse unknown ones."""
        named = expanded(metrics, shelf="metrics", standard=STANDARD)
        if "auc" not in named:
            raise ValueError("auc is missing: the generalization matrix is one of AUCs; add auc")
        return named

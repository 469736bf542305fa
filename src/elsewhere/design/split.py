"""split: settings of how patients are divided into training, validation and test parts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from elsewhere.design.rows import Positive, Row, Seed, Share


class Split(Row):
    """How patients are divided into parts (A-18 to A-26; B-07 to B-09; D-06)."""

    kind: Literal["holdout", "folds"]
    folds: Positive = Field(description="holdout: 1; folds: every patient is tested once")
    test: Share = Field(description="holdout only; folds test 1/folds")
    validation: Share = Field(description="share of all patients")
    rounding: Literal["nearest", "up"] = Field(
        "nearest",
        description="of the numbers of test and validation patients in a stratum; up: as "
        "scikit-learn's train_test_split, which gives the counts of B-07 and B-08",
    )
    seed: Seed

    @model_validator(mode="after")
    def _parts_fit(self) -> Split:
        if self.kind == "holdout" and self.folds != 1:
            raise ValueError(f"folds is {self.folds}, but a holdout split has exactly 1")
        if self.kind == "folds" and self.folds < 2:
            raise ValueError(f"folds is {self.folds}, but cross-validation needs at least 2")
        test = self.test if self.kind == "holdout" else 1 / self.folds
        if not 0 < test + self.validation < 1:
            raise ValueError(f"test {test} and validation {self.validation} leave no training part")
        return self

"""split: settings of how patients are divided into training, validation and test parts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from elsewhere.design.rows import Name, Positive, Row, Seed, Share

Count = Annotated[int, Field(ge=0)]
Allowed = Literal["empty", "one_class", "sizes"]


class Split(Row):
    """How patients are divided into parts (A-18 to A-26; B-07 to B-09; C-07, C-08; D-06)."""

    kind: Literal["holdout", "folds", "fixed_test"]
    folds: Positive = Field(
        description="holdout: 1; folds: every patient is tested once; fixed_test: all folds test "
        "the same patients, and every other patient is validated once (C-07)"
    )
    test: Share = Field(description="of all patients; not used by folds, which test 1/folds")
    validation: Share = Field(
        description="of all patients; not used by fixed_test, which validates 1/folds of the others"
    )
    test_patients: dict[Name, dict[str, Count]] = Field(
        default_factory=dict,
        description="C-08: numbers of test patients, by the study's name of a site and its name of "
        "a class; where none is stated, `test` decides. Not with folds",
    )
    rounding: Literal["nearest", "up"] = Field(
        "nearest",
        description="of the numbers of test and validation patients in a stratum; up: as "
        "scikit-learn's train_test_split, which gives the counts of B-07 and B-08",
    )
    allow: dict[Name, list[Allowed]] = Field(
        default_factory=dict,
        description="what the gate lets pass, by the study's name of a site; empty: a part without "
        "a patient; one_class: a part with one class; sizes: a part far from its share",
    )
    seed: Seed

    @model_validator(mode="after")
    def _parts_fit(self) -> Split:
        if self.kind == "holdout" and self.folds != 1:
            raise ValueError(f"folds is {self.folds}, but a holdout split has exactly 1")
        if self.kind != "holdout" and self.folds < 2:
            raise ValueError(f"folds is {self.folds}, but cross-validation needs at least 2")
        if self.kind == "folds" and self.test_patients:
            raise ValueError("test_patients is set, but with folds every patient is tested once")
        test = 1 / self.folds if self.kind == "folds" else self.test
        if not 0 < test + self.validation < 1:
            raise ValueError(f"test {test} and validation {self.validation} leave no training part")
        return self

"""study: the rows that make a paper's experiment: split, scoring, arms, scales."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from elsewhere.design.findings import Findings, View
from elsewhere.design.parts import Name, Positive, Row, Seed, Share


class Split(Row):
    """Patients to train, validation and test (A-18 to A-26; B-07 to B-09; D-06)."""

    kind: Literal["holdout", "folds"]
    folds: Positive = Field(description="holdout: 1; folds: every patient is tested once")
    test: Share = Field(description="holdout only; folds test 1/folds")
    validation: Share = Field(description="share of all patients")
    rounding: Literal["nearest", "up"] = Field(
        "nearest",
        description="of a stratum's patients in test and validation; up: as scikit-learn's "
        "train_test_split, which gives the counts of B-07 and B-08",
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


class Audit(Row):
    """What is checked between sites before any training."""

    similarity: Annotated[float, Field(gt=0, le=1)] = Field(
        description="least correlation of the signatures of near-duplicates"
    )
    folds: Annotated[int, Field(ge=2)] = Field(
        description="of the cross-validated AUC of label and site, told from headers alone"
    )
    permutations: Positive = Field(description="of labels among patients, for a p-value")
    seed: Seed


class Scoring(Row):
    """Thresholds and intervals (A-52 to A-57)."""

    threshold_from: Literal["training_sites", "test_site", "argmax"] = Field(
        description="[AMB] A-52: whose validation part chooses the threshold of a cell; argmax: "
        "0.5, as the released code of Wang et al. 2020"
    )
    confidence: Annotated[float, Field(gt=0, lt=1)]
    bootstrap: Positive = Field(description="patient-clustered resamples")
    seed: Seed


Unseen = Literal["mean", "nearest", "test_time", "ensemble"]


class Arm(Row):
    """A row of the matrix: sites are the study's own names, a scale gives each its row."""

    sites: tuple[Name, ...] = Field(min_length=1)
    method: Name
    network: Name
    title: str | None = Field(None, description="in figures; null: sites, method and network")
    selection: Literal["validation", "test"] = Field(
        "validation",
        description="what chooses the weights kept; test, as the released code of Wang et al. "
        "2020: optimistic, and marked so wherever it shows",
    )
    unseen: Unseen | None = Field(
        None,
        description="D-44: through which layers a site not seen in training goes, where a method "
        "gives every site its own",
    )
    anonymous: bool = Field(
        False, description="treat the training sites too as if they had not been seen"
    )
    models_of: Name | None = Field(
        None, description="arm whose models this one applies; it trains none"
    )


class Scale(Row):
    """Which rows a study uses at one size."""

    input: Name
    budget: Name
    sites: dict[Name, Name] = Field(description="the study's name of a site: row of `sites`")
    seeds: tuple[Seed, ...] = Field(min_length=1, description="independent runs of every fold")
    inputs: dict[Name, Name] = Field(
        default_factory=dict, description="B-21: input of an arm's network that has another"
    )
    networks: dict[Name, Name] = Field(
        default_factory=dict, description="rows that stand in for the arms' networks at this size"
    )


class Comparisons(Row):
    """One arm against others, at each site on which both were trained, or neither (D-41, D-42)."""

    arm: Name
    against: tuple[Name, ...] = Field(min_length=1)


class Explain(Row):
    """Models that are looked into: where in images they look, how they see sites (D-43)."""

    arms: tuple[Name, ...] = Field(min_length=1, description="of each the first run")
    scans: Positive = Field(description="Grad-CAM examples of each outcome and site")
    seed: Seed = Field(description="of the choice of examples and the plane of embeddings")


class Review(Row):
    """Misclassified scans for a reader who is told nothing of them (B-43, B-44)."""

    finding: Name
    arms: tuple[Name, ...] = Field(
        min_length=1, description="a scan that any of them calls wrongly may be shown"
    )
    site: Name = Field(description="the study's own name of the site; its test part")
    views: tuple[View, ...] = Field(
        ("PA",), min_length=1, description="B-43: the ratio is measured on PA; others are not shown"
    )
    images: Positive = Field(description="at most, one a patient")
    enlarged_from: Annotated[float, Field(ge=0.5, lt=1)] = Field(
        0.55,
        description="[AMB] B-44: borderline is a cardiothoracic ratio of 0.5 (B-43) up to this; "
        "above 0.55 it is specific for a large heart, between it tells little (Simkus et al. 2021)",
    )
    seed: Seed = Field(description="of the choice of scans")


class Subgroups(Row):
    """Does a device that goes with a finding carry the models, as a shortcut (B-45)."""

    finding: Name
    device: Name = Field(description="finding of the manifests, such as support_devices")
    blank: Literal["unknown", "absent"] = Field(
        "unknown",
        description="[AMB] B-45: a report that does not speak of a device; absent: it saw none",
    )


Panel = Annotated[tuple[Name, ...], Field(min_length=1, max_length=8)]  # as many as colours


class Study(Row):
    """A paper's experiment."""

    title: str
    citation: str
    classes: tuple[str, str] = Field(description="names of label 0 and label 1")
    published: str | None = Field(
        description="published numbers, in src/elsewhere/figures/published"
    )
    audit: Audit
    findings: Findings | None = Field(
        None,
        description="null: sites give every scan one label; else several labels a scan, and arms "
        "are scored also on the test scans of all their sites together (B-28)",
    )
    external: tuple[Name, ...] = Field(
        (), description="sites on which no arm trains: all their scans are tested (B-04)"
    )
    split: Split
    scoring: Scoring
    scales: dict[Name, Scale]
    arms: dict[Name, Arm]
    averages_without: tuple[Name, ...] = Field(
        description="sites left out of the second Average confusion matrix (A-54)"
    )
    comparisons: tuple[Comparisons, ...] = Field(
        (), description="paired t, corrected resampled t and DeLong; one family for Holm"
    )
    roc_panels: dict[Name, Panel] | None = Field(
        None, description="D-43: arms whose ROC curves share axes, by the letter of the panel"
    )
    explain: Explain | None = Field(None, description="Grad-CAM galleries and embeddings")
    review: Review | None = Field(None, description="for `elsewhere review` and `reviewed`")
    subgroups: Subgroups | None = Field(None, description="AUCs with and without a device")

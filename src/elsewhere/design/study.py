"""study: the row of a study: a paper's experiment, from its sites to its arms."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from elsewhere.design.arm import Arm
from elsewhere.design.audit import Audit
from elsewhere.design.comparisons import Comparisons, Over
from elsewhere.design.figure_rows import STANDARD
from elsewhere.design.findings import Findings, View
from elsewhere.design.named import USUAL, expanded
from elsewhere.design.rows import Name, Positive, Row, Seed
from elsewhere.design.scoring import Scoring
from elsewhere.design.second_stage import SecondStage
from elsewhere.design.split import Split
from elsewhere.design.subgroups import Subgroups


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
    methods: dict[Name, Name] = Field(
        default_factory=dict,
        description="rows that stand in for the arms' methods at this size, such as fewer rounds",
    )
    budgets: dict[Name, Name] = Field(
        default_factory=dict, description="C-19: budget of an arm's method that has another"
    )
    split: Split | None = Field(None, description="of this size; null: that of the study")

    @property
    def every_budget(self) -> tuple[str, ...]:
        """Each budget of an arm, once."""
        return tuple(dict.fromkeys([self.budget, *self.budgets.values()]))


class Explain(Row):
    """Models that are looked into: where in images they look, how they see sites (D-43)."""

    arms: tuple[Name, ...] = Field(min_length=1, description="of each the first run")
    scans: Positive = Field(description="Grad-CAM examples of each outcome and site")
    seed: Seed = Field(description="of the choice of examples and the plane of embeddings")


class Review(Row):
    """Misclassified scans for a blinded reader (B-43, B-44)."""

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


Panel = Annotated[tuple[Name, ...], Field(min_length=1, max_length=8)]  # as many as colours


class Study(Row):
    """A paper's experiment."""

    title: str
    citation: str
    classes: tuple[str, ...] = Field(
        min_length=2,
        description="names of label 0, label 1 and so on. Of more than two, each also has cells "
        "of its own: this class against the rest",
    )
    categories: dict[str, str] | None = Field(
        None,
        description="class by category of the manifest; scans of other categories are left out. "
        "null: the site's labels say the class",
    )
    second_stage: SecondStage | None = Field(
        None, description="classify further what another study calls of one class (C-16)"
    )
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
        (), description="paired t, corrected resampled t and DeLong"
    )
    family: Over = Field(
        "study",
        description="over what p of confirmatory tests, the audit and DeLong of `comparisons`, is "
        "adjusted by Holm: both together, or each question alone",
    )
    roc_panels: dict[Name, Panel] | None = Field(
        None, description="D-43: arms whose ROC curves share axes, by the letter of the panel"
    )
    explain: Explain | None = Field(None, description="Grad-CAM galleries and embeddings")
    review: Review | None = Field(None, description="for `elsewhere review` and `reviewed`")
    subgroups: Subgroups | None = Field(None, description="AUCs with and without a device")
    target_width: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.10, description="width of the interval of an AUC that is aimed at; wider ones are named"
    )
    figures: tuple[Name, ...] = Field(
        (USUAL,),
        min_length=1,
        description="figures by name; `standard` stands for all usual ones that fit the study",
    )

    @property
    def exclusive(self) -> tuple[str, ...]:
        """Classes of which a scan has exactly one, if there are more than two; else empty."""
        return self.classes if len(self.classes) > 2 else ()

    @property
    def by_part(self) -> bool:
        """Whether cells have numbers for each finding, or for each of several classes."""
        return self.findings is not None or bool(self.exclusive)

    @field_validator("classes")
    @classmethod
    def _classes_differ(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse names that cannot be told apart, or cannot stand in the name of a file."""
        if len({name.casefold() for name in classes}) < len(classes):
            raise ValueError("names a class twice")
        odd = [name for name in classes if not name.strip() or set(name) & set(";/\\:")]
        if odd and len(classes) > 2:
            raise ValueError(f"'{odd[0]}' cannot be used: it is empty, or holds ; : / or \\")
        return classes

    @field_validator("figures")
    @classmethod
    def _figures_exist(cls, figures: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse unknown figures; which of them can be drawn depends on the sites."""
        expanded(figures, shelf="figures", standard=STANDARD)
        return figures

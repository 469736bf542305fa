"""tables: the typed tables of all settings, and what a study uses of them at the present scale."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from elsewhere.design.archive_rows import ArchiveRow
from elsewhere.design.budgets import Budget
from elsewhere.design.kinds import Of
from elsewhere.design.machine import MachineRow
from elsewhere.design.masks import MaskRow
from elsewhere.design.phantom_rows import PhantomRow
from elsewhere.design.pulls import PullRow
from elsewhere.design.rows import InputRow, MethodRow, Name, NetworkRow, Row
from elsewhere.design.serving import ServeRow
from elsewhere.design.site import IntakeRow, Site
from elsewhere.design.split import Split
from elsewhere.design.study import Scale, Study
from elsewhere.design.uncached import UncachedRow


class Params(Row):
    """All settings: those of the user and those that come with the project."""

    scale: Name = Field(description="scale of every study in `run`, such as demo or paper")
    run: tuple[Name, ...] = Field(
        min_length=1, description="studies that `snakemake` and `dvc repro` make"
    )
    intakes: dict[Name, IntakeRow] = Field(default_factory=dict)
    sites: dict[Name, Site] = Field(default_factory=dict)
    masks: dict[Name, MaskRow] = Field(default_factory=dict)
    phantoms: dict[Name, Annotated[PhantomRow, Of("phantoms")]] = Field(default_factory=dict)
    inputs: dict[Name, Annotated[InputRow, Of("inputs")]] = Field(default_factory=dict)
    networks: dict[Name, Annotated[NetworkRow, Of("networks")]] = Field(default_factory=dict)
    methods: dict[Name, Annotated[MethodRow, Of("methods")]] = Field(default_factory=dict)
    budgets: dict[Name, Budget] = Field(default_factory=dict)
    archives: dict[Name, Annotated[ArchiveRow, Of("archives")]] = Field(default_factory=dict)
    pulls: dict[Name, PullRow] = Field(default_factory=dict)
    uncached: dict[Name, UncachedRow] = Field(default_factory=dict)
    studies: dict[Name, Study] = Field(default_factory=dict)
    serve: ServeRow = Field(
        default_factory=lambda: ServeRow.model_validate({}),
        description="limits of `elsewhere serve` and `elsewhere ask`; no result depends on them",
    )

    machine: MachineRow = Field(
        default_factory=lambda: MachineRow.model_validate({}),
        description="what a job may use of its machine; no result depends on it",
    )

    def scale_of(self, study: str) -> Scale:
        """Return the present scale of a study."""
        return self.studies[study].scales[self.scale]

    def split_of(self, study: str) -> Split:
        """Return how a study divides patients at the present scale; a second stage as its first."""
        first = self.studies[study].second_stage
        if first is not None and first.study in self.studies:
            return self.split_of(first.study)
        return self.scale_of(study).split or self.studies[study].split

    def input_of(self, study: str, arm: str) -> str:
        """Return the row of `inputs` that an arm's network sees at the present scale."""
        scale = self.scale_of(study)
        return scale.inputs.get(self.studies[study].arms[arm].network, scale.input)

    def network_of(self, study: str, arm: str) -> str:
        """Return the row of an arm's network: its own, or what stands in for it at this scale."""
        network = self.studies[study].arms[arm].network
        return self.scale_of(study).networks.get(network, network)

    def method_of(self, study: str, arm: str) -> str:
        """Return the row of an arm's method: its own, or what stands in for it at this scale."""
        method = self.studies[study].arms[arm].method
        return self.scale_of(study).methods.get(method, method)

    def budget_of(self, study: str, arm: str) -> str:
        """Return the row of `budgets` of an arm at the present scale."""
        scale = self.scale_of(study)
        return scale.budgets.get(self.studies[study].arms[arm].method, scale.budget)

"""finished: a finished study as evidence reads it: its settings, and the artefacts that it made."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from elsewhere.design.arms import trained
from elsewhere.design.budgets import Budget
from elsewhere.design.graph import stages
from elsewhere.design.job import Job
from elsewhere.design.params import ParamsError, Settings, parse
from elsewhere.design.rows import InputRow, MethodRow, NetworkRow
from elsewhere.design.study import Study
from elsewhere.design.tables import Params
from elsewhere.evidence.figure_job import given_of
from elsewhere.figures.given import Given
from elsewhere.figures.report import noticed
from elsewhere.figures.results import Results


class UnfinishedError(RuntimeError):
    """A study has no results to tell of; the message says how to make them."""


@dataclass(frozen=True)
class Finished:
    """A study whose step `figure` has been run.

    Attributes
    ----------
    params
        The settings.
    given
        Everything that the report of the study is made from.
    values
        The settings, plain, with the files that they stand in.
    """

    params: Params
    given: Given
    values: Settings

    @property
    def name(self) -> str:
        """Name of the study."""
        return self.given.job.wildcards["study"]

    @property
    def study(self) -> Study:
        """The row of the study."""
        return self.params.studies[self.name]

    @property
    def settings_file(self) -> Path:
        """The file that holds the row of the study."""
        return Path(self.values.origin(("studies", self.name)).file)

    def row_files(self, table: str, names: Iterable[str]) -> list[Path]:
        """Return the files that hold rows of a table of settings, each once."""
        files = (self.values.origin((table, name)).file for name in names)
        return [Path(file) for file in dict.fromkeys(files)]

    @property
    def job(self) -> Job:
        """The job of the step `figure`."""
        return self.given.job

    @property
    def results(self) -> Results:
        """Every cell of the study."""
        return self.given.results

    @property
    def first(self) -> Results:
        """The results; of several findings or classes, those of the first."""
        return next(iter(self.given.each.values()))

    @property
    def matrix(self) -> Path:
        """matrix.csv of the study."""
        return self.job.outputs["matrix"]

    @property
    def report(self) -> Path:
        """report.html of the study."""
        return self.job.outputs["report"]

    @property
    def home(self) -> Path:
        """Folder of the results of the study."""
        return self.report.parent

    def figures(self, *patterns: str) -> list[Path]:
        """Return the files of the figures folder whose names match any of these patterns."""
        folder = self.job.outputs["figures"]
        return sorted({path for pattern in patterns for path in folder.glob(pattern)})

    def networks(self) -> dict[str, NetworkRow]:
        """Return the rows of `networks` that the study's arms use at the present scale."""
        return {name: self.params.networks[name] for name in self._used(self.params.network_of)}

    def methods(self) -> dict[str, MethodRow]:
        """Return the rows of `methods` that the study's arms use at the present scale."""
        return {name: self.params.methods[name] for name in self._used(self.params.method_of)}

    def inputs(self) -> dict[str, InputRow]:
        """Return the rows of `inputs` that the study's arms use at the present scale."""
        return {name: self.params.inputs[name] for name in self._used(self.params.input_of)}

    def budgets(self) -> dict[str, Budget]:
        """Return the rows of `budgets` that the study's arms use at the present scale."""
        return {name: self.params.budgets[name] for name in self._used(self.params.budget_of)}

    def trained(self) -> tuple[str, ...]:
        """Return the arms that train models of their own."""
        return tuple(trained(self.study, self.study.arms))

    def notices(self) -> list[str]:
        """Return what needs attention, the most serious first."""
        return [notice["text"] for notice in noticed(self.given, ())]

    def _used(self, row_of: Callable[[str, str], str]) -> Iterable[str]:
        return dict.fromkeys(row_of(self.name, arm) for arm in self.study.arms)


def read(values: Settings, study: str) -> Finished:
    """Return a finished study of the project in the present folder.

    Parameters
    ----------
    values
        The settings, plain, with the files that they stand in.
    study
        Name of the study, in `run` or not.

    Raises
    ------
    ParamsError
        If there is no such study, or it lacks the present scale.
    UnfinishedError
        If its report has not been made.
    """
    params = parse(values)
    if study not in params.studies:
        raise ParamsError(f"no study '{study}'; there are {', '.join(sorted(params.studies))}")
    scales = params.studies[study].scales
    if params.scale not in scales:
        known = ", ".join(scales)
        raise ParamsError(f"study '{study}' has no scale '{params.scale}', it has {known}")
    stage = stages(params.model_copy(update={"run": (study,)}))[f"figure--{study}"]
    missing = [path for path in (*stage.files, *stage.outputs.values()) if not os.path.exists(path)]
    if missing:
        raise UnfinishedError(
            f"{missing[0]}: not there yet; make it with `snakemake -j8 {stage.outputs['report']}`"
        )
    return Finished(params, given_of(stage, params), values)

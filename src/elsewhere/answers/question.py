"""question: which models a question is put to, and the files of their study, by checked names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from elsewhere.answers.answer import Refused, Wanted
from elsewhere.design import paths
from elsewhere.design.arm import Arm
from elsewhere.design.graph import stages
from elsewhere.design.plan import step_settings
from elsewhere.design.rows import Modality
from elsewhere.design.site import IntakeRow, layout_options
from elsewhere.design.stage import Stage
from elsewhere.design.study import Study
from elsewhere.design.tables import Params
from elsewhere.figures.arm_labels import labels
from elsewhere.scores import at_site, predictions


@dataclass(frozen=True)
class Question:
    """The arm that is asked, and the files of its study.

    Attributes
    ----------
    params
        The settings.
    wanted
        Names of rows.
    """

    params: Params
    wanted: Wanted

    def __post_init__(self) -> None:
        """Refuse names that are not there, and an arm that was not trained and scored.

        Raises
        ------
        Refused
            Naming what there is, or what to run.
        """
        _among("study", self.wanted.study, self.params.studies)
        if self.params.scale not in self.study.scales:
            raise Refused(f"study {self.wanted.study} has no scale {self.params.scale}")
        _among("arm", self.wanted.arm, self.study.arms)
        if self.site is not None:
            _among("site", self.site, {row: row for row in self.rows})
        files = [*self.files("model").values(), *self.files("record").values()]
        missing = [path for path in files if not path.is_file()]
        if missing or not self.cells:
            raise Refused(
                f"arm {self.wanted.arm} of {self.wanted.study} is not trained and scored here "
                f"({missing[0] if missing else 'no metrics.json of its cells'} is missing); run "
                "`snakemake -j8` or `dvc pull` first"
            )

    @property
    def site(self) -> str | None:
        """The site that files are said to be from; None: a place that the arm does not know."""
        return self.wanted.site

    @property
    def study(self) -> Study:
        """The study."""
        return self.params.studies[self.wanted.study]

    @property
    def arm(self) -> Arm:
        """The arm."""
        return self.study.arms[self.wanted.arm]

    @property
    def arm_title(self) -> str:
        """Name of the arm in figures."""
        by_name = self.params.scale_of(self.wanted.study).sites
        return labels(self.study.arms, {name: self.title(row) for name, row in by_name.items()})[
            self.wanted.arm
        ]

    @property
    def on_cpu(self) -> bool:
        """Whether its models are applied on the CPU."""
        handed = self.settings["prediction"]
        device = handed["device"] if isinstance(handed, dict) else handed.device
        return bool(device == "cpu")

    @property
    def rows(self) -> tuple[str, ...]:
        """Rows of the study's sites, in the order of the matrix."""
        return tuple(self.params.scale_of(self.wanted.study).sites.values())

    @property
    def trained_on(self) -> tuple[str, ...]:
        """Rows of the arm's training sites."""
        by_name = self.params.scale_of(self.wanted.study).sites
        return tuple(by_name[name] for name in self.arm.sites)

    @property
    def modality(self) -> Modality:
        """What a scan of the arm is."""
        return layout_options(self.params.sites[self.trained_on[0]]).modality

    @property
    def intake(self) -> IntakeRow:
        """What files may be like: as at the site that they are from, or at a training site."""
        site = self.site or self.trained_on[0]
        return self.params.intakes[self.params.sites[site].intake]

    @property
    def first_slice(self) -> Literal["head", "feet"]:
        """Which end of the patient the first image of a folder shows, as at a site that says it."""
        for row in (self.site,) if self.site else self.rows:
            end = getattr(layout_options(self.params.sites[row]), "first_slice", None)
            if end is not None:
                return "feet" if end == "feet" else "head"
        return "head"

    @property
    def synthetic(self) -> bool:
        """Whether a training site is synthetic."""
        return any(self.params.sites[row].synthetic for row in self.trained_on)

    def title(self, row: str) -> str:
        """Return the name of a site in figures."""
        return self.params.sites[row].title

    @cached_property
    def stage(self) -> Stage:
        """The stage that predicts a cell of the arm: which models, with which settings."""
        alone = self.params.model_copy(update={"run": (self.wanted.study,)})
        site = self.site or self.trained_on[0]
        return stages(alone)[f"predict--{self.wanted.study}--{self.wanted.arm}--{site}"]

    def files(self, name: str) -> dict[str, Path]:
        """Return the models, or their records, by run."""
        table = self.stage.inputs[name]
        return {run: Path(path) for run, path in table.items()} if isinstance(table, dict) else {}

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Fields of `methods.trained.ArmSettings`."""
        return step_settings(self.stage, self.params)

    @cached_property
    def cells(self) -> dict[str, dict[str, Any]]:
        """Content of metrics.json of each site that has one."""
        found = {}
        for row in self.rows:
            path = Path(paths.cell(self.wanted.study, self.wanted.arm, row, "metrics.json"))
            if path.is_file():
                found[row] = json.loads(path.read_text(encoding="utf-8"))
        return found

    @cached_property
    def evaluated(self) -> tuple[str, ...]:
        """Sites whose test scans the arm was tested on, in the order of the matrix."""
        return tuple(row for row in self.cells if any(map(_ran, self.parts(row).values())))

    def parts(self, row: str) -> dict[str, dict[str, Any]]:
        """Return the numbers of a cell by finding or class; "" where scans have one of two labels.

        Where a hospital has computed the numbers at home, they are these.
        """
        cell = self.cells[row]
        parts = cell.get("findings", {"": cell})
        return {
            name: {**part, "pooled": at_site.numbers(cell, name) or part["pooled"]}
            for name, part in parts.items()
        }

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """Findings or classes in the order of the network; none where scans have one of two."""
        return predictions.findings(self._about)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes where there are more than two; else none."""
        return predictions.classes(self._about)

    @cached_property
    def _about(self) -> dict[str, str]:
        row = (self.evaluated or tuple(self.cells))[0]
        path = Path(paths.cell(self.wanted.study, self.wanted.arm, row, "predictions.parquet"))
        return predictions.metadata_of(path)


def _among(what: str, name: str, known: Any) -> None:
    if name not in known:
        raise Refused(f"no {what} '{name}'; there are {', '.join(sorted(known))}")


def _ran(part: dict[str, Any]) -> bool:
    return str(part["pooled"]["status"]) != "not run"

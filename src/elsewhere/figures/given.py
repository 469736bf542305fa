"""given: everything that the figures of a study read, each file loaded on first use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from elsewhere.cohorts.labels import labelled
from elsewhere.design.arm import Arm
from elsewhere.design.comparisons import Comparisons, Over
from elsewhere.design.findings import Findings
from elsewhere.design.job import Job
from elsewhere.design.paths import INTERNAL
from elsewhere.design.scoring import Scoring
from elsewhere.design.second_stage import SecondStage
from elsewhere.design.site import Site
from elsewhere.design.subgroups import Subgroups
from elsewhere.figures import class_numbers, compared, finding_cells, finding_table, paper
from elsewhere.figures.divided import Divided
from elsewhere.figures.places import ByFinding
from elsewhere.figures.results import Named, Results, gather
from elsewhere.figures.scans import Scans
from elsewhere.figures.study_tests import StudyTests, made, read_json
from elsewhere.files import texts
from elsewhere.imaging import profile
from elsewhere.scores import explained, predictions
from elsewhere.scores.cell import Predicted, together
from elsewhere.scores.evidence import Key
from elsewhere.scores.explained import Explained
from elsewhere.sites import manifest
from elsewhere.sites.states import states


@dataclass(frozen=True)
class Settings:
    """What the figures of a study need to know.

    Attributes
    ----------
    sites
        Row of ``sites`` to site, in the order of the columns.
    site_rows
        The study's name of a site to its row.
    comparisons
        Which arm is compared with which.
    roc_panels
        Name of a panel to the arms whose ROC curves share its axes.
    findings
        The study's labels, if scans have several.
    categories
        Class by category of the manifest; None: its labels say the class.
    second_stage, subgroups, target_width
        As in the study: whose calls choose the test scans, which device may be a shortcut to which
        finding, and which width of the interval of an AUC is aimed at.
    """

    title: str
    citation: str
    classes: tuple[str, ...]
    published: str | None
    arms: Mapping[str, Arm]
    averages_without: tuple[str, ...]
    sites: Mapping[str, Site]
    site_rows: Mapping[str, str]
    scoring: Scoring
    comparisons: tuple[Comparisons, ...] = ()
    roc_panels: Mapping[str, tuple[str, ...]] | None = None
    findings: Findings | None = None
    categories: Mapping[str, str] | None = None
    second_stage: SecondStage | None = None
    subgroups: Subgroups | None = None
    target_width: float = 0.10
    family: Over = "study"


@dataclass(frozen=True)
class Given:
    """Results of a study, read from the inputs of the step `figure`."""

    job: Job
    settings: Settings

    @property
    def exclusive(self) -> tuple[str, ...]:
        """Classes of the study if there are more than two; else empty."""
        return self.settings.classes if len(self.settings.classes) > 2 else ()

    @property
    def policy(self) -> tuple[str, ...]:
        """Footnote on how findings became labels, or on several classes; else empty."""
        said = finding_cells.policy(self.settings.findings)
        if self.exclusive:
            said = finding_cells.class_policy(self.exclusive)
        return (*said, *finding_cells.stage_policy(self.settings.second_stage))

    @property
    def synthetic(self) -> bool:
        """Whether any site of the study is synthetic."""
        return any(site.synthetic for site in self.settings.sites.values())

    @cached_property
    def results(self) -> Results:
        """Every cell of the study."""
        settings = self.settings
        named = Named(
            study=self.job.wildcards["study"],
            title=settings.title,
            classes=settings.classes,
            confidence=settings.scoring.confidence,
            threshold_from=settings.scoring.threshold_from,
            policy=self.policy,
            metrics=settings.scoring.metrics,
        )
        return gather(
            self.job.paths("metrics"),
            arms=settings.arms,
            sites=settings.sites,
            site_rows=settings.site_rows,
            named=named,
        )

    @cached_property
    def together(self) -> Results:
        """Results of all classes at once where there are more than two; else all results."""
        if not self.exclusive:
            return self.results
        cells = {key: {**cell, **cell["classes"]} for key, cell in self.results.cells.items()}
        return replace(self.results, cells=cells)

    @cached_property
    def each(self) -> Mapping[str, Results]:
        """Results by finding or class; where scans have one of two labels, under the empty name."""
        if self.exclusive:
            return finding_cells.split_classes(self.results, self.exclusive)
        findings = self.settings.findings
        return finding_cells.split(self.results, findings) if findings else {"": self.results}

    @cached_property
    def places(self) -> ByFinding:
        """Results of each finding, of each arm on its own sites and on those it never saw."""
        arms, titles = self.settings.arms, self._titles
        internal = finding_cells.internal(self.job.paths("metrics"), arms, titles)
        return ByFinding(titles, arms, self.each, internal)

    @property
    def _titles(self) -> dict[str, str]:
        findings = self.settings.findings
        if findings is None:
            return {name: name for name in self.exclusive}
        return {name: row.title for name, row in findings.labels.items()}

    @property
    def cell_keys(self) -> tuple[str, ...]:
        """Keys ``<arm>/<row of the test site>`` of the cells that have predictions."""
        return tuple(self.job.paths("predictions"))

    def predicted(self, key: str, *, finding: str = "") -> Predicted:
        """Return the predictions of a cell, of several findings or classes those of this one."""
        path = self.job.paths("predictions")[key]
        return Predicted(*predictions.read(path, finding=finding or None))

    def tested(self, key: str, finding: str) -> Predicted:
        """Return the test rows of a finding of a cell."""
        path = self.job.paths("predictions")[key]
        frame, metadata = predictions.read(path, finding=finding)
        return Predicted(frame[frame["part"] == "test"], metadata)

    def test_predictions(self) -> dict[Key, Predicted]:
        """Return the test rows of every arm at sites it never saw, and on all its own together."""
        read: dict[Key, Predicted] = {}
        for finding in self._titles:
            for row in self.results.rows:
                own = []
                for column in self.results.columns:
                    tested = self.tested(f"{row.name}/{column.row}", finding)
                    if column.name in row.sites:
                        own.append(tested)
                    else:
                        read[row.name, column.name, finding] = tested
                read[row.name, INTERNAL, finding] = together(own)
        return read

    @cached_property
    def manifests(self) -> dict[str, pd.DataFrame]:
        """Manifest of each row of `sites`."""
        return {row: manifest.read(path) for row, path in self.job.paths("manifest").items()}

    @cached_property
    def labelled(self) -> dict[str, pd.DataFrame]:
        """Scans of each site that the study uses, with their labels."""
        settings = self.settings
        return {
            row: labelled(
                scans, settings.findings, classes=settings.classes, categories=settings.categories
            )
            for row, scans in self.manifests.items()
        }

    def devices(self, device: str) -> dict[str, pd.Series[str]]:
        """Return by site the state of a device in each scan, from its manifest."""
        return {row: states(scans, device) for row, scans in self.manifests.items()}

    @cached_property
    def divided(self) -> Divided:
        """Scans of every site by part and finding."""
        paths, ids = self.job.paths("split"), texts("scan_id", "patient_id")
        splits = {row: pd.read_csv(path, converters=ids) for row, path in paths.items()}
        for split in splits.values():
            for label, name in enumerate(self.exclusive):
                split[name] = (split["label"] == label).astype("int64")
        columns = self.results.columns
        what = self.results.named.part
        return Divided(columns, self.manifests, splits, self._titles, self.policy, what)

    @cached_property
    def scans(self) -> dict[str, Scans]:
        """Scans of each site with their grey values and images."""
        return {
            row: Scans(
                site=self.settings.sites[row],
                table=scans.merge(
                    profile.read(self.job.paths("profile")[row]).drop(columns="value_scale"),
                    on="scan_id",
                ),
                volumes=self.job.paths("volumes")[row],
                edges={scale: profile.edges(scale) for scale in profile.LOW_AND_STEP},
            )
            for row, scans in self.labelled.items()
        }

    @cached_property
    def rejected(self) -> dict[str, pd.DataFrame]:
        """rejected.csv of each site."""
        paths = self.job.paths("rejected")
        return {row: pd.read_csv(path, dtype=str) for row, path in paths.items()}

    @cached_property
    def tests(self) -> StudyTests:
        """The audit and the declared comparisons, with p adjusted over the study."""
        return made(self)

    @property
    def audit(self) -> Mapping[str, Any]:
        """audit.json of the study, with p adjusted over the study."""
        return self.tests.audit

    @cached_property
    def gates(self) -> dict[str, Mapping[str, Any]]:
        """gate.json of each site."""
        return {row: read_json(path) for row, path in self.job.paths("gate").items()}

    @cached_property
    def records(self) -> dict[str, Mapping[str, Any]]:
        """run.json of each ``<arm>/<run>``."""
        return {run: read_json(path) for run, path in self.job.paths("record").items()}

    @cached_property
    def histories(self) -> dict[str, pd.DataFrame]:
        """history.csv of each ``<arm>/<run>``."""
        return {run: pd.read_csv(path) for run, path in self.job.paths("history").items()}

    @cached_property
    def explained(self) -> dict[str, Explained]:
        """What the step `explain` made of each arm that the study explains."""
        gallery, embedded = self.job.paths("gallery"), self.job.paths("embeddings")
        return {
            arm: explained.read(path, gallery=gallery[arm], embeddings=embedded[arm])
            for arm, path in self.job.paths("explained").items()
        }

    @cached_property
    def paper_numbers(self) -> list[dict[str, str]]:
        """The paper's numbers; none if the study names none."""
        return paper.read(self.settings.published) if self.settings.published else []

    @cached_property
    def paper_counts(self) -> list[dict[str, str]]:
        """The paper's counts of scans and patients; none if it has none."""
        return paper.counts(self.settings.published)

    @cached_property
    def finding_rows(self) -> list[dict[str, Any]]:
        """AUC of every finding at every place, beside the published."""
        return finding_table.table(self.places, self.paper_numbers)

    @cached_property
    def beside(self) -> list[dict[str, str]]:
        """The paper's numbers with ours, in words (`compared.COLUMNS`)."""
        if not self.settings.published:
            return []
        if self.exclusive:
            return class_numbers.compare(self.places, self.paper_numbers)
        if self._titles:
            return finding_table.beside(self.finding_rows)
        return compared.compare(self.results, self.settings.published)

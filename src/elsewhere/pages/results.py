"""results: reads the artefacts of a project by the names of its studies, arms, sites and scans.

No name of a request becomes a path before it was found among the names of the settings, or is a
scan's key of the site's manifest. Files are read anew where they changed: a pipeline may run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from elsewhere.design import params as tables
from elsewhere.design import paths
from elsewhere.design.graph import stages
from elsewhere.design.merge import CONFIG, USER
from elsewhere.design.stage import Stage
from elsewhere.design.study import Study
from elsewhere.design.tables import Params
from elsewhere.evidence.figure_job import given_of
from elsewhere.figures.arm_labels import labels
from elsewhere.figures.given import Given
from elsewhere.pages.kept import Kept
from elsewhere.sites import manifest
from elsewhere.sites.hidden import hidden

MOST = 64  # values made of files that are kept
ROWS = 2_000_000  # of tables with a row a scan, all together; 377,110 take 60 to 200 MB
EMPTY = 500  # rows take as much as a table without any
UNREAD = ["source_path", "volume_sha256"]  # columns no page shows; a path may name a patient
KEY = re.compile(r"[0-9a-f]{16}")


class NotThere(LookupError):  # noqa: N818 - read where it is raised
    """No such study, arm, site, scan or file; the message is a sentence."""


class Results:
    """The artefacts of the project in one folder.

    Attributes
    ----------
    root
        The folder.
    kept, tables
        What was made of files; tables with a row a scan by their rows, since a page of a scan
        needs one of each arm.
    trouble
        Why the settings on disk cannot be used, if they were changed so; the last ones that could
        be are used.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.trouble = ""
        self.kept, self.tables = Kept(MOST), Kept(ROWS, weigh=_rows)
        self._params = tables.load(self.root)

    @property
    def params(self) -> Params:
        """The settings as they now are."""

        def load() -> Params:
            try:
                self._params, self.trouble = tables.load(self.root), ""
            except (tables.ParamsError, OSError, UnicodeError) as error:
                self.trouble = f"The settings were changed and cannot be used: {error}"
            return self._params

        return self.kept.of("params", self._settings(), load)

    def _settings(self) -> list[Path]:
        """Return the files that the settings stand in."""
        return [self.root / USER, *sorted((self.root / CONFIG).rglob("*.yaml"))]

    def studies(self) -> tuple[str, ...]:
        """Return the studies in `run` of which any cell has results."""
        params = self.params
        return tuple(name for name in params.run if self._begun(params, name))

    def titles(self) -> dict[str, str]:
        """Return name and title of `studies`."""
        params = self.params
        return {name: params.studies[name].title for name in self.studies()}

    def synthetic(self, study: str | None = None) -> bool:
        """Whether any site of a study is synthetic, or of any study that has results."""
        params = self.params
        names = [study] if study else self.studies()
        return any(
            params.sites[row].synthetic
            for name in names
            for row in params.scale_of(name).sites.values()
        )

    def study(self, study: str, *, arm: str | None = None, site: str | None = None) -> Study:
        """Return the row of a study that has results, and check the names of an arm and a site.

        Parameters
        ----------
        study, arm
            As in the settings.
        site
            Row of ``sites``, such as ``utsw-synthetic``.

        Raises
        ------
        NotThere
            If the study has no results, no such arm, or no such site.
        """
        if study not in self.studies():
            raise NotThere("There is no study of this name in `run` that has results.")
        row = self.params.studies[study]
        if arm is not None and arm not in row.arms:
            raise NotThere("This study has no arm of this name.")
        if site is not None and site not in self.sites(study):
            raise NotThere("This study has no site of this name.")
        return row

    def sites(self, study: str) -> tuple[str, ...]:
        """Return the rows of `sites` that a study uses at the present scale."""
        return tuple(dict.fromkeys(self.params.scale_of(study).sites.values()))

    def labels(self, study: str) -> dict[str, str]:
        """Return what the arms of a study are called in its figures."""
        rows, sites = self.params.scale_of(study).sites, self.params.sites
        titles = {name: sites[row].title for name, row in rows.items()}
        return labels(self.params.studies[study].arms, titles)

    def stages(self, study: str) -> dict[str, Stage]:
        """Return the graph of a study at the present settings."""
        params = self.params
        return dict(stages(params.model_copy(update={"run": (study,)})))

    def given(self, study: str) -> Given:
        """Return what the figures of a study are given, of the arms whose cells are all scored.

        It is another object where one of its files has changed.
        """
        self.study(study)
        params = self.params
        stage = self.stages(study)[f"figure--{study}"]
        files = [self.root / path for path in stage.files if not path.endswith("/volumes")]
        return self.kept.of(
            ("given", study),
            [*files, *self._settings()],
            lambda: _scored(stage, params, self.root),
        )

    def waiting(self, study: str) -> dict[str, int]:
        """Return, by arm, the number of cells that are not scored yet; scored arms are left out."""
        missing: dict[str, int] = {}
        sites = self.sites(study)
        for key, path in _metrics(self.stages(study)[f"figure--{study}"]).items():
            arm, _, site = key.partition("/")
            if site in sites and not (self.root / path).is_file():
                missing[arm] = missing.get(arm, 0) + 1
        return missing

    def json(self, path: str) -> Any:
        """Return the content of a JSON file of the project.

        Raises
        ------
        NotThere
            If it is not there, or half written.
        """
        file = self.root / path

        def read() -> Any:
            try:
                return json.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise NotThere(f"{path} is not there yet, or is being written.") from error

        return self.kept.of(path, [file], read)

    def manifest(self, site: str) -> pd.DataFrame:
        """Return the manifest of a row of `sites` without `UNREAD`; nobody may change it."""
        path = paths.scans(self._site(site))["manifest"]

        def read() -> pd.DataFrame:
            if not (self.root / path).is_file():
                raise NotThere(f"{path} is not there yet: this site was not ingested.")
            return manifest.read(self.root / path).drop(columns=UNREAD)

        return self.tables.of(path, [self.root / path], read)

    def hidden(self, site: str) -> set[str]:
        """Return the scans of a site whose pixels must not be shown."""
        path = self.root / paths.scans(self._site(site))["manifest"]
        return self.kept.of(
            ("hidden", site), [path], lambda: hidden(self.manifest(site)[["scan_id", "flags"]])
        )

    def scan(self, site: str, scan: str) -> pd.Series[Any]:
        """Return the row of a scan in the manifest of its site.

        Raises
        ------
        NotThere
            If the site has no such scan.
        """
        table = self.manifest(site)
        found = table[table["scan_id"] == scan] if KEY.fullmatch(scan) else table.iloc[:0]
        if found.empty:
            raise NotThere("This site has no scan of this key.")
        return found.iloc[0]

    def volume(self, site: str, scan: str) -> Path:
        """Return the file of a scan's voxels.

        Raises
        ------
        NotThere
            If there is no such scan, or its file is not there.
        """
        self.scan(site, scan)
        from elsewhere.imaging import store  # half of the time of a start

        path = self.root / paths.scans(site)["volumes"] / f"{scan}{store.SUFFIX}"
        if not path.is_file():
            raise NotThere("The voxels of this scan are not on this machine.")
        return path

    def _site(self, site: str) -> str:
        if site not in self.params.sites:
            raise NotThere("There is no site of this name.")
        return site

    def _begun(self, params: Params, study: str) -> bool:
        folder = self.root / "results" / study
        made = (folder / "matrix.csv").is_file()
        return made or next((folder / "cells").glob("*/*/metrics.json"), None) is not None


def _rows(table: Any) -> int:
    """Return the rows of a table, or of that of a cell's calls, and what an empty one takes."""
    return EMPTY + len(getattr(table, "scans", table))


def _metrics(stage: Stage) -> dict[str, str]:
    """Return path of metrics.json by cell."""
    found = stage.inputs["metrics"]
    return {} if isinstance(found, str) else found


def _scored(stage: Stage, params: Params, root: Path) -> Given:
    """Return what figures are given of the arms that have metrics at every site."""
    given = given_of(stage, params, top=root)
    there = {key: path for key, path in given.job.paths("metrics").items() if path.is_file()}
    sites = given.settings.sites
    arms = {
        name: arm
        for name, arm in given.settings.arms.items()
        if all(f"{name}/{site}" in there for site in sites)
    }
    kept: Mapping[str, Any] = {**given.job.inputs, "metrics": there}
    job = replace(given.job, inputs=kept)
    return Given(job, replace(given.settings, arms=arms))

"""shareable: the files of a finished study that hold no image of a patient and no key of one."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from elsewhere.evidence.finished import Finished
from elsewhere.figures.report import IN_PIXELS

WORKFLOW = ("Snakefile", "dvc.yaml", "requirements.lock", "CITATION.cff", "LICENSE")
WORKFLOW_FOLDERS = {"workflow": "*.smk", "envs": "*.yaml"}
BESIDE = ("methods.md", "checklist/checklist.html", "checklist/checklist.csv")
BY_CELL, BY_RUN = ("metrics.json", "cost.json"), ("run.json", "history.csv", "cost.json")
TEXT = (".csv", ".json", ".html", ".md", ".svg", ".txt")
KEYS = ("scan_id", "patient_id", "source_path")  # columns that no shared table may have
# weights, arrays, predictions and splits have a row, or a memory, of single patients
NEVER = "manifests, volumes, arrays, weights, predictions, splits and rejected files"
ABSENT = "This picture shows scans and is left out of this export."
PIXELS = re.compile(r'<img src="data:image/png;base64,[^"]*"[^>]*>')
LINK = re.compile(r'<a href="(?!#)([^"]*)"([^>]*)>(.*?)</a>', re.DOTALL)
_TOKEN = re.compile(r"[0-9a-f]{12,64}")


@dataclass
class Shared:
    """What is given away.

    Attributes
    ----------
    files
        Path in the export to the file that is copied there.
    texts
        Path in the export to the text that is written there.
    left_out
        File to the reason why it is not given away.
    """

    files: dict[str, Path] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def paths(self) -> set[str]:
        """Every path in the export."""
        return {*self.files, *self.texts}


def collect(study: Finished) -> Shared:
    """Choose the files of the workflow and of the results of a study, and check each."""
    shared, keys = Shared(), _keys(study)
    for path in (*_workflow(), *_results(study)):
        reason = _refused(path, keys)
        if reason:
            shared.left_out[path.as_posix()] = reason
        else:
            shared.files[path.as_posix()] = path
    shared.texts["settings.json"] = json.dumps(settings(study), indent=2, sort_keys=True) + "\n"
    for page in [path for path in shared.files if path.endswith(".html")]:
        text = shared.files.pop(page).read_text(encoding="utf-8")
        shared.texts[page] = _without_pixels(text)
    for page in [path for path in shared.texts if path.endswith(".html")]:
        shared.texts[page] = _linked(shared.texts[page], page, shared.paths)
    return shared


def settings(study: Finished) -> dict[str, Any]:
    """Return the settings that the study used, and none of archives, pulls or other studies."""
    params = study.params
    tables: dict[str, Mapping[str, Any]] = {
        "inputs": study.inputs(),
        "networks": study.networks(),
        "methods": study.methods(),
        "budgets": study.budgets(),
        "sites": study.given.settings.sites,
        "studies": {study.name: study.study},
    }
    rows = {
        table: {name: row.model_dump(mode="json") for name, row in of.items()}
        for table, of in tables.items()
    }
    return {"scale": params.scale, "run": [study.name], **rows}


def _workflow() -> Iterator[Path]:
    yield from (path for name in WORKFLOW if (path := Path(name)).is_file())
    for folder, pattern in WORKFLOW_FOLDERS.items():
        yield from sorted(Path(folder).rglob(pattern))


def _results(study: Finished) -> Iterator[Path]:
    """Yield every result that may be shared; of folders with rows of patients, single files."""
    yield from (study.matrix, study.report, study.job.path("audit"))
    yield from sorted(study.job.outputs["figures"].iterdir())
    yield from study.job.paths("gate").values()
    for name, files in (("metrics", BY_CELL), ("record", BY_RUN)):
        for path in study.job.paths(name).values():
            yield from (beside for file in files if (beside := path.with_name(file)).is_file())
    yield from (path for name in BESIDE if (path := study.home / name).is_file())


def _keys(study: Finished) -> set[str]:
    """Return the hashed keys of all scans and patients of the study."""
    tables = study.given.manifests.values()
    return {key for table in tables for name in KEYS[:2] for key in table[name]}


def _refused(path: Path, keys: set[str]) -> str:
    """Return why a file is not given away; empty if it is."""
    if path.name.startswith(IN_PIXELS):
        return "it shows scans"
    if path.suffix not in TEXT:
        return ""
    text = path.read_text(encoding="utf-8")
    header = next(csv.reader(text.splitlines()[:1]), []) if path.suffix == ".csv" else []
    if set(KEYS) & set(header):
        return "it has a row for each scan or patient"
    if path.suffix != ".html" and keys & set(_TOKEN.findall(text)):
        return "it names the key of a scan or patient"
    return ""


def _without_pixels(text: str) -> str:
    """Return a page without the pictures that show scans."""
    return PIXELS.sub(f"<p><b>{ABSENT}</b></p>", text)


def _linked(text: str, page: str, paths: set[str]) -> str:
    """Return a page whose links to files that are not in the export are plain text."""

    def kept(found: re.Match[str]) -> str:
        parts: list[str] = []
        for part in (*page.split("/")[:-1], *found[1].partition("#")[0].split("/")):
            if part == "..":
                parts[-1:] = []
            elif part != ".":
                parts.append(part)
        return found[0] if "/".join(parts) in paths else found[3]

    return LINK.sub(kept, text)

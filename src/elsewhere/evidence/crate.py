"""crate: a finished study as an RO-Crate: workflow, results, settings and what made what."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from rocrate.model.contextentity import ContextEntity
from rocrate.model.person import Person
from rocrate.rocrate import ROCrate

from elsewhere.design.graph import stages
from elsewhere.evidence import shareable
from elsewhere.evidence.finished import Finished, UnfinishedError
from elsewhere.evidence.shareable import Shared
from elsewhere.figures import style
from elsewhere.files import whole, write_rows

MAIN = "Snakefile"
VERSION = "1.1"  # of RO-Crate, that of the profile Workflow RO-Crate 1.0
PROFILES = {  # the profile of a run of a workflow rests on the two before it
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
TYPES = {
    ".csv": "text/csv", ".html": "text/html", ".json": "application/json", ".md": "text/markdown",
    ".png": "image/png", ".svg": "image/svg+xml", ".yaml": "application/yaml",
}  # fmt: skip
PROVENANCE = ("file", "md5", "command", "code")
TERMS = (
    "Results: the terms of the data sets that they were made from; ask their owners. Workflow and "
    "code: Apache-2.0."
)


def write(study: Finished, out: Path) -> Shared:
    """Write the crate to a folder, or to one file if its name ends in ``.zip``.

    Raises
    ------
    UnfinishedError
        If the project lacks its Snakefile or CITATION.cff.
    FileExistsError
        If there is something at `out`.
    """
    if out.exists():
        raise FileExistsError(f"{out}: is there already; give another path, or remove it")
    shared = shareable.collect(study)
    for needed in (MAIN, "CITATION.cff"):
        if needed not in shared.files:
            raise UnfinishedError(f"{needed}: not there; run this in the project's top folder")
    with TemporaryDirectory() as folder, whole(out) as part:
        crate = described(study, shared, written=Path(folder))
        if out.suffix == ".zip":
            crate.write_zip(part)
        else:
            crate.write(part)
    return shared


def described(study: Finished, shared: Shared, *, written: Path) -> ROCrate:
    """Return the crate of a study.

    Parameters
    ----------
    shared
        What goes into it.
    written
        Folder for files that are written for it; it must live until the crate is written.
    """
    cited: dict[str, Any] = yaml.safe_load(shared.files["CITATION.cff"].read_text("utf-8"))
    crate = ROCrate(version=VERSION)
    authors = [_author(crate, row, cited["repository-code"]) for row in cited["authors"]]
    _root(crate, study, authors)
    files = {**shared.files, **_texts(study, shared, written)}
    added = {dest: _file(crate, study, dest, path) for dest, path in files.items() if dest != MAIN}
    workflow = _workflow(crate, shared.files[MAIN], cited, authors)
    _action(crate, study, workflow, authors, added)
    return crate


def _root(crate: ROCrate, study: Finished, authors: list[Any]) -> None:
    synthetic = f" {style.SYNTHETIC}." if study.results.synthetic else ""
    crate.name = f"elsewhere: {study.study.title}"
    crate.description = (
        f"Results, settings and workflow of the study {study.name}, after {study.study.citation}. "
        f"Left out: {shareable.NEVER}.{synthetic}"
    )
    terms = {"@type": "CreativeWork", "name": "Terms", "description": TERMS}
    crate.root_dataset["license"] = crate.add(ContextEntity(crate, "#terms", properties=terms))
    crate.root_dataset["author"] = _alone(authors)
    crate.root_dataset["publisher"] = _alone(authors)
    crate.root_dataset["conformsTo"] = [_profile(crate, *row) for row in PROFILES.items()]
    crate.keywords = ["generalization", "external validation", "medical imaging"]


def _profile(crate: ROCrate, address: str, name: str) -> Any:
    version = {"@type": "CreativeWork", "name": name, "version": address.rpartition("/")[2]}
    return crate.add(ContextEntity(crate, address, properties=version))


def _alone(entities: list[Any]) -> Any:
    """Return an entity that is alone as itself, as RO-Crate recommends, and several as a list."""
    return entities[0] if len(entities) == 1 else entities


def _author(crate: ROCrate, row: Mapping[str, str], repository: str) -> Any:
    """Return an author of CITATION.cff: a person with names of its own, else an organisation."""
    if "family-names" in row:
        name = f"{row.get('given-names', '')} {row['family-names']}".strip()
        known = row.get("orcid", f"#{name.replace(' ', '-').lower()}")
        return crate.add(Person(crate, known, properties={"name": name}))
    properties = {"@type": "Organization", "name": row["name"], "url": repository}
    return crate.add(ContextEntity(crate, repository, properties=properties))


def _workflow(crate: ROCrate, path: Path, cited: Mapping[str, Any], authors: list[Any]) -> Any:
    about = {
        "name": cited["title"],
        "description": " ".join(cited["abstract"].split()),
        "version": str(cited["version"]),
        "url": cited["repository-code"],
        "encodingFormat": "text/plain",
    }
    workflow = crate.add_workflow(path, MAIN, main=True, lang="snakemake", properties=about)
    licence = {"@type": "CreativeWork", "name": "Apache License 2.0", "identifier": "Apache-2.0"}
    address = "https://www.apache.org/licenses/LICENSE-2.0"
    workflow["license"] = crate.add(ContextEntity(crate, address, properties=licence))
    workflow["creator"] = _alone(authors)
    return workflow


def _file(crate: ROCrate, study: Finished, dest: str, path: Path) -> Any:
    about = {"name": Path(dest).name, "description": _description(study, dest)}
    about["encodingFormat"] = TYPES.get(path.suffix, "text/plain")
    return crate.add_file(path, dest, properties=about, record_size=True)


def _description(study: Finished, dest: str) -> str:
    name = Path(dest).name
    known = {
        "settings.json": "Settings that the study used.",
        "provenance.csv": "Every result with its MD5, the command that made it and its code.",
        "left_out.csv": "Files of the study that are not in this crate, and why.",
        "report.html": "All results of the study on one page.",
        "matrix.csv": "Every number of the generalization matrix with its interval.",
    }
    of_results = dest.startswith(study.home.as_posix())
    return known.get(name, f"{'Result' if of_results else 'Part'} of {study.name}: {dest}.")


def _texts(study: Finished, shared: Shared, folder: Path) -> dict[str, Path]:
    """Write what exists only in the crate; return the path in the crate to the file."""
    written = {}
    for dest, text in shared.texts.items():
        written[dest] = folder / dest
        written[dest].parent.mkdir(parents=True, exist_ok=True)
        written[dest].write_text(text, encoding="utf-8")
    rows = [{"file": file, "reason": why} for file, why in shared.left_out.items()]
    for name, columns, table in (
        ("left_out.csv", ("file", "reason"), rows),
        ("provenance.csv", PROVENANCE, provenance(study, {**shared.files, **written})),
    ):
        written[name] = folder / name
        write_rows(table, written[name], columns=columns)
    return written


def provenance(study: Finished, files: Mapping[str, Path]) -> list[dict[str, str]]:
    """Return a row for each file that a stage made: its MD5, command and list of source files."""
    graph = stages(study.params.model_copy(update={"run": (study.name,)})).values()
    made = {path: stage for stage in graph for path in stage.outputs.values()}
    rows = []
    for dest, path in files.items():
        place = next((p for p in (dest, *map(str, Path(dest).parents)) if p in made), None)
        if place is not None:
            md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
            stage = made[place]
            rows.append({"file": dest, "md5": md5, "command": stage.command,
                         "code": stage.code_list})  # fmt: skip
    return rows


def _action(
    crate: ROCrate, study: Finished, workflow: Any, authors: list[Any], added: Mapping[str, Any]
) -> None:
    """Add the run that made the results; its end is the time of the matrix on disk."""
    ended = datetime.fromtimestamp(study.matrix.stat().st_mtime, UTC).isoformat(timespec="seconds")
    home = study.home.as_posix()
    results = [entity for dest, entity in added.items() if dest.startswith(home)]
    action = crate.add_action(
        workflow,
        identifier="#run",
        object=added["settings.json"],
        result=results,
        properties={
            "name": f"Run of study {study.name}",
            "description": "All stages; provenance.csv names the command that made each file.",
            "endTime": ended,
        },
    )
    action["agent"] = _alone(authors)
    crate.root_dataset["mentions"] = action

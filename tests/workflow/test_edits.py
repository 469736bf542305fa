"""After an edit by hand `dvc status` and `snakemake -n` name the same stale stages."""

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from dvc.utils.serialize import load_yaml
from project import Project, named_by_dvc

pytestmark = pytest.mark.slow

SITE, OTHER = "covid-ct-synthetic", "sars-cov-2-ct-synthetic"
RESULTS = "results/contrastive"


def downstream(project: Project, names: Iterable[str]) -> set[str]:
    """Return stages of dvc.yaml and all that follow from them."""
    found = {*names}
    stages = load_yaml(str(project.path / "dvc.yaml"))["stages"]
    makers = {path: name for name, stage in stages.items() for path in stage["outs"]}
    for name, stage in stages.items():  # which stand in the order of the graph
        if found & {makers.get(path) for path in stage["deps"]}:
            found.add(name)
    return found


def append(path: str) -> Callable[[Path], None]:
    """Return an edit that makes a file another."""

    def edit(top: Path) -> None:
        (top / path).write_bytes((top / path).read_bytes() + b"x")

    return edit


def delete(path: str) -> Callable[[Path], None]:
    """Return an edit that removes a file or a folder."""

    def edit(top: Path) -> None:
        shutil.rmtree(top / path) if (top / path).is_dir() else (top / path).unlink()

    return edit


def without_records(top: Path) -> None:
    """Edit an output where Snakemake has never run."""
    shutil.rmtree(top / ".snakemake")
    append(f"{RESULTS}/cells/joint/{SITE}/metrics.json")(top)


# Edits that are made together touch stages of which none follows from another, so that each has to
# be noticed for itself.
EDITS = {
    "raw data, a deleted folder": {
        f"ingest--{SITE}": append(f"data/raw/{SITE}/0.dcm"),
        f"ingest--{OTHER}": delete(f"data/scans/{OTHER}/volumes"),
    },
    "a file of a folder": {f"ingest--{SITE}": append(f"data/scans/{SITE}/volumes/one")},
    "intermediate files, one deleted": {
        "train--contrastive--joint--0-0": append(f"{RESULTS}/models/joint/0-0/model.safetensors"),
        "train--contrastive--single-a--1-0": delete(
            f"{RESULTS}/models/single-a/1-0/model.safetensors"
        ),
    },
    "outputs, all of a cell deleted": {
        f"score--contrastive--joint--{SITE}": append(f"{RESULTS}/cells/joint/{SITE}/metrics.json"),
        f"score--contrastive--single-a--{OTHER}": delete(f"{RESULTS}/cells/single-a/{OTHER}"),
    },
    "an output unknown to Snakemake": {f"score--contrastive--joint--{SITE}": without_records},
    "the deleted report": {"figure--contrastive": delete(f"{RESULTS}/report.html")},
}


@pytest.mark.parametrize("edits", EDITS.values(), ids=EDITS)
def test_both_name_what_an_edit_of_data_makes_stale(
    edits: dict[str, Callable[[Path], None]], small: Project
) -> None:
    """DVC names what an edit touches, Snakemake what follows from it as well."""
    for edit in edits.values():
        edit(small.path)
    named, planned = named_by_dvc(small), {*small.planned()}
    assert {*edits} <= named
    assert named <= planned
    assert planned <= downstream(small, named)


def set_bootstrap(top: Path) -> None:
    path = top / "config/studies/contrastive.yaml"
    text = path.read_text()
    path.write_text(text.replace("bootstrap: 2000", "bootstrap: 17"))
    assert path.read_text() != text


def edit_code(top: Path) -> None:
    path = top / "src/elsewhere/steps/score.py"
    path.write_text(path.read_text() + "# a word\n")


@pytest.mark.parametrize("edit", [set_bootstrap, edit_code])
def test_both_name_what_settings_and_code_make_stale(
    edit: Callable[[Path], None], small: Project
) -> None:
    """DVC reads settings and code through files that `elsewhere graph` writes."""
    edit(small.path)
    assert named_by_dvc(small) == {"graph"}
    planned = {*small.planned()}
    small.sh("python -m elsewhere graph")
    named = named_by_dvc(small) - {"graph"}
    assert any(name.startswith("score--") for name in named)
    assert named <= planned == downstream(small, named)


def test_neither_names_anything_where_only_a_time_changed(small: Project) -> None:
    for path in (f"data/scans/{SITE}/manifest.parquet", "src/elsewhere/steps/score.py"):
        os.utime(small.path / path)
    assert named_by_dvc(small) == set()
    assert small.planned() == []

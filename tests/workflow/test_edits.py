"""After an edit by hand `dvc status` and `snakemake -n` name the same stale stages."""

import json
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from dvc.utils.serialize import load_yaml
from project import Project

pytestmark = pytest.mark.slow

SITE = "covid-ct-synthetic"
RESULTS = "results/contrastive"


def named_by_dvc(project: Project) -> set[str]:
    """Return the stages of `dvc status`; raw data with a .dvc file are no stages."""
    found = json.loads(project.sh("dvc status --json 2>/dev/null"))
    return {name for name in found if not name.endswith(".dvc")}


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


EDITS = {
    "raw data": append(f"data/raw/{SITE}/0.dcm"),
    "a file of a folder": append(f"data/scans/{SITE}/volumes/one"),
    "an intermediate file": append(f"{RESULTS}/models/joint/0-0/model.safetensors"),
    "an output": append(f"{RESULTS}/cells/joint/{SITE}/metrics.json"),
    "an output unknown to Snakemake": without_records,
    "a deleted intermediate file": delete(f"{RESULTS}/models/joint/0-0/model.safetensors"),
    "all outputs of a cell deleted": delete(f"{RESULTS}/cells/joint/{SITE}"),
    "a deleted folder": delete(f"data/scans/{SITE}/volumes"),
    "the deleted report": delete(f"{RESULTS}/report.html"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_both_name_what_an_edit_of_data_makes_stale(
    edit: Callable[[Path], None], small: Project
) -> None:
    """DVC names what the edit touches, Snakemake what follows from it as well."""
    edit(small.path)
    named, planned = named_by_dvc(small), {*small.planned()}
    assert named
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

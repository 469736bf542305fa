"""What the manual says about both drivers and no other test executes."""

import json
import shutil
from pathlib import Path

import pytest
from project import Project

pytestmark = pytest.mark.slow

SITE = "covid-ct-synthetic"


def status(project: Project) -> set[str]:
    """Return what `dvc status` names, stages and .dvc files."""
    return {*json.loads(project.sh("dvc status --json 2>/dev/null"))}


def test_where_raw_data_are_gone(small: Project) -> None:
    """Those of one site are gone altogether, those of the others have their .dvc files."""
    (small.path / f"data/raw/{SITE}.dvc").unlink()
    for raw in [path for path in (small.path / "data/raw").iterdir() if path.is_dir()]:
        shutil.rmtree(raw)
    assert small.planned() == []
    assert f"ingest--{SITE}" in status(small)
    printed = small.sh("dvc repro; echo exit code $?")
    assert "exit code 0" not in printed
    assert "missing data 'source': data/raw/" in printed
    small.sh("dvc repro -q --allow-missing")
    assert small.executed() == []


def test_a_study_whose_sites_nobody_wrote(small: Project) -> None:
    """`run` gets a second study; its sites were never ingested and are in no cache."""
    small.edit("run: [contrastive]", "run: [nguyen2021, contrastive]")
    sites = ("utsw-synthetic", "cc-ccii-synthetic", "covid-ctset-synthetic", "mosmed-synthetic")
    for site in (*sites, "utsw-synthetic-masks"):
        shutil.rmtree(small.path / f"data/raw/{site}")
        (small.path / f"data/raw/{site}.dvc").unlink()
        shutil.rmtree(small.path / f"data/scans/{site}", ignore_errors=True)
    for made in ("results/nguyen2021", ".dvc/cache/runs", ".elsewhere/receipts"):
        shutil.rmtree(small.path / made)
    printed = small.sh("snakemake -j2")
    assert "dvc.yaml written anew" in printed
    assert "left out, since their synthetic sites were never written: nguyen2021" in printed
    assert "Nothing to be done" in printed
    assert {f"ingest--{site}" for site in sites} <= status(small)
    assert "exit code 0" not in small.sh("dvc repro; echo exit code $?")
    small.sh("dvc repro -q figure--contrastive")
    assert small.executed() == []


def test_dvc_does_not_look_behind_links(small: Project, tmp_path: Path) -> None:
    """Neither does Snakemake, which asks for the hash that DVC would compute."""
    behind = tmp_path / "behind"
    behind.mkdir()
    (small.path / f"data/raw/{SITE}/more").symlink_to(behind)
    (behind / "2.dcm").write_text("another patient")
    assert f"ingest--{SITE}" not in status(small)
    assert small.planned() == []
    small.sh(f"dvc repro -q -s -f ingest--{SITE}")
    assert small.executed() == [f"ingest--{SITE}"]

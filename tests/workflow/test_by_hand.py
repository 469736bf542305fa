"""A step that a user typed is done for both drivers, in a project that both know."""

from pathlib import Path

import pytest
from project import Project

pytestmark = pytest.mark.slow

SITE = "covid-ct-synthetic"
INGEST, PREPARE = f"ingest--{SITE}", f"prepare--contrastive-demo--{SITE}"


SPLIT = f"split--contrastive--{SITE}"
TO_SPLIT = {"snakemake -j8": f"results/contrastive/splits/{SITE}.csv", "dvc repro -q": SPLIT}


@pytest.mark.parametrize("command", TO_SPLIT)
def test_a_typed_step_is_not_done_again(command: str, small: Project) -> None:
    """Of the stages that a changed site has up to its split, two are typed and two are left."""
    (small.path / f"data/raw/{SITE}/0.dcm").write_bytes(b"another patient")
    before = set(small.planned())
    assert {INGEST, PREPARE} < before
    small.sh(f"python -m elsewhere ingest {SITE}")
    small.sh(f"python -m elsewhere prepare contrastive-demo {SITE}")
    assert small.executed() == [INGEST, PREPARE]
    planned = set(small.planned())  # to the audit: what follows depends on what it finds
    assert "audit--contrastive" in planned
    assert planned < before - {INGEST, PREPARE}
    small.sh(f"{command} {TO_SPLIT[command]}")
    assert sorted(small.executed()) == ["audit--contrastive", SPLIT]
    left = {*small.planned()}
    assert left == before - {INGEST, PREPARE, "audit--contrastive", SPLIT}
    assert f"{INGEST}:" not in small.sh("dvc status")


def test_a_typed_step_counts_only_while_its_inputs_are_those_that_it_read(small: Project) -> None:
    raw = small.path / f"data/raw/{SITE}/0.dcm"
    raw.write_bytes(b"another patient")
    small.sh(f"python -m elsewhere ingest {SITE}")
    raw.write_bytes(b"a third patient")
    assert INGEST in small.planned()
    assert f"{INGEST}:" in small.sh("dvc status")


def test_the_rest_of_a_study_is_typed_step_by_step(small: Project) -> None:
    """A training and its cells were lost; the one who typed them leaves nothing to do."""
    small.sh("rm -r results/contrastive/models/joint/0-0 .dvc/cache/runs dvc.lock .snakemake")
    cell = f"contrastive joint {SITE}"
    small.sh("python -m elsewhere train contrastive joint 0-0")
    small.sh(f"python -m elsewhere predict {cell} && python -m elsewhere score {cell}")
    done = {"train--contrastive--joint--0-0"}
    done |= {f"{step}--contrastive--joint--{SITE}" for step in ("predict", "score")}
    assert set(small.executed()) == done
    lock = (small.path / "dvc.lock").read_text()
    assert all(f"  {name}:" in lock for name in done)
    small.sh(f"dvc repro -q -s {' '.join(sorted(done))}")
    assert small.executed() == []


def test_a_fresh_clone_runs_without_the_bridge(
    small: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Snakemake alone sees raw data, and when they change; DVC's files stay as they are."""
    clone = tmp_path / "clone"
    small.sh(f"git clone -q {small.path} {clone}", cwd=tmp_path)
    small.sh(f"cp -r {small.path}/data/raw/*-synthetic data/raw/", cwd=clone)
    monkeypatch.setenv("ELSEWHERE_BRIDGE", "off")
    target = "results/contrastive/splits/sars-cov-2-ct-synthetic.csv"
    small.sh(f"snakemake -j2 {target}", cwd=clone)
    assert len(small.executed()) == 4, "two sites, their audit and a split"
    assert "Nothing to be done" in small.sh(f"snakemake -n {target}", cwd=clone)
    (clone / f"data/raw/{SITE}/0.dcm").write_bytes(b"another patient")
    assert f"ingest/{SITE}.log" in small.sh(f"snakemake -n {target}", cwd=clone)
    assert small.sh("git status --porcelain", cwd=clone) == ""
    monkeypatch.delenv("ELSEWHERE_BRIDGE")
    (clone / f"data/raw/{SITE}/0.dcm").write_bytes(
        (small.path / f"data/raw/{SITE}/0.dcm").read_bytes()
    )
    small.sh(f"snakemake -j2 {target}", cwd=clone)
    assert small.executed() == [], "what Snakemake made alone is committed, not made again"

"""Volumes that stay out of the cache: a clone is complete without them until they are needed."""

import pytest
from project import Project, named_by_dvc, nothing_to_do

pytestmark = pytest.mark.slow

SITE = "covid-ct-synthetic"
MODEL = "results/contrastive/models/joint/0-0/model.safetensors"


def test_a_clone_without_volumes_makes_them_only_when_needed(small: Project) -> None:
    params = small.path / "params.yaml"
    params.write_text(f"{params.read_text()}\nuncached:\n  {SITE}: {{}}\n")
    assert small.planned() == []
    small.sh("snakemake -j8")
    nothing_to_do(small)
    small.sh("dvc gc -q -w -f && dvc push -q && git add -A && git commit -qm made")
    other = Project.at(small.path.parent / "clone")
    other.path.parent.mkdir()
    other.sh(
        f"git clone -q {small.path} {other.path} && cd {other.path} && dvc pull -q", cwd=small.path
    )
    volumes = other.path / f"data/scans/{SITE}/volumes"
    assert not volumes.exists(), "they were not sent"
    assert (volumes.parent / "manifest.parquet").exists()
    assert other.planned() == []
    other.sh("snakemake -j8 && dvc repro -q --allow-missing")
    assert other.executed() == []
    makers = named_by_dvc(other)
    assert sorted(name.partition("--")[0] for name in makers) == ["ingest", "prepare"]
    assert all(SITE in name for name in makers)
    needed_by_a_training(other, makers)
    other.sh("dvc repro -q")
    assert set(other.executed()) == makers, "nothing else"
    assert volumes.is_dir()
    nothing_to_do(other)


def needed_by_a_training(other: Project, makers: set[str]) -> None:
    """Snakemake plans the makers, and says so, once a training must run."""
    code = other.path / "src/elsewhere/steps/train.py"
    text = code.read_text()
    code.write_text(f"{text}# a word\n")
    assert makers < set(other.planned())
    assert "kept out of the cache" in other.sh("snakemake -n")
    code.write_text(text)
    assert other.planned() == []

"""versions: a range that the project declares once more, and whose ends CI installs."""

import importlib.metadata
import re
from pathlib import Path

import pytest
import yaml

from elsewhere.drivers import versions

ROOT = Path(__file__).parents[2]


def install(monkeypatch: pytest.MonkeyPatch, **installed: str) -> None:
    """Let other versions seem to be installed."""
    found = importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: installed.get(name, found(name))
    )


def test_what_is_installed_is_kept_in_step() -> None:
    versions.check()


@pytest.mark.parametrize("number", ["8.30.0", "10.0.0"])
def test_a_snakemake_outside_is_refused(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, snakemake=number)
    says = rf"snakemake is {number}.*install snakemake==.*or set ELSEWHERE_BRIDGE=off"
    with pytest.raises(versions.BridgeError, match=says):
        versions.check()


@pytest.mark.parametrize("number", ["3.9.1", "4.0.0"])
def test_a_dvc_outside_is_refused(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """3.9 is older than 3.10: a version is no decimal number."""
    install(monkeypatch, dvc=number)
    says = rf"dvc is {number}.*install dvc==.*or set ELSEWHERE_BRIDGE=off"
    with pytest.raises(versions.BridgeError, match=says):
        versions.check()


def test_a_newer_dvc_is_used_as_long_as_it_has_what_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(monkeypatch, snakemake="9.99.0", dvc="3.999.0")
    versions.check()
    from dvc.stage import Stage

    monkeypatch.delattr(Stage, "commit")
    with pytest.raises(
        versions.BridgeError, match=r"3\.999\.0, which no longer has .*Stage.commit"
    ):
        versions.check()


@pytest.mark.parametrize(
    "part", ["dvc.nowhere:Repo", "dvc.repo:Repo.nothing", "dvc.utils:dict_sha256"]
)
def test_a_part_that_is_gone_or_takes_other_arguments_is_named(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "PARTS", {part: ("another",), "dvc.stage:Stage.save": ()})
    assert versions.missing() == [part]


def test_every_part_is_used_and_no_other_module_of_dvc_is_imported() -> None:
    sources = [path.read_text() for path in (ROOT / "src/elsewhere").rglob("*.py")]
    text = "\n".join(source for source in sources if "PARTS: Mapping" not in source)
    for part in versions.PARTS:
        assert re.search(rf"\b{part.rpartition('.')[2].rpartition(':')[2]}\b", text), part
    imported = set(re.findall(r"from (dvc[\w.]*) import", text))
    assert imported == {part.partition(":")[0] for part in versions.PARTS} & imported


def test_the_project_declares_the_same_range() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    for tool, known in versions.RANGES.items():
        assert f'"{tool}>={known.oldest},<{known.below}"' in text


def test_ci_installs_both_ends() -> None:
    checks = yaml.safe_load((ROOT / ".github/workflows/checks.yml").read_text())
    rows = checks["jobs"]["drivers"]["strategy"]["matrix"]["drivers"]
    for end in ("oldest", "newest"):
        row = " ".join(f"{t}=={getattr(known, end)}" for t, known in versions.RANGES.items())
        assert row in rows


def test_the_lock_has_the_newest() -> None:
    lock = (ROOT / "requirements.lock").read_text().splitlines()
    for tool, known in versions.RANGES.items():
        assert f"{tool}=={known.newest}" in lock

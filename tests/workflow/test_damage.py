"""Nothing in a checkout is believed that dvc.lock, a receipt or the cache does not show."""

import shutil
from pathlib import Path

import pytest
from dvc.utils.serialize import load_yaml
from project import Project, everything, nothing_to_do

pytestmark = pytest.mark.slow

SITE = "covid-ct-synthetic"
MODEL = "results/contrastive/models/joint/0-0/model.safetensors"
REST = "results/contrastive/models/joint/1-0/model.safetensors"
MATRIX = "results/contrastive/matrix.csv"


def clone(project: Project, *, verify: bool) -> Project:
    """Return a clone that has not yet pulled, with a remote of its own."""
    project.sh("git add -A && git commit -qm made")
    other = Project.at(project.path.parent / "clone")
    other.path.parent.mkdir()
    project.sh(f"git clone -q {project.path} {other.path}", cwd=project.path.parent)
    project.remote = other.remote = project.path.parent / "its remote"
    # all that a project ever made, as `dvc push` would send it
    shutil.copytree(project.path / ".dvc/cache/files", other.remote / "files")
    config = "[core]\n    analytics = false\n    remote = here\n['remote \"here\"']\n"
    config += f"    url = {other.remote}\n    verify = {str(verify).lower()}\n"
    (other.path / ".dvc/config").write_text(config)
    return other


def object_of(project: Project, path: str) -> str:
    """Return where a cache or a remote keeps the content of an output."""
    stages = load_yaml(str(project.path / "dvc.lock"))["stages"].values()
    (md5,) = (o["md5"] for stage in stages for o in stage.get("outs", []) if o["path"] == path)
    return f"files/md5/{md5[:2]}/{md5[2:]}"


def flip(path: Path) -> None:
    """Change one byte and neither size nor mode, as a bad disk does."""
    mode = path.stat().st_mode
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    path.chmod(mode)


def test_an_output_edited_in_a_clone_is_put_right(small: Project) -> None:
    other = clone(small, verify=True)
    other.sh("dvc pull -q")
    made = {path: (other.path / path).read_bytes() for path in (MODEL, MATRIX)}
    # the matrix follows from the model, so that it is damaged first
    for path, maker in ((MATRIX, "figure--contrastive"), (MODEL, "train--contrastive--joint--0-0")):
        flip(other.path / path)
        assert maker in other.planned()
    other.sh("snakemake -j8")
    assert other.executed() == []
    assert {path: (other.path / path).read_bytes() for path in made} == made
    nothing_to_do(other)


def test_a_damaged_object_of_a_remote_is_told_and_made_again(small: Project) -> None:
    """Without `verify` DVC believes what it pulls; nothing is made from it, and it is no cache."""
    other = clone(small, verify=False)
    right = (small.path / MODEL).read_bytes()
    flip(small.remote / object_of(small, MODEL))
    other.sh("dvc pull -q")
    assert (other.path / MODEL).read_bytes() != right
    printed = other.sh("snakemake -j8")
    assert f"{MODEL}: the object " in printed
    assert "in DVC's cache was damaged and is removed" in printed
    # both folds of a stand-in have the same content, and so the same object
    executed = set(other.executed())
    assert {f"train--contrastive--joint--{fold}-0" for fold in (0, 1)} <= executed
    for path in (MODEL, REST):
        assert (other.path / path).read_bytes() == right
    assert (other.path / ".dvc/cache" / object_of(small, MODEL)).read_bytes() == right
    nothing_to_do(other)


def test_dvc_sends_damage_unseen_and_a_pull_that_verifies_refuses_it(small: Project) -> None:
    flip(small.path / ".dvc/cache" / object_of(small, MODEL))
    other = clone(small, verify=True)
    assert (small.remote / object_of(small, MODEL)).read_bytes().endswith(b"!")
    assert "exit code 0" not in other.sh(f"dvc pull {MODEL}; echo exit code $?")
    assert not (other.path / MODEL).exists()


def test_a_remote_is_told_to_verify_what_it_gives(small: Project) -> None:
    other = clone(small, verify=False)
    other.sh("dvc remote modify --unset here verify")
    printed = other.sh("snakemake -n")
    assert "verify" not in other.sh("cat .dvc/config"), "a dry run changes nothing"
    other.sh("dvc pull -q")
    printed = other.sh("snakemake -j8")
    assert "remote 'here': verify = true is set, to find" in printed
    assert "verify = true" in other.sh("cat .dvc/config")
    other.sh("dvc remote modify here verify false")
    other.sh("snakemake -j8")
    assert "verify = false" in other.sh("cat .dvc/config"), "the user's choice stays"


@pytest.mark.parametrize("also", [(".snakemake",), (".snakemake", ".elsewhere")])
def test_a_lost_lock_is_made_again_from_what_is_shown(
    also: tuple[str, ...], small: Project
) -> None:
    (small.path / "dvc.lock").unlink()
    for name in also:
        shutil.rmtree(small.path / name)
    # the receipts show it, also in a copy: times and sizes are the same
    assert set(small.planned()) == (everything(small) if ".elsewhere" in also else set())
    small.sh("snakemake -j8")
    assert small.executed() == []
    nothing_to_do(small)


def test_what_nothing_shows_is_made_again(small: Project) -> None:
    """The outputs are there, and no note of any tool says how they were made."""
    (small.path / "dvc.lock").unlink()
    for name in (".snakemake", ".elsewhere", ".dvc/cache"):
        shutil.rmtree(small.path / name)
    assert set(small.planned()) == everything(small)
    small.sh("snakemake -j8")
    assert set(small.executed()) == everything(small)
    nothing_to_do(small)


def test_a_clone_without_raw_data_makes_nothing(small: Project) -> None:
    """Raw data that were added to DVC leave their .dvc files, and in the end these go as well."""
    other = clone(small, verify=True)
    other.sh("dvc pull -q")
    raw = other.path / "data/raw"
    for left in ([path for path in raw.iterdir() if path.is_dir()], [*raw.glob("*.dvc")]):
        assert left
        for path in left:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        assert other.planned() == []
        other.sh("snakemake -j8")
        other.sh("dvc repro -q --allow-missing")
        assert other.executed() == []
        # DVC cannot commit anew what was made of data that are not here
        shutil.rmtree(other.path / ".dvc/cache/files", ignore_errors=True)
        assert other.planned() == []
        other.sh("snakemake -j8")
        assert other.executed() == []


def test_arrays_that_git_left_behind_are_brought_by_what_the_message_names(small: Project) -> None:
    """A colleague's new dvc.lock came by git alone: to make it again would undo the change."""
    other = clone(small, verify=False)
    other.sh("dvc pull -q")
    (small.path / "data/raw/covid-ct-synthetic/0.dcm").write_text("another slice\n")
    small.sh("dvc add -q data/raw/covid-ct-synthetic && snakemake -j8")
    small.sh("git add -A && git commit -qm changed")
    pushed = small.path / ".dvc/cache/files"
    shutil.copytree(pushed, other.remote / "files", dirs_exist_ok=True)
    other.sh("git pull -q")
    train = "python -m elsewhere train contrastive joint 0-0"
    said = other.sh(f"{train} || true")
    assert "is not what dvc.lock has of prepare--contrastive-demo--covid-ct-synthetic" in said
    assert "where dvc.lock came by git, `dvc pull` brings" in said
    other.sh(f"dvc pull -q && {train}")
    assert other.executed() == ["train--contrastive--joint--0-0"]
    assert other.sh("git diff -- dvc.lock data") == ""

"""links: a result and its object in the cache are one file where nobody can write into it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from dvc.config import Config
from dvc.repo import Repo

from elsewhere.drivers import cache, links
from elsewhere.drivers.state import read_lock
from elsewhere.files import whole

# `folder/again` has the content of `folder/one`; Snakemake tracks what is no folder
OUTS = {
    "out": b"voxels",
    **{"folder/one": b"first", "folder/again": b"first", "folder/sub/two": b"second"},
}
FOLDER = {path for path in OUTS if path.startswith("folder/")}


@pytest.fixture(autouse=True)
def _repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository of one stage that nobody has run, and no settings of DVC outside it."""
    monkeypatch.chdir(tmp_path)
    for level in ("GLOBAL", "SYSTEM"):
        (tmp_path / level).mkdir()
        monkeypatch.setenv(f"DVC_{level}_CONFIG_DIR", str(tmp_path / level))
    Repo.init(no_scm=True)
    Path("in").write_text("input")
    outs = ["out", "folder"]
    made = [
        f"mkdir -p {Path(p).parent} && printf {text.decode()} > {p}" for p, text in OUTS.items()
    ]
    stage = {"cmd": " && ".join(made), "deps": ["in"], "outs": outs}
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": {"one": stage}}))


def set_type(value: str) -> None:
    Path(".dvc/config.local").write_text(f"[cache]\n    type = {value}\n")


def make() -> None:
    for path, content in OUTS.items():
        with whole(Path(path)) as part:
            part.write_bytes(content)


def commit() -> None:
    with cache.opened() as opened:
        opened.commit("one")


def reproduce() -> list[str]:
    with Repo() as repo:
        return [stage.addressing for stage in repo.reproduce()]


def object_of(path: str) -> Path:
    objects = [item for item in Path(".dvc/cache/files/md5").rglob("*") if item.is_file()]
    return next(item for item in objects if item.read_bytes() == OUTS[path])


def shared() -> set[str]:
    """Return the outputs that are the very files of the cache."""
    return {path for path in OUTS if Path(path).samefile(object_of(path))}


def test_what_is_committed_is_one_file_and_stays_where_it_was() -> None:
    set_type("hardlink,copy")
    make()
    before = {path: os.stat(path).st_ino for path in OUTS}
    commit()
    assert {path: os.stat(path).st_ino for path in OUTS} == before, "a job may be reading it"
    assert shared() < FOLDER
    assert len(shared()) == 2, "of two files of one content, the object is one"
    assert all(os.stat(path).st_nlink == 2 for path in shared())
    assert all(os.stat(path).st_mode & 0o777 == 0o444 for path in shared())
    assert os.access("out", os.W_OK)
    assert reproduce() == []


def test_what_dvc_makes_or_brings_back_is_one_file() -> None:
    set_type("hardlink,copy")
    assert reproduce() == ["one"]
    assert len(shared()) == len(OUTS) - 1, "DVC shares one of two such files"
    shutil.rmtree("folder")
    Path("out").unlink()
    with cache.opened() as opened:
        assert opened.restore("one")
        opened.commit("one")
    assert shared() == {*OUTS}


def test_what_is_made_again_is_shared_again_by_its_new_file() -> None:
    set_type("hardlink,copy")
    make()
    commit()
    make()
    assert shared() == set()
    new = os.stat("folder/sub/two").st_ino
    commit()
    assert len(shared()) == 2
    assert os.stat("folder/sub/two").st_ino == new


@pytest.mark.parametrize("kind", ["copy", "reflink,copy", "symlink"])
def test_the_users_own_choice_is_kept(kind: str) -> None:
    set_type(kind)
    make()
    commit()
    assert shared() == set()
    assert not links.choose()


@pytest.mark.usefixtures("as_user")
def test_a_cache_on_another_disk_holds_copies(tmp_path: Path) -> None:
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has no second file system at hand")
    folder = other / f"elsewhere-test-{os.getpid()}"
    try:
        Path(".dvc/config.local").write_text(
            f"[cache]\n    type = hardlink,copy\n    dir = {folder}\n"
        )
        make()
        commit()
        assert all(os.stat(path).st_nlink == 1 for path in OUTS)
        with cache.opened() as opened:
            Path("out").unlink()
            assert opened.restore("one")
        assert reproduce() == []
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.usefixtures("as_user")
def test_links_are_chosen_where_files_can_be_protected(
    capsys: pytest.CaptureFixture[str],
) -> None:
    if links.clones(Path()):
        pytest.skip("this file system clones files, which DVC does by itself")
    assert links.choose()
    assert "hardlink,copy" in capsys.readouterr().err
    assert Config.from_cwd()["cache"]["type"] == ["hardlink", "copy"]
    assert not Config.from_cwd().load_one("repo").get("cache", {}).get("type"), "of this machine"
    assert not links.choose()
    make()
    commit()
    assert shared()
    for path in shared():
        with pytest.raises(PermissionError):
            Path(path).write_text("edited")
    make()
    assert object_of("folder/one").read_bytes() == OUTS["folder/one"], "steps replace files"


def test_a_superuser_gets_copies() -> None:
    """No mode keeps root from writing into a result, and so into the cache."""
    if os.geteuid():
        pytest.skip("these tests do not run as root")
    assert not links.choose()
    assert not Path(".dvc/config.local").exists()


@pytest.mark.usefixtures("as_user")
@pytest.mark.parametrize("level", ["GLOBAL", "SYSTEM"])
def test_a_type_that_the_user_set_for_all_projects_is_kept(level: str) -> None:
    Path(level, "config").write_text("[cache]\n    type = copy\n")
    assert not links.choose()


def test_a_result_that_root_wrote_into_is_found_by_its_content() -> None:
    """Its object is damaged as well. DVC believes it; `restoring` compares and removes it."""
    set_type("hardlink,copy")
    reproduce()
    content = str(next(o["md5"] for o in read_lock()["one"]["outs"] if o["path"] == "out"))
    os.chmod("out", 0o644)
    Path("out").write_bytes(b"vowels")
    os.chmod("out", 0o444)
    reproduce()
    assert Path("out").read_bytes() == b"vowels"
    assert cache.remove_damaged(content) == [content]


def test_a_commit_that_was_killed_halfway_is_done_again() -> None:
    """An object that is there and not yet protected is checked by DVC."""
    set_type("hardlink,copy")
    make()
    commit()
    two = "folder/sub/two"
    object_of(two).chmod(0o644)
    commit()
    assert two in shared()
    assert os.stat(two).st_mode & 0o777 == 0o444
    assert reproduce() == []


# a program that root starts obeys the modes of files only without these rights
AS_USER = () if os.geteuid() else ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
SNAKEFILE = """
rule one:
    input: "in"
    output: "out"
    shell: "printf new > made && mv -f made out"
"""


def test_snakemake_makes_again_what_dvc_left_as_a_link() -> None:
    """Snakemake stops at an output that it may not write; the object in the cache stays."""
    set_type("hardlink,copy")
    reproduce()
    kept, before = object_of("out"), os.stat("out")
    Path("Snakefile").write_text(SNAKEFILE)
    command = [*AS_USER, sys.executable, "-m", "snakemake", "-j1", "--forceall"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Write-protected" in refused.stderr, "else none of this is needed"
    links.free(["out", "absent"])
    assert (Path("out").read_bytes(), os.stat("out").st_mtime_ns) == (
        OUTS["out"],
        before.st_mtime_ns,
    )
    subprocess.run(command, check=True)
    assert Path("out").read_bytes() == b"new"
    assert kept.read_bytes() == OUTS["out"]
    assert kept.stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize(
    ("types", "hard"),
    [
        (["hardlink", "copy"], True),
        (["reflink", "hardlink", "copy"], None),
        (["copy", "hardlink"], False),
        (["symlink", "hardlink"], False),
        ([], False),
    ],
)
def test_the_first_possible_type_counts(types: list[str], hard: bool | None) -> None:
    expected = not links.clones(Path()) if hard is None else hard
    assert links.is_hard(types, Path()) is expected


def test_copies_of_before_become_links() -> None:
    set_type("copy")
    make()
    commit()
    assert shared() == set()
    set_type("hardlink,copy")
    with Repo() as repo:
        repo.checkout(relink=True)
    assert shared() == {*OUTS}
    assert reproduce() == []

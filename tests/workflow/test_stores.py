"""Results shared through an SSH server and an S3 server, by colleagues who are cut short at times.

What DVC says when credentials are wrong, or a push was not finished, is what the manual quotes.
"""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dvc.utils.serialize import load_yaml
from project import Project, nothing_to_do
from stores import S3, Ssh, Store, cached, count_files, damaged, own, s3_server, share, ssh_server

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stores")]

CELL = "score--contrastive--joint--covid-ct-synthetic"
SCORE = "python -m elsewhere score contrastive joint covid-ct-synthetic"
METRICS = "results/contrastive/cells/joint/covid-ct-synthetic/metrics.json"


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ssh]:
    with ssh_server(tmp_path_factory.mktemp("ssh")) as server:
        yield server


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(params=["ssh", "s3"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Store:
    """An empty store."""
    found: Store = request.getfixturevalue(request.param)
    for name in found.objects():
        found.remove(name)
    for name, value in found.environment.items():
        monkeypatch.setenv(name, value)
    return found


@pytest.fixture
def shared(small: Project, store: Store) -> Project:
    """A project with finished results that nobody has pushed."""
    share(small, store)
    small.sh("git add -A && git commit -qm made")
    return small


def clone(project: Project, store: Store) -> Project:
    """Return what a colleague has after `git clone`, with credentials of their own."""
    other = Project.at(project.path.parent / "clone")
    other.path.parent.mkdir()
    project.sh(f"git clone -q {project.path} {other.path}", cwd=project.path.parent)
    own(other, store.own())
    return other


def kill_when(project: Project, command: str, reached: Callable[[], bool]) -> None:
    """Start a command and end it by SIGKILL, with no time to tidy up."""
    run = project.start(f"exec {command}")
    until = time.monotonic() + 120
    while not reached():
        assert run.poll() is None, run.communicate()[0]
        assert time.monotonic() < until
        time.sleep(0.02)
    run.kill()
    run.communicate()


def test_a_killed_push_and_a_killed_pull_are_completed(shared: Project, store: Store) -> None:
    sent = named_by_lock(shared)
    kill_when(shared, "dvc push -q -j 1", lambda: store.count() >= 10)
    half = store.objects()
    assert damaged(half) == [], "no object is there by half"
    assert 10 <= len(half) < len(sent)
    other = clone(shared, store)
    a_pull_names_what_is_missing(
        other, store, next(name for name in half if not name.endswith((".dir", ".tmp")))
    )

    shared.sh("dvc push -q")
    complete = store.objects()
    assert damaged(complete) == []
    assert sent <= complete.keys()
    cache = other.path / ".dvc/cache"
    shutil.rmtree(cache, ignore_errors=True)  # there is none if the pull got nothing
    kill_when(other, "dvc pull -q -j 1", lambda: count_files(cache) >= 10)
    assert count_files(cache) < len(sent)
    other.sh("dvc pull -q")
    assert damaged(cached(other)) == []
    nothing_to_do(other)


def named_by_lock(project: Project) -> set[str]:
    """Return the objects of the outputs in dvc.lock; a folder's is its list."""
    stages = load_yaml(str(project.path / "dvc.lock"))["stages"].values()
    found = [out["md5"] for stage in stages for out in stage.get("outs", [])]
    return {f"files/md5/{md5[:2]}/{md5[2:]}" for md5 in found}


def a_pull_names_what_is_missing(other: Project, store: Store, name: str) -> None:
    """Half of the objects are there, and one of them has another content than its name says."""
    store.write(name, b"damaged")
    said = other.sh("dvc pull; echo exit code $?")
    assert "Some of the cache files do not exist neither locally nor on remote" in said
    assert "exit code 0" not in said
    assert damaged(cached(other)) == [], "it is not taken"
    # as the manual says: DVC takes the files of a folder for present whose list is there
    for found in store.objects():
        if found == name or found.endswith(".dir"):
            store.remove(found)
    said = other.sh("snakemake -n")  # which does not ask the store
    assert re.search(r"\d+ stages stand in dvc.lock, but not all of their results are here", said)
    assert "`dvc pull` fetches them from remote 'ours', or names what it has not" in said


def test_wrong_credentials_are_told(
    shared: Project, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for lines, environment, answer in store.wrong():
        own(shared, lines)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        said = shared.sh("dvc push; echo exit code $?")
        assert answer in said
        assert "exit code 0" not in said
    assert store.objects() == {}


@pytest.mark.parametrize("store", ["ssh"], indirect=True)
def test_dvc_offers_a_server_the_agent_unless_it_is_hidden(shared: Project, ssh: Ssh) -> None:
    """The server is a stranger: `known_hosts` has another key for it."""
    shared.sh("dvc push -q")
    asked = "request auth-agent-req@openssh.com"
    assert asked not in ssh.log()
    shared.sh("ssh-agent dvc push -q")
    assert asked in ssh.log()


@pytest.mark.parametrize("store", ["ssh"], indirect=True)
def test_what_colleagues_finished_is_fetched(shared: Project, store: Store, tmp_path: Path) -> None:
    """Two of them make the same cell with another setting each, and push at once all they have."""
    colleagues = {number: shared.copy(tmp_path / str(number)) for number in (1998, 1999)}
    for number, project in colleagues.items():
        bootstrap(project, number)
        project.sh(SCORE)
        assert project.executed() == [CELL]
    pushes = [project.start("dvc push -q --run-cache") for project in colleagues.values()]
    assert [(push.communicate()[0], push.returncode) for push in pushes] == [("", 0)] * 2
    assert damaged(store.objects()) == []

    for number, command in (
        (1998, f"snakemake -j1 {METRICS}"),
        (1999, f"dvc repro -q --pull {CELL}"),
    ):
        bootstrap(shared, number)
        shared.sh("dvc fetch -q --run-cache")
        if command.startswith("snakemake"):
            said = shared.sh("snakemake -n")
            assert "1 stages listed below were made elsewhere: a real run takes their" in said
        shared.sh(command)
        assert shared.executed() == []
        made = colleagues[number].path / METRICS
        assert (shared.path / METRICS).read_bytes() == made.read_bytes()


def bootstrap(project: Project, number: int) -> None:
    """Change a setting of each cell's score."""
    text = re.sub(r"bootstrap: \d+", f"bootstrap: {number}", project.study.read_text())
    project.study.write_text(text)

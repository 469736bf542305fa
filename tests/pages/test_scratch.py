import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from elsewhere.pages import scratch

SERVER = """
import sys, time
from pathlib import Path
from elsewhere.pages import scratch
with scratch.opened(Path(sys.argv[1])) as mine:
    (mine.make() / "scan").write_text("of a patient")
    print(mine.folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def server(tmp_path):
    """Start servers in a process of their own; return each with its folder."""
    started = []

    def start():
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(tmp_path / "place")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, Path(process.stdout.readline().strip())

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_only_the_user_can_read_it(tmp_path):
    with scratch.opened(tmp_path / "place") as mine:
        made = [tmp_path / "place", mine.folder, mine.make()]
        assert [path.stat().st_mode & 0o777 for path in made] == [0o700] * 3


def test_nothing_is_left_at_a_normal_end(tmp_path):
    with scratch.opened(tmp_path / "place") as mine:
        (mine.make() / "scan").write_text("x")
    assert list((tmp_path / "place").glob("server-*")) == []


def test_nothing_is_left_after_an_error(tmp_path):
    def fail():
        with scratch.opened(tmp_path / "place") as mine:
            mine.make()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list((tmp_path / "place").glob("server-*")) == []


def test_a_start_removes_what_a_killed_server_left_and_nothing_of_a_running_one(tmp_path, server):
    killed, left = server()
    _, running = server()
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert left.is_dir()
    with scratch.opened(tmp_path / "place") as mine:
        found = set((tmp_path / "place").glob("server-*"))
        assert found == {running, mine.folder}
        assert [path.read_text() for path in running.rglob("scan")] == ["of a patient"]


def test_what_a_dying_process_writes_later_is_swept_by_a_running_server(tmp_path):
    with scratch.opened(tmp_path / "place") as mine:
        late = tmp_path / "place" / "server-gone" / "answer-1"
        late.mkdir(parents=True)
        scratch.sweep(tmp_path / "place")
        assert list((tmp_path / "place").glob("server-*")) == [mine.folder]


def test_a_place_of_another_user_or_behind_a_link_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "place").symlink_to(tmp_path / "elsewhere")
    with (
        pytest.raises(PermissionError, match="only you can read"),
        scratch.opened(tmp_path / "place"),
    ):
        pass


def test_a_place_that_is_open_to_others_is_closed(tmp_path):
    (tmp_path / "place").mkdir(mode=0o755)
    with scratch.opened(tmp_path / "place"):
        assert (tmp_path / "place").stat().st_mode & 0o777 == 0o700


def test_bytes_of_all_answers_are_counted(tmp_path):
    with scratch.opened(tmp_path / "place") as mine:
        before = mine.held()
        for _ in range(2):
            (mine.make() / "volume").write_bytes(bytes(100_000))
        assert 200_000 <= mine.held() - before <= 220_000


def test_git_and_dvc_ignore_it():
    root = Path(__file__).parents[2]
    inside = f"{scratch.PLACE}/server-1/answer-1/scan"
    found = subprocess.run(["git", "check-ignore", "-q", inside], cwd=root, check=False)
    assert found.returncode == 0
    listed = (root / ".dvcignore").read_text().splitlines()
    assert f"/{scratch.PLACE.parts[0]}/" in listed

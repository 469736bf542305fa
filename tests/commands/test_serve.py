"""serve: a real server on a free port: its link, its port, root, and a clean stop."""

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from elsewhere.commands import serve
from elsewhere.commands.serve import ServeError
from elsewhere.pages import scratch

ROOT = Path(__file__).parents[2]
SETTINGS = ROOT / "tests/params"


@pytest.fixture
def port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def started(tmp_path, port):
    """A server over a project without results, and the link that it printed."""
    shutil.copytree(SETTINGS, tmp_path / "project")
    arguments = ["serve", "--port", str(port), *(["--as-root"] if os.geteuid() == 0 else [])]
    code = "from elsewhere.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=tmp_path / "project",
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    link = re.search(r"http://\S+", process.stdout.readline())
    assert link, process.stderr.read()
    yield process, link[0], tmp_path / "project" / scratch.PLACE
    process.kill()
    process.wait()
    process.stdout.close()
    process.stderr.close()


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_server_lets_in_by_its_link_and_leaves_nothing(started, port, number):
    process, link, place = started
    assert link.startswith(f"http://127.0.0.1:{port}/enter?token=")
    (made,) = place.glob("server-*")
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    with httpx.Client(follow_redirects=True) as client:
        assert client.get(f"http://127.0.0.1:{port}/").status_code == 403
        answer = client.get(link)
        assert answer.status_code == 200
        assert "No results yet" in answer.text
        assert "server" not in answer.headers
    process.send_signal(getattr(signal, number))
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert err == ""
    assert "GET" not in out  # no log of what was looked at
    assert not any(place.glob("server-*"))


def test_only_this_machine_can_reach_it(started, port):
    listening = [
        line.split()[1]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{port:04X}")
    ]
    assert listening == [f"0100007F:{port:04X}"]  # 127.0.0.1, and no other address
    ipv6 = Path("/proc/net/tcp6")
    assert not ipv6.exists() or f":{port:04X} " not in ipv6.read_text()


def test_a_port_that_is_taken_is_told_with_one_that_is_free(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match=rf"port {port} is taken.*--port \d+"):
            serve.serve(tmp_path, port=port, as_root=True)


def test_root_is_asked_whether_it_means_it(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(ServeError, match="--as-root"):
        serve.serve(tmp_path, port=8321)


def test_a_folder_that_is_no_project_is_refused(tmp_path, port):
    with pytest.raises(ValueError, match=r"params\.yaml"):
        serve.serve(tmp_path, port=port, as_root=True)


def test_a_project_that_cannot_be_written_is_an_error_that_says_what_to_do(tmp_path, port):
    (tmp_path / ".elsewhere").write_text("no folder")
    with pytest.raises(ServeError, match="where you may write"):
        serve.serve(tmp_path, port=port, as_root=True)

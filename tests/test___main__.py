"""__main__: the command needs no installed script, and its exit code tells success from failure."""

import subprocess
import sys
from pathlib import Path


def run(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "elsewhere", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
    )


def test_success(tmp_path: Path) -> None:
    done = run("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "Usage" in done.stdout
    assert done.stderr == ""


def test_failure(tmp_path: Path) -> None:
    done = run("params", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "params.yaml" in done.stderr

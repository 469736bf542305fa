"""__main__: how a command ends."""

import subprocess
import sys

import pytest

COMMAND = """
import atexit, runpy, sys

class Freed:
    def __del__(self):
        sys.stdout.write("freed\\n")

kept = Freed()
atexit.register(sys.stdout.write, "at exit\\n")
{before}
sys.argv = ["elsewhere", *{arguments}]
runpy.run_module("elsewhere", run_name="__main__", alter_sys=True)
"""


def run(before: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    code = COMMAND.format(before=before, arguments=arguments)
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd="/"
    )


@pytest.mark.parametrize(
    ("before", "freed"), [("sys.modules['torch'] = sys", False), ("", True)], ids=["torch", "none"]
)
def test_only_what_torch_made_is_not_freed(before: str, freed: bool) -> None:
    done = run(before, "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout
    assert "at exit\n" in done.stdout
    assert ("freed\n" in done.stdout) is freed


def test_a_failure_is_told_whatever_was_loaded() -> None:
    done = run("sys.modules['torch'] = sys", "params")
    assert done.returncode == 1
    assert "params.yaml" in done.stderr
    assert "at exit\n" in done.stdout

"""What a user types again after `kill -9` of a step goes on with the scans that are not done."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SITE = "sars-cov-2-ct-synthetic"
INGEST, PREPARE = ("ingest", SITE), ("prepare", "contrastive-demo", SITE)
DIES = """
import itertools, os, signal, sys
from elsewhere.cli import main
from elsewhere.unfinished import Unfinished
keep, numbers = Unfinished.keep, itertools.count(1)
def counted(self, *given, **options):
    keep(self, *given, **options)
    if next(numbers) == 7:
        os.kill(os.getpid(), signal.SIGKILL)
Unfinished.keep = counted
main()
"""


def elsewhere(*words, program=("-m", "elsewhere")):
    done = subprocess.run(
        [sys.executable, *program, *words],
        env={**os.environ, "PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def content(top):
    return {str(path): path.read_bytes() for path in Path(top).rglob("*") if path.is_file()}


@pytest.mark.parametrize(("steps", "changed"), [((INGEST, PREPARE), False), ((INGEST,), True)])
def test_a_command_that_was_killed_goes_on(checkout, published, steps, changed):
    raw = published("sars_cov_2_ct")
    shutil.copytree(raw, Path("data/raw") / SITE)
    for step in steps:
        assert elsewhere(*step)[0] == 0
    clean = content("data/scans") | content("data/inputs")
    for top in ("data/scans", "data/inputs"):
        shutil.rmtree(top, ignore_errors=True)
    for step in steps:
        code, _ = elsewhere(*step, program=("-c", DIES))
        assert code == -signal.SIGKILL
        if changed:
            source = Path(f"src/elsewhere/steps/{step[0]}.py")
            source.write_text(source.read_text() + "\nCHANGED = 1\n")
        code, said = elsewhere(*step)
        assert code == 0, said
        # the other thread may have kept one more
        assert any(f"{n} of 22 scans were done before" in said for n in (7, 8)) != changed, said
        assert not [path for path in Path(".elsewhere/unfinished").rglob("*") if path.is_file()]
    made = content("data/scans") | content("data/inputs")
    assert {path: made[path] for path in made if ".part-" not in path} == clean

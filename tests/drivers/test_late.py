"""late: what a network's file system shows late is waited for, and never taken by half.

A mount with a memory of its own stands for the machine that plans, the folder below it for one that
runs a job: the mount shows what changed below it only after `SECONDS`, as NFS does.
"""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from elsewhere.design.fingerprint import Hashes
from elsewhere.design.stage import Stage
from elsewhere.drivers import late, receipts
from elsewhere.files import whole

SECONDS = 1.0
STAGE = Stage("made", {}, {"in": "in"}, {"manifest": "m.csv", "volumes": "volumes"}, {}, {})
DIGEST = "0" * 32


@pytest.fixture
def far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder in which jobs run; this process works in the mount above it."""
    if shutil.which("bindfs") is None or not os.access("/dev/fuse", os.W_OK):
        if os.environ.get("ELSEWHERE_LATE") == "required":
            pytest.fail("bindfs or /dev/fuse is not there")
        pytest.skip("needs bindfs and /dev/fuse: apt-get install bindfs")
    below, view = tmp_path / "below", tmp_path / "view"
    below.mkdir()
    view.mkdir()
    (below / "in").write_text("input")
    memory = ",".join(f"{what}_timeout={SECONDS}" for what in ("attr", "entry", "negative"))
    subprocess.run(["bindfs", "-o", memory, below, view], check=True)
    monkeypatch.chdir(view)
    try:
        yield below
    finally:
        os.chdir(tmp_path)
        subprocess.run(["fusermount", "-u", "-z", view], check=True)


def job(below: Path, text: str, *, ahead: float = 0) -> None:
    """Do what a job on another machine does, whose clock is so many seconds ahead."""
    with contextlib.chdir(below):
        hashes = Hashes()
        read = receipts.noted(STAGE.files, hashes)
        with whole(Path("volumes")) as part:
            part.mkdir()
            for number in range(3):
                (part / f"{number}.b2nd").write_text(f"{text} of volume {number}")
                shift(part / f"{number}.b2nd", ahead)
        with whole(Path("m.csv")) as part:
            part.write_text(f"{text} rows")
            shift(part, ahead)
        assert receipts.write(STAGE, DIGEST, read, hashes)


def shift(path: Path, seconds: float) -> None:
    time_ns = path.stat().st_mtime_ns + int(seconds * 1e9)
    os.utime(path, ns=(time_ns, time_ns))


def is_shown(_: str = "") -> bool:
    return receipts.holds(STAGE, DIGEST, Hashes())


def seen() -> set[str]:
    return {path.read_text() for path in Path("volumes").glob("*")} | {Path("m.csv").read_text()}


@pytest.mark.parametrize("ahead", [0, 5, -5])
def test_results_that_appear_late_are_waited_for(ahead: float, far: Path) -> None:
    looked = time.monotonic()
    assert not is_shown()
    late.note([STAGE])
    job(far, "first", ahead=ahead)
    is_late = not is_shown()  # this machine still remembers that there was no receipt
    assert is_late or time.monotonic() - looked > SECONDS
    waited_by_snakemake("m.csv")
    late.wait(is_shown, seconds=20)
    assert is_shown()
    job(far, "second", ahead=ahead)
    for _ in range(int(3 * SECONDS / 0.1)):
        if is_shown():
            assert len({text.split()[0] for text in seen()}) == 1, "half of it is older"
        time.sleep(0.1)
    assert is_shown()
    assert {text.split()[0] for text in seen()} == {"second"}


def waited_by_snakemake(path: str) -> None:
    """Wait for an output as Snakemake does within `latency-wait`."""
    until = time.monotonic() + 20
    while not Path(path).exists():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def touch(text: str) -> None:
    Path("volumes").mkdir(exist_ok=True)
    Path("m.csv").write_text(text)


ENDS: dict[str, Callable[[], object]] = {
    "nothing was made": lambda: None,
    "it failed": lambda: Path("m.csv").unlink(),
}


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_what_was_not_made_is_not_waited_for(
    end: Callable[[], object], capsys: pytest.CaptureFixture[str]
) -> None:
    touch("of an earlier run")
    late.note([STAGE])
    end()
    late.wait(lambda _: False, seconds=0)
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("here")
def test_what_is_not_shown_in_time_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    late.note([STAGE])
    touch("made")
    late.wait(lambda _: False, seconds=0.1)
    assert "1 stages have ended, but not all" in capsys.readouterr().err

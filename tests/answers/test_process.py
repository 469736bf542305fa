"""A process with limits ends at each of them, at a stop, and with its parent."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from elsewhere.answers import process
from elsewhere.answers.answer import Refused
from elsewhere.answers.process import Stopped
from elsewhere.design.serving import ServeRow

ROOT = Path(__file__).parents[2]
LIMITS = ServeRow.model_validate({"seconds": 20, "memory_gb": 2})


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write the body of a module's `main` and return its name; it lies beside the real ones."""
    room = tmp_path / "elsewhere" / "answers"
    room.mkdir(parents=True)
    (tmp_path / "work").mkdir()
    real = ROOT / "src/elsewhere"
    for path in real.iterdir():
        if path.name != "answers":
            (tmp_path / "elsewhere" / path.name).symlink_to(path)
    for path in (real / "answers").iterdir():
        (room / path.name).symlink_to(path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def write(body):
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        (room / "trial.py").write_text(
            "import os, time\nfrom pathlib import Path\n"
            "from elsewhere.answers.answer import Refused\n"
            "from elsewhere.answers.process import confined\n"
            f"def main(work, *arguments):\n{lines}\n"
            "if __name__ == '__main__':\n    confined(main)\n",
            encoding="utf-8",
        )
        return "trial"

    return write


def run(name, tmp_path, *, limits=LIMITS, stop=None):
    process.run(name, ["one", "two"], work=tmp_path / "work", limits=limits, stop=stop)


def test_it_gets_its_arguments_and_writes_below_work(module, tmp_path):
    run(module("(work / 'told').write_text(' '.join(arguments))"), tmp_path)
    told = tmp_path / "work" / "told"
    assert told.read_text() == "one two"
    assert told.stat().st_mode & 0o077 == 0


def test_temporary_files_lie_below_work(module, tmp_path):
    body = "import tempfile\n(work / 'told').write_text(tempfile.gettempdir())"
    run(module(body), tmp_path)
    assert (tmp_path / "work" / "told").read_text() == str(tmp_path / "work")


def test_secrets_of_the_machine_stay_outside(module, tmp_path, monkeypatch):
    monkeypatch.setenv("ELSEWHERE_SECRET", "x" * 32)
    monkeypatch.setenv("PACS_PASSWORD", "y")
    run(module("(work / 'told').write_text(' '.join(os.environ))"), tmp_path)
    names = (tmp_path / "work" / "told").read_text().split()
    assert "PATH" in names
    assert not {"ELSEWHERE_SECRET", "PACS_PASSWORD"} & {*names}


def test_a_refusal_is_told_in_its_words(module, tmp_path):
    with pytest.raises(Refused, match=r"^no such arm$"):
        run(module("raise Refused('no such arm')"), tmp_path)


def test_the_words_of_another_error_are_withheld(module, tmp_path):
    with pytest.raises(RuntimeError, match=r"KeyError in trial\.main") as error:
        run(module("raise KeyError('John Doe')"), tmp_path)
    assert "Doe" not in str(error.value)


@pytest.mark.parametrize("name", ["results/s/splits/a.csv", "data/inputs/i/a/index.csv"])
def test_a_file_of_the_project_that_is_missing_is_named(module, tmp_path, name):
    with pytest.raises(Refused, match=f"^{name} is missing"):
        run(module(f"open({name!r})"), tmp_path)


@pytest.mark.parametrize("name", ["/data/John Doe.dcm", "John Doe.dcm", "../data/John Doe"])
def test_a_file_of_a_person_that_is_missing_is_not(module, tmp_path, name):
    with pytest.raises(RuntimeError, match="FileNotFoundError") as error:
        run(module(f"open({name!r})"), tmp_path)
    assert "Doe" not in str(error.value)


def test_memory_is_limited(module, tmp_path):
    with pytest.raises(Refused, match=r"more memory than 2\.0 GB"):
        run(module("bytearray(3 * 10**9)"), tmp_path)


def test_a_file_is_limited_and_leaves_no_core(module, tmp_path):
    body = (
        "import resource\n"
        "kinds = resource.RLIMIT_FSIZE, resource.RLIMIT_CORE\n"
        "sizes = [resource.getrlimit(kind) for kind in kinds]\n"
        "(work / 'told').write_text(repr(sizes))"
    )
    run(module(body), tmp_path)
    assert (tmp_path / "work" / "told").read_text() == "[(8000000000, 8000000000), (0, 0)]"


def test_processor_time_is_limited_on_every_core(module, tmp_path):
    body = (
        "import resource\n"
        "(work / 'told').write_text(str(resource.getrlimit(resource.RLIMIT_CPU)[0]))"
    )
    run(module(body), tmp_path)
    assert int((tmp_path / "work" / "told").read_text()) == 20 * os.cpu_count()


def test_a_crash_is_a_refusal_that_says_what_to_do(module, tmp_path):
    with pytest.raises(Refused, match=r"SIGSEGV.*serve\.memory_gb"):
        run(module("import signal; os.kill(os.getpid(), signal.SIGSEGV)"), tmp_path)


def test_a_full_disk_is_no_fault_of_the_files(module, tmp_path):
    """/dev/full has no room, not even for the sentence."""
    body = (
        "(work / 'failed.json').symlink_to('/dev/full')\nopen('/dev/full', 'w').write('x' * 9999)"
    )
    with pytest.raises(Refused, match="disk is full"):
        run(module(body), tmp_path)


def test_what_it_writes_is_limited_in_all(module, tmp_path, monkeypatch):
    """Each file of a bomb may be small enough."""
    monkeypatch.setattr(process, "_WEIGHED_S", 0.05)
    limits = LIMITS.model_copy(update={"unpacked_megabytes": 1})
    body = (
        "for number in range(4):\n"
        "    folder = work / str(number)\n"
        "    folder.mkdir()\n"
        "    (folder / 'x').write_bytes(bytes(10**6))\n"
        "time.sleep(600 * int(arguments[0] == 'one'))"
    )
    with pytest.raises(Refused, match="more than 3 MB"):
        run(module(body), tmp_path, limits=limits)


def test_a_slow_one_is_ended(module, tmp_path):
    limits = LIMITS.model_copy(update={"seconds": 1})
    with pytest.raises(Refused, match="longer than 1 seconds"):
        run(module("time.sleep(600)"), tmp_path, limits=limits)


def test_a_stop_ends_the_whole_group(module, tmp_path):
    body = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "(work / 'pid').write_text(str(child.pid))\n"
        "time.sleep(600)"
    )
    stop = threading.Event()
    name, told = module(body), tmp_path / "work" / "pid"

    def when_started():
        while not (told.is_file() and told.read_text()):
            time.sleep(0.02)
        stop.set()

    threading.Thread(target=when_started).start()
    with pytest.raises(Stopped):
        run(name, tmp_path, stop=stop)
    assert gone(int(told.read_text()))


def test_it_ends_when_its_parent_is_killed(module, tmp_path):
    name = module("(work / 'pid').write_text(str(os.getpid()))\ntime.sleep(600)")
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path[:] = {sys.path!r}\n"
            "from pathlib import Path\n"
            "from elsewhere.answers import process\n"
            "from elsewhere.design.serving import ServeRow\n"
            f"process.run({name!r}, [], work=Path({str(tmp_path / 'work')!r}),"
            " limits=ServeRow.model_validate({}))",
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    told = tmp_path / "work" / "pid"
    while not (told.is_file() and told.read_text()):
        assert parent.poll() is None
        time.sleep(0.02)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert gone(int(told.read_text()))


def gone(pid):
    """Wait until a process is gone, or nothing of it but its entry for a parent that is gone."""
    for _ in range(1000):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_an_old_failure_is_not_told_again(module, tmp_path):
    (tmp_path / "work" / process.FAILED).write_text(
        json.dumps({"sentence": "old", "refused": True}), encoding="utf-8"
    )
    run(module("pass"), tmp_path)
    assert not (tmp_path / "work" / process.FAILED).exists()

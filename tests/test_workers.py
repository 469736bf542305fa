"""workers: real processes, that fail, die, and lose their parent."""

import logging
import math
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from elsewhere import threads, workers

GB = 10**9
PARENT = """
import time
from elsewhere import workers
list(workers.results(time.sleep, [60, 60], processes=2, name=str))
"""


@pytest.fixture
def machine(monkeypatch):
    """Return what sets the cores and free memory of the machine, and the cores of the job."""

    def set_to(cores, stated, memory=64 * GB):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
        monkeypatch.setenv(threads.COMMON, stated)
        monkeypatch.setattr(workers.memory, "free", lambda: memory)

    return set_to


@pytest.mark.parametrize(("stated", "cores"), [("3", 3), ("16", 8), ("", 8), ("many", 8), ("0", 1)])
def test_a_job_has_the_cores_that_it_was_given_and_no_more_than_there_are(machine, stated, cores):
    machine(8, stated)
    assert workers.cores() == cores


def test_processes_follow_cores_work_and_memory(machine):
    radiograph, ct = 2320 * 2828, 300 * 512 * 512
    machine(8, "8")
    assert workers.processes([]) == 1
    assert workers.processes([128 * 128] * 300) == 1  # a site of the demo
    assert workers.processes([radiograph] * 100) == 3
    assert workers.processes([radiograph] * 200_000) == 8
    assert workers.processes([ct, ct]) == 1
    assert workers.processes([ct] * 4) == 2
    machine(8, "8", memory=8 * GB)
    assert 1 < workers.processes([ct] * 700) <= 3
    assert workers.threads(2 * GB) == 4
    machine(8, "8", memory=GB)
    assert workers.threads(2 * GB) == 1
    assert workers.processes([ct] * 700) == 1


@pytest.fixture
def three(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(3), raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")


def test_threads_work_at_once_and_results_keep_their_order(three):
    together = threading.Barrier(3, timeout=60)  # breaks unless three are there at once

    def made(item):
        together.wait()
        return item * item

    assert workers.by_threads(made, range(6)) == [0, 1, 4, 9, 16, 25]
    assert workers.by_threads(made, []) == []


def test_the_first_item_that_fails_in_a_thread_is_told_and_the_last_ones_do_not_begin(three):
    begun = []

    def fails(item):
        begun.append(item)
        time.sleep(0.01)
        if item in (4, 5):
            raise ValueError(item)

    with pytest.raises(ValueError, match="4"):
        workers.by_threads(fails, range(1000))
    assert len(begun) < 500


def test_a_thread_beside_others_has_one_core(three):
    assert workers.unshared_cores() == 3
    with ThreadPoolExecutor(1, initializer=workers.beside_others) as pool:
        assert pool.submit(workers.unshared_cores).result() == 1
    assert workers.unshared_cores() == 3


def test_every_item_has_its_own_result_however_many_processes():
    items = [float(number) for number in range(40)]
    for processes in (1, 3):
        found = dict(workers.results(math.sqrt, items, processes=processes, name=str))
        assert found == {item: item**0.5 for item in items}


@pytest.mark.parametrize("processes", [1, 2])
def test_an_item_that_fails_is_named_and_those_underway_are_finished(processes):
    found = []
    work = workers.results(math.sqrt, [4.0, -1.0, *[9.0] * 50], processes=processes, name=str)
    with pytest.raises(workers.WorkerError, match=r"^-1\.0: math domain error|^-1\.0: expected"):
        found += work
    assert (4.0, 2.0) in found
    assert len(found) < 50


def test_a_process_that_is_ended_from_outside_is_told():
    work = workers.results(os._exit, [3, 4], processes=2, name=str)
    with pytest.raises(workers.WorkerError, match=r"or a scan beside it: .* memory"):
        list(work)


def test_what_a_process_says_is_in_the_log_of_its_parent(caplog):
    say = logging.getLogger("elsewhere.imaging.inputs.volume").warning
    list(workers.results(say, ["no lungs", "50 % body"], processes=2, name=str))
    assert sorted(caplog.messages) == ["50 % body", "no lungs"]


def test_what_libraries_say_in_a_process_goes_where_the_log_of_its_parent_goes(caplog, capfd):
    """A private site's step keeps it back there; on the standard error nobody would."""
    list(workers.results(warnings.warn, ["SMITH 1", "SMITH 2"], processes=2, name=str))
    say = logging.getLogger("a_library").error
    list(workers.results(say, ["SMITH 3", "SMITH 4"], processes=2, name=str))
    assert [record.name for record in caplog.records] == ["py.warnings"] * 2 + ["a_library"] * 2
    assert "SMITH" not in capfd.readouterr().err


def test_processes_that_end_between_two_scans_leave_none_out_in_silence():
    work = workers.results(math.sqrt, [4.0] * 50, processes=2, name=str)
    next(work)
    time.sleep(0.5)  # what was underway is finished, the processes have nothing to do
    started = [one for one in psutil.Process().children() if "spawn_main" in str(one.cmdline())]
    assert len(started) == 2
    for one in started:
        one.kill()
    psutil.wait_procs(started, timeout=60)
    time.sleep(0.2)
    with pytest.raises(workers.EndedError, match="was ended from outside"):
        list(work)


def test_processes_end_with_a_parent_that_is_killed():
    parent = subprocess.Popen([sys.executable, "-c", PARENT])
    of_it = psutil.Process(parent.pid)
    deadline = time.monotonic() + 60
    while len(started := of_it.children()) < 3 and time.monotonic() < deadline:  # and a tracker
        time.sleep(0.05)
    assert len(started) >= 2
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    _, alive = psutil.wait_procs(started, timeout=60)
    assert alive == []

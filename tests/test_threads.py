"""threads: libraries of a job take as many threads as the job has cores, however it is started."""

import os
import subprocess
import sys

import pytest
from threadpoolctl import threadpool_info

from elsewhere import threads

# What a process has after it loaded the libraries of a step: pools of threads, and all threads.
LOADED = """
import os, sys
from elsewhere import threads
threads.limit(int(sys.argv[1]))
import blosc2, numexpr, numpy, pyarrow, scipy.linalg, SimpleITK, sklearn, torch
from threadpoolctl import threadpool_info
print(*(pool["num_threads"] for pool in threadpool_info()))
print(numexpr.nthreads, pyarrow.cpu_count(), torch.get_num_threads(),
      SimpleITK.ProcessObject.GetGlobalDefaultNumberOfThreads())
"""


def environment(**own: str) -> dict[str, str]:
    names = {threads.COMMON, *threads._OWN, threads._MOST}
    return {**{k: v for k, v in os.environ.items() if k not in names}, **own}


def loaded(cores: int, **own: str) -> list[set[int]]:
    """Return the numbers of threads of linear algebra, and of the other libraries."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, str(cores)],
        env=environment(**own),
        capture_output=True,
        text=True,
        check=True,
    )
    return [{int(number) for number in line.split()} for line in done.stdout.splitlines()]


def test_every_library_follows_the_cores() -> None:
    assert threadpool_info(), "these tests see the pools of no library"
    assert loaded(1) == [{1}, {1}]


def test_what_the_user_sets_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (threads.COMMON, *threads._OWN, threads._MOST):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "5")
    threads.limit(2)
    found = {name: os.environ[name] for name in (threads.COMMON, *threads._OWN, threads._MOST)}
    assert found.pop("MKL_NUM_THREADS") == "5"
    assert set(found.values()) == {"2"}


def test_the_common_name_is_meant_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenBLAS reads its own name first: it must not be given another number."""
    for name in (*threads._OWN, threads._MOST):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(threads.COMMON, "7")
    threads.limit(2)
    assert {os.environ[name] for name in threads._OWN} == {"7"}


@pytest.mark.parametrize(
    ("own", "numexpr"),
    [
        ({"OMP_NUM_THREADS": ""}, "2"),
        ({"OMP_NUM_THREADS": "3,1"}, "3"),
        ({"NUMEXPR_NUM_THREADS": "3"}, "3"),
    ],
)
def test_what_openmp_and_numexpr_take_is_taken(own: dict[str, str], numexpr: str) -> None:
    """An empty value, a list for nested loops, and more threads for one library alone."""
    code = "from elsewhere import threads\nthreads.limit(2)\nimport numexpr\n"
    done = subprocess.run(
        [sys.executable, "-c", code + "print(numexpr.nthreads)"],
        env=environment(**own),
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout.strip(), done.stderr) == (numexpr, "")

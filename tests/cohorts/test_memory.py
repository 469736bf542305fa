"""How much memory kept scans may take: what is set, or a share of what this job may use."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from elsewhere.cohorts import memory
from elsewhere.cohorts.memory import Allowance

GB = 10**9


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    """Neither the cluster nor the container of the tests counts."""
    for name in (memory.VARIABLE, "SLURM_MEM_PER_NODE", "SLURM_MEM_PER_CPU", "SLURM_CPUS_ON_NODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(memory, "GROUPS_OF_THIS", tmp_path / "none")


@pytest.fixture
def group(monkeypatch, tmp_path):
    """Return what puts this process into a control group, or into one below it."""

    def make(limit, used, *, cached=0, version=2):
        names = {
            2: ("memory.max", "memory.current", "inactive_file"),
            1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        }[version]
        top = tmp_path / "cgroup" / ("memory" if version == 1 else "")
        (top / "job/step").mkdir(parents=True, exist_ok=True)
        (top / "job" / names[0]).write_text(f"{limit}\n")
        (top / "job" / names[1]).write_text(f"{used}\n")
        (top / "job/memory.stat").write_text(f"anon 5\n{names[2]} {cached}\n")
        line = "0::/job/step" if version == 2 else "7:cpu:/x\n4:memory:/job/step"
        (tmp_path / "mine").write_text(line + "\n")
        monkeypatch.setattr(memory, "GROUPS_OF_THIS", tmp_path / "mine")
        monkeypatch.setattr(memory, "CGROUP", tmp_path / "cgroup")

    return make


def test_without_a_limit_the_machine_counts():
    assert memory.usable() == psutil.virtual_memory().total
    assert 0 < memory.free() <= memory.usable()
    assert Allowance().limit == memory.usable() // 2


@pytest.mark.parametrize("version", [1, 2])
def test_the_limit_of_a_container_or_cluster_counts(group, version):
    group(2 * GB, GB, cached=GB // 4, version=version)
    assert memory.usable() == 2 * GB
    assert memory.free() == 2 * GB - (GB - GB // 4)
    assert Allowance().limit == GB


@pytest.mark.parametrize(("limit", "version"), [("max", 2), (2**63 - 4096, 1)])
def test_a_group_without_a_limit_is_none(group, limit, version):
    group(limit, 0, version=version)
    assert memory.usable() == psutil.virtual_memory().total


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"SLURM_MEM_PER_NODE": "512"}, 512 << 20),
        ({"SLURM_MEM_PER_CPU": "100", "SLURM_CPUS_ON_NODE": "3"}, 300 << 20),
        ({"SLURM_MEM_PER_NODE": "0"}, None),
    ],
)
def test_what_slurm_granted_counts(monkeypatch, told, expected):
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    assert memory.usable() == (expected or psutil.virtual_memory().total)
    assert memory.free() <= memory.usable()


def test_a_limited_address_space_counts():
    code = (
        "import resource; from elsewhere.cohorts import memory\n"
        "resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))\n"
        "assert 0 < memory.free() < memory.usable() <= 3 << 30"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_scans_are_kept_up_to_the_limit_that_is_set(monkeypatch, group):
    group(2, 2)  # nothing is free, but a size that is set is the user's
    monkeypatch.setenv(memory.VARIABLE, "1.5e-7")
    allowance = Allowance()
    assert allowance.limit == 150
    assert [allowance.take(60) for _ in range(3)] == [True, True, False]
    assert (allowance.has_room(30), allowance.has_room(31)) == (True, False)
    monkeypatch.setenv(memory.VARIABLE, "0")
    assert not Allowance().take(1)


@pytest.mark.parametrize("stated", ["much", "-1", "nan", "inf"])
def test_a_size_that_is_no_size_is_refused(monkeypatch, stated):
    monkeypatch.setenv(memory.VARIABLE, stated)
    with pytest.raises(ValueError, match=f"{memory.VARIABLE} is '{stated}', expected a number"):
        Allowance()


def test_a_quarter_stays_free(group, monkeypatch):
    """Other jobs of the machine took the rest meanwhile; when they end, there is room again."""
    group(4 * GB, 2 * GB)
    allowance = Allowance()
    piece = GB // 4
    taken = 0
    while allowance.take(piece):
        taken += piece
        group(4 * GB, 2 * GB + taken)
    assert memory.free() >= GB
    assert memory.free() - piece < GB
    assert allowance.used == taken < allowance.limit
    group(4 * GB, GB)
    assert not allowance.has_room(piece)  # so no scan is read whole only to be dropped again
    monkeypatch.setattr(allowance, "_closed_until", 0.0)  # later
    assert allowance.take(piece)


def test_threads_never_take_more_than_there_is():
    allowance = Allowance(1000)
    with ThreadPoolExecutor(8) as pool:
        granted = [*pool.map(allowance.take, [7] * 400)]
    assert sum(granted) == 1000 // 7
    assert allowance.used == 7 * (1000 // 7)


def test_this_machine_can_be_read():
    groups = Path("/proc/self/cgroup")
    assert not groups.exists() or groups.read_text()
    assert memory.usable() > 1 << 28

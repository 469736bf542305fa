"""How much memory this job may use: of the machine, or of its container or allocation."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from elsewhere import memory

GB = 10**9

pytestmark = pytest.mark.usefixtures("unlimited")


def test_without_a_limit_the_machine_counts():
    assert memory.usable() == psutil.virtual_memory().total
    assert 0 < memory.free() <= memory.usable()


@pytest.mark.parametrize("version", [1, 2])
def test_the_limit_of_a_container_or_cluster_counts(group, version):
    group(2 * GB, GB, cached=GB // 4, version=version)
    assert memory.usable() == 2 * GB
    assert memory.free() == 2 * GB - (GB - GB // 4)


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
        "import resource; from elsewhere import memory\n"
        "resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))\n"
        "assert 0 < memory.free() < memory.usable() <= 3 << 30"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_this_machine_can_be_read():
    groups = Path("/proc/self/cgroup")
    assert not groups.exists() or groups.read_text()
    assert memory.usable() > 1 << 28

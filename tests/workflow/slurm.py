"""slurm: a real Slurm of two nodes on this machine, each with a pretended GPU; no accounting.

Every second it looks at the memory of its jobs, and ends those that take more than they asked for.
All of it lies in one folder and talks on 127.0.0.1 alone: neither a Slurm of this machine nor its
munge is touched. Daemons are started by hand, for containers have no systemd.
"""

import os
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PYTHON = Path(__file__).parents[2] / ".venv-slurm/bin/python"
NODES = ("node1", "node2")
CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
MpiDefault=none
ReturnToService=2
MinJobAge=3600
KillWait=20
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=100000,requeue_delay=1
SlurmdParameters=config_overrides
GresTypes=gpu
NodeName=node1 NodeHostname={host} NodeAddr=127.0.0.1 Port={port1} {has}
NodeName=node2 NodeHostname={host} NodeAddr=127.0.0.1 Port={port2} {has}
PartitionName=all Nodes=node1,node2 Default=YES MaxTime=INFINITE State=UP
"""
HAS = "CPUs=2 RealMemory=64000 Gres=gpu:1 State=UNKNOWN"


def missing() -> str | None:
    """Return why no Slurm can be started here, None if one can."""
    for program in ("munged", "slurmctld", "slurmd", "squeue"):
        if shutil.which(program) is None:
            return f"no {program}: apt-get install slurm-wlm munge"
    if os.getuid() != 0:
        return "only root starts the daemons of a Slurm"
    if not PYTHON.exists():
        return "no environment with the plugin: make slurm-env"
    return None


def require() -> None:
    """Skip, or fail where a Slurm is demanded, if none can be started."""
    why = missing()
    if why and os.environ.get("ELSEWHERE_SLURM") == "required":
        pytest.fail(why)
    if why:
        pytest.skip(why)


@contextmanager
def started(folder: Path) -> Iterator[dict[str, str]]:
    """Start a Slurm in an empty folder; yield the environment in which its commands find it."""
    munge = folder / "munge"
    for path in (munge, folder / "state"):
        path.mkdir(parents=True)
    (munge / "key").write_bytes(os.urandom(128))
    (munge / "key").chmod(0o400)
    for i in range(len(NODES)):  # Slurm wants a device
        os.mknod(folder / f"gpu{i}", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    ports = dict(zip(("port", "port1", "port2"), _free_ports(3), strict=True))
    host = socket.gethostname().split(".")[0]
    (folder / "slurm.conf").write_text(CONF.format(folder=folder, host=host, has=HAS, **ports))
    (folder / "gres.conf").write_text(
        "".join(f"NodeName={n} Name=gpu File={folder}/gpu{i}\n" for i, n in enumerate(NODES))
    )
    (folder / "cgroup.conf").write_text("# none\n")
    environment = {
        "SLURM_CONF": str(folder / "slurm.conf"),
        "PATH": f"{_srun(folder)}:{os.environ['PATH']}",
    }
    try:
        _start(folder, environment)
        yield environment
    finally:
        _stop(folder, environment)


def _srun(folder: Path) -> Path:
    """Write a `srun` that finds this Slurm: the plugin hands it none of the variables of Slurm."""
    path = folder / "bin/srun"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {shutil.which("srun")} "$@"\n')
    path.chmod(0o700)
    return path.parent


def _start(folder: Path, environment: dict[str, str]) -> None:
    munge = folder / "munge"
    own = [f"--{name}={munge}/{name.split('-')[0]}" for name in ("key-file", "socket", "pid-file")]
    own += [f"--log-file={munge}/log", f"--seed-file={munge}/seed"]
    call("munged", "--force", *own)
    call("slurmctld", environment=environment)
    for node in NODES:
        call("slurmd", "-N", node, environment=environment)
    until = time.monotonic() + 60
    while call("sinfo", "-h", "-N", "-o", "%T", environment=environment).split() != ["idle"] * 2:
        assert time.monotonic() < until, (folder / "slurmctld.log").read_text()
        time.sleep(0.2)


def _stop(folder: Path, environment: dict[str, str]) -> None:
    call("scancel", "--me", environment=environment, check=False)
    until = time.monotonic() + 60
    while call("squeue", "-h", environment=environment, check=False) and time.monotonic() < until:
        time.sleep(0.2)
    pids = [folder / f"slurmd-{node}.pid" for node in NODES]
    for path in (*pids, folder / "slurmctld.pid", folder / "munge/pid"):
        if path.exists():
            subprocess.run(["kill", path.read_text().strip()], check=False)


def call(*command: str, environment: dict[str, str] | None = None, check: bool = True) -> str:
    """Run a command of Slurm and return what it prints."""
    done = subprocess.run(
        command,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert not check or done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports

"""stores: an SSH server and an S3 server of this machine, where a project's results are shared.

Both are real servers, reached by their own protocol: OpenSSH, and moto's S3 over HTTP, which checks
the signature of each request.
"""

import getpass
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import boto3
import pytest
from project import Project

SSHD_CONFIG = """\
LogLevel DEBUG1
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
"""


class Store(Protocol):
    """Where objects are shared; its names are those below the remote's address."""

    environment: dict[str, str]

    def config(self) -> str:
        """Return the remote's lines of .dvc/config, which git shares."""

    def own(self) -> str:
        """Return those of .dvc/config.local."""

    def wrong(self) -> list[tuple[str, dict[str, str], str]]:
        """Return wrong credentials: lines of .dvc/config.local, environment, and DVC's answer."""

    def count(self) -> int:
        """Return how many objects there are."""

    def objects(self) -> dict[str, bytes]:
        """Return all objects by name."""

    def write(self, name: str, content: bytes) -> None:
        """Replace an object."""

    def remove(self, name: str) -> None:
        """Remove an object."""


@dataclass
class Ssh:
    """A folder on an SSH server."""

    port: int
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def config(self) -> str:
        return f"    url = ssh://127.0.0.1:{self.port}{self.folder}/store\n"

    def own(self, key: str = "user") -> str:
        return f"    user = {getpass.getuser()}\n    keyfile = {self.folder}/{key}\n"

    def wrong(self) -> list[tuple[str, dict[str, str], str]]:
        other = self.own("other")
        return [(other, {}, f"Permission denied for user {getpass.getuser()}")]

    def log(self) -> str:
        """Return what the server noted."""
        return (self.folder / "log").read_text()

    def count(self) -> int:
        return count_files(self.folder / "store")

    def objects(self) -> dict[str, bytes]:
        top = self.folder / "store"
        files = [path for path in top.rglob("*") if path.is_file()]
        return {path.relative_to(top).as_posix(): path.read_bytes() for path in files}

    def write(self, name: str, content: bytes) -> None:
        self.remove(name)
        (self.folder / "store" / name).write_bytes(content)

    def remove(self, name: str) -> None:
        (self.folder / "store" / name).unlink()


@dataclass
class S3:
    """A bucket on an S3 server."""

    url: str
    client: Any
    environment: dict[str, str]

    def config(self) -> str:
        return (
            f"    url = s3://shared/store\n    endpointurl = {self.url}\n    region = us-east-1\n"
        )

    def own(self) -> str:
        return ""

    def wrong(self) -> list[tuple[str, dict[str, str], str]]:
        secret = {**self.environment, "AWS_SECRET_ACCESS_KEY": "wrong"}
        nobody = dict.fromkeys(self.environment, "")
        return [("", secret, "403"), ("", nobody, "Unable to locate credentials")]

    def count(self) -> int:
        return int(self.client.list_objects_v2(Bucket="shared")["KeyCount"])

    def objects(self) -> dict[str, bytes]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket="shared")
        keys = [row["Key"] for page in pages for row in page.get("Contents", [])]
        get = self.client.get_object
        return {
            key.removeprefix("store/"): get(Bucket="shared", Key=key)["Body"].read() for key in keys
        }

    def write(self, name: str, content: bytes) -> None:
        self.client.put_object(Bucket="shared", Key=f"store/{name}", Body=content)

    def remove(self, name: str) -> None:
        self.client.delete_object(Bucket="shared", Key=f"store/{name}")


def damaged(objects: dict[str, bytes]) -> list[str]:
    """Return the names of objects whose content is not what they are named.

    A transfer writes a file that ends in `.tmp`, and renames it when it is whole.
    """
    named = {name: content for name, content in objects.items() if name.startswith("files/md5/")}
    return [
        name
        for name, content in named.items()
        if not name.endswith(".tmp")
        and hashlib.md5(content).hexdigest()
        != name.removeprefix("files/md5/").replace("/", "").removesuffix(".dir")
    ]


def count_files(top: Path) -> int:
    """Return how many files there are, leaving out transfers that are under way."""
    return sum(path.is_file() and path.suffix != ".tmp" for path in top.rglob("*"))


def cached(project: Project) -> dict[str, bytes]:
    """Return the objects of a project's own cache, named as in a store."""
    top = project.path / ".dvc/cache"
    files = [path for path in top.rglob("*") if path.is_file() and path.suffix != ".tmp"]
    return {path.relative_to(top).as_posix(): path.read_bytes() for path in files}


def share(project: Project, store: Store) -> None:
    """Make a store the project's default remote."""
    config = "[core]\n    analytics = false\n    remote = ours\n['remote \"ours\"']\n"
    (project.path / ".dvc/config").write_text(f"{config}{store.config()}    verify = true\n")
    own(project, store.own())


def own(project: Project, lines: str) -> None:
    """Write what of the remote is only this user's."""
    (project.path / ".dvc/config.local").write_text(f"['remote \"ours\"']\n{lines}")


def absent(what: str, how: str) -> None:
    """Skip, or fail where the servers are asked for."""
    told = f"there is no {what} here: {how}"
    if os.environ.get("ELSEWHERE_STORES") == "required":
        pytest.fail(told)
    pytest.skip(told)


@contextmanager
def ssh_server(folder: Path) -> Iterator[Ssh]:
    """Run OpenSSH's server for this user alone, with keys of its own."""
    program = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")
    if program is None:
        absent("sshd", "apt-get install --no-install-recommends openssh-server")
    if os.geteuid() == 0 and not Path("/run/sshd").is_dir():
        absent("folder /run/sshd, which sshd needs when root starts it", "mkdir /run/sshd")
    for name in ("host", "user", "other"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True
        )
    port = free_port()
    home = known_hosts(folder, port)
    (folder / "config").write_text(SSHD_CONFIG.format(port=port, folder=folder))
    with running([str(program), "-D", "-e", "-f", str(folder / "config")], folder, port):
        yield Ssh(port, folder, {"HOME": str(home), "SSH_AUTH_SOCK": ""})


def known_hosts(folder: Path, port: int) -> Path:
    """Make a home that knows the server by another key than its own; DVC does not look at it."""
    ssh = folder / "home/.ssh"
    ssh.mkdir(parents=True)
    key = (folder / "other.pub").read_text()
    (ssh / "known_hosts").write_text(f"[127.0.0.1]:{port} {key}")
    return ssh.parent


@contextmanager
def s3_server(folder: Path) -> Iterator[S3]:
    """Run moto's server, with a bucket and one user who may use it."""
    port = free_port()
    # it trusts whoever makes the first user and that user's key, and nobody after that
    environment = {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "3"}
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with running(command, folder, port, environment):
        url = f"http://127.0.0.1:{port}"
        key, secret = user(client("iam", url, "first", "user"))
        s3 = client("s3", url, key, secret)
        s3.create_bucket(Bucket="shared")
        credentials = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}
        alone = {"HOME": str(folder), "AWS_EC2_METADATA_DISABLED": "true"}
        yield S3(url, s3, {**credentials, **alone})


def client(service: str, url: str, key: str, secret: str) -> Any:
    """Return a client of one of the server's services."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


def user(iam: Any) -> tuple[str, str]:
    """Make a user who may do what a shared store needs; return key and secret."""
    allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.create_user(UserName="colleague")
    iam.put_user_policy(UserName="colleague", PolicyName="shared", PolicyDocument=policy)
    key = iam.create_access_key(UserName="colleague")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


@contextmanager
def running(
    command: list[str], folder: Path, port: int, environment: dict[str, str] | None = None
) -> Iterator[None]:
    """Run a server until the block ends, from when its port answers."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        wait_for_port(process, port, folder / "log")
        yield
    finally:
        process.kill()
        process.wait()


def wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"the server does not answer: {log.read_text()}")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])

"""credentials: user, password, token and client certificate, from the environment only."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PREFIX = "ELSEWHERE_ARCHIVE"
SECRETS = ("USER", "PASSWORD", "TOKEN")
FILES = ("CLIENT_CERTIFICATE", "CLIENT_KEY")


class CredentialsError(ValueError):
    """The environment's credentials cannot be used; the message names the variable, no value."""


@dataclass(frozen=True)
class Credentials:
    """What an archive wants from us; empty: nothing. No value is ever shown."""

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    client_certificate: str = ""
    client_key: str = ""


def variable(archive: str, what: str) -> str:
    """Return the variable of an archive, such as ELSEWHERE_ARCHIVE_MAIN_PACS_PASSWORD."""
    return "_".join((PREFIX, re.sub(r"\W", "_", archive).upper(), what))


def credentials(archive: str, *, environment: Mapping[str, str] | None = None) -> Credentials:
    """Return the credentials of a row of `archives`.

    USER, PASSWORD and TOKEN stand in variables, or in files that ..._FILE names, readable by their
    owner only; CLIENT_CERTIFICATE and CLIENT_KEY name PEM files.

    Raises
    ------
    CredentialsError
        If a file is missing or readable by others, a half is missing, or both kinds are given.
    """
    given = os.environ if environment is None else environment
    found = {what.lower(): _secret(archive, what, given) for what in SECRETS}
    found |= {what.lower(): _path(archive, what, given) for what in FILES}
    for one, other in (("USER", "PASSWORD"), ("CLIENT_CERTIFICATE", "CLIENT_KEY")):
        if bool(found[one.lower()]) != bool(found[other.lower()]):
            raise CredentialsError(
                f"set both {variable(archive, one)} and {variable(archive, other)}, or neither"
            )
    if found["user"] and found["token"]:
        raise CredentialsError(
            f"set {variable(archive, 'USER')} or {variable(archive, 'TOKEN')}, not both"
        )
    return Credentials(**found)


def _secret(archive: str, what: str, given: Mapping[str, str]) -> str:
    name = variable(archive, what)
    path = given.get(f"{name}_FILE")
    if not path:
        return given.get(name, "")
    if given.get(name):
        raise CredentialsError(f"set {name} or {name}_FILE, not both")
    return _readable(f"{name}_FILE", Path(path)).read_text("utf-8").strip()


def _path(archive: str, what: str, given: Mapping[str, str]) -> str:
    name = variable(archive, what)
    path = given.get(name, "")
    if not path:
        return ""
    if what == "CLIENT_CERTIFICATE" and not Path(path).is_file():
        raise CredentialsError(f"{name}: {path} is no file")
    return path if what == "CLIENT_CERTIFICATE" else str(_readable(name, Path(path)))


def _readable(name: str, path: Path) -> Path:
    if not path.is_file():
        raise CredentialsError(f"{name}: {path} is no file")
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise CredentialsError(
            f"{name}: {path} has mode {mode:o}, which lets others read the secret; chmod 600 {path}"
        )
    return path

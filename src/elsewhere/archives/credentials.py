"""credentials: read an archive's user, password, token and certificate from the environment."""

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
    """The credentials cannot be used; the message names the variable and never its value."""


@dataclass(frozen=True)
class Credentials:
    """The credentials of one archive; an empty field is not used. `repr` hides the secrets."""

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    client_certificate: str = ""
    client_key: str = ""


def variable(archive: str, setting: str) -> str:
    """Return an archive's environment variable, such as ELSEWHERE_ARCHIVE_MAIN_PACS_PASSWORD."""
    return "_".join((PREFIX, re.sub(r"\W", "_", archive).upper(), setting))


def credentials(archive: str, *, environment: Mapping[str, str] | None = None) -> Credentials:
    """Return the credentials of a row of `archives`.

    Variables hold USER, PASSWORD and TOKEN, or variables that end in _FILE name files with them,
    which only their owner may read. CLIENT_CERTIFICATE and CLIENT_KEY name PEM files.

    Raises
    ------
    CredentialsError
        If a file is missing or others may read it, if only one of two variables that belong
        together is set, or if a user and a token are set.
    """
    variables = os.environ if environment is None else environment
    values = {setting.lower(): _secret(archive, setting, variables) for setting in SECRETS}
    values |= {setting.lower(): _path(archive, setting, variables) for setting in FILES}
    for first, second in (("USER", "PASSWORD"), ("CLIENT_CERTIFICATE", "CLIENT_KEY")):
        if bool(values[first.lower()]) != bool(values[second.lower()]):
            raise CredentialsError(
                f"set both {variable(archive, first)} and {variable(archive, second)}, or neither"
            )
    if values["user"] and values["token"]:
        raise CredentialsError(
            f"set {variable(archive, 'USER')} or {variable(archive, 'TOKEN')}, not both"
        )
    return Credentials(**values)


def _secret(archive: str, setting: str, variables: Mapping[str, str]) -> str:
    name = variable(archive, setting)
    path = variables.get(f"{name}_FILE")
    if not path:
        return variables.get(name, "")
    if variables.get(name):
        raise CredentialsError(f"set {name} or {name}_FILE, not both")
    return _readable(f"{name}_FILE", Path(path)).read_text("utf-8").strip()


def _path(archive: str, setting: str, variables: Mapping[str, str]) -> str:
    name = variable(archive, setting)
    path = variables.get(name, "")
    if not path:
        return ""
    if setting == "CLIENT_CERTIFICATE" and not Path(path).is_file():
        raise CredentialsError(f"{name}: {path} is no file")
    return path if setting == "CLIENT_CERTIFICATE" else str(_readable(name, Path(path)))


def _readable(name: str, path: Path) -> Path:
    if not path.is_file():
        raise CredentialsError(f"{name}: {path} is no file")
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise CredentialsError(
            f"{name}: {path} has mode {mode:o}, which lets others read the secret; chmod 600 {path}"
        )
    return path

"""keys: keyed hashes that stand for patients, scans and private paths."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

log = logging.getLogger(__name__)

SECRET_VARIABLE = "ELSEWHERE_SECRET_FILE"
DEFAULT_SECRET_FILE = Path(".elsewhere/secret")
# public data hold no secret: a published key gives everyone the same identifiers
PUBLIC_KEY = b"elsewhere public sites, key 1"
_DIGITS = 16
_MIN_SECRET_BYTES = 32


class SecretError(RuntimeError):
    """The secret of this machine cannot be used; the message names the file and the remedy."""


@dataclass(frozen=True)
class Keys:
    """Identifiers of one site.

    Attributes
    ----------
    site
        Row name; equal patient names at two sites get different identifiers.
    private
        Paths are hashed too, component by component.
    key
        HMAC key; never shown.
    """

    site: str
    private: bool
    key: bytes = field(repr=False)

    def patient(self, name: str) -> str:
        """Return 16 hex digits for a patient's published or internal name."""
        return self._hash("patient", name)

    def scan(self, name: str) -> str:
        """Return 16 hex digits for what identifies a scan within its site."""
        return self._hash("scan", name)

    def path(self, relative: str) -> str:
        """Return a path relative to the site: as it is if public, every component hashed if not."""
        if not self.private:
            return relative
        parts = PurePosixPath(relative).parts
        return "/".join(self._hash("path", part) for part in parts)

    def _hash(self, kind: str, name: str) -> str:
        message = "\0".join((kind, self.site, name)).encode()
        return hmac.new(self.key, message, hashlib.sha256).hexdigest()[:_DIGITS]


def keys(site: str, *, private: bool) -> Keys:
    """Return the keys of a site.

    A private site uses the secret in the file that $ELSEWHERE_SECRET_FILE names, or in
    .elsewhere/secret of the project; it is made on first use, readable by its owner only. Who
    loses the secret cannot make the same identifiers again.

    Raises
    ------
    SecretError
        If the secret's file is readable by others or too short.
    """
    return Keys(site, private, _secret() if private else PUBLIC_KEY)


def _secret() -> bytes:
    path = Path(os.environ.get(SECRET_VARIABLE) or DEFAULT_SECRET_FILE)
    if not path.exists():
        _create(path)
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise SecretError(f"{path}: mode {mode:o} lets others read the secret; chmod 600 {path}")
    found = path.read_bytes().strip()
    if len(found) < _MIN_SECRET_BYTES:
        raise SecretError(
            f"{path}: {len(found)} bytes are no secret, expected {_MIN_SECRET_BYTES} or more; "
            "restore the file from your backup, or remove it to get a new one"
        )
    return found


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # a name of its own for each thread and each machine of a shared folder; mode 600
    descriptor, name = tempfile.mkstemp(prefix=".part-", dir=path.parent)
    part = Path(name)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(_MIN_SECRET_BYTES) + "\n")
    try:
        # of two steps that start together, the first to link wins and both read its secret
        os.link(part, path)
        log.warning("made %s: keep a safe copy, identifiers of private sites depend on it", path)
    except FileExistsError:
        log.debug("%s was made meanwhile", path)
    finally:
        part.unlink()

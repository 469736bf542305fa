"""keys: replace the names of patients, scans and private paths by keyed hashes (HMAC)."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

log = logging.getLogger(__name__)

FILE_VARIABLE = "ELSEWHERE_SECRET_FILE"
SECRET_VARIABLE = "ELSEWHERE_SECRET"
# git and DVC ignore this folder
DEFAULT_SECRET_FILE = Path(".elsewhere/secret")
# public data hold no secret: with a published key everyone gets the same identifiers
PUBLIC_KEY = b"elsewhere public sites, key 1"
_DIGITS = 16
_MIN_SECRET_BYTES = 32


class SecretError(RuntimeError):
    """The secret of this machine cannot be used; the message gives the file and the remedy."""


@dataclass(frozen=True)
class Keys:
    """Computes the identifiers of one site.

    Attributes
    ----------
    site
        Name of the site's row; equal patient names at two sites get different identifiers.
    private
        Whether paths are hashed too, component by component.
    key
        HMAC key; never shown.
    """

    site: str
    private: bool
    key: bytes = field(repr=False)

    def patient(self, name: str) -> str:
        """Return 16 hexadecimal digits for a patient's published or internal name."""
        return self._hash("patient", name)

    def scan(self, name: str) -> str:
        """Return 16 hexadecimal digits for the name of a scan within its site."""
        return self._hash("scan", name)

    def input(self, text: str) -> str:
        """Return 16 hexadecimal digits for all that a scan is made from."""
        return self._hash("input", text)

    def path(self, relative: str) -> str:
        """Return a path of the site: unchanged if it is public, else each component hashed."""
        if not self.private:
            return relative.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        parts = PurePosixPath(relative).parts
        return "/".join(self._hash("path", part) for part in parts) or "."

    def word(self, kind: str, text: str) -> str:
        """Return a term of the user, such as a hospital's name; hashed if the site is private."""
        if not self.private or text == "unknown":
            return text
        return self._hash(kind, text)

    def _hash(self, kind: str, name: str) -> str:
        # file names need not be UTF-8
        message = "\0".join((kind, self.site, name)).encode("utf-8", "surrogateescape")
        return hmac.new(self.key, message, hashlib.sha256).hexdigest()[:_DIGITS]


def keys(site: str, *, private: bool) -> Keys:
    """Return the keys of a site.

    A private site uses the secret in $ELSEWHERE_SECRET, or in the file that
    $ELSEWHERE_SECRET_FILE names, or in .elsewhere/secret of the project. The file is made on first
    use and only its owner can read it. Without the secret nobody can make the same identifiers
    again.

    Raises
    ------
    SecretError
        If the secret is too short, is given twice, or is in a file that others can read or that
        git may track.
    """
    return Keys(site, private, _secret() if private else PUBLIC_KEY)


def located(root: Path, written: str, *, site_keys: Keys) -> Iterator[Path]:
    """Yield the files and folders below a site's folder that a hashed path stands for.

    With it the owner of a private site, who has the secret, finds the files of a row of
    rejected.csv.
    """
    parts = written.split("/")
    todo = [(root, 0)]
    while todo:
        folder, depth = todo.pop()
        if depth == len(parts):
            yield folder
        elif folder.is_dir():
            entries = sorted(folder.iterdir())
            todo += [
                (entry, depth + 1)
                for entry in entries
                if site_keys.path(entry.name) == parts[depth]
            ]


def _secret() -> bytes:
    secret = os.environ.get(SECRET_VARIABLE, "").strip()
    file_name = os.environ.get(FILE_VARIABLE, "")
    if secret and file_name:
        raise SecretError(
            f"both ${SECRET_VARIABLE} and ${FILE_VARIABLE} are set; unset the one that is wrong"
        )
    if secret:
        return _long_enough(secret.encode(), f"${SECRET_VARIABLE}")
    path = Path(file_name or DEFAULT_SECRET_FILE)
    _refuse_tracked(path)
    if not path.exists():
        _create(path)
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise SecretError(f"{path}: mode {mode:o} lets others read the secret; chmod 600 {path}")
    return _long_enough(path.read_bytes().strip(), str(path))


def _long_enough(secret: bytes, where: str) -> bytes:
    if len(secret) < _MIN_SECRET_BYTES:
        raise SecretError(
            f"{where}: {len(secret)} bytes are not enough for a secret, expected "
            f"{_MIN_SECRET_BYTES} or more; restore it from your backup, or remove it to get a new "
            "one"
        )
    return secret


def _refuse_tracked(path: Path) -> None:
    """Raise if the file is in the project and git or DVC could track it."""
    project, place = Path.cwd().resolve(), path.resolve()
    ignored = project / DEFAULT_SECRET_FILE.parent
    if place.is_relative_to(project) and not place.is_relative_to(ignored):
        raise SecretError(
            f"{path} lies in the project, where it could be committed or shared; "
            f"keep it outside, or in {DEFAULT_SECRET_FILE.parent}/"
        )


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # a unique name for each thread and each machine on a shared folder; mode 600
    descriptor, name = tempfile.mkstemp(prefix=".part-", dir=path.parent)
    part = Path(name)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(_MIN_SECRET_BYTES) + "\n")
    try:
        # if two steps start together, the first to link wins, and both read its secret
        os.link(part, path)
        log.warning("made %s: keep a safe copy, identifiers of private sites depend on it", path)
    except FileExistsError:
        log.debug("another process has made %s", path)
    finally:
        part.unlink()

"""roster: the identity of a hospital and the public keys of the others, exchanged between people.

A roster that came from the server could name keys of the server's own. Hospitals therefore exchange
the public keys themselves, by telephone or courier, and each keeps its roster on its own disk.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from elsewhere.federation.wire import RefusedError
from elsewhere.files import whole

KEY_FILE = "x25519.pem"
ROSTER_FILE = "roster.json"
_KEY_BYTES = 32


def new_identity(folder: Path) -> str:
    """Make a hospital's X25519 key, readable by its user alone; return the public half.

    A hospital that has a key keeps it.

    Returns
    -------
    str
        The public key, 64 hexadecimal digits, to be read out to the other hospitals.
    """
    path = folder / KEY_FILE
    if not path.exists():
        key = X25519PrivateKey.generate()
        text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with whole(path) as part:
            part.touch(mode=0o600)
            part.write_bytes(text)
    return _private(folder).public_key().public_bytes_raw().hex()


def write_roster(public_keys: Mapping[str, str], folder: Path) -> None:
    """Write the public keys of all hospitals, by name, to a hospital's own disk."""
    for site, key in public_keys.items():
        _public(site, key)
    with whole(folder / ROSTER_FILE) as part:
        part.write_text(json.dumps(dict(public_keys), indent=2, sort_keys=True) + "\n", "utf-8")


class Circle:
    """A hospital's own key and its roster: what it shares with each other hospital.

    Parameters
    ----------
    folder
        The hospital's disk, with `KEY_FILE` and `ROSTER_FILE`.
    site
        The hospital's own name in the roster.

    Raises
    ------
    RefusedError
        If the roster is damaged, or has another key under the hospital's own name.
    """

    def __init__(self, folder: Path, site: str) -> None:
        self.site = site
        self._own = _private(folder)
        path = folder / ROSTER_FILE
        if not path.exists():
            raise RefusedError(f"{path} is missing: exchange public keys with the other hospitals")
        table = json.loads(path.read_text("utf-8"))
        self._others = {name: _public(name, key) for name, key in table.items()}
        own = self._others.get(site)
        if own is None or own.public_bytes_raw() != self._own.public_key().public_bytes_raw():
            raise RefusedError(f"{path}: the key under '{site}' is not this hospital's own")

    def require(self, members: list[str]) -> None:
        """Raise RefusedError if a member is not in the roster."""
        unknown = [name for name in members if name not in self._others]
        if unknown:
            raise RefusedError(
                f"{unknown[0]} is not in the roster of {self.site}: no key goes to a hospital that "
                "was not met"
            )

    def secret(self, other: str, *, info: bytes) -> bytes:
        """Return 32 bytes that only this hospital and another can derive, for one purpose.

        Parameters
        ----------
        other
            Name of the other hospital.
        info
            The purpose; both must state the same.
        """
        self.require([other])
        shared = self._own.exchange(self._others[other])
        return HKDF(SHA256(), _KEY_BYTES, None, info).derive(shared)


def _private(folder: Path) -> X25519PrivateKey:
    path = folder / KEY_FILE
    if not path.exists():
        raise RefusedError(f"{path} is missing: make the hospital's key first")
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise RefusedError(f"{path} can be read by others: chmod 600 it")
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, X25519PrivateKey):
        raise RefusedError(f"{path} holds no X25519 key")
    return key


def _public(site: str, key: str) -> X25519PublicKey:
    try:
        return X25519PublicKey.from_public_bytes(bytes.fromhex(key))
    except ValueError as error:
        raise RefusedError(f"the roster's key of '{site}' is no X25519 key: {error}") from error

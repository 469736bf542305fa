"""keys: wrap the secret key of an epoch for one other hospital (X25519, HKDF, AES-GCM)."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from elsewhere.federation.roster import Circle
from elsewhere.federation.wire import RefusedError

_NONCE = 12


def wrap(key: bytes, circle: Circle, *, receiver: str, epoch: str, members: Sequence[str]) -> bytes:
    """Return a key as only the receiver can read it, bound to the epoch and its members."""
    about = _about(circle.site, receiver, epoch, members)
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(circle.secret(receiver, info=about)).encrypt(nonce, key, about)


def unwrap(
    wrapped: bytes, circle: Circle, *, maker: str, epoch: str, members: Sequence[str]
) -> bytes:
    """Return the key that another hospital wrapped for this one.

    Raises
    ------
    RefusedError
        If it was not wrapped by this maker, for this hospital, epoch and members.
    """
    about = _about(maker, circle.site, epoch, members)
    try:
        cipher = AESGCM(circle.secret(maker, info=about))
        return cipher.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], about)
    except (InvalidTag, ValueError) as error:
        raise RefusedError(
            f"the key of epoch {epoch[:8]} was not wrapped by {maker} for {circle.site} and the "
            f"members {', '.join(members)}: roster, maker or members differ"
        ) from error


def _about(sender: str, receiver: str, epoch: str, members: Sequence[str]) -> bytes:
    return json.dumps(["elsewhere key 1", sender, receiver, epoch, [*members]]).encode()

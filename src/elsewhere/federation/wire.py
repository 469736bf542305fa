"""wire: the form of every request and answer of a federation: a header and parts, checked whole.

Nothing that arrives is executed or unpickled: a message is JSON and blocks of bytes.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAGIC = b"ELSEWHERE-FEDERATION-1\n"
REFUSED = "refused"
LONGEST = 600  # letters of a text of another machine that are shown
_LENGTH = struct.Struct("<Q")
_DIGEST = 32  # bytes of SHA-256


class RefusedError(ValueError):
    """A request, an answer or a roster is damaged, of another round, or against the rules."""


@dataclass(frozen=True)
class Message:
    """A request to a hospital or its answer.

    Attributes
    ----------
    header
        What is asked or answered, in the clear: kind, round, members ...
    parts
        Ciphertexts and keys, which the header does not interpret.
    """

    header: Mapping[str, Any]
    parts: tuple[bytes, ...] = ()

    def exactly(self, size: int, *, sender: str) -> tuple[bytes, ...]:
        """Return the parts.

        Raises
        ------
        RefusedError
            If their number is not ``size``.
        """
        if len(self.parts) != size:
            raise RefusedError(f"the answer of {sender} has {len(self.parts)} parts, not {size}")
        return self.parts

    @property
    def refusal(self) -> str | None:
        """Why the sender does not answer, in one line; None: it does."""
        if self.header.get("kind") != REFUSED:
            return None
        return one_line(str(self.header.get("reason", "no reason is given")))


def pack(parts: Sequence[bytes]) -> bytes:
    """Return blocks of bytes as one, each after its length."""
    return b"".join(piece for part in parts for piece in (_LENGTH.pack(len(part)), part))


def unpack(data: bytes) -> list[bytes]:
    """Return the blocks that `pack` joined.

    Raises
    ------
    RefusedError
        If the bytes end within a block.
    """
    parts, at = [], 0
    while at < len(data):
        if at + _LENGTH.size > len(data):
            raise RefusedError("the data end within the length of a block: they were cut")
        (size,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        if at + size > len(data):
            raise RefusedError(f"a block of {size} bytes has only {len(data) - at}: it was cut")
        parts.append(data[at : at + size])
        at += size
    return parts


def encode(message: Message) -> bytes:
    """Return a message as bytes; equal messages give equal bytes."""
    header = json.dumps(dict(message.header), sort_keys=True, allow_nan=False).encode()
    body = pack([header, *message.parts])
    return MAGIC + hashlib.sha256(body).digest() + body


def decode(data: bytes) -> Message:
    """Return the message in these bytes.

    Raises
    ------
    RefusedError
        If they are no whole message of this version.
    """
    start = len(MAGIC) + _DIGEST
    if not data.startswith(MAGIC):
        raise RefusedError("this is no message of a federation, or one of another version")
    body = data[start:]
    if hashlib.sha256(body).digest() != data[len(MAGIC) : start]:
        raise RefusedError("the message was cut or changed on its way: its checksum is wrong")
    header, *parts = unpack(body) or [b""]
    return Message(_header(header), tuple(parts))


def one_line(text: str) -> str:
    """Return text of another machine as a log or a terminal can show it: short, of one line."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[:LONGEST])
    return shown if len(text) <= LONGEST else f"{shown} ..."


def refused(request: bytes, reason: str) -> bytes:
    """Return the answer of a hospital that refuses a request; see `Message.refusal`."""
    return encode(Message({"kind": REFUSED, "request": digest(request), "reason": reason}))


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _header(data: bytes) -> dict[str, Any]:
    """Return the header of a message; a sender may write anything into it."""
    try:
        header = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RefusedError("the header of the message is no JSON") from error
    if not isinstance(header, dict):
        raise RefusedError("the header of the message is no table")
    return header


def fingerprint(data: bytes) -> str:
    """Return the first half of the SHA-256 of bytes in groups of four, to be read out."""
    half = digest(data)[:32]
    return " ".join(half[at : at + 4] for at in range(0, len(half), 4))

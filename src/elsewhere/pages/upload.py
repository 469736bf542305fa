"""upload: a form with files as it comes over the wire, to numbered files within limits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from elsewhere.answers.answer import Refused
from elsewhere.answers.unpacked import MB, Taken, TooLarge

IDLE_S = 30.0  # a client that sends nothing for so long is gone
_FIELDS = 20  # parts of a form that are no file
_FIELD = 1000  # bytes of one
_PIECE = 1 << 20  # bytes that are written at once, in a thread: a slow disk stops no other page
_DRAINED_S = 10.0
_PAUSE_S = 1.0


class TooSlow(Refused):
    """The client takes too long to send its files."""


async def receive(request: Request, taken: Taken) -> dict[str, str]:
    """Write the files of a form while they come; nothing is spooled and no name is kept.

    Starlette's own forms take at most 1,000 files, fewer than a CT has slices, and spool them
    where other users can see that they exist.

    Parameters
    ----------
    request
        With a body of `multipart/form-data`.
    taken
        Where the files go, and the limits.

    Returns
    -------
    dict
        The fields that are no files: name to text.

    Raises
    ------
    TooLarge
        If the body, the files or the fields are more than the limits allow. A size that the client
        states is believed only if it is too large.
    TooSlow
        If it comes too slowly.
    Refused
        If it is no whole form.
    ClientDisconnect
        If the client goes away.
    """
    most = taken.limits.megabytes * MB
    _check_stated(request, most)
    received = 0
    with closing(_Form(_boundary(request), taken)) as form:
        async for piece in _pieces(request, taken.limits.seconds):
            received += len(piece)
            if received > most:
                raise _too_large(most)
            await asyncio.to_thread(form.feed, piece)
        form.check_whole()
        return form.fields


async def drained(request: Request) -> None:
    """Read and drop what a refused client still sends: a browser shows an answer only then."""
    if "expect" in request.headers:
        return  # it waits for permission
    with suppress(TimeoutError, ClientDisconnect, RuntimeError):
        async with asyncio.timeout(_DRAINED_S):
            stream = request.stream()
            while True:
                async with asyncio.timeout(_PAUSE_S):
                    if not await anext(stream, b""):
                        return


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise Refused("this is no form with files; use the page that asks a model")
    return options[b"boundary"]


def _check_stated(request: Request, most: int) -> None:
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > most:
        raise _too_large(most)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"at most {most // MB} MB are taken at once; send one scan alone")


async def _pieces(request: Request, seconds: float) -> AsyncIterator[bytes]:
    """Yield the body in pieces of about a megabyte, as long as it comes fast enough."""
    held = bytearray()
    stream = request.stream()
    end = time.monotonic() + seconds
    while True:
        try:
            async with asyncio.timeout(min(IDLE_S, end - time.monotonic())):
                data = await anext(stream, None)
        except TimeoutError:
            raise TooSlow("the files came too slowly; send them again") from None
        if data is None:
            break
        held += data
        if len(held) >= _PIECE:
            yield bytes(held)
            held.clear()
    yield bytes(held)


class _Form:
    """Takes the pieces of a form's body; python-multipart finds its parts."""

    def __init__(self, boundary: bytes, taken: Taken) -> None:
        self.fields: dict[str, str] = {}
        self._taken = taken
        self._parts = 0
        self._ended = False
        self._headers: dict[bytes, bytes] = {}
        self._header = b""
        self._value = b""
        self._name = ""
        self._file: BinaryIO | None = None
        self._text: bytearray | None = None
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._header_field,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_finished,
                    "on_part_data": self._data,
                    "on_part_end": self._end_of_part,
                    "on_end": self._end,
                },
            )
        except FormParserError:
            raise Refused(_DAMAGED) from None

    def feed(self, data: bytes) -> None:
        """Take the next bytes.

        Raises
        ------
        Refused
            If they are no form, or more than the limits allow.
        """
        try:
            self._parser.write(data)
        except FormParserError:
            raise Refused(_DAMAGED) from None

    def check_whole(self) -> None:
        """Check that the last boundary came: the parser does not.

        Raises
        ------
        Refused
            If it is missing.
        """
        if not self._ended:
            raise Refused("the form broke off before its end; send the files again")

    def close(self) -> None:
        """Close the file of a part that broke off."""
        if self._file is not None:
            self._file.close()

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > self._taken.limits.files + _FIELDS:
            raise TooLarge("the form has too many parts; send one scan alone")
        self._headers, self._name, self._file, self._text = {}, "", None, None

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _headers_finished(self) -> None:
        _, told = parse_options_header(self._headers.get(b"content-disposition", b""))
        said = told.get(b"filename")
        if said:
            self._file = self._taken.open(said.decode("utf-8", "replace"))
        elif said is None:
            self._name = told.get(b"name", b"").decode("utf-8", "replace")
            self._text = bytearray()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._taken.write(self._file, data[start:end])
        elif self._text is not None:
            self._text += data[start:end]
            if len(self._text) > _FIELD:
                raise TooLarge("a field of the form is too long; use the page that asks a model")

    def _end_of_part(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        elif self._text is not None:
            self.fields[self._name] = self._text.decode("utf-8", "replace")
            if len(self.fields) > _FIELDS:
                raise TooLarge("the form has too many fields; use the page that asks a model")

    def _end(self) -> None:
        self._ended = True


_DAMAGED = "the form is damaged; send the files again"

"""parcels: the bytes of a request or an answer as a Flower message, and back; nothing looks inside.

Flower cuts them into pieces of 5 MiB, sends these by HTTPS, and puts them together again. It never
learns that they are numbers: no strategy of Flower's can average them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from flwr.app import Array, ArrayRecord, Message, RecordDict

REFUSED = 2  # Flower's code of an error that comes from a hospital, not from the network
_RECORD = "parcel"
_ARRAY = "bytes"


class Headers:
    """Adds fixed headers to the requests of a Flower client.

    Parameters
    ----------
    headers
        Name to value.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.headers = headers

    def intercept(self, context: Any, call_next: Any) -> httpx.Response:
        """Add them; Flower's clients call this for each request."""
        context.request.headers.update(self.headers)
        response: httpx.Response = call_next(context)
        return response


def packed(data: bytes) -> RecordDict:
    """Return bytes as the content of a message."""
    array = Array(dtype="uint8", shape=(len(data),), stype="ciphertext", data=data)
    return RecordDict({_RECORD: ArrayRecord({_ARRAY: array})})


def unpacked(message: Message) -> bytes:
    """Return the bytes in a message.

    Raises
    ------
    ValueError
        If it is no message that `packed` made.
    """
    try:
        data: bytes = message.content[_RECORD][_ARRAY].data
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a message holds no parcel: {error}") from error
    return data

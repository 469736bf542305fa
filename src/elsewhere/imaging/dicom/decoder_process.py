"""decoder_process: the child process of `decoder_pool`, which decodes compressed frames in turn.

Decoders are C and C++ libraries, and their input may be damaged or malicious. A crash, an endless
loop or a huge allocation ends this process and no other.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import warnings
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import numpy.typing as npt

from elsewhere.files import of_one_file
from elsewhere.imaging.dicom import codestream, decoders
from elsewhere.imaging.dicom.header import Stored
from elsewhere.imaging.volume import Unusable

READY = b"ready"
DONE, REFUSED, LOST = b"+", b"-", b"!"


@lru_cache(maxsize=2)
def _known_parts(path: Path, offset: int, _changed_ns: int) -> codestream.Parts:
    return codestream.fragments(path, offset)


def _parts(path: Path, stored: Stored) -> codestream.Parts:
    """Return the fragments of a file; those of a multi-frame file are cached until it changes."""
    if stored.frames == 1:
        return codestream.fragments(path, stored.offset)
    return _known_parts(path, stored.offset, path.stat().st_mtime_ns)


def decoded(path: Path, stored: Stored, index: int) -> npt.NDArray[np.generic]:
    """Decode one frame.

    Returns
    -------
    numpy.ndarray
        Stored values [y, x], 8, 16 or 32 bits.

    Raises
    ------
    Unusable
        What `codestream.frame` and `decoders.decoded` raise.
    """
    if not decoders.order(stored.transfer_syntax):
        raise Unusable("unsupported_syntax", "no decoder knows this transfer syntax")
    data = codestream.frame(path, stored, index, _parts(path, stored))
    return decoders.decoded(data, stored)


def answer(request: tuple[Path, Stored, int], room: int) -> bytes:
    """Decode one frame.

    Parameters
    ----------
    request
        The file, its pixel format, and the number of the frame.
    room
        Descriptor of the file in memory that the values are written to. It is mapped nowhere: what
        a crashed decoder leaves there can do no harm to the other process.

    Returns
    -------
    bytes
        `DONE`, a type of three characters and the number of values; or `REFUSED`, code and
        sentence; or `LOST` and the number of an error of the disk or the network.
    """
    try:
        values = np.ascontiguousarray(decoded(*request))
        if os.pwrite(room, values.data, 0) < values.nbytes:
            raise MemoryError
    except Unusable as error:
        return _refused(error.reason, error.detail)
    except MemoryError:
        return _refused("decoder_memory", "decoding needs more memory than the limit allows")
    except OSError as error:
        if not of_one_file(error):
            return LOST + str(error.errno).encode()
        return _refused("unreadable", "the file can no longer be read")
    kind: str = values.dtype.str
    return DONE + kind.encode() + str(values.size).encode()


def _refused(reason: str, detail: str) -> bytes:
    return REFUSED + json.dumps([reason, detail]).encode()


def answer_all(connection: Connection, room: int, *, seconds: float) -> None:
    """Answer requests until the parent closes the connection; end this process at the time limit.

    The kernel measures the time, because a decoder that hangs does not return to Python. The limit
    is in seconds per frame; 0 is no limit.
    """
    while True:
        try:
            request = connection.recv()
        except EOFError:
            return
        decoders.prepare(request[1].transfer_syntax)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        response = answer(request, room)
        signal.setitimer(signal.ITIMER_REAL, 0)
        connection.send_bytes(response)


def main() -> None:
    """Serve a socket; the arguments are its descriptor, the room's, the gigabytes, the seconds."""
    # pydicom's warnings quote values of the header
    warnings.simplefilter("ignore")
    descriptor, room, gigabytes, seconds = sys.argv[1:]
    limit = int(float(gigabytes) * 1e9)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    with Connection(int(descriptor)) as connection:
        connection.send_bytes(READY)
        answer_all(connection, int(room), seconds=float(seconds))


if __name__ == "__main__":
    main()

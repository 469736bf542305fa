"""decoder_process: the child process of `decoder_pool`, which decodes compressed frames in turn.

Decoders are C and C++ libraries, and their input may be damaged or malicious. A crash, an endless
loop or a huge allocation ends this process and no other.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import warnings
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom.config
from pydicom.encaps import encapsulate
from pydicom.pixels import get_decoder

from elsewhere.files import of_one_file
from elsewhere.imaging.dicom import codestream
from elsewhere.imaging.dicom.header import Stored
from elsewhere.imaging.volume import Unusable

READY = b"ready"
DONE, REFUSED, LOST = b"+", b"-", b"!"

# GDCM, which pydicom tries first, is the fastest for JPEG and JPEG-LS, but not for these
_PYLIBJPEG_FIRST = (codestream.RLE, *codestream.JPEG_2000)


@lru_cache(maxsize=2)
def _known_parts(path: Path, offset: int, _changed_ns: int) -> codestream.Parts:
    return codestream.fragments(path, offset)


def _parts(path: Path, stored: Stored) -> codestream.Parts:
    """Return the fragments of a file; those of a multi-frame file are cached until it changes."""
    if stored.frames == 1:
        return codestream.fragments(path, stored.offset)
    return _known_parts(path, stored.offset, path.stat().st_mtime_ns)


def decoded(path: Path, stored: Stored, index: int) -> npt.NDArray[np.generic]:
    """Decode one frame by pydicom's plugins.

    Returns
    -------
    numpy.ndarray
        Stored values [y, x], 8, 16 or 32 bits.

    Raises
    ------
    Unusable
        What `codestream.frame` raises, and `unsupported_syntax`.
    """
    try:
        decoder = get_decoder(stored.transfer_syntax)
    except NotImplementedError as error:
        raise Unusable("unsupported_syntax", "no decoder knows this transfer syntax") from error
    plugins = decoder.available_plugins
    if not plugins:
        raise Unusable("unsupported_syntax", "no decoder of this transfer syntax is installed")
    data = codestream.frame(path, stored, index, _parts(path, stored))
    options: dict[str, Any] = {
        "rows": stored.rows,
        "columns": stored.columns,
        "number_of_frames": 1,
        "samples_per_pixel": stored.samples,
        "bits_allocated": stored.bits_allocated,
        "bits_stored": stored.bits_stored,
        "photometric_interpretation": stored.photometric,
        "pixel_representation": int(stored.signed),
        "pixel_keyword": "PixelData",
    }
    first = "pylibjpeg" if stored.transfer_syntax.startswith(_PYLIBJPEG_FIRST) else "gdcm"
    order = sorted(plugins, key=lambda name: name != first)
    return _first(decoder, order, encapsulate([data]), options)


def _first(
    decoder: Any, plugins: list[str], data: bytes, options: dict[str, Any]
) -> npt.NDArray[np.generic]:
    """Return the result of the first plugin that does not fail."""
    failures: set[str] = set()
    for plugin in plugins:
        try:
            array: npt.NDArray[np.generic] = decoder.as_array(
                data, index=0, raw=True, decoding_plugin=plugin, **options
            )[0]
            return array
        except (MemoryError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic in Rust is not an Exception
            failures.add(type(error).__name__)
    kinds = ", ".join(sorted(failures))
    raise Unusable("decoder_failed", f"no decoder could read the compressed pixels ({kinds})")


def answer(request: tuple[Path, Stored, int]) -> bytes:
    """Decode one frame.

    Returns
    -------
    bytes
        `DONE`, a type of three characters and the stored values; or `REFUSED`, code and sentence;
        or `LOST` and the number of an error of the disk or the network.
    """
    try:
        values = decoded(*request)
    except Unusable as error:
        return _refused(error.reason, error.detail)
    except MemoryError:
        return _refused("decoder_memory", "decoding needs more memory than the limit allows")
    except OSError as error:
        if not of_one_file(error):
            return LOST + str(error.errno).encode()
        return _refused("unreadable", "the file can no longer be read")
    return DONE + values.dtype.str.encode() + values.tobytes()


def _refused(reason: str, detail: str) -> bytes:
    return REFUSED + json.dumps([reason, detail]).encode()


def answer_all(connection: Connection, *, seconds: float) -> None:
    """Answer requests until the parent closes the connection; end this process at the time limit.

    The kernel measures the time, because a decoder that hangs does not return to Python. The limit
    is in seconds per frame; 0 is no limit.
    """
    while True:
        try:
            request = connection.recv()
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_REAL, seconds)
        response = answer(request)
        signal.setitimer(signal.ITIMER_REAL, 0)
        connection.send_bytes(response)


def main() -> None:
    """Serve a socket; the arguments are its file descriptor, the gigabytes and the seconds."""
    # pydicom's warnings quote values of the header
    warnings.simplefilter("ignore")
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    descriptor, gigabytes, seconds = sys.argv[1:]
    limit = int(float(gigabytes) * 1e9)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    with Connection(int(descriptor)) as connection:
        connection.send_bytes(READY)
        answer_all(connection, seconds=float(seconds))


if __name__ == "__main__":
    main()

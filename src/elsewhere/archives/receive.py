"""receive: instances that an archive sends to us, by C-GET's or C-MOVE's C-STORE (PS3.4 B, C.4)."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pydicom import dcmread
from pydicom.errors import InvalidDicomError
from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.events import Event

from elsewhere.archives.archive import ArchiveError, Keep
from elsewhere.archives.association import server_context
from elsewhere.archives.credentials import Credentials
from elsewhere.archives.pace import Pace
from elsewhere.archives.shelf import Unsound
from elsewhere.design.archives.dimse import DimseArchive

SYNTAXES: tuple[UID, ...] = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    JPEG2000Lossless,
    JPEG2000,
    HTJ2KLossless,
    RLELossless,
)
# PS3.4 table B.2-1
SUCCESS, UNSOUND, OUT_OF_RESOURCES, NOT_AUTHORIZED = 0x0000, 0xC000, 0xA700, 0x0124


class Arriving:
    """Instances of one series on their way to us.

    Attributes
    ----------
    left
        Instance UIDs that have not come.
    problem
        What makes going on useless, such as a full disk.
    """

    def __init__(self, wanted: Iterable[str], keep: Keep, *, pace: Pace) -> None:
        self.left = set(wanted)
        self.problem: BaseException | None = None
        self.last = time.monotonic()
        self._keep, self._pace = keep, pace
        self._lock = threading.Lock()

    def store(self, event: Event) -> int:
        """Take one instance; return the status that the archive is told."""
        uid = affected(event)
        if uid not in self.left:
            return SUCCESS
        if self.problem:
            return OUT_OF_RESOURCES
        try:
            self._pace.turn()
            self._keep(dcmread(io.BytesIO(event.encoded_dataset())))
        except (Unsound, InvalidDicomError, EOFError, AttributeError):
            return UNSOUND
        except BaseException as error:
            # raised where the request was made: this thread may be the library's
            self.problem = error
            return OUT_OF_RESOURCES
        with self._lock:
            self.left.discard(uid)
            self.last = time.monotonic()
        return SUCCESS

    def settle(self, seconds: float, *, left: int) -> None:
        """Wait until no more than `left` are missing, or nothing has come for some seconds."""
        self.last = time.monotonic()
        while len(self.left) > left and not self.problem:
            self._pace.wait(0.01)
            if time.monotonic() - self.last > seconds:
                return

    def checked(self) -> None:
        """Raise what makes going on useless."""
        if self.problem:
            raise self.problem


def affected(event: Event) -> str:
    """Return which instance a C-STORE request says that it brings."""
    return str(getattr(event.request, "AffectedSOPInstanceUID", ""))


class Listener:
    """The address at which C-MOVE reaches us; takes only what was asked for."""

    def __init__(self, row: DimseArchive, credentials: Credentials) -> None:
        self._row, self._credentials = row, credentials
        self._expected: dict[str, Arriving] = {}
        self._lock = threading.Lock()
        self._entity: AE | None = None

    @contextmanager
    def expecting(self, arriving: Arriving) -> Iterator[None]:
        """Take the instances of a series while the block runs."""
        wanted = set(arriving.left)
        with self._lock:
            self._listen()
            self._expected |= dict.fromkeys(wanted, arriving)
        try:
            yield
        finally:
            with self._lock:
                for uid in wanted:
                    self._expected.pop(uid, None)

    def close(self) -> None:
        """Free the port."""
        with self._lock:
            if self._entity is not None:
                self._entity.shutdown()
                self._entity = None

    def _listen(self) -> None:
        if self._entity is not None:
            return
        entity = AE(ae_title=self._row.calling_aet)
        entity.require_called_aet = True
        entity.dimse_timeout = entity.network_timeout = self._row.answer_seconds
        for context in AllStoragePresentationContexts:
            entity.add_supported_context(str(context.abstract_syntax), list(SYNTAXES))
        tls = None if self._row.tls == "none" else server_context(self._row, self._credentials)
        at = (self._row.listen_host, self._row.listen_port or 0)
        try:
            entity.start_server(
                at, block=False, ssl_context=tls, evt_handlers=[(evt.EVT_C_STORE, self._store)]
            )
        except OSError as error:
            raise ArchiveError(
                f"cannot listen at {at[0]}:{at[1]} ({error.strerror}); choose another listen_port "
                "and tell the archive's administrator"
            ) from None
        self._entity = entity

    def _store(self, event: Event) -> int:
        arriving = self._expected.get(affected(event))
        return NOT_AUTHORIZED if arriving is None else arriving.store(event)

"""receive: accept the instances that an archive sends by C-STORE (PS3.4 annexes B and C.4)."""

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
from elsewhere.archives.instance_store import InvalidInstance
from elsewhere.archives.pace import Pace
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
SUCCESS, CANNOT_UNDERSTAND, OUT_OF_RESOURCES, NOT_AUTHORIZED = 0x0000, 0xC000, 0xA700, 0x0124


class Transfer:
    """The retrieval of one series' instances, by C-GET or C-MOVE.

    Attributes
    ----------
    pending
        UIDs of the instances that have not arrived.
    problem
        An error that ends the retrieval, such as a full disk.
    """

    def __init__(self, wanted: Iterable[str], keep: Keep, *, pace: Pace) -> None:
        self.pending = set(wanted)
        self.problem: BaseException | None = None
        self.last = time.monotonic()
        self._keep, self._pace = keep, pace
        self._lock = threading.Lock()

    def store(self, event: Event) -> int:
        """Keep one instance; return the status of the C-STORE response."""
        uid = instance_uid(event)
        if uid not in self.pending:
            return SUCCESS
        if self.problem:
            return OUT_OF_RESOURCES
        try:
            self._pace.wait_turn()
            self._keep(dcmread(io.BytesIO(event.encoded_dataset())))
        except (InvalidInstance, InvalidDicomError, EOFError, AttributeError):
            return CANNOT_UNDERSTAND
        except BaseException as error:
            # `raise_problem` raises it in our thread: this one may belong to pynetdicom
            self.problem = error
            return OUT_OF_RESOURCES
        with self._lock:
            self.pending.discard(uid)
            self.last = time.monotonic()
        return SUCCESS

    def settle(self, seconds: float, *, at_most: int) -> None:
        """Wait until at most `at_most` instances are pending, or none came for `seconds`."""
        self.last = time.monotonic()
        while len(self.pending) > at_most and not self.problem:
            self._pace.wait(0.01)
            if time.monotonic() - self.last > seconds:
                return

    def raise_problem(self) -> None:
        """Raise the error that ended the retrieval, if there is one."""
        if self.problem:
            raise self.problem


def instance_uid(event: Event) -> str:
    """Return the instance UID that a C-STORE request states."""
    return str(getattr(event.request, "AffectedSOPInstanceUID", ""))


class Listener:
    """Our storage server, to which C-MOVE sends; it accepts requested instances only."""

    def __init__(self, row: DimseArchive, credentials: Credentials) -> None:
        self._row, self._credentials = row, credentials
        self._expected: dict[str, Transfer] = {}
        self._lock = threading.Lock()
        self._entity: AE | None = None

    @contextmanager
    def expecting(self, transfer: Transfer) -> Iterator[None]:
        """Accept the instances of a transfer while the block runs."""
        wanted = set(transfer.pending)
        with self._lock:
            self._listen()
            self._expected |= dict.fromkeys(wanted, transfer)
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
        address = (self._row.listen_host, self._row.listen_port or 0)
        try:
            entity.start_server(
                address, block=False, ssl_context=tls, evt_handlers=[(evt.EVT_C_STORE, self._store)]
            )
        except OSError as error:
            raise ArchiveError(
                f"cannot listen at {address[0]}:{address[1]} ({error.strerror}); choose another "
                "listen_port and tell the archive's administrator"
            ) from None
        self._entity = entity

    def _store(self, event: Event) -> int:
        transfer = self._expected.get(instance_uid(event))
        return NOT_AUTHORIZED if transfer is None else transfer.store(event)

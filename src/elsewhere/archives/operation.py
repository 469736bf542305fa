"""operation: run one C-FIND, C-GET or C-MOVE and interpret its statuses (PS3.4 annex C)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

from pydicom.dataset import Dataset
from pynetdicom import build_context
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from elsewhere.archives.archive import Denied, Failed, Unavailable
from elsewhere.archives.association import NOT_OFFERED
from elsewhere.archives.pace import Transient
from elsewhere.archives.receive import SYNTAXES, Transfer

Responses = Iterator[tuple[Dataset, Dataset | None]]
Request = Callable[[], Responses]
# PS3.4 C.4.1.1.4, C.4.2.1.5, C.4.3.1.4
_GOOD = (0x0000, 0xFF00, 0xFF01)
_PARTLY = 0xB000
_DESTINATION_UNKNOWN, _NOT_SUPPORTED, _CANCELLED = 0xA801, 0x0122, 0xFE00
_BUSY = (0xA700, 0xA701)
# a C-FIND that ends so after some results, not cancelled by us: the archive limits their number
TRUNCATED = (_CANCELLED, 0xA700)
SILENT = "the archive aborts the association or does not answer; does it know our title?"
DESTINATION = (
    "for C-MOVE its administrator must add our title, host and listen_port as a destination"
)
_MOST_CONTEXTS = 127
# some archives report C-MOVE as done while the last instances are still being sent
_SETTLE_S = 2.0


def storage_contexts(classes: Sequence[str]) -> list[PresentationContext]:
    """Return the presentation contexts that we accept, one for each transfer syntax.

    With a context for each syntax the archive need not transcode. An association holds at most 128
    contexts; with too many SOP classes the archive chooses one syntax for each class.
    """
    if len(classes) * len(SYNTAXES) > _MOST_CONTEXTS:
        return [build_context(uid, list(SYNTAXES)) for uid in classes[:_MOST_CONTEXTS]]
    return [build_context(uid, syntax) for uid in classes for syntax in SYNTAXES]


@contextlib.contextmanager
def released(association: Association) -> Iterator[None]:
    """Release an association after the block, or abort it if the block fails."""
    try:
        yield
    except BaseException:
        association.abort(block=False)
        raise
    if association.is_established:
        association.release()


def send_request(request: Request) -> Responses:
    """Send a request; explain a rejected presentation context and an ended association.

    Raises
    ------
    Denied
        If the archive does not offer this service.
    Transient
        If the association has ended.
    """
    try:
        return request()
    except ValueError:
        raise Denied(NOT_OFFERED) from None
    except RuntimeError:
        raise Transient(Unavailable("the association has ended")) from None


def run_retrieval(request: Request, transfer: Transfer) -> None:
    """Run a C-GET or C-MOVE to its end; instances that did not come stay in `transfer.pending`.

    Raises
    ------
    Denied
        If the archive does not offer the service, or does not know us as a destination.
    Transient
        If it failed and may succeed later.
    """
    before = len(transfer.pending)
    for status, _ in send_request(request):
        transfer.raise_problem()
        with contextlib.suppress(Failed):
            check_status(status.get("Status"))
        still_due = before - int(status.get("NumberOfCompletedSuboperations") or 0)
    transfer.settle(_SETTLE_S, at_most=still_due)
    transfer.raise_problem()


def check_status(status: int | None) -> None:
    """Check a status: success, pending and partial success pass.

    Raises
    ------
    Denied, Failed, Transient
        For every other status.
    """
    if status is None:
        raise Transient(Unavailable(SILENT))
    if status in _GOOD or status == _PARTLY:
        return
    if status == _DESTINATION_UNKNOWN:
        raise Denied(f"the archive does not know where to send: {DESTINATION}")
    if status == _NOT_SUPPORTED:
        raise Denied("the archive does not support this service; change `retrieve`")
    if status in _BUSY or status == _CANCELLED:
        raise Transient(Unavailable(f"the archive has no room (status 0x{status:04X})"))
    raise Failed(f"status 0x{status:04X}")

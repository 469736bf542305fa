"""operation: one C-FIND, C-GET or C-MOVE, and what its statuses mean (PS3.4 annex C)."""

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
from elsewhere.archives.receive import SYNTAXES, Arriving

Responses = Iterator[tuple[Dataset, Dataset | None]]
Ask = Callable[[], Responses]
# PS3.4 C.4.1.1.4, C.4.2.1.5, C.4.3.1.4
_GOOD = (0x0000, 0xFF00, 0xFF01)
_PARTLY = 0xB000
_DESTINATION_UNKNOWN, _NOT_SUPPORTED, _CANCELLED = 0xA801, 0x0122, 0xFE00
_BUSY = (0xA700, 0xA701)
# of a C-FIND after some results, where nobody cancelled: the archive limits their number
CUT = (_CANCELLED, 0xA700)
SILENT = "the archive aborts the association, or is silent; does it know our title?"
DESTINATION = (
    "for C-MOVE its administrator must add our title, host and listen_port as a destination"
)
_MOST_CONTEXTS = 127
# some archives report C-MOVE as done while the last instances are under way
_SETTLE_S = 2.0


def storage_contexts(classes: Sequence[str]) -> list[PresentationContext]:
    """Return what we offer to receive: each transfer syntax on its own, that none is transcoded.

    An association holds 128 contexts; for too many SOP classes the archive chooses a syntax each.
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


def started(ask: Ask) -> Responses:
    """Send a request; a missing presentation context and an ended association get their reasons.

    Raises
    ------
    Denied
        If the archive does not offer this service.
    Transient
        If the association has ended.
    """
    try:
        return ask()
    except ValueError:
        raise Denied(NOT_OFFERED) from None
    except RuntimeError:
        raise Transient(Unavailable("the association has ended")) from None


def follow(ask: Ask, arriving: Arriving) -> None:
    """Let a C-GET or C-MOVE run to its end; what it could not send stays in `arriving.left`.

    Raises
    ------
    Denied, Transient
        If going on is useless, or useless now.
    """
    before = len(arriving.left)
    for status, _ in started(ask):
        arriving.checked()
        with contextlib.suppress(Failed):
            judge(status.get("Status"))
        done = before - int(status.get("NumberOfCompletedSuboperations") or 0)
    arriving.settle(_SETTLE_S, left=done)
    arriving.checked()


def judge(status: int | None) -> None:
    """Return if a status is good, in part or so far.

    Raises
    ------
    Denied, Failed, Transient
        If it is not.
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

"""receive: only requested instances are accepted; a stop ends the waiting."""

import threading
import time
from typing import Any

import pydicom
import pytest
from pynetdicom import AE

from elsewhere.archives.credentials import Credentials
from elsewhere.archives.pace import Pace, Stopped
from elsewhere.archives.receive import Listener, Transfer

ONE, OTHER = "1.2.826.10.1.1", "1.2.826.10.1.2"


def transfer(came: list[Any], **changes: Any) -> Transfer:
    pace = Pace(1000, 0.01, 0.1, 2)
    return Transfer([ONE], changes.get("keep", came.append), pace=changes.get("pace", pace))


@pytest.fixture
def send(start_scp: Any, dimse_row: Any, held: Any) -> Any:
    """Send instances to a listener, as an archive would; return the statuses."""
    row = dimse_row(start_scp(), retrieve="move")
    listener = Listener(row, Credentials())

    def sent(expected: Transfer, *, title: str = row.calling_aet) -> list[int]:
        with listener.expecting(expected):
            entity = AE(ae_title="ANY")
            entity.add_requested_context(pydicom.uid.CTImageStorage)
            association = entity.associate("127.0.0.1", row.listen_port, ae_title=title)
            if not association.is_established:
                return []
            files = [path for path in held.paths if path.name in ("0-0.dcm", "0-1.dcm")]
            found = [association.send_c_store(path).Status for path in files]
            association.release()
            return found

    yield sent
    listener.close()


def test_only_what_was_asked_for_is_taken(send: Any) -> None:
    came: list[Any] = []
    expected = transfer(came)
    assert send(expected) == [0x0000, 0x0124]
    assert [one.SOPInstanceUID for one in came] == [ONE]
    assert expected.pending == set()
    assert send(transfer([], keep=came.append)) == [0x0000, 0x0124], "the next series"


def test_who_calls_another_title_is_turned_away(send: Any) -> None:
    assert send(transfer([]), title="ANOTHER") == []


def test_a_problem_is_raised_where_it_was_asked(send: Any) -> None:
    def keep(_: Any) -> None:
        raise OSError("full")

    expected = transfer([], keep=keep)
    assert send(expected) == [0xA700, 0x0124]
    with pytest.raises(OSError, match="full"):
        expected.raise_problem()
    assert expected.pending == {ONE}


def test_it_settles_for_a_while_only() -> None:
    expected = transfer([])
    begun = time.monotonic()
    expected.settle(0.1, at_most=0)
    assert 0.1 <= time.monotonic() - begun < 2
    threading.Timer(0.05, expected.pending.clear).start()
    expected.settle(30, at_most=0)
    assert time.monotonic() - begun < 10
    pace = Pace(1000, 1, 1, 1)
    pace.stop.set()
    with pytest.raises(Stopped):
        transfer([], pace=pace).settle(30, at_most=0)

"""All that leaves is in the outbox before it leaves."""

import hashlib
import json

from elsewhere.carriers.outbox import LEDGER, SCORES, Outbox
from elsewhere.federation import wire
from elsewhere.federation.wire import Message


def sealed(number, kind="round"):
    return wire.encode(Message({"kind": kind, "request": str(number)}, (bytes([number]) * 99,)))


def test_every_message_has_a_line(tmp_path):
    outbox = Outbox(tmp_path / "outbox")
    refused = wire.refused(b"x", 'main says "no", and\nwhy')
    for number, answer in enumerate([sealed(1, "key"), sealed(2), refused, sealed(2)], start=1):
        outbox.put(answer, number=str(number))
    entries = Outbox(tmp_path / "outbox").entries()
    assert [(entry.kind, entry.round) for entry in entries] == [
        ("key", "1"), ("round", "2"), ("refused", "3"), ("round", "4"),
    ]  # fmt: skip
    assert entries[2].text == 'main says "no", and?why'
    assert entries[1].sha256 == hashlib.sha256(sealed(2)).hexdigest()
    assert int(entries[1].bytes) == len(sealed(2))


def test_the_last_two_sealed_messages_are_kept(tmp_path):
    outbox = Outbox(tmp_path)
    for number in (1, 2, 3, 2, 2):
        outbox.put(sealed(number), number=str(number))
    kept = {path.read_bytes() for path in tmp_path.glob("*.bin")}
    assert kept == {sealed(2), sealed(3)}
    for path in tmp_path.glob("*.bin"):
        assert hashlib.sha256(path.read_bytes()).hexdigest().startswith(path.stem)


def test_scores_can_be_read_by_a_person(tmp_path):
    scores = json.dumps({"parts": {"": {"auc": 0.5}}}, indent=1).encode()
    Outbox(tmp_path).put(wire.encode(Message({"kind": "scores"}, (scores,))), number="3")
    assert (tmp_path / SCORES).read_bytes() == scores


def test_a_ledger_that_was_cut_goes_on_in_a_new_line(tmp_path):
    """A full disk or a power cut may end within a line; the hospital must still answer."""
    outbox = Outbox(tmp_path)
    for number in (1, 2):
        outbox.put(sealed(number), number=str(number))
    whole = (tmp_path / LEDGER).read_bytes()
    for cut in range(0, len(whole), 7):
        (tmp_path / LEDGER).write_bytes(whole[:cut])
        outbox.put(sealed(3), number="3")
        last = outbox.entries()[-1]
        if cut == 0 or cut > whole.index(b"\n"):
            assert (last.kind, last.round) == ("round", "3")


def test_an_empty_outbox_has_no_ledger(tmp_path):
    assert Outbox(tmp_path).entries() == []
    assert not (tmp_path / LEDGER).exists()

"""Messages are whole or refused."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.federation.wire import (
    MAGIC,
    Message,
    RefusedError,
    decode,
    digest,
    encode,
    pack,
    refused,
    unpack,
)


@given(st.dictionaries(st.text(), st.integers() | st.text()), st.lists(st.binary(max_size=40)))
def test_what_is_sent_arrives(header, parts):
    message = Message(header, tuple(parts))
    assert decode(encode(message)) == message
    assert encode(message) == encode(Message(dict(reversed(header.items())), tuple(parts)))


def test_every_cut_and_every_changed_byte_is_refused():
    data = encode(Message({"round": 1}, (b"abc", b"")))
    for end in range(len(data)):
        with pytest.raises(RefusedError):
            decode(data[:end])
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 4
        with pytest.raises(RefusedError):
            decode(bytes(changed))


@pytest.mark.parametrize(
    "header",
    [None, b"", b"junk", b"[]", b"3", b"\xff", b"[" * 100_000, b"1" * 5000],
    ids=["none", "empty", "junk", "list", "number", "bytes", "deep", "long"],
)
def test_a_header_that_is_no_table_is_refused(header):
    body = pack([] if header is None else [header])
    with pytest.raises(RefusedError, match="the header of the message"):
        decode(MAGIC + hashlib.sha256(body).digest() + body)


def test_a_refusal_is_one_printable_line():
    """It lands in logs and terminals of others."""
    said = decode(refused(b"", "no\n12:00:00 forged line \x1b[2J")).refusal
    assert said == "no?12:00:00 forged line ?[2J"
    assert len(decode(refused(b"", "x" * 10_000)).refusal) < 700
    assert Message({"kind": "refused"}).refusal == "no reason is given"


def test_blocks_that_end_early_are_refused():
    packed = pack([b"abcdef"])
    assert unpack(packed) == [b"abcdef"]
    for cut in (packed[:3], packed[:-1]):
        with pytest.raises(RefusedError, match="cut"):
            unpack(cut)


def test_a_refusal_is_a_message():
    answer = decode(refused(b"request", "north has other settings"))
    assert answer.refusal == "north has other settings"
    assert answer.header["request"] == digest(b"request")
    assert Message({"kind": "round"}).refusal is None


def test_parts_are_counted():
    message = Message({}, (b"a", b"b"))
    assert message.exactly(2, sender="north") == (b"a", b"b")
    with pytest.raises(RefusedError, match="answer of north has 2 parts, not 1"):
        message.exactly(1, sender="north")

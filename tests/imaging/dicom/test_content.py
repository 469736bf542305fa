import os
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.imaging.dicom import content
from elsewhere.imaging.volume import Unusable

BARE = {
    "explicit little": b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100",
    "explicit big": b"\x00\x08\x00\x05CS\x00\x0aISO_IR 100",
    "implicit": b"\x08\x00\x05\x00\x0a\x00\x00\x00ISO_IR 100",
    "meta without preamble": b"\x02\x00\x00\x00UL\x04\x00\x10\x00\x00\x00" + bytes(8),
}
OTHERS = {
    "text": b"study,label\n1.2.3,1\n4.5.6,0\n",
    "png": b"\x89PNG\r\n\x1a\n" + bytes(40),
    "short": b"\x08\x00",
    "zeros": bytes(200),
    "absurd first length": b"\x08\x00\x05\x00\xff\xff\xff\x7f" + bytes(20),
}


def source(data):
    return content.Source(lambda position, count: data[position : position + count], len(data))


def test_the_prefix_tells_dicom():
    assert content.data_set_start(source(os.urandom(128) + b"DICM" + bytes(9))) == 132
    assert content.data_set_start(source(b"DICM" + bytes(9))) == 4


@pytest.mark.parametrize("data", BARE.values(), ids=BARE.keys())
def test_bare_data_sets_are_told_by_their_first_element(data):
    assert content.data_set_start(source(data)) == 0


@pytest.mark.parametrize("data", OTHERS.values(), ids=OTHERS.keys())
def test_other_files_are_not_dicom(data):
    assert content.data_set_start(source(data)) is None


@given(st.binary(max_size=300), st.integers(0, 400), st.integers(0, 400))
def test_a_file_gives_the_bytes_that_it_has(tmp_path_factory, data, position, count):
    path = tmp_path_factory.getbasetemp() / "bytes"
    path.write_bytes(data)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        of_file = content.of_file(descriptor, len(data))
        assert of_file.take(position, count) == data[position : position + count]
    finally:
        os.close(descriptor)


def test_a_claimed_length_costs_no_memory(tmp_path):
    path = tmp_path / "short"
    path.write_bytes(bytes(20_000))
    with path.open("rb") as file:
        assert len(content.of_file(file.fileno(), 20_000).take(10_000, 1 << 60)) == 10_000


def packed(data):
    machine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return machine.compress(data) + machine.flush()


def test_a_deflated_data_set_comes_back():
    data = os.urandom(5000)
    found = content.inflated(packed(data) + b"\0")
    assert (found.size, found.take(100, 50)) == (5000, data[100:150])


def test_a_deflation_bomb_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(content, "_MOST_INFLATED", 1 << 20)
    with pytest.raises(Unusable, match=r"unreadable: .* larger than 1 MiB"):
        content.inflated(packed(bytes(4 << 20)))


@pytest.mark.parametrize(("cut", "reason"), [(slice(0, 100), "truncated"), (slice(7, None), "un")])
def test_a_damaged_deflated_data_set(cut, reason):
    with pytest.raises(Unusable, match=reason):
        content.inflated(packed(os.urandom(5000))[cut])

import errno
import json
import multiprocessing
import os
import threading

import numpy as np
import pydicom
import pytest

from elsewhere.imaging.dicom import codestream, decoder_process
from elsewhere.imaging.volume import Unusable


@pytest.fixture
def packed(tmp_path, write_dicom, thorax, rewrite, slices):
    def pack(syntax):
        path = write_dicom(tmp_path, thorax(slices=1, rows=32, columns=24))[0]
        rewrite(path, syntax)
        return path, slices([path])[0].header.stored

    return pack


@pytest.fixture
def room():
    descriptor = os.memfd_create("room")
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize("syntax", ["JPEG lossless", "JPEG-LS", "JPEG 2000", "RLE"])
def test_decodes_as_pydicom_does(packed, syntax):
    path, stored = packed(syntax)
    found = decoder_process.decoded(path, stored, 0)
    np.testing.assert_array_equal(found, pydicom.dcmread(path).pixel_array)


def test_an_unknown_transfer_syntax(packed):
    path, stored = packed("RLE")
    video = stored.__class__(**{**fields(stored), "transfer_syntax": "1.2.840.10008.1.2.4.100"})
    with pytest.raises(Unusable, match="unsupported_syntax"):
        decoder_process.decoded(path, video, 0)


def fields(stored):
    return {name: getattr(stored, name) for name in stored.__slots__}


def test_damaged_pixels_are_refused_and_not_quoted(packed):
    path, stored = packed("RLE")
    content = bytearray(path.read_bytes())
    begin = codestream.fragments(path, stored.offset)[1][0][0]
    content[begin + 64 : begin + 80] = bytes(16)  # literal runs of one zero: too few
    path.write_bytes(content)
    with pytest.raises(Unusable, match="decoder_failed") as refused:
        decoder_process.decoded(path, stored, 0)
    assert str(path) not in str(refused.value)


def test_the_protocol(packed, room):
    """One answer a request, whatever becomes of it."""
    path, stored = packed("JPEG-LS")
    answers = [
        decoder_process.answer((path, stored, 0), room),
        decoder_process.answer((path.with_name("gone"), stored, 0), room),
    ]
    assert answers[0] == b"+<u2%d" % (32 * 24)
    values = np.frombuffer(os.pread(room, 10_000, 0), "<u2").reshape(32, 24)
    np.testing.assert_array_equal(values, pydicom.dcmread(path).pixel_array)
    assert answers[1][:1] == b"-"
    assert json.loads(answers[1][1:])[0] == "unreadable"


def test_it_serves_until_the_other_side_hangs_up(packed, room):
    path, stored = packed("JPEG-LS")
    ours, theirs = multiprocessing.Pipe()
    serving = threading.Thread(
        target=decoder_process.answer_all, args=(theirs, room), kwargs={"seconds": 0}
    )
    serving.start()
    for _ in range(2):
        ours.send((path, stored, 0))
        assert ours.recv_bytes()[:1] == b"+"
    ours.close()
    serving.join(5)
    assert not serving.is_alive()


def test_a_failing_disk_is_told_apart_from_a_damaged_file(packed, room, monkeypatch):
    path, stored = packed("RLE")

    def fail(*_):
        raise OSError(errno.ESTALE, "x")

    monkeypatch.setattr(decoder_process, "decoded", fail)
    answer = decoder_process.answer((path, stored, 0), room)
    assert answer == decoder_process.LOST + str(errno.ESTALE).encode()

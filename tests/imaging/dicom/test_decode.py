import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.imaging.dicom import decode, elements
from elsewhere.imaging.volume import Unusable


def copied(_, decoded):
    return decoded.values.copy()


@pytest.fixture
def one(tmp_path, write_dicom, thorax, slices):
    return slices(write_dicom(tmp_path, thorax(slices=1)))[0]


def changed(one, **stored):
    return replace(one, header=replace(one.header, stored=replace(one.header.stored, **stored)))


def put(one, values, **stored):
    """Overwrite the pixels of a file; return its slice with another layout."""
    path, at = one.header.path, one.header.stored.offset
    content = path.read_bytes()
    packed = np.ascontiguousarray(values).tobytes()
    path.write_bytes(content[:at] + packed)
    return changed(one, rows=values.shape[0], columns=values.shape[1], length=len(packed), **stored)


def test_each_slice_ends_at_its_index(tmp_path, write_dicom, thorax, rewrite, slices, strict):
    """Compressed and uncompressed slices are decoded in different places."""
    files = write_dicom(tmp_path, thorax(rows=32, columns=32))
    for path in files[::2]:
        rewrite(path, "JPEG-LS")
    found = decode.decode_slices(slices(files), strict, copied)
    for values, path in zip(found, files, strict=True):
        np.testing.assert_array_equal(values, pydicom.dcmread(path).pixel_array)


@pytest.mark.parametrize("cores", [1, 3])
def test_threads_read_each_slice_once(
    monkeypatch, tmp_path, write_dicom, thorax, slices, strict, cores
):
    files = write_dicom(tmp_path, thorax(slices=50, rows=8, columns=8))
    monkeypatch.setattr(decode.workers, "unshared_cores", lambda: cores)
    threads = {}

    def used(at, decoded):
        threads[at] = threading.get_ident()
        return copied(at, decoded)

    found = decode.decode_slices(slices(files), strict, used)
    assert sorted(threads) == list(range(50))
    assert len(set(threads.values())) <= cores
    for values, path in zip(found, files, strict=True):
        np.testing.assert_array_equal(values, pydicom.dcmread(path).pixel_array)


def test_one_thread_inflates_a_deflated_file_of_many_frames(monkeypatch, one, strict):
    """Each of 16 would hold all of it, 200 MB for a large one."""
    stored = one.header.stored
    plain = [replace(one, frame=frame) for frame in range(100)]
    syntax = {"transfer_syntax": elements.DEFLATED, "frames": 100}
    packed = [changed(each, **syntax, length=100 * stored.frame_bytes) for each in plain]
    made = []

    class Scratch:
        def __init__(self):
            made.append(self)

        def values(self, slice_):
            return np.zeros((stored.rows, stored.columns), np.uint16)

    monkeypatch.setattr(decode.native, "Scratch", Scratch)
    monkeypatch.setattr(decode.workers, "unshared_cores", lambda: 4)
    assert len(decode.decode_slices(packed, strict, copied)) == 100
    assert len(made) == 1


def bits(value, stored, high_bit, signed):
    """PS3.5 8.1.1 bit by bit: take the bits stored, the highest of which is the sign."""
    number = value >> (high_bit + 1 - stored) & (1 << stored) - 1
    return number - (1 << stored) if signed and number >> (stored - 1) else number


@given(
    words=st.lists(st.integers(0, 0xFFFF), min_size=4, max_size=4),
    stored=st.integers(1, 16),
    above=st.integers(0, 15),
    signed=st.booleans(),
)
def test_only_the_bits_stored_count(tmp_path_factory, words, stored, above, signed):
    """Bits above and below may hold overlays."""
    high_bit = min(stored - 1 + above, 15)
    raw = np.array(words, np.uint16).reshape(2, 2)
    layout = LAYOUT | {"bits_stored": stored, "high_bit": high_bit, "signed": signed}
    found = decode.keep_stored_bits(raw, stored_as(**layout))
    expected = [bits(word, stored, high_bit, signed) for word in words]
    assert found.values.ravel().tolist() == expected
    assert (found.least, found.most) == (min(expected), max(expected))


LAYOUT = {
    "transfer_syntax": "1.2.840.10008.1.2.1",
    "rows": 2,
    "columns": 2,
    "frames": 1,
    "samples": 1,
    "photometric": "MONOCHROME2",
    "bits_allocated": 16,
    "bits_stored": 12,
    "high_bit": 11,
    "signed": False,
    "offset": 0,
    "length": 8,
    "padding": None,
}


def stored_as(**layout):
    return decode.Stored(**LAYOUT | layout)


def test_overlays_are_reported_and_signs_are_not():
    overlay = np.array([[0x1005, 5], [5, 5]], np.uint16)
    assert decode.keep_stored_bits(overlay, stored_as()).beyond
    negative = np.array([[0x0FFF, 5], [5, 5]], np.uint16)  # -1 in 12 bits, the sign not extended
    found = decode.keep_stored_bits(negative, stored_as(signed=True))
    assert found.values[0, 0] == -1
    assert not found.beyond


def test_padding_beyond_the_bits_stored_is_not_cut_to_tissue():
    """63536 in 12 bits would be 2096, which is bone."""
    raw = np.array([[63536, 5], [5, 4095]], np.uint16)
    found = decode.keep_stored_bits(raw, stored_as(padding=(63536, 63536)))
    np.testing.assert_array_equal(found.values, raw)


@pytest.mark.parametrize(
    ("reason", "stored"),
    [
        ("no_pixels", {"offset": -1}),
        ("not_grey", {"photometric": "RGB", "samples": 3}),
        ("not_grey", {"photometric": "PALETTE COLOR"}),
        ("pixel_format", {"rows": 0}),
        ("pixel_format", {"frames": 0}),
        ("unsupported_syntax", {"bits_allocated": 1}),
        ("pixel_format", {"bits_stored": 0}),
        ("pixel_format", {"bits_stored": 17, "high_bit": 16}),
        ("pixel_format", {"high_bit": 3}),
        ("pixel_format", {"length": -1}),
        ("pixel_format", {"transfer_syntax": "1.2.840.10008.1.2.4.90"}),
        ("pixel_format", {"rows": 4}),
        ("truncated", {"frames": 7}),
        ("truncated", {"rows": 4000, "columns": 4000}),
        ("too_large", {"rows": 65535, "columns": 65535}),
    ],
)
def test_a_header_that_cannot_be_true(one, strict, reason, stored):
    with pytest.raises(Unusable) as refused:
        decode.decode_slices([changed(one, **stored)], strict, copied)
    assert refused.value.reason == reason


def test_colours_are_named():
    assert decode.colours(stored_as()) == "grey"
    assert decode.colours(stored_as(photometric="PALETTE COLOR")) == "palette"
    assert decode.colours(stored_as(photometric="YBR_FULL_422", samples=3)) == "rgb"


def test_a_bomb_is_refused_before_anything_is_allocated(one, strict):
    """A thousand small files that each claim a slice of 5000 x 5000, 50 MB."""
    packed = changed(
        one, transfer_syntax="1.2.840.10008.1.2.4.90", length=-1, rows=5000, columns=5000
    )
    with pytest.raises(Unusable, match="too_large"):
        decode.decode_slices([packed] * 1000, strict, copied)


def test_a_byte_of_padding_behind_the_pixels(one, strict):
    values = np.arange(15, dtype=np.uint8).reshape(3, 5)
    padded = put(one, values, bits_allocated=8, bits_stored=8, high_bit=7)
    padded = changed(padded, length=16)
    with one.header.path.open("ab") as file:
        file.write(b"\0")
    np.testing.assert_array_equal(decode.decode_slices([padded], strict, copied)[0], values)


WORKERS = """
import sys
from pathlib import Path
import psutil
from elsewhere.design.site import IntakeRow
from elsewhere.imaging.dicom import decode, recognise
policy = IntakeRow.model_validate_json(sys.argv[1])
for path in sys.argv[2:]:
    decode.decode_slices(recognise.read(Path(path)), policy, lambda index, decoded: None)
print(len(psutil.Process().children()))
"""


def test_uncompressed_files_start_no_process(tmp_path, write_dicom, thorax, strict):
    files = write_dicom(tmp_path, thorax(slices=3))
    found = subprocess.run(
        [sys.executable, "-c", WORKERS, strict.model_dump_json(), *map(str, files)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(decode.__file__).parents[3])},
    )
    assert found.stdout == "0\n"

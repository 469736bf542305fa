"""The walk against pydicom, on pydicom's own test files and on damaged ones."""

import struct
from pathlib import Path

import pydicom
import pydicom.data
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from elsewhere.imaging.dicom import content, elements, parsed
from elsewhere.imaging.dicom.values import TAGS, WANTED
from elsewhere.imaging.volume import Unusable

BUNDLED = sorted(
    path for path in Path(pydicom.data.__file__).parent.rglob("*") if path.suffix != ".pyc"
)
SYNTAXES = {
    "implicit": ImplicitVRLittleEndian,
    "explicit": ExplicitVRLittleEndian,
    "big": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
}


def source(data):
    return content.Source(lambda position, count: data[position : position + count], len(data))


def walked(data):
    found = source(data)
    start = content.data_set_start(found)
    assert start is not None
    return elements.walk(found, start, WANTED)


def begins_as_dicom(path):
    return path.is_file() and content.data_set_start(source(path.read_bytes())) is not None


DICOM = list(filter(begins_as_dicom, BUNDLED))


def trimmed(values):
    """Without the padding, which pydicom keeps in most values; the file meta is checked alone."""
    return {
        tag: value.rstrip(b" \0")
        for tag, value in values.items()
        if tag >> 16 != 2 and value.rstrip(b" \0")
    }


def data_set(*, nested=3):
    """A data set with sequences inside each other that hold what is wanted at the top only."""
    data = Dataset()
    inner = data
    for depth in range(nested):
        child = Dataset()
        child.Rows, child.PatientID = 999, "inner"
        sequence = Sequence([child, Dataset()])
        sequence.is_undefined_length = depth % 2 == 0
        for item in sequence:
            item.is_undefined_length_sequence_item = depth % 3 == 0
        inner.ReferencedStudySequence = sequence
        inner.IconImageSequence = [icon()]
        inner = child
    data.PatientID, data.Rows, data.Columns = "outer", 5, 3
    data.BitsAllocated, data.ImagePositionPatient = 16, [1.5, -2.0, 3.0]
    data.add_new(0x00091001, "UN", b"private bytes ")
    data.PixelData = bytes(range(30))
    data["PixelData"].VR = "OW"
    return data


def icon():
    image = Dataset()
    image.Rows, image.PixelData = 7, b"icon"
    image["PixelData"].VR = "OB"
    return image


def written(path, data, syntax):
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.file_meta.MediaStorageSOPClassUID = "1.2.3"
    data.file_meta.MediaStorageSOPInstanceUID = "1.2.4"
    dcmwrite(path, data, enforce_file_format=True)
    return path.read_bytes()


def known(path):
    """What the walk finds, None if it gives up."""
    try:
        return walked(path.read_bytes())
    except (elements.Unusual, Unusable):
        return None


def test_agrees_with_pydicom_on_its_test_files():
    for path in DICOM:
        found = known(path)
        if found and found.syntax != elements.DEFLATED:
            oracle = parsed.elements(path, WANTED)
            assert (found.offset, found.order) == (oracle.offset, oracle.order), path
            assert found.offset < 0 or found.length == oracle.length, path
            assert trimmed(found.values) == trimmed(oracle.values), path


def test_the_pixels_lie_where_the_walk_says():
    for path in DICOM:
        found = known(path)
        if found:
            pixels = pydicom.dcmread(path, force=True).get("PixelData")
            assert (found.offset >= 0) == (pixels is not None), path
            content = plain(path, found)[found.offset :] if pixels else b""
            assert content[: len(pixels or b"")] == (pixels or b""), path


def plain(path, found):
    """The bytes that an offset counts in."""
    if found.syntax != elements.DEFLATED:
        return path.read_bytes()
    inner = elements.inflated_file(path)
    return inner.take(0, inner.size)


def test_most_test_files_need_no_second_parser():
    assert len(DICOM) > 150
    assert sum(known(path) is None for path in DICOM) < 10


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES.keys())
def test_only_the_top_level_counts(tmp_path, syntax):
    path = tmp_path / "nested"
    data = written(path, data_set(), syntax)
    found = walked(data)
    order = "big" if syntax == ExplicitVRBigEndian else "little"
    assert found.order == order
    assert found.syntax == syntax
    assert found.values[TAGS["patient"]].strip() == b"outer"
    assert int.from_bytes(found.values[TAGS["rows"]], order) == 5
    assert found.values[TAGS["position"]].strip() == b"1.5\\-2.0\\3.0"
    assert found.length == 30
    data = plain(path, found)
    assert sorted(data[found.offset : found.offset + 30]) == list(range(30))


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_a_bare_data_set_tells_its_syntax(tmp_path, syntax):
    data = data_set(nested=0)
    data.SOPClassUID = "1.2.3"
    whole = written(tmp_path / "whole", data, syntax)
    begin = 132 + 12 + struct.unpack_from("<I", whole, 140)[0]
    found = walked(whole[begin:])
    assert (found.syntax, found.offset) == (syntax, walked(whole).offset - begin)


def test_an_unknown_sequence_holds_implicit_elements(tmp_path):
    """PS3.5 6.2.2: what was implicit and private becomes UN of undefined length."""
    whole = written(tmp_path / "whole", data_set(nested=0), ExplicitVRLittleEndian)
    inner = struct.pack("<HHI", 0x0009, 0x1002, 4) + b"UIUI"
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + inner
    ends = struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    unknown = struct.pack("<HH2sHI", 0x0009, 0x1003, b"UN", 0, 0xFFFFFFFF) + item + ends
    plain = walked(whole)
    at = whole.index(struct.pack("<HH2s", 0x0010, 0x0020, b"LO"))
    found = walked(whole[:at] + unknown + whole[at:])
    assert found.offset == plain.offset + len(unknown)
    assert found.values == plain.values


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES.keys())
def test_a_header_cut_anywhere_is_truncated_or_has_no_pixels(tmp_path, syntax):
    data = written(tmp_path / "whole", data_set(), syntax)
    end = walked(data).offset if syntax != DeflatedExplicitVRLittleEndian else len(data) - 1
    assert {result(data[:cut]) for cut in range(145, end, 7)} <= {"truncated", "no pixels"}


def result(data):
    try:
        found = walked(data)
    except Unusable as error:
        return error.reason
    return "no pixels" if found.offset < 0 else "pixels"


def test_nesting_has_no_depth_that_ends_the_walk(tmp_path):
    whole = written(tmp_path / "whole", data_set(nested=0), ExplicitVRLittleEndian)
    opened = struct.pack("<HH2sHI", 0x0008, 0x1110, b"SQ", 0, 0xFFFFFFFF)
    opened += struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    closed = struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    at = whole.index(struct.pack("<HH2s", 0x0010, 0x0020, b"LO"))
    deep = opened * 50_000 + closed * 50_000
    assert walked(whole[:at] + deep + whole[at:]).values == walked(whole).values


def test_endless_elements_are_not_walked_for_ever(monkeypatch):
    monkeypatch.setattr(elements, "_MOST_ELEMENTS", 1000)
    empty = struct.pack("<HH2sH", 0x0008, 0x0005, b"CS", 0)
    with pytest.raises(Unusable, match="unreadable: more than 1000 elements"):
        walked(bytes(128) + b"DICM" + empty * 2000)


SMALL = Path(pydicom.data.__file__).parent / "test_files"
SEEDS = [
    (SMALL / name).read_bytes()[:3000]
    for name in ("CT_small.dcm", "MR_small_implicit.dcm", "MR_small_bigendian.dcm", "image_dfl.dcm")
    if (SMALL / name).is_file()
]


@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(132, 2999), st.integers(0, 255)), max_size=8),
    st.integers(140, 3000),
)
@example(SEEDS[0], [(138, 0xFF), (139, 0xFF)], 3000)
def test_damage_is_always_named(seed, changes, cut):
    data = bytearray(seed)
    for at, byte in changes:
        if at < len(data):
            data[at] = byte
    try:
        found = walked(bytes(data[:cut]))
    except (elements.Unusual, Unusable):
        return
    assert found.offset <= len(data) or found.syntax == elements.DEFLATED

import errno
import os
import shutil
import socket
from collections import Counter
from pathlib import Path

import numpy as np
import pydicom
import pydicom.data
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    BasicTextSRStorage,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    GrayscaleSoftcopyPresentationStateStorage,
    ImplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
    SecondaryCaptureImageStorage,
)

from elsewhere.imaging.dicom import recognise
from elsewhere.imaging.dicom.header import Aside
from elsewhere.imaging.volume import Unusable

BUNDLED = Path(pydicom.data.__file__).parent


@pytest.fixture
def ct(tmp_path, write_dicom, thorax):
    """One CT slice: its path and its content."""
    path = write_dicom(tmp_path / "ct", thorax(slices=1))[0]
    return path, pydicom.dcmread(path)


def outcome(path):
    try:
        recognise.read(path)
    except Aside as error:
        return "set aside", error.reason
    except Unusable as error:
        return "rejected", error.reason
    return "slices", ""


def test_a_slice_has_what_was_written(ct):
    (one,) = recognise.read(ct[0])
    header, stored = one.header, one.header.stored
    assert (header.patient, header.accession, header.sex) == ("PATIENT-SECRET-1", "ACC-SECRET", "F")
    assert (header.series, header.study, header.modality) == ("1.2.826.1", "1.2.826.2", "CT")
    assert header.image_type == ("ORIGINAL", "PRIMARY", "AXIAL")
    assert (header.manufacturer, header.kernel) == ("SIEMENS", "B70s")
    assert one.position_mm == (-100.0, -120.0, -300.0)
    assert one.orientation == (1, 0, 0, 0, 1, 0)
    assert (one.pixel_spacing_mm, one.slope, one.intercept) == ((0.7, 0.8), 1.0, -1024.0)
    assert (stored.rows, stored.columns, stored.frames, stored.samples) == (16, 12, 1, 1)
    assert (stored.bits_allocated, stored.bits_stored, stored.high_bit) == (16, 12, 11)
    content = ct[0].read_bytes()[stored.offset : stored.offset + stored.length]
    assert content == ct[1].PixelData


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_every_way_to_write_elements_gives_the_same_slice(ct, syntax):
    path, data = ct
    (before,) = recognise.read(path)
    data.PixelData = data.pixel_array.astype(
        ">u2" if syntax == ExplicitVRBigEndian else "<u2"
    ).tobytes()
    data.file_meta.TransferSyntaxUID = syntax
    pydicom.dcmwrite(path, data, enforce_file_format=True)
    (after,) = recognise.read(path)
    assert after.header.stored.transfer_syntax == syntax
    assert after.position_mm == before.position_mm
    assert after.header.stored.rows == before.header.stored.rows
    assert after.header.patient == before.header.patient


def test_files_without_preamble(ct):
    path = ct[0]
    content = path.read_bytes()
    begin = 132 + 12 + int.from_bytes(content[140:144], "little")
    for bare in (content[132:], content[128:], content[begin:]):
        path.write_bytes(bare)
        assert recognise.read(path)[0].header.series == "1.2.826.1"


def test_padding_is_in_stored_values(ct):
    path, data = ct
    assert recognise.read(path)[0].header.stored.padding is None
    data.PixelRepresentation = 1
    data.add_new("PixelPaddingValue", "SS", -2000)
    data.save_as(path)
    assert recognise.read(path)[0].header.stored.padding == (-2000, -2000)
    data.add_new("PixelPaddingRangeLimit", "SS", -2048)
    data.save_as(path)
    assert recognise.read(path)[0].header.stored.padding == (-2048, -2000)


def localizer(data):
    data.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]


def colour(data):
    data.SamplesPerPixel, data.PhotometricInterpretation = 3, "RGB"


def palette(data):
    data.PhotometricInterpretation = "PALETTE COLOR"


def capture(data):
    data.SOPClassUID = SecondaryCaptureImageStorage
    del data.ImagePositionPatient


def report(data):
    data.SOPClassUID, data.Modality = BasicTextSRStorage, "SR"
    del data.PixelData, data.Rows, data.Columns


def presentation(data):
    data.SOPClassUID, data.Modality = GrayscaleSoftcopyPresentationStateStorage, "PR"
    del data.PixelData, data.Rows, data.Columns


def directory(data):
    data.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    del data.PixelData, data.SOPClassUID


def dose(data):
    data.SOPClassUID, data.Modality = "1.2.840.10008.5.1.4.1.1.481.2", "RTDOSE"
    data.NumberOfFrames, data.PixelData = 2, 2 * data.PixelData


ASIDE = {
    "localizer": localizer,
    "not_grey": colour,
    "secondary_capture": capture,
    "not_an_image": report,
    "dicomdir": directory,
    "not_ct": dose,
}


@pytest.mark.parametrize(
    ("reason", "change"), [*ASIDE.items(), ("not_grey", palette), ("not_an_image", presentation)]
)
def test_what_is_no_slice_is_set_aside(ct, reason, change):
    path, data = ct
    change(data)
    data.save_as(path)
    assert outcome(path) == ("set aside", reason)


def test_a_grey_capture_that_knows_its_place_is_a_slice(ct):
    """Some archives write every image of a converted CT as a secondary capture."""
    path, data = ct
    data.SOPClassUID = SecondaryCaptureImageStorage
    data.save_as(path)
    assert outcome(path)[0] == "slices"


def set_to(**changes):
    def change(data):
        for name, value in changes.items():
            setattr(data, name, value)

    return change


DAMAGE = {
    "no rows": ("pixel_format", set_to(Rows=0)),
    "absurd matrix": ("truncated", set_to(Rows=65535, Columns=65535)),
    "more bits than there are": ("pixel_format", set_to(BitsStored=17)),
    "high bit outside": ("pixel_format", set_to(HighBit=16)),
    "high bit below": ("pixel_format", set_to(HighBit=10)),
    "odd allocation": ("pixel_format", set_to(BitsAllocated=17)),
    "no frames": ("pixel_format", set_to(NumberOfFrames=0)),
    "no photometric": ("pixel_format", set_to(PhotometricInterpretation="")),
    "cut pixels": ("truncated", set_to(PixelData=bytes(16 * 12 * 2 - 2))),
    "twice the pixels": ("pixel_format", set_to(PixelData=bytes(16 * 12 * 4))),
    "no series": ("no_series", set_to(SeriesInstanceUID="")),
    "frames without place": ("no_geometry", set_to(NumberOfFrames=2, PixelData=bytes(768))),
}


@pytest.mark.parametrize(("reason", "change"), DAMAGE.values(), ids=DAMAGE.keys())
def test_a_header_that_contradicts_itself_is_rejected(ct, reason, change):
    path, data = ct
    change(data)
    data.save_as(path)
    assert outcome(path) == ("rejected", reason)


def test_a_ct_without_pixels_is_rejected(ct):
    path, data = ct
    del data.PixelData
    data.save_as(path)
    assert outcome(path) == ("rejected", "no_pixels")


def test_a_file_cut_inside_its_pixels_is_rejected(ct):
    ct[0].write_bytes(ct[0].read_bytes()[:-10])
    assert outcome(ct[0]) == ("rejected", "truncated")


def test_no_reason_quotes_a_file(ct, caplog, recwarn):
    path, data = ct
    with pydicom.config.disable_value_validation():
        for name in ("PatientID", "Modality", "SOPClassUID", "PhotometricInterpretation"):
            setattr(data, name, "SECRET")
        data.file_meta.MediaStorageSOPClassUID = "SECRET"
        for change in (lambda _: None, localizer, report, set_to(SeriesInstanceUID="")):
            change(data)
            data.SOPClassUID = "SECRET"
            data.save_as(path)
            with pytest.raises(Unusable) as caught:
                recognise.read(path)
            assert "SECRET" not in str(caught.value)
    assert "SECRET" not in caplog.text
    assert not recwarn.list


def test_every_file_of_a_tree_is_counted_once(tmp_path, write_dicom, thorax):
    root = tmp_path / "site"
    images = write_dicom(root / "a" / "b.c" / ".hidden", thorax(slices=3))
    (root / "empty").touch()
    (root / "table.csv").write_text("study,label\n")
    (root / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    shutil.copy(images[0], root / "copy.txt")
    (root / "cut.dcm").write_bytes(images[0].read_bytes()[:-10])
    found = recognise.sort(root)
    assert found.n_files == 8
    assert len(found.slices) == 4
    assert Counter(one.reason for one in found.set_aside) == {"empty_file": 1, "not_dicom": 2}
    assert [(one.path.name, one.reason) for one in found.rejected] == [("cut.dcm", "truncated")]


def test_links_pipes_and_loops_do_not_stop_a_site(tmp_path, write_dicom, thorax):
    root = tmp_path / "site"
    image = write_dicom(root / "a", thorax(slices=1))[0]
    elsewhere = write_dicom(tmp_path / "elsewhere", thorax(slices=2, seed=1))
    (root / "loop").symlink_to(root)
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    (root / "nothing").symlink_to(root / "gone")
    (root / "self").symlink_to(root / "self")
    os.mkfifo(root / "pipe")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(root / "socket"))
    found = recognise.sort(root)
    server.close()
    names = {one.header.path.name for one in found.slices}
    assert names == {image.name, *(path.name for path in elsewhere)}
    assert len(found.slices) == 3
    assert {one.path.name for one in (*found.set_aside, *found.rejected)} == {
        "nothing",
        "pipe",
        "self",
        "socket",
    }


def test_a_deep_tree(tmp_path, write_dicom, thorax):
    write_dicom(tmp_path.joinpath("site", *["d"] * 200), thorax(slices=1))
    assert len(recognise.sort(tmp_path / "site").slices) == 1


def test_a_tree_that_is_gone_has_no_files(tmp_path):
    assert recognise.sort(tmp_path / "gone") == recognise.SortedFiles()


NAMES = st.text("abcXYZ019._- é", min_size=1, max_size=12).filter(lambda name: name.strip("."))


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(NAMES, NAMES), min_size=4, max_size=4, unique=True))
def test_names_and_folders_never_matter(tmp_path_factory, write_dicom, thorax, places):
    root = tmp_path_factory.mktemp("tree")
    files = write_dicom(root / "plain", thorax(slices=4))
    expected = facts(recognise.sort(root / "plain"))
    for number, (path, (folder, name)) in enumerate(zip(files, places, strict=True)):
        target = root / "shuffled" / f"{number}{folder}"
        target.mkdir(parents=True)
        path.rename(target / name)
    assert facts(recognise.sort(root / "shuffled")) == expected


def facts(found):
    return sorted((one.header.instance, one.position_mm) for one in found.slices)


def test_every_bundled_file_of_pydicom_has_one_outcome():
    found = recognise.sort(BUNDLED)
    files = [path for path in BUNDLED.rglob("*") if path.is_file()]
    assert found.n_files == len(files)
    reasons = Counter(one.reason for one in found.set_aside)
    assert reasons["dicomdir"] == 8
    rejected = {one.path.name: one.reason for one in found.rejected}
    assert rejected["MR_truncated.dcm"] == rejected["rtplan_truncated.dcm"] == "truncated"
    images = {one.header.path.name for one in found.slices}
    assert {"CT_small.dcm", "MR_small_bigendian.dcm"} <= images


SEEDS = [
    (BUNDLED / "test_files" / name).read_bytes()
    for name in ("CT_small.dcm", "MR_small_implicit.dcm", "MR_small_bigendian.dcm")
]


@settings(max_examples=150, deadline=2000, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 6500), st.binary(min_size=1, max_size=4)), max_size=10),
    st.integers(0, 40_000),
)
def test_damage_ends_in_one_outcome(tmp_path_factory, seed, changes, cut):
    data = bytearray(seed)
    for at, content in changes:
        data[at : at + len(content)] = content
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(bytes(data[:cut]))
    assert outcome(path)[0] in ("slices", "set aside", "rejected")


def test_deep_sequences_end_in_one_outcome(tmp_path):
    """Implicit items inside each other, as deep as no parser can recurse, then nonsense."""
    path = tmp_path / "deep"
    opened = b"\x08\0\x10\x11\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff"
    path.write_bytes(bytes(128) + b"DICM" + opened * 20_000 + b"\xfe\xff\xdd\xe0??????")
    assert outcome(path)[0] == "rejected"


def test_a_slice_that_pydicom_must_parse_is_the_same(tmp_path, write_dicom, thorax):
    """A value representation that no standard knows, in a private element."""
    path = write_dicom(tmp_path, thorax(slices=1))[0]
    (before,) = recognise.read(path)
    content = path.read_bytes()
    at = content.index(b"\x10\0\x20\0LO")
    path.write_bytes(content[:at] + b"\x09\0\x01\x10ZZ\x02\0ab" + content[at:])
    (after,) = recognise.read(path)
    assert after.header.stored.offset == before.header.stored.offset + 10
    assert after.position_mm == before.position_mm
    assert after.header.patient == before.header.patient


def test_the_place_of_pixels_agrees_with_pydicom():
    for one in recognise.sort(BUNDLED / "test_files").slices:
        stored = one.header.stored
        if stored.length > 0 and stored.transfer_syntax != DeflatedExplicitVRLittleEndian:
            content = one.header.path.read_bytes()[stored.offset :][: stored.length]
            pixels = pydicom.dcmread(one.header.path, force=True).PixelData
            np.testing.assert_array_equal(np.frombuffer(content, "u1"), np.frombuffer(pixels, "u1"))


def test_an_empty_data_set_is_rejected(tmp_path):
    path = tmp_path / "nothing"
    empty = FileDataset(path, Dataset(), file_meta=FileMetaDataset(), preamble=bytes(128))
    empty.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    empty.save_as(path)
    assert outcome(path) == ("rejected", "unreadable")
    empty.SOPClassUID = CTImageStorage
    empty.save_as(path)
    assert outcome(path) == ("rejected", "no_pixels")


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE, errno.ETIMEDOUT])
def test_a_failing_disk_is_no_damaged_file(tmp_path, write_dicom, thorax, monkeypatch, code):
    """Its slice would be missing from the volume; a later run may read it."""
    *_, last = write_dicom(tmp_path, thorax())
    real = os.open

    def broken(path, flags, *rest, **more):
        if str(path) == str(last):
            raise OSError(code, os.strerror(code))
        return real(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", broken)
    with pytest.raises(OSError, match=os.strerror(code)):
        recognise.sort(tmp_path)

from dataclasses import replace

import pydicom
import pytest
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from elsewhere.imaging.dicom import copies, recognise


@pytest.fixture
def rewritten(tmp_path, write_dicom, thorax):
    """The same slice as written, and after a change of its data set."""
    path = write_dicom(tmp_path, thorax(slices=1))[0]

    def rewrite(change):
        data = pydicom.dcmread(path)
        change(data)
        pydicom.dcmwrite(tmp_path / "other", data, enforce_file_format=True)
        return recognise.read(path)[0], recognise.read(tmp_path / "other")[0]

    return rewrite


def rename(data):
    data.SOPInstanceUID, data.PatientComments = "1.2.3", "moves all that follows"


def one_voxel(data):
    data.PixelData = b"\x01\x00" + data.PixelData[2:]


def scale(data):
    data.RescaleSlope = 2


def implicit(data):
    data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian


def big(data):
    data.PixelData = data.pixel_array.astype(">u2").tobytes()
    data.file_meta.TransferSyntaxUID = ExplicitVRBigEndian


def packed(data):
    data.compress(RLELossless, generate_instance_uid=False)


CASES = {
    "another header": (rename, True),
    "one voxel": (one_voxel, False),
    "another scale": (scale, False),
    "implicit": (implicit, True),
    "other byte order": (big, None),
    "compressed": (packed, None),
}


@pytest.mark.parametrize(("change", "answer"), CASES.values(), ids=CASES.keys())
def test_the_same_pixels_or_not(rewritten, change, answer):
    one, other = rewritten(change)
    assert copies.same(one, other) is answer
    assert copies.same(other, one) is answer


def test_compressed_copies_have_the_same_bytes(rewritten, tmp_path):
    _, other = rewritten(packed)
    third = tmp_path / "third"
    third.write_bytes(other.header.path.read_bytes())
    assert copies.same(other, recognise.read(third)[0])


def test_a_file_that_is_gone_is_not_judged(rewritten, tmp_path):
    one, other = rewritten(rename)
    gone = replace(other, header=replace(other.header, path=tmp_path / "gone"))
    assert copies.same(one, gone) is None

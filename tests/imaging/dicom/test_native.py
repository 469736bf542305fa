import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRBigEndian

from elsewhere.imaging.dicom import native
from elsewhere.imaging.volume import Unusable


@pytest.mark.parametrize(
    "syntax", ["implicit little", "explicit little", "explicit big", "deflated"]
)
def test_reads_what_pydicom_reads(tmp_path, write_dicom, thorax, rewrite, slices, syntax):
    scratch = native.Scratch()
    for path in write_dicom(tmp_path, thorax()):
        rewrite(path, syntax)
        (one,) = slices([path])
        assert native.is_uncompressed(one.header.stored)
        np.testing.assert_array_equal(scratch.values(one), pydicom.dcmread(path).pixel_array)


@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "u4", "i4"])
@pytest.mark.parametrize("big", [False, True])
def test_every_width_and_sign_in_both_orders(tmp_path, write_dicom, thorax, slices, kind, big):
    path = write_dicom(tmp_path, thorax(slices=1))[0]
    stored = np.arange(16 * 12).reshape(16, 12).astype(kind)
    if stored.dtype.kind == "i":
        stored -= 50
    data = pydicom.dcmread(path)
    order = stored.dtype.newbyteorder(">" if big else "<")
    data.PixelData = stored.astype(order).tobytes()
    if big and stored.itemsize == 1:  # OW: words of two bytes, each the other way round
        data.PixelData = np.frombuffer(data.PixelData, "u2").byteswap().tobytes()
    data["PixelData"].VR = "OW"
    data.BitsAllocated = data.BitsStored = 8 * stored.itemsize
    data.HighBit, data.PixelRepresentation = data.BitsStored - 1, int(kind[0] == "i")
    if big:
        data.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    pydicom.dcmwrite(path, data, implicit_vr=False, little_endian=not big, force_encoding=True)
    (one,) = slices([path])
    found = native.Scratch().values(one)
    np.testing.assert_array_equal(found, stored)
    assert found.dtype == stored.dtype
    np.testing.assert_array_equal(found, pydicom.dcmread(path).pixel_array)


def test_the_frames_of_one_file(tmp_path, write_dicom, thorax, slice_at, slices):
    path = write_dicom(tmp_path, thorax(slices=1, rows=15, columns=12))[0]
    (one,) = slices([path])
    stored = one.header.stored
    many = stored.__class__(
        **{name: getattr(stored, name) for name in stored.__slots__}
        | {"rows": 5, "frames": 3, "length": 5 * 12 * 2 * 3}
    )
    frames = [
        native.Scratch().values(slice_at((0, 0, 0), str(path), many, frame=frame))
        for frame in range(3)
    ]
    np.testing.assert_array_equal(np.vstack(frames), pydicom.dcmread(path).pixel_array)


def test_a_file_that_ends_too_soon_is_refused(tmp_path, write_dicom, thorax, slices):
    path = write_dicom(tmp_path, thorax(slices=1))[0]
    (one,) = slices([path])
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Unusable, match="truncated: the file ends after 383 of 384 bytes"):
        native.Scratch().values(one)

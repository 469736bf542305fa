"""Files in every transfer syntax."""

from collections.abc import Callable
from pathlib import Path

import gdcm
import pydicom
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from elsewhere.imaging.dicom import recognise

PLAIN = {
    "implicit little": ImplicitVRLittleEndian,
    "explicit little": ExplicitVRLittleEndian,
    "explicit big": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
}
GDCM = {
    "JPEG baseline": gdcm.TransferSyntax.JPEGBaselineProcess1,
    "JPEG lossless": gdcm.TransferSyntax.JPEGLosslessProcess14,
    "JPEG lossless SV1": gdcm.TransferSyntax.JPEGLosslessProcess14_1,
    "JPEG-LS": gdcm.TransferSyntax.JPEGLSLossless,
    "JPEG 2000": gdcm.TransferSyntax.JPEG2000Lossless,
    "RLE": gdcm.TransferSyntax.RLELossless,
}


def rewrite(path: Path, syntax: str) -> None:
    """Write a file anew in another transfer syntax, by pydicom or by GDCM."""
    if syntax in PLAIN:
        _rewrite_plain(path, PLAIN[syntax])
        return
    before = pydicom.dcmread(path)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(GDCM[syntax]))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    # GDCM adds UIDs of its own, which would be others in every run
    written = pydicom.dcmread(path)
    before.file_meta.TransferSyntaxUID = written.file_meta.TransferSyntaxUID
    before.PixelData = written.PixelData
    before["PixelData"].VR, before["PixelData"].is_undefined_length = "OB", True
    before.save_as(path)


def _rewrite_plain(path: Path, syntax: str) -> None:
    data = pydicom.dcmread(path)
    stored = data.pixel_array
    data.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        # pydicom writes the bytes of OW as they are
        data.PixelData = stored.astype(stored.dtype.newbyteorder(">")).tobytes()
        data["PixelData"].VR = "OW"
    pydicom.dcmwrite(
        path,
        data,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
        force_encoding=True,
    )


@pytest.fixture(name="rewrite")
def _rewrite() -> Callable[[Path, str], None]:
    return rewrite


@pytest.fixture
def slices() -> Callable[..., list]:
    """Return the slices of files, which are all readable."""

    def read(files):
        return [one for path in files for one in recognise.read(path)]

    return read

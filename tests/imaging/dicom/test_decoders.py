import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.encaps import get_frame

from elsewhere.imaging.dicom import codestream, decoders, recognise
from elsewhere.imaging.volume import Unusable

LOSSLESS = ["JPEG lossless", "JPEG lossless SV1", "JPEG-LS", "JPEG 2000", "RLE"]
# of pydicom, with the most by which two decoders of a lossy code stream may differ
LOSSY = {"JPGExtended.dcm": 1, "JPEGLSNearLossless_16.dcm": 0, "JPEG2000.dcm": 1}


def compressed(folder, write_dicom, rewrite, syntax, *, signed=False, bits=12):
    """Return code stream, pixel format and the values that were compressed."""
    half = 1 << bits - 1
    values = np.random.default_rng(bits).integers(0, 2 * half, (31, 24)) - signed * half
    values[:2, 0] = [-half * signed, 2 * half - 1 - half * signed]
    (path,) = write_dicom(folder, np.zeros((1, 31, 24), np.int16))
    data = pydicom.dcmread(path)
    data.PixelData = values.astype("<i2" if signed else "<u2").tobytes()
    data.BitsStored, data.HighBit, data.PixelRepresentation = bits, bits - 1, int(signed)
    data.save_as(path)
    rewrite(path, syntax)
    stored = recognise.read(path)[0].header.stored
    parts = codestream.fragments(path, stored.offset)
    return codestream.frame(path, stored, 0, parts), stored, values


def used(values, stored):
    """Return decoded values with the sign of the header, the stored bits only."""
    width = values.dtype.itemsize * 8 - stored.bits_stored
    signed = values.view(f"{'i' if stored.signed else 'u'}{values.dtype.itemsize}")
    return np.right_shift(np.left_shift(signed, width), width).astype(int)


@pytest.mark.parametrize(("signed", "bits"), [(False, 12), (True, 12), (False, 16), (True, 16)])
@pytest.mark.parametrize("syntax", LOSSLESS)
def test_every_decoder_returns_what_was_compressed(
    tmp_path, write_dicom, rewrite, syntax, signed, bits
):
    data, stored, truth = compressed(
        tmp_path, write_dicom, rewrite, syntax, signed=signed, bits=bits
    )
    for name in decoders.order(stored.transfer_syntax):
        if name == "pillow":  # an unsigned 8-bit library, which refuses the rest
            continue
        found = decoders.by_name(name)(data, stored)
        np.testing.assert_array_equal(used(found, stored), truth, err_msg=name)


@pytest.mark.parametrize("file", LOSSY)
def test_decoders_of_lossy_files_agree(file):
    path = get_testdata_file(file, download=False)
    image = pydicom.dcmread(path)
    stored = recognise._stored(*_raw(path))
    data = get_frame(image.PixelData, 0, number_of_frames=1)
    found = {}
    for name in decoders.order(stored.transfer_syntax):
        try:
            found[name] = used(decoders.by_name(name)(data, stored), stored)
        except Exception as error:
            found[name] = error
    arrays = [one for one in found.values() if isinstance(one, np.ndarray)]
    assert arrays, found
    for one in arrays[1:]:
        assert np.abs(one - arrays[0]).max() <= LOSSY[file], found


def _raw(path):
    from pathlib import Path

    raw, _ = recognise._elements(Path(path))
    return recognise.Values(raw.values, raw.order), raw


def test_the_next_decoder_is_asked_if_one_fails(tmp_path, write_dicom, rewrite, monkeypatch):
    data, stored, truth = compressed(tmp_path, write_dicom, rewrite, "JPEG-LS")
    monkeypatch.setitem(decoders.ORDER, stored.transfer_syntax, ("pillow", "pylibjpeg"))
    np.testing.assert_array_equal(used(decoders.decoded(data, stored), stored), truth)


@pytest.mark.parametrize("syntax", ["JPEG lossless", "JPEG-LS"])
def test_the_direct_call_refuses_what_it_would_misread(tmp_path, write_dicom, rewrite, syntax):
    """Values of one byte, and a code stream that is cut off, which the plugin decides on."""
    data, stored, _ = compressed(tmp_path, write_dicom, rewrite, syntax)
    eight = stored.__class__(
        **{name: getattr(stored, name) for name in stored.__slots__} | {"bits_stored": 8}
    )
    with pytest.raises(decoders.Unfit):
        decoders.direct(data, eight)
    with pytest.raises(decoders.Unfit):
        decoders.direct(data[:40], stored)


def test_no_decoder_of_video():
    assert decoders.order("1.2.840.10008.1.2.4.100") == ()


def test_a_failure_names_kinds_of_errors_only(tmp_path, write_dicom, rewrite):
    _, stored, _ = compressed(tmp_path, write_dicom, rewrite, "JPEG-LS")
    with pytest.raises(Unusable, match="decoder_failed"):
        decoders.decoded(b"\xff\xd8SECRET\xff\xd9", stored)

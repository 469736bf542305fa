import logging
import warnings
from pathlib import Path

import pydicom
import pytest

from elsewhere.imaging.dicom import parsed
from elsewhere.imaging.dicom.values import TAGS, WANTED
from elsewhere.imaging.volume import Unusable


def test_an_unusual_data_set_gives_its_raw_values(tmp_path, write_dicom, thorax):
    """Here: implicit elements behind a transfer syntax that says otherwise."""
    path = write_dicom(tmp_path, thorax(slices=1))[0]
    data = pydicom.dcmread(path)
    data.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    data.save_as(path, enforce_file_format=True)
    content = path.read_bytes().replace(b"1.2.840.10008.1.2\0", b"1.2.840.10008.1.9\0")
    path.write_bytes(content)
    found = parsed.elements(path, WANTED)
    assert found.values[TAGS["patient"]] == b"PATIENT-SECRET-1"
    stored = content[found.offset : found.offset + found.length]
    assert stored == data.PixelData


def test_what_a_damaged_file_makes_pydicom_raise_is_one_reason():
    for error in (RecursionError(), MemoryError(), KeyError("SECRET"), EOFError()):
        with pytest.raises(Unusable, match="unreadable") as caught, parsed.quiet():
            raise error
        assert "SECRET" not in str(caught.value)


def test_warnings_and_logs_of_pydicom_are_not_heard(caplog):
    with warnings.catch_warnings(record=True) as heard, parsed.quiet():
        warnings.warn("SECRET", stacklevel=1)
        logging.getLogger("pydicom").error("SECRET")
    assert not heard
    assert "SECRET" not in caplog.text


def test_a_reason_passes_through():
    with pytest.raises(Unusable, match="gap: wide"), parsed.quiet():
        raise Unusable("gap", "wide")


def test_lengths_do_not_allocate(tmp_path):
    """A value of 4 GB is claimed by a file of 200 bytes."""
    path = tmp_path / "absurd"
    path.write_bytes(bytes(128) + b"DICM" + b"\x08\x00\x05\x00UN\0\0\xfe\xff\xff\xff" + bytes(60))
    found = parsed.elements(Path(path), WANTED)
    assert found.offset == -1

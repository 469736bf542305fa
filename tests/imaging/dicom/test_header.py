from dataclasses import replace

import pytest

from elsewhere.imaging.dicom import header
from elsewhere.imaging.volume import Unusable


@pytest.mark.parametrize(("bits", "samples", "size"), [(8, 1, 35), (16, 1, 70), (8, 3, 105)])
def test_bytes_of_a_frame(slice_at, bits, samples, size):
    stored = slice_at(None, "a").header.stored
    shape = {"rows": 5, "columns": 7, "frames": 9, "bits_allocated": bits, "samples": samples}
    assert replace(stored, **shape).frame_bytes == size


def test_a_file_that_is_set_aside_is_a_reason_too():
    assert issubclass(header.Aside, Unusable)


def test_nothing_of_a_header_can_be_changed(slice_at):
    one = slice_at((0, 0, 0), "a")
    with pytest.raises(AttributeError):
        one.header.patient = "other"

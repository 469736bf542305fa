import pickle

import numpy as np
import pytest

from elsewhere.imaging.volume import Unusable, Volume


def test_keeps_what_is_known(thorax):
    volume = Volume(thorax(), "HU", 12, "DICOM")
    assert np.isnan(volume.spacing_mm).all()
    assert volume.acquisition.contrast == "unknown"


@pytest.mark.parametrize(
    "voxels",
    [np.zeros((2, 2, 2), np.uint8), np.zeros((2, 2), np.int16), np.zeros((0, 2, 2), np.int16)],
)
def test_refuses_what_is_no_lattice_of_int16(voxels):
    with pytest.raises(ValueError, match="int16 array"):
        Volume(voxels, "HU", 12, "DICOM")


def test_an_unusable_scan_says_why():
    error = Unusable("gap", "2 steps of 5 mm")
    assert (error.reason, error.detail) == ("gap", "2 steps of 5 mm")
    assert str(error) == "gap: 2 steps of 5 mm"


def test_an_unusable_scan_says_why_in_another_process():
    error = pickle.loads(pickle.dumps(Unusable("gap", "2 steps of 5 mm")))
    assert (error.reason, error.detail, str(error)) == ("gap", "2 steps of 5 mm",
                                                        "gap: 2 steps of 5 mm")  # fmt: skip


def test_refuses_an_affine_of_another_shape(thorax):
    with pytest.raises(ValueError, match=r"affine of shape \(3, 4\)"):
        Volume(thorax(), "HU", 12, "DICOM", affine=np.zeros((3, 4)))

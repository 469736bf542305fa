import numpy as np
import pytest

from elsewhere.design.phantom_rows import Acquisition
from elsewhere.phantom import physics, thorax

WATER = thorax.Grid(
    np.arange(8, dtype=np.float32),
    np.arange(64, dtype=np.float32),
    np.arange(64, dtype=np.float32),
    (5.0, 4.0, 4.0),
)


def shot(**changes):
    recon = {"manufacturer": "SIEMENS", "kernel": "B30f", "thickness_mm": 5.0, "grain_mm": 3.0}
    recon |= {"blur_mm": (2, 2), "noise_hu": (20, 20)}
    values = {"reconstructions": [recon], "field_of_view_mm": (256, 256), "contrast": 0.0}
    values |= {"enhancement_hu": (0, 0), "inspiration": (0.5, 0.5), "masked": 0.0}
    return physics.draw_shot(Acquisition(**values | changes), np.random.default_rng(0), turn=0)


def exposed(hu, **changes):
    body = np.zeros_like(hu)
    body[:, 16:48, 16:48] = 1
    rng = np.random.default_rng(1)
    return physics.expose(thorax.Thorax(hu, body, body), WATER, shot(**changes), rng)


def test_noise_has_its_standard_deviation_and_grain():
    flat = exposed(np.zeros(WATER.shape, np.float32))
    assert flat.std() == pytest.approx(20, rel=0.05)
    neighbours = np.corrcoef(flat[:, :, 1:].ravel(), flat[:, :, :-1].ravel())[0, 1]
    expected = np.exp(-((4 / 3) ** 2) / 4)  # of white noise smoothed with a Gaussian of 3 mm
    assert neighbours == pytest.approx(expected, abs=0.06)


def test_a_masked_scan_is_air_outside_the_body():
    masked = exposed(np.zeros(WATER.shape, np.float32), masked=1.0)
    assert (masked[:, :16] == -1000).all()
    assert masked[:, 20:44, 20:44].mean() == pytest.approx(0, abs=5)


def test_contrast_is_drawn_by_its_share():
    assert shot(contrast=0.0, enhancement_hu=(200, 200)).enhancement_hu == 0
    assert shot(contrast=1.0, enhancement_hu=(200, 200)).enhancement_hu == 200


def test_encodings_have_their_ranges_and_invert():
    hu = np.array([-1024, -1000, -850, 40, 3071], np.float32)
    assert physics.to_hu(hu).tolist() == [-1024, -1000, -850, 40, 3071]
    numbers = physics.to_ct_number(hu)
    assert numbers.dtype == np.uint16
    assert (numbers.astype(int) - 1024).tolist() == hu.tolist()
    grey = physics.to_grey(hu, (-1350, 150))
    assert grey.tolist() == [55, 60, 85, 236, 255]


def test_the_circle_touches_the_sides_and_leaves_the_corners():
    outside = physics.outside_circle(WATER)
    assert outside[0, 0]
    assert outside[-1, -1]
    assert not outside[0, 32]
    assert outside.mean() == pytest.approx(1 - np.pi / 4, abs=0.02)

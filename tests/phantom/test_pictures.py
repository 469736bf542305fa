import numpy as np
import pytest
from PIL import Image

from elsewhere.phantom import pictures

GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_png_keeps_every_grey(tmp_path, mode):
    pictures.save(GREY, tmp_path / "a.png", mode=mode)
    picture = Image.open(tmp_path / "a.png")
    assert picture.mode == mode
    assert np.array_equal(np.asarray(picture.convert("RGB"))[..., 1], GREY)


def test_jpeg_is_near_and_marked(tmp_path):
    pictures.save(GREY, tmp_path / "a.jpg", mode="L")
    picture = Image.open(tmp_path / "a.jpg")
    assert b"synthetic" in picture.info["comment"]
    assert np.abs(np.asarray(picture).astype(int) - GREY).max() < 8


def test_tiff_keeps_16_bits(tmp_path):
    values = np.linspace(0, 4095, 64).astype(np.uint16).reshape(8, 8)
    pictures.save_tiff(values, tmp_path / "a.tif")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "a.tif")), values)

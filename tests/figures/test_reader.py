"""reader: the reader gets the image as it is, and no information about it (B-43)."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from elsewhere.figures import reader
from elsewhere.imaging import store

ABOUT = {
    "title": "Cardiomegaly",
    "views": ("PA",),
    "alone": True,
    "normal_below": 0.5,
    "impressions": ("no", "borderline", "yes"),
}
IMAGES = ["review-abc-01.png", "review-abc-02.png"]


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (150, 120)).astype(np.uint8)


def chunks(path: Path) -> list[bytes]:
    """Types of a PNG's chunks, read as its specification has them."""
    data, at, found = path.read_bytes(), 8, []
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        found.append(data[at + 4 : at + 8])
        at += 12 + size
    return found


def test_a_real_image_is_the_stored_one_to_the_last_pixel(
    tmp_path: Path, pixels: np.ndarray
) -> None:
    store.write(tmp_path / "scan.b2nd", pixels[None])
    reader.save(reader.picture(tmp_path / "scan.b2nd"), tmp_path / "a.png", synthetic=False)
    found = Image.open(tmp_path / "a.png")
    assert found.mode == "L"
    np.testing.assert_array_equal(np.asarray(found), pixels)


@pytest.mark.parametrize("shape", [(150, 120), (2544, 3056), (320, 390)])
def test_a_synthetic_image_says_so_above_and_hides_nothing(
    tmp_path: Path, shape: tuple[int, int]
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    reader.save(pixels, tmp_path / "a.png", synthetic=True)
    found = np.asarray(Image.open(tmp_path / "a.png"))
    band = found[: -shape[0]]
    for colour in range(3):
        np.testing.assert_array_equal(found[-shape[0] :, :, colour], pixels)
    dark = (band < 100).all(axis=2)
    assert 0.02 < dark.mean() < 0.5, "letters on yellow"
    assert (band[~dark].mean(axis=0) > [200, 120, -1]).all()
    edges = dark[0] | dark[-1]
    assert not edges.any(), "none is cut off"
    assert not dark[:, [0, -1]].any()


@pytest.mark.parametrize("synthetic", [True, False])
def test_a_png_holds_pixels_and_nothing_else(
    tmp_path: Path, pixels: np.ndarray, *, synthetic: bool
) -> None:
    reader.save(pixels, tmp_path / "a.png", synthetic=synthetic)
    assert set(chunks(tmp_path / "a.png")) == {b"IHDR", b"IDAT", b"IEND"}
    assert Image.open(tmp_path / "a.png").info == {}


@pytest.mark.parametrize(
    "voxels", [np.zeros((2, 8, 8), np.uint8), np.zeros((1, 8, 8), np.int16)], ids=["two", "int16"]
)
def test_what_is_no_picture_is_refused(tmp_path: Path, voxels: np.ndarray) -> None:
    store.write(tmp_path / "scan.b2nd", voxels)
    with pytest.raises(reader.PictureError, match=r"slices of .*only radiographs of 8 bits"):
        reader.picture(tmp_path / "scan.b2nd")


def test_the_reader_is_told_what_to_measure_and_how() -> None:
    text = reader.instructions(ABOUT, finding="cardiomegaly", images=IMAGES, synthetic=False)
    said = " ".join(text.split())
    for words in (
        "2 CHEST RADIOGRAPHS: CARDIOMEGALY",
        "greatest horizontal diameter of the heart divided by the greatest horizontal diameter of",
        "inner edge of the ribs",
        "views: PA",
        "less than 0.5",
        "no, borderline, yes",
        "one per patient",
        "0.52",
    ):
        assert words in said
    assert "SYNTHETIC" not in text
    assert "this finding" not in text


def test_of_another_finding_the_ratio_may_stay_empty() -> None:
    about = ABOUT | {"title": "Edema", "alone": False}
    text = reader.instructions(about, finding="edema", images=IMAGES, synthetic=True)
    said = " ".join(text.split())
    assert "does not matter for this finding" in said
    assert "SYNTHETIC IMAGES" in said
    assert "one per patient" not in said, "nobody knows, where images are all that is published"

import numpy as np
import pytest
from PIL import Image

from elsewhere.imaging import picture
from elsewhere.imaging.volume import Unusable

FORMATS = {"PNG": "PNG", "JPEG": "JPEG", "TIFF": "TIFF", "BMP": "BMP", "WEBP": "WebP"}
LOSSLESS = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100}}


@pytest.fixture
def greys():
    ramp = np.add.outer(np.arange(40) * 4, np.arange(30))
    return np.clip(ramp, 0, 255).astype(np.uint8)


def read(path, *, colour="reject", sixteen_bit="reject"):
    return picture.read(path, colour=colour, sixteen_bit=sixteen_bit)


@pytest.mark.parametrize("written", FORMATS)
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a", "a.dat"])
def test_the_content_says_what_a_file_is(tmp_path, greys, written, name):
    path = tmp_path / name
    Image.fromarray(greys).save(path, written, **LOSSLESS.get(written, {}))
    assert picture.is_picture(path)
    volume = read(path)
    assert (volume.source_format, volume.value_scale) == (FORMATS[written], "0-255")
    assert volume.voxels.shape == (1, 40, 30)
    np.testing.assert_allclose(volume.voxels[0], greys, atol=2 if written == "JPEG" else 0)


@pytest.mark.parametrize("content", [b"", b"BM", b"text", b"\x89PNG", b"RIFF1234WAVE", b"%PDF-1.4"])
def test_what_begins_otherwise_is_no_picture(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    assert not picture.is_picture(tmp_path / "a.png")
    with pytest.raises(Unusable, match="unreadable"):
        read(tmp_path / "a.png")


@pytest.mark.parametrize("written", FORMATS)
def test_half_an_image_is_an_error(tmp_path, written):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64)).astype(np.uint8)
    path = tmp_path / "a"
    Image.fromarray(noise).save(path, written)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    # intake makes a rejected row of any of these
    with pytest.raises((Unusable, OSError, SyntaxError, ValueError)):
        read(path)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "CMYK", "P"])
def test_grey_kept_in_colour_channels_is_grey(tmp_path, greys, mode):
    path = tmp_path / "a.tif"
    Image.fromarray(greys).convert(mode).save(path)
    volume = read(path)
    np.testing.assert_allclose(volume.voxels[0], greys, atol=1)
    assert volume.colour_mode == {"LA": "grey", "P": "palette"}.get(mode, "rgb")


def test_grey_kept_as_colour_jpeg_is_grey(tmp_path, greys):
    """Chroma is kept coarsely, so that channels differ by a little."""
    path = tmp_path / "a.jpg"
    Image.fromarray(greys).convert("RGB").save(path, quality=60)
    assert read(path).colour_mode == "rgb"


def test_colour_is_refused_unless_the_site_wants_luma(tmp_path, greys):
    """ITU-R BT.601 is the luma of JPEG."""
    red = np.stack([greys, greys // 2, 255 - greys], axis=2)
    path = tmp_path / "a.png"
    Image.fromarray(red).save(path)
    with pytest.raises(Unusable, match="colour"):
        read(path)
    luma = red @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(read(path, colour="luma").voxels[0], luma, atol=1)


def test_a_few_coloured_pixels_are_a_marker(tmp_path, greys):
    marked = np.stack([greys] * 3, axis=2)
    marked[3, 3] = (255, 0, 0)
    Image.fromarray(marked).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png").voxels.shape == (1, 40, 30)


@pytest.mark.parametrize(
    ("dtype", "bits"), [(np.uint16, 16), (np.int32, 32), (np.float32, 32)], ids=str
)
def test_deep_greys_are_refused_or_stretched(tmp_path, dtype, bits):
    deep = np.linspace(1000, 4000, 1200).reshape(40, 30).astype(dtype)
    path = tmp_path / "a.tif"
    Image.fromarray(deep).save(path)
    with pytest.raises(Unusable, match="sixteen_bit"):
        read(path)
    volume = read(path, sixteen_bit="stretch")
    expected = np.rint((deep.astype(float) - 1000) / 3000 * 255)
    np.testing.assert_allclose(volume.voxels[0], expected, atol=1)
    assert (volume.bits_stored, volume.value_scale, volume.repairs) == (
        bits,
        "0-255",
        ("stretched",),
    )


def test_white_may_be_zero_in_a_deep_tiff(tmp_path):
    """TIFF 6.0, PhotometricInterpretation 0: 0 is white."""
    deep = np.linspace(0, 4000, 1200).reshape(40, 30).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "black.tif")
    Image.fromarray(4000 - deep).save(tmp_path / "white.tif", tiffinfo={262: 0})
    black, white = (read(tmp_path / f"{name}.tif", sixteen_bit="stretch") for name in FIRST)
    np.testing.assert_allclose(black.voxels, white.voxels, atol=1)


FIRST = ("black", "white")


def test_an_image_of_one_deep_grey_is_black(tmp_path):
    Image.fromarray(np.full((4, 4), 700, np.uint16)).save(tmp_path / "a.png")
    assert not read(tmp_path / "a.png", sixteen_bit="stretch").voxels.any()


def test_greys_that_are_not_finite_are_refused(tmp_path):
    values = np.zeros((4, 4), np.float32)
    values[0, 0] = np.nan
    Image.fromarray(values).save(tmp_path / "a.tif")
    with pytest.raises(Unusable, match="value_range"):
        read(tmp_path / "a.tif", sixteen_bit="stretch")


@pytest.mark.parametrize("written", ["TIFF", "WEBP", "PNG"])
def test_several_images_in_one_file_are_refused(tmp_path, greys, written):
    pages = [Image.fromarray(np.roll(greys, 5 * n, axis=0)) for n in range(3)]
    pages[0].save(tmp_path / "a", written, save_all=True, append_images=pages[1:])
    with pytest.raises(Unusable, match="several_images: 3 pages"):
        read(tmp_path / "a")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_as_its_camera_was_held(tmp_path, greys, orientation):
    """EXIF 2.3, tag Orientation: where row 0 and column 0 of the stored image lie."""
    stored = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: np.transpose,
        6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(a, 2).T,
        8: lambda a: np.rot90(a, -1),
    }[orientation](greys)
    image = Image.fromarray(np.ascontiguousarray(stored))
    exif = image.getexif()
    exif[0x0112] = orientation
    image.save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read(tmp_path / "a.png").voxels[0], greys)


def test_a_bomb_is_refused(tmp_path, monkeypatch, greys):
    Image.fromarray(greys).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(Unusable, match="too_large"):
        read(tmp_path / "a.png")

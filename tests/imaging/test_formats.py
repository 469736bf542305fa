import numpy as np
import pytest
from PIL import Image

from elsewhere.imaging import formats
from elsewhere.imaging.source import Source
from elsewhere.imaging.volume import Acquisition, Unusable


def save(folder, slices, name="{}.png", mode=None):
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index, one in enumerate(slices):
        image = Image.fromarray(one)
        paths.append(folder / name.format(index))
        (image.convert(mode) if mode else image).save(paths[-1])
    return tuple(sorted(paths))


@pytest.fixture
def read(strict):
    return lambda source: formats.read(source, strict)


@pytest.fixture
def greys():
    return np.random.default_rng(0).integers(0, 256, (12, 5, 7)).astype(np.uint8)


def test_slices_are_sorted_by_number_not_by_name(tmp_path, greys, read):
    files = save(tmp_path, greys)
    assert [path.stem for path in files][:3] == ["0", "1", "10"]
    volume = read(Source("stack", files))
    np.testing.assert_array_equal(volume.voxels, greys)
    assert (volume.value_scale, volume.bits_stored, volume.source_format) == ("0-255", 8, "PNG")


def test_a_stack_that_begins_at_the_head_is_turned(tmp_path, greys, read):
    volume = read(Source("stack", save(tmp_path, greys), first_slice="head"))
    np.testing.assert_array_equal(volume.voxels, greys[::-1])


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA"])
def test_equal_channels_give_the_same_greys(tmp_path, greys, mode, read):
    """Two sites publish one kind of image in three modes; the mode must not show in the greys."""
    volume = read(Source("stack", save(tmp_path, greys[:1], mode=mode)))
    np.testing.assert_array_equal(volume.voxels, greys[:1])
    assert volume.voxels.shape == (1, 5, 7)
    assert volume.colour_mode == ("rgb" if mode.startswith("RGB") else "grey")


def test_a_palette_is_looked_up(tmp_path, greys):
    image = Image.fromarray(greys[0] % 4, mode="P")
    image.putpalette([0, 0, 0, 10, 10, 10, 20, 20, 20, 200, 200, 200])
    image.save(tmp_path / "1.png")
    expected = np.array([0, 10, 20, 200])[greys[0] % 4]
    found, mode, _ = formats.grey(tmp_path / "1.png")
    np.testing.assert_array_equal(found, expected)
    assert mode == "palette"


def test_16_bit_tiff_gives_hu_by_the_table(tmp_path, read):
    stored = np.random.default_rng(0).integers(0, 4096, (3, 5, 7)).astype(np.uint16)
    files = save(tmp_path, stored, name="patient1_SR_2_IM{:05d}.tif")
    scaled = read(
        Source("stack", files, slope=1, intercept=-1024, spacing_mm=(6, 0.7, 0.7), bits_stored=12)
    )
    np.testing.assert_array_equal(scaled.voxels, stored.astype(int) - 1024)
    assert (scaled.value_scale, scaled.bits_stored) == ("HU", 12)
    assert scaled.spacing_mm == (6, 0.7, 0.7)
    plain = read(Source("stack", files))
    np.testing.assert_array_equal(plain.voxels, stored)
    assert (plain.value_scale, plain.bits_stored) == ("CT number", 16)


def test_float_tiff_keeps_its_values(tmp_path, read):
    stored = np.array([[-1000.0, 400.4], [0.0, -0.6]], np.float32)
    files = save(tmp_path, [stored], name="IM{}.tif")
    volume = read(Source("stack", files, slope=1, intercept=0))
    np.testing.assert_array_equal(volume.voxels[0], [[-1000, 400], [0, -1]])


def test_what_the_table_knows_is_kept(tmp_path, greys, read):
    known = Acquisition("SIEMENS", "B70s", "no")
    volume = read(Source("stack", save(tmp_path, greys[:1]), acquisition=known))
    assert volume.acquisition == known


def test_the_content_says_what_a_slice_is_and_how_it_lies(tmp_path, greys, read):
    """A .png may be a JPEG; an orientation other than upright is applied."""
    grey = Image.fromarray(greys[0])
    exif = grey.getexif()
    exif[0x0112] = 6
    lying = grey.transpose(Image.Transpose.ROTATE_90)
    lying.save(tmp_path / "1.png", format="JPEG", quality=100, exif=exif)
    found = read(Source("stack", (tmp_path / "1.png",)))
    assert found.source_format == "JPEG"
    assert np.abs(found.voxels[0] - greys[0].astype(int)).max() < 12


def test_a_file_of_several_pages_is_no_slice(tmp_path, greys, read):
    pages = [Image.fromarray(one) for one in greys[:2]]
    pages[0].save(tmp_path / "1.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(Unusable, match="several_images"):
        read(Source("stack", (tmp_path / "1.tif",)))


def test_refuses_slices_that_make_no_volume(tmp_path, greys, read):
    mixed = save(tmp_path / "a", greys[:2]) + save(tmp_path / "b", [greys[0][:3]], "9.png")
    with pytest.raises(Unusable, match="mixed_geometry"):
        read(Source("stack", mixed))
    doubled = save(tmp_path / "c", greys[:2]) + save(tmp_path / "d", greys[:1], "001.png")
    with pytest.raises(Unusable, match="duplicate_position"):
        read(Source("stack", doubled))
    nameless = save(tmp_path / "e", greys[:1], "a.png") + save(tmp_path / "e", greys[:1], "b.png")
    with pytest.raises(Unusable, match="no_slice_number"):
        read(Source("stack", nameless))


def test_what_a_table_says_is_put_into_the_vocabulary(tmp_path, greys, read):
    """A publisher's table is typed by hand too."""
    typed = Acquisition("Siemens AG", "DOE^JOHN", "no")
    volume = read(Source("stack", save(tmp_path, greys[:1]), acquisition=typed))
    assert volume.acquisition == Acquisition("SIEMENS", "other", "no")


def test_dicom_is_read_by_its_slices(tmp_path, write_dicom, thorax, slices, read):
    files = write_dicom(tmp_path, thorax())
    volume = read(Source("dicom", tuple(files), slices=tuple(slices(files))))
    np.testing.assert_array_equal(volume.voxels, thorax())


@pytest.mark.parametrize(
    "name", ["3 (1)", "3(2)", "3 - Copy", "3 copy", "3_copy2", "3 - Kopie (4)"]
)
def test_a_copy_has_the_number_of_its_original(tmp_path, greys, read, name):
    """It must not become one more slice at an end of the stack."""
    files = save(tmp_path, greys)
    copy = tmp_path / f"{name}.png"
    copy.write_bytes(files[0].read_bytes())
    assert formats.slice_number(copy) == 3
    with pytest.raises(Unusable, match="duplicate_position"):
        read(Source("stack", (*files, copy)))

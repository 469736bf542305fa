import shutil
import zlib

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from scipy.spatial.transform import Rotation

from elsewhere.imaging import itk
from elsewhere.imaging.volume import Unusable

SUFFIXES = (".nrrd", ".nhdr", ".mha", ".mhd")
SPACING = (0.7, 0.8, 5.0)  # x, y, z
LPS = np.eye(3)
OBLIQUE = Rotation.from_euler("xyz", [8, -5, 10], degrees=True).as_matrix()
DIRECTIONS = {
    "LPS": LPS,
    "RAS": np.diag([-1.0, -1.0, 1.0]),
    "head first": np.diag([1.0, 1.0, -1.0]),
    "axes exchanged": np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]]),
    "oblique": OBLIQUE,
}


@pytest.fixture
def save(tmp_path, thorax):
    """Write a volume with SimpleITK and return the path of the file, or of its header."""

    def written(name, array=None, *, direction=LPS, compressed=False):
        image = sitk.GetImageFromArray(thorax() if array is None else array)
        image.SetSpacing(SPACING)
        image.SetOrigin((-100.0, -120.0, -300.0))
        image.SetDirection(np.asarray(direction, float).ravel().tolist())
        sitk.WriteImage(image, tmp_path / name, compressed)
        return tmp_path / name

    return written


def read(path, *, hu=True, most_gb=1.0):
    return itk.read(path, hu=hu, most_gb=most_gb)


def voxel_at(volume, point_mm):
    """Value at a point of the patient, by the affine alone."""
    x, y, z, _ = np.linalg.solve(volume.affine, [*point_mm, 1.0])
    return volume.voxels[round(z), round(y), round(x)]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("compressed", [False, True])
def test_every_way_of_keeping_a_volume_gives_the_same(save, thorax, suffix, compressed):
    volume = read(save(f"one{suffix}", compressed=compressed))
    np.testing.assert_array_equal(volume.voxels, thorax())
    assert volume.spacing_mm == pytest.approx((5, 0.8, 0.7))
    assert (volume.value_scale, volume.bits_stored, volume.flags) == ("HU", 16, ())
    assert volume.source_format == ("NRRD" if "r" in suffix or "n" in suffix else "MetaImage")


@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS)
@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_each_voxel_stays_where_it_was_in_the_patient(save, thorax, direction, suffix):
    """Points in mm are computed from the file's own geometry, not from the reader's."""
    stored = thorax()
    volume = read(save(f"one{suffix}", direction=direction))
    rng = np.random.default_rng(0)
    for _ in range(50):
        x, y, z = (int(rng.integers(size)) for size in stored.shape[::-1])
        point = np.array([-100, -120, -300]) + direction @ (np.array([x, y, z]) * SPACING)
        assert voxel_at(volume, point) == stored[z, y, x]
    # the nearest axes of the patient: x to the left, y to the back, z to the head
    cosines = volume.affine[:3, :3] / np.linalg.norm(volume.affine[:3, :3], axis=0)
    assert (np.diag(cosines) > 0.9).all()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("missing", [1, 9, 400])
def test_a_file_that_was_cut_off_is_refused(save, capfd, suffix, compressed, missing):
    path = save(f"one{suffix}", compressed=compressed)
    data = max(path.parent.iterdir(), key=lambda file: file.stat().st_size)
    data.write_bytes(data.read_bytes()[:-missing])
    with pytest.raises(Unusable, match="truncated"):
        read(path)
    # the libraries behind SimpleITK print names of files
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_damaged_compressed_file_is_refused(save, capfd, suffix):
    """SimpleITK 2.5 returns a damaged MetaImage as voxels, and says so only on the console."""
    path = save(f"one{suffix}", compressed=True)
    data = max(path.parent.iterdir(), key=lambda file: file.stat().st_size)
    content = data.read_bytes()
    rng = np.random.default_rng(0)
    for at in rng.integers(len(content) - 600, len(content) - 10, 20):
        damaged = bytearray(content)
        damaged[at] ^= 0x10
        data.write_bytes(bytes(damaged))
        with pytest.raises(Unusable):
            read(path)
    assert capfd.readouterr() == ("", "")


def test_a_header_without_its_data_is_refused(save, tmp_path):
    for suffix, data in ((".mhd", ".raw"), (".nhdr", ".raw")):
        path = save(f"alone{suffix}")
        path.with_suffix(data).unlink()
        with pytest.raises(Unusable, match="no_data_file"):
            read(path)


def test_data_outside_the_folder_is_never_read(save, tmp_path):
    path = save("one.mhd")
    (tmp_path / "inside").mkdir()
    outside = tmp_path / "one.raw"
    for name in ("../one.raw", str(outside), "..\\one.raw"):
        header = path.read_text().replace("one.raw", name)
        (tmp_path / "inside" / "one.mhd").write_text(header)
        with pytest.raises(Unusable, match="no_data_file"):
            read(tmp_path / "inside" / "one.mhd")


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_what_is_no_single_volume_of_numbers_is_refused(tmp_path, suffix):
    times = sitk.JoinSeries([sitk.Image(4, 5, 6, sitk.sitkInt16)] * 2)
    cases = {
        "not_3d": [times, sitk.Image(4, 5, sitk.sitkInt16)],
        "colour": [sitk.Image([4, 5, 6], sitk.sitkVectorUInt8, 3)],
    }
    for reason, images in cases.items():
        for image in images:
            sitk.WriteImage(image, tmp_path / f"one{suffix}")
            with pytest.raises(Unusable, match=reason):
                read(tmp_path / f"one{suffix}")


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_one_point_in_time_is_a_volume(tmp_path, thorax, suffix):
    image = sitk.JoinSeries([sitk.GetImageFromArray(thorax())])
    sitk.WriteImage(image, tmp_path / f"one{suffix}")
    np.testing.assert_array_equal(read(tmp_path / f"one{suffix}").voxels, thorax())


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_an_array_saved_without_geometry_is_flagged(tmp_path, thorax, suffix):
    sitk.WriteImage(sitk.GetImageFromArray(thorax()), tmp_path / f"one{suffix}")
    volume = read(tmp_path / f"one{suffix}")
    assert volume.flags == ("orientation_assumed",)
    assert volume.affine is None
    np.testing.assert_array_equal(volume.voxels, thorax())


def test_what_a_header_does_not_say_is_not_known(save, tmp_path, thorax):
    """Without a spacing SimpleITK says 1 mm, without a space it says LPS."""
    path = save("one.nrrd")
    text, _, voxels = path.read_bytes().partition(b"\n\n")
    kept = [
        line for line in text.split(b"\n") if not line.startswith((b"space", b"kinds", b"Spacings"))
    ]
    path.write_bytes(b"\n".join(kept) + b"\n\n" + voxels)
    volume = read(path)
    np.testing.assert_array_equal(volume.voxels, thorax())
    assert np.isnan(volume.spacing_mm).all()
    assert (volume.affine, volume.flags) == (None, ("orientation_assumed",))


def test_values_are_hu_or_without_a_unit_as_the_site_says(save):
    stretched = np.linspace(0, 1, 60).reshape(3, 4, 5).astype(np.float32)
    path = save("one.nrrd", stretched)
    with pytest.raises(Unusable, match="value_range: fractions"):
        read(path)
    volume = read(path, hu=False)
    assert (volume.value_scale, volume.repairs, volume.voxels.max()) == (
        "grey",
        ("stretched",),
        4095,
    )


def test_voxels_that_are_not_finite_are_refused(save):
    values = np.full((3, 4, 5), -1000.0, np.float32)
    values[0, 0, 0] = np.inf
    for hu in (True, False):
        with pytest.raises(Unusable, match="value_range"):
            read(save("one.mha", values), hu=hu)


def test_more_than_the_intake_allows_is_refused_before_it_is_read(save, tmp_path):
    """A few bytes may promise any size."""
    path = save("one.nrrd", compressed=True)
    path.write_bytes(path.read_bytes().replace(b"sizes: 12 16 5", b"sizes: 99999 99999 999"))
    with pytest.raises(Unusable, match="too_large"):
        read(path)


def test_names_of_any_script_are_read(save, thorax):
    path = save("Müller 胸部 scan.nrrd")
    np.testing.assert_array_equal(read(path).voxels, thorax())


def test_a_text_or_another_format_under_this_name_is_refused(save, tmp_path):
    (tmp_path / "text.mha").write_text("no image")
    with pytest.raises(Unusable, match="unreadable"):
        read(tmp_path / "text.mha")
    shutil.copy(save("one.nrrd"), tmp_path / "other.mha")
    with pytest.raises(Unusable, match="wrong_suffix"):
        read(tmp_path / "other.mha")


@pytest.mark.parametrize("stated", [True, False])
def test_compressed_voxels_of_unknown_length_are_never_read_as_others(tmp_path, stated):
    """SimpleITK reads such a MetaImage to its end, says so on the terminal and returns rubbish."""
    values = np.random.default_rng(0).integers(-1000, 1000, (5, 6, 7)).astype("<i2")
    packed = zlib.compress(values.tobytes())
    size = b"CompressedDataSize = %d\n" % len(packed) if stated else b""
    path = tmp_path / "a.mha"
    path.write_bytes(
        b"ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
        b"CompressedData = True\n" + size + b"DimSize = 7 6 5\nElementType = MET_SHORT\n"
        b"ElementDataFile = LOCAL\n" + packed
    )
    if stated:
        np.testing.assert_array_equal(itk.read(path, hu=True, most_gb=1).voxels, values)
    else:
        with pytest.raises(Unusable, match="bad_header"):
            itk.read(path, hu=True, most_gb=1)

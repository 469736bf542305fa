import shutil
from dataclasses import replace

import nibabel
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elsewhere.imaging.dicom import pixels, recognise
from elsewhere.imaging.volume import Unusable

LOSSLESS = [
    *("implicit little", "explicit little", "explicit big", "deflated"),
    *("JPEG lossless", "JPEG lossless SV1", "JPEG-LS", "JPEG 2000", "RLE"),
]
TURNS = {
    "supine": (1, 0, 0, 0, 1, 0),
    "prone": (-1, 0, 0, 0, -1, 0),
    "feet first": (-1, 0, 0, 0, 1, 0),
    "rows to the back": (0, 1, 0, 1, 0, 0),
    "rows to the front": (0, -1, 0, 1, 0, 0),
    "oblique": (0.98, 0.1988, 0.0079, -0.1989, 0.9768, 0.0792),
}


def simpleitk(folder):
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    return sitk.DICOMOrient(sitk.ReadImage(names), "LPS")


def affine_of(image):
    """Voxel (x, y, z) to LPS from SimpleITK's geometry."""
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return affine


@pytest.fixture
def read(slices, strict):
    return lambda files: pixels.read(slices(files), strict)


@pytest.mark.parametrize("orientation", TURNS.values(), ids=TURNS.keys())
def test_agrees_with_gdcm_in_any_orientation(
    tmp_path, write_dicom, thorax, series_of, read, orientation
):
    """The oracle sorts and turns by itself; file names and InstanceNumber mislead both."""
    files = write_dicom(tmp_path, thorax(), series_of(orientation=tuple(map(float, orientation))))
    volume = read(files[::-1])
    oracle = simpleitk(tmp_path)
    np.testing.assert_array_equal(volume.voxels, sitk.GetArrayFromImage(oracle))
    np.testing.assert_allclose(volume.spacing_mm, oracle.GetSpacing()[::-1], atol=1e-3)
    np.testing.assert_allclose(volume.affine, affine_of(oracle), atol=2e-3)


def test_the_affine_is_nibabels_up_to_the_sign_of_x_and_y(tmp_path, write_dicom, thorax, read):
    volume = read(write_dicom(tmp_path, thorax()))
    sitk.WriteImage(simpleitk(tmp_path), tmp_path / "one.nii")
    expected = np.diag([-1, -1, 1, 1]) @ nibabel.load(tmp_path / "one.nii").affine
    np.testing.assert_allclose(volume.affine, expected, atol=1e-3)


def test_a_supine_series_comes_back_in_hu_from_feet_to_head(tmp_path, write_dicom, thorax, read):
    volume = read(write_dicom(tmp_path, thorax()))
    np.testing.assert_array_equal(volume.voxels, thorax())
    assert (volume.value_scale, volume.bits_stored, volume.source_format) == ("HU", 12, "DICOM")
    np.testing.assert_allclose(volume.spacing_mm, (2.5, 0.7, 0.8), atol=1e-6)
    assert (volume.acquisition.manufacturer, volume.acquisition.kernel) == ("SIEMENS", "B70s")
    assert (volume.colour_mode, volume.flags, volume.repairs) == ("grey", (), ())


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_a_transfer_syntax_changes_nothing(tmp_path, write_dicom, thorax, read, rewrite, syntax):
    hu = thorax(slices=3, rows=32, columns=24)
    files = write_dicom(tmp_path, hu)
    for path in files:
        rewrite(path, syntax)
    np.testing.assert_array_equal(read(files).voxels, hu)


def test_a_series_in_several_transfer_syntaxes(tmp_path, write_dicom, thorax, read, rewrite):
    hu = thorax(slices=len(LOSSLESS), rows=32, columns=24)
    files = write_dicom(tmp_path, hu)
    for path, syntax in zip(files, LOSSLESS, strict=True):
        rewrite(path, syntax)
    np.testing.assert_array_equal(read(files).voxels, hu)


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(order=st.permutations(range(5)), depths=st.lists(st.integers(0, 3), min_size=5, max_size=5))
def test_order_names_and_folders_never_change_the_volume(
    tmp_path_factory, write_dicom, thorax, strict, order, depths
):
    folder = tmp_path_factory.mktemp("moved")
    for index, path in enumerate(write_dicom(folder / "as written", thorax())):
        place = folder.joinpath("moved", *["deep"] * depths[index])
        place.mkdir(parents=True, exist_ok=True)
        shutil.move(path, place / f"{order[index]}.jpg")
    found = recognise.sort(folder).slices
    mixed = [found[index] for index in order]
    np.testing.assert_array_equal(pixels.read(mixed, strict).voxels, thorax())


def change(path, **tags):
    data = pydicom.dcmread(path)
    for name, value in tags.items():
        if value is None:
            del data[name]
        elif name.startswith("PixelPadding"):
            data.add_new(name, "SS" if data.PixelRepresentation else "US", value)
        else:
            setattr(data, name, value)
    data.save_as(path)


def store(path, values, **tags):
    """Put other stored values into a file."""
    data = pydicom.dcmread(path)
    data.PixelData = np.ascontiguousarray(values).tobytes()
    data.PixelRepresentation = int(values.dtype.kind == "i")
    data.BitsAllocated = 8 * values.dtype.itemsize
    data.BitsStored = tags.pop("BitsStored", data.BitsAllocated)
    data.HighBit = tags.pop("HighBit", data.BitsStored - 1)
    data.save_as(path)
    change(path, **tags)


def test_each_slice_has_its_own_rescale(tmp_path, write_dicom, thorax, read):
    files = write_dicom(tmp_path, thorax())
    data = pydicom.dcmread(files[2])
    store(files[2], (2 * data.pixel_array).astype("<u2"), RescaleSlope=0.5)
    np.testing.assert_array_equal(read(files).voxels, thorax())


def test_without_rescale_the_values_are_ct_numbers(tmp_path, write_dicom, thorax, read):
    """A-11."""
    files = write_dicom(tmp_path, thorax())
    for path in files:
        change(path, RescaleSlope=None, RescaleIntercept=None)
    volume = read(files)
    assert volume.value_scale == "CT number"
    np.testing.assert_array_equal(volume.voxels, thorax() + 1024)


@pytest.mark.parametrize(
    ("reason", "tags"),
    [
        ("mixed_rescale", {"RescaleSlope": None}),
        ("bad_rescale", {"RescaleSlope": 0}),
        ("mixed_pixels", {"PhotometricInterpretation": "MONOCHROME1"}),
    ],
)
def test_one_odd_slice_spoils_a_volume(tmp_path, write_dicom, thorax, read, reason, tags):
    files = write_dicom(tmp_path, thorax())
    change(files[0], **tags)
    with pytest.raises(Unusable) as refused:
        read(files)
    assert refused.value.reason == reason


def test_fractions_of_a_unit_are_no_ct(tmp_path, write_dicom, thorax, read):
    files = write_dicom(tmp_path, thorax())
    for path in files:
        change(path, RescaleSlope="0.001", RescaleIntercept="0")
    with pytest.raises(Unusable, match="value_range"):
        read(files)


PADDING = -2000


def padded(files, hu, **tags):
    """Store signed HU whose first row is padding; return the HU expected."""
    expected = hu.copy()
    for path, one in zip(files, expected, strict=True):
        one[0] = PADDING
        store(path, one, RescaleIntercept=0, **tags)
    expected[:, 0] = hu[:, 1:].min()
    return expected


def test_padding_takes_the_lowest_real_value(tmp_path, write_dicom, thorax, read):
    """It must not move the range: -2000 is outside of what a scanner measures."""
    files = write_dicom(tmp_path, thorax())
    expected = padded(files, thorax(), PixelPaddingValue=PADDING)
    np.testing.assert_array_equal(read(files).voxels, expected)


def test_padding_may_be_a_range(tmp_path, write_dicom, thorax, read):
    files = write_dicom(tmp_path, thorax())
    tags = {"PixelPaddingValue": PADDING - 100, "PixelPaddingRangeLimit": PADDING + 100}
    expected = padded(files, thorax(), **tags)
    np.testing.assert_array_equal(read(files).voxels, expected)


def test_padding_does_not_make_ct_numbers_hu(tmp_path, write_dicom, thorax, read):
    """Values at or above 0 with padding below: the padding says nothing about the scale."""
    files = write_dicom(tmp_path, thorax())
    expected = padded(files, thorax() + 1024, PixelPaddingValue=PADDING)
    volume = read(files)
    assert volume.value_scale == "CT number"
    np.testing.assert_array_equal(volume.voxels, expected)


def test_a_padding_value_between_real_values_marks_nothing(tmp_path, write_dicom, thorax, read):
    """0 HU is water: a header that calls it padding must not punch holes."""
    hu = thorax()
    hu[:, 3, 3] = 0
    files = write_dicom(tmp_path, hu)
    for path, one in zip(files, hu, strict=True):
        store(path, one, RescaleIntercept=0, PixelPaddingValue=0)
    volume = read(files)
    np.testing.assert_array_equal(volume.voxels, hu)
    assert volume.flags == ("padding_inside",)


def test_nothing_but_padding(tmp_path, write_dicom, thorax, read):
    files = write_dicom(tmp_path, thorax())
    for path in files:
        store(path, np.full((16, 12), PADDING, "<i2"), PixelPaddingValue=PADDING)
    with pytest.raises(Unusable, match="only_padding"):
        read(files)


def test_hu_stay_whatever_shows_them(tmp_path, write_dicom, thorax, read):
    """MONOCHROME1 is a way of display: a density has no other side."""
    files = write_dicom(tmp_path, thorax())
    for path in files:
        change(path, PhotometricInterpretation="MONOCHROME1")
    np.testing.assert_array_equal(read(files).voxels, thorax())


def test_other_values_of_monochrome1_are_turned_over(tmp_path, write_dicom, thorax, read):
    hu = thorax()
    hu[:, 0, 0] = -1024 + 4095  # padding, shown black like air
    files = write_dicom(tmp_path, hu)
    inverted = {"RescaleSlope": None, "RescaleIntercept": None, "PixelPaddingValue": 4095}
    for path in files:
        change(path, PhotometricInterpretation="MONOCHROME1", **inverted)
    expected = 4095 - (hu + 1024)
    expected[:, 0, 0] = np.sort(expected.ravel())[len(hu)]
    np.testing.assert_array_equal(read(files).voxels, expected)


def test_flags(tmp_path, write_dicom, thorax, read):
    files = write_dicom(tmp_path, thorax())
    assert read(files).flags == ()
    change(files[0], BurnedInAnnotation="YES", ImageType=["DERIVED", "SECONDARY", "AXIAL"])
    assert read(files).flags == ("burned_in", "secondary_capture")


def test_only_the_classes_of_secondary_capture_are_captures(slice_at):
    storage = "1.2.840.10008.5.1.4.1.1."
    captures = ["7", "7.1", "7.2", "7.3", "7.4"]
    others = ["2", "77.1.1", "70", ""]  # 77.1.1: visible light endoscopy
    told = {end: slice_at(None, "a", sop_class=storage + end) for end in captures + others}
    assert [end for end, one in told.items() if one.header.is_capture] == captures


def test_what_was_dropped_keeps_its_reason(tmp_path, write_dicom, thorax, mend):
    """A slice of no pixel size has no place, though every element is there."""
    files = write_dicom(tmp_path, thorax(slices=6))
    change(files[-1], PixelSpacing=[0, 0])
    slices = [one for path in files for one in recognise.read(path)]
    volume = pixels.read(slices, mend)
    assert volume.dropped == ((files[-1], "no_geometry"),)


def test_lossy_compression_is_flagged_and_near(tmp_path, write_dicom, thorax, read):
    hu = thorax(rows=32, columns=32)
    files = write_dicom(tmp_path, hu)
    for path in files:
        data = pydicom.dcmread(path)
        data.compress(pydicom.uid.JPEG2000, j2k_psnr=[70], generate_instance_uid=False)
        data.save_as(path)
    volume = read(files)
    assert volume.flags == ("lossy",)
    error = np.sqrt(np.mean((volume.voxels.astype(float) - hu) ** 2))
    assert 0 < error < 4 * 4095 / 10 ** (70 / 20)


def test_copies_are_named_and_not_used(tmp_path, write_dicom, thorax, read, rewrite):
    """A copy in another transfer syntax is told by its decoded pixels."""
    files = write_dicom(tmp_path, thorax(rows=32, columns=32))
    copies = [tmp_path / "a", tmp_path / "b"]
    for path, copy in zip(files, copies, strict=False):
        shutil.copy(path, copy)
    rewrite(copies[1], "JPEG-LS")
    volume = read([*files, *copies])
    np.testing.assert_array_equal(volume.voxels, thorax(rows=32, columns=32))
    assert [why for _, why in volume.dropped] == ["identical_copy"] * 2
    assert "identical_copy" in volume.flags


def test_another_slice_at_the_same_place_is_refused(tmp_path, write_dicom, thorax, read, rewrite):
    files = write_dicom(tmp_path, thorax(rows=32, columns=32))
    other = tmp_path / "other"
    shutil.copy(files[1], other)
    stored = pydicom.dcmread(other).pixel_array.copy()
    stored[5, 5] += 1
    store(other, stored, BitsStored=12)
    rewrite(other, "JPEG-LS")
    with pytest.raises(Unusable, match="duplicate_position"):
        read([*files, other])


def test_repairs_are_made_and_recorded(tmp_path, write_dicom, thorax, slices, strict):
    hu = np.repeat(np.arange(-500, 500, 100, dtype=np.int16), 16 * 12).reshape(10, 16, 12)
    files = write_dicom(tmp_path, hu)
    files.pop(4)
    mending = strict.model_copy(update={"policy": "repair", "fill_slices": 1})
    with pytest.raises(Unusable, match="gap"):
        pixels.read(slices(files), strict)
    volume = pixels.read(slices(files), mending)
    np.testing.assert_array_equal(volume.voxels, hu)
    assert volume.repairs == ("interpolated",)


def test_one_slice_gone_since_the_header_was_read(tmp_path, write_dicom, thorax, slices, strict):
    files = write_dicom(tmp_path, thorax())
    known = slices(files)
    files[2].write_bytes(files[2].read_bytes()[:-100])
    with pytest.raises(Unusable, match="truncated"):
        pixels.read(known, strict)
    files[2].unlink()
    with pytest.raises(FileNotFoundError):
        pixels.read(known, strict)


def test_it_is_not_slowed_or_misled_by_what_it_does_not_use(
    tmp_path, write_dicom, thorax, slices, strict
):
    """A slice carries no number that orders it: only its place does."""
    known = slices(write_dicom(tmp_path, thorax()))
    renamed = [
        replace(one, acquisition="7", header=replace(one.header, instance=f"1.{index}"))
        for index, one in enumerate(known)
    ]
    np.testing.assert_array_equal(pixels.read(renamed, strict).voxels, thorax())


WRONG = {"a comma": b"-1024,0 ", "two values": b"-1024\\1 ", "no number": b"none    "}


@pytest.mark.parametrize("written", WRONG.values(), ids=WRONG)
def test_an_intercept_that_is_no_number_is_not_taken_for_none(
    tmp_path, write_dicom, thorax, series_of, read, written
):
    """dcmjs 287: a decimal comma; the values would count as unscaled in silence."""
    files = write_dicom(tmp_path, thorax(), series_of(rescale=(1.0, -1024.25)))
    for path in files:
        content = path.read_bytes()
        assert b"-1024.25" in content
        path.write_bytes(content.replace(b"-1024.25", written, 1))
    with pytest.raises(Unusable, match="bad_rescale"):
        read(files)


@pytest.mark.parametrize("tag", ["RescaleSlope", "RescaleIntercept"])
def test_a_slope_without_an_intercept_says_nothing(tmp_path, write_dicom, thorax, read, tag):
    files = write_dicom(tmp_path, thorax())
    for path in files:
        change(path, **{tag: ""})
    with pytest.raises(Unusable, match="bad_rescale"):
        read(files)


@pytest.mark.parametrize("kind", ["MGML", "Z_EFF", "PCT", "HU_MOD", "US", "Mr Smith"])
def test_a_rescale_type_other_than_hu_is_no_hu(tmp_path, write_dicom, thorax, read, kind):
    """PS3.3 C.11.1.1.2."""
    files = write_dicom(tmp_path, thorax())
    for path in files:
        change(path, RescaleType=kind)
    with pytest.raises(Unusable, match="not_hu") as refused:
        read(files)
    assert "Smith" not in str(refused.value)


def test_unspecified_units_are_believed_and_flagged_on_request(
    tmp_path, write_dicom, thorax, slices, strict
):
    files = write_dicom(tmp_path, thorax())
    for path in files:
        change(path, RescaleType="US")
    policy = strict.model_copy(update={"doubtful_hu": "flag"})
    volume = pixels.read(slices(files), policy)
    assert (volume.value_scale, volume.flags) == ("HU", ("rescale_type",))


@pytest.mark.parametrize("modality", ["", None, "ct", "OT"])
def test_the_sop_class_says_what_is_ct_and_an_odd_modality_is_flagged(
    tmp_path, write_dicom, thorax, read, modality
):
    files = write_dicom(tmp_path, thorax())
    for path in files:
        change(path, Modality=modality)
    volume = read(files)
    np.testing.assert_array_equal(volume.voxels, thorax())
    assert volume.flags == (() if modality == "ct" else ("odd_modality",))


@pytest.mark.parametrize("word", ["MIP", "CSA MIP", "MINIP", "AVERAGE"])
def test_a_slab_of_greatest_or_mean_values_is_flagged(tmp_path, write_dicom, thorax, read, word):
    files = write_dicom(tmp_path, thorax())
    for path in files:
        change(path, ImageType=["DERIVED", "PRIMARY", word])
    assert read(files).flags == ("projection",)


def test_a_body_under_another_syntax_than_it_says_is_read(tmp_path, write_dicom, thorax, read):
    """What pydicom reads is read: elements with their representations, declared without."""
    files = write_dicom(tmp_path, thorax())
    for path in files:
        content = path.read_bytes()
        says, said = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0"
        assert says in content
        path.write_bytes(content.replace(says, said, 1))
    np.testing.assert_array_equal(read(files).voxels, thorax())


def test_an_element_that_stands_twice_is_refused(tmp_path, write_dicom, thorax):
    *_, path = write_dicom(tmp_path, thorax())
    content = path.read_bytes()
    at = content.index(b"\xe0\x7f\x10\x00")
    path.write_bytes(content[:at] + b"\x28\x00\x52\x10DS\x02\x000 " + content[at:])
    with pytest.raises(Unusable, match=r"repeated_element: \(0028,1052\)"):
        recognise.read(path)


@pytest.mark.parametrize("tags", [{"ConvolutionKernel": "B30f"}, {"KVP": 80}])
def test_a_kernel_that_changes_half_way_is_flagged(tmp_path, write_dicom, thorax, read, tags):
    files = write_dicom(tmp_path, thorax())
    for path in files[:2]:
        change(path, **tags)
    assert read(files).flags == ("mixed_protocol",)

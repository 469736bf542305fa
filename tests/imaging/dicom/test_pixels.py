import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813

from elsewhere.imaging.dicom import pixels
from elsewhere.imaging.volume import Unusable

TURNS = {
    "supine": (1, 0, 0, 0, 1, 0),
    "prone": (-1, 0, 0, 0, -1, 0),
    "feet first": (-1, 0, 0, 0, 1, 0),
    "rows to the back": (0, 1, 0, 1, 0, 0),
    "rows to the front": (0, -1, 0, 1, 0, 0),
}


def simpleitk(folder):
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    return sitk.DICOMOrient(sitk.ReadImage(names), "LPS")


@pytest.mark.parametrize("orientation", TURNS.values(), ids=TURNS.keys())
def test_agrees_with_gdcm_in_any_orientation(tmp_path, write_dicom, thorax, series_of, orientation):
    """The oracle sorts and turns by itself; file names and InstanceNumber mislead both."""
    files = write_dicom(tmp_path, thorax(), series_of(orientation=tuple(map(float, orientation))))
    volume = pixels.read(files[::-1])
    oracle = simpleitk(tmp_path)
    np.testing.assert_array_equal(volume.voxels, sitk.GetArrayFromImage(oracle))
    np.testing.assert_allclose(volume.spacing_mm, oracle.GetSpacing()[::-1], atol=1e-3)


def test_a_supine_series_comes_back_in_hu_from_feet_to_head(tmp_path, write_dicom, thorax):
    volume = pixels.read(write_dicom(tmp_path, thorax()))
    np.testing.assert_array_equal(volume.voxels, thorax())
    assert (volume.value_scale, volume.bits_stored, volume.source_format) == ("HU", 12, "DICOM")
    np.testing.assert_allclose(volume.spacing_mm, (2.5, 0.7, 0.8), atol=1e-6)
    assert (volume.acquisition.manufacturer, volume.acquisition.kernel) == ("SIEMENS", "B70s")


@pytest.mark.parametrize(
    "syntax", [pydicom.uid.RLELossless, pydicom.uid.JPEG2000Lossless], ids=["RLE", "JPEG 2000"]
)
def test_lossless_compression_changes_nothing(tmp_path, write_dicom, thorax, series_of, syntax):
    hu = thorax(rows=64, columns=48)
    files = write_dicom(tmp_path, hu, series_of(syntax=syntax))
    assert pydicom.dcmread(files[0]).file_meta.TransferSyntaxUID == syntax
    np.testing.assert_array_equal(pixels.read(files).voxels, hu)


@pytest.mark.parametrize("codec", ["JPEG", "JPEGLS", "JPEG2000"])
def test_files_that_gdcm_compressed(tmp_path, write_dicom, thorax, codec):
    """Other encoders than pydicom's own: JPEG lossless and JPEG-LS too."""
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    writer.UseCompressionOn()
    writer.SetCompressor(codec)
    files = write_dicom(tmp_path, thorax(slices=3))
    for path in files:
        writer.SetFileName(path.with_suffix(".dcm"))
        writer.Execute(sitk.ReadImage(path))
    packed = sorted(tmp_path.glob("*.dcm"))
    assert pydicom.dcmread(packed[0]).file_meta.TransferSyntaxUID.is_compressed
    np.testing.assert_array_equal(pixels.read(packed).voxels, thorax(slices=3))


def test_each_slice_has_its_own_rescale(tmp_path, write_dicom, thorax):
    files = write_dicom(tmp_path, thorax())
    data = pydicom.dcmread(files[2])
    data.PixelData = (2 * data.pixel_array).astype("<u2").tobytes()
    data.RescaleSlope, data.BitsStored, data.HighBit = 0.5, 16, 15
    data.save_as(files[2])
    np.testing.assert_array_equal(pixels.read(files).voxels, thorax())


def test_without_rescale_the_values_are_ct_numbers(tmp_path, write_dicom, thorax, series_of):
    """A-11."""
    files = write_dicom(tmp_path, thorax() + 1024, series_of(rescale=None))
    for path in files:
        data = pydicom.dcmread(path)
        data.PixelData = (thorax()[0] + 1024).astype("<u2").tobytes()
        data.save_as(path)
    volume = pixels.read(files)
    assert volume.value_scale == "CT number"
    np.testing.assert_array_equal(volume.voxels[0], thorax()[0] + 1024)


def test_a_rescale_on_some_slices_only(tmp_path, write_dicom, thorax):
    files = write_dicom(tmp_path, thorax())
    data = pydicom.dcmread(files[0])
    del data.RescaleSlope
    data.save_as(files[0])
    with pytest.raises(Unusable, match="mixed_rescale"):
        pixels.read(files)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, "unknown"),
        ({"ContrastBolusAgent": "OMNIPAQUE"}, "yes"),
        ({"ContrastBolusAgent": "NONE"}, "no"),
    ],
)
def test_contrast(tmp_path, write_dicom, thorax, series_of, tags, expected):
    """A-06."""
    files = write_dicom(tmp_path, thorax(slices=2), series_of(tags=tags))
    assert pixels.read(files).acquisition.contrast == expected

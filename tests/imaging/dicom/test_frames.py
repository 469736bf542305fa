import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    EnhancedCTImageStorage,
    ExplicitVRLittleEndian,
)

from elsewhere.imaging.dicom import geometry, group, recognise
from elsewhere.imaging.dicom.header import Aside
from elsewhere.imaging.volume import Unusable


def item(**values):
    made = Dataset()
    for name, value in values.items():
        setattr(made, name, value)
    return made


def frame(height, **content):
    return item(
        PlanePositionSequence=[item(ImagePositionPatient=[-10, -20, height])],
        FrameContentSequence=[item(**content)],
    )


@pytest.fixture
def enhanced(tmp_path):
    """Write an enhanced CT of the given frames; `change` may alter it."""

    def write(frames, change=lambda data: None, syntax=ExplicitVRLittleEndian):
        path = tmp_path / "enhanced"
        data = FileDataset(path, {}, file_meta=FileMetaDataset(), preamble=bytes(128))
        data.file_meta.TransferSyntaxUID = syntax
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
        data.SeriesInstanceUID, data.Modality = "1.2.3", "CT"
        data.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
        data.Rows, data.Columns, data.NumberOfFrames = 4, 3, len(frames)
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated, data.BitsStored, data.HighBit = 16, 12, 11
        data.PixelRepresentation = 0
        data.PerFrameFunctionalGroupsSequence = frames
        scale = item(RescaleSlope=2, RescaleIntercept=-1024)
        data.SharedFunctionalGroupsSequence = [
            item(
                PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
                PixelMeasuresSequence=[item(PixelSpacing=[0.7, 0.8], SliceThickness=5)],
                PixelValueTransformationSequence=[scale],
                CTReconstructionSequence=[item(ConvolutionKernel=["B", "30"])],
                CTXRayDetailsSequence=[item(KVP=120)],
            )
        ]
        agent = item(CodeValue="1", CodingSchemeDesignator="X", CodeMeaning="Iohexol")
        data.ContrastBolusAgentSequence = [agent]
        data.PixelData = np.arange(12 * len(frames), dtype="<u2").tobytes()
        change(data)
        data.save_as(path, enforce_file_format=True)
        return path

    return write


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_each_frame_is_a_slice(enhanced, strict, syntax):
    slices = recognise.read(enhanced([frame(z) for z in (5, 0, 10)], syntax=syntax))
    assert [one.frame for one in slices] == [0, 1, 2]
    assert {(one.slope, one.intercept) for one in slices} == {(2.0, -1024.0)}
    assert {float(one.kvp) for one in slices} == {120.0}
    assert {one.header.kernel for one in slices} == {"B\\30"}
    assert {one.header.contrast_agent for one in slices} == {"Iohexol"}
    (volume,) = group.volumes(slices, strict)
    found = geometry.lattice_of(volume, strict)
    assert [one.frame for one in found.slices] == [1, 0, 2]
    assert (found.spacing_mm, found.origin_mm) == ((5, 0.7, 0.8), (-10, -20, 0))


def test_a_frame_may_have_its_own_of_what_others_share(enhanced):
    own = frame(5)
    own.PixelValueTransformationSequence = [item(RescaleSlope=3, RescaleIntercept=0)]
    one, other = recognise.read(enhanced([frame(0), own]))
    assert (one.slope, other.slope) == (2, 3)


def timed(frames):
    return [frame(z, **content) for z, content in frames]


TWICE = {
    "temporal index": [(z, {"TemporalPositionIndex": t}) for z in range(4) for t in (1, 2)],
    "acquisition": [(z, {"FrameAcquisitionNumber": t}) for z in range(4) for t in (1, 2)],
    "stack": [(z, {"StackID": str(t)}) for z in range(4) for t in (1, 2)],
    "dimension": [(z, {"DimensionIndexValues": [t, z + 1]}) for z in range(4) for t in (1, 2)],
}


def dimensions(data):
    data.DimensionIndexSequence = [
        item(DimensionIndexPointer=0x00189074),
        item(DimensionIndexPointer=0x00200032),
    ]


@pytest.mark.parametrize("frames", TWICE.values(), ids=TWICE.keys())
def test_two_volumes_of_one_file_are_told_apart(enhanced, strict, frames):
    slices = recognise.read(enhanced(timed(frames), dimensions))
    found = group.volumes(slices, strict)
    assert [[one.frame for one in volume] for volume in found] == [[0, 2, 4, 6], [1, 3, 5, 7]]


def test_localizer_frames_are_left_out(enhanced):
    scout = frame(0)
    scout.CTImageFrameTypeSequence = [item(FrameType=["ORIGINAL", "PRIMARY", "LOCALIZER", "NONE"])]
    slices = recognise.read(enhanced([scout, frame(0), frame(5)]))
    assert [one.frame for one in slices] == [1, 2]
    with pytest.raises(Aside, match="localizer"):
        recognise.read(enhanced([scout]))


def no_groups(data):
    del data.PerFrameFunctionalGroupsSequence


def one_more(data):
    data.NumberOfFrames, data.PixelData = 3, bytes(72)


def one_thousand_million(data):
    data.NumberOfFrames = 10**9


DAMAGE = {
    "no_geometry": no_groups,
    "bad_frames": one_more,
    "pixel_format": one_thousand_million,
}


@pytest.mark.parametrize(("reason", "change"), DAMAGE.items())
def test_frames_that_do_not_fit_their_groups(enhanced, reason, change):
    with pytest.raises(Unusable, match=reason):
        recognise.read(enhanced([frame(0), frame(5)], change))


def test_values_that_are_no_numbers_are_not_there(enhanced):
    lost = frame(0)
    del lost.PlanePositionSequence[0].ImagePositionPatient
    wild = frame(0)
    with pydicom.config.disable_value_validation():
        wild.PlanePositionSequence[0].ImagePositionPatient = [0, 0, 1e30]
        slices = recognise.read(enhanced([lost, wild]))
    assert [one.position_mm for one in slices] == [None, None]

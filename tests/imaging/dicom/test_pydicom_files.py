"""The files that pydicom brings with it: each ends as it must, each image as pydicom reads it."""

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import CTImageStorage

from elsewhere.imaging.dicom import decode, group, pixels, recognise
from elsewhere.imaging.volume import Unusable

ROOT = Path(pydicom.__file__).parent / "data"
TINY = "test_files/dicomdirtests/TINY_ALPHA/PT000000/ST000000/SE000000/"
# what becomes of a file that holds no grey slice
REASONS = {
    "dicomdir": """
        test_files/dicomdirtests/DICOMDIR
        test_files/dicomdirtests/DICOMDIR-bigEnd
        test_files/dicomdirtests/DICOMDIR-empty.dcm
        test_files/dicomdirtests/DICOMDIR-implicit
        test_files/dicomdirtests/DICOMDIR-nooffset
        test_files/dicomdirtests/DICOMDIR-nopatient
        test_files/dicomdirtests/DICOMDIR-reordered
        test_files/dicomdirtests/TINY_ALPHA/DICOMDIR
    """,
    "localizer": """
        test_files/dicomdirtests/98892001/CT2N/6293
        test_files/dicomdirtests/98892001/CT2N/6924
    """,
    "no_pixels": """
        charset_files/chrJapMulti.dcm
        charset_files/chrJapMultiExplicitIR6.dcm
        charset_files/chrKoreanMulti.dcm
        test_files/UN_sequence.dcm
    """,
    "no_series": """
        test_files/meta_missing_tsyntax.dcm
        test_files/nested_priv_SQ.dcm
    """,
    "not_an_image": """
        charset_files/chrSQEncoding.dcm
        charset_files/chrSQEncoding1.dcm
        palettes/fall.dcm
        palettes/hotiron.dcm
        palettes/hotmetalblue.dcm
        palettes/pet.dcm
        palettes/pet20step.dcm
        palettes/spring.dcm
        palettes/summer.dcm
        palettes/winter.dcm
        test_files/ExplVR_BigEndNoMeta.dcm
        test_files/ExplVR_LitEndNoMeta.dcm
        test_files/no_meta_group_length.dcm
        test_files/priv_SQ.dcm
        test_files/reportsi.dcm
        test_files/reportsi_with_empty_number_tags.dcm
        test_files/rtplan.dcm
        test_files/rtstruct.dcm
        test_files/test-SR.dcm
        test_files/waveform_ecg.dcm
    """,
    "not_ct": """
        test_files/rtdose.dcm
        test_files/rtdose_expb.dcm
        test_files/rtdose_rle.dcm
    """,
    "not_dicom": """
        charset_files/FileInfo.txt
        hashes.json
        palettes/README.md
        test_files/README.txt
        test_files/crayons.icc
        test_files/dicomdirtests/README.txt
        test_files/dicomdirtests/TINY_ALPHA/README
        test_files/no_meta.dcm
        test_files/rtplan.dump
        test_files/rtstruct.dump
        test_files/test1.json
        test_files/test_PN.json
        test_files/zipMR.gz
        urls.json
    """,
    "not_grey": """
        test_files/ExplVR_BigEnd.dcm
        test_files/examples_jpeg2k.dcm
        test_files/examples_palette.dcm
        test_files/examples_rgb_color.dcm
        test_files/examples_ybr_color.dcm
        test_files/liver_1frame.dcm
        test_files/liver_expb_1frame.dcm
    """,
    "pixel_format": """
        test_files/badVR.dcm
    """,
    "secondary_capture": """
        charset_files/chrArab.dcm
        charset_files/chrFren.dcm
        charset_files/chrFrenMulti.dcm
        charset_files/chrGerm.dcm
        charset_files/chrGreek.dcm
        charset_files/chrH31.dcm
        charset_files/chrH32.dcm
        charset_files/chrHbrw.dcm
        charset_files/chrI2.dcm
        charset_files/chrRuss.dcm
        charset_files/chrX1.dcm
        charset_files/chrX2.dcm
        test_files/GDCMJ2K_TextGBR.dcm
        test_files/JPEG-lossy.dcm
        test_files/JPEG2000-embedded-sequence-delimiter.dcm
        test_files/JPEG2000.dcm
        test_files/JPEGLSNearLossless_08.dcm
        test_files/JPEGLSNearLossless_16.dcm
        test_files/JPGExtended.dcm
        test_files/SC_jpeg_no_color_transform.dcm
        test_files/SC_jpeg_no_color_transform_2.dcm
        test_files/SC_rgb_dcmtk_+eb+cr.dcm
        test_files/SC_rgb_dcmtk_+eb+cy+n1.dcm
        test_files/SC_rgb_dcmtk_+eb+cy+n2.dcm
        test_files/SC_rgb_dcmtk_+eb+cy+np.dcm
        test_files/SC_rgb_dcmtk_+eb+cy+s2.dcm
        test_files/SC_rgb_dcmtk_+eb+cy+s4.dcm
        test_files/SC_rgb_gdcm_KY.dcm
        test_files/SC_rgb_jls_lossy_line.dcm
        test_files/SC_rgb_jls_lossy_sample.dcm
        test_files/SC_rgb_jpeg.dcm
        test_files/SC_rgb_jpeg_app14_dcmd.dcm
        test_files/SC_rgb_jpeg_dcmd.dcm
        test_files/SC_rgb_jpeg_dcmtk.dcm
        test_files/SC_rgb_jpeg_gdcm.dcm
        test_files/SC_rgb_jpeg_lossy_gdcm.dcm
        test_files/SC_rgb_rle.dcm
        test_files/SC_rgb_rle_16bit.dcm
        test_files/SC_rgb_rle_16bit_2frame.dcm
        test_files/SC_rgb_rle_2frame.dcm
        test_files/SC_rgb_rle_32bit.dcm
        test_files/SC_rgb_rle_32bit_2frame.dcm
        test_files/SC_rgb_small_odd.dcm
        test_files/SC_rgb_small_odd_big_endian.dcm
        test_files/SC_rgb_small_odd_jpeg.dcm
        test_files/SC_ybr_full_422_uncompressed.dcm
        test_files/image_dfl.dcm
    """,
    "truncated": """
        test_files/MR_truncated.dcm
        test_files/rtplan_truncated.dcm
    """,
    "unreadable": """
        test_files/empty_charset_LEI.dcm
    """,
}
IMAGES = {
    "test_files/693_J2KI.dcm": ((512, 512), "80b7c67c9581"),
    "test_files/CT_small.dcm": ((128, 128), "4395c18c3599"),
    "test_files/J2K_pixelrep_mismatch.dcm": ((512, 512), "c5bf751ac56d"),
    "test_files/MR_small.dcm": ((64, 64), "7535ddb55eab"),
    "test_files/MR_small_RLE.dcm": ((64, 64), "7535ddb55eab"),
    "test_files/MR_small_bigendian.dcm": ((64, 64), "7535ddb55eab"),
    "test_files/MR_small_expb.dcm": ((64, 64), "7535ddb55eab"),
    "test_files/MR_small_implicit.dcm": ((64, 64), "7535ddb55eab"),
    "test_files/MR_small_jp2klossless.dcm": ((64, 64), "7535ddb55eab"),
    "test_files/MR_small_jpeg_ls_lossless.dcm": ((64, 64), "7535ddb55eab"),
    "test_files/MR_small_padded.dcm": ((64, 64), "7535ddb55eab"),
    "test_files/dicomdirtests/77654033/CR1/6154": ((16, 16), "a18ee1e6c44b"),
    "test_files/dicomdirtests/77654033/CR2/6247": ((16, 16), "49bbb3628c33"),
    "test_files/dicomdirtests/77654033/CR3/6278": ((16, 16), "0b1147567680"),
    "test_files/dicomdirtests/77654033/CT2/17106": ((16, 16), "095f44d7b983"),
    "test_files/dicomdirtests/77654033/CT2/17136": ((16, 16), "5bd884b05496"),
    "test_files/dicomdirtests/77654033/CT2/17166": ((16, 16), "464a699ddf47"),
    "test_files/dicomdirtests/77654033/CT2/17196": ((16, 16), "cc769363238f"),
    "test_files/dicomdirtests/98892001/CT5N/2062": ((16, 16), "63ca48a2c82a"),
    "test_files/dicomdirtests/98892001/CT5N/2392": ((16, 16), "ed52a111808f"),
    "test_files/dicomdirtests/98892001/CT5N/2693": ((16, 16), "48f3835310d0"),
    "test_files/dicomdirtests/98892001/CT5N/3023": ((16, 16), "8cba72d77b98"),
    "test_files/dicomdirtests/98892001/CT5N/3353": ((16, 16), "f80a560970a5"),
    "test_files/dicomdirtests/98892003/MR1/15820": ((16, 16), "f7052d645add"),
    "test_files/dicomdirtests/98892003/MR1/4919": ((16, 16), "58fd762d5926"),
    "test_files/dicomdirtests/98892003/MR1/5641": ((16, 16), "d95b34164f41"),
    "test_files/dicomdirtests/98892003/MR2/15970": ((16, 16), "123f1ea86c4a"),
    "test_files/dicomdirtests/98892003/MR2/4950": ((16, 16), "690d3c7eaf86"),
    "test_files/dicomdirtests/98892003/MR2/4981": ((16, 16), "2106066e4821"),
    "test_files/dicomdirtests/98892003/MR2/5011": ((16, 16), "84a114cadb5a"),
    "test_files/dicomdirtests/98892003/MR2/6273": ((16, 16), "2077a938c520"),
    "test_files/dicomdirtests/98892003/MR2/6605": ((16, 16), "2a9809c92316"),
    "test_files/dicomdirtests/98892003/MR2/6935": ((16, 16), "acc1da091489"),
    "test_files/dicomdirtests/98892003/MR700/4467": ((16, 16), "c8ab0f6db5fa"),
    "test_files/dicomdirtests/98892003/MR700/4528": ((16, 16), "033d2a7418d7"),
    "test_files/dicomdirtests/98892003/MR700/4558": ((16, 16), "81fa2e4e0e49"),
    "test_files/dicomdirtests/98892003/MR700/4588": ((16, 16), "d30e4bdc71df"),
    "test_files/dicomdirtests/98892003/MR700/4618": ((16, 16), "a73a1ec03439"),
    "test_files/dicomdirtests/98892003/MR700/4648": ((16, 16), "61e24128bbc6"),
    "test_files/dicomdirtests/98892003/MR700/4678": ((16, 16), "0187047be564"),
    "test_files/examples_overlay.dcm": ((300, 484), "c9fe28145b99"),
    "test_files/rtdose_1frame.dcm": ((10, 10), "83d800e17dd9"),
    "test_files/rtdose_expb_1frame.dcm": ((10, 10), "83d800e17dd9"),
    "test_files/rtdose_rle_1frame.dcm": ((10, 10), "83d800e17dd9"),
}
OF_TINY = {"no_pixels": 50}  # headers without Pixel Data


def brought():
    """Name every file of the package, without its code."""
    return [
        path.relative_to(ROOT).as_posix()
        for path in sorted(ROOT.rglob("*"))
        if path.is_file() and path.suffix not in (".py", ".pyc")
    ]


def expected(name):
    """Return the reason code of a file, None for an image."""
    if name.startswith(TINY):
        return "no_pixels"
    return next((code for code, names in REASONS.items() if name in names.split()), None)


def outcome(path, policy):
    """Return the stored values of a file's slices [frame, y, x], or why there are none."""
    try:
        found = recognise.read(path)
        return np.stack(
            decode.decode_slices(found, policy, lambda _, decoded: decoded.values.copy())
        )
    except Unusable as error:
        return error.reason


def test_the_table_names_every_file():
    listed = [name for names in REASONS.values() for name in names.split()]
    known = [name for name in brought() if not name.startswith(TINY)]
    assert sorted([*listed, *IMAGES]) == sorted(known)
    assert len(brought()) - len(known) == OF_TINY["no_pixels"]


@pytest.mark.parametrize("name", [name for name in brought() if name not in IMAGES])
def test_a_file_without_a_grey_slice_has_its_reason(name, strict):
    reason = outcome(ROOT / name, strict)
    assert reason == expected(name)


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_what_pydicom_reads(name, strict):
    found = outcome(ROOT / name, strict)
    np.testing.assert_array_equal(found.squeeze(), pydicom.dcmread(ROOT / name).pixel_array)
    shape, digest = IMAGES[name]
    assert found.shape == (1, *shape)
    assert hashlib.sha256(found.astype("<i8").tobytes()).hexdigest()[:12] == digest


# grey pictures that are set aside as secondary captures, in syntaxes that no other file has
GREY_CAPTURES = [
    *("JPGExtended", "JPEG2000", "image_dfl"),
    *("JPEGLSNearLossless_08", "JPEGLSNearLossless_16"),
]


def as_ct(name, folder):
    """Write one of the pictures anew as CT."""
    data = pydicom.dcmread(ROOT / "test_files" / f"{name}.dcm")
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = CTImageStorage
    data.Modality, data.SeriesInstanceUID = "CT", "1.2"
    data.save_as(folder / name)
    return data


@pytest.mark.parametrize("name", GREY_CAPTURES)
def test_every_decoder_agrees_with_pydicom(tmp_path, name, strict):
    data = as_ct(name, tmp_path)
    np.testing.assert_array_equal(outcome(tmp_path / name, strict)[0], data.pixel_array)


DAMAGED = {
    "JPEG-lossy": "decoder_failed",  # its scan header breaks the rules of its process
    "JPEG2000-embedded-sequence-delimiter": "pixel_format",  # overwritten in its size
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_code_stream_that_no_decoder_of_pydicom_reads(tmp_path, name, strict):
    data = as_ct(name, tmp_path)
    assert outcome(tmp_path / name, strict) == DAMAGED[name]
    with pytest.raises(RuntimeError):
        assert data.pixel_array


def test_the_tree_as_a_whole(strict):
    """Every file ends in one place, and the one CT series among them is a volume."""
    found = recognise.sort(ROOT / "test_files")
    files = [path for path in (ROOT / "test_files").rglob("*") if path.is_file()]
    assert found.n_files == len(files)
    ends = Counter()
    for volume in group.volumes(found.slices, strict):
        try:
            ends[pixels.read(volume, strict).voxels.shape] += 1
        except Unusable as error:
            ends[error.reason] += 1
    assert ends == {(5, 16, 16): 1, "single_slice": 3, "gap": 1, "not_ct": ends["not_ct"]}


def test_the_one_series_against_pydicom(strict):
    folder = ROOT / "test_files/dicomdirtests/98892001/CT5N"
    (slices,) = group.volumes(recognise.sort(folder).slices, strict)
    volume = pixels.read(slices, strict)
    files = [pydicom.dcmread(path) for path in folder.iterdir()]
    files.sort(key=lambda one: one.ImagePositionPatient[2])
    hu = [one.pixel_array * one.RescaleSlope + one.RescaleIntercept for one in files]
    np.testing.assert_array_equal(volume.voxels, np.stack(hu))
    np.testing.assert_allclose(volume.affine[:3, 3], files[0].ImagePositionPatient)
    assert (volume.value_scale, volume.acquisition.kernel) == ("HU", "STANDARD")

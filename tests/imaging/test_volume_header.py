import gzip

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from elsewhere.imaging import volume_header
from elsewhere.imaging.volume import Unusable

TYPES = [
    sitk.sitkInt8,
    sitk.sitkUInt8,
    sitk.sitkInt16,
    sitk.sitkUInt16,
    sitk.sitkInt32,
    sitk.sitkUInt32,
    sitk.sitkInt64,
    sitk.sitkUInt64,
    sitk.sitkFloat32,
    sitk.sitkFloat64,
]


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
@pytest.mark.parametrize("pixel_type", TYPES)
def test_says_where_the_voxels_are_and_how_many_bytes(tmp_path, suffix, pixel_type):
    """Against the file's length: raw voxels end where the file does."""
    path = tmp_path / f"one{suffix}"
    image = sitk.Image(4, 5, 6, pixel_type)
    sitk.WriteImage(image, path)
    header = volume_header.read(path)
    assert header.start + header.expected == path.stat().st_size
    assert header.expected == sitk.GetArrayViewFromImage(image).nbytes
    assert (header.encoding, header.data) == ("raw", "")


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("signed char", 1),
        ("uint8_t", 1),
        ("unsigned short int", 2),
        ("short", 2),
        ("int16_t", 2),
        ("signed int", 4),
        ("unsigned int", 4),
        ("unsigned long long int", 8),
        ("uint64", 8),
        ("double", 8),
    ],
)
def test_knows_the_names_of_types_that_the_format_defines(tmp_path, written, size):
    """http://teem.sourceforge.net/nrrd/format.html#type."""
    path = tmp_path / "one.nhdr"
    path.write_text(
        f"NRRD0004\ntype: {written}\ndimension: 3\nsizes: 2 3 4\nencoding: raw\ndata file: a.raw\n"
    )
    assert volume_header.read(path).expected == 24 * size


def test_fields_may_be_written_in_several_ways(tmp_path):
    path = tmp_path / "one.nhdr"
    path.write_text(
        "NRRD0005\r\n# made by hand\r\ntype: short\r\ndimension: 3\r\nspace: RAS\r\n"
        "sizes: 2 3 4\r\nspace directions: (1,0,0) (0,1,0) (0,0,2)\r\nkey:=a: b\r\n"
        "encoding: gz\r\nbyteskip: 7\r\ndatafile: my scan.raw.gz\r\n"
    )
    header = volume_header.read(path)
    assert (header.data, header.start, header.encoding) == ("my scan.raw.gz", 7, "gzip")
    assert (header.oriented, header.spaced) == (True, True)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (bytes(344) + b"n+1\0", "nifti"),
        (b"\x1c\x02\0\0n+2\0" + bytes(400), "nifti"),
        (b"NRRD0004\ntype: short\n", "nrrd"),
        (b"ObjectType = Image\nNDims = 3\n", "metaimage"),
        (b"NDims = 3\n", "metaimage"),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"", None),
        (b"\x1f\x8bno gzip", None),
    ],
)
def test_formats_are_told_by_content(tmp_path, head, expected):
    (tmp_path / "a").write_bytes(head)
    assert volume_header.kind(tmp_path / "a") == expected
    (tmp_path / "a").write_bytes(gzip.compress(head))
    assert volume_header.kind(tmp_path / "a") == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("NRRD0004\ntype: short\n", "bad_header"),
        ("NRRD0004\ntype: short\nsizes: 2 x\nencoding: raw\n", "bad_header"),
        ("NRRD0004\ntype: block\nsizes: 2 2 2\nencoding: raw\n", "colour"),
        ("NRRD0004\ntype: short\nsizes: 2 0 2\nencoding: raw\n", "not_3d"),
        ("NRRD0004\ntype: short\nsizes: 2 2 2\nencoding: raw\ndata file: LIST\n", "no_data_file"),
        ("ObjectType = Image\nDimSize = 2 2 2\n", "bad_header"),
        ("ElementType = MET_SHORT\nDimSize = 2 2\nElementDataFile = LIST\n", "no_data_file"),
    ],
)
def test_a_header_that_leaves_out_something_is_refused(tmp_path, text, reason):
    (tmp_path / "one.nrrd").write_text(text)
    with pytest.raises(Unusable, match=reason):
        volume_header.read(tmp_path / "one.nrrd")


def test_slices_in_files_of_their_own_are_refused(tmp_path):
    (tmp_path / "one.mhd").write_text(
        "DimSize = 2 2 2\nElementType = MET_SHORT\nElementDataFile = s%03d.raw 1 2 1\n"
    )
    header = volume_header.read(tmp_path / "one.mhd")
    with pytest.raises(Unusable, match="no_data_file"):
        volume_header.data_file(tmp_path / "one.mhd", header)


def test_the_data_file_is_beside_the_header(tmp_path):
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((2, 2, 2), np.int16)), tmp_path / "one.mhd")
    header = volume_header.read(tmp_path / "one.mhd")
    found = volume_header.data_file(tmp_path / "one.mhd", header)
    assert found == tmp_path / "one.raw"


@pytest.mark.parametrize("name", ["a.nii", "a.NII.GZ", "a.nrrd", "a.mhd"])
def test_only_a_name_that_fits_the_content_is_accepted(tmp_path, name):
    content = {"nii": bytes(344) + b"n+1\0", "nrrd": b"NRRD0004\n", "mhd": b"NDims = 3\n"}
    plain = content[name.lower().split(".")[1]]
    path = tmp_path / name
    path.write_bytes(gzip.compress(plain) if name.endswith("GZ") else plain)
    volume_header.check_name(path)
    for other in content.values():
        if other != plain:
            path.write_bytes(other)
            with pytest.raises(Unusable, match="wrong_suffix"):
                volume_header.check_name(path)

from dataclasses import replace

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate

from elsewhere.imaging.dicom import codestream
from elsewhere.imaging.volume import Unusable

SYNTAXES = ["JPEG lossless", "JPEG lossless SV1", "JPEG-LS", "JPEG 2000", "RLE"]


@pytest.fixture
def packed(tmp_path, write_dicom, thorax, rewrite):
    """Return a compressed file's path and what its header says of the pixels."""

    def pack(syntax, slices):
        path = write_dicom(tmp_path, thorax(slices=1, rows=32, columns=24))[0]
        rewrite(path, syntax)
        return path, slices([path])[0].header.stored

    return pack


def encapsulated(path, stored, frames, **how):
    """Write frames behind one another; return the layout of the file."""
    content = encapsulate(frames, **how)
    path.write_bytes(b"header" + content + b"\xfe\xff\xdd\xe0\0\0\0\0")
    return replace(stored, offset=6, frames=len(frames))


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_finds_the_frame_that_pydicom_finds(packed, slices, syntax):
    path, stored = packed(syntax, slices)
    found = codestream.frame(path, stored, 0, codestream.fragments(path, stored.offset))
    expected = next(
        pydicom.encaps.generate_frames(pydicom.dcmread(path).PixelData, number_of_frames=1)
    )
    assert found == expected


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_file_cut_anywhere_in_its_pixels_is_refused(packed, slices, syntax):
    path, stored = packed(syntax, slices)
    content = path.read_bytes()
    for end in np.linspace(stored.offset, len(content) - 1, 25).astype(int):
        path.write_bytes(content[:end])
        with pytest.raises(Unusable, match="truncated"):
            codestream.frame(path, stored, 0, codestream.fragments(path, stored.offset))


@pytest.mark.parametrize("syntax", SYNTAXES[:4])
def test_a_code_stream_without_its_end_is_refused(packed, slices, tmp_path, syntax):
    """The items are whole, what they hold is not: decoders fill the rest with zeros."""
    path, stored = packed(syntax, slices)
    data = codestream.frame(path, stored, 0, codestream.fragments(path, stored.offset))
    cut = encapsulated(path, stored, [data[: len(data) // 2]])
    with pytest.raises(Unusable, match="truncated"):
        codestream.frame(path, cut, 0, codestream.fragments(path, cut.offset))


@pytest.mark.parametrize("syntax", SYNTAXES[:4])
def test_a_code_stream_of_another_size_is_refused(packed, slices, syntax):
    """A bomb: the header is harmless, the decoder would make room for what the stream says."""
    path, stored = packed(syntax, slices)
    parts = codestream.fragments(path, stored.offset)
    with pytest.raises(Unusable, match=r"pixel_format.*\(32, 24, 1\)"):
        codestream.frame(path, replace(stored, rows=24, columns=32), 0, parts)


@pytest.mark.parametrize("word", [0, 1, 2])
def test_an_rle_header_of_another_image_is_refused(packed, slices, word):
    path, stored = packed("RLE", slices)
    parts = codestream.fragments(path, stored.offset)
    content = bytearray(path.read_bytes())
    content[parts[1][0][0] + 4 * word] += 1
    path.write_bytes(content)
    if word == 2:  # the second segment begins one byte late: decoders notice
        assert codestream.frame(path, stored, 0, parts)
        return
    with pytest.raises(Unusable, match="pixel_format"):
        codestream.frame(path, stored, 0, parts)


def test_what_is_no_code_stream(packed, slices):
    path, stored = packed("JPEG 2000", slices)
    other = encapsulated(path, stored, [b"nothing of the kind" * 10])
    with pytest.raises(Unusable, match="pixel_format"):
        codestream.frame(path, other, 0, codestream.fragments(path, 6))
    path.write_bytes(b"header" + b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0")
    with pytest.raises(Unusable, match="no_pixels"):
        codestream.frame(path, other, 0, codestream.fragments(path, 6))


@pytest.mark.parametrize("fragments_per_frame", [1, 3])
@pytest.mark.parametrize("has_bot", [True, False])
def test_frames_are_told_apart(packed, slices, fragments_per_frame, has_bot):
    path, stored = packed("JPEG-LS", slices)
    data = codestream.frame(path, stored, 0, codestream.fragments(path, stored.offset))
    whole = data.rstrip(b"\0")
    frames = [whole[:-4] + bytes([number, 0]) + whole[-2:] for number in range(4)]
    many = encapsulated(
        path, stored, frames, fragments_per_frame=fragments_per_frame, has_bot=has_bot
    )
    parts = codestream.fragments(path, many.offset)
    if fragments_per_frame > 1 and not has_bot:
        with pytest.raises(Unusable, match="pixel_format: 12 fragments and 0 offsets"):
            codestream.frame(path, many, 0, parts)
        return
    found = [codestream.frame(path, many, index, parts) for index in range(4)]
    assert [one.rstrip(b"\0") for one in found] == [one.rstrip(b"\0") for one in frames]

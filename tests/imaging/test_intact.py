import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.imaging import intact
from elsewhere.imaging.volume import Unusable

PACKED = {"raw": bytes, "gzip": gzip.compress, "zlib": zlib.compress}
every_encoding = pytest.mark.parametrize("encoding", PACKED)


@every_encoding
@pytest.mark.parametrize("size", [0, 1, 5000, 3 << 20])
def test_whole_content_passes_behind_any_header(tmp_path, encoding, size):
    content = bytes(range(251)) * (size // 251) + bytes(size % 251)
    (tmp_path / "a").write_bytes(b"header" + PACKED[encoding](content))
    intact.check(tmp_path / "a", start=6, expected=size, encoding=encoding)
    with pytest.raises(Unusable, match="truncated"):
        intact.check(tmp_path / "a", start=6, expected=size + 1, encoding=encoding)


@every_encoding
@given(cut=st.integers(1, 2000), seed=st.binary(min_size=2000, max_size=2100))
def test_content_cut_anywhere_is_refused(tmp_path_factory, encoding, cut, seed):
    path = tmp_path_factory.mktemp("cut") / "a"
    packed = PACKED[encoding](seed)
    path.write_bytes(packed[: max(len(packed) - cut, 2)])
    with pytest.raises(Unusable, match="truncated"):
        intact.check(path, start=0, expected=len(seed), encoding=encoding)


@pytest.mark.parametrize("encoding", ["gzip", "zlib"])
def test_a_wrong_checksum_is_refused_although_all_bytes_are_there(tmp_path, encoding):
    packed = bytearray(PACKED[encoding](bytes(1000)))
    packed[-5 if encoding == "gzip" else -1] ^= 1
    (tmp_path / "a").write_bytes(bytes(packed))
    with pytest.raises(Unusable, match="unreadable"):
        intact.check(tmp_path / "a", start=0, expected=1000, encoding=encoding)


def test_a_bomb_is_left_off_when_its_size_is_passed(tmp_path, monkeypatch):
    """A gigabyte of zeros is a megabyte: it must not be unpacked to find that it is too long."""
    seen = []
    pieces = intact._gzipped
    monkeypatch.setattr(
        intact, "_gzipped", lambda file: (seen.append(n) or n for n in pieces(file))
    )
    (tmp_path / "a").write_bytes(gzip.compress(bytes(64 << 20)))
    intact.check(tmp_path / "a", start=0, expected=1000, encoding="gzip")
    assert sum(seen) < 4 << 20


def test_what_is_compressed_more_than_an_image_can_be_is_refused():
    intact.check_size(10**9, 1.0, compressed=10**7)
    with pytest.raises(Unusable, match="too_large: 1000000 bytes"):
        intact.check_size(10**9, 1.0, compressed=10**6)
    intact.check_size(6 * 10**7, 1.0, compressed=10)  # a small one may be what it claims


def test_voxels_count_as_they_are_kept():
    with pytest.raises(Unusable, match=r"would take 1\.6 GB"):
        intact.check_size(8 * 10**8, 1.0, voxels=8 * 10**8)


def test_a_volume_larger_than_allowed_is_refused():
    intact.check_size(10**9, 1.0)
    with pytest.raises(Unusable, match=r"too_large: the scan would take 2\.0 GB"):
        intact.check_size(2 * 10**9, 1.0)


def test_what_a_library_swallowed_is_raised_when_the_file_is_read(tmp_path):
    (tmp_path / "whole").write_bytes(bytes(3 << 20))
    intact.read_through(tmp_path / "whole")
    with pytest.raises(FileNotFoundError):
        intact.read_through(tmp_path / "gone")

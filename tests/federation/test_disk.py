"""Files are whole, and secret ones private."""

import stat

import pytest

from elsewhere.federation.disk import SECRET, write


@pytest.mark.parametrize(("mode", "expected"), [({}, 0o600), ({"mode": SECRET}, 0o600)])
def test_content_and_permissions(tmp_path, mode, expected):
    path = tmp_path / "a/b.bin"
    write(path, b"one", **mode)
    write(path, b"two", **mode)
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) & expected == expected
    assert not mode or stat.S_IMODE(path.stat().st_mode) == expected
    assert [one.name for one in path.parent.iterdir()] == ["b.bin"]

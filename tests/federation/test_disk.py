"""Files are whole, and secret ones private."""

import resource
import stat
import subprocess

import pytest

from elsewhere.federation.disk import SECRET, keep_out_of_git, write


@pytest.mark.parametrize(("mode", "expected"), [({}, 0o600), ({"mode": SECRET}, 0o600)])
def test_content_and_permissions(tmp_path, mode, expected):
    path = tmp_path / "a/b.bin"
    write(path, b"one", **mode)
    write(path, b"two", **mode)
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) & expected == expected
    assert not mode or stat.S_IMODE(path.stat().st_mode) == expected
    assert [one.name for one in path.parent.iterdir()] == ["b.bin"]


def test_a_disk_that_is_full_names_the_file_and_leaves_the_old_one(tmp_path):
    path = tmp_path / "a.bin"
    write(path, b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match=r"a\.bin"):
            write(path, b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [path]


def test_git_sees_nothing_of_a_folder_with_keys(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    folder = tmp_path / "federation"
    keep_out_of_git(folder)
    write(folder / "epochs/one.key", b"secret", mode=SECRET)
    seen = subprocess.run(
        ["git", "-C", tmp_path, "status", "--porcelain"], check=True, capture_output=True
    )
    assert seen.stdout == b""

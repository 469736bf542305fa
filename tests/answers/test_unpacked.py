import io
import struct
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elsewhere.answers.answer import Refused
from elsewhere.answers.unpacked import Taken, TooLarge, is_archive, unpack
from elsewhere.design.serving import ServeRow

LIMITS = ServeRow(files=50, unpacked_megabytes=2, ratio=100)
ENTRY = b"PK\x01\x02"


def zipped(members, **how):
    """Return an archive of pairs (name or ZipInfo, content)."""
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, **how) as archive:
            for name, content in members:
                archive.writestr(name, content)
        return file.getvalue()


def patched(archive, offset, layout, value):
    """Change a field of the last entry of an archive's directory, by the offsets of the format."""
    changed = bytearray(archive)
    struct.pack_into(layout, changed, archive.rfind(ENTRY) + offset, value)
    return bytes(changed)


def taken(folder, files, limits=LIMITS):
    """Take pairs (name, content), as an upload brings them."""
    folder.mkdir(exist_ok=True)
    found = Taken(folder, limits)
    for name, content in files:
        with found.open(name) as file:
            found.write(file, content)
    found.unpack()
    found.settle()
    return sorted(path for path in folder.rglob("*") if path.is_file())


def contents(paths):
    return [path.read_bytes() for path in paths]


def link():
    member = zipfile.ZipInfo("link")
    member.external_attr = 0o120777 << 16
    return member


EVIL = [
    ("../../../../pwned", b"up"),
    ("/pwned", b"absolute"),
    ("C:\\pwned.dcm", b"drive"),
    ("..\\..\\pwned.dcm", b"up again"),
    (link(), b"/etc/passwd"),
    ("nul\0.dcm", b"ends early"),
]


def test_no_name_of_a_stranger_is_a_place_on_disk(tmp_path):
    inside = taken(tmp_path / "in", [("Mr^Patient.zip", zipped(EVIL))])
    assert sorted(contents(inside)) == sorted(content for _, content in EVIL)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == inside
    assert not any(path.is_symlink() for path in inside)
    assert not any("pwned" in path.name or "Patient" in path.name for path in inside)


def test_files_are_closed_to_others(tmp_path):
    inside = taken(tmp_path / "in", [("a.dcm", b"a"), ("b/c.zip", zipped([("d", b"d")]))])
    assert [path.stat().st_mode & 0o777 for path in inside] == [0o600, 0o600]


def many(count):
    return zipped([(f"{number}.dcm", b"") for number in range(count)])


BOMB = zipped([("a.dcm", bytes(30 << 20))])
GREY = bytes(range(256)) * 4096  # 1 MB
TOO_LARGE = {
    "a bomb": BOMB,
    "one that says it is small": patched(zipped([("a", bytes(3 << 20))]), 24, "<I", 1000),
    "a member that grows too much": zipped([("a", bytes((1 << 20) + 4))]),
    "many members": many(20_000),
    "a few too many": many(51),
    "members that are too large together": zipped([(str(n), GREY) for n in range(3)]),
}


@pytest.mark.parametrize("archive", TOO_LARGE.values(), ids=TOO_LARGE)
def test_a_bomb_is_refused_and_writes_no_more_than_the_limit(tmp_path, archive):
    with pytest.raises(Refused):
        taken(tmp_path / "in", [("a.zip", archive)])
    written = sum(path.stat().st_size for path in (tmp_path / "in").iterdir())
    assert written < LIMITS.unpacked_megabytes * 10**6 + len(archive)


def test_what_an_archive_says_of_itself_is_refused_before_a_member_is_unpacked(tmp_path):
    for number, archive in enumerate([BOMB, many(51)]):
        folder = tmp_path / str(number)
        with pytest.raises(TooLarge):
            taken(folder, [("a.zip", archive)])
        assert len(list(folder.iterdir())) == 1


def test_a_long_directory_is_not_read_into_memory(tmp_path):
    few = LIMITS.model_copy(update={"files": 1})
    with pytest.raises(TooLarge, match="lists more files"):
        taken(tmp_path / "in", [("a.zip", many(20_000))], few)


DAMAGED = {
    "cut off": zipped([("a", GREY)])[:-30],
    "no archive": b"PK\x03\x04 and nothing more",
    "empty": b"",
    "encrypted": patched(zipped([("a", b"secret")]), 8, "<H", 1),
    "LZMA, whose dictionary may take gigabytes": patched(zipped([("a", b"a")]), 10, "<H", 14),
    "a false check sum": patched(zipped([("a", b"a")]), 16, "<I", 1),
    "a place behind the end": patched(zipped([("a", b"a")]), 42, "<I", 1 << 30),
}


@pytest.mark.parametrize("archive", DAMAGED.values(), ids=DAMAGED)
def test_an_archive_that_cannot_be_unpacked_is_refused_in_a_sentence(tmp_path, archive):
    with pytest.raises(Refused, match=r"^an? .*; \w+"):
        taken(tmp_path / "in", [("a.zip", archive)])


def test_an_archive_in_an_archive_stays_packed(tmp_path):
    inner = zipped([("b.dcm", b"b")])
    assert contents(taken(tmp_path / "in", [("a.zip", zipped([("a.zip", inner)]))])) == [inner]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_one_name_are_all_kept(tmp_path):
    archive = zipped([("a.dcm", b"1"), ("a.dcm", b"2")])
    inside = taken(tmp_path / "in", [("a.zip", archive), ("a.dcm", b"3")])
    assert sorted(contents(inside)) == [b"1", b"2", b"3"]


def test_an_archive_alone_is_told_by_its_content_and_says_what_each_file_was_called(tmp_path):
    archive = tmp_path / "scan"
    archive.write_bytes(zipped([("b/IM2.png", b"2"), ("b/IM10.png", b"10")]))
    assert is_archive(archive)
    named = unpack(archive, tmp_path / "in", limits=LIMITS)
    assert [name for _, name in sorted(named.items())] == ["b/IM2.png", "b/IM10.png"]
    assert {name: (tmp_path / "in" / path).read_bytes() for path, name in named.items()} == {
        "b/IM2.png": b"2",
        "b/IM10.png": b"10",
    }
    archive.write_bytes(b"no zip")
    assert not is_archive(archive)


def test_several_archives_are_unpacked_beside_each_other(tmp_path):
    archives = [(f"{n}.zip", zipped([("a.dcm", b"%d" % n), ("b.dcm", b"x")])) for n in range(3)]
    assert len(taken(tmp_path / "in", archives)) == 6


def test_more_files_than_the_limit_are_refused(tmp_path):
    with pytest.raises(TooLarge, match="at most 50 are taken"):
        taken(tmp_path / "in", [(f"{number}.dcm", b"") for number in range(51)])


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=400), st.integers(0, 200))
def test_any_bytes_are_unpacked_or_refused(tmp_path_factory, noise, at):
    whole = zipped([("a.png", b"a" * 40), ("b.nii", b"b" * 40)])
    folder = tmp_path_factory.mktemp("any")
    with_noise = whole[:at] + noise + whole[at + len(noise) :]
    inside = []
    with suppress(Refused):
        inside = taken(folder / "in", [("a.zip", with_noise)])
    assert all(path.parent.parent == folder / "in" for path in inside)

import csv
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.imaging.source import Source
from elsewhere.sites import account
from elsewhere.sites.account import Account, AccountError, Closed, FolderListing, list_files
from elsewhere.sites.layout import Layout, LeftOut, Scan


class Nothing(Layout):
    """A layout without scans, whose images end in .png."""

    suffixes = (".png",)

    def scans(self, root):
        yield from ()


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return [root / name for name in names]


def reasons(closed):
    return sorted((one.path, one.reason, len(one.files)) for one in closed.rows)


def test_everything_is_seen_once(tmp_path):
    files = touch(tmp_path, "a/1", "a/b/2", ".hidden/3", "4")
    (tmp_path / "empty").mkdir()
    (tmp_path / "again").symlink_to(tmp_path / "a")
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    os.mkfifo(tmp_path / "pipe")
    links = {tmp_path / name for name in ("nowhere", "self", "pipe")}
    assert list_files(tmp_path).files == {*files, *links}
    assert list_files(tmp_path / "none").files == set()


def test_every_file_that_nobody_names_has_a_reason(tmp_path):
    touch(tmp_path, "x/Thumb.png", "x/.DS_Store", "x/._1", "__MACOSX/1.png", "LICENSE", "x/a.csv")
    touch(tmp_path, "notes.txt", "x/y.bin", "x/z.bin")
    (tmp_path / "x" / "empty.png").touch()
    os.mkfifo(tmp_path / "pipe")
    closed = Account(tmp_path).closed(Nothing(), list_files(tmp_path))
    assert reasons(closed) == [
        (".", "document", 2),
        ("__MACOSX/1.png", "hidden", 1),
        ("pipe", "not_a_file", 1),
        ("x", "hidden", 2),
        ("x", "unknown_file", 2),
        ("x/Thumb.png", "unexpected_file", 1),
        ("x/a.csv", "table", 1),
        ("x/empty.png", "empty_file", 1),
    ]
    assert closed.files() == {"set aside": 10, "rejected": 1}
    assert (closed.used, closed.total) == (0, 11)


def test_a_file_in_two_volumes_is_an_error(tmp_path):
    files = touch(tmp_path, "1", "2")
    book = Account(tmp_path)
    book.use([(files[0], 0)])
    with pytest.raises(AccountError, match="two of them"):
        book.use([(files[1], 0), (files[0], 0)])


def test_a_file_with_two_ends_is_an_error_unless_it_has_many_frames(tmp_path):
    files = touch(tmp_path, "1", "2")
    for shared in (frozenset(), frozenset(files)):
        book = Account(tmp_path, shared)
        book.use([(files[0], 0)])
        book.leave_out(LeftOut("x", "gap", "", tuple(files)))
        if not shared:
            with pytest.raises(AccountError, match="1 files with reason gap"):
                book.closed(Nothing(), list_files(tmp_path))
        else:
            closed = book.closed(Nothing(), list_files(tmp_path))
            assert (closed.used, closed.files()["rejected"], closed.total) == (1, 1, 2)


def test_two_frames_of_a_file_may_be_in_two_volumes(tmp_path):
    (file,) = touch(tmp_path, "1")
    book = Account(tmp_path, frozenset({file}))
    book.use([(file, 0), (file, 1)])
    book.use([(file, 2)])
    closed = book.closed(Nothing(), list_files(tmp_path))
    assert (closed.used, closed.total, closed.rows) == (1, 1, ())


def test_a_file_that_vanished_and_one_that_came_are_in_the_account(tmp_path):
    gone, _ = touch(tmp_path, "gone", "stays")
    before = list_files(tmp_path)
    gone.unlink()
    touch(tmp_path, "came")
    closed = Account(tmp_path).closed(Nothing(), before | list_files(tmp_path))
    assert reasons(closed) == [(".", "unknown_file", 2), ("gone", "vanished", 1)]
    assert closed.total == 3


def test_a_file_outside_the_site_is_an_error(tmp_path):
    (outside,) = touch(tmp_path, "outside")
    book = Account(tmp_path / "raw")
    book.use([(outside, 0)])
    with pytest.raises(AccountError, match="1 files of the scans lie outside"):
        book.closed(Nothing(), FolderListing(frozenset()))


def test_numbers_that_do_not_add_up_are_an_error():
    with pytest.raises(
        AccountError, match="3 files used, 0 set aside and 1 rejected are not the 5"
    ):
        Closed((LeftOut("x", "gap", "", (Path("x"),)),), used=3, total=5)


def test_a_folder_that_cannot_be_listed_is_a_row(tmp_path):
    (tmp_path / "shut").mkdir()
    found = FolderListing(frozenset(), frozenset({tmp_path / "shut"}))
    closed = Account(tmp_path).closed(Nothing(), found)
    assert reasons(closed) == [("shut", "unreadable_folder", 0)]
    assert closed.total == 0


def test_the_share_of_the_rejected_does_not_count_what_was_set_aside():
    rows = (
        LeftOut("x", "gap", "", (Path("1"),)),
        LeftOut("y", "hidden", "", tuple(map(Path, "2345678"))),
    )
    assert Closed(rows, used=3, total=11).rejected_share == 0.25
    assert Closed((), used=0, total=0).rejected_share == 0


FILES = [Path("/site", folder, str(number)) for folder in "ab" for number in range(4)]
ENDS = st.lists(st.sampled_from(["used", "gap", "hidden", "table", ""]), min_size=8, max_size=8)


@given(ENDS)
def test_whatever_happens_to_each_file_the_account_adds_up(ends):
    book = Account(Path("/site"))
    for path, end in zip(FILES, ends, strict=True):
        if end == "used":
            book.use([(path, 0)])
        elif end:
            book.leave_out(LeftOut(path.name, end, "why", (path,)))
    closed = book.closed(Nothing(), FolderListing(frozenset(FILES)))
    counts = account.summary(closed, 1)
    files = counts["files"]
    assert files["used"] + files["set aside"] + files["rejected"] == files["total"] == 8
    for verdict, by_reason in counts["files_by_reason"].items():
        assert sum(by_reason.values()) == files[verdict]
    rows = list(csv.DictReader(io.StringIO(account.csv_text(closed, str))))
    assert sum(int(row["n_files"]) for row in rows) == 8 - files["used"]
    assert sum(counts["rows_by_reason"].values()) == len(rows)
    # nobody's files are not there any more
    assert counts["files_by_reason"]["rejected"].get("vanished", 0) == ends.count("")


def test_the_order_of_rows_does_not_show():
    rows = tuple(LeftOut(name, "gap", "", ()) for name in "cab")
    one, other = Closed(rows, 0, 0), Closed(rows[::-1], 0, 0)
    assert account.csv_text(one, str) == account.csv_text(other, str)
    assert account.csv_text(one, str).splitlines()[:2] == [
        "path,verdict,reason,detail,n_files",
        "a,rejected,gap,,0",
    ]


def test_files_of_an_image_scan_are_its_units():
    scan = Scan("n", "p", "P", 1, "c", Source("stack", (Path("1"), Path("2"))))
    assert account.units(scan) == [(Path("1"), 0), (Path("2"), 0)]
    assert account.multi_frame_files([scan]) == frozenset()

import shlex

import pytest

from elsewhere.commands import check
from elsewhere.design.params import ParamsError
from elsewhere.sites.layout import LayoutError

pytestmark = pytest.mark.usefixtures("project")


def tree(root):
    return {path: path.stat().st_mtime_ns for path in root.rglob("*")}


def test_a_sound_folder_is_summed_up_and_nothing_is_written(project, published, capsys, caplog):
    root = published("volumes")
    before = tree(root), tree(project)
    wanted = check.Wanted(root)
    checked = check.check(wanted)
    assert checked.usable
    text = "\n".join(check.lines(wanted, checked))
    assert f"{root}: layout volumes\n" in text
    assert "6: 5 used, 1 set aside, 0 rejected" in text
    assert (tree(root), tree(project)) == before
    command = shlex.split(text.splitlines()[-1])
    assert command[:4] == ["elsewhere", "new", "site", "volumes"]
    assert command[command.index("--path") + 1] == str(root)
    assert command[command.index("--layout") + 1] == "volumes"


def test_rejected_files_are_shown_with_the_remedy_and_not_logged_one_by_one(published, caplog):
    root = published("images")
    (root / "folder0/0.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    caplog.set_level("INFO")
    wanted = check.Wanted(root, layout="images")
    text = "\n".join(check.lines(wanted, check.check(wanted)))
    assert "1 file rejected, unreadable: The file is damaged" in text
    assert "    folder0/0.png: " in text
    assert "rejected" not in caplog.text
    assert "5 of 5 scans" in caplog.text


def test_nothing_usable_is_told_without_a_next_step(published):
    root = published("images")
    for path in root.rglob("*.*"):
        if path.name != "label.csv":
            path.write_text("x")
    wanted = check.Wanted(root, layout="images")
    checked = check.check(wanted)
    assert not checked.usable
    assert list(check.lines(wanted, checked))[-1] == "\nNo scan can be used."


def test_a_table_from_elsewhere_is_tried_in_place_of_the_folders_own(published, tmp_path):
    root = published("volumes")
    (root / "label.csv").rename(tmp_path / "my labels.csv")
    wanted = check.Wanted(root, labels=tmp_path / "my labels.csv")
    checked = check.check(wanted)
    assert len(checked.taken.rows) == 4
    *_, copy, _ = "\n".join(check.lines(wanted, checked)).splitlines()
    assert shlex.split(copy) == ["cp", str(tmp_path / "my labels.csv"), str(root / "label.csv")]
    with pytest.raises(LayoutError, match="no such file"):
        check.check(check.Wanted(root, labels=tmp_path / "none.csv"))


def test_the_report_lists_every_file_that_is_in_no_scan(published, tmp_path):
    root = published("images")
    (root / "odd.png").write_text("x")
    checked = check.check(check.Wanted(root))
    check.write_report(checked, tmp_path / "report.csv")
    rows = (tmp_path / "report.csv").read_text().splitlines()
    assert rows[0] == "path,verdict,reason,detail,n_files"
    assert "odd.png,rejected,no_label,label.csv has no row for this file,1" in rows
    with pytest.raises(LayoutError, match="is there already"):
        check.write_report(checked, tmp_path / "report.csv")


def test_ages_of_a_private_site_are_shown_as_it_will_keep_them(published):
    root = published("images")
    table = root / "label.csv"
    table.write_text(table.read_text().replace(",50", ",97"))
    for privacy, oldest in (("private", "90"), ("public", "97")):
        wanted = check.Wanted(root, privacy=privacy)
        text = "\n".join(check.lines(wanted, check.check(wanted)))
        assert f"to {oldest}, median" in text


def test_an_unknown_intake_is_answered_with_the_known_ones(published):
    with pytest.raises(ParamsError, match="--intake lax: there are repair, strict"):
        check.check(check.Wanted(published("images"), intake="lax"))

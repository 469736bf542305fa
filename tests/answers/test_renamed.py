from pathlib import Path
from types import SimpleNamespace

import pytest

from elsewhere.answers.renamed import kept_names
from elsewhere.imaging.formats import numbered, slice_number
from elsewhere.imaging.volume import Unusable


def kept(folder, names):
    """Write files under their new names; each holds the name that it had."""
    paths = [folder / name for name in kept_names(names)]
    for path, name in zip(paths, names, strict=True):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode())
    return paths


def contents(paths):
    return [path.read_bytes() for path in paths]


NAMES = ["IM10.png", "IM2.png", "scan 1 of 300 (0001).tif", "patient 19600101 slice 3.jpg", "7.png"]


def ranks(names):
    return sorted(names, key=lambda name: slice_number(SimpleNamespace(stem=name.rsplit(".")[0])))


@pytest.mark.parametrize("first", range(len(NAMES)))
def test_a_stack_keeps_the_order_of_its_slices_and_loses_its_names(tmp_path, first):
    names = NAMES[first:] + NAMES[:first]
    inside = kept(tmp_path, names)
    assert contents(numbered(inside)) == [name.encode() for name in ranks(NAMES)]
    assert not any("19600101" in path.name for path in inside)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["0012.png", "0012 (1).png", "0013.png"], "duplicate_position"),
        (["left.png", "right.png"], "no_slice_number"),
    ],
)
def test_a_stack_has_the_faults_that_it_had_under_its_own_names(tmp_path, names, reason):
    with pytest.raises(Unusable, match=reason):
        numbered(kept(tmp_path, names))


def test_folders_stay_apart_and_hidden_files_hidden(tmp_path):
    names = ["one/IM1.png", "one/.DS_Store", "two/IM1.png", "__MACOSX/two/._IM1.png"]
    inside = kept(tmp_path, names)
    seen = [path for path in inside if not path.name.startswith(".")]
    assert sorted(contents(seen)) == [b"one/IM1.png", b"two/IM1.png"]
    assert len({path.parent for path in seen}) == 2


@pytest.mark.parametrize("name", ["a.nii.gz", "A.NII", "a.dcm", "a.NRRD", "a.txt", "", "a."])
def test_only_what_says_the_format_is_kept_of_a_name(tmp_path, name):
    [path] = kept(tmp_path, [name])
    end = name[1:].lower() if name[2:] and name != "a.txt" else ""
    assert "".join(path.suffixes) == end


@pytest.mark.parametrize(
    "names",
    [
        ["../../x.png", "/etc/x.png", "C:\\x.png", "a\0.png", "\ud800.png", "//", "..", "x" * 9000],
        [f"scan {letter}.png" for letter in "abcdefghijklmnopqrstuvwxyz" * 20],
        ["9" * 5000 + ".png", "٣.png", "1.png"],
    ],
)
def test_names_are_short_different_and_below_the_folder(names):
    found = [Path(name) for name in kept_names(names)]
    assert len({*found}) == len(names)
    assert all(len(path.parts) == 2 and not path.is_absolute() for path in found)
    assert all(".." not in path.parts and len(path.name) < 30 for path in found)
    assert not any("scan" in path.name for path in found)


def test_names_have_the_order_in_which_people_see_them():
    names = ["b/2.dcm", "a/10.dcm", "a/9.dcm", "B/1.dcm"]
    found = dict(zip(kept_names(names), names, strict=True))
    assert [name for _, name in sorted(found.items())] == [
        "a/9.dcm",
        "a/10.dcm",
        "B/1.dcm",
        "b/2.dcm",
    ]

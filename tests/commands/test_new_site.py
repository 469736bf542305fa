import pytest

from elsewhere.commands.new_site import NewSite, write
from elsewhere.design import params as tables
from elsewhere.design.params import ParamsError
from elsewhere.sites.layout import LayoutError


def test_the_row_is_written_the_files_are_linked_and_the_rest_stays(project, published):
    before = (project / "params.yaml").read_text()
    root = published("images")
    done = write(NewSite("mine", root, title="Mine: no"))
    site = tables.load().sites["mine"]
    assert (site.title, site.layout, site.privacy, site.intake) == (
        "Mine: no",
        "images",
        "private",
        "strict",
    )
    link = project / "data/raw/mine"
    assert link.is_symlink()
    assert link.resolve() == root.resolve()
    assert len(done) == 2
    after = (project / "params.yaml").read_text().splitlines()
    assert [line for line in before.splitlines() if line not in after] == []


def test_options_are_those_of_the_check(project, published):
    root = published("images")
    (root / "label.csv").unlink()
    (root / "folder0").rename(root / "normal")
    write(NewSite("mine", root, options=["leave_out=[x*]"]))
    assert tables.load().sites["mine"].options == {
        "classes": {"folder1": 1, "normal": 0},
        "patient_key": "none",
        "leave_out": ["x*"],
    }


def test_a_file_without_own_sites_gets_the_table(project, published):
    (project / "params.yaml").write_text("scale: demo\nrun: [nguyen2021]\n")
    write(NewSite("mine", published("volumes"), privacy="public"))
    assert tables.load().sites["mine"].privacy == "public"


def test_files_that_are_in_data_raw_already_stay(project, published):
    root = published("volumes")
    place = project / "data/raw/mine"
    place.parent.mkdir(parents=True)
    root.rename(place)
    assert len(write(NewSite("mine", place))) == 1
    assert not place.is_symlink()


def unchanged(project, wanted, message, error=ParamsError):
    before = (project / "params.yaml").read_bytes()
    with pytest.raises(error, match=message):
        write(wanted)
    assert (project / "params.yaml").read_bytes() == before
    assert not (project / "data/raw/mine").exists()


def test_nothing_that_exists_is_overwritten(project, published):
    root = published("images")
    unchanged(project, NewSite("first", root), r"sites\.first is in params\.yaml already")
    unchanged(project, NewSite("mosmed", root), r"sites\.mosmed is in config/sites\.yaml")
    other = project / "data/raw/taken"
    other.mkdir(parents=True)
    unchanged(project, NewSite("taken", root), "data/raw/taken is there already")
    assert list(other.iterdir()) == []


def test_what_cannot_be_used_is_not_written(project, published, tmp_path):
    root = published("images")
    unchanged(project, NewSite("Mine", root), "try mine")
    unchanged(project, NewSite("mine", root, intake="lax"), "there are repair, strict")
    unchanged(project, NewSite("mine", tmp_path / "no"), "no such folder", LayoutError)
    unchanged(project, NewSite("mine", root, layout="mosmed"), "studies", LayoutError)
    unchanged(project, NewSite("mine", root, options=["colour=red"]), "colour", LayoutError)
    (root / "label.csv").write_text("path,patient,label\nx,y,1\n")
    unchanged(project, NewSite("mine", root), "`elsewhere check .* says why", LayoutError)

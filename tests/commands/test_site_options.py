import pytest

from elsewhere.commands import site_options
from elsewhere.sites.layout import LayoutError


def test_options_are_typed_as_keys_and_yaml():
    typed = ["values=grey", "classes.COVID=1", "classes.no finding=0", "leave_out=[a*, b]"]
    assert site_options.parsed(typed) == {
        "values": "grey",
        "classes": {"COVID": 1, "no finding": 0},
        "leave_out": ["a*", "b"],
    }


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["values"], "expected key=value"),
        (["=1"], "expected key=value"),
        (["a=[1"], "not YAML"),
        (["a=1", "a.b=2"], "a has a value already"),
    ],
)
def test_options_that_say_nothing_are_refused(typed, message):
    with pytest.raises(LayoutError, match=message):
        site_options.parsed(typed)


@pytest.mark.parametrize("name", ["images", "volumes", "mosmed", "dicom_series", "chexpert"])
def test_a_folder_is_read_in_the_layout_that_it_looks_like(name, published, strict):
    chosen = site_options.choose(published(name), None, [], strict)
    assert (chosen.name, chosen.options) == (name, {})


def test_class_folders_are_an_option_of_the_layout(published, strict):
    root = published("images")
    (root / "label.csv").unlink()
    (root / "folder0").rename(root / "normal")
    chosen = site_options.choose(root, None, [], strict)
    assert chosen.name == "images"
    assert chosen.options == {"classes": {"folder1": 1, "normal": 0}, "patient_key": "none"}
    typed = ["classes={folder1: 0, normal: 1}", "patient_key=none"]
    assert site_options.choose(root, None, typed, strict).options["classes"]["normal"] == 1


def test_what_the_fitting_layout_lacks_is_said(published, strict):
    root = published("volumes")
    (root / "label.csv").unlink()
    with pytest.raises(LayoutError, match=r"(?s)could be read:\n  volumes: no label\.csv there"):
        site_options.choose(root, None, [], strict)


def test_a_folder_like_no_layout_is_told_why_by_each(tmp_path, strict):
    (tmp_path / "x.txt").write_text("x")
    with pytest.raises(LayoutError) as error:
        site_options.choose(tmp_path, None, [], strict)
    message = str(error.value)
    assert message.startswith(f"{tmp_path} looks like no layout:")
    for name in ("mosmed", "chexpert", "images", "volumes"):
        assert f"\n  {name}: " in message
    with pytest.raises(LayoutError, match="no such folder"):
        site_options.choose(tmp_path / "none", None, [], strict)


def test_an_unknown_layout_is_answered_with_the_known_ones(tmp_path, strict):
    with pytest.raises(LayoutError, match="no 'nifti' in layouts; choose from cc_ccii"):
        site_options.choose(tmp_path, "nifti", [], strict)

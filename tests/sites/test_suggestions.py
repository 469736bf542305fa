import pytest

from elsewhere.sites import suggestions

SUFFIXES = (".png", ".nii.gz")


def write(root, *places):
    for place in places:
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


@pytest.mark.parametrize(
    ("positive", "negative"),
    [("COVID", "non-COVID"), ("1", "0"), ("pneumonia", "Normal"), ("sick", "no finding")],
)
def test_two_folders_of_which_one_is_called_healthy_are_classes(tmp_path, positive, negative):
    write(tmp_path, f"{positive}/a/1.png", f"{negative}/2.PNG", "docs/readme.txt", ".git/x.png")
    found = suggestions.options(tmp_path, SUFFIXES, {})
    assert found == {"classes": {positive: 1, negative: 0}, "patient_key": "none"}


@pytest.mark.parametrize(
    "folders", [("a", "b"), ("normal",), ("normal", "healthy"), ("normal", "flu", "covid")]
)
def test_nothing_is_guessed_where_names_leave_it_open(tmp_path, folders):
    write(tmp_path, *(f"{name}/1.png" for name in folders))
    assert suggestions.options(tmp_path, SUFFIXES, {}) == {}


def test_findings_of_a_table_are_known_names_unless_there_is_a_label(tmp_path):
    write(tmp_path, "normal/1.png", "flu/2.png")
    table = tmp_path / "label.csv"
    table.write_text("path,patient,Pleural Effusion,edema,age\n")
    found = suggestions.options(tmp_path, SUFFIXES, {})
    assert found == {"findings": ["pleural_effusion", "edema"]}
    table.write_text("path,patient,label,edema\n")
    assert suggestions.options(tmp_path, SUFFIXES, {}) == {}


def test_what_the_user_set_is_not_guessed(tmp_path):
    write(tmp_path, "normal/1.png", "flu/2.png")
    known = {"classes": {"flu": 1, "normal": 0}}
    pattern = {"patient_pattern": "(a)"}
    assert suggestions.options(tmp_path, SUFFIXES, pattern) == known
    assert suggestions.options(tmp_path, SUFFIXES, {"findings": ["a"]}) == {}
    assert suggestions.options(tmp_path, SUFFIXES, {"classes": {"flu": 0}}) == {}

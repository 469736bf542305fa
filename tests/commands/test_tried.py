import pytest

from elsewhere.commands.tried import tried, unused_name
from elsewhere.design.params import ParamsError

pytestmark = pytest.mark.usefixtures("project")


@pytest.mark.parametrize(
    ("name", "proposed"), [("My Hospital", "my-hospital"), ("Ärzte", "rzte"), ("-", "my-name")]
)
def test_a_name_that_no_row_can_have_gets_a_proposal(name, proposed):
    with pytest.raises(ParamsError, match=f"cannot name a row.* try {proposed}$"):
        unused_name("sites", name)


@pytest.mark.parametrize(
    ("table", "name", "file"),
    [
        ("sites", "first", "params.yaml"),
        ("studies", "contrastive", "config/studies/contrastive.yaml"),
    ],
)
def test_a_name_that_is_taken_is_answered_with_its_file(table, name, file):
    with pytest.raises(ParamsError, match=f"{table}.{name} is in {file} already"):
        unused_name(table, name)
    unused_name(table, f"{name}-2")


def test_settings_are_tried_as_they_would_be(project):
    text = (project / "params.yaml").read_text()
    params = tried({"params.yaml": text.replace("nguyen2021", "contrastive")})
    assert params.run == ("contrastive",)
    extra = "methods: {again: {kind: erm}}\n"
    assert "again" in tried({"config/extra.yaml": extra}).methods
    with pytest.raises(ParamsError, match="no study 'none'"):
        tried({"params.yaml": text.replace("nguyen2021", "none")})
    with pytest.raises(ParamsError, match=r"config/extra\.yaml: not valid YAML"):
        tried({"config/extra.yaml": "a: [1"})
    assert (project / "params.yaml").read_text() == text

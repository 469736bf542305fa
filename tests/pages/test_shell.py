"""shell: what every page says, and that nothing it is given becomes markup."""

import glob
import tomllib
from pathlib import Path

import jinja2
import pytest

from elsewhere.pages.results import Results
from elsewhere.pages.shell import HERE, Refused, Shell


@pytest.fixture(scope="module")
def shell(project, tmp_path_factory):
    return Shell(Results(project), tmp_path_factory.mktemp("scratch"))


def test_texts_are_escaped(shell):
    page = shell.page("said.html.j2", status=404, code=404, sentence='<script>"x"</script>')
    assert page.status_code == 404
    assert b"<script>" not in page.body
    assert b"&lt;script&gt;" in page.body


def test_a_name_that_a_template_lacks_is_an_error(shell):
    with pytest.raises(jinja2.UndefinedError, match="sentence"):
        shell.page("said.html.j2", code=404)


def test_every_page_says_what_it_is_not_for_and_that_data_are_synthetic(shell):
    page = shell.page("said.html.j2", code=404, sentence="x").body.decode()
    assert "Research use only. Not a medical device." in page
    assert "SYNTHETIC DATA" in page
    real = shell.page("said.html.j2", code=404, sentence="x", synthetic=False).body.decode()
    assert "SYNTHETIC" not in real


def test_what_is_refused_has_a_status():
    assert Refused("x").status == 400
    assert Refused("x", status=413).status == 413


@pytest.mark.parametrize(
    "template", sorted((HERE / "templates").glob("*.j2")), ids=lambda p: p.name
)
def test_no_template_has_script_style_or_another_place_in_it(template):
    """The policy would stop them: a page would lose what they do without a word."""
    text = template.read_text(encoding="utf-8")
    for part in (
        "<style",
        " style=",
        "onclick",
        "onload",
        "javascript:",
        "http://",
        "https://",
        "//cdn",
    ):
        assert part not in text
    assert "<script>" not in text
    assert "|safe" not in text


def test_an_installed_copy_has_every_template_and_static_file():
    """By the patterns that setuptools looks for below the package."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["elsewhere"]
    packed = {
        name
        for pattern in patterns
        for name in glob.glob(pattern, root_dir=HERE.parent, recursive=True)
    }
    files = [*(HERE / "templates").iterdir(), *(HERE / "static").iterdir()]
    assert len(files) > 10
    assert {path.relative_to(HERE.parent).as_posix() for path in files} <= packed

import pytest
from rich.console import Console

from elsewhere.commands import layouts
from elsewhere.design import kinds
from elsewhere.sites.label_cells import COLUMNS
from elsewhere.sites.layout import LayoutError


def printed(*parts):
    console = Console(width=250, record=True)
    for part in parts:
        console.print(part)
    return console.export_text()


def test_every_layout_is_listed_with_its_options():
    text = printed(layouts.overview())
    for name in kinds.names("layouts"):
        row = next(line for line in text.splitlines() if f" {name} " in line)
        for option in kinds.row_class("layouts", name).model_fields:
            assert option in row


@pytest.mark.parametrize("name", kinds.names("layouts"))
def test_every_option_has_a_default_and_a_meaning(name):
    """A default is what a site without the option is read with."""
    text = printed(*layouts.details(name))
    row = kinds.row_class("layouts", name)
    for option, field in row.model_fields.items():
        line = next(line for line in text.splitlines() if f" {option} " in line)
        assert field.description
        assert field.description[:20] in line


@pytest.mark.parametrize("name", ["images", "volumes"])
def test_general_layouts_show_the_columns_of_their_table(name):
    text = printed(*layouts.details(name))
    assert all(f" {column} " in text for column in COLUMNS)


def test_an_unknown_layout_is_answered_with_the_known_ones():
    with pytest.raises(LayoutError, match="no 'nifti' in layouts; choose from cc_ccii"):
        list(layouts.details("nifti"))

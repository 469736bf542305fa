"""settings_pages: every setting, and every option of a layout, has a line in the documentation."""

import re
from pathlib import Path

import pytest
import settings_pages

from elsewhere.design import kinds
from elsewhere.design.params import load
from elsewhere.design.tables import Params

ROOT = Path(__file__).parents[2]
SETTINGS = "\n".join(settings_pages.settings())
LAYOUTS = "\n".join(settings_pages.layouts())
SECTIONS = dict(re.findall(r"^## `([\w.<>]+)`\n(.*?)(?=^## |\Z)", LAYOUTS, re.M | re.S))


def section(text, heading):
    """Return what stands below a heading, down to the next."""
    return re.split(r"^##+ ", text.partition(f"{heading}\n")[2], maxsplit=1, flags=re.M)[0]


@pytest.mark.parametrize("table", Params.model_fields)
def test_every_table_has_a_section(table):
    assert re.search(rf"^## `{table}(\.<name>)?`$", SETTINGS, re.M)


SHELVES = {"inputs": "inputs", "networks": "networks", "methods": "methods", "archives": "archives"}
KINDS = [(table, kind) for table, shelf in SHELVES.items() for kind in kinds.names(shelf)]


@pytest.mark.parametrize(("table", "kind"), KINDS)
def test_every_kind_has_a_section_with_all_its_keys(table, kind):
    text = section(SETTINGS, f"### `{table}.<name>`, kind `{kind}`")
    keys = re.findall(r"^\| `(\w+)` \|", text, re.M)
    assert keys == [*kinds.row_class(SHELVES[table], kind).model_fields]


@pytest.mark.parametrize("kind", kinds.names("layouts"))
def test_every_layout_has_its_options_its_source_and_its_terms(kind):
    keys = re.findall(r"^\| `(\w+)` \|", SECTIONS[kind], re.M)
    assert keys == [*kinds.row_class("layouts", kind).model_fields]
    assert re.search(r"^Source: \S.+ Terms: \S.+\.$", SECTIONS[kind], re.M)


def test_every_shipped_setting_is_at_a_documented_key():
    documented = set(re.findall(r"^\| `(\w+)` \|", SETTINGS, re.M))
    shipped = load(ROOT / "tests/params").model_dump(exclude_unset=True)
    tables = {name: table for name, table in shipped.items() if isinstance(table, dict)}
    assert tables
    for table in tables.values():
        for row in table.values():
            assert {*row} <= documented
    for site in tables["sites"].values():
        assert all(f"`{key}`" in SECTIONS[site["layout"]] for key in site.get("options", {}))


def test_values_are_said_in_words():
    text = section(SETTINGS, "## `intakes.<name>`")
    assert "| `policy` | `strict` or `repair` | required |" in text
    assert "| `spacing_tolerance` | number, at least 0, at most 1 | required |" in text
    assert "| `available` | `true` or `false` | `true` |" in section(SETTINGS, "## `sites.<name>`")

from pathlib import Path

import pytest

from elsewhere.commands import letters
from elsewhere.design import params as tables
from elsewhere.figures import glyphs

SETTINGS = Path(__file__).parents[1] / "params"


def test_a_title_that_no_font_shows_is_told_with_its_file_and_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(glyphs, "OTHERS", ())
    values = tables.read(SETTINGS)
    params = tables.parse(values)
    assert letters.notes(params, values, "nguyen2021") == []
    site = next(iter(params.studies["nguyen2021"].scales[params.scale].sites.values()))
    values["sites"][site]["title"] = "北京 Hospital"
    values["studies"]["nguyen2021"]["title"] = "Zürich – Αθήνα – Москва"
    (note,) = letters.notes(tables.parse(values), values, "nguyen2021")
    assert note.startswith(f"{values.origin(('sites', site, 'title'))}, sites.{site}.title: ")
    assert "no font of this machine has 北京;" in note

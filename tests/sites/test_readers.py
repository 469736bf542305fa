"""readers: readers.csv of a site: names become numbers, and what cannot be used is refused."""

import math
from pathlib import Path

import pytest

from elsewhere.sites import readers
from elsewhere.sites.layout import LayoutError
from elsewhere.sites.reading import Reading

LABELS = {"healthy": 0, "COVID-19": 1, "bacterial pneumonia": 3}


def table(folder: Path, *lines: str) -> Path:
    path = folder / readers.NAME
    path.write_text("\n".join(("study;Reader;years;class", *lines)) + "\n")
    return path


def test_readers_are_numbered_by_experience(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "1.2;Dr Young;4;COVID-19",
        "1.2;Dr Old;18;bacterial pneumonia",
        "1.3;Dr Old;18;healthy",
        "1.2;Dr Nobody;;healthy",
    )
    found = readers.read(path, key="study", labels=LABELS)
    assert found["1.3"] == (Reading(1, 18.0, 0),)
    assert found["1.2"][:2] == (Reading(1, 18.0, 3), Reading(2, 4.0, 1))
    assert found["1.2"][2].reader == 3
    assert math.isnan(found["1.2"][2].years)


def test_without_words_classes_are_0_and_1(tmp_path: Path) -> None:
    path = table(tmp_path, "1.2;a;4;1")
    assert readers.read(path, key="study", labels={}) == {"1.2": (Reading(1, 4.0, 1),)}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["1.2;Dr Secret;4;pneumonia"], "line 2: expected a class among healthy, COVID-19"),
        (["1.2;Dr Secret;4;healthy", "1.2;Dr Secret;4;healthy"], "line 3: expected one row"),
        (["1.2;Dr Secret;4;healthy", "1.3;Dr Secret;5;healthy"], "line 3: this reader has other"),
        (["1.2;Dr Secret;many;healthy"], "line 2: expected years"),
        (["1.2;Dr Secret;-1;healthy"], "line 2: expected years"),
        (["1.2;;4;healthy"], "line 2: expected a reader"),
        ([";Dr Secret;4;healthy"], "line 2: expected one row"),
    ],
)
def test_what_cannot_be_used_is_refused_without_a_name(
    lines: list[str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(LayoutError, match=message) as raised:
        readers.read(table(tmp_path, *lines), key="study", labels=LABELS)
    assert "Secret" not in str(raised.value)


def test_a_table_with_another_key_or_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="accession"):
        readers.read(table(tmp_path, "1.2;a;4;healthy"), key="accession", labels=LABELS)
    with pytest.raises(LayoutError, match="no such table"):
        readers.read(tmp_path / "none.csv", key="study", labels=LABELS)

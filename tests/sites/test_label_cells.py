import pytest

from elsewhere.imaging.volume import Unusable
from elsewhere.sites import label_cells
from elsewhere.sites.label_table import Row


def row(**cells):
    return Row(2, cells)


def test_labels_are_0_or_1_also_as_a_spreadsheet_saves_them():
    found = [label_cells.label(row(label=text), {}) for text in ("0", "1", "0.0", "1.0")]
    assert found == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("text", "reason"), [("", "no_label"), ("yes", "bad_label"), ("2", "bad_label")]
)
def test_other_labels_are_refused_without_being_quoted(text, reason):
    with pytest.raises(Unusable, match=reason) as error:
        label_cells.label(row(label=text), {})
    assert not text or text not in error.value.detail.replace("neither 0 nor 1", "")


def test_findings_are_the_states_of_chexpert():
    found = label_cells.findings(row(a="1", b="0", c="-1", d="", e="1.0"), "abcdef")
    assert found == {
        "a": "positive",
        "b": "negative",
        "c": "uncertain",
        "d": "blank",
        "e": "positive",
        "f": "blank",
    }
    with pytest.raises(Unusable, match="bad_label"):
        label_cells.findings(row(a="maybe"), "a")


@pytest.mark.parametrize(
    "text",
    [
        "20200131",
        "2020-01-31",
        "2020/1/31",
        "31.01.2020",
        "31.1.2020",
        "2020-01-31 00:00:00",
        "2020-01-31T10:11:12Z",
    ],
)
def test_dates_are_days(text):
    assert label_cells.day(row(date=text)) == "20200131"


@pytest.mark.parametrize("text", ["03/04/2020", "2020-02-30", "spring", "43861", "31.01.20"])
def test_a_date_that_could_be_another_is_refused(text):
    with pytest.raises(Unusable, match="bad_date") as error:
        label_cells.day(row(date=text))
    assert text not in error.value.detail


def test_no_date_is_no_date():
    assert label_cells.day(row()) is None


def test_views_are_known_words():
    words = {"PA": "PA", "ap": "AP", "Lateral": "lateral", "": "unknown"}
    assert {text: label_cells.view(row(view=text)) for text in words} == words
    with pytest.raises(Unusable, match="bad_view"):
        label_cells.view(row(view="oblique"))


def test_rows_of_one_file_agree_or_are_refused():
    first = row(path="a/b", label="1", age="")
    assert label_cells.agreed([first, row(path="a\\b", label="1")]) is first
    with pytest.raises(Unusable, match="label_conflict"):
        label_cells.agreed([first, row(path="a/b", label="0")])


def test_every_column_is_described():
    assert {"path", "patient", "label", "sex", "age", "date", "scanner"} <= set(label_cells.COLUMNS)


def test_words_are_labels_in_any_case_and_no_number_is_one() -> None:
    words = {"Healthy": 0, "COVID-19": 1, "other viral": 2}
    found = [label_cells.label(row(label=text), words) for text in ("healthy", "OTHER VIRAL")]
    assert found == [0, 2]
    with pytest.raises(Unusable, match=r"no word of options\.labels"):
        label_cells.label(row(label="1"), words)

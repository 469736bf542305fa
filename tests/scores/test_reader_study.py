"""reader_study: a form is read as intended, or all its mistakes are reported at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.scores.reader_study import (
    AGREEMENT,
    Reading,
    ReadingError,
    agreement,
    form,
    is_filled,
    read,
)

IMAGES = ["review-abc-01.png", "review-abc-02.png", "review-abc-03.png"]
HEAD = "image,cardiothoracic_ratio,impression,comment\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "review.csv"


def test_a_form_is_empty_until_somebody_writes_in_it(path: Path) -> None:
    text = form(IMAGES)
    assert text.splitlines()[0] + "\n" == HEAD
    path.write_text(text)
    assert not is_filled(path)
    path.write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))
    assert not is_filled(path), "a spreadsheet saved it"
    for filled in (
        text.replace("02.png,,", "02.png,0.5,"),
        text.replace("03.png,,,", '03.png,,,"see, there"'),
        "something else",
        HEAD.replace("comment", "remark"),
    ):
        path.write_text(filled)
        assert is_filled(path)
    path.write_bytes("image,é".encode("latin-1"))
    assert is_filled(path), "what cannot be read is not thrown away"


def test_an_empty_form_is_no_reading(path: Path) -> None:
    path.write_text(form(IMAGES))
    with pytest.raises(ReadingError, match="no row is filled in"):
        read(path, images=IMAGES)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_what_spreadsheets_save_is_read(path: Path, separator: str, encoding: str) -> None:
    lines = [
        ["Image", "cardiothoracic_ratio", "impression ", "comment"],
        [IMAGES[2], " 0.61 ", "Yes", '"large,\nwith lead $1 and $2"'],
        ["", "", "", ""],
        [IMAGES[0], "0.5", "borderline"],
        [IMAGES[1], "", "", "rotated"],
    ]
    path.write_bytes("\r\n".join(separator.join(line) for line in lines).encode(encoding))
    found = read(path, images=IMAGES)
    assert list(found) == IMAGES, "in the order of the images, not of the file"
    assert found[IMAGES[0]] == Reading(0.5, "borderline", "")
    assert found[IMAGES[1]] == Reading(None, "", "rotated")
    assert found[IMAGES[2]] == Reading(0.61, "yes", "large, with lead $1 and $2")


def test_every_mistake_is_told_at_once_with_its_place(path: Path) -> None:
    path.write_text(
        HEAD
        + f'{IMAGES[0]},"0,52",no,\n'
        + "\n"
        + f"{IMAGES[0]},0.52,maybe,\n"
        + f"{IMAGES[1]},52,no,\n"
        + "review-def-01.png,nan,,\n"
        + f"{IMAGES[1]},0,52,no,good\n"
        + ",half,,\n"
    )
    with pytest.raises(ReadingError) as raised:
        read(path, images=IMAGES)
    said = str(raised.value)
    assert said.startswith(f"{path} cannot be used:")
    for expected in (
        "row 2, column cardiothoracic_ratio: '0,52' has a decimal comma",
        f"row 4, column image: '{IMAGES[0]}' stands twice",
        "row 4, column impression: got 'maybe', expected no, borderline, yes or nothing",
        "row 5, column cardiothoracic_ratio: got 52; expected a number between 0 and 1",
        "row 6, column image: 'review-def-01.png' is no image of this review",
        "row 6, column cardiothoracic_ratio: got nan",
        f"row 7, column image: '{IMAGES[1]}' stands twice",
        "row 7, column cardiothoracic_ratio or comment: 5 cells, expected 4",
        "row 8, column image: '' is no image",
        "row 8, column cardiothoracic_ratio: 'half' is no number",
        f"column image: no row of {IMAGES[2]}",
    ):
        assert expected in said
    assert len(said.splitlines()) == 12


def test_a_file_that_is_no_form_is_refused(path: Path) -> None:
    with pytest.raises(ReadingError, match=r"no such file; give the path of the review\.csv"):
        read(path, images=IMAGES)
    path.write_text(HEAD.replace("comment", "remark"))
    with pytest.raises(ReadingError, match=r"row 1: got the columns image, .*remark, expected"):
        read(path, images=IMAGES)
    path.write_bytes((HEAD + f"{IMAGES[0]},,,gro\xdf").encode("latin-1"))
    with pytest.raises(ReadingError, match="is not UTF-8; save it as `CSV UTF-8`"):
        read(path, images=IMAGES)
    path.write_text(HEAD + f'{IMAGES[0]},,,"' + "x" * 200_000)
    with pytest.raises(ReadingError, match="is a quote left open"):
        read(path, images=IMAGES)


def test_what_the_ratio_says() -> None:
    """B-43: normal is less than 0.5."""
    ends = {0.4999: "normal", 0.5: "borderline", 0.5499: "borderline", 0.55: "enlarged"}
    assert {ratio: Reading(ratio).says(0.55) for ratio in ends} == ends
    assert Reading(0.5).says(0.5) == "enlarged", "no band at all"
    assert Reading(None, "yes").says(0.55) == "not measured"


def test_the_counts_by_hand() -> None:
    rows = [
        (1, Reading(0.52, "borderline")),
        (0, Reading(0.48, "borderline")),
        (0, Reading(None, "no")),
        (1, Reading(0.60, "no")),
        (1, Reading(0.51, "")),
        (0, Reading()),
    ]
    found = agreement(rows, enlarged_from=0.55, confidence=0.95)
    assert [tuple(row) for row in found] == [AGREEMENT] * 5
    assert [(row["quantity"], row["n"], row["of"]) for row in found] == [
        ("impression borderline", 2, 4),
        ("ratio normal", 1, 4),
        ("ratio borderline", 2, 4),
        ("ratio enlarged", 1, 4),
        ("impression no or yes, and so is the ground truth", 1, 2),
    ]
    # Wilson's interval of 2 in 4, from a table
    assert found[0]["low"] == pytest.approx(0.1500, abs=1e-4)
    assert found[0]["high"] == pytest.approx(0.8500, abs=1e-4)


def test_a_share_of_none_is_none() -> None:
    found = agreement([(1, Reading(comment="?"))], enlarged_from=0.55, confidence=0.95)
    assert {(row["n"], row["of"], row["share"], row["low"]) for row in found} == {
        (0, 0, None, None)
    }


@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 1),
            st.builds(
                Reading,
                st.none() | st.floats(0.01, 0.99),
                st.sampled_from(["", "no", "borderline", "yes"]),
            ),
        )
    )
)
def test_every_measured_image_is_in_one_class(rows: list[tuple[int, Reading]]) -> None:
    found = agreement(rows, enlarged_from=0.55, confidence=0.95)
    classes = [row for row in found if row["quantity"].startswith("ratio")]
    measured = sum(one.ratio is not None for _, one in rows)
    assert sum(row["n"] for row in classes) == measured
    assert {row["of"] for row in classes} == {measured}

"""resolve: a row gives the studies that it names, and never another patient's."""

from typing import Any

import pytest

from elsewhere.archives.archive import Query
from elsewhere.archives.resolve import Resolved, resolve
from elsewhere.archives.worklist import Row, WorklistError


def row(key: Any, value: str, *, line: int = 2, label: str = "1", patient: str = "") -> Row:
    return Row(line, Query(key, value), patient, {"label": label})


@pytest.fixture
def asked(start_scp: Any, dimse_row: Any, opened: Any) -> Any:
    def resolved(*rows: Row, **scp: Any) -> Resolved:
        return resolve(rows, opened(dimse_row(start_scp(**scp))))

    return resolved


def studies(found: Resolved) -> list[str]:
    return sorted(one.uid for one in found.studies)


def test_each_key_finds_its_studies(asked: Any, caplog: pytest.LogCaptureFixture) -> None:
    found = asked(
        row("study", "1.2.826.10"),
        row("accession", "ACC200", line=3),
        row("patient", "PAT-THREE", line=4),
        row("accession", "ACC300", line=5),
    )
    assert studies(found) == ["1.2.826.10", "1.2.826.20", "1.2.826.30", "1.2.826.31"]
    assert found.missing == []
    assert {one.line for one in found.studies.values()} == {2, 3, 4}, "the first row that asks"
    assert "line 5: 2 studies of one patient" in caplog.text
    assert "ACC300" not in caplog.text


def test_what_is_not_there_is_missing(asked: Any) -> None:
    found = asked(row("accession", "ACC1"), row("study", "1.2.826.1", line=3))
    assert found.studies == {}
    assert [(one.row.line, one.reason) for one in found.missing] == [
        (2, "not_found"),
        (3, "not_found"),
    ]
    assert "ACC1" not in found.missing[0].detail


def test_an_archive_that_ignores_the_key_sends_nobody_else(asked: Any) -> None:
    found = asked(row("accession", "ACC1"), ignores={"AccessionNumber"})
    assert found.studies == {}
    assert "another accession" in found.missing[0].detail
    found = asked(row("accession", "ACC200"), ignores={"AccessionNumber"})
    assert studies(found) == ["1.2.826.20"]


def test_an_accession_of_several_patients_needs_the_patient(asked: Any) -> None:
    found = asked(
        row("accession", "ACC900"),
        row("accession", "ACC900", line=3, patient="PAT-FIVE"),
        row("accession", "ACC900", line=4, patient="PAT-ONE"),
    )
    assert studies(found) == ["1.2.826.50"]
    assert [(one.row.line, one.reason) for one in found.missing] == [
        (2, "several_patients"),
        (4, "several_patients"),
    ]


def test_two_labels_of_one_study_are_refused(asked: Any) -> None:
    with pytest.raises(WorklistError, match="lines 2 and 3") as caught:
        asked(row("study", "1.2.826.30"), row("accession", "ACC300", line=3, label="0"))
    assert "1.2.826" not in str(caught.value)

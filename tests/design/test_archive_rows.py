"""archive_rows: an archive that is impossible or unsafe by accident is refused."""

from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from elsewhere.design.archive_rows import ArchiveRow
from elsewhere.design.archives.dimse import DimseArchive
from elsewhere.design.kinds import Of

COMMON = {
    "tls": "verified",
    "connections": 2,
    "connect_seconds": 10,
    "answer_seconds": 60,
    "attempts": 6,
    "backoff_seconds": 1,
    "backoff_most_seconds": 60,
}
WEB = {**COMMON, "kind": "dicomweb", "url": "https://pacs/dicom-web", "requests_per_second": 20}
DIMSE = {**COMMON, "kind": "dimse", "host": "pacs", "port": 104, "called_aet": "PACS"}
DIMSE |= {"calling_aet": "ELSEWHERE", "retrieve": "get", "instances_per_second": 50}


def parse(values: dict[str, Any]) -> ArchiveRow:
    found: ArchiveRow = TypeAdapter(Annotated[ArchiveRow, Of("archives")]).validate_python(values)
    return found


def test_both_kinds_are_read() -> None:
    assert parse(WEB).kind == "dicomweb"
    assert parse(DIMSE).kind == "dimse"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"url": "http://pacs/dicom-web"}, "tls is 'verified'"),
        ({"url": "https://pacs/dicom-web", "tls": "none"}, "tls is 'none'"),
        ({"url": "https://me:canary@pacs/x"}, "come from the environment"),
        ({"url": "https://pacs/x?token=canary"}, "come from the environment"),
        ({"url": "ftp://pacs"}, "does not have the form https?:"),
        ({"url": "pacs"}, "does not have the form https?:"),
        ({"password": "canary"}, "Extra inputs"),
        ({"requests_per_second": 0}, "greater than 0"),
    ],
)
def test_a_dicomweb_row_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        parse({**WEB, **change})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"retrieve": "move"}, "needs listen_port"),
        ({"called_aet": "SEVENTEENLETTERS1"}, "pattern"),
        ({"called_aet": " "}, "pattern"),
        ({"calling_aet": "BACK\\SLASH"}, "pattern"),
        ({"port": 0}, "greater than"),
        ({"requests_per_second": 5}, "Extra inputs"),
    ],
)
def test_a_dimse_row_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        parse({**DIMSE, **change})


@pytest.mark.parametrize("title", ["A", "MY PACS", "SIXTEEN-LETTERS1", "a_b.c"])
def test_titles_are_those_of_the_standard(title: str) -> None:
    found = parse({**DIMSE, "called_aet": title})
    assert isinstance(found, DimseArchive)
    assert found.called_aet == title

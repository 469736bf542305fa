"""dicomweb: all pages are read, invalid answers are errors."""

import json
from typing import Any

import pytest

from elsewhere.archives.archive import Failed, Query, Series, Study
from elsewhere.archives.credentials import Credentials

pytestmark = pytest.mark.orthanc
STUDY = Study("1.2.826.10", "ACC100", "PAT-ONE")


def test_what_orthanc_holds_is_found(
    orthanc: Any, dicomweb_row: Any, opened: Any, reader: Credentials
) -> None:
    archive = opened(dicomweb_row(orthanc.url + "/dicom-web"), reader)
    assert archive.studies(Query("accession", "ACC100")) == [STUDY]
    assert archive.studies(Query("study", "1.2.826.10")) == [STUDY]
    assert len(archive.studies(Query("patient", "PAT-THREE"))) == 2
    assert archive.studies(Query("accession", "nowhere")) == []
    assert archive.studies(Query("accession", "ACC100", "20200402-")) == []
    assert archive.studies(Query("accession", "ACC100", "-20200401")) == [STUDY]
    found = sorted(archive.series(STUDY), key=lambda one: one.uid)
    assert found[0] == Series("1.2.826.10", "1.2.826.10.1", "CT", "lung", 4)
    assert [(one.modality, one.count) for one in found] == [("CT", 4), ("CT", 1), ("SR", 1)]
    assert len(archive.instances(found[0])) == 4


def test_a_server_that_limits_its_answers_is_asked_on(
    start_orthanc: Any, held: Any, dicomweb_row: Any, opened: Any, reader: Credentials
) -> None:
    server = start_orthanc(LimitFindResults=3, LimitFindInstances=3)
    server.fill(held)
    archive = opened(dicomweb_row(server.url + "/dicom-web"), reader)
    series = [one for one in archive.series(STUDY) if one.count == 4]
    assert len({one.uid for one in archive.instances(series[0])}) == 4


def test_a_server_that_knows_no_pages_is_asked_twice(
    proxy: Any, dicomweb_row: Any, opened: Any
) -> None:
    pages: list[bytes] = []

    def always_first(path: str, body: bytes) -> bytes:
        del path
        pages.append(body)
        return pages[0]

    proxy.change = always_first
    assert len(opened(dicomweb_row(proxy.url)).series(STUDY)) == 3
    assert len(pages) == 2


@pytest.mark.parametrize("body", [b"<html>login</html>", b"{", b'"text"', b"[1]"])
def test_an_answer_that_is_no_dicomweb_fails(
    proxy: Any, dicomweb_row: Any, opened: Any, body: bytes
) -> None:
    proxy.change = lambda path, _: body
    with pytest.raises(Failed) as caught:
        opened(dicomweb_row(proxy.url)).studies(Query("accession", "ACC100"))
    assert "ACC100" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)


def test_a_server_without_counts_says_none(proxy: Any, dicomweb_row: Any, opened: Any) -> None:
    def without(path: str, body: bytes) -> bytes:
        del path
        rows = json.loads(body)
        for row in rows:
            row.pop("00201209", None)
        return json.dumps(rows).encode()

    proxy.change = without
    assert {one.count for one in opened(dicomweb_row(proxy.url)).series(STUDY)} == {None}


@pytest.mark.parametrize("wrong", ["cut", "other", "empty", "gone"])
def test_an_instance_that_comes_wrong_is_left_out(
    proxy: Any, dicomweb_row: Any, opened: Any, wrong: str
) -> None:
    archive = opened(dicomweb_row(proxy.url))
    series = Series("1.2.826.10", "1.2.826.10.1", "CT", "", 4)
    listed = sorted(archive.instances(series), key=lambda one: one.uid)
    bodies: list[bytes] = []

    def change(path: str, body: bytes) -> bytes:
        bodies.append(body)
        if not path.endswith(".2"):
            return body
        return {"cut": body[:-3000], "other": bodies[0], "empty": b"", "gone": body}[wrong]

    proxy.change = change
    if wrong == "gone":
        proxy.refuse = lambda path: (404, {}) if path.endswith(".2") else None
    from elsewhere.archives.instance_store import InvalidInstance, check

    came = []

    def keep(dataset: Any) -> None:
        check(dataset)
        if str(dataset.SOPInstanceUID) in came:
            raise InvalidInstance("again")
        came.append(str(dataset.SOPInstanceUID))

    archive.fetch(series, listed, keep)
    assert came == [f"1.2.826.10.1.{number}" for number in (1, 3, 4)]

"""dicomweb: search and retrieve by DICOMweb: QIDO-RS and WADO-RS (PS3.18, 10.6 and 10.4)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from dicomweb_client import DICOMwebClient
from pydicom.dataset import FileDataset
from requests import exceptions

from elsewhere.archives.archive import (
    ATTRIBUTES,
    Archive,
    Failed,
    Instance,
    Keep,
    Query,
    Series,
    Study,
)
from elsewhere.archives.credentials import Credentials
from elsewhere.archives.instance_store import InvalidInstance
from elsewhere.archives.pace import Pace
from elsewhere.archives.session import PacedSession
from elsewhere.design.archives.dicomweb import DicomwebArchive

Attributes = dict[str, dict[str, Any]]
Search = Callable[..., list[Attributes]]
# DICOM JSON names attributes by tag (PS3.18 F.2)
TAGS = {
    "StudyInstanceUID": "0020000D",
    "SeriesInstanceUID": "0020000E",
    "SOPInstanceUID": "00080018",
    "SOPClassUID": "00080016",
    "AccessionNumber": "00080050",
    "PatientID": "00100020",
    "Modality": "00080060",
    "SeriesDescription": "0008103E",
    "NumberOfSeriesRelatedInstances": "00201209",
}
# any transfer syntax: the archive sends the pixels as it stores them
ANY_SYNTAX = (("application/dicom", "*"),)
# archives limit the results of a page; a search that does not end after this many has failed
_MOST_PAGES = 100_000


class Dicomweb(Archive):
    """Searches by QIDO-RS; retrieves by one WADO-RS request per instance."""

    def __init__(self, row: DicomwebArchive, credentials: Credentials, *, pace: Pace) -> None:
        self._row, self._credentials, self._pace = row, credentials, pace
        self._local = threading.local()

    def studies(self, query: Query) -> list[Study]:
        """Search for studies."""
        filters = {ATTRIBUTES[query.key]: query.value}
        if query.dates:
            filters["StudyDate"] = query.dates
        search = self._client().search_for_studies
        fields = ["AccessionNumber", "PatientID"]
        return [
            Study(
                uid=_text(item, "StudyInstanceUID"),
                accession=_text(item, "AccessionNumber"),
                patient=_text(item, "PatientID"),
            )
            for item in _all_pages(
                search, "StudyInstanceUID", fields=fields, search_filters=filters
            )
        ]

    def series(self, study: Study) -> list[Series]:
        """Search for the series of a study."""
        search = self._client().search_for_series
        fields = ["SeriesDescription", "NumberOfSeriesRelatedInstances"]
        return [
            Series(
                study=study.uid,
                uid=_text(item, "SeriesInstanceUID"),
                modality=_text(item, "Modality"),
                description=_text(item, "SeriesDescription"),
                count=_count(item),
            )
            for item in _all_pages(
                search, "SeriesInstanceUID", study_instance_uid=study.uid, fields=fields
            )
        ]

    def instances(self, series: Series) -> list[Instance]:
        """Search for the instances of a series."""
        items = _all_pages(
            self._client().search_for_instances,
            "SOPInstanceUID",
            study_instance_uid=series.study,
            series_instance_uid=series.uid,
        )
        return [
            Instance(_text(item, "SOPInstanceUID"), _text(item, "SOPClassUID")) for item in items
        ]

    def fetch(self, series: Series, wanted: Sequence[Instance], keep: Keep) -> None:
        """Retrieve instance by instance; leave out an instance that fails."""
        for instance in wanted:
            try:
                keep(self._retrieved(series, instance))
            except (Failed, InvalidInstance):
                continue

    def _retrieved(self, series: Series, instance: Instance) -> FileDataset:
        dataset: FileDataset = _call(
            self._client().retrieve_instance,
            study_instance_uid=series.study,
            series_instance_uid=series.uid,
            sop_instance_uid=instance.uid,
            media_types=ANY_SYNTAX,
        )
        return dataset

    def _client(self) -> DICOMwebClient:
        """Return this thread's client: sessions of requests need not be thread-safe."""
        if not hasattr(self._local, "client"):
            client = DICOMwebClient(
                self._row.url.rstrip("/"),
                session=PacedSession(self._row, self._credentials, pace=self._pace),
                permissive_uid=True,
                timeout=(self._row.connect_seconds, self._row.answer_seconds),
            )
            client.set_http_retry_params(retry=False)
            self._local.client = client
        own: DICOMwebClient = self._local.client
        return own


def _call(request: Callable[..., Any], **arguments: Any) -> Any:
    """Call the client; turn its errors into `Failed`, whose message does not hold the address."""
    try:
        return request(**arguments)
    except exceptions.HTTPError as error:
        status = error.response.status_code if error.response is not None else "unknown"
        raise Failed(f"status {status}") from None
    except (ValueError, KeyError, IndexError, OSError, EOFError, TypeError) as error:
        # the body is not a multipart message, not JSON or not DICOM
        raise Failed(f"the answer is not valid DICOMweb ({type(error).__name__})") from None


def _all_pages(search: Search, key: str, **arguments: Any) -> list[Attributes]:
    """Return the results of all pages; an archive without paging repeats the first page."""
    results: dict[str, Attributes] = {}
    for _ in range(_MOST_PAGES):
        offset = {"offset": len(results)} if results else {}
        page = _call(search, **arguments, **offset)
        if not all(isinstance(item, dict) for item in page):
            raise Failed("the answer is not a list of data sets")
        new = {_text(item, key): item for item in page if _text(item, key) not in results}
        if not new:
            return list(results.values())
        results |= new
    raise Failed(f"the search has more than {_MOST_PAGES} pages")


def _text(item: Attributes, keyword: str) -> str:
    values = item.get(TAGS[keyword], {}).get("Value") or [""]
    return str(values[0]).strip() if values[0] is not None else ""


def _count(item: Attributes) -> int | None:
    text = _text(item, "NumberOfSeriesRelatedInstances")
    return int(text) if text.isdigit() else None

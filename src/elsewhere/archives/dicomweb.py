"""dicomweb: an archive that speaks QIDO-RS and WADO-RS (PS3.18, sections 10.6 and 10.4)."""

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
from elsewhere.archives.pace import Pace
from elsewhere.archives.session import PacedSession
from elsewhere.archives.shelf import Unsound
from elsewhere.design.archives.dicomweb import DicomwebArchive

Found = dict[str, dict[str, Any]]
Search = Callable[..., list[Found]]
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
# as stored: the archive is not to decompress
ANY_SYNTAX = (("application/dicom", "*"),)
# an archive may end every answer at a number of its own; a query that never ends is none
_MOST_PAGES = 100_000


class Dicomweb(Archive):
    """QIDO-RS for what is there, one WADO-RS request an instance."""

    def __init__(self, row: DicomwebArchive, credentials: Credentials, *, pace: Pace) -> None:
        self._row, self._credentials, self._pace = row, credentials, pace
        self._of_thread = threading.local()

    def studies(self, query: Query) -> list[Study]:
        """Search for studies."""
        filters = {ATTRIBUTES[query.key]: query.value}
        if query.dates:
            filters["StudyDate"] = query.dates
        search = self._client().search_for_studies
        fields = ["AccessionNumber", "PatientID"]
        return [
            Study(
                uid=_text(one, "StudyInstanceUID"),
                accession=_text(one, "AccessionNumber"),
                patient=_text(one, "PatientID"),
            )
            for one in _all(search, "StudyInstanceUID", fields=fields, search_filters=filters)
        ]

    def series(self, study: Study) -> list[Series]:
        """Search for the series of a study."""
        search = self._client().search_for_series
        fields = ["SeriesDescription", "NumberOfSeriesRelatedInstances"]
        return [
            Series(
                study=study.uid,
                uid=_text(one, "SeriesInstanceUID"),
                modality=_text(one, "Modality"),
                description=_text(one, "SeriesDescription"),
                count=_count(one),
            )
            for one in _all(
                search, "SeriesInstanceUID", study_instance_uid=study.uid, fields=fields
            )
        ]

    def instances(self, series: Series) -> list[Instance]:
        """Search for the instances of a series."""
        found = _all(
            self._client().search_for_instances,
            "SOPInstanceUID",
            study_instance_uid=series.study,
            series_instance_uid=series.uid,
        )
        return [Instance(_text(one, "SOPInstanceUID"), _text(one, "SOPClassUID")) for one in found]

    def fetch(self, series: Series, wanted: Sequence[Instance], keep: Keep) -> None:
        """Retrieve instance by instance; one that fails is left out."""
        for instance in wanted:
            try:
                keep(self._retrieved(series, instance))
            except (Failed, Unsound):
                continue

    def _retrieved(self, series: Series, instance: Instance) -> FileDataset:
        sent: FileDataset = _answered(
            self._client().retrieve_instance,
            study_instance_uid=series.study,
            series_instance_uid=series.uid,
            sop_instance_uid=instance.uid,
            media_types=ANY_SYNTAX,
        )
        return sent

    def _client(self) -> DICOMwebClient:
        """One session a thread: requests does not promise that sessions can be shared."""
        if not hasattr(self._of_thread, "client"):
            client = DICOMwebClient(
                self._row.url.rstrip("/"),
                session=PacedSession(self._row, self._credentials, pace=self._pace),
                permissive_uid=True,
                timeout=(self._row.connect_seconds, self._row.answer_seconds),
            )
            client.set_http_retry_params(retry=False)
            self._of_thread.client = client
        found: DICOMwebClient = self._of_thread.client
        return found


def _answered(ask: Callable[..., Any], **arguments: Any) -> Any:
    """Call the client; what it raises becomes `Failed`, without the address that it would show."""
    try:
        return ask(**arguments)
    except exceptions.HTTPError as error:
        status = error.response.status_code if error.response is not None else "unknown"
        raise Failed(f"status {status}") from None
    except (ValueError, KeyError, IndexError, OSError, EOFError, TypeError) as error:
        # a body that is no multipart message, no JSON or no DICOM
        raise Failed(f"an answer that is no DICOMweb ({type(error).__name__})") from None


def _all(search: Search, key: str, **arguments: Any) -> list[Found]:
    """Return the results of all pages; an archive that knows no pages repeats the first one."""
    found: dict[str, Found] = {}
    for _ in range(_MOST_PAGES):
        more = {"offset": len(found)} if found else {}
        page = _answered(search, **arguments, **more)
        if not all(isinstance(one, dict) for one in page):
            raise Failed("an answer that is no list of data sets")
        new = {_text(one, key): one for one in page if _text(one, key) not in found}
        if not new:
            return list(found.values())
        found |= new
    raise Failed("an answer without end")


def _text(one: Found, keyword: str) -> str:
    values = one.get(TAGS[keyword], {}).get("Value") or [""]
    return str(values[0]).strip() if values[0] is not None else ""


def _count(one: Found) -> int | None:
    text = _text(one, "NumberOfSeriesRelatedInstances")
    return int(text) if text.isdigit() else None

"""dimse: search by C-FIND, retrieve by C-GET or C-MOVE (PS3.4 annex C, study root model)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial

from pydicom.dataset import Dataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
)
from pynetdicom import build_context, build_role, evt
from pynetdicom.association import Association

from elsewhere.archives.archive import (
    ATTRIBUTES,
    Archive,
    Failed,
    Instance,
    Keep,
    Query,
    Series,
    Study,
    Unavailable,
)
from elsewhere.archives.association import Associations
from elsewhere.archives.credentials import Credentials
from elsewhere.archives.operation import (
    DESTINATION,
    TRUNCATED,
    check_status,
    released,
    run_retrieval,
    send_request,
    storage_contexts,
)
from elsewhere.archives.pace import Pace, Transient
from elsewhere.archives.receive import Listener, Transfer
from elsewhere.design.archives.dimse import DimseArchive

# PS3.4 C.6.2: the study root information model
FIND = "1.2.840.10008.5.1.4.1.2.2.1"
MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
GET = "1.2.840.10008.5.1.4.1.2.2.3"
# proposed when the archive does not state the SOP classes of a series
USUAL = (CTImageStorage, EnhancedCTImageStorage, LegacyConvertedEnhancedCTImageStorage)


class Dimse(Archive):
    """Searches by C-FIND; retrieves missing instances by C-GET or C-MOVE."""

    def __init__(self, row: DimseArchive, credentials: Credentials, *, pace: Pace) -> None:
        self._row, self._pace = row, pace
        self._associations = Associations(row, credentials)
        self._listener = Listener(row, credentials)
        self._local = threading.local()

    def studies(self, query: Query) -> list[Study]:
        """Search for studies."""
        keys = {"StudyInstanceUID": "", "AccessionNumber": "", "PatientID": ""}
        keys |= {"StudyDate": query.dates} if query.dates else {}
        keys[ATTRIBUTES[query.key]] = query.value
        return [
            Study(
                uid=_text(result, "StudyInstanceUID"),
                accession=_text(result, "AccessionNumber"),
                patient=_text(result, "PatientID"),
            )
            for result in self._search("STUDY", keys)
        ]

    def series(self, study: Study) -> list[Series]:
        """Search for the series of a study."""
        keys = {
            "StudyInstanceUID": study.uid,
            "SeriesInstanceUID": "",
            "Modality": "",
            "SeriesDescription": "",
            "NumberOfSeriesRelatedInstances": "",
        }
        return [
            Series(
                study=study.uid,
                uid=_text(result, "SeriesInstanceUID"),
                modality=_text(result, "Modality"),
                description=_text(result, "SeriesDescription"),
                count=_count(result),
            )
            for result in self._search("SERIES", keys)
        ]

    def instances(self, series: Series) -> list[Instance]:
        """Search for the instances of a series."""
        keys = {
            "StudyInstanceUID": series.study,
            "SeriesInstanceUID": series.uid,
            "SOPInstanceUID": "",
            "SOPClassUID": "",
        }
        results = self._search("IMAGE", keys)
        return [
            Instance(_text(result, "SOPInstanceUID"), _text(result, "SOPClassUID"))
            for result in results
        ]

    def fetch(self, series: Series, wanted: Sequence[Instance], keep: Keep) -> None:
        """Retrieve the whole series if none of it is here, then each missing instance."""
        transfer = Transfer((instance.uid for instance in wanted), keep, pace=self._pace)
        classes = sorted({instance.sop_class for instance in wanted} - {""}) or [
            str(uid) for uid in USUAL
        ]

        def instance_keys() -> Sequence[Dataset]:
            return [_key(series, uid) for uid in sorted(transfer.pending)]

        def first_keys() -> Sequence[Dataset]:
            untouched = series.count in (None, len(wanted)) and len(transfer.pending) == len(wanted)
            return [_key(series)] if untouched else instance_keys()

        for keys in (first_keys, instance_keys):
            if transfer.pending:
                self._pace.retry(lambda: self._retrieve(keys(), transfer, classes))  # noqa: B023

    def close(self) -> None:
        """Free the port and end every association."""
        self._listener.close()
        self._associations.entity.shutdown()

    def _retrieve(
        self, keys: Sequence[Dataset], transfer: Transfer, classes: Sequence[str]
    ) -> None:
        before = len(transfer.pending)
        retrieve = self._get if self._row.retrieve == "get" else self._move
        try:
            retrieve(keys, transfer, classes)
        except Transient as error:
            error.progress = len(transfer.pending) < before
            if self._row.retrieve == "move" and not error.progress:
                error.final = Unavailable(f"{error.final}; {DESTINATION}")
            raise

    def _get(self, keys: Sequence[Dataset], transfer: Transfer, classes: Sequence[str]) -> None:
        roles = [build_role(uid, scp_role=True) for uid in classes]
        handlers = [(evt.EVT_C_STORE, transfer.store)]
        contexts = [build_context(GET), *storage_contexts(classes)]
        association = self._associations.established(contexts, roles=roles, handlers=handlers)
        with released(association):
            for key in keys:
                run_retrieval(partial(association.send_c_get, key, GET), transfer)

    def _move(self, keys: Sequence[Dataset], transfer: Transfer, classes: Sequence[str]) -> None:
        del classes  # in C-MOVE the archive proposes the SOP classes when it connects to us
        our_title = self._row.calling_aet
        with self._listener.expecting(transfer):
            association = self._associations.established([build_context(MOVE)])
            with released(association):
                for key in keys:
                    run_retrieval(partial(association.send_c_move, key, our_title, MOVE), transfer)

    def _search(self, level: str, keys: dict[str, str]) -> list[Dataset]:
        identifier = Dataset()
        if not "".join(keys.values()).isascii():
            identifier.SpecificCharacterSet = "ISO_IR 192"
        identifier.QueryRetrieveLevel = level
        for keyword, value in keys.items():
            setattr(identifier, keyword, value)
        return self._pace.retry(lambda: self._find(identifier))

    def _find(self, identifier: Dataset) -> list[Dataset]:
        self._pace.wait_turn()
        results: list[Dataset] = []
        for status, result in send_request(partial(self._finder().send_c_find, identifier, FIND)):
            if results and status.get("Status") in TRUNCATED:
                raise Failed(
                    f"the archive returns at most {len(results)} results; its administrator must "
                    "raise the limit"
                )
            check_status(status.get("Status"))
            if result is not None:
                results.append(result)
        return results

    def _finder(self) -> Association:
        """Return this thread's association for searches; replace an association that has ended."""
        association: Association | None = getattr(self._local, "finder", None)
        if association is None or not association.is_established:
            association = self._local.finder = self._associations.established([build_context(FIND)])
        return association


def _key(series: Series, instance: str = "") -> Dataset:
    """Return the identifier of a retrieval: a series, or one instance of it."""
    key = Dataset()
    key.QueryRetrieveLevel = "IMAGE" if instance else "SERIES"
    key.StudyInstanceUID, key.SeriesInstanceUID = series.study, series.uid
    if instance:
        key.SOPInstanceUID = instance
    return key


def _text(dataset: Dataset, keyword: str) -> str:
    return str(dataset.get(keyword) or "").strip()


def _count(dataset: Dataset) -> int | None:
    text = _text(dataset, "NumberOfSeriesRelatedInstances")
    return int(text) if text.isdigit() else None

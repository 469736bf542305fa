"""dimse: an archive that speaks C-FIND and C-GET or C-MOVE (PS3.4 annex C, study root)."""

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
    CUT,
    DESTINATION,
    follow,
    judge,
    released,
    started,
    storage_contexts,
)
from elsewhere.archives.pace import Pace, Transient
from elsewhere.archives.receive import Arriving, Listener
from elsewhere.design.archives.dimse import DimseArchive

# PS3.4 C.6.2: the study root information model
FIND = "1.2.840.10008.5.1.4.1.2.2.1"
MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
GET = "1.2.840.10008.5.1.4.1.2.2.3"
# proposed when the archive does not tell the SOP classes of a series
USUAL = (CTImageStorage, EnhancedCTImageStorage, LegacyConvertedEnhancedCTImageStorage)


class Dimse(Archive):
    """C-FIND for what is there, C-GET or C-MOVE for what lacks."""

    def __init__(self, row: DimseArchive, credentials: Credentials, *, pace: Pace) -> None:
        self._row, self._pace = row, pace
        self._associations = Associations(row, credentials)
        self._listener = Listener(row, credentials)
        self._of_thread = threading.local()

    def studies(self, query: Query) -> list[Study]:
        """Find studies."""
        keys = {"StudyInstanceUID": "", "AccessionNumber": "", "PatientID": ""}
        keys |= {"StudyDate": query.dates} if query.dates else {}
        keys[ATTRIBUTES[query.key]] = query.value
        return [
            Study(
                uid=_text(one, "StudyInstanceUID"),
                accession=_text(one, "AccessionNumber"),
                patient=_text(one, "PatientID"),
            )
            for one in self._found("STUDY", keys)
        ]

    def series(self, study: Study) -> list[Series]:
        """Find the series of a study."""
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
                uid=_text(one, "SeriesInstanceUID"),
                modality=_text(one, "Modality"),
                description=_text(one, "SeriesDescription"),
                count=_count(one),
            )
            for one in self._found("SERIES", keys)
        ]

    def instances(self, series: Series) -> list[Instance]:
        """Find the instances of a series."""
        keys = {
            "StudyInstanceUID": series.study,
            "SeriesInstanceUID": series.uid,
            "SOPInstanceUID": "",
            "SOPClassUID": "",
        }
        found = self._found("IMAGE", keys)
        return [Instance(_text(one, "SOPInstanceUID"), _text(one, "SOPClassUID")) for one in found]

    def fetch(self, series: Series, wanted: Sequence[Instance], keep: Keep) -> None:
        """Retrieve the series if nothing of it is here, then instance by instance what lacks."""
        arriving = Arriving((one.uid for one in wanted), keep, pace=self._pace)
        classes = sorted({one.sop_class for one in wanted} - {""}) or [str(uid) for uid in USUAL]

        def each() -> Sequence[Dataset]:
            return [_key(series, uid) for uid in sorted(arriving.left)]

        def first() -> Sequence[Dataset]:
            untouched = series.count in (None, len(wanted)) and len(arriving.left) == len(wanted)
            return [_key(series)] if untouched else each()

        for keys in (first, each):
            if arriving.left:
                self._pace.persist(lambda: self._retrieve(keys(), arriving, classes))  # noqa: B023

    def close(self) -> None:
        """Free the port and end every association."""
        self._listener.close()
        self._associations.entity.shutdown()

    def _retrieve(
        self, keys: Sequence[Dataset], arriving: Arriving, classes: Sequence[str]
    ) -> None:
        before = len(arriving.left)
        retrieve = self._get if self._row.retrieve == "get" else self._move
        try:
            retrieve(keys, arriving, classes)
        except Transient as error:
            error.progress = len(arriving.left) < before
            if self._row.retrieve == "move" and not error.progress:
                error.final = Unavailable(f"{error.final}; {DESTINATION}")
            raise

    def _get(self, keys: Sequence[Dataset], arriving: Arriving, classes: Sequence[str]) -> None:
        roles = [build_role(uid, scp_role=True) for uid in classes]
        handlers = [(evt.EVT_C_STORE, arriving.store)]
        contexts = [build_context(GET), *storage_contexts(classes)]
        association = self._associations.opened(contexts, roles=roles, handlers=handlers)
        with released(association):
            for key in keys:
                follow(partial(association.send_c_get, key, GET), arriving)

    def _move(self, keys: Sequence[Dataset], arriving: Arriving, classes: Sequence[str]) -> None:
        del classes  # the archive proposes them when it connects to us
        us = self._row.calling_aet
        with self._listener.expecting(arriving):
            association = self._associations.opened([build_context(MOVE)])
            with released(association):
                for key in keys:
                    follow(partial(association.send_c_move, key, us, MOVE), arriving)

    def _found(self, level: str, keys: dict[str, str]) -> list[Dataset]:
        identifier = Dataset()
        if not "".join(keys.values()).isascii():
            identifier.SpecificCharacterSet = "ISO_IR 192"
        identifier.QueryRetrieveLevel = level
        for keyword, value in keys.items():
            setattr(identifier, keyword, value)
        return self._pace.persist(lambda: self._find(identifier))

    def _find(self, identifier: Dataset) -> list[Dataset]:
        self._pace.turn()
        found: list[Dataset] = []
        for status, one in started(partial(self._finder().send_c_find, identifier, FIND)):
            if found and status.get("Status") in CUT:
                raise Failed(
                    f"it cuts its answers off after {len(found)} results; its administrator must "
                    "raise the limit"
                )
            judge(status.get("Status"))
            if one is not None:
                found.append(one)
        return found

    def _finder(self) -> Association:
        """One association a thread for all its questions, opened anew when it has ended."""
        known: Association | None = getattr(self._of_thread, "finder", None)
        if known is None or not known.is_established:
            known = self._of_thread.finder = self._associations.opened([build_context(FIND)])
        return known


def _key(series: Series, instance: str = "") -> Dataset:
    """Return what to retrieve: a series, or one instance of it."""
    key = Dataset()
    key.QueryRetrieveLevel = "IMAGE" if instance else "SERIES"
    key.StudyInstanceUID, key.SeriesInstanceUID = series.study, series.uid
    if instance:
        key.SOPInstanceUID = instance
    return key


def _text(one: Dataset, keyword: str) -> str:
    return str(one.get(keyword) or "").strip()


def _count(one: Dataset) -> int | None:
    text = _text(one, "NumberOfSeriesRelatedInstances")
    return int(text) if text.isdigit() else None

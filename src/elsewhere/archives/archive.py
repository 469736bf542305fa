"""archive: the base class of an archive (PACS): it searches for studies and retrieves images."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from pydicom.dataset import FileDataset

from elsewhere.archives.credentials import Credentials
from elsewhere.archives.pace import Pace
from elsewhere.design.archive_rows import ArchiveRow

Key = Literal["study", "accession", "patient"]
ATTRIBUTES: dict[Key, str] = {
    "study": "StudyInstanceUID",
    "accession": "AccessionNumber",
    "patient": "PatientID",
}


class ArchiveError(RuntimeError):
    """The archive cannot be used; the message says what to do and names no patient."""


class Unavailable(ArchiveError):  # noqa: N818
    """The archive does not answer or is busy: every further request would fail as well."""


class Denied(ArchiveError):  # noqa: N818
    """The archive refuses us: credentials, certificate or application entity title."""


class Failed(ArchiveError):  # noqa: N818
    """The archive failed at one request; others may succeed."""


@dataclass(frozen=True)
class Query:
    """The query of one row of a work list: a key, its value and a range of study dates."""

    key: Key
    value: str
    dates: str = ""


@dataclass(frozen=True)
class Study:
    """A study of the archive; its identifiers are written to label.csv and nowhere else."""

    uid: str
    accession: str
    patient: str

    def matches(self, query: Query) -> bool:
        """Return whether the study matches a query exactly.

        Archives ignore keys that they do not support, and some ignore case. Without this check
        studies of other patients would be retrieved.
        """
        values = {"study": self.uid, "accession": self.accession, "patient": self.patient}
        return values[query.key] == query.value


@dataclass(frozen=True)
class Series:
    """A series of a study; `count` is the archive's number of instances, None if not stated."""

    study: str
    uid: str
    modality: str
    description: str
    count: int | None


@dataclass(frozen=True)
class Instance:
    """An instance of a series; `sop_class` is empty if the archive does not state it."""

    uid: str
    sop_class: str


Keep = Callable[[FileDataset], None]


class Archive(ABC):
    """One archive; several threads call its methods at once.

    All methods raise `ArchiveError`: `Unavailable` or `Denied` if further requests would fail too,
    `Failed` if only this request failed.
    """

    @abstractmethod
    def __init__(self, row: ArchiveRow, credentials: Credentials, *, pace: Pace) -> None: ...

    @abstractmethod
    def studies(self, query: Query) -> list[Study]:
        """Return the studies of the archive's answer; they may not all match the query."""

    @abstractmethod
    def series(self, study: Study) -> list[Series]:
        """Return the series of a study."""

    @abstractmethod
    def instances(self, series: Series) -> list[Instance]:
        """Return the instances of a series."""

    @abstractmethod
    def fetch(self, series: Series, wanted: Sequence[Instance], keep: Keep) -> None:
        """Pass each wanted instance of a series to `keep` as it arrives.

        `keep` raises `elsewhere.archives.instance_store.InvalidInstance` for an instance that is
        damaged or was not requested; such an instance counts as missing. Instances that the archive
        cannot send are left out. The caller compares the arrived instances with the wanted ones.
        """

    def close(self) -> None:
        """Free ports and connections."""
        return

"""archive: the contract of an archive, which is asked what it has and sends it."""

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
    """The archive cannot be used as it is; the message says what to do and names nobody."""


class Unavailable(ArchiveError):  # noqa: N818
    """The archive does not answer, or not now: going on would only fail as often as it is asked."""


class Denied(ArchiveError):  # noqa: N818
    """The archive refuses us: credentials, certificate or application entity title."""


class Failed(ArchiveError):  # noqa: N818
    """The archive failed at one request; others may succeed."""


@dataclass(frozen=True)
class Query:
    """One row of a work list as a question: a key, its value, and a range of study dates."""

    key: Key
    value: str
    dates: str = ""


@dataclass(frozen=True)
class Study:
    """A study of the archive; the identifiers never leave memory but into label.csv."""

    uid: str
    accession: str
    patient: str

    def answers(self, query: Query) -> bool:
        """Return whether the study is one that was asked for.

        Archives ignore keys that they do not support, and some match without regard to case: a
        study of another patient must not come in that way.
        """
        found = {"study": self.uid, "accession": self.accession, "patient": self.patient}
        return found[query.key] == query.value


@dataclass(frozen=True)
class Series:
    """A series of a study; `count` is how many instances the archive says it has, None unsaid."""

    study: str
    uid: str
    modality: str
    description: str
    count: int | None


@dataclass(frozen=True)
class Instance:
    """An instance of a series; `sop_class` may be empty: archives need not tell."""

    uid: str
    sop_class: str


Keep = Callable[[FileDataset], None]


class Archive(ABC):
    """One archive; its methods are called by several threads at once.

    All raise `ArchiveError`: `Unavailable` or `Denied` if asking again is useless now, `Failed` if
    only this request failed.
    """

    @abstractmethod
    def __init__(self, row: ArchiveRow, credentials: Credentials, *, pace: Pace) -> None: ...

    @abstractmethod
    def studies(self, query: Query) -> list[Study]:
        """Return what the archive answers, matching or not."""

    @abstractmethod
    def series(self, study: Study) -> list[Series]:
        """Return the series of a study."""

    @abstractmethod
    def instances(self, series: Series) -> list[Instance]:
        """Return the instances of a series."""

    @abstractmethod
    def fetch(self, series: Series, wanted: Sequence[Instance], keep: Keep) -> None:
        """Hand each wanted instance of a series to `keep`, as it arrives.

        `keep` raises `elsewhere.archives.shelf.Unsound` for an instance that is damaged or not the
        one asked for: then it counts as not arrived. An instance that the archive cannot send is
        left out; the caller compares.
        """

    def close(self) -> None:
        """Free ports and connections."""
        return

"""layout: the contract of layouts, which find the scans, patients and labels in a site's files."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Literal, NamedTuple

from elsewhere.design.findings import View
from elsewhere.design.rows import LayoutOptions
from elsewhere.design.site import IntakeRow
from elsewhere.imaging.source import Source
from elsewhere.imaging.volume import Unusable
from elsewhere.sites.findings import Part, State
from elsewhere.sites.reading import Reading
from elsewhere.sites.reasons import Verdict, verdict

Sex = Literal["F", "M", "unknown"]
NAN = float("nan")
HIDDEN = (".", "__MACOSX")
LOOKED_AT = 200  # files or scans, to say whether a folder looks like a layout
_NOTHING = ("not_a_file", "empty_file")
_TABLES = (".csv", ".tsv", ".xlsx", ".xls", ".json", ".parquet")
_DOCUMENTS = (".md", ".txt", ".pdf", ".html", ".htm", ".rst", ".doc", ".docx", ".rtf", ".bib")
_DOCUMENT_NAMES = ("readme", "license", "licence", "copying", "citation", "changelog")
_DICOM_AGE = re.compile(r"^(\d{1,3})([DWMY]?)$")
# longer ages in these units are slips of the unit or codes: nobody counts 200 months
_LONGEST = {"W": 260, "M": 120}
_DAYS = {"D": 1.0, "W": 7.0, "M": 365.25 / 12, "Y": 365.25, "": 365.25}


class LayoutError(ValueError):
    """A site's folder does not have its layout; the message says which file and what it lacks."""


@dataclass(frozen=True)
class Scan:
    """One scan, before any pixel is read.

    Attributes
    ----------
    name
        Identifies the scan within its site, also after files were moved. At a private site it never
        leaves the machine unhashed.
    path
        File or folder relative to the site, with "/".
    patient
        The patient's name in the data set; None if none is published.
    label
        1: COVID-19 positive, 0: negative (A-07); None: the site has findings instead.
    category
        The publisher's class.
    source
        Files, and how their pixels are read.
    age
        Years; NaN if unknown. One that nobody can have becomes unknown, with a flag.
    sub_site
        Hospital within the site (A-02).
    date
        Day of the study as YYYYMMDD. It never leaves the machine; only days between studies do.
    instead
        Alternatives to try, in this order, if this scan cannot be used; else they are set aside.
    findings
        At a site with findings: the state of each finding that its publisher annotates (B-05).
    view
        View of a radiograph; frontal: PA or AP, not known which; none: not a radiograph.
    publisher_part
        Part of the publisher's own split; empty if there is none.
    readings
        What readers called it.
    """

    name: str
    path: str
    patient: str | None
    label: int | None
    category: str
    source: Source
    sex: Sex = "unknown"
    age: float = NAN
    sub_site: str = "unknown"
    date: str | None = None
    instead: tuple[Scan, ...] = ()
    findings: Mapping[str, State] = field(default_factory=dict, hash=False)
    view: View = "none"
    publisher_part: Part = ""
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """Files that are in no volume, and the reason.

    Attributes
    ----------
    path
        Relative to the site, with "/"; for a volume the folder of its files.
    reason
        A code of `elsewhere.sites.reasons`.
    detail
        One sentence without names or identifiers: at a private site only the path is hashed.
    files
        The files; empty if a table lists a file that does not exist.
    """

    path: str
    reason: str
    detail: str
    files: tuple[Path, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether it was set aside or rejected."""
        return verdict(self.reason)


class Likeness(NamedTuple):
    """Whether a folder looks like a layout.

    Attributes
    ----------
    fits
        Its files are such as the layout reads.
    lacks
        What is not there yet, or why it does not fit; "" if it can be ingested as it is.
    """

    fits: bool
    lacks: str


class Layout(LayoutOptions, ABC):
    """Base of layouts; a layout also inherits the fields of its row of options.

    Attributes
    ----------
    citation, licence
        Source of the data, and the terms of its use.
    suffixes
        Suffixes of files with pixels, in lower case.
    general
        Any folder of such files can be in it; other layouts are those of one publisher.
    """

    citation: ClassVar[str]
    licence: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]] = ()
    general: ClassVar[bool] = False

    @abstractmethod
    def scans(self, root: Path, policy: IntakeRow) -> Iterator[Scan | LeftOut]:
        """Yield every scan below `root`, and a row for files that cannot be a scan; read no pixel.

        Files that are in no scan and no row get their reason from `rest`.

        Parameters
        ----------
        root
            The site's folder.
        policy
            The row of `intakes`: which slices form one volume, if headers decide that.

        Raises
        ------
        LayoutError
            If folders or tables that the layout needs are missing or unreadable.
        """

    @classmethod
    def likeness(cls, root: Path, policy: IntakeRow) -> Likeness:
        """Say whether a folder looks like this layout, from names and tables of few files."""
        try:
            first = islice(cls().scans(root, policy), LOOKED_AT)
            fits = any(isinstance(one, Scan) for one in first)
        except LayoutError as error:
            return Likeness(False, str(error))
        return Likeness(fits, "" if fits else f"{root}: no scan of this layout in it")

    @classmethod
    def suggested(cls, root: Path, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options that a user gave, completed as far as names in a folder tell more."""
        del root
        return dict(given)

    def rest(self, path: Path, root: Path) -> LeftOut:
        """Return the row of a file below `root` that is in no scan and no row of `scans`."""
        at = relative(path, root)
        parts = PurePosixPath(at).parts
        reason, detail = _kind(path)
        if any(part.startswith(HIDDEN) for part in parts):
            reason, detail = "hidden", "hidden file"
        elif path.name.lower().endswith(self.suffixes) and reason not in _NOTHING:
            reason, detail = "unexpected_file", "an image where the layout expects none"
        return LeftOut(at, reason, detail, (path,))


def relative(path: Path, root: Path) -> str:
    """Return a path relative to the site's folder, with "/"; "." is the folder itself."""
    return path.relative_to(root).as_posix()


def _kind(path: Path) -> tuple[str, str]:
    """Return the reason and detail of a file that is not an image of the layout."""
    name, suffix = path.name.lower(), path.suffix.lower()
    if not path.is_file():
        return "not_a_file", "neither a file nor a folder, or a link to nothing"
    if path.stat().st_size == 0:
        return "empty_file", "0 bytes"
    if suffix in _TABLES or name.endswith(tuple(f"{table_suffix}.gz" for table_suffix in _TABLES)):
        return "table", "a table"
    if suffix in _DOCUMENTS or name.startswith(_DOCUMENT_NAMES):
        return "document", "a text beside the scans"
    return "unknown_file", "no image that the layout knows"


def folder(root: Path, *names: str) -> Path:
    """Return the first of the named folders that exists below `root`.

    Raises
    ------
    LayoutError
        If there is none.
    """
    for name in names:
        if (root / name).is_dir():
            return root / name
    raise LayoutError(f"{root}: expected a folder {' or '.join(names)}")


def visible(parent: Path) -> list[Path]:
    """Return the entries of a folder, sorted by name, without hidden ones."""
    return sorted(path for path in parent.iterdir() if not path.name.startswith(HIDDEN))


def images(parent: Path, *suffixes: str) -> list[Path]:
    """Return the files of a folder with one of these suffixes (lower case), sorted by name."""
    return [path for path in visible(parent) if path.suffix.lower() in suffixes and path.is_file()]


def sex(text: str) -> Sex:
    """Return F or M for the text of a table, such as f, M, Female, male; else unknown."""
    known: dict[str, Sex] = {"F": "F", "M": "M", "FEMALE": "F", "MALE": "M"}
    return known.get(text.strip().upper(), "unknown")


def number(text: str) -> float | None:
    """Return the number in a cell of a table; None if the cell is empty.

    Raises
    ------
    Unusable
        `bad_number` if the text is not a finite number.
    """
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise Unusable("bad_number", "a cell of a table should hold a number") from None
    if not math.isfinite(value):
        raise Unusable("bad_number", "a cell of a table should hold a finite number")
    return value


def age(text: str) -> float:
    """Return years for a number or a DICOM *Age String* such as 053Y (PS3.5 6.2).

    NaN for a text that is no number; infinity for 200M and the like. Whether anybody can be so old
    is decided, and flagged, where the row of the manifest is made (`elsewhere.sites.rows`).
    """
    written = text.strip().upper()
    match = _DICOM_AGE.match(written)
    if match and int(match[1]) > _LONGEST.get(match[2], math.inf):
        return math.inf
    try:
        years = int(match[1]) * _DAYS[match[2]] / _DAYS["Y"] if match else float(written)
    except ValueError:
        return NAN
    return round(years, 2) if match else years

"""layout: the contract of a published layout: which files are a scan, whose, and its label."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict

from elsewhere.imaging.source import Source

Sex = Literal["F", "M", "unknown"]
NAN = float("nan")
_DICOM_AGE = re.compile(r"^(\d{1,3})([DWMY]?)$")
_DAYS = {"D": 1.0, "W": 7.0, "M": 365.25 / 12, "Y": 365.25, "": 365.25}


class LayoutError(ValueError):
    """A site's folder is not in its layout; the message names the file and what was expected."""


@dataclass(frozen=True)
class Scan:
    """One scan before any pixel is read.

    Attributes
    ----------
    name
        What identifies the scan within its site, stable when files move; never leaves the machine
        unhashed at a private site.
    path
        File or folder relative to the site, with "/".
    patient
        The patient's name in the data set; None if none is published.
    label
        1: COVID-19 positive, 0: negative (A-07).
    category
        The publisher's class.
    source
        Files and how their pixels are read.
    age
        Years; NaN unknown.
    sub_site
        Hospital within the site (A-02).
    """

    name: str
    path: str
    patient: str | None
    label: int
    category: str
    source: Source
    sex: Sex = "unknown"
    age: float = NAN
    sub_site: str = "unknown"


@dataclass(frozen=True)
class Rejected:
    """Files that make no scan: path relative to the site, reason code, one sentence.

    The sentence holds no identifier: at a private site only the path is hashed.
    """

    path: str
    reason: str
    detail: str


class Layout(BaseModel, ABC):
    """One published layout; its fields are the options of `sites.<site>.options`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    citation: ClassVar[str]
    licence: ClassVar[str]

    @abstractmethod
    def scans(self, root: Path) -> Iterator[Scan | Rejected]:
        """Yield every scan below `root`, and a row for whatever is left out; reads no pixel.

        Raises
        ------
        LayoutError
            If folders or tables that the layout needs are missing or unreadable.
        """


def table(path: Path, *, required: tuple[str, ...]) -> list[dict[str, str]]:
    """Return the rows of a CSV or Excel table as text without outer blanks; N/A counts as "".

    Raises
    ------
    LayoutError
        If the file or one of the required columns is missing.
    """
    if not path.is_file():
        raise LayoutError(f"{path}: no such table; put the publisher's file there")
    if path.suffix == ".xlsx":
        frame = pd.read_excel(path, dtype=str, keep_default_na=False)
    else:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    frame.columns = [str(name).strip() for name in frame.columns]
    missing = [name for name in required if name not in frame]
    if missing:
        raise LayoutError(f"{path}: no column {missing}; it has {list(frame.columns)}")
    return [
        {str(name): "" if value == "N/A" else str(value).strip() for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


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
    """Return what lies in a folder, sorted by name, without hidden files."""
    return sorted(path for path in parent.iterdir() if not path.name.startswith((".", "__MACOSX")))


def images(parent: Path, *suffixes: str) -> list[Path]:
    """Return the files of a folder with one of these suffixes (lower case), sorted by name."""
    return [path for path in visible(parent) if path.suffix.lower() in suffixes and path.is_file()]


def sex(text: str) -> Sex:
    """Return F or M for what tables write: f, M, Female, male; unknown otherwise."""
    known: dict[str, Sex] = {"F": "F", "M": "M", "FEMALE": "F", "MALE": "M"}
    return known.get(text.strip().upper(), "unknown")


def age(text: str) -> float:
    """Return years for a number or a DICOM *Age String* such as 053Y (PS3.5 6.2); NaN otherwise."""
    written = text.strip().upper()
    match = _DICOM_AGE.match(written)
    if match:
        return round(int(match[1]) * _DAYS[match[2]] / _DAYS["Y"], 2)
    try:
        years = float(written)
    except ValueError:
        return NAN
    return years if 0 <= years <= 150 else NAN

"""dicom_series: a tree of DICOM series and the user's label.csv, such as UTSW (A-03 to A-06)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os.path import commonpath
from pathlib import Path
from typing import ClassVar, Literal

from elsewhere.imaging.dicom import series
from elsewhere.imaging.dicom.series import Header
from elsewhere.imaging.source import Source
from elsewhere.imaging.volume import Unusable
from elsewhere.sites.layout import Layout, LayoutError, Rejected, Scan, age, sex, table

TABLE = "label.csv"
_KEYS = ("study", "accession", "patient")


@dataclass(frozen=True)
class _Found:
    """One series that can be a scan."""

    path: str
    header: Header
    files: tuple[Path, ...]


class DicomSeries(Layout):
    """DICOM series anywhere below the site's folder, told by content, and label.csv at its top.

    label.csv holds one row a study (or a patient):

    ========== ====================================================================
    study      *Study Instance UID* (0020,000D)          } at least one of the three;
    accession  *Accession Number* (0008,0050)            } the first that is there
    patient    *Patient ID* (0010,0020)                  } finds the row of a series
    label      0 or 1
    category   optional: the user's class
    sex, age   optional: else *Patient's Sex* (0010,0040), *Patient's Age* (0010,1010)
    sub_site   optional: hospital within the site
    ========== ====================================================================

    The patient is the table's if it has that column, else the *Patient ID* of the files.

    Attributes
    ----------
    series
        Which series of a study are scans: all, or the one with the most slices (A-18: one scan a
        patient).
    """

    citation: ClassVar[str] = "DICOM PS3.3; the site's own data"
    licence: ClassVar[str] = "the owner's"

    series: Literal["all", "most_slices"] = "all"

    def scans(self, root: Path) -> Iterator[Scan | Rejected]:
        """Yield one scan a usable series whose study has a label."""
        labels, key = _labels(root / TABLE)
        headers: list[Header] = []
        for one in series.found(root):
            if isinstance(one, Header):
                headers.append(one)
            else:
                path, kind = one
                yield Rejected(_relative(path, root), "unreadable", f"damaged DICOM file ({kind})")
        usable: list[_Found] = []
        for group in series.grouped(headers).values():
            judged = _judged(group, root)
            if isinstance(judged, Rejected):
                yield judged
            else:
                usable.append(judged)
        yield from self._labelled(usable, labels, key)
        used = {getattr(one, key) for one in headers}
        for name in sorted(set(labels) - used):
            yield Rejected(f"{TABLE}/{name}", "missing", f"this {key} has no DICOM file")

    def _labelled(
        self, usable: list[_Found], labels: Mapping[str, Mapping[str, str]], key: str
    ) -> Iterator[Scan | Rejected]:
        most: dict[str, _Found] = {}
        for one in usable:
            known = most.setdefault(one.header.study, one)
            if len(one.files) > len(known.files):
                most[one.header.study] = one
        for one in usable:
            row = labels.get(getattr(one.header, key))
            if row is None:
                yield Rejected(one.path, "no_label", f"{TABLE} has no row for this {key}")
            elif self.series == "most_slices" and most[one.header.study] is not one:
                detail = "another series of the study has more slices (options.series)"
                yield Rejected(one.path, "not_chosen", detail)
            else:
                yield _scan(one, row)


def _judged(headers: list[Header], root: Path) -> _Found | Rejected:
    files = [one.path for one in headers]
    parent = commonpath([path.parent for path in files])
    path = _relative(Path(parent), root)
    try:
        chosen = series.ordered(headers)
    except Unusable as error:
        return Rejected(path, error.reason, error.detail)
    return _Found(path, headers[0], tuple(one.path for one in chosen.headers))


def _scan(one: _Found, row: Mapping[str, str]) -> Scan | Rejected:
    patient = row.get("patient") or one.header.patient
    if not patient:
        return Rejected(one.path, "no_patient", f"neither the files nor {TABLE} name the patient")
    return Scan(
        name=one.header.series,
        path=one.path,
        patient=patient,
        label=int(row["label"]),
        category=row.get("category") or ("positive" if row["label"] == "1" else "negative"),
        source=Source(kind="dicom", files=one.files),
        sex=sex(row.get("sex") or one.header.sex),
        age=age(row.get("age") or one.header.age),
        sub_site=row.get("sub_site") or "unknown",
    )


def _labels(path: Path) -> tuple[dict[str, dict[str, str]], str]:
    rows = table(path, required=("label",))
    if not rows:
        raise LayoutError(f"{path}: no row below the header; expected one a study")
    keys = [name for name in _KEYS if name in rows[0]]
    if not keys:
        raise LayoutError(f"{path}: needs one of the columns {_KEYS}, has {list(rows[0])}")
    labels: dict[str, dict[str, str]] = {}
    for line, row in enumerate(rows, start=2):
        name = row[keys[0]]
        if not name or row["label"] not in ("0", "1"):
            raise LayoutError(
                f"{path}, line {line}: label {row['label']!r}, expected 0 or 1, and a {keys[0]}"
            )
        if labels.setdefault(name, row)["label"] != row["label"]:
            raise LayoutError(f"{path}, line {line}: this {keys[0]} has another label above")
    return labels, keys[0]


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()

"""dicom_series: a tree of DICOM series and the user's label.csv, such as UTSW (A-03 to A-06)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os.path import commonpath
from pathlib import Path
from typing import ClassVar

from elsewhere.design.layouts.dicom_series import DicomSeriesOptions
from elsewhere.design.site import IntakeRow
from elsewhere.imaging.dicom import group, recognise
from elsewhere.imaging.dicom.header import Header, Slice
from elsewhere.imaging.source import Source
from elsewhere.imaging.volume import Unusable
from elsewhere.sites.layout import Layout, LayoutError, LeftOut, Scan, age, relative, sex, table

TABLE = "label.csv"
_KEYS = ("study", "accession", "patient")
_COLUMNS = (*_KEYS, "label", "category", "sex", "age", "sub_site")
# whatever these say of a file, its name and place say it better
_BY_NAME = ("not_dicom", "empty_file")


@dataclass(frozen=True)
class _Volume:
    """Slices that may be a scan, with what tells the volume from others."""

    name: str
    path: str
    slices: tuple[Slice, ...]

    @property
    def header(self) -> Header:
        return self.slices[0].header

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(sorted({one.header.path for one in self.slices}))


class DicomSeries(DicomSeriesOptions, Layout):
    """DICOM files anywhere below the site's folder, told by content, and label.csv at its top.

    label.csv holds one row a study (or a patient):

    ========== ====================================================================
    study      *Study Instance UID* (0020,000D)          } at least one of the three;
    accession  *Accession Number* (0008,0050)            } the first that is there
    patient    *Patient ID* (0010,0020)                  } finds the row of a series
    label      0 or 1
    category   optional: the user's class, one of `categories`
    sex, age   optional: else *Patient's Sex* (0010,0040), *Patient's Age* (0010,1010)
    sub_site   optional: hospital within the site
    ========== ====================================================================

    The patient is the table's if it has that column, else the *Patient ID* of the files.
    """

    citation: ClassVar[str] = "DICOM PS3.3; the site's own data"
    licence: ClassVar[str] = "the owner's"

    def scans(self, root: Path, policy: IntakeRow) -> Iterator[Scan | LeftOut]:
        """Yield one scan a volume whose study has a label."""
        labels, key = _labels(root / TABLE)
        found = recognise.sort(root)
        for one in (*found.set_aside, *found.rejected):
            if one.reason not in _BY_NAME:
                yield LeftOut(relative(one.path, root), one.reason, one.detail, (one.path,))
        scans: dict[str, list[Scan]] = {}
        named: set[Path] = set()
        for volume in _volumes(found.slices, root, policy):
            scan = self._scan(volume, labels.get(getattr(volume.header, key)))
            if isinstance(scan, LeftOut):
                # frames of one file may be in several volumes
                again = named.intersection(
                    one.header.path for one in volume.slices if one.header.stored.frames > 1
                )
                yield replace(scan, files=tuple(one for one in scan.files if one not in again))
                named.update(scan.files)
            else:
                scans.setdefault(volume.header.study, []).append(scan)
        for of_study in scans.values():
            yield from self._chosen(of_study)
        used = {getattr(one.header, key) for one in found.slices}
        for name in sorted(set(labels) - used):
            yield LeftOut(
                f"{TABLE}/{name}", "missing", f"this {key} has no CT image that can be read"
            )

    def rest(self, path: Path, root: Path) -> LeftOut:
        """Return the row of a file that is no DICOM file."""
        one = super().rest(path, root)
        if one.reason != "unknown_file":
            return one
        return replace(one, reason="not_dicom", detail="no DICOM file")

    def _chosen(self, scans: Sequence[Scan]) -> Sequence[Scan]:
        """Return the scans of one study; each may stand in for one with more slices."""
        if self.series == "all":
            return scans
        first, *others = sorted(scans, key=lambda scan: (-len(scan.source.slices), scan.name))
        return [replace(first, instead=tuple(others))]

    def _scan(self, one: _Volume, row: Mapping[str, str] | None) -> Scan | LeftOut:
        try:
            if len({(each.header.patient, each.header.study) for each in one.slices}) > 1:
                raise Unusable("mixed_identity", "one series, several patients or studies")
            if row is None:
                raise Unusable("no_label", f"{TABLE} has no row for this study or patient")
            patient = row.get("patient") or one.header.patient
            if not patient:
                raise Unusable("no_patient", f"neither the files nor {TABLE} name the patient")
            category = self._category(row)
        except Unusable as error:
            return LeftOut(one.path, error.reason, error.detail, one.files)
        return Scan(
            name=one.name,
            path=one.path,
            patient=patient,
            label=int(row["label"]),
            category=category,
            source=Source(kind="dicom", files=one.files, slices=one.slices),
            sex=sex(row.get("sex") or one.header.sex),
            age=age(row.get("age") or one.header.age),
            sub_site=row.get("sub_site") or "unknown",
            date=one.header.date or None,
        )

    def _category(self, row: Mapping[str, str]) -> str:
        written = row.get("category", "")
        if not self.categories or not written:
            return "positive" if row["label"] == "1" else "negative"
        if written not in self.categories:
            raise Unusable("unknown_category", f"not one of the {len(self.categories)} declared")
        return written


def _volumes(slices: Sequence[Slice], root: Path, policy: IntakeRow) -> list[_Volume]:
    """Return the volumes, each under a name that does not change when files move."""
    groups = group.volumes(slices, policy)
    alone = Counter(one[0].header.series for one in groups)
    volumes = []
    for one in groups:
        series = one[0].header.series
        # the first instance says which of a series' volumes it is
        first = min((each.header.instance, each.frame) for each in one)
        name = series if alone[series] == 1 else f"{series}/{first[0]}/{first[1]}"
        parent = commonpath([each.header.path.parent for each in one])
        volumes.append(_Volume(name, relative(Path(parent), root), one))
    return volumes


def _labels(path: Path) -> tuple[dict[str, dict[str, str]], str]:
    rows = table(path, required=("label",))
    if not rows:
        raise LayoutError(f"{path}: no row below the header; expected one a study")
    keys = [name for name in _KEYS if name in rows[0]]
    if not keys:
        raise LayoutError(f"{path}: none of its columns is {', '.join(_KEYS)}")
    labels: dict[str, dict[str, str]] = {}
    for line, full in enumerate(rows, start=2):
        row = {name: full[name] for name in _COLUMNS if name in full}
        name = row[keys[0]]
        # what stands there is not shown: it may be a name
        if not name or row["label"] not in ("0", "1"):
            raise LayoutError(f"{path}, line {line}: expected label 0 or 1, and a {keys[0]}")
        if labels.setdefault(name, row) != row:
            raise LayoutError(
                f"{path}, line {line}: this {keys[0]} stands above with another label or "
                "another entry; expected one row for each"
            )
    return labels, keys[0]

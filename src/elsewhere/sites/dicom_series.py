"""dicom_series: layout of a folder of DICOM CT series with a label.csv, as UTSW (A-03 to A-06)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from os.path import commonpath
from pathlib import Path
from typing import ClassVar

from elsewhere.design.layouts.dicom_series import DicomSeriesOptions
from elsewhere.design.site import IntakeRow
from elsewhere.files import walk
from elsewhere.imaging.dicom import group, recognise
from elsewhere.imaging.dicom.header import Aside, Header, Slice
from elsewhere.imaging.source import Source
from elsewhere.imaging.volume import Unusable
from elsewhere.sites import label_cells, label_table, readers
from elsewhere.sites.dicom_identity import Identities, identities
from elsewhere.sites.label_table import Row
from elsewhere.sites.layout import (
    LOOKED_AT,
    Layout,
    LayoutError,
    LeftOut,
    Likeness,
    Scan,
    age,
    relative,
    sex,
)

TABLE = label_table.NAME
_KEYS = ("study", "accession", "patient")
_COLUMNS = (*_KEYS, "label", "category", "sex", "age", "sub_site")
# for these files `rest` gives a better reason, from name and place
_BY_NAME = ("not_dicom", "empty_file")


@dataclass(frozen=True)
class _Volume:
    """Slices that may form a scan, with the name that identifies the volume."""

    name: str
    path: str
    slices: tuple[Slice, ...]

    @property
    def header(self) -> Header:
        return self.slices[0].header

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(sorted({item.header.path for item in self.slices}))


class DicomSeries(DicomSeriesOptions, Layout):
    """DICOM files anywhere below the site's folder, recognised by content, and label.csv in it.

    label.csv has one row per study (or per patient):

    ========== ====================================================================
    study      *Study Instance UID* (0020,000D)          } at least one of the three;
    accession  *Accession Number* (0008,0050)            } the first that exists
    patient    *Patient ID* (0010,0020)                  } finds the row of a series
    label      0 or 1, or a word of `labels`
    category   optional: the user's class, one of `categories`
    severity   optional: one of `severities`
    sex, age   optional: else *Patient's Sex* (0010,0040), *Patient's Age* (0010,1010)
    sub_site   optional: hospital within the site
    ========== ====================================================================

    The patient is the *Patient ID* of the files, else that of the table; see `options.patients`.
    What names two patients is refused, see `elsewhere.sites.dicom_identity`.
    With ``readers`` there is also readers.csv, see `elsewhere.sites.readers`.
    """

    citation: ClassVar[str] = "DICOM PS3.3; the site's own data"
    licence: ClassVar[str] = "the owner's"
    general: ClassVar[bool] = True

    @classmethod
    def likeness(cls, root: Path, policy: IntakeRow) -> Likeness:
        """Say whether there are DICOM images; the table is named if it is not there."""
        if not any(map(_is_slice, islice(walk(root, set()), LOOKED_AT))):
            return Likeness(False, f"{root}: none of the first {LOOKED_AT} files is a DICOM image")
        try:
            _labels(root / TABLE, DicomSeriesOptions.model_validate({}))
        except LayoutError as error:
            return Likeness(True, str(error))
        return Likeness(True, "")

    def scans(self, root: Path, policy: IntakeRow) -> Iterator[Scan | LeftOut]:
        """Yield one scan per volume whose study has a label."""
        labels, key = _labels(root / TABLE, self)
        called = (
            readers.read(root / readers.NAME, key=key, labels=self.labels) if self.readers else {}
        )
        recognised = recognise.sort(root)
        for item in (*recognised.set_aside, *recognised.rejected):
            if item.reason not in _BY_NAME:
                yield LeftOut(relative(item.path, root), item.reason, item.detail, (item.path,))
        whose = identities(recognised.slices, labels, key=key, named=self.patients)
        scans: dict[tuple[str, ...], list[Scan]] = {}
        left_out_files: set[Path] = set()
        for volume in _volumes(recognised.slices, root, policy):
            name = getattr(volume.header, key)
            scan = self._scan(volume, labels.get(name), whose)
            if isinstance(scan, LeftOut):
                # frames of one file may be in several volumes
                already_left_out = left_out_files.intersection(
                    item.header.path for item in volume.slices if item.header.stored.frames > 1
                )
                yield replace(
                    scan, files=tuple(item for item in scan.files if item not in already_left_out)
                )
                left_out_files.update(scan.files)
            else:
                read = replace(scan, readings=called.get(name, ()))
                scans.setdefault(_study(volume, read), []).append(read)
        for of_study in scans.values():
            yield from self._chosen(of_study)
        keys_on_disk = {
            getattr(item.header, key) for item in recognised.slices if item.header.is_ct
        }
        for name in sorted(set(labels) - keys_on_disk):
            yield LeftOut(
                f"{TABLE}/{name}", "missing", f"this {key} has no CT image that can be read"
            )
        for name in sorted(set(called) - set(labels)):
            yield LeftOut(f"{readers.NAME}/{name}", "missing", f"this {key} is not in {TABLE}")

    def rest(self, path: Path, root: Path) -> LeftOut:
        """Return the row of a file that is not a DICOM file."""
        left_out = super().rest(path, root)
        if left_out.reason != "unknown_file":
            return left_out
        return replace(left_out, reason="not_dicom", detail="no DICOM file")

    def _chosen(self, scans: Sequence[Scan]) -> Sequence[Scan]:
        """Return the scans of one study: all, or the largest with the others as alternatives."""
        if self.series == "all":
            return scans
        first, *others = sorted(scans, key=lambda scan: (-len(scan.source.slices), scan.name))
        return [replace(first, instead=tuple(others))]

    def _scan(self, volume: _Volume, row: Row | None, whose: Identities) -> Scan | LeftOut:
        try:
            if len({(item.header.patient, item.header.study) for item in volume.slices}) > 1:
                raise Unusable("mixed_identity", "one series, several patients or studies")
            if row is None:
                raise Unusable("no_label", f"{TABLE} has no row for this study or patient")
            patient = whose.patient(row, volume.header)
            label = label_cells.label(row, self.labels)
            category = self._category(row, label)
        except Unusable as error:
            return LeftOut(volume.path, error.reason, error.detail, volume.files)
        return Scan(
            name=volume.name,
            path=volume.path,
            patient=patient,
            label=label,
            category=category,
            source=Source(kind="dicom", files=volume.files, slices=volume.slices),
            sex=sex(row["sex"] or volume.header.sex),
            age=age(row["age"] or volume.header.age),
            sub_site=row["sub_site"] or "unknown",
            date=volume.header.date or None,
        )

    def _category(self, row: Row, label: int) -> str:
        """Return the declared words of a row: its class, and its severity if it has one."""
        written, severity = row["category"], row["severity"]
        words = {number: word for word, number in self.labels.items()}
        name = words.get(label, "positive" if label else "negative")
        if self.categories and written:
            if written not in self.categories:
                raise Unusable(
                    "unknown_category", f"not one of the {len(self.categories)} declared"
                )
            name = written
        if not self.severities or not severity:
            return name
        if severity not in self.severities:
            raise Unusable(
                "unknown_category", f"the severity is none of the {len(self.severities)} declared"
            )
        return f"{name}, {severity}"


def _volumes(slices: Sequence[Slice], root: Path, policy: IntakeRow) -> list[_Volume]:
    """Return the volumes, each with a name that does not change when files are moved."""
    groups = group.volumes(slices, policy)
    volumes_per_series = Counter(slices_of_volume[0].header.series for slices_of_volume in groups)
    volumes = []
    for slices_of_volume in groups:
        series = slices_of_volume[0].header.series
        # the first instance identifies the volume within its series
        first = min((item.header.instance, item.frame) for item in slices_of_volume)
        name = series if volumes_per_series[series] == 1 else f"{series}/{first[0]}/{first[1]}"
        parent = commonpath([item.header.path.parent for item in slices_of_volume])
        volumes.append(_Volume(name, relative(Path(parent), root), slices_of_volume))
    return volumes


def _study(volume: _Volume, scan: Scan) -> tuple[str, ...]:
    """Return what the scans of one study share: patient and *Study Instance UID* (0020,000D).

    A missing UID joins nothing: such a volume is a study of its own.
    """
    if volume.header.study:
        return str(scan.patient), volume.header.study
    return str(scan.patient), "", volume.name


def _is_slice(path: Path) -> bool:
    try:
        return bool(recognise.read(path))
    except (Aside, Unusable):
        return False


def _labels(path: Path, options: DicomSeriesOptions) -> tuple[dict[str, Row], str]:
    """Return the rows of label.csv by what identifies a study, and which column that is."""
    table = label_table.read(path)
    table.require("label")
    if not table.rows:
        raise LayoutError(f"{path}: no row below the header; expected one per study")
    keys = [name for name in _KEYS if name in table.columns]
    if not keys:
        raise LayoutError(f"{path}: none of its columns is {', '.join(_KEYS)}")
    used = (*_COLUMNS, "severity") if options.severities else _COLUMNS
    rows: dict[str, Row] = {}
    for full in table.rows:
        row = Row(full.line, {name: full[name] for name in used if name in table.columns})
        name = row[keys[0]]
        # the entry is not shown: it may be a name
        if not name or not _has_label(row, options):
            expected = (
                "label 0 or 1, and" if not options.labels else "a label of options.labels and"
            )
            raise LayoutError(f"{path}, line {full.line}: expected {expected} a {keys[0]}")
        if rows.setdefault(name, row).cells != row.cells:
            raise LayoutError(
                f"{path}, line {full.line}: this {keys[0]} has a row above with another label or "
                "another entry; expected one row for each"
            )
    return rows, keys[0]


def _has_label(row: Row, options: DicomSeriesOptions) -> bool:
    try:
        label_cells.label(row, options.labels)
    except Unusable:
        return False
    return True

"""intake: read the scans of a site into stored volumes, manifest rows and profiles, or reasons."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from elsewhere import workers
from elsewhere.design.site import IntakeRow
from elsewhere.files import of_one_file
from elsewhere.imaging import formats, profile, store
from elsewhere.imaging.volume import Unusable, Volume
from elsewhere.progress import reported
from elsewhere.sites import manifest, resumption
from elsewhere.sites.account import Account, Closed, list_files, multi_frame_files, units
from elsewhere.sites.keys import Keys
from elsewhere.sites.layout import Layout, LeftOut, Scan, relative
from elsewhere.sites.resumption import Kept
from elsewhere.sites.rows import Rows, doubts, first_days, flags, sound, stored
from elsewhere.unfinished import Unfinished

log = logging.getLogger(__name__)

_BYTES_OF_SCAN = 2 * 10**9  # while it is read; few scans take more
_UNCLEAR = {"orientation_assumed", "orientation_conflict", "other_unit", "spacing_impossible"}
_DROPPED = {
    "no_geometry": "a slice without position, orientation or pixel spacing (policy: repair)",
    "identical_copy": "the same pixels at the same position as another file of the volume",
}


class NoMemoryError(RuntimeError):
    """A scan that its intake allows does not fit the memory of this machine."""


@dataclass(frozen=True)
class Taken:
    """The result of the intake of a site.

    Attributes
    ----------
    rows
        Rows of the manifest.
    profiles
        Rows of profile.parquet, one per scan.
    account
        What became of every file of the site.
    readings
        What readers called the scans, a row a scan and reader (`readers.COLUMNS`).
    """

    rows: list[dict[str, Any]]
    profiles: list[dict[str, Any]]
    account: Closed
    readings: tuple[dict[str, Any], ...] = ()

    @property
    def flags(self) -> Counter[str]:
        """Number of scans with each flag."""
        return Counter(code for row in self.rows for code in row["flags"].split(";") if code)


@dataclass(frozen=True)
class _Read:
    """One stored scan, if any, and the files that were left out while reading it."""

    left_out: tuple[LeftOut, ...]
    scan: Scan | None = None
    dropped: tuple[tuple[Path, str], ...] = ()
    row: dict[str, Any] = field(default_factory=dict)
    profile: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Intake:
    """Reads and stores the scans of one site.

    Attributes
    ----------
    keys
        Keys of the site.
    synthetic
        Value of the column `synthetic` in every row.
    volumes
        Folder for the volumes, one file per scan, named by scan_id; None: scans are read and not
        kept.
    policy
        The row of `intakes`: what the files may be like.
    volumetric
        Whether a scan is a volume, so that one of few slices is a piece; `take` asks the layout.
    unfinished
        What a stopped intake of the site has done; `volumes` is its folder of files.
    """

    keys: Keys
    synthetic: bool
    volumes: Path | None
    policy: IntakeRow
    volumetric: bool = False
    unfinished: Unfinished | None = None

    def take(self, layout: Layout, root: Path) -> Taken:
        """Read every scan of a site and account for every file.

        Raises
        ------
        elsewhere.sites.layout.LayoutError
            If the folder is not in its layout.
        elsewhere.sites.account.AccountError
            If the files do not add up.
        NoMemoryError
            If a scan that the intake allows does not fit this machine's memory.
        OSError
            If the disk or the network fails; a damaged file is only a rejected row.
        """
        listing = list_files(root)
        rows_of_layout = list(layout.scans(root, self.policy))
        scans = [item for item in rows_of_layout if isinstance(item, Scan)]
        account = Account(root, multi_frame_files(scans))
        for item in rows_of_layout:
            if isinstance(item, LeftOut):
                account.leave_out(item)
        if self.volumes is not None:
            self.volumes.mkdir(parents=True, exist_ok=True)
        rows, profiles, readings = [], [], []
        reading = replace(self, volumetric=layout.modality == "volume")
        reads = list(reading._read(scans))
        unfit = manifest.unfit([read.row for read in reads if read.scan is not None])
        for read in (self._checked(read, unfit) for read in reads):
            for left_out in read.left_out:
                account.leave_out(left_out)
            if read.scan is not None:
                unused = dict(read.dropped)
                account.use(unit for unit in units(read.scan) if unit[0] not in unused)
                for path, why in read.dropped:
                    detail = _DROPPED[why]
                    account.leave_out(LeftOut(relative(path, root), why, detail, (path,)))
                rows.append(read.row)
                profiles.append(read.profile)
                readings += [
                    {"scan_id": read.row["scan_id"], **asdict(one)} for one in read.scan.readings
                ]
        closed = account.closed(layout, listing | list_files(root))
        return Taken(rows, profiles, closed, tuple(readings))

    def _checked(self, read: _Read, unfit: Mapping[str, str]) -> _Read:
        """Return a scan as it was read, or its rejection if no manifest may hold its row."""
        if read.scan is None or read.row["scan_id"] not in unfit:
            return read
        if self.volumes is not None:
            (self.volumes / f"{read.row['scan_id']}{store.SUFFIX}").unlink()
        scan, detail = read.scan, f"column {unfit[read.row['scan_id']]}"
        row = LeftOut(scan.path, "impossible_value", detail, scan.source.files)
        return _Read((*read.left_out, row))

    def _read(self, scans: Sequence[Scan]) -> Iterator[_Read]:
        names = Counter(candidate.name for scan in scans for candidate in (scan, *scan.instead))
        rows = Rows(self.keys, self.synthetic, first_days(scans), doubts(scans))
        keys = self._keys(scans, names, rows)
        count = min(workers.threads(_BYTES_OF_SCAN), max(1, len(scans)))
        begin = workers.beside_others if count > 1 else None
        with ThreadPoolExecutor(count, initializer=begin) as pool:
            results = pool.map(lambda scan, key: self._again(scan, key, names, rows), scans, keys)
            yield from reported(results, log, total=len(scans), unit="scans")

    def _keys(self, scans: Sequence[Scan], names: Mapping[str, int], rows: Rows) -> list[str]:
        if self.unfinished is None:
            return [""] * len(scans)
        keys = [resumption.key(scan, rows, names) for scan in scans]
        self.unfinished.count(keys, unit="scans")
        return keys

    def _again(self, first: Scan, key: str, names: Mapping[str, int], rows: Rows) -> _Read:
        """Return a scan as a stopped intake has read it, or read it, and keep what was read."""
        if self.unfinished is None:
            return self._taken(first, names, rows)
        before = self.unfinished.get(key)
        if before is not None:
            return self._restored(first, Kept(**before))
        read = self._taken(first, names, rows)
        if read.scan is not None:  # a rejection may be another next time, as of a slow decoder
            name = f"{read.row['scan_id']}{store.SUFFIX}"
            self.unfinished.keep(key, vars(_kept(first, read)), file=name)
        return read

    def _restored(self, first: Scan, kept: Kept) -> _Read:
        candidates = [first, *first.instead]
        left_out = []
        for scan, (reason, detail) in zip(candidates, kept.rejected, strict=False):
            log.warning("rejected %s: %s", self.keys.path(scan.path), reason)
            left_out.append(LeftOut(scan.path, reason, detail, scan.source.files))
        left_out += [_not_chosen(other) for other in candidates[kept.chosen + 1 :]]
        scan = candidates[kept.chosen]
        paths = resumption.files(scan)
        dropped = tuple((paths[number], why) for number, why in kept.dropped)
        return _Read(tuple(left_out), scan, dropped, kept.row, kept.profile)

    def _taken(self, first: Scan, names: Mapping[str, int], rows: Rows) -> _Read:
        left_out: list[LeftOut] = []
        candidates = [first, *first.instead]
        for position, scan in enumerate(candidates):
            try:
                if names[scan.name] > 1:
                    raise Unusable("same_name", f"{names[scan.name]} scans have one name")
                volume, measured = self._volume(scan)
            except Unusable as error:
                log.warning("rejected %s: %s", self.keys.path(scan.path), error.reason)
                left_out.append(LeftOut(scan.path, error.reason, error.detail, scan.source.files))
                continue
            left_out += [_not_chosen(other) for other in candidates[position + 1 :]]
            read = self._stored(scan, volume, rows, measured)
            return replace(read, left_out=tuple(left_out))
        return _Read(tuple(left_out))

    def _volume(self, scan: Scan) -> tuple[Volume, dict[str, Any]]:
        """Return a scan's volume and what is measured in it; whatever is wrong is one rejection."""
        try:
            volume = sound(formats.read(scan.source, self.policy))
            _check_geometry(volume, self.policy)
            if self.volumetric:
                _check_height(volume, self.policy)
            measured = profile.of(volume)
            return self._believed(volume, measured), measured
        except Unusable:
            raise
        except MemoryError:
            # a rejection would depend on the machine
            raise NoMemoryError(
                f"{self.keys.path(scan.path)}: too little memory to read this scan; give the "
                "step more, or lower intakes.<row>.decode_gb, so that large scans are "
                "rejected"
            ) from None
        except FileNotFoundError:
            raise Unusable("vanished", "a file was gone when it was to be read") from None
        except OSError as error:
            if not of_one_file(error):
                raise
            raise Unusable("unreadable", f"cannot be read ({type(error).__name__})") from None
        except Exception as error:
            # decoders raise any error on damaged files; the messages may contain file names
            raise Unusable("unreadable", f"cannot be decoded ({type(error).__name__})") from None

    def _believed(self, volume: Volume, measured: Mapping[str, Any]) -> Volume:
        """Return a volume whose HU can be HU; refuse or flag another one, as the intake says."""
        one_slice = len(volume.voxels) == 1
        if volume.value_scale != "HU" or one_slice or measured["hu_believable"]:
            return volume
        if self.policy.doubtful_hu == "refuse":
            detail = f"peaks at {measured['air_peak']:g} and {measured['tissue_peak']:g}"
            raise Unusable("implausible_hu", f"{detail}, expected air and soft tissue")
        return replace(volume, flags=(*volume.flags, "implausible_hu"))

    def _stored(self, scan: Scan, volume: Volume, rows: Rows, measured: dict[str, Any]) -> _Read:
        volume = replace(volume, flags=flags(volume, measured))
        files = {path for path, _ in units(scan)} - {*dict(volume.dropped)}
        voxels = stored(volume)
        row = rows.row(scan, volume, voxels, len(files))
        if self.volumes is not None:
            store.write(self.volumes / f"{row['scan_id']}{store.SUFFIX}", voxels)
        profile_row = {"scan_id": row["scan_id"], **measured}
        return _Read((), scan, volume.dropped, row, profile_row)


def _check_geometry(volume: Volume, policy: IntakeRow) -> None:
    """Refuse a volume whose header leaves its geometry open, if the intake wants that."""
    unclear = sorted(_UNCLEAR.intersection(volume.flags))
    if unclear and policy.unclear_geometry == "refuse":
        raise Unusable("unclear_geometry", ", ".join(unclear))


def _check_height(volume: Volume, policy: IntakeRow) -> None:
    """Refuse a volume of fewer slices, or less height, than any chest has."""
    slices, distance = len(volume.voxels), volume.spacing_mm[0]
    if slices < policy.least_slices:
        raise Unusable("too_short", f"{slices} slices, expected {policy.least_slices} or more")
    # the comparison is false where the distance is unknown
    if slices * distance < policy.least_extent_mm:
        detail = f"{slices * distance:.0f} mm high, expected {policy.least_extent_mm:g} or more"
        raise Unusable("too_short", detail)


def _kept(first: Scan, read: _Read) -> Kept:
    """Return what is kept of a scan that was read, without a raw name."""
    assert read.scan is not None
    chosen = [first, *first.instead].index(read.scan)
    rejected = [(row.reason, row.detail) for row in read.left_out[:chosen]]
    paths = resumption.files(read.scan)
    dropped = [(paths.index(path), why) for path, why in read.dropped]
    return Kept(chosen, rejected, dropped, read.row, read.profile)


def _not_chosen(scan: Scan) -> LeftOut:
    detail = "another volume of the study was taken (options.series)"
    return LeftOut(scan.path, "not_chosen", detail, scan.source.files)

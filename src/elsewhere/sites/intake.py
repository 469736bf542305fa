"""intake: one scan of a layout to a stored volume, its manifest row and profile, or a reason."""

from __future__ import annotations

import errno
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from elsewhere.design.site import IntakeRow
from elsewhere.imaging import formats, profile, store
from elsewhere.imaging.volume import Unusable, Volume
from elsewhere.progress import reported
from elsewhere.sites.account import Account, Closed, seen, shared, units
from elsewhere.sites.keys import Keys
from elsewhere.sites.layout import Layout, LeftOut, Scan, relative
from elsewhere.sites.rows import Rows, first_days, flags, stored

log = logging.getLogger(__name__)

_THREADS = 2
_DROPPED = {
    "no_geometry": "a slice without position, orientation or pixel spacing (policy: repair)",
    "identical_copy": "the same pixels at the same position as another file of the volume",
}
# one file's fault; any other error of the system (disk, network) must stop the step instead
_FILE_ERRORS = (errno.EACCES, errno.EISDIR, errno.EPERM)


@dataclass(frozen=True)
class Taken:
    """What the intake of a site gave.

    Attributes
    ----------
    rows
        Of the manifest.
    profiles
        Of profile.parquet, one a scan.
    account
        Where every file of the site ended.
    """

    rows: list[dict[str, Any]]
    profiles: list[dict[str, Any]]
    account: Closed


@dataclass(frozen=True)
class _Read:
    """One scan that was stored, if any, and what was left out on the way to it."""

    left_out: tuple[LeftOut, ...]
    scan: Scan | None = None
    dropped: tuple[tuple[Path, str], ...] = ()
    row: dict[str, Any] = field(default_factory=dict)
    profile: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Intake:
    """Takes the scans of one site in.

    Attributes
    ----------
    keys
        Of the site.
    synthetic
        Written into every row.
    volumes
        Folder to fill with one file a scan, named by scan_id.
    policy
        What the files may be like.
    """

    keys: Keys
    synthetic: bool
    volumes: Path
    policy: IntakeRow

    def take(self, layout: Layout, root: Path) -> Taken:
        """Read every scan of a site and account for every file.

        Raises
        ------
        elsewhere.sites.layout.LayoutError
            If the folder is not in its layout.
        elsewhere.sites.account.AccountError
            If the files do not add up.
        OSError
            If the disk or the network fails; a damaged file is a rejected row instead.
        """
        before = seen(root)
        found = list(layout.scans(root, self.policy))
        scans = [one for one in found if isinstance(one, Scan)]
        account = Account(root, shared(scans))
        for one in found:
            if isinstance(one, LeftOut):
                account.leave_out(one)
        self.volumes.mkdir(parents=True, exist_ok=True)
        rows, profiles = [], []
        for each in self._read(scans):
            for left_out in each.left_out:
                account.leave_out(left_out)
            if each.scan is not None:
                unused = dict(each.dropped)
                account.use(unit for unit in units(each.scan) if unit[0] not in unused)
                for path, why in each.dropped:
                    detail = _DROPPED[why]
                    account.leave_out(LeftOut(relative(path, root), why, detail, (path,)))
                rows.append(each.row)
                profiles.append(each.profile)
        return Taken(rows, profiles, account.closed(layout, before | seen(root)))

    def _read(self, scans: Sequence[Scan]) -> Iterator[_Read]:
        names = Counter(each.name for one in scans for each in (one, *one.instead))
        rows = Rows(self.keys, self.synthetic, first_days(scans))
        with ThreadPoolExecutor(_THREADS) as pool:
            results = pool.map(lambda one: self._taken(one, names, rows), scans)
            yield from reported(results, log, total=len(scans), unit="scans")

    def _taken(self, one: Scan, names: Mapping[str, int], rows: Rows) -> _Read:
        left_out: list[LeftOut] = []
        candidates = [one, *one.instead]
        for index, scan in enumerate(candidates):
            try:
                if names[scan.name] > 1:
                    raise Unusable("same_name", f"{names[scan.name]} scans have one name")
                volume = self._volume(scan)
            except Unusable as error:
                log.warning("rejected %s: %s", self.keys.path(scan.path), error.reason)
                left_out.append(LeftOut(scan.path, error.reason, error.detail, scan.source.files))
                continue
            left_out += [_not_chosen(other) for other in candidates[index + 1 :]]
            return self._stored(scan, volume, rows, left_out)
        return _Read(tuple(left_out))

    def _volume(self, scan: Scan) -> Volume:
        try:
            return formats.read(scan.source, self.policy)
        except (Unusable, MemoryError):
            raise
        except FileNotFoundError:
            raise Unusable("vanished", "a file was gone when it was to be read") from None
        except OSError as error:
            if error.errno is not None and error.errno not in _FILE_ERRORS:
                raise
            raise Unusable("unreadable", f"cannot be read ({type(error).__name__})") from None
        except Exception as error:
            # decoders raise what they like on damaged files; their texts may hold file names
            raise Unusable("unreadable", f"cannot be decoded ({type(error).__name__})") from None

    def _stored(self, scan: Scan, volume: Volume, rows: Rows, left_out: list[LeftOut]) -> _Read:
        measured = profile.of(volume)
        volume = replace(volume, flags=flags(volume, measured))
        files = {path for path, _ in units(scan)} - {*dict(volume.dropped)}
        voxels = stored(volume)
        row = rows.row(scan, volume, voxels, len(files))
        store.write(self.volumes / f"{row['scan_id']}{store.SUFFIX}", voxels)
        made = {"scan_id": row["scan_id"], **measured}
        return _Read(tuple(left_out), scan, volume.dropped, row, made)


def _not_chosen(scan: Scan) -> LeftOut:
    detail = "another volume of the study was taken (options.series)"
    return LeftOut(scan.path, "not_chosen", detail, scan.source.files)

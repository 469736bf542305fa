"""account: count every file of a site once: used in a volume, set aside or rejected."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from elsewhere.files import csv_lines, walk
from elsewhere.sites.layout import Layout, LeftOut, Scan, relative
from elsewhere.sites.reasons import VERDICTS, verdict

COLUMNS = ("path", "verdict", "reason", "detail", "n_files")


class AccountError(RuntimeError):
    """The counts of a site's files do not add up, so no number of this run can be trusted."""


@dataclass(frozen=True)
class FolderListing:
    """The files below a site's folder.

    Attributes
    ----------
    files
        Everything that is not a folder, hidden or not; links are followed.
    closed
        Folders that could not be listed.
    """

    files: frozenset[Path]
    closed: frozenset[Path] = frozenset()

    def __or__(self, other: FolderListing) -> FolderListing:
        """Return the union of two listings."""
        return FolderListing(self.files | other.files, self.closed | other.closed)


def list_files(root: Path) -> FolderListing:
    """List all files below a folder, as far as its folders can be listed."""
    closed: set[Path] = set()
    files = frozenset(walk(root, closed))
    return FolderListing(files, frozenset(closed))


@dataclass
class Account:
    """Records what became of each file of one site.

    Attributes
    ----------
    root
        The site's folder.
    multi_frame
        Multi-frame files, whose frames may belong to several volumes.
    """

    root: Path
    multi_frame: frozenset[Path] = frozenset()
    _used: set[Path] = field(default_factory=set)
    _units: set[tuple[Path, int]] = field(default_factory=set)
    _left_out: list[LeftOut] = field(default_factory=list)

    def use(self, units: Iterable[tuple[Path, int]]) -> None:
        """Record the files and frames of a volume as used.

        Raises
        ------
        AccountError
            If one of them is already in another volume.
        """
        for unit in units:
            if unit in self._units:
                raise AccountError(
                    f"file {len(self._units)} of the volumes is in two of them: the layout counted "
                    "it twice; this is a bug in elsewhere, please report it"
                )
            self._units.add(unit)
            self._used.add(unit[0])

    def leave_out(self, row: LeftOut) -> None:
        """Record files that are in no volume."""
        self._left_out.append(row)

    def closed(self, layout: Layout, listing: FolderListing) -> Closed:
        """Return the finished account, which covers every file of the folder.

        Parameters
        ----------
        layout
            Gives the reason for each file that no scan and no row names.
        listing
            All files below the folder, listed before and after the scans were read.

        Raises
        ------
        AccountError
            If the numbers do not add up.
        """
        rows = list(self._rows_once())
        claimed = self._used.union(*(row.files for row in rows))
        outside = [path for path in claimed if self.root not in path.parents]
        if outside:
            raise AccountError(f"{len(outside)} files of the scans lie outside the site's folder")
        all_files = listing.files | claimed
        unnamed = (_unnamed_file(path, layout, self.root) for path in sorted(all_files - claimed))
        rows += gathered(list(unnamed), self.root)
        for folder in sorted(listing.closed):
            detail = "the folder cannot be listed: what is in it is not counted"
            rows.append(LeftOut(relative(folder, self.root), "unreadable_folder", detail))
        return Closed(tuple(rows), len(self._used), len(all_files))

    def _rows_once(self) -> Iterator[LeftOut]:
        """Yield the rows, each with only those files that no volume and no earlier row has."""
        counted = set(self._used)
        for row in self._left_out:
            counted_twice = counted.intersection(row.files) - self.multi_frame
            if counted_twice:
                raise AccountError(
                    f"{len(counted_twice)} files with reason {row.reason} are counted twice; "
                    "this is a bug in elsewhere, please report it"
                )
            yield replace(row, files=tuple(path for path in row.files if path not in counted))
            counted.update(row.files)


def _unnamed_file(path: Path, layout: Layout, root: Path) -> LeftOut:
    if not os.path.lexists(path):
        detail = "the file was there when ingestion began and was gone when it ended"
        return LeftOut(relative(path, root), "vanished", detail, (path,))
    return layout.rest(path, root)


def gathered(rows: Sequence[LeftOut], root: Path) -> list[LeftOut]:
    """Merge the rows of files in one folder that are set aside for the same reason.

    Each rejected file keeps its own row, so that the user can find it.
    """
    groups: dict[tuple[str, ...], list[LeftOut]] = {}
    for row in rows:
        parent = relative(row.files[0].parent, root) if row.files else row.path
        at = parent if row.verdict == "set aside" else row.path
        groups.setdefault((at, row.reason, row.detail), []).append(row)
    merged = []
    for (at, reason, detail), group in groups.items():
        files = tuple(path for row in group for path in row.files)
        merged.append(group[0] if len(group) == 1 else LeftOut(at, reason, detail, files))
    return merged


@dataclass(frozen=True)
class Closed:
    """A finished account of all files of a site.

    Attributes
    ----------
    rows
        What was left out, and which files.
    used, total
        Numbers of files.
    """

    rows: tuple[LeftOut, ...]
    used: int
    total: int

    def __post_init__(self) -> None:
        """Raise AccountError if the account does not add up."""
        parts = self.files()
        if self.used + parts["set aside"] + parts["rejected"] != self.total:
            raise AccountError(
                f"{self.used} files used, {parts['set aside']} set aside and {parts['rejected']} "
                f"rejected are not the {self.total} files of the folder; "
                "this is a bug in elsewhere, please report it"
            )

    def files(self) -> dict[str, int]:
        """Return the numbers of files that were set aside and that were rejected."""
        counts: dict[str, int] = dict.fromkeys(VERDICTS, 0)
        for row in self.rows:
            counts[row.verdict] += len(row.files)
        return counts

    @property
    def rejected_share(self) -> float:
        """Share of rejected files among those that were used or rejected."""
        rejected = self.files()["rejected"]
        return rejected / max(self.used + rejected, 1)


def by_reason(rows: Iterable[LeftOut]) -> dict[str, Counter[str]]:
    """Return the numbers of files by verdict and reason; a row without files counts as 0."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in VERDICTS}
    for row in rows:
        counts[verdict(row.reason)][row.reason] += len(row.files)
    return counts


def summary(closed: Closed, scans: int) -> dict[str, Any]:
    """Return the content of account.json: counts that add up.

    Parameters
    ----------
    closed
        The account.
    scans
        Number of rows of the manifest.
    """
    reasons: Mapping[str, Counter[str]] = by_reason(closed.rows)
    rows = Counter(row.reason for row in closed.rows)
    return {
        "files": {"total": closed.total, "used": closed.used, **closed.files()},
        "files_by_reason": {name: dict(sorted(counts.items())) for name, counts in reasons.items()},
        "rows_by_reason": dict(sorted(rows.items())),
        "scans": scans,
    }


def csv_text(closed: Closed, path: Callable[[str], str]) -> str:
    """Return the content of rejected.csv: a header, and the rows in a fixed order.

    Parameters
    ----------
    closed
        The account.
    path
        Converts a path of the site into one that may be written, see `elsewhere.sites.keys`.
    """
    rows = [
        (path(row.path), row.verdict, row.reason, row.detail, len(row.files)) for row in closed.rows
    ]
    return csv_lines([COLUMNS, *sorted(rows)])


def units(scan: Scan) -> list[tuple[Path, int]]:
    """Return the files and frames of a scan."""
    if scan.source.kind == "dicom":
        return [(item.header.path, item.frame) for item in scan.source.slices]
    return [(path, 0) for path in scan.source.files]


def multi_frame_files(scans: Iterable[Scan]) -> frozenset[Path]:
    """Return the multi-frame files of scans, whose frames may belong to several volumes."""
    candidates = [candidate for scan in scans for candidate in (scan, *scan.instead)]
    return frozenset(
        item.header.path
        for scan in candidates
        for item in scan.source.slices
        if item.header.stored.frames > 1
    )

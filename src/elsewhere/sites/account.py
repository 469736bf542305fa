"""account: every file of a site counted once: used in a volume, set aside or rejected."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from elsewhere.files import walk
from elsewhere.sites.layout import Layout, LeftOut, Scan, relative
from elsewhere.sites.reasons import VERDICTS, verdict

COLUMNS = ("path", "verdict", "reason", "detail", "n_files")


class AccountError(RuntimeError):
    """The files of a site do not add up, so that no number of this run can be trusted."""


@dataclass(frozen=True)
class Seen:
    """What a walk over a site's folder saw.

    Attributes
    ----------
    files
        Everything that is no folder, hidden or not; links are followed.
    closed
        Folders that could not be listed.
    """

    files: frozenset[Path]
    closed: frozenset[Path] = frozenset()

    def __or__(self, other: Seen) -> Seen:
        """Return what either walk saw."""
        return Seen(self.files | other.files, self.closed | other.closed)


def seen(root: Path) -> Seen:
    """Walk over all that lies below a folder, as far as folders can be listed."""
    closed: set[Path] = set()
    files = frozenset(walk(root, closed))
    return Seen(files, frozenset(closed))


@dataclass
class Account:
    """Takes down where each file of one site ends.

    Attributes
    ----------
    root
        The site's folder.
    shared
        Multi-frame files, whose frames may belong to several volumes.
    """

    root: Path
    shared: frozenset[Path] = frozenset()
    _used: set[Path] = field(default_factory=set)
    _units: set[tuple[Path, int]] = field(default_factory=set)
    _left_out: list[LeftOut] = field(default_factory=list)

    def use(self, units: Iterable[tuple[Path, int]]) -> None:
        """Take down the files and frames of a volume.

        Raises
        ------
        AccountError
            If one of them is in another volume already.
        """
        for unit in units:
            if unit in self._units:
                raise AccountError(
                    f"file {len(self._units)} of the volumes is in two of them: the layout counted "
                    "it twice; this is an error of the program, please report it"
                )
            self._units.add(unit)
            self._used.add(unit[0])

    def leave_out(self, one: LeftOut) -> None:
        """Take down what is no part of a volume."""
        self._left_out.append(one)

    def closed(self, layout: Layout, found: Seen) -> Closed:
        """Return the account, every file of the folder in it.

        Parameters
        ----------
        layout
            Names the reason of every file that neither a scan nor a row of it names.
        found
            All that was seen below the folder, before and after the scans were read.

        Raises
        ------
        AccountError
            If the numbers do not add up.
        """
        rows = list(self._once())
        claimed = self._used.union(*(one.files for one in rows))
        strange = [path for path in claimed if self.root not in path.parents]
        if strange:
            raise AccountError(f"{len(strange)} files of the scans lie outside the site's folder")
        everything = found.files | claimed
        rest = (_rest(path, layout, self.root) for path in sorted(everything - claimed))
        rows += gathered(list(rest), self.root)
        for folder in sorted(found.closed):
            detail = "the folder cannot be listed: what is in it is not counted"
            rows.append(LeftOut(relative(folder, self.root), "unreadable_folder", detail))
        return Closed(tuple(rows), len(self._used), len(everything))

    def _once(self) -> Iterator[LeftOut]:
        """Yield the rows, each with the files that no volume and no row before it has."""
        taken = set(self._used)
        for one in self._left_out:
            doubled = taken.intersection(one.files) - self.shared
            if doubled:
                raise AccountError(
                    f"{len(doubled)} files with reason {one.reason} have another end as well; "
                    "this is an error of the program, please report it"
                )
            yield replace(one, files=tuple(path for path in one.files if path not in taken))
            taken.update(one.files)


def _rest(path: Path, layout: Layout, root: Path) -> LeftOut:
    if not os.path.lexists(path):
        detail = "the file was there when ingestion began and was gone when it ended"
        return LeftOut(relative(path, root), "vanished", detail, (path,))
    return layout.rest(path, root)


def gathered(rows: Sequence[LeftOut], root: Path) -> list[LeftOut]:
    """Return one row for all files of a folder that are set aside for the same reason.

    Rejected files keep a row each, so that each can be found.
    """
    groups: dict[tuple[str, ...], list[LeftOut]] = {}
    for one in rows:
        parent = relative(one.files[0].parent, root) if one.files else one.path
        at = parent if one.verdict == "set aside" else one.path
        groups.setdefault((at, one.reason, one.detail), []).append(one)
    kept = []
    for (at, reason, detail), group in groups.items():
        files = tuple(path for one in group for path in one.files)
        kept.append(group[0] if len(group) == 1 else LeftOut(at, reason, detail, files))
    return kept


@dataclass(frozen=True)
class Closed:
    """A finished account.

    Attributes
    ----------
    rows
        All that was left out, with the files of each.
    used, total
        Numbers of files.
    """

    rows: tuple[LeftOut, ...]
    used: int
    total: int

    def __post_init__(self) -> None:
        """Refuse an account that does not add up."""
        parts = self.files()
        if self.used + parts["set aside"] + parts["rejected"] != self.total:
            raise AccountError(
                f"{self.used} files used, {parts['set aside']} set aside and {parts['rejected']} "
                f"rejected are not the {self.total} files of the folder; "
                "this is an error of the program, please report it"
            )

    def files(self) -> dict[str, int]:
        """Return how many files were set aside and how many rejected."""
        counts: dict[str, int] = dict.fromkeys(VERDICTS, 0)
        for one in self.rows:
            counts[one.verdict] += len(one.files)
        return counts

    @property
    def rejected_share(self) -> float:
        """Share of the rejected among the files that were used or rejected."""
        rejected = self.files()["rejected"]
        return rejected / max(self.used + rejected, 1)


def by_reason(rows: Iterable[LeftOut]) -> dict[str, Counter[str]]:
    """Return the numbers of files by verdict and reason; a row without files counts nothing."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in VERDICTS}
    for one in rows:
        counts[verdict(one.reason)][one.reason] += len(one.files)
    return counts


def summary(closed: Closed, scans: int) -> dict[str, Any]:
    """Return the content of account.json: counts that add up.

    Parameters
    ----------
    closed
        The account.
    scans
        Rows of the manifest.
    """
    reasons: Mapping[str, Counter[str]] = by_reason(closed.rows)
    rows = Counter(one.reason for one in closed.rows)
    return {
        "files": {"total": closed.total, "used": closed.used, **closed.files()},
        "files_by_reason": {name: dict(sorted(found.items())) for name, found in reasons.items()},
        "rows_by_reason": dict(sorted(rows.items())),
        "scans": scans,
    }


def csv_text(closed: Closed, path: Callable[[str], str]) -> str:
    """Return the content of rejected.csv, header first, rows in a fixed order.

    Parameters
    ----------
    closed
        The account.
    path
        Turns a path of the site into one that may be written, see `elsewhere.sites.keys`.
    """
    rows = [
        (path(one.path), one.verdict, one.reason, one.detail, len(one.files)) for one in closed.rows
    ]
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(sorted(rows))
    return file.getvalue()


def units(scan: Scan) -> list[tuple[Path, int]]:
    """Return the files and frames of a scan."""
    if scan.source.kind == "dicom":
        return [(one.header.path, one.frame) for one in scan.source.slices]
    return [(path, 0) for path in scan.source.files]


def shared(scans: Iterable[Scan]) -> frozenset[Path]:
    """Return the multi-frame files of scans: their frames may belong to several volumes."""
    every = [each for scan in scans for each in (scan, *scan.instead)]
    return frozenset(
        one.header.path
        for scan in every
        for one in scan.source.slices
        if one.header.stored.frames > 1
    )

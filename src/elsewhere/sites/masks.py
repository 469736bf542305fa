"""masks: finds which mask file outlines the lesions of which scan (C-35)."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from elsewhere.design.masks import SCAN, MaskRow
from elsewhere.files import walk
from elsewhere.sites.keys import Keys
from elsewhere.sites.layout import HIDDEN, LayoutError, relative


@dataclass(frozen=True)
class Matched:
    """The mask files of a site.

    Attributes
    ----------
    files
        Scan id to the file that outlines its lesions.
    strangers
        Files that are named as a mask and whose scan is not among those of the site.
    """

    files: Mapping[str, Path]
    strangers: tuple[Path, ...]


def match(folder: Path, row: MaskRow, scans: Container[str], *, site_keys: Keys) -> Matched:
    """Find the mask files of a site; read none of them.

    Parameters
    ----------
    folder
        Of the masks.
    row
        The site's row of `masks`.
    scans
        Scan ids of the site.
    site_keys
        They make the scan id of the name in a file's path.

    Raises
    ------
    LayoutError
        If no file in the folder has a name as the row says.
    """
    before, after = (re.escape(part) for part in row.file.split(SCAN))
    pattern = re.compile(f"{before}(.+){after}")
    files: dict[str, Path] = {}
    strangers: list[Path] = []
    for path in sorted(walk(folder, set())):
        place = relative(path, folder)
        named = pattern.fullmatch(place)
        if named is None or any(part.startswith(HIDDEN) for part in PurePosixPath(place).parts):
            continue
        scan = site_keys.scan(named[1])
        if scan in scans:
            files[scan] = path
        else:
            strangers.append(path)
    if not files and not strangers:
        raise LayoutError(
            f"masks.{site_keys.site}.file: no file below {folder} is named {row.file}"
        )
    return Matched(files, tuple(strangers))

"""phantom: writes the synthetic sites that a run needs and that do not exist yet."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from elsewhere.design.fingerprint import canonical
from elsewhere.design.params import Params, ParamsError
from elsewhere.design.paths import masks

logger = logging.getLogger(__name__)
RAW = Path("data/raw")
_NOTES = Path(".elsewhere/phantoms")


def missing(params: Params, values: dict[str, Any], sites: Iterable[str]) -> list[str]:
    """Return the synthetic sites that data/raw lacks, or has from other settings.

    Parameters
    ----------
    params, values
        The tables, typed and plain.
    sites
        Rows of `phantoms`.

    Raises
    ------
    ParamsError
        If a site is not in `phantoms`.
    """
    absent = []
    for site in sites:
        if site not in params.phantoms:
            known = ", ".join(sorted(params.phantoms))
            raise ParamsError(f"phantoms: no row '{site}'; there are {known}")
        note = _NOTES / site
        made_from = note.read_text("utf-8") if note.is_file() else None
        folders = [RAW / site]
        if params.phantoms[site].has_masks:
            folders.append(Path(masks(site)))
        there = all(folder.is_dir() for folder in folders)
        if there and made_from == canonical(values["phantoms"][site]):
            logger.info("%s: up to date", RAW / site)
        else:
            absent.append(site)
    return absent


def write_missing(params: Params, values: dict[str, Any], sites: Iterable[str]) -> None:
    """Write each synthetic site that is `missing`; same parameters and errors."""
    for site in missing(params, values, sites):
        from elsewhere.phantom.write import write

        count = write(site, RAW / site, params.phantoms[site])
        note = _NOTES / site
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(canonical(values["phantoms"][site]), encoding="utf-8")
        logger.info("%s: %d scans written", RAW / site, count)


def write_apart(sites: Sequence[str]) -> None:
    """Write sites in parallel, each in its own process.

    Raises
    ------
    RuntimeError
        If a site could not be written, once the others are; its process says why.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        codes = dict(zip(sites, pool.map(_exit_code, sites), strict=True))
    failed = [site for site, code in codes.items() if code]
    if failed:
        raise RuntimeError(f"phantom: not written: {', '.join(failed)}; see the messages above")


def _exit_code(site: str) -> int:
    command = [sys.executable, "-m", "elsewhere", "phantom", site]
    return subprocess.run(command, check=False).returncode


def needed(params: Params, *, study: str | None = None) -> list[str]:
    """Return the synthetic sites of the studies in ``run`` at ``scale``, or of one of them.

    Raises
    ------
    ParamsError
        If this study is not in ``run``.
    """
    if study is not None and study not in params.run:
        raise ParamsError(f"no study '{study}' in run; there are {', '.join(params.run)}")
    rows = [
        row
        for name in ([study] if study else params.run)
        for row in params.studies[name].scales[params.scale].sites.values()
    ]
    return [row for row in dict.fromkeys(rows) if params.sites[row].synthetic]

"""write: generate one synthetic site in data/raw, completely or not at all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from elsewhere.design import kinds
from elsewhere.design.phantom_rows import Phantom, PhantomRow
from elsewhere.design.radiograph_phantom_rows import Radiographs
from elsewhere.files import whole
from elsewhere.phantom import cohort, radiograph_cohort
from elsewhere.phantom.mark import MASKS
from elsewhere.progress import reported

log = logging.getLogger(__name__)
MARKER = "SYNTHETIC.txt"

Patients = tuple[cohort.Patient, ...] | tuple[radiograph_cohort.Patient, ...]
Writer = Callable[[Path, PhantomRow, Iterable[Any]], int]


def write(site: str, root: Path, row: PhantomRow) -> int:
    """Write one synthetic site.

    Parameters
    ----------
    site
        Name of the row in ``phantoms`` and ``sites``.
    root
        The site's folder, ``data/raw/<site>``; an existing folder is replaced. Masks of lesions are
        written to ``data/raw/<site>-masks``.
    row
        The row of ``phantoms``.

    Returns
    -------
    int
        Number of scans (or single images) written. The same row gives the same bytes.
    """
    patients = _draw(row)
    progress = reported(patients, log, total=len(patients), unit=f"synthetic patients of {site}")
    with whole(root) as folder:
        folder.mkdir()
        count = _writer(row.kind)(folder, row, progress)
        said = _marker(site, row, count)
        (folder / MARKER).write_text(said, encoding="utf-8")
        if (folder / MASKS).is_dir():
            with whole(root.with_name(f"{root.name}-{MASKS}")) as beside:
                (folder / MASKS).rename(beside)
                (beside / MARKER).write_text(said, encoding="utf-8")
    log.info("%s: %d synthetic scans of %d patients in %s", site, count, len(patients), root)
    return count


def _draw(row: PhantomRow) -> Patients:
    if isinstance(row, Radiographs):
        return radiograph_cohort.draw(row, row.findings)
    if isinstance(row, Phantom):
        return cohort.draw(row)
    raise TypeError(f"phantoms: rows of kind {row.kind} do not define how patients are drawn")


def _writer(kind: str) -> Writer:
    return cast(Writer, import_module(f"{kinds.ROOMS['phantoms'][0]}.{kind}").write)


def _marker(site: str, row: PhantomRow, count: int) -> str:
    return (
        "SYNTHETIC. No patient was scanned; nothing here says anything about patients.\n"
        f"site: {site}\nlayout: {row.kind}\nscans: {count}\nseed: {row.seed}\n"
        f"{_shortcut(row)}\nmade by: elsewhere phantom, from params.yaml\n"
    )


def _shortcut(row: PhantomRow) -> str:
    """Return the line that states the shortcut of the site."""
    if isinstance(row, Radiographs):
        tied, free = row.pacemaker.with_cardiomegaly, row.pacemaker.without
        return f"pacemaker: {tied} of patients with cardiomegaly, {free} of the others"
    return f"confounding: {row.confounding}" if isinstance(row, Phantom) else "none declared"

"""write: make one synthetic site as a folder of data/raw, whole or not at all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from elsewhere.files import whole
from elsewhere.phantom import cohort, radiograph_cohort, settings
from elsewhere.phantom.radiograph_settings import Radiographs
from elsewhere.progress import reported

log = logging.getLogger(__name__)
MARKER = "SYNTHETIC.txt"
WRITERS = {
    "dicom_series": "elsewhere.phantom.dicom",
    "cc_ccii": "elsewhere.phantom.cc_ccii",
    "covid_ctset": "elsewhere.phantom.covid_ctset",
    "mosmed": "elsewhere.phantom.mosmed",
    "sars_cov_2_ct": "elsewhere.phantom.sars_cov_2_ct",
    "covid_ct": "elsewhere.phantom.covid_ct",
    "chexpert": "elsewhere.phantom.chexpert",
    "chestxray14": "elsewhere.phantom.chestxray14",
    "mimic_cxr_jpg": "elsewhere.phantom.mimic_cxr_jpg",
}
Patients = tuple[cohort.Patient, ...] | tuple[radiograph_cohort.Patient, ...]
Writer = Callable[[Path, settings.PhantomRow, Iterable[Any]], int]


def write(site: str, root: Path, row: Mapping[str, Any]) -> int:
    """Write one synthetic site.

    Parameters
    ----------
    site
        Name of the row in ``phantoms`` and ``sites``.
    root
        The site's folder, ``data/raw/<site>``; an older one is replaced.
    row
        The row of ``phantoms``, unchecked.

    Returns
    -------
    int
        Number of scans (or single images) written. The same row gives the same bytes.

    Raises
    ------
    elsewhere.design.params.ParamsError
        If a key of the row is unknown, missing or out of range.
    """
    phantom = settings.parse(site, row)
    patients = _draw(phantom)
    shown = reported(patients, log, total=len(patients), unit=f"synthetic patients of {site}")
    with whole(root) as folder:
        folder.mkdir()
        count = _writer(phantom.kind)(folder, phantom, shown)
        (folder / MARKER).write_text(_marker(site, phantom, count), encoding="utf-8")
    log.info("%s: %d synthetic scans of %d patients in %s", site, count, len(patients), root)
    return count


def _draw(row: settings.PhantomRow) -> Patients:
    if isinstance(row, Radiographs):
        return radiograph_cohort.draw(row, row.findings)
    return cohort.draw(row)


def _writer(kind: str) -> Writer:
    return cast(Writer, import_module(WRITERS[kind]).write)


def _marker(site: str, row: settings.PhantomRow, count: int) -> str:
    return (
        "SYNTHETIC. No patient was scanned; nothing here says anything about patients.\n"
        f"site: {site}\nlayout: {row.kind}\nscans: {count}\nseed: {row.seed}\n"
        f"{_shortcut(row)}\nmade by: elsewhere phantom, from params.yaml\n"
    )


def _shortcut(row: settings.PhantomRow) -> str:
    """What of this site goes with the label without being the disease."""
    if isinstance(row, Radiographs):
        tied, free = row.pacemaker.with_cardiomegaly, row.pacemaker.without
        return f"pacemaker: {tied} of patients with cardiomegaly, {free} of the others"
    return f"confounding: {row.confounding}"

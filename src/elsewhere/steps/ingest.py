"""ingest: a site's raw files to scans, a manifest and a list of what was rejected."""

from __future__ import annotations

import csv
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from elsewhere.design.job import Job
from elsewhere.design.parts import Site
from elsewhere.files import whole
from elsewhere.sites import manifest, registry
from elsewhere.sites.intake import Intake
from elsewhere.sites.keys import keys
from elsewhere.sites.layout import LayoutError, Rejected

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """What ingest depends on.

    Attributes
    ----------
    site
        Row of `sites`; the wildcard `site` is its name.
    """

    site: Site


def run(job: Job, settings: Settings) -> None:
    """Make the manifest, the volumes and the rejected rows of one site (A-01 to A-12).

    Raises
    ------
    LayoutError
        If the site's folder is missing, is not in its layout, or holds no usable scan.
    """
    with whole(job.outputs["volumes"]) as volumes:
        volumes.mkdir(parents=True)
        rows, rejected = _taken(job, settings.site, volumes)
    manifest.write(pd.DataFrame(rows, columns=[*manifest.COLUMNS]), job.outputs["manifest"])
    _write_rejected(rejected, job.outputs["rejected"])


def _taken(job: Job, site: Site, volumes: Path) -> tuple[list[dict[str, Any]], list[Rejected]]:
    name = job.wildcards["site"]
    if not site.available:
        log.info("%s has no data here (available: false): its manifest is empty", name)
        return [], []
    raw = job.path("raw")
    if not raw.is_dir():
        raise LayoutError(
            f"{raw}: no such folder; put the data of {site.title} there, "
            f"or set sites.{name}.available: false in params.yaml"
        )
    layout = registry.layout(site.layout, site.options)
    site_keys = keys(name, private=site.privacy == "private")
    rows, rejected = Intake(site_keys, site.synthetic, volumes).take(layout, raw)
    reasons = dict(sorted(Counter(one.reason for one in rejected).items()))
    log.info("%s: %d scans, rejected %s", name, len(rows), reasons or "none")
    if not rows:
        raise LayoutError(f"{raw}: no usable scan in layout {site.layout}; rejected {reasons}")
    return rows, rejected


def _write_rejected(rejected: Sequence[Rejected], path: Path) -> None:
    with whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["path", "reason", "detail"])
        writer.writerows(sorted(map(astuple, rejected)))

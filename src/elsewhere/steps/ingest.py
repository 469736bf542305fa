"""ingest: the step that turns the raw files of a site into scans, a manifest and an account."""

from __future__ import annotations

import json
import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from elsewhere.design.job import Job
from elsewhere.design.site import IntakeRow, Site
from elsewhere.files import whole, write_rows
from elsewhere.imaging import profile, store
from elsewhere.sites import manifest, readers
from elsewhere.sites.account import AccountError, Closed, by_reason, csv_text, summary
from elsewhere.sites.discretion import discreet
from elsewhere.sites.intake import Intake, NoMemoryError, Taken
from elsewhere.sites.keys import SecretError, keys
from elsewhere.sites.layout import LayoutError
from elsewhere.sites.layouts import layout
from elsewhere.sites.reasons import REASONS
from elsewhere.unfinished import Unfinished, unfinished
from elsewhere.unfinished import done as remove_kept

log = logging.getLogger(__name__)

# the rejected files of a failed step are kept here, because its outputs are not written
KEPT = Path(".elsewhere/rejected")


class RejectedError(RuntimeError):
    """Too few files of a site can be used; the message says how many and where they are listed."""


@dataclass(frozen=True)
class Settings:
    """Settings of the ingestion of one site.

    Attributes
    ----------
    site
        Row of `sites`; the wildcard `site` is its name.
    intake
        Row of `intakes`: what the files of the site may be like.
    """

    site: Site
    intake: IntakeRow


def run(job: Job, settings: Settings) -> None:
    """Make the manifest, the volumes and the account of one site (A-01 to A-12).

    A step that was stopped goes on with the scans that it has not read.

    Raises
    ------
    LayoutError
        If the site's folder is missing or does not have its layout.
    RejectedError
        If no scan is usable, or a larger share of files was rejected than the intake allows.
    """
    name, private = job.wildcards["site"], settings.site.privacy == "private"
    safe = (LayoutError, AccountError, SecretError, RejectedError, NoMemoryError)
    with discreet(name, private=private, safe=safe):
        with unfinished(job) as kept, whole(job.outputs["volumes"]) as volumes:
            volumes.mkdir(parents=True)
            intake, rejected = _take_in(job, settings, kept)
            kept.hand_over((f"{row['scan_id']}{store.SUFFIX}" for row in intake.rows), volumes)
        rows = pd.DataFrame(intake.rows, columns=[*manifest.COLUMNS])
        manifest.write(rows, job.outputs["manifest"])
        profile.write(intake.profiles, job.outputs["profile"])
        counts = {
            "site": name,
            **summary(intake.account, len(intake.rows)),
            "flags": dict(sorted(intake.flags.items())),
        }
        if "readers" in job.outputs:
            write_rows(intake.readings, job.outputs["readers"], columns=readers.COLUMNS)
        _write(job.outputs["account"], json.dumps(counts, indent=1) + "\n")
        _write(job.outputs["rejected"], rejected)


def done(job: Job) -> None:
    """Remove what was kept of the scans of a site whose outputs are complete."""
    remove_kept(job)


def _take_in(job: Job, settings: Settings, kept: Unfinished) -> tuple[Taken, str]:
    """Return the result of the intake, and the text of rejected.csv."""
    name, site = job.wildcards["site"], settings.site
    if not site.available:
        log.info("%s has no data here (available: false): its manifest is empty", name)
        empty = Taken([], [], Closed((), 0, 0))
        return empty, csv_text(empty.account, str)
    raw = job.path("raw")
    if not raw.is_dir():
        raise LayoutError(
            f"{raw}: no such folder; put the data of {site.title} there, "
            f"or set sites.{name}.available: false (a row of config/ is changed in params.yaml)"
        )
    site_layout = layout(site.layout, site.options)
    site_keys = keys(name, private=site.privacy == "private")
    intake = Intake(site_keys, site.synthetic, kept.files, settings.intake, unfinished=kept)
    taken = intake.take(site_layout, raw)
    rejected = csv_text(taken.account, site_keys.path)
    _report(name, taken)
    rejected_csv = KEPT / f"{name}.csv"
    problem = _problem(taken, settings.intake)
    if problem:
        _write(rejected_csv, rejected)
        raise RejectedError(f"{raw}: {problem} in layout {site.layout}; see {rejected_csv}")
    rejected_csv.unlink(missing_ok=True)
    return taken, rejected


def _problem(taken: Taken, intake: IntakeRow) -> str | None:
    share = taken.account.rejected_share
    if not taken.rows:
        return "no usable scan"
    if share > intake.rejected_at_most:
        return (
            f"{share:.1%} of the files were rejected, more than the intake's "
            f"rejected_at_most of {intake.rejected_at_most:.1%},"
        )
    return None


def _report(name: str, taken: Taken) -> None:
    """Log the account: the numbers of files that were used, set aside and rejected, and why."""
    account = taken.account
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in account.files().items())
    log.info(
        "%s: %d scans of %d of %d files; %s",
        name,
        len(taken.rows),
        account.used,
        account.total,
        outcomes,
    )
    rows = Counter(row.reason for row in account.rows)
    files = Counter(
        {
            code: n
            for counts_by_code in by_reason(account.rows).values()
            for code, n in counts_by_code.items()
        }
    )
    for code, count in sorted(rows.items()):
        reason = REASONS.get(code)
        explanation = f"{reason.sentence} {reason.remedy}" if reason else ""
        log.info("  %s: %d rows, %d files. %s", code, count, files[code], explanation)
    for code, count in sorted(taken.flags.items()):
        log.info("  flag %s: %d scans", code, count)


def _write(path: Path, text: str) -> None:
    with whole(path) as part:
        part.write_text(text, encoding="utf-8", newline="")

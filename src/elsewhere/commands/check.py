"""check: reads the files of a site as `ingest` would, and reports what can be used."""

from __future__ import annotations

import logging
import re
import secrets
import shlex
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from elsewhere.commands import site_options, site_summary
from elsewhere.commands.site_options import Chosen
from elsewhere.design.params import ParamsError, load
from elsewhere.design.site import IntakeRow
from elsewhere.files import whole
from elsewhere.sites import label_table, manifest
from elsewhere.sites.account import csv_text
from elsewhere.sites.intake import Intake, Taken
from elsewhere.sites.keys import Keys
from elsewhere.sites.layout import LayoutError

PRIVACY = ("private", "public")


@dataclass(frozen=True)
class Wanted:
    """The folder to check, and how.

    Attributes
    ----------
    path
        The site's folder, or a single file's folder.
    layout
        A layout; None: the one that fits.
    options
        As typed: ``key=value``.
    labels
        A table to use in place of the folder's label.csv.
    intake
        A row of `intakes`.
    privacy
        As the site's row will have it: private sites show ages above 89 as 90.
    """

    path: Path
    layout: str | None = None
    options: Sequence[str] = ()
    labels: Path | None = None
    intake: str = "strict"
    privacy: str = "private"


@dataclass(frozen=True)
class Checked:
    """The result of a check.

    Attributes
    ----------
    chosen
        Layout and options.
    taken
        Rows of the manifest and the account of every file.
    """

    chosen: Chosen
    taken: Taken

    @property
    def usable(self) -> bool:
        """Whether a study could use the site at all."""
        return bool(self.taken.rows)


def check(wanted: Wanted) -> Checked:
    """Read every file of a folder as `ingest` would, and keep nothing.

    Raises
    ------
    LayoutError
        If the folder is in no layout, or not in the one that is named.
    ParamsError
        If there is no such row of `intakes`.
    """
    policy = _policy(wanted.intake)
    if wanted.privacy not in PRIVACY:
        raise ParamsError(f"--privacy {wanted.privacy}: expected {' or '.join(PRIVACY)}")
    with _folder(wanted) as root:
        chosen = site_options.choose(root, wanted.layout, wanted.options, policy)
        # identifiers are made with a key that is thrown away
        keys = Keys("check", wanted.privacy == "private", secrets.token_bytes())
        with _paths_kept_out_of_the_log():
            taken = Intake(keys, False, None, policy).take(chosen.layout, root)
    return Checked(chosen, taken)


def lines(wanted: Wanted, checked: Checked) -> Iterator[str]:
    """Yield what a terminal shows of a check."""
    chosen, account = checked.chosen, checked.taken.account
    yield f"{wanted.path}: layout {chosen.name}{_written(chosen.options)}"
    for name, likeness in chosen.others.items():
        if likeness.fits:
            lacks = likeness.lacks and ", which would need more than is there"
            yield f"  it also looks like layout {name}{lacks}"
    content = [("files", site_summary.account(account))]
    scans = pd.DataFrame(checked.taken.rows, columns=[*manifest.COLUMNS])
    if checked.usable:
        content += site_summary.lines(scans)
    yield ""
    width = site_summary.width(content)
    yield from (f"  {name:<{width}}  {text}" for name, text in content)
    for head, paths in site_summary.reasons(account):
        yield f"\n{head}"
        yield from (f"    {path}" for path in paths)
    if checked.usable:
        yield from (f"\nNote: {note}." for note in site_summary.notes(scans))
        yield f"\nNext:\n{_next(wanted, chosen)}"
    else:
        yield "\nNo scan can be used."


def write_report(checked: Checked, path: Path) -> None:
    """Write every file that is in no scan, and why, as the rejected.csv of `ingest`; names show.

    Raises
    ------
    LayoutError
        If there is a file already.
    """
    if path.exists():
        raise LayoutError(f"{path} is there already; name another file for --report")
    with whole(path) as part:
        part.write_text(csv_text(checked.taken.account, str), encoding="utf-8", newline="")


def _policy(name: str) -> IntakeRow:
    intakes = load().intakes
    if name not in intakes:
        raise ParamsError(f"--intake {name}: there are {', '.join(sorted(intakes))}")
    return intakes[name]


@contextmanager
def _folder(wanted: Wanted) -> Iterator[Path]:
    """Yield the site's folder, or one of links to it and to a table that lies elsewhere."""
    if not wanted.path.is_dir():
        raise LayoutError(f"{wanted.path}: no such folder")
    if wanted.labels is None:
        yield wanted.path.absolute()
        return
    if not wanted.labels.is_file():
        raise LayoutError(f"--labels {wanted.labels}: no such file")
    with tempfile.TemporaryDirectory(prefix="elsewhere-check-") as name:
        root = Path(name)
        (root / label_table.NAME).symlink_to(wanted.labels.absolute())
        for inside in wanted.path.absolute().iterdir():
            if inside.name != label_table.NAME:
                (root / inside.name).symlink_to(inside)
        yield root


@contextmanager
def _paths_kept_out_of_the_log() -> Iterator[None]:
    """Log progress but not each rejected scan: the report at the end sorts them by reason."""
    log = logging.getLogger("elsewhere.sites.intake")
    log.addFilter(_is_progress)
    try:
        yield
    finally:
        log.removeFilter(_is_progress)


def _is_progress(record: logging.LogRecord) -> bool:
    return record.levelno <= logging.INFO


def _written(options: dict[str, Any]) -> str:
    if not options:
        return ""
    text = yaml.safe_dump(options, default_flow_style=True, width=10**6, allow_unicode=True)
    return f", options {text.strip()}"


def _next(wanted: Wanted, chosen: Chosen) -> str:
    """Return the commands that make a site of the folder."""
    slug = re.sub(r"[^a-z0-9]+", "-", wanted.path.absolute().name.lower()).strip("-") or "my-site"
    parts = ["elsewhere", "new", "site", slug, "--path", str(wanted.path), "--layout", chosen.name]
    for key, value in chosen.options.items():
        text = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True)
        parts += ["--option", f"{key}={text.removesuffix('...' + chr(10)).strip()}"]
    parts += ["--intake", wanted.intake] if wanted.intake != "strict" else []
    parts += ["--privacy", wanted.privacy] if wanted.privacy != "private" else []
    command = f"  {shlex.join(parts)}"
    if wanted.labels is None:
        return command
    table = wanted.path / label_table.NAME
    return f"  {shlex.join(['cp', str(wanted.labels), str(table)])}\n{command}"

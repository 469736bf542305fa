"""new_site: writes the row of a site into params.yaml, and links its files to data/raw."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from elsewhere.commands import site_options
from elsewhere.commands.edited import scalar, with_row
from elsewhere.commands.site_options import Chosen
from elsewhere.commands.tried import tried, unused_name
from elsewhere.design.merge import USER
from elsewhere.design.params import ParamsError, load
from elsewhere.design.site import IntakeRow
from elsewhere.files import whole
from elsewhere.sites.layout import LOOKED_AT, LayoutError, Scan

RAW = Path("data/raw")


@dataclass(frozen=True)
class NewSite:
    """What the user typed.

    Attributes
    ----------
    name
        Of the row and of the folder in data/raw.
    path
        Folder with the files.
    layout
        None: the one that fits.
    options
        Of the layout, as ``key=value``.
    title
        Name in figures; None: the name of the row.
    privacy, intake
        As in the row.
    """

    name: str
    path: Path
    layout: str | None = None
    options: Sequence[str] = ()
    title: str | None = None
    privacy: str = "private"
    intake: str = "strict"


def write(wanted: NewSite) -> list[str]:
    """Write the row and the link, or neither.

    Returns
    -------
    list of str
        What was done, a line each.

    Raises
    ------
    ParamsError
        If the name cannot be used or is taken, or the settings would not hold together.
    LayoutError
        If no scan of the layout is in the folder.
    """
    params = load()
    unused_name("sites", wanted.name)
    link = RAW / wanted.name
    _check_place(wanted.path, link)
    if wanted.privacy not in _PRIVACY:
        raise ParamsError(f"--privacy {wanted.privacy}: expected {' or '.join(_PRIVACY)}")
    if wanted.intake not in params.intakes:
        raise ParamsError(
            f"--intake {wanted.intake}: there are {', '.join(sorted(params.intakes))}"
        )
    chosen = _checked(wanted, params.intakes[wanted.intake])
    text = with_row(Path(USER), "sites", wanted.name, _row(wanted, chosen))
    tried({USER: text})
    with whole(Path(USER)) as part:
        part.write_text(text, encoding="utf-8", newline="")
    done = [f"sites.{wanted.name} written to {USER}: layout {chosen.name}"]
    if not _same(wanted.path, link):
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(wanted.path.absolute(), target_is_directory=True)
        done.append(f"{link} links to {wanted.path.absolute()}")
    return done


def _check_place(path: Path, link: Path) -> None:
    if not path.is_dir():
        raise LayoutError(f"--path {path}: no such folder")
    if os.path.lexists(link) and not _same(path, link):
        raise ParamsError(
            f"{link} is there already, and is not {path}; choose another name, or move it away"
        )


def _same(path: Path, link: Path) -> bool:
    return link.exists() and link.samefile(path)


def _checked(wanted: NewSite, policy: IntakeRow) -> Chosen:
    """Return layout and options, shown to find a scan in the folder."""
    chosen = site_options.choose(wanted.path, wanted.layout, wanted.options, policy)
    first = islice(chosen.layout.scans(wanted.path, policy), LOOKED_AT)
    if not any(isinstance(entry, Scan) for entry in first):
        raise LayoutError(
            f"{wanted.path}: none of the first {LOOKED_AT} files is a scan of layout "
            f"{chosen.name}; `elsewhere check {wanted.path} --layout {chosen.name}` says why"
        )
    return chosen


def _row(wanted: NewSite, chosen: Chosen) -> str:
    lines = [
        f"title: {scalar(wanted.title or wanted.name)}  # name in figures and tables",
        f"layout: {chosen.name}",
        f"privacy: {wanted.privacy}  # {_PRIVACY[wanted.privacy]}",
        f"intake: {wanted.intake}  # a row of `intakes`: strict refuses, repair mends what is safe",
    ]
    if chosen.options:
        lines.append(f"options: {scalar(chosen.options)}")
    return "\n".join(lines)


_PRIVACY = {
    "private": "patient keys and paths are hashed with a secret of this machine",
    "public": "patient keys and paths stand in results as they are",
}

"""suggestions: options that the names of folders and columns of a site make likely."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from elsewhere.sites import findings, label_table
from elsewhere.sites.layout import HIDDEN, visible

# words for the absence of disease, as published data sets and hospitals call such folders
_NEGATIVE: Final = frozenset(
    {
        *("0", "no", "neg", "negative", "normal", "healthy", "control", "controls", "benign"),
        *("noncovid", "nofinding", "nofindings", "none", "nondisease", "clear"),
    }
)


def options(root: Path, suffixes: tuple[str, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of a general layout beside the given ones, as far as names tell them.

    With label.csv: the findings among its columns, if it has no column `label`. Without: two
    folders with scans, one of which is called like the absence of disease, are the classes.

    Parameters
    ----------
    root
        The site's folder.
    suffixes
        Of the files that are scans.
    given
        Options that the user set.

    Raises
    ------
    elsewhere.sites.layout.LayoutError
        If there is a label.csv that cannot be read.
    """
    if {"classes", "findings"} & given.keys():
        return {}
    path = root / label_table.NAME
    if path.is_file():
        columns = label_table.read(path).columns
        known = [name for name in columns if name in findings.NAMES]
        return {"findings": known} if known and "label" not in columns else {}
    classes = _classes([one.name for one in visible(root) if one.is_dir() and _has(one, suffixes)])
    if not classes or {"patient_key", "patient_pattern"} & given.keys():
        return {"classes": classes} if classes else {}
    # folders say nothing of patients: the user is told, and may set a pattern instead
    return {"classes": classes, "patient_key": "none"}


def _classes(names: list[str]) -> dict[str, Literal[0, 1]]:
    negative = [name for name in names if _word(name) in _NEGATIVE]
    if len(names) != 2 or len(negative) != 1:
        return {}
    return {name: 0 if name in negative else 1 for name in names}


def _word(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _has(folder: Path, suffixes: tuple[str, ...]) -> bool:
    for _, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(HIDDEN)]
        if any(name.lower().endswith(suffixes) and not name.startswith(HIDDEN) for name in files):
            return True
    return False

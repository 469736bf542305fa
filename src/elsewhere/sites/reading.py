"""reading: what one reader called one scan (C-30)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """What one reader called a scan.

    Attributes
    ----------
    reader
        Number of the reader, from 1 on: the most experienced first. Names stay in the site's table.
    years
        Years of experience; NaN if not given.
    called
        The label.
    """

    reader: int
    years: float
    called: int

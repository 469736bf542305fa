"""mark: the words that say in every synthetic file that no patient is in it."""

from __future__ import annotations

MARK = "synthetic phantom, no patient"  # in every file whose format has a place for it

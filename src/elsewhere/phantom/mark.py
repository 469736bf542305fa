"""mark: the text that marks every synthetic file as showing no patient."""

from __future__ import annotations

MARK = "synthetic phantom, no patient"  # written to every file whose format has a field for it
MASKS = "masks"  # folder in which a writer leaves masks; `write` sets it beside the site

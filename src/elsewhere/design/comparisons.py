"""comparisons: settings of which arms are compared with which."""

from __future__ import annotations

from pydantic import Field

from elsewhere.design.rows import Name, Row


class Comparisons(Row):
    """One arm against others, at each site on which both were trained, or neither (D-41, D-42)."""

    arm: Name
    against: tuple[Name, ...] = Field(min_length=1)

"""comparisons: settings of the statistical comparisons between arms of a study."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from elsewhere.design.rows import Name, Row

Over = Literal["study", "question"]  # what one family of confirmatory tests is of


class Comparisons(Row):
    """One arm against others, at each site where both or neither were trained (D-41, D-42)."""

    arm: Name
    against: tuple[Name, ...] = Field(min_length=1)

"""arm: a row of the matrix: training sites, method and network."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from elsewhere.design.rows import Name, Row

Unseen = Literal["mean", "nearest", "test_time", "ensemble"]


class Arm(Row):
    """A row of the matrix: sites are the study's own names, a scale gives each its row."""

    sites: tuple[Name, ...] = Field(min_length=1)
    method: Name
    network: Name
    title: str | None = Field(None, description="in figures; null: sites, method and network")
    selection: Literal["validation", "test"] = Field(
        "validation",
        description="what chooses the weights kept; test, as the released code of Wang et al. "
        "2020: optimistic, and marked so wherever it shows",
    )
    unseen: Unseen | None = Field(
        None,
        description="D-44: through which layers a site not seen in training goes, where a method "
        "gives every site its own",
    )
    anonymous: bool = Field(
        False, description="treat the training sites too as if they had not been seen"
    )
    models_of: Name | None = Field(
        None, description="arm whose models this one applies; it trains none"
    )

"""ranges: field types for ranges [low, high], from which synthetic sites draw random values."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field


def _in_order(value: tuple[float, float]) -> tuple[float, float]:
    if value[0] > value[1]:
        raise ValueError(f"expected [low, high], got {list(value)}")
    return value


Range = Annotated[
    tuple[float, float],
    AfterValidator(_in_order),
    Field(description="[low, high], drawn uniformly"),
]
Counts = Annotated[
    tuple[int, int],
    AfterValidator(_in_order),
    Field(description="[fewest, most], both included"),
]

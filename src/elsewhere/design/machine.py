"""machine: what a job may use of the machine that it runs on; no result depends on it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from elsewhere.design.rows import Row


class MachineRow(Row):
    """The key `machine` of the settings; a change of it makes nothing stale."""

    cache_gb: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        None,
        description="most memory in which one training keeps scans that it reads again, 10^9 bytes "
        "for all its sites together; 0: none; null: half of what the job may use, and less while "
        "less than a quarter of that is free",
    )

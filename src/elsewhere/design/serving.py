"""serving: limits of `elsewhere serve` and `elsewhere ask`: what a question may bring and cost."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from elsewhere.design.rows import Positive, Row


class ServeRow(Row):
    """The key `serve` of the settings: what files from outside may be like; no result reads it."""

    files: Positive = Field(5000, description="most files of one question: a CT has up to 2,000")
    megabytes: Positive = Field(2000, description="most that one question may send, 10^6 bytes")
    unpacked_megabytes: Positive = Field(
        4000, description="most that its archive may hold unpacked, 10^6 bytes"
    )
    ratio: Annotated[float, Field(gt=1)] = Field(
        200, description="most that an archive may be packed: scans reach 50, bombs thousands"
    )
    seconds: Positive = Field(
        600, description="longest time of one answer; each of its two processes ends then"
    )
    memory_gb: Annotated[float, Field(ge=0)] = Field(
        12, description="most address space of a process that answers, 10^9 bytes; 0: no limit"
    )
    minutes_kept: Positive = Field(
        10, description="an uploaded scan and its answer are removed after this long"
    )

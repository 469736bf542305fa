"""subgroups: settings of the scores with and without a device."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from elsewhere.design.rows import Name, Row


class Subgroups(Row):
    """Does a device that goes with a finding carry the models, as a shortcut (B-45)."""

    finding: Name
    device: Name = Field(description="finding of the manifests, such as support_devices")
    blank: Literal["unknown", "absent"] = Field(
        "unknown",
        description="[AMB] B-45: a report that does not speak of a device; absent: it saw none",
    )

"""subgroups: settings of scores in subgroups of scans with and without a medical device (B-45)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from elsewhere.design.rows import Name, Row


class Subgroups(Row):
    """A finding and a device that may be a shortcut for it: scores with and without it (B-45)."""

    finding: Name
    device: Name = Field(description="finding of the manifests, such as support_devices")
    blank: Literal["unknown", "absent"] = Field(
        "unknown",
        description="[AMB] B-45: meaning of a report that mentions no device; absent: has none",
    )

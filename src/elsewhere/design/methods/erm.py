"""erm: row of the method that pools all scans (empirical risk minimisation); no settings."""

from __future__ import annotations

from typing import ClassVar, Literal

from elsewhere.design.rows import MethodRow


class Erm(MethodRow):
    """Empirical risk minimisation over the pooled scans of the training sites."""

    site_specific: ClassVar[bool] = False

    kind: Literal["erm"]

"""erm: settings of empirical risk minimisation, the method that pools all scans; it has none."""

from __future__ import annotations

from typing import ClassVar, Literal

from elsewhere.design.rows import MethodRow


class Erm(MethodRow):
    """Empirical risk minimisation over the pooled scans of the training sites."""

    site_specific: ClassVar[bool] = False

    kind: Literal["erm"]

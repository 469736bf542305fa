"""sepnorm: settings of separate normalisation (DSBN)."""

from __future__ import annotations

from typing import Literal

from elsewhere.design.rows import MethodRow


class Sepnorm(MethodRow):
    """Every site has normalisations of its own (DSBN, D-12)."""

    kind: Literal["sepnorm"]

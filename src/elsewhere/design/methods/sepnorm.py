"""sepnorm: row of the method with separate normalisation per site (DSBN); no settings."""

from __future__ import annotations

from typing import Literal

from elsewhere.design.rows import MethodRow


class Sepnorm(MethodRow):
    """Each site has its own normalisations (DSBN, D-12)."""

    kind: Literal["sepnorm"]

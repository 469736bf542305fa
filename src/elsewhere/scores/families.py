"""families: the families of tests of a study, over each of which p is adjusted by Holm (1979).

A family is declared before results are seen, once for a study: one question, all of its tests,
whatever site, arm or measure. A p that is adjusted is adjusted here, so that no test can be
compared with a family that was chosen afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from elsewhere.scores.tests import holm

# Name to what belongs to it; the same table stands in docs/statistics.md.
FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "audit": "every field group that may predict the label at a site, or the site",
        "matching": "ages and sexes of the classes, at every site",
        "paired t": "every declared pair of arms, site and measure, by the paired t-test",
        "corrected resampled t": "the same by the corrected resampled t-test",
        "DeLong": "every declared pair of arms and site, by DeLong's paired test",
        "site probe": "every arm, site and class whose site the answer may tell",
        "errors": "every acquisition field that errors may go with, of every arm and unseen site",
    }
)


def adjusted(family: str, p_values: Iterable[float | None]) -> list[float | None]:
    """Return p adjusted over a declared family, in the order given.

    Parameters
    ----------
    family
        One of `FAMILIES`.
    p_values
        Of all of its tests in the study; a test without a p does not count in the family.

    Raises
    ------
    ValueError
        If no such family is declared.
    """
    if family not in FAMILIES:
        raise ValueError(f"no family '{family}' is declared; known: {', '.join(FAMILIES)}")
    return holm([*p_values])


def size(p_values: Sequence[float | None]) -> int:
    """Return how many tests of a family have a p: those over which it is adjusted."""
    return sum(p is not None for p in p_values)

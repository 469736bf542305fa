"""families: the families of tests of a study, over each of which p is adjusted by Holm (1979).

A family is declared before results are seen. The tests that a study is about, its audit and the
comparisons that it declares, are confirmatory: one family for the study. Every other question is
exploratory and a family of its own: it may suggest what to test next and proves nothing. A p that
is adjusted is adjusted here, so that no test can be compared with a family that was chosen
afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

from elsewhere.design.comparisons import Over
from elsewhere.scores.tests import holm

Kind = Literal["confirmatory", "exploratory"]
Adjusted = list[float | None]


class Family(NamedTuple):
    """Whether tests of a family can confirm, and which tests belong to it."""

    kind: Kind
    tests: str


# Name to what belongs to it; the same table stands in docs/statistics.md.
FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "study": Family("confirmatory", "those of `audit` and of `DeLong` together"),
        "audit": Family(
            "confirmatory", "every field group that may predict the label at a site, or the site"
        ),
        "DeLong": Family(
            "confirmatory", "every declared pair of arms and site, by DeLong's paired test"
        ),
        "corrected resampled t": Family(
            "exploratory", "every declared pair of arms, site and measure, over the folds"
        ),
        "matching": Family("exploratory", "ages and sexes of the classes, at every site"),
        "site probe": Family(
            "exploratory", "every arm, site and class whose site the answer may tell"
        ),
        "errors": Family(
            "exploratory",
            "every acquisition field that errors may go with, of every arm and unseen site",
        ),
    }
)


def adjusted(family: str, p_values: Iterable[float | None]) -> Adjusted:
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


def confirmatory(
    audit: Sequence[float | None], *, compared: Sequence[float | None], over: Over
) -> tuple[Adjusted, Adjusted]:
    """Return the adjusted p of the audit and of the declared comparisons (DeLong), in their order.

    Parameters
    ----------
    audit, compared
        p of each test.
    over
        `study`: both are one family; `question`: each is one of its own.
    """
    if over == "question":
        return adjusted("audit", audit), adjusted("DeLong", compared)
    both = adjusted("study", [*audit, *compared])
    return both[: len(audit)], both[len(audit) :]


def size(p_values: Sequence[float | None]) -> int:
    """Return how many tests of a family have a p: those over which it is adjusted."""
    return sum(p is not None for p in p_values)

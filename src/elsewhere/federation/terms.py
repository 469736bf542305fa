"""terms: what all members of a federation agree on before it starts, and who is in which round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Terms:
    """The rules that hospitals and adder share; nobody takes them from a message.

    Attributes
    ----------
    encryption
        "none": everyone can read every message. "bfv": the adder reads no weight.
    weighting
        "scans": a hospital counts as often in the mean as it has training scans; "equal": all alike
        (C-21).
    fraction_bits
        Binary digits of a weight after the point.
    min_sites
        Fewest hospitals in a sum. Of two, each can read the other's weights out of the sum.
    digest
        Of what is trained: input, network, method and budget. A message with another is refused.
    """

    encryption: Literal["none", "bfv"]
    weighting: Literal["equal", "scans"]
    fraction_bits: int
    min_sites: int
    digest: str = ""


@dataclass(frozen=True)
class Plan:
    """Which hospitals take part in which round (C-18, C-19).

    Attributes
    ----------
    sites
        All hospitals, in the order of the arm.
    rounds
        Number of rounds.
    absent
        Rounds, from 1 on, that a hospital misses.
    """

    sites: tuple[str, ...]
    rounds: int
    absent: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def members(self, number: int) -> tuple[str, ...]:
        """Return the hospitals that take part in a round, from 1 on."""
        return tuple(site for site in self.sites if number not in self.absent.get(site, ()))

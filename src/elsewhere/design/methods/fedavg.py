"""fedavg: settings of federated averaging: rounds, weights, encryption, who is absent when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from elsewhere.design.rows import MethodRow, Name, Positive


class Fedavg(MethodRow):
    """Hospitals train by themselves and share the weighted mean of their weights (C-17 to C-24).

    The number of iterations of the budget does not count here; rounds and epochs do. A budget's
    schedule runs over the iterations of each hospital.
    """

    in_rounds: ClassVar[bool] = True

    kind: Literal["fedavg"]
    rounds: Positive = Field(description="C-19: 200, C-20: 30; each is validated")
    local_epochs: Positive = Field(
        description="C-19: 1; passes over a hospital's own scans in a round (C-24)"
    )
    weighting: Literal["equal", "scans"] = Field(
        description="[AMB] C-21: equal, as in the paper, or scans, as in the released code: a "
        "hospital counts as often as it has training scans"
    )
    min_sites: Positive = Field(
        3,
        description="fewest hospitals in a round; of two, each can read the other's weights out of "
        "the sum",
    )
    batch_norm: Literal["averaged", "local"] = Field(
        description="averaged, as in the released code; local: normalisation layers stay at each "
        "hospital (FedBN, Li et al. 2021), and an arm says with `unseen` what others get"
    )
    mu: Annotated[float, Field(ge=0)] = Field(
        0.0, description="FedProx (Li et al. 2020): weight of the distance to the round's start"
    )
    fraction_bits: Annotated[int, Field(ge=8, le=30)] = Field(
        20,
        description="binary digits of a weight after the point; each hospital's weights are then "
        "multiplied by its number of scans, or by 1024 where all count alike",
    )
    encryption: Literal["none", "bfv"] = Field(
        description="bfv: the adder reads no weight (C-22); the result is the same to the bit"
    )
    absent: dict[Name, tuple[Positive, ...]] = Field(
        default_factory=dict,
        description="C-18: row of `sites` to the rounds, from 1 on, that this hospital misses",
    )

    def refusals(self, sites: tuple[str, ...]) -> Iterator[str]:
        """Yield what is wrong with the rounds of these hospitals; see `MethodRow.refusals`."""
        unknown = [site for site in self.absent if site not in sites]
        if unknown:
            yield (
                f"names '{unknown[0]}' in absent, which is no training site of the arm; it has "
                f"{', '.join(sites)}"
            )
        before = sites
        for number in range(1, self.rounds + 1):
            present = tuple(site for site in sites if number not in self.absent.get(site, ()))
            if len(present) < self.min_sites:
                yield (
                    f"has {len(present)} of {len(sites)} hospitals in round {number}, fewer than "
                    f"min_sites, {self.min_sites}; give the arm more sites, or change absent or "
                    "min_sites"
                )
                return
            if not {*present} & {*before}:
                yield (
                    f"has no hospital in round {number} that was in the round before: nobody can "
                    "hand the model on; change absent"
                )
            before = present

    @property
    def site_specific(self) -> bool:  # type: ignore[override]  # of other methods the same in each
        """Whether every hospital keeps layers of its own."""
        return self.batch_norm == "local"

"""method: the contract of every way of learning: training sites arrive apart, by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from elsewhere.cohorts.cohort import Cohort
from elsewhere.design import kinds
from elsewhere.design.budgets import Training
from elsewhere.design.rows import MethodRow
from elsewhere.methods.fit import Budget, Fitted
from elsewhere.methods.loop import LossOf, learn
from elsewhere.networks.network import Network


class Method(ABC):
    """How a network learns from its training sites.

    Parameters
    ----------
    row
        The row of `methods`.
    """

    def __init__(self, row: MethodRow) -> None:
        self.row = row

    def adapt(self, network: Network, sites: Sequence[str]) -> Network:
        """Return what is trained, and made again to load its weights: here the network as it is.

        Parameters
        ----------
        network
            As its row describes it; changed in place.
        sites
            The training sites.

        Raises
        ------
        ValueError
            If the network lacks what the method needs.
        """
        del sites
        return network

    @abstractmethod
    def losses(self) -> Sequence[LossOf]:
        """Return the losses of one iteration; each is followed by a step of the optimiser."""

    def check(self, train: Mapping[str, Cohort], training: Training) -> None:
        """Raise ValueError if the method cannot learn from these scans or with this budget.

        Most methods can learn from all.
        """
        del train, training

    def fit(
        self,
        network: Network,
        train: Mapping[str, Cohort],
        valid: Mapping[str, Cohort],
        budget: Budget,
    ) -> Fitted:
        """Train until the budget is spent and return the best network.

        Parameters
        ----------
        network
            From `adapt`, with fresh weights; changed in place.
        train, valid
            Training and validation scans of each training site, in the order of the arm.
        budget
            How long, on what, from which seed.

        Raises
        ------
        ValueError
            From `check`.
        SystemExit
            With code 143, after SIGTERM: the state is saved, the same call goes on from there.
        """
        self.check(train, budget.training)
        return learn(network, train, valid, budget, losses=self.losses())


def build(row: MethodRow) -> Method:
    """Return the method of a row of `methods`.

    Raises
    ------
    KindError
        If there is no method of this kind.
    """
    return kinds.implementation("methods", row.kind, Method)(row)  # type: ignore[type-abstract]

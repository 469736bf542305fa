"""method: the contract that every learning method fulfils; it gets the training scans by site."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from elsewhere.cohorts.cohort import Cohort
from elsewhere.design import kinds
from elsewhere.design.budgets import Training
from elsewhere.design.rows import MethodRow
from elsewhere.methods.descent import LossOf
from elsewhere.methods.fit import Budget, Fitted
from elsewhere.methods.loop import learn
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
        """Return the network in the form that this method trains; by default unchanged.

        It is called before training, and again before the weights of a run are loaded.

        Parameters
        ----------
        network
            The network of a row of `networks`; it is changed in place.
        sites
            The training sites.

        Raises
        ------
        ValueError
            If the network has no layers of the sort that the method changes.
        """
        del sites
        return network

    @abstractmethod
    def losses(self) -> Sequence[LossOf]:
        """Return the losses of one iteration; each is followed by a step of the optimiser."""

    def check(self, train: Mapping[str, Cohort], training: Training) -> None:
        """Raise ValueError if the method cannot learn from these scans or with this budget.

        By default everything is accepted.
        """
        del train, training

    def fit(
        self,
        network: Network,
        train: Mapping[str, Cohort],
        valid: Mapping[str, Cohort],
        budget: Budget,
    ) -> Fitted:
        """Train for the whole budget and return the best network.

        Parameters
        ----------
        network
            The result of `adapt`, with initial weights; it is changed in place.
        train, valid
            Training and validation scans of each training site, in the order of the arm.
        budget
            Settings of the run: length, device, input and seed.

        Raises
        ------
        ValueError
            From `check`.
        SystemExit
            With code 143, after SIGTERM: the state is saved, and the same call resumes from it.
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

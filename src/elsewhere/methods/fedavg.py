"""fedavg: federated averaging over hospitals that share weights and no scans (C-17 to C-25).

McMahan et al. 2017, "Communication-Efficient Learning of Deep Networks from Decentralized Data",
AISTATS; with FedProx (Li et al. 2020) and FedBN (Li et al. 2021) as options.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from elsewhere.cohorts.cohort import Cohort
from elsewhere.design.budgets import Training
from elsewhere.design.methods.fedavg import Fedavg
from elsewhere.methods.descent import LossOf
from elsewhere.methods.fit import Budget, Fitted
from elsewhere.methods.interrupt import EXIT_CODE, Interrupted, listening
from elsewhere.methods.local_training import cross_entropy, steps
from elsewhere.methods.method import Method
from elsewhere.methods.validation import require_scans
from elsewhere.networks.network import Network
from elsewhere.networks.sites import SitedNetwork, separate_norms

log = logging.getLogger(__name__)


class FederatedAveraging(Method):
    """Each hospital trains on its own scans; an adder hands round the mean of their weights.

    Here all of them run in one process. They exchange the bytes that they would exchange over a
    network, and each keeps its state on a disk of its own, below the checkpoint of the run. A
    hospital that lacks a class trains as the others do (C-25).
    """

    def __init__(self, row: Fedavg) -> None:
        super().__init__(row)
        self.terms = row

    def adapt(self, network: Network, sites: Sequence[str]) -> Network:
        """Give each hospital its own normalisations, if they are local; see `Method.adapt`."""
        if self.terms.batch_norm == "averaged":
            return network
        separate_norms(network, sites)
        return SitedNetwork(network, sites)

    def losses(self) -> Sequence[LossOf]:
        """Return the loss of a hospital without FedProx; see `Method.losses`."""
        return [cross_entropy]

    def check(self, train: Mapping[str, Cohort], training: Training) -> None:
        """Refuse rounds with too few hospitals, and a warm-up longer than the training."""
        for sentence in self.terms.refusals(tuple(train)):
            raise ValueError(f"fedavg {sentence}")
        for cohort in train.values():
            self.check_hospital(cohort, training)

    def check_hospital(self, cohort: Cohort, training: Training) -> None:
        """Refuse a warm-up that is longer than the training of a hospital."""
        total = self.terms.rounds * steps(len(cohort), self.terms.local_epochs, training)
        if training.warm_up >= total:
            raise ValueError(
                f"fedavg: warm_up is {training.warm_up}, but {cohort.site} has {total} iterations "
                "in all rounds together; give fewer"
            )

    def fit(
        self,
        network: Network,
        train: Mapping[str, Cohort],
        valid: Mapping[str, Cohort],
        budget: Budget,
    ) -> Fitted:
        """Run all rounds and return the model of the best; see `Method.fit`."""
        self.check(train, budget.training)
        require_scans(valid, chosen="round")
        from elsewhere.methods.federated_run import FederatedRun  # encryption: only to train

        with listening() as interrupt:
            try:
                run = FederatedRun(network, train, budget, row=self.terms, interrupt=interrupt)
                while not run.finished:
                    run.round(valid)
            except Interrupted:
                log.info("SIGTERM: what the hospitals finished is saved")
                raise SystemExit(EXIT_CODE) from None
        return run.fitted()

"""federated_run: a federation of the training sites in one process, its state on disk (C-19)."""

from __future__ import annotations

import dataclasses
import json
import logging
import time
from collections.abc import Mapping

from torch import Tensor

from elsewhere.cohorts.cohort import Cohort
from elsewhere.design.methods.fedavg import Fedavg
from elsewhere.federation import in_process, wire
from elsewhere.federation.adder import Adder
from elsewhere.federation.hospital import Hospital
from elsewhere.federation.in_process import Traffic
from elsewhere.federation.terms import Plan, Terms
from elsewhere.files import remove
from elsewhere.methods import checkpoint, device, shared_values, validation
from elsewhere.methods.checkpoint import State
from elsewhere.methods.fit import Budget, Fitted, Validation
from elsewhere.methods.interrupt import Interrupt
from elsewhere.methods.local_training import LocalTraining
from elsewhere.methods.loop import better
from elsewhere.networks.network import Network
from elsewhere.progress import time_left

log = logging.getLogger(__name__)


class FederatedRun:
    """An adder, the hospitals, and the scores of the model of each round.

    Parameters
    ----------
    network, train, budget
        As `Method.fit` takes them.
    row
        The row of `methods`.
    interrupt
        Stops the run between two iterations or validated scans.
    """

    def __init__(
        self,
        network: Network,
        train: Mapping[str, Cohort],
        budget: Budget,
        *,
        row: Fedavg,
        interrupt: Interrupt,
    ) -> None:
        self.budget = budget
        self.row = row
        self.interrupt = interrupt
        self.device = device.prepare(budget.training)
        self.network = network.to(self.device)
        self.trainers = {
            site: LocalTraining(self.network, cohort, budget, row=row, check=interrupt.check)
            for site, cohort in train.items()
        }
        self.plan = Plan(tuple(train), row.rounds, row.absent)
        self.state = State(iteration=0, network={}, optimizer={})
        self.started = time.monotonic()
        self._resume()
        self.adder, self.hospitals = self._federation()

    @property
    def finished(self) -> bool:
        """Whether every round is validated."""
        return self.state.iteration == self.row.rounds

    def round(self, valid: Mapping[str, Cohort]) -> None:
        """Finish one round, validate its model and save the state."""
        number = self.state.iteration + 1
        if self.adder.done < number:
            traffic = in_process.run_round(self.adder, self.hospitals)
        else:  # killed between the end of the round and its validation
            traffic = Traffic(*self.adder.traffic[number - 1], 0.0, 0.0, 0.0)
        self._load_model(number)
        answers = validation.answers(
            self.network, valid, self.budget, device=self.device, check=self.interrupt.check
        )
        by_site = validation.scores(answers, self.budget)
        score = validation.score(answers, self.budget)
        self._keep(Validation(number, self._rate(number), self._loss(number), score, by_site))
        self.state.rounds.append((by_site, {"round": number, **dataclasses.asdict(traffic)}))
        self.state.iteration = number
        self.state.seconds += time.monotonic() - self.started
        self.started = time.monotonic()
        checkpoint.save(self.state, self.budget.checkpoint)
        self._log(score)

    def fitted(self) -> Fitted:
        """Return the network of the best round, and what the run cost."""
        self.network.load_state_dict(self.state.best_weights)
        members = [self.plan.members(number) for number in range(1, self.row.rounds + 1)]
        taken = {site: sum(site in present for present in members) for site in self.plan.sites}
        return Fitted(
            network=self.network.cpu().eval(),
            history=tuple(self._history()),
            best=self._history()[self.state.best_row],
            seconds=self.state.seconds,
            peak_memory_mb=device.peak_memory_mb(self.device),
            device=device.name(self.device),
            iterations=sum(taken[site] * self.trainers[site].steps for site in taken),
            epochs={site: float(self.row.local_epochs * taken[site]) for site in taken},
            rounds=tuple(cost for _, cost in self.state.rounds),
        )

    def _federation(self) -> tuple[Adder, dict[str, Hospital]]:
        """Return adder and hospitals on their disks, which fit the state of the run."""
        terms = Terms(
            encryption=self.row.encryption,
            weighting=self.row.weighting,
            fraction_bits=self.row.fraction_bits,
            min_sites=self.row.min_sites,
            digest=self._digest(),
        )
        server, homes = (self.budget.checkpoint / name for name in ("adder", "hospitals"))
        adder = Adder(server, self.plan, terms=terms)
        if adder.done - self.state.iteration not in (0, 1):
            log.warning("the rounds on disk are not those of the checkpoint: all are run again")
            remove(server)
            remove(homes)
            adder = Adder(server, self.plan, terms=terms)
        if self.row.encryption == "bfv":
            in_process.introduce({site: homes / site for site in self.plan.sites})
        hospitals = {
            site: Hospital(homes / site, site, terms=terms, trainer=self.trainers[site])
            for site in self.plan.sites
        }
        return adder, hospitals

    def _digest(self) -> str:
        """Return the digest of what is trained; hospitals refuse a request with another."""
        state = self.network.state_dict()
        parts = [
            self.budget.input.model_dump(mode="json"),
            self.budget.training.model_dump(mode="json"),
            self.row.model_dump(mode="json"),
            {name: list(state[name].shape) for name in state},
        ]
        return wire.digest(json.dumps(parts, sort_keys=True).encode())

    def _load_model(self, number: int) -> None:
        """Put the model after a round into the network: the mean, and what each hospital keeps."""
        reader = self.adder.readers()[0]
        model = self.hospitals[reader].model(self.adder.model_request(reader))
        shared_values.put(self.network, model)
        for site in self.network.sites:
            last = self.hospitals[site].rounds.before(number + 1)
            own = self.trainers[site].own(last.memory if last else b"")
            shared_values.put_own(self.network, own)

    def _rate(self, number: int) -> float:
        return self.trainers[self.plan.members(number)[0]].rate(number)

    def _loss(self, number: int) -> float:
        """Return the mean training loss of a round over the scans of its members."""
        trained = [
            self.hospitals[site].rounds.read(number)[0] for site in self.plan.members(number)
        ]
        return sum(one.loss * one.count for one in trained) / sum(one.count for one in trained)

    def _keep(self, reached: Validation) -> None:
        """Note a validation, and its weights if they are the best so far."""
        best = self._history()[self.state.best_row] if self.state.history else None
        self.state.history.append(
            (reached.iteration, reached.learning_rate, reached.loss, reached.score)
        )
        if better(reached, best, ties=self.budget.training.ties):
            self.state.best_row = len(self.state.history) - 1
            state = self.network.state_dict()
            self.state.best_weights = {name: _copied(state[name]) for name in state}

    def _history(self) -> list[Validation]:
        return [
            Validation(*row, by_site)
            for row, (by_site, _) in zip(self.state.history, self.state.rounds, strict=True)
        ]

    def _resume(self) -> None:
        state = checkpoint.load(self.budget.checkpoint)
        if state is not None:
            self.state = state
            log.info("resuming after round %d", state.iteration)

    def _log(self, score: float) -> None:
        done, rounds = self.state.iteration, self.row.rounds
        seconds = self.state.seconds / done
        log.info(
            "round %d of %d, loss %.4f, selection score %.3f, %s",
            done, rounds, self.state.history[-1][2], score, time_left(seconds * (rounds - done)),
        )  # fmt: skip


def _copied(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().clone()

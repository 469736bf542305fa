"""A federation of hospitals that train in numpy: quick, and a pure function as the real one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from elsewhere.federation.adder import Adder
from elsewhere.federation.hospital import Hospital
from elsewhere.federation.in_process import introduce, run_round
from elsewhere.federation.local_rounds import Trained
from elsewhere.federation.terms import Plan, Terms

SITES = ("main", "optical", "sino")
COUNTS = {"main": 640, "optical": 182, "sino": 193, "union": 326}
VALUES = 300
TERMS = Terms(encryption="bfv", weighting="scans", fraction_bits=20, min_sites=3, digest="ab")


class Steps:
    """Moves halfway to the hospital's own weights, with momentum."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.count = COUNTS[site]
        self.goal = np.random.default_rng(self.count).standard_normal(VALUES).astype(np.float32)
        self.trainings = 0

    def initial(self):
        return np.zeros(VALUES, np.float32)

    def train(self, weights, *, number, memory):
        self.trainings += 1
        momentum = np.frombuffer(memory, "<f4") if memory else np.zeros(VALUES, np.float32)
        noise = np.random.default_rng([self.count, number]).standard_normal(VALUES) * 0.01
        momentum = (0.5 * momentum + self.goal - weights + noise).astype(np.float32)
        weights = (weights + np.float32(0.5) * momentum).astype(np.float32)
        return Trained(weights, self.count, momentum.tobytes(), float(np.abs(momentum).mean()))


@dataclass
class Federation:
    """An adder and its hospitals, on their disks."""

    folder: Path
    plan: Plan
    terms: Terms = TERMS
    adder: Adder = field(init=False)
    hospitals: Mapping[str, Hospital] = field(init=False)

    def __post_init__(self) -> None:
        introduce({site: self.folder / site for site in self.plan.sites})
        self.start()

    def start(self) -> None:
        """Start anew from what is on the disks, as after a kill."""
        self.adder = Adder(self.folder / "server", self.plan, terms=self.terms)
        self.hospitals = {
            site: Hospital(self.folder / site, site, terms=self.terms, trainer=Steps(site))
            for site in self.plan.sites
        }

    def run(self) -> np.ndarray:
        """Finish all rounds; return the model."""
        while self.adder.done < self.plan.rounds:
            run_round(self.adder, self.hospitals)
        return self.model()

    def model(self) -> np.ndarray:
        """Return the model, as the last member reads it."""
        site = self.adder.readers()[-1]
        return self.hospitals[site].model(self.adder.model_request(site))


def literal(plan: Plan, *, equal: bool = False) -> np.ndarray:
    """Federated averaging as it is written, in float64: no integers, no messages, no disk."""
    model = np.zeros(VALUES)
    momentum = {site: np.zeros(VALUES) for site in plan.sites}
    for number in range(1, plan.rounds + 1):
        total, counts = np.zeros(VALUES), 0
        for site in plan.sites:
            if number in plan.absent.get(site, ()):
                continue
            goal = np.random.default_rng(COUNTS[site]).standard_normal(VALUES)
            noise = np.random.default_rng([COUNTS[site], number]).standard_normal(VALUES) * 0.01
            momentum[site] = 0.5 * momentum[site] + goal - model + noise
            count = 1 if equal else COUNTS[site]
            total += count * (model + 0.5 * momentum[site])
            counts += count
        model = total / counts
    return model

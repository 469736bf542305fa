"""Small real hospitals: a project of its own for each, with its own scans alone, and keys."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from elsewhere.carriers import coordinator, membership, settled
from elsewhere.carriers.endpoint import Endpoint
from elsewhere.design import merge
from elsewhere.federation import introductions
from elsewhere.federation.agreement import Agreement
from elsewhere.imaging import store

ROOT = Path(__file__).parents[2]
SITES = ("north", "south", "west")
MARK = "QZXKWJVY"  # stands in every key of a scan and a patient: it must never leave
PARTS = {"train": 6, "validation": 4, "test": 12}
FEDAVG = {
    "kind": "fedavg", "rounds": 2, "local_epochs": 1, "weighting": "scans", "min_sites": 2,
    "batch_norm": "averaged", "encryption": "bfv",
}  # fmt: skip


def tables(**changes):
    """Return the settings of a study with one federated arm."""
    values = merge.read(ROOT / "tests/params")
    known = {"layout": "volumes", "privacy": "private", "intake": "strict"}
    sites = {name: {**known, "title": name} for name in SITES}
    budget = values["budgets"]["nguyen-demo"]
    budget["training"] |= {"batch_size": 3, "learning_rate": 1e-3}
    budget["prediction"]["mc_passes"] = 0
    network = values["networks"]["nguyen-cnn-demo"]
    network |= {"first_filters": 2, "groups": 2, "dense_features": 8}
    row = {**values["inputs"]["nguyen-demo"], "matrix": 16, "depth": 8, "stride": 4}
    study = values["studies"]["nguyen2021"]
    study |= {"published": None, "averages_without": []}
    del study["split"]["allow"]  # of a site that is not here
    study["scoring"]["bootstrap"] = 20
    arm = {"sites": [*SITES], "method": "fedavg", "network": "tiny"}
    if changes.get("batch_norm") == "local":
        arm["unseen"] = "mean"
    study["arms"] = {"together": arm}
    scale = {"input": "tiny", "budget": "tiny", "seeds": [7]}
    study["scales"] = {"demo": {**scale, "sites": {name: name for name in SITES}}}
    return {
        "intakes": values["intakes"], "sites": sites, "inputs": {"tiny": row},
        "networks": {"tiny": network}, "budgets": {"tiny": budget},
        "methods": {"fedavg": {**FEDAVG, **changes}}, "studies": {"three": study},
    }  # fmt: skip


def write_project(top, values):
    """Write the settings of a project."""
    (top / "config").mkdir(parents=True, exist_ok=True)
    (top / "params.yaml").write_text("scale: demo\nrun: [three]\n")
    (top / "config/all.yaml").write_text(yaml.safe_dump(values, sort_keys=False))


def write_scans(top, site, *, parts=PARTS, label=lambda i: i % 2):
    """Write what `prepare` and `split` make of a site: brighter below in positives."""
    rng = np.random.default_rng(SITES.index(site))
    total = sum(parts.values())
    ids = [f"{MARK}{site}{i:04d}" for i in range(total)]
    folder = top / f"data/inputs/tiny/{site}"
    (folder / "arrays").mkdir(parents=True)
    labels = [label(i) for i in range(total)]
    for i, scan in enumerate(ids):
        array = rng.integers(0, 500, size=(10, 16, 16)).astype(np.int16)
        array[:, :8] += 700 * labels[i]
        store.write(folder / "arrays" / f"{scan}{store.SUFFIX}", array)
    people = [f"{MARK}P{i:04d}" for i in range(total)]
    index = pd.DataFrame({"scan_id": ids, "patient_id": people, "label": labels})
    index.to_parquet(folder / "index.parquet")
    split = top / f"results/three/splits/{site}.csv"
    split.parent.mkdir(parents=True, exist_ok=True)
    names = [name for name, size in parts.items() for _ in range(size)]
    index.assign(fold=0, part=names).to_csv(split, index=False)


class InProcess:
    """A carrier within one process; hospitals can be away, and what they say can be changed."""

    def __init__(self, members):
        self.members = members
        self.away = set()
        self.change = lambda site, answer: answer
        self.carried = []
        self.look = lambda: None

    def present(self):
        self.look()
        return frozenset(self.members) - self.away

    def ask(self, requests, *, patience):
        self.look()
        for site, request in requests.items():
            if site not in self.away:
                answer = self.change(site, self.members[site].answer(request))
                self.carried += [request, answer]
                yield site, answer


class Federation:
    """Three hospitals that have exchanged their cards, and the coordinator's folder."""

    def __init__(self, top, changes, *, patience=0.3):
        self.top = top
        self.server = top / "server"
        self.coordinator = top / "coordinator"
        write_project(self.coordinator, tables(**changes))
        for number, site in enumerate(SITES):
            write_project(self.project(site), tables(**changes))
            write_scans(self.project(site), site, parts={**PARTS, "train": 6 + 2 * number})
        at = Endpoint("127.0.0.1", 9092, "")
        proposal = settled.proposed(self.coordinator, "three", "together", server=at)
        self.agreement = coordinator.prepare(
            self.server, proposal.model_copy(update={"patience_s": patience})
        )
        for site in SITES:
            membership.prepare(
                self.home(site), site, agreement=self.agreement, project=self.project(site)
            )
        for site in SITES:
            card = self.home(site) / introductions.CARDS / f"{site}.json"
            for folder in (self.server, *(self.home(name) for name in SITES if name != site)):
                shutil.copy(card, folder / introductions.CARDS)
        for site in SITES:
            membership.meet(self.home(site))

    def project(self, site):
        return self.top / f"{MARK} {site}" / "project"

    def home(self, site):
        return self.top / f"{MARK} {site}" / "federation"

    def members(self):
        return {site: membership.opened(self.home(site)) for site in SITES}

    def serve(self, carrier):
        coordinator.serve(self.server, carrier)

    def adder(self):
        from elsewhere.federation.adder import Adder

        agreed = Agreement.read(self.server / "agreement.json")
        return Adder(self.server, agreed.plan(), terms=agreed.terms())

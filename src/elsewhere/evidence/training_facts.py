"""training_facts: what artefacts say of inputs, networks, methods, training and software."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from elsewhere.design import kinds
from elsewhere.design.rows import Row
from elsewhere.evidence.fact import Fact, Subject, settings, stated
from elsewhere.evidence.finished import Finished
from elsewhere.figures import costs

LOCK = Path("requirements.lock")
SCORED_WITH = ("elsewhere", "numpy", "pandas", "scipy", "scikit-learn")
OF_MACHINE = ("device", "threads", "augmentation", "checkpoint_minutes")


def preparation(study: Finished) -> Fact | None:
    """Say how scans become what a network sees."""
    said = [f"Input {name}: {settings(_plain(row))}." for name, row in study.inputs().items()]
    same = "The same for all scans of all sites; the label is not used."
    return stated([*said, same], study.row_files("inputs", study.inputs()))


def network(study: Finished) -> Fact | None:
    """Describe the networks, with their number of parameters as recorded."""
    rows = study.networks().items()
    said = [f"Network {name}: {settings(_plain(row))}." for name, row in rows]
    sizes = sorted({record["parameters"] for record in records(study) if "parameters" in record})
    if sizes:
        said.append(f"Trainable parameters: {_between(sizes)}.")
    files = study.figures("architecture*.png")
    rows_in = study.row_files("networks", study.networks())
    return stated(said, [*rows_in, *_records(study), *files])


def method(study: Finished) -> Fact | None:
    """Describe how networks learn from several sites."""
    said = []
    for name, row in study.methods().items():
        what = (kinds.row_class("methods", row.kind).__doc__ or "").strip().splitlines()
        said.append(f"Method {name}: {settings(_plain(row))}. {what[0] if what else ''}".strip())
    return stated(said, study.row_files("methods", study.methods()))


def training(study: Finished) -> Fact | None:
    """Give the settings of the optimiser, and how long was trained."""
    said = [
        f"Budget {name}: {settings(_plain(row.training), without=OF_MACHINE)}."
        for name, row in study.budgets().items()
    ]
    ran = [record for record in records(study) if record["status"] == "ok"]
    counts = sorted({record["iterations"] for record in ran if "iterations" in record})
    if counts:
        said.append(f"Runs that were trained: {len(ran)}, of {_between(counts)} iterations each.")
    return stated(said, [*_budgets(study), *_records(study)])


def augmentation(study: Finished) -> Fact | None:
    """Give the random changes of scans during training."""
    said = [
        f"Augmentation of {name}: {settings(_plain(row.training.augmentation))}."
        for name, row in study.budgets().items()
    ]
    return stated(said, _budgets(study))


def selection(study: Finished) -> Fact | None:
    """Say which weights of a run were kept."""
    kept = {record["selection"] for record in records(study) if record.get("selection")}
    best = sorted({r["best_iteration"] for r in records(study) if r.get("best_iteration")})
    on_test = [row.label for row in study.results.rows
               if study.study.arms[row.name].selection == "test"]  # fmt: skip
    said = [f"The weights with the highest {' or '.join(sorted(kept))} were kept." if kept else ""]
    said.append(f"They are of iteration {_between(best)}." if best else "")
    said.append(f"Optimistic, chosen on test scans: {'; '.join(on_test)}." if on_test else "")
    return stated(said, [*_records(study), *study.figures("training*.png")])


def initial(study: Finished) -> Fact | None:
    """Say with which weights runs began."""
    ran = [record for record in records(study) if record["status"] == "ok"]
    begun = {_begun(record) for record in ran}
    return stated([f"Runs began with {'; '.join(sorted(begun))}." if begun else ""],
                  _records(study))  # fmt: skip


def _begun(record: Mapping[str, Any]) -> str:
    if "starts_from" in record:
        return f"the weights of arm {record['starts_from']}"
    if "pretrained_sha256" in record:
        return f"pretrained weights (SHA-256 {record['pretrained_sha256'][:8]})"
    return "new random weights, which the seed of the run decides"


def imbalance(study: Finished) -> Fact | None:
    """Say whether classes were weighted or sampled."""
    said = []
    for name, row in study.budgets().items():
        weights = row.training.class_weights
        weighed = f"weights {settings({'': weights}).strip()}" if weights else "all alike"
        said.append(
            f"Budget {name}: classes count {weighed} in the loss; scans are drawn "
            f"{row.training.sampling.replace('_', ' ')}. No class is sampled more often."
        )
    return stated(said, _budgets(study))


def ensemble(study: Finished) -> Fact | None:
    """Say how many runs a number is made of, and how they are joined."""
    split = study.params.split_of(study.name)
    seeds = len(study.params.scale_of(study.name).seeds)
    joined = study.first.pooling.strip() or "A number is that of one model; none are joined."
    anew = " Every fold trains models of its own." if split.folds > 1 else ""
    text = f"Folds: {split.folds}; seeds: {seeds}. {joined}{anew}"
    return stated([text], [study.settings_file, study.matrix])


def predicted(study: Finished) -> Fact | None:
    """Say how a model is applied to a scan."""
    said = []
    for name, row in study.inputs().items():
        views = "all views of it" if row.one_view else "its window with the highest probability"
        said.append(f"Input {name}: the probability of a scan is that of {views}.")
    for name, budget in study.budgets().items():
        said.append(f"Prediction of {name}: {settings(_plain(budget.prediction))}.")
    said.append("A network is given voxels and the name of the site; no label enters.")
    return stated(said, _budgets(study))


def weights(study: Finished) -> Fact | None:
    """Count the files of weights on disk."""
    files = [path.with_name("model.safetensors") for path in _records(study)]
    there = [path for path in files if path.is_file()]
    return stated([f"Weights of {len(there)} runs, with their records." if there else ""], there)


def software(study: Finished) -> Fact | None:
    """Give versions: that of torch as runs recorded it, the others of this environment."""
    recorded = sorted({record["torch"] for record in records(study) if "torch" in record})
    said = [f"Recorded by the runs: torch {', '.join(recorded)}." if recorded else ""]
    said.append(f"In the environment that wrote this: {', '.join(versions())}.")
    return stated(said, [*_records(study), LOCK])


def versions() -> Iterator[str]:
    """Yield name and version of Python and of what scores are computed with, as installed here."""
    yield f"Python {platform.python_version()}"
    for name in SCORED_WITH:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} (not installed as a package)"


def cost(study: Finished) -> Fact | None:
    """Say how long training took."""
    train = costs.read(study.job.paths("train_cost"))
    text = costs.ledger(study.results, train, costs.read(study.job.paths("predict_cost")))
    return stated([text["sentence"]], study.job.paths("train_cost").values())


def records(study: Finished) -> list[Mapping[str, Any]]:
    """Return run.json of every run."""
    return [*study.given.records.values()]


def _records(study: Finished) -> Iterator[Path]:
    yield from study.job.paths("record").values()


def _budgets(study: Finished) -> list[Path]:
    return study.row_files("budgets", study.budgets())


def _plain(row: Row) -> dict[str, Any]:
    plain: dict[str, Any] = row.model_dump(mode="json")
    return plain


def _between(numbers: Iterable[float]) -> str:
    low, *_, high = [*numbers, max(numbers)]
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


SUBJECTS = {
    "preparation": Subject("preprocessing", preparation),
    "network": Subject("network", network),
    "method": Subject("method", method),
    "training": Subject("training", training),
    "augmentation": Subject("augmentation", augmentation),
    "selection": Subject("selection of weights", selection),
    "initial": Subject("initial weights", initial),
    "imbalance": Subject("class imbalance", imbalance),
    "ensemble": Subject("ensembles and folds", ensemble),
    "predicted": Subject("prediction", predicted),
    "weights": Subject("weights", weights),
    "software": Subject("software", software),
    "cost": Subject("cost", cost),
}

"""paper_rows: what `paper_step.py` measures; each row in a process of its own."""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elsewhere.cohorts.allowance import Allowance
from elsewhere.cohorts.cohort import ArrayCache, Cohort
from elsewhere.design.budgets import Training
from elsewhere.design.params import load
from elsewhere.imaging import store
from elsewhere.methods import device as devices
from elsewhere.methods import optimizer
from elsewhere.methods.descent import Descent
from elsewhere.methods.feed import Batch, batches
from elsewhere.methods.fit import Budget
from elsewhere.methods.inference import InferenceOptions, mc_probabilities, probabilities_of
from elsewhere.methods.loss import classification
from elsewhere.networks.network import Network, build

SCANS, PASSES = 6, 20
PARAMS = load(Path(__file__).parents[1])


@dataclass(frozen=True)
class Setting:
    """Where and at what size a row is measured."""

    device: str
    depth: int
    side: int
    seconds: float
    threads: int
    folder: Path

    @property
    def on(self) -> torch.device:
        return torch.device(self.device)

    @property
    def input(self) -> Any:
        row = PARAMS.inputs["nguyen-paper"]
        sizes = {"matrix": self.side, "depth": self.depth, "stride": self.depth // 4}
        return row.model_copy(update=sizes)

    def training(self, **changes: Any) -> Training:
        row = PARAMS.budgets["nguyen-paper"].training
        precision = "bf16" if self.device == "cuda" else "fp32"
        place = {"device": self.device, "threads": self.threads, "precision": precision}
        return row.model_copy(update=place | changes)


def measured(setting: Setting, call: Callable[[], Any], *, warm: int = 1) -> dict[str, Any]:
    """Return median wall time, processor time and peak memory of a call."""
    first = time.perf_counter()
    call()
    wait(setting)
    first = time.perf_counter() - first
    for _ in range(warm - 1):
        call()
    wait(setting)
    times: list[float] = []
    begun, cpu = time.perf_counter(), time.process_time()
    while len(times) < 3 or (time.perf_counter() - begun < setting.seconds and len(times) < 200):
        start = time.perf_counter()
        call()
        wait(setting)
        times.append(1e3 * (time.perf_counter() - start))
    cpu = 1e3 * (time.process_time() - cpu) / len(times)
    return {
        "ms": statistics.median(times),
        "cpu_ms": cpu,
        "peak_gb": devices.peak_memory_mb(setting.on) * 2**20 / 1e9,
        "note": f"{len(times)} runs, first {first:.1f} s",
    }


def wait(setting: Setting) -> None:
    if setting.device == "cuda":
        torch.cuda.synchronize()


def copy(setting: Setting) -> dict[str, Any]:
    size = 1 << (30 if setting.device == "cuda" else 27)
    source = torch.zeros(size, dtype=torch.uint8, device=setting.on)
    target = torch.empty_like(source)
    outcome = measured(setting, lambda: target.copy_(source))
    outcome["bytes_a_second"] = 2 * size / outcome[clock(setting)] * 1e3
    outcome["note"] = f"{outcome['bytes_a_second'] / 1e9:.1f} GB/s read and written"
    return outcome


def clock(setting: Setting) -> str:
    """Return which time a share of the bandwidth is of; a CPU that others use tells its own."""
    return "ms" if setting.device == "cuda" else "cpu_ms"


def write_scans(setting: Setting) -> None:
    """Write what looks like CT to a store: smooth, with noise of the size of a scanner's."""
    dice = np.random.default_rng(0)
    slices = setting.depth + setting.depth // 4
    for number in range(SCANS):
        coarse = dice.normal(-400, 300, (8, 16, 16))
        volume = torch.from_numpy(coarse)[None, None].float()
        size = (slices, setting.side, setting.side)
        smooth = torch.nn.functional.interpolate(volume, size=size, mode="trilinear")[0, 0]
        noise = dice.integers(-20, 20, size, np.int16)
        voxels = smooth.to(torch.int16).numpy() + noise
        store.write(setting.folder / f"{number:04d}{store.SUFFIX}", voxels)


def cohort(setting: Setting, *, kept: bool = False) -> Cohort:
    """Return the scans, read from disk each time or kept in memory."""
    ids = tuple(f"{number:04d}" for number in range(SCANS))
    labels = np.arange(SCANS, dtype=np.int64) % 2
    cache = ArrayCache(allowance=Allowance(limit=1 << 40 if kept else 0))
    shape = (setting.depth + setting.depth // 4, setting.side, setting.side)
    extents = np.array([[*shape, -2000, 2000]] * SCANS)
    return Cohort("a", ids, ids, labels, setting.folder, extents=extents, cache=cache)


def network(setting: Setting) -> Network:
    torch.manual_seed(0)
    return build(PARAMS.networks["nguyen-cnn"], setting.input).to(setting.on)


def cross_entropy(model: Network, batch: Batch) -> Tensor:
    return classification(model(batch.images, None), batch.labels)


def one_batch(setting: Setting, size: int) -> Batch:
    shape = (size, *setting.input.shape)
    images = torch.rand(shape, generator=torch.Generator().manual_seed(1)).to(setting.on)
    return Batch(images, torch.arange(size, device=setting.on) % 2, ("a",) * size)


def descent(setting: Setting, **changes: Any) -> Descent:
    row = setting.training(**changes)
    cpu_row = row if setting.device == "cuda" else row.model_copy(update={"precision": "fp32"})
    devices.prepare(cpu_row)
    return Descent(network(setting), row, device=setting.on)


def step(setting: Setting, *, size: int = 1, **changes: Any) -> dict[str, Any]:
    """Measure a step on one batch that is there; say whether its bits are the same twice."""
    batch, made = one_batch(setting, size), descent(setting, **changes)
    start = {name: value.clone() for name, value in made.network.state_dict().items()}

    def take(rate: float = 1e-5, number: int = 0) -> None:
        made.step(batch, [cross_entropy], seed=(0, number), rate=rate)

    outcome = measured(setting, take)
    digests = []
    for _ in range(2):
        made.network.load_state_dict(start)
        made.optimizer = optimizer.build(made.network, made.training)
        for number in range(2):
            take(1e-3, number)
        digests.append(digest(made.network))
    same = "same" if digests[0] == digests[1] else "other"
    outcome["note"] += f", {same} bits twice{hours(setting, outcome)}"
    return outcome


def hours(setting: Setting, outcome: dict[str, Any]) -> str:
    """Return how long a training of the paper takes; a small volume on a CPU does not tell."""
    if setting.device == "cpu":
        return ""
    return f", {outcome['ms'] * 250 / 3600:.2f} h for 250,000"


def digest(model: Network) -> str:
    found = hashlib.sha256()
    for value in model.state_dict().values():
        found.update(value.cpu().numpy().tobytes())
    return found.hexdigest()


def endless(setting: Setting, *, kept: bool) -> Iterator[Batch]:
    row = setting.training(iterations=1 << 30)
    budget = Budget(row, setting.input, 0, Path("nowhere"))
    return batches({"a": cohort(setting, kept=kept)}, budget, 0)


def feed(setting: Setting, *, kept: bool) -> dict[str, Any]:
    ready = endless(setting, kept=kept)
    outcome = measured(setting, lambda: next(ready), warm=SCANS + 2)
    outcome["note"] += f", {1e3 / outcome['cpu_ms']:.1f} samples a second of a core"
    return outcome


def both(setting: Setting, **changes: Any) -> dict[str, Any]:
    ready, made = endless(setting, kept=True), descent(setting, **changes)
    outcome = measured(
        setting,
        lambda: made.step(next(ready), [cross_entropy], seed=(0, 0), rate=1e-5),
        warm=SCANS + 2,
    )
    outcome["note"] += hours(setting, outcome)
    return outcome


def options(setting: Setting, batch_size: int) -> InferenceOptions:
    row = setting.training()
    return InferenceOptions(setting.input, None, batch_size, setting.on, precision=row.precision)


def predicted(setting: Setting, *, scans: int, batch_size: int) -> dict[str, Any]:
    """Measure whole scans, of two windows each, with what reads them."""
    devices.prepare(setting.training())
    model, source = network(setting).eval(), cohort(setting)

    def call() -> None:
        asked = options(setting, batch_size)
        reads = (partial(source.array, number) for number in range(scans))
        probabilities_of(model, asked.passes.ahead(reads), options=asked)

    outcome = measured(setting, call, warm=1)
    outcome["note"] += f", {outcome[clock(setting)] / scans / 2:.1f} ms a window"
    return outcome


def passes(setting: Setting) -> dict[str, Any]:
    devices.prepare(setting.training())
    model, array = network(setting).eval(), cohort(setting).array(0)
    changes = {"mc_passes": PASSES, "mc_dropblock": True, "batch_size": 4}
    row = PARAMS.budgets["nguyen-paper"].prediction.model_copy(update=changes)
    asked = options(setting, 4)
    outcome = measured(
        setting,
        lambda: mc_probabilities(
            model, asked.passes.packed(array), prediction=row, seed=0, options=asked
        ),
        warm=1,
    )
    outcome["note"] += f", {outcome[clock(setting)] / PASSES / 2:.1f} ms a pass and window"
    return outcome


def images(setting: Setting, *, study: str, name: str, size: int) -> dict[str, Any]:
    """Measure a step of an image network at the size of its paper."""
    row = PARAMS.inputs[study]
    training = PARAMS.budgets["contrastive-paper"].training
    precision = "bf16" if setting.device == "cuda" else "fp32"
    place = {"device": setting.device, "threads": setting.threads, "precision": precision}
    training = training.model_copy(update=place | {"batch_size": size, "accumulate": 1})
    devices.prepare(training)
    torch.manual_seed(0)
    model = build(PARAMS.networks[name], row).to(setting.on)
    descent = Descent(model, training, device=setting.on)
    batch = Batch(
        torch.rand((size, *row.shape)).to(setting.on),
        torch.arange(size, device=setting.on) % 2,
        ("a",) * size,
    )
    outcome = measured(
        setting, lambda: descent.step(batch, [cross_entropy], seed=(0, 0), rate=1e-5), warm=1
    )
    outcome["note"] += f", {size / outcome[clock(setting)] * 1e3:.1f} images a second"
    return outcome

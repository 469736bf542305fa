"""feed: paper-size training samples a second and core, from files to what moves to the device."""

from __future__ import annotations

import argparse
import datetime
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import blosc2
import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from elsewhere.cohorts.allowance import Allowance
from elsewhere.cohorts.batches import batch_plan
from elsewhere.cohorts.cohort import ArrayCache, Cohort
from elsewhere.design.params import load
from elsewhere.imaging import store
from elsewhere.methods.device import _keep_freed_memory
from elsewhere.methods.feed import _Feed, batches
from elsewhere.methods.fit import Budget
from results import machine, write_section

HEADING = "## Feed"
SHAPE, DEPTH = (300, 512, 512), 128
GOAL, CORES = 100, 16  # samples a second, of so many cores
BEFORE = "before: whole scan checked and decoded, float32"
HOST = "decoded and packed, 1 thread"
RADIOGRAPHS = {"a": 191_027, "b": 100_000, "c": 49_666}

PARAMS = load(Path(__file__).parents[1])
INPUT = PARAMS.inputs["nguyen-paper"]
ROW = PARAMS.budgets["nguyen-paper"].training

Array = np.ndarray


@dataclass
class Cost:
    """Seconds of the processor, and of the clock, of one sample; the best turn counts."""

    cpu: float = field(default=float("inf"))
    wall: float = field(default=float("inf"))

    def turn(self, call: Callable[[int], None], count: int) -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        call(count)
        self.cpu = min(self.cpu, (time.process_time() - cpu) / count)
        self.wall = min(self.wall, (time.perf_counter() - wall) / count)


def thorax(seed: int) -> Array:
    """A body with lungs and correlated noise as `prepare` stores it: HU + 1000, air 0."""
    dice = np.random.default_rng(seed)
    z, y, x = np.ogrid[-1 : 1 : SHAPE[0] * 1j, -1 : 1 : SHAPE[1] * 1j, -1 : 1 : SHAPE[2] * 1j]
    volume = np.where((x / 0.85) ** 2 + (y / 0.6) ** 2 < 1, 1040.0, 0.0) + 0 * z
    for side in (-1, 1):
        volume[((x - side * 0.38) / 0.28) ** 2 + (y / 0.4) ** 2 + (z / 0.9) ** 2 < 1] = 150
    for at, plane in enumerate(volume):
        volume[at] = plane + gaussian_filter(dice.normal(0, 60, plane.shape), 0.8)
    return np.rint(volume).clip(0, 4071).astype(np.int16)


def written(folder: Path, count: int) -> Cohort:
    """Write scans; return them as a cohort that keeps none in memory."""
    extents = []
    for at in range(count):
        volume = thorax(at)
        store.write(folder / f"{at:04d}{store.SUFFIX}", volume)
        extents.append([*SHAPE, int(volume.min()), int(volume.max())])
    ids = tuple(f"{at:04d}" for at in range(count))
    labels = np.arange(count, dtype=np.int64) % 2
    cache = ArrayCache(allowance=Allowance(0))
    return Cohort("a", ids, ids, labels, folder, extents=np.array(extents), cache=cache)


def before(scans: Cohort, index: int, dice: np.random.Generator) -> Array:
    """The view as it was made: from the whole scan, as float32, all on the processor."""
    array = store.read(scans.arrays / f"{scans.scan_ids[index]}{store.SUFFIX}")
    low, high = float(array.min()), float(array.max())
    if dice.random() < ROW.augmentation.power_of_two:
        low, high = 0.0, float(1 << int(array.max()).bit_length())
    start = int(dice.integers(SHAPE[0] - DEPTH + 1))
    view = np.zeros((DEPTH, *SHAPE[1:]), np.float32)
    np.subtract(array[start : start + DEPTH], np.float32(low), out=view, casting="unsafe")
    view *= np.float32(1 / (high - low))
    np.clip(view, 0, 1, out=view)
    if dice.random() < ROW.augmentation.gate:
        view = np.flip(view, tuple(axis for axis in range(3) if dice.random() < 0.5))
        view = view.transpose(0, 2, 1) if dice.random() < 0.5 else view
        view = np.rot90(view, k=int(dice.integers(4)), axes=(1, 2))
        view = view * np.float32(1 - dice.random()) if dice.random() < 0.5 else view
    return np.ascontiguousarray(view)[None]


def budget(count: int, threads: int, device: str) -> Budget:
    row = ROW.model_copy(update={"threads": threads, "device": device, "iterations": count})
    return Budget(row, INPUT, 0, Path("nowhere"))


def used(source: Iterable[object]) -> None:
    """Use up all samples, so that nothing of them is made in another turn."""
    for _ in source:
        pass


def fed(scans: Cohort, count: int, threads: int, device: str = "cpu") -> None:
    used(batches({"a": scans}, budget(count, threads, device), 0))


def packed(scans: Cohort, count: int, threads: int) -> None:
    """What threads do: make samples as they move to the device."""
    made = _Feed({"a": scans}, budget(count, threads, "cpu"))
    plans = [(at, [("a", at % len(scans))]) for at in range(count)]
    used(made.packed(plans, lambda: None))
    made.close()


def decoded(scans: Cohort, at: int, *, locked: bool = False) -> Array:
    """Decode a crop, in Blosc2's usual way if `locked`."""
    path = scans.arrays / f"{scans.scan_ids[at % len(scans)]}{store.SUFFIX}"
    start = (37 * at) % (SHAPE[0] - DEPTH + 1)
    if locked:
        return blosc2.open(str(path), mode="r", dparams={"nthreads": 1})[start : start + DEPTH]
    return store.read(path, start=start, stop=start + DEPTH)


def forgetful(make: Callable[[int], object]) -> Callable[[int], None]:
    """Check the file each time."""

    def call(count: int) -> None:
        for at in range(count):
            store._checked.clear()
            make(at)

    return call


def in_threads(make: Callable[[int], object], threads: int) -> Callable[[int], None]:
    def call(count: int) -> None:
        with ThreadPoolExecutor(threads) as pool:
            used(pool.map(make, range(count)))

    return call


def ways(scans: Cohort, device: str) -> dict[str, Callable[[int], None]]:
    dice, memory = np.random.default_rng(0), kept(scans)
    locked, free = partial(decoded, scans, locked=True), partial(decoded, scans)
    found: dict[str, Callable[[int], None]] = {
        BEFORE: forgetful(lambda at: before(scans, at % len(scans), dice)),
        "128 slices decoded, file checked each time": forgetful(free),
        "`volume[a:b]`, 1 thread": in_threads(locked, 1),
        "`volume[a:b]`, 2 threads": in_threads(locked, 2),
        "128 slices decoded, 1 thread": in_threads(free, 1),
        "128 slices decoded, 2 threads": in_threads(free, 2),
        HOST: lambda count: packed(scans, count, 1),
        "decoded and packed, 2 threads": lambda count: packed(scans, count, 2),
        "kept in memory and packed": lambda count: packed(memory, count, 1),
        "whole feed to float32, all on this CPU": lambda count: fed(scans, count, 1),
    }
    if device == "cuda":
        name = f"whole feed to float32 on the GPU, {CORES} threads"
        found[name] = lambda count: fed(scans, count, CORES, device)
    return found


def measured(scans: Cohort, count: int, turns: int, device: str) -> dict[str, Cost]:
    """Take samples in every way, in turns."""
    calls = ways(scans, device)
    costs = {name: Cost() for name in calls}
    for call in calls.values():
        call(1)  # opens files, fills the page cache
    for _ in range(turns):
        for name, call in calls.items():
            costs[name].turn(call, count)
    return costs


def kept(scans: Cohort) -> Cohort:
    cache = ArrayCache(map(scans.array, range(len(scans))), allowance=Allowance(0))
    return replace(scans, cache=cache)


def plan_ms(whole: int) -> float:
    """Return the processor's ms of the plan of an iteration within an epoch of radiographs."""
    begun = time.process_time()
    for iteration in range(whole):
        batch_plan(RADIOGRAPHS, batch_size=64, sampling="pooled", seed=0, iteration=iteration)
    return (time.process_time() - begun) / whole * 1e3


def plan_before_ms(count: int) -> float:
    """Return the same as it was: all scans listed and shuffled in each iteration."""
    begun = time.process_time()
    for _ in range(count):
        pool = [(site, index) for site, size in RADIOGRAPHS.items() for index in range(size)]
        order = np.random.default_rng([0, 0]).permutation(len(pool))
        _ = [pool[place] for place in order[:64]]
    return (time.process_time() - begun) / count * 1e3


def same_on(device: str, scans: Cohort) -> bool:
    """Return whether the views of a device are those of the CPU, bit for bit."""
    here, there = (batches({"a": scans}, budget(12, 2, of), 0) for of in ("cpu", device))
    return all(torch.equal(a.images, b.images.cpu()) for a, b in zip(here, there, strict=True))


def text(costs: dict[str, Cost], turns: int, samples: int, gpu: str) -> str:
    rows = "".join(
        f"| {name} | {cost.cpu * 1e3:.0f} | {1 / cost.cpu:.1f} | {cost.wall * 1e3:.0f} |\n"
        for name, cost in costs.items()
    )
    host, old = costs[HOST].cpu, costs[BEFORE].cpu
    size = " x ".join(map(str, (DEPTH, *SHAPE[1:])))
    return (
        f"{HEADING}\n\n`python benchmarks/feed.py`, {datetime.date.today()}, {machine()}.\n"
        f"Samples of {size} of int16 scans of {SHAPE[0]} slices, files in the page cache; ways in "
        f"turns, the best of {turns} turns of {samples} samples. CPU: time of the processor; wall: "
        f"by the clock, which other processes lengthen. The GPU's part: {gpu}.\n\n"
        "| way | CPU, ms | samples a second and core | wall, ms |\n|---|---:|---:|---:|\n"
        f"{rows}\n"
        f"By arithmetic {CORES} cores of {1 / host:.1f} samples a second each give "
        f"{CORES / host:.0f} a second; the goal is {GOAL}. Before, one core gave {1 / old:.1f}, "
        "and more threads no more: Blosc2 keeps Python's lock in `volume[a:b]`; `store.read` now "
        "decodes chunks without it.\n\n"
        f"The plan of a batch of 64 of {sum(RADIOGRAPHS.values()):,} radiographs takes "
        f"{plan_ms(400):.2f} ms of the processor, the mean of the first 400 iterations; with all "
        f"scans listed and shuffled in each of them, as before, {plan_before_ms(10):.0f} ms.\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scans", type=int, default=2)
    parser.add_argument("--samples", type=int, default=6, help="of each way in a turn")
    parser.add_argument("--turns", type=int, default=4)
    args = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(1)
    _keep_freed_memory()  # as a training does
    with tempfile.TemporaryDirectory() as top:
        scans = written(Path(top), args.scans)
        costs = measured(scans, args.samples, args.turns, device)
        gpu = "not shown, there was none"
        if device == "cuda":
            gpu = f"{torch.cuda.get_device_name()}, the same bits: {same_on(device, scans)}"
    write_section(HEADING, text(costs, args.turns, args.samples, gpu))


if __name__ == "__main__":
    main()

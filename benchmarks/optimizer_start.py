"""optimizer_start: a whole demo training with our Adam and with torch's own, in turns."""

from __future__ import annotations

import argparse
import datetime
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from elsewhere.design.params import load
from results import machine, write_section

HEADING = "## Start of a training"
ROOT = Path(__file__).parents[1]
SCANS = 64  # of each of two sites
DEMO = ("covidnet-redesign-quarter", "contrastive-demo", "contrastive-demo")


def write(folder: Path) -> None:
    """Write prepared scans of noise."""
    from elsewhere.imaging import store

    side = load(ROOT).inputs[DEMO[1]].stored_matrix
    dice = np.random.default_rng(0)
    for at in range(2 * SCANS):
        array = dice.integers(0, 255, (1, side, side), np.uint8)
        store.write(folder / f"{at:04d}{store.SUFFIX}", array)


def train(adam: str, folder: Path) -> None:
    """Train as `elsewhere train` does, on scans of noise."""
    import torch

    import elsewhere.steps.train  # noqa: F401  what the command loads
    from elsewhere.cohorts.cohort import Cohort
    from elsewhere.methods import loop, optimizer
    from elsewhere.methods.erm import cross_entropy
    from elsewhere.methods.fit import Budget
    from elsewhere.networks.network import build

    if adam == "torch's":
        optimizer.Adam = torch.optim.Adam  # type: ignore[misc]
    params = load(ROOT)
    network, row_input, budget = DEMO
    ids = tuple(f"{at:04d}" for at in range(2 * SCANS))
    labels = np.arange(SCANS, dtype=np.int64) % 2
    sites = {
        "a": Cohort("a", ids[:SCANS], ids[:SCANS], labels, folder),
        "b": Cohort("b", ids[SCANS:], ids[SCANS:], labels, folder),
    }
    training = params.budgets[budget].training.of_run(len(sites))
    torch.manual_seed(0)
    built = build(params.networks[network], params.inputs[row_input])
    unused = Budget(training, params.inputs[row_input], 0, folder / "checkpoint")
    loop.learn(built, sites, sites, unused, losses=[cross_entropy])


def timed(adam: str, folder: Path) -> tuple[float, float]:
    """Return wall and CPU seconds of a training in a process of its own."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, __file__, "--child", adam, str(folder)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT / "src")})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begun, cpu


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--child", nargs=2, metavar=("ADAM", "FOLDER"))
    args = parser.parse_args()
    if args.child:
        train(args.child[0], Path(args.child[1]))
        return
    found: dict[str, list[tuple[float, float]]] = {"ours": [], "torch's": []}
    with tempfile.TemporaryDirectory() as top:
        write(Path(top))
        for _ in range(args.turns):
            for adam, seconds in found.items():
                seconds.append(timed(adam, Path(top)))
    best = {adam: [min(times) for times in zip(*found[adam], strict=True)] for adam in found}
    rows = "".join(f"| {adam} | {wall:.1f} | {cpu:.1f} |\n" for adam, (wall, cpu) in best.items())
    ratios = [there / here for there, here in zip(best["torch's"], best["ours"], strict=True)]
    write_section(
        HEADING,
        f"{HEADING}\n\n`python benchmarks/optimizer_start.py`, {datetime.date.today()}, "
        f"{machine()}.\n"
        f"A whole training of the demo of `contrastive` on {2 * SCANS} scans of noise, in a "
        "process of its own, with `methods/optimizer.py` and with torch's own Adam in turns; the "
        f"best of {args.turns}.\n\n"
        f"| Adam | wall s | CPU s |\n|---|---:|---:|\n{rows}\n"
        f"Torch's beside ours: {ratios[0]:.2f} of the wall time, {ratios[1]:.2f} of the CPU "
        "time.\n",
    )


if __name__ == "__main__":
    main()

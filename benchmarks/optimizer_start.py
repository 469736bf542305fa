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

from elsewhere.design.params import Params, load
from results import machine, write_section

HEADING = "## Start of a training"
ROOT = Path(__file__).parents[1]
SCANS = 64  # of each of two sites
# study to the network, input and budget that its demo uses
DEMOS = {
    "contrastive": ("covidnet-redesign-quarter", "contrastive-demo", "contrastive-demo"),
    "nguyen2021": ("nguyen-cnn-demo", "nguyen-demo", "nguyen-demo"),
}


def write(folder: Path, params: Params, study: str) -> None:
    """Write prepared scans of noise."""
    from elsewhere.imaging import store

    row = params.inputs[DEMOS[study][1]]
    dice = np.random.default_rng(0)
    shape = (
        (row.depth, row.matrix, row.matrix) if row.kind == "volume" else (row.stored_matrix,) * 2
    )
    for at in range(2 * SCANS):
        array = dice.integers(0, 255, shape if len(shape) == 3 else (1, *shape))
        kind = np.int16 if row.kind == "volume" else np.uint8
        store.write(folder / f"{at:04d}{store.SUFFIX}", np.ascontiguousarray(array.astype(kind)))


def train(study: str, adam: str, folder: Path) -> None:
    """Train as `elsewhere train` does, on scans of noise."""
    import torch

    import elsewhere.steps.train  # noqa: F401  what the command loads
    from elsewhere.cohorts.cohort import Cohort
    from elsewhere.methods import loop
    from elsewhere.methods.erm import cross_entropy
    from elsewhere.methods.fit import Budget
    from elsewhere.networks.network import build

    if adam == "torch's":
        loop.Adam = torch.optim.Adam  # type: ignore[misc]
    params = load(ROOT / "params.yaml")
    network, row_input, budget = DEMOS[study]
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


def timed(study: str, adam: str, folder: Path) -> tuple[float, float]:
    """Return wall and CPU seconds of a training in a process of its own."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, __file__, "--child", study, adam, str(folder)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT / "src")})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begun, cpu


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--child", nargs=3, metavar=("STUDY", "ADAM", "FOLDER"))
    args = parser.parse_args()
    if args.child:
        study, adam, folder = args.child
        train(study, adam, Path(folder))
        return
    rows = ""
    for study in DEMOS:
        with tempfile.TemporaryDirectory() as top:
            write(Path(top), load(ROOT / "params.yaml"), study)
            found: dict[str, list[tuple[float, float]]] = {"ours": [], "torch's": []}
            for _ in range(args.turns):
                for adam, seconds in found.items():
                    seconds.append(timed(study, adam, Path(top)))
        rows += _row(study, found)
    write_section(
        HEADING,
        f"{HEADING}\n\n`python benchmarks/optimizer_start.py`, {datetime.date.today()}, "
        f"{machine()}.\n"
        f"One training of each demo on {2 * SCANS} scans of noise, in a process of its own, with "
        f"`methods/optimizer.py` and with torch's own Adam in turns; the best of {args.turns}.\n\n"
        "| demo | ours, wall s | ours, CPU s | torch's beside it, wall | torch's beside it, CPU |\n"
        f"|---|---:|---:|---:|---:|\n{rows}",
    )


def _row(study: str, found: dict[str, list[tuple[float, float]]]) -> str:
    ours, torchs = (
        [min(times) for times in zip(*found[adam], strict=True)] for adam in ("ours", "torch's")
    )
    return (
        f"| {study} | {ours[0]:.1f} | {ours[1]:.1f} | "
        f"{torchs[0] / ours[0]:.2f} | {torchs[1] / ours[1]:.2f} |\n"
    )


if __name__ == "__main__":
    main()

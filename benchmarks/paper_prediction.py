"""paper_prediction: time and memory of one paper-scale scan (A-16, A-49: 0.53 s on a V100)."""

from __future__ import annotations

import datetime
import resource
import time
from pathlib import Path

import numpy as np
import torch
from elsewhere.cohorts.windows import starts

from elsewhere.design.params import load
from elsewhere.methods.inference import probabilities
from elsewhere.networks.network import build
from results import machine, write_section

HEADING = "## Prediction of one paper-scale scan"
SLICES = 300


def main() -> None:
    params = load(Path(__file__).parents[1])
    row = params.inputs["nguyen-paper"]
    torch.manual_seed(0)
    network = build(params.networks["nguyen-cnn"], row)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    scan = np.random.default_rng(0).integers(0, 2000, (SLICES, row.matrix, row.matrix), np.int16)
    start = time.perf_counter()
    probabilities(network.to(device), scan, input=row, site=None, batch_size=1, device=device)
    wall_s = time.perf_counter() - start
    windows = len(starts(SLICES, depth=row.depth, stride=row.stride))
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    memory = f"{peak_gb:.1f} GB of host memory at most"
    if device.type == "cuda":
        memory += f", {torch.cuda.max_memory_allocated() / 1e9:.1f} GB on the device"
    text = (
        f"`python benchmarks/paper_prediction.py`, {datetime.date.today()}, {machine()}.\n"
        f"{SLICES} x {row.matrix} x {row.matrix} voxels, {windows} windows of {row.depth} slices, "
        f"on {name}, {torch.get_num_threads()} threads: {wall_s:.1f} s, {memory}.\n"
    )
    write_section(HEADING, f"{HEADING}\n\n{text}")


if __name__ == "__main__":
    main()

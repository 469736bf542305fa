"""training_step: images a second of the redesign at 224 x 224, beside a plain PyTorch loop."""

from __future__ import annotations

import argparse
import datetime
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from elsewhere.cohorts.cohort import Cohort
from elsewhere.design.params import load
from elsewhere.imaging import store
from elsewhere.methods.erm import cross_entropy
from elsewhere.methods.feed import batches
from elsewhere.methods.fit import Budget
from elsewhere.methods.loop import _Run
from elsewhere.networks.network import build
from results import machine, write_section

HEADING = "## Training step of the redesigned COVID-Net"
SCANS = 256
PARAMS = load(Path(__file__).parents[1])
INPUT = PARAMS.inputs["contrastive-paper"]


class Pictures(Dataset[tuple[torch.Tensor, int]]):
    """What torchvision's transforms do: decode, resize, crop, flip, normalise, every time."""

    def __init__(self, folder: Path) -> None:
        self.paths = sorted(folder.glob("*.png"))

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, at: int) -> tuple[torch.Tensor, int]:
        picture = Image.open(self.paths[at]).convert("RGB")
        scale = 256 / min(picture.size)
        size = tuple(round(side * scale) for side in picture.size)
        picture = picture.resize(size, Image.Resampling.BILINEAR)
        x, y = (int(torch.randint(0, side - 224 + 1, ())) for side in picture.size)
        image = torch.from_numpy(np.array(picture.crop((x, y, x + 224, y + 224))))
        image = image.permute(2, 0, 1).float() / 255
        for axis in (1, 2):
            image = image.flip(axis) if torch.rand(()) < 0.5 else image
        mean, sd = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])
        return (image - mean[:, None, None]) / sd[:, None, None], at % 2


def write(folder: Path) -> dict[str, Cohort]:
    """Write pictures of the real sites' usual size, and the same prepared."""
    dice = np.random.default_rng(0)
    for at in range(SCANS):
        small = Image.fromarray(dice.integers(0, 255, (60, 80), np.uint8))
        picture = small.resize((400, 300), Image.Resampling.BICUBIC)
        picture.save(folder / f"{at:04d}.png")
        side = INPUT.stored_matrix
        array = np.asarray(picture.resize((side, side)))[None]
        store.write(folder / f"{at:04d}{store.SUFFIX}", np.ascontiguousarray(array))
    ids = tuple(f"{at:04d}" for at in range(SCANS))
    half = SCANS // 2
    labels = np.arange(half, dtype=np.int64) % 2
    return {
        "a": Cohort("a", ids[:half], ids[:half], labels, folder),
        "b": Cohort("b", ids[half:], ids[half:], labels, folder),
    }


def plain(folder: Path, device: torch.device, workers: int) -> Iterator[None]:
    """Do a step of the usual loop at every `next`."""
    torch.manual_seed(0)
    network = build(PARAMS.networks["covidnet-redesign"], INPUT).to(device).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4, weight_decay=1e-7)
    while True:
        loader = DataLoader(
            Pictures(folder), batch_size=32, shuffle=True, num_workers=workers, drop_last=True
        )
        for images, labels in loader:
            loss = F.cross_entropy(network(images.to(device), None), labels.to(device))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
            optimizer.step()
            loss.item()
            yield


def ours(train: dict[str, Cohort], device: torch.device, threads: int) -> Iterator[None]:
    """Do an iteration of the training loop at every `next`."""
    row = PARAMS.budgets["contrastive-paper"].training
    row = row.model_copy(update={"device": device.type, "threads": threads})
    torch.manual_seed(0)
    network = build(PARAMS.networks["covidnet-redesign"], INPUT)
    run = _Run(network, Budget(row, INPUT, 0, Path("nowhere")))
    for batch in batches(train, run.budget, 0):
        run.step(batch, [cross_entropy])
        yield


def timed(steps: Iterator[None], count: int) -> float:
    """Return images a second."""
    begun = time.perf_counter()
    for _ in range(count):
        next(steps)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return 32 * count / (time.perf_counter() - begun)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=3, help="of each loop in a turn")
    parser.add_argument("--turns", type=int, default=3)
    args = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    threads = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top)
        loops = {"ours": ours(write(folder), device, threads)}
        for workers in (0, 2, 4) if device.type == "cuda" else (0, 2):
            loops[f"plain, {workers} workers"] = plain(folder, device, workers)
        for loop in loops.values():
            timed(loop, 8 if device.type == "cuda" else 1)  # caches, autotuning
        found: dict[str, list[float]] = {name: [] for name in loops}
        for _ in range(args.turns):
            for name, loop in loops.items():
                found[name].append(timed(loop, args.steps))
    best = {name: max(rates) for name, rates in found.items()}
    fastest = max(rate for name, rate in best.items() if name != "ours")
    rows = "".join(
        f"| {name} | {rate:.1f} | {best['ours'] / rate:.2f} |\n" for name, rate in best.items()
    )
    where = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {threads} threads"
    write_section(
        HEADING,
        f"{HEADING}\n\n`python benchmarks/training_step.py`, {datetime.date.today()}, "
        f"{machine()}.\n"
        f"224 x 224, batch 32, on {where}; loops in turns, the best of {args.turns}. Plain: PNG "
        "files decoded, resized, cropped and flipped for every batch, torch's own Adam.\n\n"
        f"| loop | images a second | ours beside it |\n|---|---:|---:|\n{rows}\n"
        f"Ours against the fastest plain loop: {best['ours'] / fastest:.2f}.\n",
    )


if __name__ == "__main__":
    main()

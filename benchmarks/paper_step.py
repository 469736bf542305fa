"""paper_step: how fast is a training at the paper's scale here, and what stands in its way?

    python benchmarks/paper_step.py                     # on a GPU: 128 x 512 x 512, 8 minutes
    python benchmarks/paper_step.py --device cpu        # 32 x 128 x 128

It needs torch, numpy, blosc2, pydantic, PyYAML and this package; timm for two rows. Each row is a
process of its own and is written to RESULTS.md at once, so that a run that is stopped still shows
what it found. Rows for which no time is left say so. How to read the table: docs/paper_scale.md.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

import paper_rows as rows
import torch
from paper_rows import Setting
from paper_traffic import moved

from results import machine, write_section

Row = Callable[[Setting], dict[str, Any]]
STEP = "step"  # rows whose share of the bandwidth limit is told begin with it
LOOSE = {"deterministic": False}


def table(device: str) -> dict[str, Row]:
    """Return the rows in order: first what decides most."""
    cuda = device == "cuda"
    step, other = rows.step, "fp32" if cuda else "bf16"
    wide = 32 if cuda else 4
    found: dict[str, Row] = {
        "copy on the device": rows.copy,
        "step": step,
        "step, fused": partial(step, fused=True),
        "step, recompute: cheap": partial(step, recompute="cheap"),
        "step, fused, recompute: cheap": partial(step, fused=True, recompute="cheap"),
        "step, recompute: blocks": partial(step, recompute="blocks"),
        "step, deterministic: false": partial(step, **LOOSE),
        "step, fused, deterministic: false": partial(step, fused=True, **LOOSE),
        f"step, {other}": partial(step, precision=other),
        "feed, scans from disk": partial(rows.feed, kept=False),
        "feed, scans in memory": partial(rows.feed, kept=True),
        "feed and step": rows.both,
        "feed and step, fused": partial(rows.both, fused=True),
        "validation, 4 scans": partial(rows.predicted, scans=4, batch_size=1),
        "prediction, 4 scans, batch 4": partial(rows.predicted, scans=4, batch_size=4),
        f"one scan, {rows.PASSES} Monte-Carlo passes": rows.passes,
        f"COVID-Net redesign, 224 x 224, batch {wide}": partial(
            rows.images, study="contrastive-paper", name="covidnet-redesign", size=wide
        ),
        f"DenseNet121, 224 x 224, batch {wide}": partial(
            rows.images, study="chestxray-paper-224", name="densenet121", size=wide
        ),
        f"InceptionResNetV2, 299 x 299, batch {wide}": partial(
            rows.images, study="chestxray-paper-299", name="inception-resnet-v2", size=wide
        ),
    }
    found["step, compile"] = partial(step, compile="compile")
    if cuda:
        found |= {
            "step, compile, deterministic: false": partial(step, compile="compile", **LOOSE),
            "step, cuda_graphs": partial(step, compile="cuda_graphs"),
        }
        found |= {f"step, batch {size}": partial(step, size=size) for size in (2, 4)}
    return found


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cuda = torch.cuda.is_available()
    parser.add_argument("--device", default="cuda" if cuda else "cpu", choices=["cpu", "cuda"])
    parser.add_argument("--depth", type=int, help="slices; 128 on CUDA, else 32")
    parser.add_argument("--side", type=int, help="512 on CUDA, else 128")
    parser.add_argument("--seconds", type=float, default=5.0, help="measured for each row")
    parser.add_argument("--minutes", type=float, default=8.0, help="for all rows")
    parser.add_argument("--row-minutes", type=float, default=1.5, help="for each row at most")
    parser.add_argument("--threads", type=int, default=min(16, os.cpu_count() or 1))
    parser.add_argument("--rows", help="only rows that contain one of these, separated by ;")
    parser.add_argument("--print-only", action="store_true", help="leave RESULTS.md alone")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    chosen.depth = chosen.depth or (128 if chosen.device == "cuda" else 32)
    chosen.side = chosen.side or (512 if chosen.device == "cuda" else 128)
    return chosen


def setting_of(a: argparse.Namespace) -> Setting:
    return Setting(a.device, a.depth, a.side, a.seconds, a.threads, a.folder)


def measure(a: argparse.Namespace, name: str, seconds: float) -> dict[str, Any]:
    """Measure a row in a process of its own; what it cannot do is its result."""
    sizes = {name: getattr(a, name) for name in ("device", "depth", "side", "seconds", "threads")}
    options = [part for key, value in sizes.items() for part in (f"--{key}", str(value))]
    command = [sys.executable, __file__, "--row", name, "--folder", str(a.folder), *options]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return {"note": f"stopped after {seconds:.0f} s"}
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
        return {"note": f"failed: {lines[-1][:160]}"}
    outcome: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return outcome


def line(a: argparse.Namespace, name: str, outcome: dict[str, Any], rate: float | None) -> str:
    share = ""
    if rate and "ms" in outcome and name.startswith(STEP) and "batch" not in name:
        half = ("bf16" in name) == (a.device == "cpu") and "fp32" not in name
        least = sum(moved(a.depth, a.side, size=2 if half else 4, way="fused").values())
        spent = outcome["ms" if a.device == "cuda" else "cpu_ms"]
        share = f"{least / rate / spent * 1e3:.0%}"
    cells = [f"{outcome[key]:.1f}" if key in outcome else "" for key in ("ms", "cpu_ms")]
    peak = f"{outcome['peak_gb']:.2f}" if "peak_gb" in outcome else ""
    note = str(outcome["note"]).replace("|", "/")
    return f"| {name} | {' | '.join(cells)} | {peak} | {share} | {note} |"


def main() -> None:
    a = arguments()
    if a.row:
        print(json.dumps(table(a.device)[a.row](setting_of(a))))
        return
    deadline = time.monotonic() + 60 * a.minutes
    card = torch.cuda.get_device_name() if a.device == "cuda" else "a CPU"
    size = f"{a.depth} x {a.side} x {a.side}"
    heading = f"## Step at paper scale, on {card}, {size}"
    cuda = a.device == "cuda"
    intro = (
        f"`{' '.join(['python benchmarks/paper_step.py', *sys.argv[1:]])}`, "
        f"{datetime.date.today()}, {machine()}, torch {torch.__version__}, {a.threads} threads.\n"
        "Median times of one call, batch 1 unless said; CPU: time of processors. Limit: the least "
        "bytes that a step moves (`benchmarks/paper_traffic.py`, fused) at the rate of the copy, "
        f"as a share of its time{'' if cuda else ' of processors'}. Without another word a "
        f"step is {'bf16' if cuda else 'fp32'} and deterministic.\n\n"
        "| what | ms | CPU, ms | peak, GB | limit | note |\n|---|---:|---:|---:|---:|---|"
    )
    lines: list[str] = []
    print(f"{heading}\n\n{intro}", flush=True)
    wanted = a.rows.split(";") if a.rows else [""]
    rate: float | None = None
    with tempfile.TemporaryDirectory() as folder:
        a.folder = Path(folder)
        rows.write_scans(setting_of(a))
        for name in table(a.device):
            if not any(part in name for part in wanted):
                continue
            left = deadline - time.monotonic()
            skipped = {"note": "skipped: the time for all rows is over, see --minutes"}
            most = min(left, 60 * a.row_minutes)
            outcome = measure(a, name, most) if left > a.seconds else skipped
            rate = outcome.get("bytes_a_second", rate)
            lines.append(line(a, name, outcome, rate))
            print(lines[-1], flush=True)
            if not a.print_only:
                write_section(heading, "\n".join([heading, "", intro, *lines]) + "\n")


if __name__ == "__main__":
    main()

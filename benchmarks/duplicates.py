"""duplicates: time and memory of comparing every scan of a study with every other."""

from __future__ import annotations

import argparse
import datetime
import subprocess
import sys
import time

import numpy as np
import pandas as pd

from elsewhere.cohorts.duplicates import find
from elsewhere.imaging import signature
from results import machine, most_memory, write_section

HEADING = "## Near-duplicates among all scans of a study"
SIZES = (10_000, 20_000, 40_000)
PAPER = 340_693  # radiographs of `chestxray`: of MIMIC-CXR-JPG the test part alone


def scans(count: int) -> pd.DataFrame:
    """Draw signatures of as many patients; every thousandth scan has a copy."""
    packed = np.random.default_rng(0).integers(-127, 128, (count, signature.LENGTH), dtype=np.int8)
    packed[1::1000] = packed[::1000]
    keys = [f"{number:016x}" for number in range(count)]
    return pd.DataFrame(
        {
            "site": "a",
            "scan_id": keys,
            "patient_id": keys,
            "n_slices": 1,
            "volume_sha256": [f"{number:064x}" for number in range(count)],
            "signature": [row.tobytes() for row in packed],
        }
    )


def one(count: int) -> None:
    """Print wall seconds, and the most memory in GB, of a cohort of this size."""
    table = scans(count)
    begun = time.perf_counter()
    found = find(table, similarity=0.7)
    spent = time.perf_counter() - begun
    if found.n_near != count // 1000:
        raise AssertionError(f"{found.n_near} pairs found, {count // 1000} are there")
    print(spent, most_memory() / 1e9)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    wanted = parser.parse_args().one
    if wanted:
        one(wanted)
        return
    rows, seconds = [], 0.0
    for size in SIZES:
        command = [sys.executable, __file__, "--one", str(size)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        seconds, memory = map(float, printed.split())
        rows.append(f"| {size:,} | {seconds:.1f} | {memory:.2f} |\n")
    hours = seconds * (PAPER / SIZES[-1]) ** 2 / 3600
    about = (
        f"`python benchmarks/duplicates.py`, {datetime.date.today()}, {machine()}.\n"
        "Drawn signatures; time grows with the square of the scans, memory with the scans. "
        f"By the last row the {PAPER:,} radiographs of `chestxray` at scale paper would take "
        f"{hours:.1f} h on this machine (not run).\n\n"
        "| scans | s | peak, GB |\n|---:|---:|---:|\n"
    )
    write_section(HEADING, f"{HEADING}\n\n{about}{''.join(rows)}\n")


if __name__ == "__main__":
    main()

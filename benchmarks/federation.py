"""federation: what a round costs beside the training, by the size of the network."""

from __future__ import annotations

import argparse
import datetime
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from elsewhere.federation.adder import Adder
from elsewhere.federation.hospital import Hospital
from elsewhere.federation.in_process import introduce, run_round
from elsewhere.federation.local_rounds import Trained
from elsewhere.federation.terms import Plan, Terms
from results import machine, most_memory, write_section

HEADING = "## A round of a federation"
ROOT = Path(__file__).parents[1]
COUNTS = {"main": 640, "optical": 182, "sino": 193}
# values of the network of the study `ucadi`, with its statistics; of one of 12.8 M parameters
SIZES = (729_964, 12_800_000)


class Noise:
    """Trains nothing: answers with other weights at once."""

    def __init__(self, site: str, size: int) -> None:
        self.count, self.size = COUNTS[site], size

    def initial(self) -> np.ndarray:
        return np.zeros(self.size, np.float32)

    def train(self, weights: np.ndarray, *, number: int, memory: bytes) -> Trained:
        dice = np.random.default_rng([self.count, number])
        moved = weights + 0.05 * dice.standard_normal(self.size, np.float32)
        return Trained(moved.astype(np.float32), self.count, b"", 0.0)


def measure(encryption: str, size: int) -> None:
    """Print costs of the second round, whose key is made, and the error of the mean."""
    terms = Terms(encryption=encryption, weighting="scans", fraction_bits=20, min_sites=3)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as top:
        homes = {site: Path(top) / site for site in COUNTS}
        introduce(homes)
        adder = Adder(Path(top) / "adder", Plan(tuple(COUNTS), 2), terms=terms)
        hospitals = {
            site: Hospital(homes[site], site, terms=terms, trainer=Noise(site, size))
            for site in COUNTS
        }
        run_round(adder, hospitals)
        traffic = run_round(adder, hospitals)
        got = hospitals["main"].model(adder.model_request("main"))
        trained = [hospital.rounds.read(2)[0] for hospital in hospitals.values()]
        total = sum(one.count for one in trained)
        exact = sum(one.weights.astype(np.float64) * one.count for one in trained) / total
        print(
            traffic.encrypt_seconds / len(COUNTS), traffic.add_seconds,
            traffic.decrypt_seconds / len(COUNTS), traffic.bytes_up / len(COUNTS) / 1e6,
            traffic.bytes_down / len(COUNTS) / 1e6, float(np.abs(got - exact).max()),
            most_memory() / 1e9,
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--child", nargs=2, metavar=("ENCRYPTION", "VALUES"))
    args = parser.parse_args()
    if args.child:
        measure(args.child[0], int(args.child[1]))
        return
    rows = ""
    for size in SIZES:
        for encryption in ("none", "bfv"):
            command = [sys.executable, __file__, "--child", encryption, str(size)]
            environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
            done = subprocess.run(
                command, check=True, capture_output=True, text=True, env=environment
            )
            encrypt, add, decrypt, up, down, error, memory = map(float, done.stdout.split())
            rows += (
                f"| {size:,} | {encryption} | {encrypt:.2f} | {add:.2f} | {decrypt:.2f} "
                f"| {up:.1f} | {down:.1f} | {error:.0e} | {memory:.1f} |\n"
            )
    write_section(
        HEADING,
        f"{HEADING}\n\n`python benchmarks/federation.py`, {datetime.date.today()}, {machine()}.\n"
        f"Three hospitals and the adder in one process, one thread, the second round, training not "
        "counted. CPU seconds and MB are of one hospital, those of the adder of all three; "
        "encrypting includes masks and keys. The error is the largest against the mean in "
        "float64.\n\n"
        "| values | encryption | encrypt s | add s | decrypt s | up MB | down MB | error | "
        f"memory GB |\n|---:|---|---:|---:|---:|---:|---:|---:|---:|\n{rows}",
    )


if __name__ == "__main__":
    main()

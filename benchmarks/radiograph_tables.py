"""radiograph_tables: time and memory of the tables of a site as large as MIMIC-CXR-JPG."""

from __future__ import annotations

import argparse
import datetime
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from elsewhere.cohorts import groups
from elsewhere.design.job import Job
from elsewhere.design.params import load
from elsewhere.scores import predictions
from elsewhere.sites import findings, manifest
from elsewhere.sites.mimic_cxr_jpg import MimicCxrJpg
from elsewhere.steps import score, split
from results import machine, most_memory, write_section

HEADING = "## Tables of 377,110 radiographs"
SCANS, STUDIES, PATIENTS = 377_110, 227_835, 65_379
STUDY = "chestxray"
EXTERNAL = "mimic-cxr-jpg"
SECONDS, BYTES = 120, 2e9  # what each step may take
STATES = ("", "1.0", "0.0", "-1.0")  # as the publisher writes findings.STATES below
NAMED = ("blank", "positive", "negative", "uncertain")
SHARES = (0.78, 0.10, 0.09, 0.03)


@dataclass(frozen=True)
class Drawn:
    """What stands in the tables: the patient and study of each scan, the findings of each study."""

    patient: np.ndarray
    study: np.ndarray
    states: np.ndarray  # [studies, 14], indices of STATES


def hexes(rng: np.random.Generator, count: int, digits: int) -> list[str]:
    text = rng.bytes(count * digits // 2).hex()
    return [text[at : at + digits] for at in range(0, len(text), digits)]


def drawn(rng: np.random.Generator) -> Drawn:
    """Draw a few patients with very many studies and many with one, as in a hospital."""
    of_study = rng.exponential(size=PATIENTS).cumsum()
    owner = np.searchsorted(of_study / of_study[-1], rng.random(STUDIES - PATIENTS))
    patients = np.sort(np.concatenate([np.arange(PATIENTS), owner]))
    studies = np.concatenate([np.arange(STUDIES), rng.integers(STUDIES, size=SCANS - STUDIES)])
    studies = np.sort(studies)
    states = rng.choice(len(STATES), (STUDIES, len(findings.CHEXPERT_LABELS)), p=SHARES)
    return Drawn(patients[studies], studies, states)


def texts(states: np.ndarray) -> np.ndarray:
    """Return the findings of each study as the manifest has them."""
    names = list(findings.CHEXPERT_LABELS.values())
    cells = [[f"{name}={state}" for state in NAMED] for name in names]
    order = sorted(range(len(names)), key=names.__getitem__)
    return np.array([";".join(cells[i][row[i]] for i in order) for row in states], dtype=object)


def manifest_of(what: Drawn, rng: np.random.Generator) -> pd.DataFrame:
    n = SCANS
    same = {
        "patient_key": "published",
        "site": "mimic",
        "sub_site": "unknown",
        "category": "radiograph",
        "publisher_part": "train",
        "sex": "unknown",
        "manufacturer": "unknown",
        "kernel": "unknown",
        "contrast": "unknown",
        "spacing_z_mm": np.nan,
        "spacing_y_mm": np.nan,
        "spacing_x_mm": np.nan,
        "affine": "",
        "n_slices": 1,
        "n_files": 1,
        "value_scale": "0-255",
        "colour_mode": "grey",
        "bits_stored": 8,
        "value_min": 0,
        "value_max": 255,
        "source_format": "JPEG",
        "repairs": "",
        "flags": "",
        "synthetic": True,
        "age": np.nan,
    }
    people = np.array(hexes(rng, PATIENTS, 16), dtype=object)
    scans = hexes(rng, n, 16)
    own = {
        "scan_id": scans,
        "patient_id": people[what.patient],
        "label": pd.array([pd.NA] * n, dtype="Int64"),
        "findings": texts(what.states)[what.study],
        "view": rng.choice(["PA", "AP", "lateral", "unknown"], n, p=[0.26, 0.39, 0.31, 0.04]),
        "study_day": pd.array(rng.integers(0, 2000, n), dtype="Int64"),
        "rows": rng.integers(2000, 3056, n),
        "columns": rng.integers(2000, 3056, n),
        "source_path": [f"files/p10/p10000000/s50000000/{one}.jpg" for one in scans],
        "volume_sha256": hexes(rng, n, 64),
    }
    return pd.DataFrame({**same, **own})[[*manifest.COLUMNS]]


def write_groups(frame: pd.DataFrame, path: Path, rng: np.random.Generator) -> None:
    """Connect a thousand patients in pairs, half of them with another site too."""
    people = rng.choice(frame["patient_id"].unique(), 1000, replace=False)
    pairs = pd.DataFrame({"patient_id": people, "group": np.repeat(hexes(rng, 500, 16), 2)})
    groups.write(pairs.assign(across_sites=np.arange(1000) < 500), path)


def write_tables(what: Drawn, root: Path, rng: np.random.Generator) -> None:
    """Write the publisher's three tables."""
    subject, study = what.patient + 10_000_000, what.study + 50_000_000
    dicom = ["-".join(one[at : at + 8] for at in range(0, 40, 8)) for one in hexes(rng, SCANS, 40)]
    images = pd.DataFrame({"dicom_id": dicom, "subject_id": subject, "study_id": study})
    view = rng.choice(["PA", "AP", "LATERAL", "LL", ""], SCANS)
    part = rng.choice(["train", "validate", "test"], SCANS, p=[0.978, 0.008, 0.014])
    labels = dict(zip(findings.CHEXPERT_LABELS, np.array(STATES)[what.states].T, strict=True))
    of_studies = images.drop_duplicates("study_id")[["subject_id", "study_id"]]
    made = {
        "metadata": images.assign(ViewPosition=view, StudyDate=21800101),
        "split": images.assign(split=part),
        "chexpert": of_studies.assign(**labels),
    }
    for name, frame in made.items():
        path = root / f"mimic-cxr-2.0.0-{name}.csv.gz"
        frame.to_csv(path, index=False, compression={"method": "gzip", "compresslevel": 1})


def predicted(frame: pd.DataFrame, part: str, rng: np.random.Generator) -> pd.DataFrame:
    """Return a row a scan and finding of one run."""
    rows = []
    for name in load_study().findings.labels:
        label = frame["findings"].str.contains(f"{name}=positive").to_numpy(np.int64)
        logits = (rng.normal(size=len(frame)) + 1.2 * label).astype(np.float32)
        one = 1 / (1 + np.exp(-logits.astype(np.float64)))
        rows.append(
            frame[["scan_id", "patient_id"]].assign(
                finding=name, label=label, probability_0=1 - one, probability_1=one
            )
        )
    found = pd.concat(rows, ignore_index=True)
    return found.assign(fold=0, seed=0, part=part, window_start=0, mc_probability=[[]] * len(found))


def load_study():
    return load(Path(__file__).parents[1]).studies[STUDY]


def make(folder: Path) -> None:
    """Write everything that the steps read."""
    rng = np.random.default_rng(0)
    what = drawn(rng)
    frame = manifest_of(what, rng)
    frame.to_parquet(folder / "rows.parquet", index=False)
    manifest.write(frame, folder / "manifest.parquet")
    write_groups(frame, folder / "groups.csv", rng)
    write_tables(what, folder, rng)
    metadata = {"status": "ok", "patient_key": "published", "selection": "validation AUC"}
    metadata["findings"] = ";".join(load_study().findings.labels)
    tenth = frame[frame["patient_id"].isin(frame["patient_id"].unique()[: PATIENTS // 10])]
    for name, rows, part in (("test", frame, "test"), ("training", tenth, "validation")):
        found = predicted(rows, part, rng)
        predictions.write(found, folder / f"{name}.parquet", metadata=metadata)


def write_and_read(folder: Path) -> None:
    manifest.write(pd.read_parquet(folder / "rows.parquet"), folder / "again.parquet")
    assert len(manifest.read(folder / "again.parquet")) == SCANS


def records(folder: Path) -> None:
    found = MimicCxrJpg().records(folder)
    assert len(found) == SCANS
    assert not found["problem"].any()


def divide(folder: Path, site: str) -> None:
    study = load_study()
    rows = {name: name for name in study.scales["paper"].sites}
    settings = split.Settings(study.split, study.findings, study.external, rows)
    inputs = {"manifest": folder / "manifest.parquet", "groups": folder / "groups.csv"}
    outputs = {"split": folder / f"{site}.csv", "gate": folder / f"{site}.gate.json"}
    split.run(Job("split", {"study": STUDY, "site": site}, inputs, outputs), settings)


def keep(folder: Path) -> None:
    table, metadata = predictions.read(folder / "test.parquet")
    predictions.write(table, folder / "test-again.parquet", metadata=metadata)


def judge(folder: Path) -> None:
    names = {"study": STUDY, "arm": "chexpert-densenet121", "site": EXTERNAL}
    inputs = {
        "test": folder / "test.parquet",
        "training": {"chexpert": folder / "training.parquet"},
    }
    job = Job("score", names, inputs, {"metrics": folder / "metrics.json"})
    score.run(job, score.Settings(load_study().scoring))


STEPS: dict[str, Callable[[Path], None]] = {
    "the publisher's tables to records": records,
    "manifest written and read": write_and_read,
    "split, holdout": lambda folder: divide(folder, "chexpert"),
    "split, external": lambda folder: divide(folder, EXTERNAL),
    "predictions of five findings read and written": keep,
    "score, five findings": judge,
}


def alone(name: str, folder: Path) -> tuple[float, float, float]:
    """Run a step in a process of its own; return its seconds, those of processors, its bytes."""
    start = time.perf_counter()
    command = [sys.executable, __file__, "--one", name, str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    cpu_s, peak = done.stdout.splitlines()[-1].split()
    return time.perf_counter() - start, float(cpu_s), float(peak)


def measured(folder: Path) -> list[str]:
    alone("make", folder)
    rows = []
    for name in STEPS:
        wall_s, cpu_s, peak = alone(name, folder)
        within = "yes" if wall_s < SECONDS and peak < BYTES else "no"
        rows.append(f"| {name} | {wall_s:.1f} | {cpu_s:.1f} | {peak / 1e9:.2f} | {within} |")
        print(rows[-1], flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    wanted = parser.parse_args().one
    if wanted:
        {"make": make, **STEPS}[wanted[0]](Path(wanted[1]))
        print(time.process_time(), most_memory())
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = measured(Path(folder))
    about = (
        f"`python benchmarks/radiograph_tables.py`, {datetime.date.today()}, {machine()}.\n"
        f"Generated tables: {SCANS:,} radiographs of {STUDIES:,} studies of {PATIENTS:,} patients, "
        f"14 findings each; settings of the study {STUDY}. Each step in a process of its own: "
        "seconds with its start, seconds of processors, and the most memory it holds. Within: "
        f"under {SECONDS // 60} minutes and {BYTES / 1e9:.0f} GB.\n\n"
        "| step | s | CPU, s | peak, GB | within |\n|---|---:|---:|---:|---|\n"
    )
    write_section(HEADING, f"{HEADING}\n\n{about}{chr(10).join(rows)}\n")


if __name__ == "__main__":
    main()

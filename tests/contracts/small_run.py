"""A small run without a workflow: one site of images, split, trained, predicted and scored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from elsewhere.cohorts import groups
from elsewhere.design.augmentations.image import ImageAugmentation
from elsewhere.design.budgets import Prediction, Training
from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.job import Job
from elsewhere.design.methods.erm import Erm
from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.design.scoring import Scoring
from elsewhere.design.split import Split
from elsewhere.imaging import store
from elsewhere.scores import predictions
from elsewhere.sites import manifest
from elsewhere.steps import predict, score, split, train

SPLIT = Split(kind="holdout", folds=1, test=0.4, validation=0.2, seed=3)
INPUT = ImageInput(kind="image", matrix=32, stored_matrix=32, channels=1, normalise="image")
NETWORK = CovidnetRedesign(
    kind="covidnet_redesign",
    activation="relu",
    width=0.0625,
    dense_features=(16, 8),
    averaged="stage",
)
TRAINING = Training(
    device="cpu", precision="fp32", iterations=6, batch_size=4, sampling="pooled",
    learning_rate=1e-3, weight_decay=0.0, schedule="constant", clip_gradient=None,
    validate_every=3, ties="first", checkpoint_minutes=0, threads=1,
    augmentation=ImageAugmentation(
        kind="image", crop=False, flip_vertical=0.5, flip_horizontal=0.0
    ),
)  # fmt: skip
PREDICTION = Prediction(
    device="cpu", precision="fp32", mc_passes=0, mc_dropblock=False, batch_size=4, threads=1
)


def table(labels: list[int]) -> pd.DataFrame:
    """A manifest of one scan a patient."""
    n = len(labels)
    ids = [f"{number:016x}" for number in range(n)]
    return pd.DataFrame(
        {
            "scan_id": ids, "patient_id": [f"{1 << 40 | i:016x}" for i in range(n)],
            "patient_key": "published", "site": "a", "sub_site": "unknown", "label": labels,
            "category": [str(label) for label in labels], "findings": "", "view": "none",
            "publisher_part": "", "sex": "F", "age": 50.0, "study_day": 0,
            "manufacturer": "x", "kernel": "k", "contrast": "no", "spacing_z_mm": 1.0,
            "spacing_y_mm": 1.0, "spacing_x_mm": 1.0, "affine": "", "n_slices": 1, "rows": 32,
            "columns": 32, "n_files": 1, "value_scale": "grey", "colour_mode": "grey",
            "bits_stored": 8, "value_min": 0, "value_max": 255, "source_path": ids,
            "source_format": "PNG", "repairs": "", "flags": "", "synthetic": True,
            "volume_sha256": [f"{number:064x}" for number in range(n)],
        }
    )  # fmt: skip


def write_site(root: Path, labels: list[int]) -> dict[str, Any]:
    """A site whose classes differ in brightness: manifest, groups, index and arrays."""
    scans = table(labels)
    manifest.write(scans, root / "manifest.parquet")
    groups.write(pd.DataFrame(columns=["patient_id", "group", "across_sites"]), root / "groups.csv")
    dice = np.random.default_rng(5)
    (root / "arrays").mkdir()
    for scan, label in zip(scans["scan_id"], labels, strict=True):
        array = dice.integers(0, 90, (1, 32, 32)).astype(np.uint8)
        array[:, :, 16:] += np.uint8(60 * label)
        store.write(root / "arrays" / f"{scan}{store.SUFFIX}", array)
    scans[["scan_id", "patient_id", "label"]].to_parquet(root / "index.parquet")
    return {"index": root / "index.parquet", "arrays": root / "arrays", "split": root / "split.csv"}


def jobs(root: Path, files: dict[str, Any]) -> dict[str, Job]:
    """The jobs of one arm trained and tested on one site."""
    names = {"study": "s", "arm": "a", "site": "here", "run": "0-0"}
    model = {name: root / name for name in ("model", "history", "record", "cost")}
    cell = root / "predictions.parquet"
    return {
        "split": Job(
            "split", names,
            {"manifest": root / "manifest.parquet", "groups": root / "groups.csv"},
            {"split": files["split"], "gate": root / "gate.json"},
        ),
        "train": Job("train", names, {k: {"here": v} for k, v in files.items()}, model),
        "predict": Job(
            "predict", names,
            {**files, "model": {"0-0": model["model"]}, "record": {"0-0": model["record"]}},
            {"predictions": cell, "cost": root / "predict_cost"},
        ),
        "score": Job(
            "score", names, {"test": cell, "training": {"here": cell}},
            {"metrics": root / "metrics.json"},
        ),
    }  # fmt: skip


def run_all(
    root: Path, labels: list[int] | None = None, classes: tuple[str, ...] = (), by: str = "accuracy"
) -> dict[str, Any]:
    """Split, train, predict and score; return what the steps wrote."""
    files = write_site(root, labels or [number % 2 for number in range(20)])
    todo = jobs(root, files)
    method, training = Erm(kind="erm"), TRAINING.model_copy(update={"select_by": by})
    split.run(todo["split"], split.Settings(SPLIT, classes=classes))
    train.run(
        todo["train"], train.Settings(method, NETWORK, INPUT, training, "validation", classes)
    )
    applied = predict.Settings(method, NETWORK, INPUT, PREDICTION, classes=classes)
    predict.run(todo["predict"], applied)
    scoring = Scoring(threshold_from="training_sites", confidence=0.95, bootstrap=50, seed=0)
    score.run(todo["score"], score.Settings(scoring))
    rows, about = predictions.read(root / "predictions.parquet")
    return {
        "split": files["split"].read_text(encoding="utf-8"),
        "history": pd.read_csv(root / "history").to_dict("list"),
        "metadata": about,
        "predictions": rows.drop(columns="mc_probability").to_dict("list"),
        "metrics": json.loads((root / "metrics.json").read_text(encoding="utf-8")),
    }

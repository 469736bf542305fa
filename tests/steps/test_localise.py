"""The localise step on volumes of two sites; its numbers against scikit-learn and counting."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import jaccard_score, roc_auc_score

from elsewhere.cohorts.view import view
from elsewhere.design.budgets import Prediction
from elsewhere.design.inputs.slices import Draw, SlicesInput
from elsewhere.design.job import Job
from elsewhere.design.methods.erm import Erm
from elsewhere.design.networks.densenet3d import Densenet3d
from elsewhere.design.scoring import Scoring
from elsewhere.files import write_rows
from elsewhere.imaging import outline_values, store
from elsewhere.methods import gradcam
from elsewhere.networks import weights
from elsewhere.networks.network import build
from elsewhere.scores import localised, predictions
from elsewhere.scores.localisation import AUC, CHANCE, POINTING
from elsewhere.steps import localise, outline, predict

CLASSES = ("healthy", "COVID-19", "bacterial")
DRAW = Draw(up_to=None, interval=1, first=0, margin=8)
INPUT = SlicesInput(
    kind="slices", matrix=16, depth=8, draws=2, average="probabilities", clip_min_hu=-1200,
    clip_max_hu=600, mean_hu=-600.0, sd_hu=500.0, train=(DRAW,), test=(DRAW,), seed=0,
)  # fmt: skip
NETWORK = Densenet3d.model_validate(
    {"kind": "densenet3d", "first_filters": 4, "growth": 4, "bottleneck": 1, "layers": [1, 1],
     "compression": 2, "slope": 0.1, "dropblock_size": 3, "dropblock_rate": 0.0,
     "last_dropblock_rate": 0.0, "last_dropblock_steps": 1}
)  # fmt: skip
APPLIED = {
    "method": Erm(kind="erm"), "network": NETWORK, "input": INPUT, "classes": CLASSES,
    "prediction": Prediction(
        device="cpu", precision="fp32", mc_passes=0, mc_dropblock=False, batch_size=3, threads=1
    ),
}  # fmt: skip
SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=100, seed=0)
SETTINGS = localise.Settings(**APPLIED, scans=1, seed=0, scoring=SCORING)
SCANS, OUTLINED, FLAGGED = 9, (2, 3, 4, 5, 7), 4


def write_site(folder: Path, site: str, outlined: tuple[int, ...]) -> dict[str, Path]:
    rng = np.random.default_rng([*site.encode()])
    for name in ("arrays", "outlines"):
        (folder / name).mkdir(parents=True)
    index = pd.DataFrame({"scan_id": [f"{number:04d}{site * 4}"[:16] for number in range(SCANS)]})
    index["patient_id"] = [f"{site}{number // 2}" for number in range(SCANS)]
    index["label"] = [number % 3 for number in range(SCANS)]
    rows = []
    for number, scan in enumerate(index["scan_id"]):
        array = rng.integers(0, 1800, (14, 16, 16)).astype(np.int16)
        store.write(folder / "arrays" / f"{scan}{store.SUFFIX}", array)
        if number in outlined:
            made = np.where(
                rng.uniform(size=array.shape) < 0.5, outline_values.LUNG, outline_values.OUTSIDE
            )
            made[: 1 if number == 7 else 14, 4:9, 4:9] = outline_values.LESION
            if number == 7:  # a lesion that no draw from slice 1 on shows
                made[0] = outline_values.LESION
            store.write(folder / "outlines" / f"{scan}{store.SUFFIX}", made.astype(np.uint8))
            rows.append({"scan_id": scan})
    write_rows([*rows, {"reason": "mask_shape"}], folder / "outlined.csv", columns=outline.COLUMNS)
    index.to_parquet(folder / "index.parquet")
    flags = ["burned_in" if number == FLAGGED else "" for number in range(SCANS)]
    index.assign(flags=flags).to_parquet(folder / "manifest.parquet")
    index.assign(fold=0, part="test").to_csv(folder / "split.csv", index=False)
    files = {"index": "index.parquet", "arrays": "arrays", "split": "split.csv"}
    files |= {"manifest": "manifest.parquet", "outlined": "outlined.csv", "outlines": "outlines"}
    return {name: folder / file for name, file in files.items()}


def make(folder: Path, *, status: str = "ok") -> Job:
    torch.manual_seed(3)
    weights.save(build(NETWORK, INPUT, outputs=3), folder / "model.safetensors")
    record = {"status": status, "reason": "no data here", "n_train": {"x": 5}, "selection": "last"}
    (folder / "run.json").write_text(json.dumps(record))
    model = {"model": {"0-7": folder / "model.safetensors"}, "record": {"0-7": folder / "run.json"}}
    inputs: dict = {}
    for site, outlined in (("here", OUTLINED), ("away", ())):
        files = write_site(folder / site, site, outlined)
        outputs = {name: folder / site / name for name in ("predictions", "cost")}
        three = {name: files[name] for name in ("index", "arrays", "split")}
        cell = Job("predict", {"study": "s", "arm": "a", "site": site}, model | three, outputs)
        predict.run(cell, predict.Settings(**APPLIED))
        for name, path in (files | {"predictions": outputs["predictions"]}).items():
            inputs.setdefault(name, {})[site] = path
    names = ("localised", "localised_scans", "localised_examples")
    outputs = {name: folder / name for name in names}
    return Job("localise--s--a", {"study": "s", "arm": "a"}, model | inputs, outputs)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, pd.DataFrame, dict]:
    job = make(tmp_path_factory.mktemp("localise"))
    localise.run(job, SETTINGS)
    scans = pd.read_csv(job.outputs["localised_scans"], dtype={"scan_id": str})
    return job, scans, json.loads(job.outputs["localised"].read_text())


def test_numbers_of_a_scan_are_those_of_scikit_learn(done) -> None:
    job, scans, record = done
    network = build(NETWORK, INPUT, outputs=3)
    weights.load(network, job.paths("model")["0-7"])
    network.eval()
    rows, _ = predictions.read(job.paths("predictions")["here"])
    firsts = rows.drop_duplicates("scan_id").set_index("scan_id")["window_start"]
    called = rows.loc[rows.groupby("scan_id")["probability_1"].idxmax()].set_index("scan_id")
    assert len(scans) == len(OUTLINED)
    layer = record["sites"]["here"]["layer"]
    checked = 0
    for scan in scans.to_dict("records"):
        name, first = f"{scan['scan_id']}{store.SUFFIX}", int(firsts[scan["scan_id"]])
        assert CLASSES[scan["called"]] == called.loc[scan["scan_id"], "finding"]
        window = view(INPUT).window(store.read(job.paths("arrays")["here"] / name), first=first)
        heat = gradcam.maps(network, window[None], site=None, layer=layer)
        found = heat[0].numpy().astype(np.float64)
        seen = store.read(job.paths("outlines")["here"] / name)[first : first + 8]
        lesion, lungs = seen == outline_values.LESION, seen > 0
        if not lesion.any():
            assert scan["reason"] == localised.NOT_SEEN
            continue
        checked += 1
        assert scan[CHANCE] == pytest.approx(lesion[lungs].mean())
        assert scan[AUC] == pytest.approx(roc_auc_score(lesion[lungs], found[lungs]), abs=1e-3)
        assert scan[POINTING] == float(lesion.ravel()[found.argmax()])
        above = found >= 0.5 * found.max()
        overlap = jaccard_score(lesion.ravel(), above.ravel())
        assert scan["IoU at 0.5"] == pytest.approx(overlap, abs=0.01)
    assert checked >= len(OUTLINED) - 1


def test_the_record_counts_masks_and_says_what_has_no_number(done) -> None:
    _, scans, record = done
    here, away = record["sites"]["here"], record["sites"]["away"]
    assert here["masks"] == {"used": len(OUTLINED), "mask_shape": 1}
    assert away["absent"] == "no test scan has a mask that can be used"
    known = scans[scans["reason"].isna()]
    rows = {(row["scans"], row["quantity"]): row for row in here["rows"]}
    assert rows["all", AUC]["value"] == pytest.approx(known[AUC].mean())
    right = known[known["right"] == 1]
    assert rows["right", AUC]["n_scans"] == len(right)
    assert here["not_seen"] == len(scans) - len(known)


def test_no_flagged_scan_is_shown(done) -> None:
    job, scans, _ = done
    found = localised.read(
        job.outputs["localised"], examples=job.outputs["localised_examples"]
    ).examples
    flagged = f"{FLAGGED:04d}{'here' * 4}"[:16]
    assert flagged in set(scans["scan_id"])
    assert not found.empty
    assert flagged not in set(found["scan_id"])
    assert found.groupby("label").size().max() == 1


def test_a_model_that_was_not_made_is_told(tmp_path: Path) -> None:
    job = make(tmp_path, status="not run")
    localise.run(job, SETTINGS)
    record = json.loads(job.outputs["localised"].read_text())
    assert (record["status"], record["reason"], record["sites"]) == ("not run", "no data here", {})
    assert pd.read_csv(job.outputs["localised_scans"]).empty

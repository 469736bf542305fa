"""The explain step on two sites, of which the model knows one, and a third without data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.spatial.distance import pdist

from elsewhere.cohorts.view import view
from elsewhere.design.budgets import Prediction
from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.job import Job
from elsewhere.design.methods.erm import Erm
from elsewhere.design.methods.sepnorm import Sepnorm
from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.imaging import store
from elsewhere.methods import gradcam
from elsewhere.methods.method import build as method
from elsewhere.networks import weights
from elsewhere.networks.network import build
from elsewhere.scores import explained, predictions
from elsewhere.scores.outcomes import outcomes
from elsewhere.steps import explain, predict

INPUT = ImageInput(kind="image", matrix=32, stored_matrix=36, channels=1, normalise="image")
NETWORK = CovidnetRedesign(
    kind="covidnet_redesign", activation="relu", width=0.0625, dense_features=(16, 8)
)
PREDICTION = Prediction(
    device="cpu", precision="fp32", mc_passes=0, mc_dropblock=False, batch_size=8, threads=1
)
SETTINGS = explain.Settings(
    method=Erm(kind="erm"), network=NETWORK, input=INPUT, prediction=PREDICTION, scans=2, seed=0
)
SCANS = 32
FLAGGED = 3
RUNS = ("1-7", "0-7")


def ids(site: str) -> list[str]:
    return [f"{number:08d}{'here' if site == 'here' else 'away'}abcd" for number in range(SCANS)]


def write_site(folder: Path, site: str, n: int = SCANS) -> dict[str, Path]:
    """Scans of which the bright are positive; fold 0 tests all but four, fold 1 those four."""
    (folder / "arrays").mkdir(parents=True)
    rng = np.random.default_rng([*map(ord, site)])
    index = pd.DataFrame({"scan_id": ids(site)[:n]}, dtype=str)
    index["patient_id"] = [f"patient{number:09d}" for number in range(n)]
    index["label"] = [number % 2 for number in range(n)]
    for number, scan in enumerate(index["scan_id"]):
        array = rng.integers(0, 120 + 100 * (number % 2), (1, 36, 36)).astype(np.uint8)
        store.write(folder / "arrays" / f"{scan}{store.SUFFIX}", array)
    index.to_parquet(folder / "index.parquet")
    flags = ["burned_in;lossy" if number < FLAGGED else "lossy" for number in range(n)]
    index.assign(flags=pd.Series(flags, dtype=str)).to_parquet(folder / "manifest.parquet")
    parts = [
        index.assign(
            fold=fold, part=["test" if (i < 4) == bool(fold) else "train" for i in range(n)]
        )
        for fold in (0, 1)
    ]
    pd.concat(parts).to_csv(folder / "split.csv", index=False)
    files = {"index": "index.parquet", "arrays": "arrays", "split": "split.csv"}
    return {name: folder / file for name, file in files.items()}


def write_models(folder: Path, settings: explain.Settings, record: dict) -> dict:
    made: dict = {"model": {}, "record": {}}
    for seed, name in enumerate(RUNS):
        place = folder / name
        place.mkdir(parents=True)
        torch.manual_seed(seed)
        network = method(settings.method).adapt(build(NETWORK, INPUT), ["here", "other"])
        with torch.no_grad():
            network.classifier[-1].weight.mul_(40)
        weights.save(network, place / "model.safetensors")
        (place / "run.json").write_text(json.dumps(record))
        made["model"][name] = place / "model.safetensors"
        made["record"][name] = place / "run.json"
    return made


OK = {"status": "ok", "n_train": {"here": 5, "other": 5}, "selection": "validation accuracy"}


def make(folder: Path, settings=SETTINGS, *, record=OK, gone=("nowhere",)) -> Job:
    """Write models, sites and their predictions; the explained run is 0-7."""
    models = write_models(folder / "models", settings, record)
    inputs: dict = {name: {} for name in ("index", "arrays", "split", "predictions", "manifest")}
    of_arm = {"method": settings.method, "unseen": settings.unseen, "anonymous": settings.anonymous}
    applied = predict.Settings(network=NETWORK, input=INPUT, prediction=PREDICTION, **of_arm)
    for site in ("here", "away", "nowhere"):
        files = write_site(folder / site, site, n=0 if site in gone else SCANS)
        outputs = {name: folder / site / name for name in ("predictions", "cost")}
        cell = Job("predict", {"study": "s", "arm": "a", "site": site}, models | files, outputs)
        predict.run(cell, applied)
        files |= {"predictions": outputs["predictions"]}
        files |= {"manifest": folder / site / "manifest.parquet"}
        for name, path in files.items():
            inputs[name][site] = path
    chosen = {name: {"0-7": models[name]["0-7"]} for name in models}
    outputs = {name: folder / "made" / name for name in ("explained", "gallery", "embeddings")}
    return Job("explain--s--a", {"study": "s", "arm": "a"}, chosen | inputs, outputs)


def read(job: Job) -> explained.Explained:
    at = job.outputs
    return explained.read(at["explained"], gallery=at["gallery"], embeddings=at["embeddings"])


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> tuple[Job, explained.Explained]:
    job = make(tmp_path_factory.mktemp("explain"))
    explain.run(job, SETTINGS)
    return job, read(job)


def of_run(job: Job, site: str) -> pd.DataFrame:
    rows, _ = predictions.read(job.paths("predictions")[site])
    return rows[(rows["fold"] == 0) & (rows["seed"] == 7) & (rows["part"] == "test")]


def test_every_test_scan_of_the_run_has_its_embedding(done) -> None:
    job, found = done
    network = build(NETWORK, INPUT)
    weights.load(network, job.paths("model")["0-7"])
    every = found.embeddings
    expected = [(site, scan) for site in ("here", "away") for scan in of_run(job, site)["scan_id"]]
    assert list(zip(every["site"], every["scan_id"], strict=True)) == expected
    assert len(expected) == 2 * (SCANS - 4)
    seen = []
    for site, scan in expected:
        array = store.read(job.paths("arrays")[site] / f"{scan}{store.SUFFIX}")
        images = torch.from_numpy(np.stack([shown for _, shown in view(INPUT).windows(array)]))
        with torch.no_grad():
            seen.append(network.eval().embed(images, None)[0].numpy())
    ratio = pdist(np.stack(every["components"])) / pdist(np.stack(seen))
    np.testing.assert_allclose(ratio, np.median(ratio), rtol=0.15)  # 32 of 55 dimensions
    assert np.isfinite(every[["x", "y"]].to_numpy()).all()


def test_examples_are_of_their_outcome_and_none_is_flagged(done) -> None:
    job, found = done
    assert not found.gallery.empty
    for site, shown in found.gallery.groupby("site"):
        rows = of_run(job, str(site)).set_index("scan_id")
        assert list(shown["outcome"]) == outcomes(shown)
        of_scan = rows.loc[shown["scan_id"]]
        assert list(of_scan["probability_1"]) == list(shown["probability_1"])
        assert list(of_scan["label"]) == list(shown["label"])
        assert shown.groupby("outcome").size().max() <= SETTINGS.scans
    counts = found.record["sites"]["here"]["counts"]
    assert sum(counts.values()) == SCANS - 4


def test_no_flagged_scan_is_shown(tmp_path) -> None:
    """Of fold 1 all but one test scan are flagged: their text may name a patient."""
    job = make(tmp_path)
    models = {name: {"1-7": tmp_path / f"models/1-7/{file}"} for name, file in
              (("model", "model.safetensors"), ("record", "run.json"))}  # fmt: skip
    job = Job(job.name, job.wildcards, {**job.inputs, **models}, job.outputs)
    explain.run(job, SETTINGS)
    found = read(job)
    assert len(found.embeddings) == 2 * 4
    assert set(found.gallery["scan_id"]) == {ids(site)[FLAGGED] for site in ("here", "away")}


def test_a_map_is_what_grad_cam_says_of_the_scan(done) -> None:
    job, found = done
    network = build(NETWORK, INPUT)
    weights.load(network, job.paths("model")["0-7"])
    network.eval()
    for shown in found.gallery.to_dict("records"):
        array = store.read(job.paths("arrays")[shown["site"]] / f"{shown['scan_id']}{store.SUFFIX}")
        images = torch.from_numpy(np.stack([shown for _, shown in view(INPUT).windows(array)]))
        layer = found.record["sites"][shown["site"]]["layer"]
        answer = gradcam.maps(network, images, site=None, layer=layer)[0].numpy()
        lead = gradcam.against(gradcam.predicted)
        other = gradcam.maps(network, images, site=None, layer=layer, lead=lead)[0].numpy()
        assert shown["against"] == (not answer.any())
        expected = other if shown["against"] else answer
        heat = np.frombuffer(shown["heat"], np.uint8).reshape(shown["rows"], shown["columns"])
        np.testing.assert_allclose(heat / 255, expected, atol=0.01)


def test_the_record_says_what_can_be_told(done) -> None:
    _, found = done
    record = found.record
    assert (record["status"], record["reason"], record["run"]) == ("ok", None, "0-7")
    assert record["features"] == 4 * 128
    assert set(record["linear_probe"]) == {"site", "class"}
    for probe in record["linear_probe"].values():
        assert probe["status"] == "ok"
        assert 0 <= probe["auc"] <= 1
        assert probe["n_scans"] == len(found.embeddings)
    assert record["linear_probe"]["site"]["n_patients"] == len(found.embeddings), (
        "same keys, other sites"
    )


def test_a_site_without_data_says_so(done) -> None:
    _, found = done
    nowhere = found.record["sites"]["nowhere"]
    assert nowhere["absent"] == "site nowhere has no data here"
    assert sum(nowhere["counts"].values()) == 0
    assert nowhere["layer"] is None
    assert "nowhere" not in {*found.gallery["site"], *found.embeddings["site"]}


def test_equal_inputs_give_equal_bytes(done, tmp_path) -> None:
    job, _ = done
    outputs = {name: tmp_path / name for name in job.outputs}
    explain.run(Job(job.name, job.wildcards, job.inputs, outputs), SETTINGS)
    for name, path in job.outputs.items():
        assert path.read_bytes() == outputs[name].read_bytes(), name


@pytest.mark.parametrize("anonymous", [False, True])
def test_layers_of_the_sites_own_are_applied_as_in_predict(anonymous, tmp_path) -> None:
    settings = explain.Settings(
        method=Sepnorm(kind="sepnorm"), network=NETWORK, input=INPUT, prediction=PREDICTION,
        scans=1, seed=0, unseen="ensemble", anonymous=anonymous,
    )  # fmt: skip
    job = make(tmp_path, settings)
    explain.run(job, settings)
    layers = {site: one["layer"] for site, one in read(job).record["sites"].items()}
    inside = "network.branches.stages.1"
    assert layers["away"] == f"network.{inside}"
    assert layers["here"] == (f"network.{inside}" if anonymous else inside)


@pytest.mark.parametrize(
    ("record", "gone", "why"),
    [
        ({"status": "not run", "reason": "site other is away"}, (), "site other is away"),
        (OK, ("here", "away", "nowhere"), "site here has no data here"),
    ],
    ids=["no model", "no scan"],
)
def test_what_cannot_be_explained_says_why(record, gone, why, tmp_path) -> None:
    job = make(tmp_path, record=record, gone=gone)
    explain.run(job, SETTINGS)
    found = read(job)
    assert dict(found.record) == {"status": "not run", "reason": why, "run": "0-7", "sites": {}}
    assert found.gallery.empty
    assert found.embeddings.empty


def test_nothing_that_tells_a_patient_is_written(done) -> None:
    job, _ = done
    for path in job.outputs.values():
        assert b"patient0" not in path.read_bytes()

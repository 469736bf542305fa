from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch

from elsewhere.design.budgets import Prediction
from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.design.job import Job
from elsewhere.design.methods.erm import Erm
from elsewhere.design.methods.sepnorm import Sepnorm
from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.design.networks.nguyen_cnn import NguyenCnn
from elsewhere.imaging import store
from elsewhere.methods import method as methods
from elsewhere.methods import prediction
from elsewhere.methods.inference import InferenceOptions, mc_probabilities, probabilities
from elsewhere.methods.prediction import scan_seed
from elsewhere.networks import network as networks
from elsewhere.networks import weights
from elsewhere.scores import predictions
from elsewhere.steps.predict import Settings, done, run

VOLUME = VolumeInput(
    kind="volume",
    matrix=32,
    depth=16,
    stride=8,
    clip_min_hu=-1000,
    clip_max_hu=None,
    ct_number="keep",
    normalise="volume",
)
NETWORK = NguyenCnn(
    kind="nguyen_cnn",
    first_filters=2,
    pooling="max",
    groups=2,
    dropblock_size=3,
    dropblock_rate=0.1,
    dropout_rate=0.5,
    dense_features=16,
)
PREDICTION = Prediction(
    device="cpu", precision="fp32", mc_passes=3, mc_dropblock=True, batch_size=4, threads=1
)
SETTINGS = Settings(Erm(kind="erm"), NETWORK, VOLUME, PREDICTION)
RUNS = ("0-0", "0-7", "1-0")


def ids(n: int) -> list[str]:
    return [f"{i:016x}" for i in range(n)]


def site(folder, n_scans: int = 6) -> dict:
    """Scans of 10 to 35 slices; in fold 0 the last two are tested, in fold 1 the first two."""
    (folder / "arrays").mkdir(parents=True)
    rng = np.random.default_rng(1)
    for i, scan in enumerate(ids(n_scans)):
        array = rng.integers(0, 2000, (10 + 5 * i, 32, 32)).astype(np.int16)
        store.write(folder / "arrays" / f"{scan}{store.SUFFIX}", array)
    index = pd.DataFrame({"scan_id": ids(n_scans)}, dtype=str)
    index["patient_id"] = [f"p{i}" for i in range(n_scans)]
    index["label"] = [i % 2 for i in range(n_scans)]
    index.to_parquet(folder / "index.parquet")
    parts = np.asarray(["train", "train", "validation", "validation", "test", "test"])
    rows = [index.assign(fold=fold, part=np.roll(parts, 2 * fold)[:n_scans]) for fold in (0, 1)]
    pd.concat(rows).to_csv(folder / "split.csv", index=False)
    return {
        "index": folder / "index.parquet",
        "arrays": folder / "arrays",
        "split": folder / "split.csv",
    }


def models(folder, *, record: dict | None = None) -> dict:
    made = record or {"status": "ok", "n_train": {"there": 5}, "selection": "validation accuracy"}
    for seed, name in enumerate(RUNS):
        (folder / name).mkdir(parents=True)
        torch.manual_seed(seed)
        weights.save(networks.build(NETWORK, VOLUME), folder / name / "model.safetensors")
        (folder / name / "run.json").write_text(json.dumps(made))
    return {
        "model": {name: folder / name / "model.safetensors" for name in RUNS},
        "record": {name: folder / name / "run.json" for name in RUNS},
    }


def job(folder, inputs: dict, digest: str = "") -> Job:
    outputs = {"predictions": folder / "predictions.parquet", "cost": folder / "cost.json"}
    wildcards = {"study": "s", "arm": "a", "site": "here"}
    return Job("predict", wildcards, inputs, outputs, digest=digest)


@pytest.fixture(scope="module")
def predicted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cell")
    inputs = models(folder / "models") | site(folder / "site")
    run(job(folder, inputs), SETTINGS)
    return folder, inputs, *predictions.read(folder / "predictions.parquet")


def test_every_run_has_its_folds_validation_and_test_scans(predicted):
    _, _, rows, metadata = predicted
    found = {key: list(group["scan_id"]) for key, group in rows.groupby(["fold", "seed", "part"])}
    every = ids(6)
    expected = {}
    for fold, seed in ((0, 0), (0, 7), (1, 0)):
        expected[fold, seed, "validation"] = every[2:4] if fold == 0 else every[4:6]
        expected[fold, seed, "test"] = every[4:6] if fold == 0 else every[:2]
    assert found == expected
    assert metadata["status"] == "ok"
    assert metadata["patient_key"] == "published"
    assert metadata["selection"] == "validation accuracy"


def test_each_row_is_what_its_own_model_says_of_its_own_scan(predicted):
    _, inputs, rows, _ = predicted
    options = InferenceOptions(input=VOLUME, site=None, batch_size=4, device=torch.device("cpu"))
    for row in rows.itertuples():
        network = networks.build(NETWORK, VOLUME)
        weights.load(network, inputs["model"][f"{row.fold}-{row.seed}"])
        array = store.read(inputs["arrays"] / f"{row.scan_id}{store.SUFFIX}")
        expected, start = probabilities(network, array, options=options)
        np.testing.assert_allclose([row.probability_0, row.probability_1], expected, atol=1e-6)
        assert row.window_start == start
        if row.part == "validation":
            assert len(row.mc_probability) == 0
            continue
        seed = scan_seed(row.seed, row.scan_id)
        scan = options.passes.packed(array)
        passes = mc_probabilities(network, scan, prediction=PREDICTION, seed=seed, options=options)
        np.testing.assert_allclose(row.mc_probability, passes, atol=1e-6)


def test_equal_inputs_give_equal_bytes(predicted, tmp_path):
    folder, inputs, _, _ = predicted
    run(job(tmp_path, inputs), SETTINGS)
    first, second = (path / "predictions.parquet" for path in (folder, tmp_path))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("killed_at", [1, 5, 9])
def test_a_killed_step_goes_on_and_ends_in_the_same_bytes(
    predicted, tmp_path, monkeypatch, killed_after, counted, killed_at
):
    """Of 12 predictions and 6 scans sampled; the model of one run changes between."""
    monkeypatch.chdir(tmp_path)
    folder, inputs, _, _ = predicted
    again = job(tmp_path, inputs, "settings and code")
    killed_after(killed_at, run, again, SETTINGS)
    assert not again.outputs["predictions"].exists()
    passes = counted(prediction, "probabilities_of")
    samples = counted(prediction, "mc_probabilities")
    run(again, SETTINGS)
    assert len(passes) + len(samples) == 12 + 6 - killed_at
    paths = [path / "predictions.parquet" for path in (folder, tmp_path)]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert json.loads((tmp_path / "cost.json").read_text())["n_scans"] == 12
    done(again)
    assert not [*(tmp_path / ".elsewhere/unfinished").iterdir()]


@pytest.mark.parametrize(("change", "made"), [("model", 6), ("index", 18), ("digest", 18)])
def test_what_was_predicted_before_a_change_is_predicted_again(
    tmp_path, monkeypatch, counted, change, made
):
    monkeypatch.chdir(tmp_path)
    inputs = models(tmp_path / "models") | site(tmp_path / "site")
    run(job(tmp_path, inputs, "before"), SETTINGS)
    if change == "model":
        shutil.copy(inputs["model"]["0-7"], inputs["model"]["0-0"])
    elif change == "index":
        index = pd.read_parquet(inputs["index"]).assign(array_sha256="other")
        index.to_parquet(inputs["index"])
    passes = counted(prediction, "probabilities_of")
    samples = counted(prediction, "mc_probabilities")
    again = job(tmp_path, inputs, "after" if change == "digest" else "before")
    run(again, SETTINGS)
    assert len(passes) + len(samples) == made
    run(job(tmp_path / "clean", inputs), SETTINGS)
    paths = [path / "predictions.parquet" for path in (tmp_path / "clean", tmp_path)]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_the_cost_says_what_a_prediction_takes(predicted):
    cost = json.loads((predicted[0] / "cost.json").read_text())
    assert cost["n_scans"] == 12
    assert cost["seconds_per_prediction"] > 0
    assert cost["peak_memory_mb"] > 0
    assert cost["device"]


def test_a_model_that_was_not_made_leaves_a_cell_that_says_why(tmp_path):
    record = {"status": "not run", "reason": "site there has no data here"}
    run(
        job(tmp_path, models(tmp_path / "models", record=record) | site(tmp_path / "site")),
        SETTINGS,
    )
    rows, metadata = predictions.read(tmp_path / "predictions.parquet")
    assert len(rows) == 0
    assert metadata == record
    assert json.loads((tmp_path / "cost.json").read_text()) == record


def test_a_site_without_data_leaves_a_cell_that_says_why(tmp_path):
    inputs = models(tmp_path / "models") | site(tmp_path / "site", n_scans=0)
    run(job(tmp_path, inputs), SETTINGS)
    rows, metadata = predictions.read(tmp_path / "predictions.parquet")
    assert len(rows) == 0
    assert metadata == {"status": "not run", "reason": "site here has no data here"}


def test_a_site_without_patient_keys_says_so(tmp_path):
    inputs = models(tmp_path / "models") | site(tmp_path / "site")
    index = pd.read_parquet(inputs["index"])
    index.assign(patient_id=index["scan_id"]).to_parquet(inputs["index"])
    run(job(tmp_path, inputs), SETTINGS)
    assert predictions.read(tmp_path / "predictions.parquet")[1]["patient_key"] == "none"


IMAGE = ImageInput(kind="image", matrix=32, stored_matrix=32, channels=1, normalise="image")
REDESIGN = CovidnetRedesign(
    kind="covidnet_redesign", activation="relu", width=0.0625, dense_features=(16, 8)
)
SITED = Settings(
    Sepnorm(kind="sepnorm"), REDESIGN, IMAGE, PREDICTION.model_copy(update={"mc_passes": 0})
)


def sited_cell(folder, sites, name="here"):
    """A job whose models have layers of the sites' own, and one of these networks."""
    arrays = folder / "site" / "arrays"
    inputs = site(folder / "site")
    for i, scan in enumerate(ids(6)):
        image = np.random.default_rng(i).integers(0, 255, (1, 32, 32)).astype(np.uint8)
        store.write(arrays / f"{scan}{store.SUFFIX}", image)
    for seed, run_name in enumerate(RUNS):
        torch.manual_seed(seed)
        network = methods.build(SITED.method).adapt(networks.build(REDESIGN, IMAGE), sites)
        for layer in network.per_site():
            for number, branch in enumerate(layer.branches):
                torch.nn.init.normal_(branch.running_mean, mean=number)
        at = folder / run_name
        at.mkdir()
        weights.save(network, at / "model.safetensors")
        made = {"status": "ok", "n_train": dict.fromkeys(sites, 3), "selection": "test accuracy"}
        (at / "run.json").write_text(json.dumps(made))
    inputs |= {
        "model": {one: folder / one / "model.safetensors" for one in RUNS},
        "record": {one: folder / one / "run.json" for one in RUNS},
    }
    outputs = {"predictions": folder / "predictions.parquet", "cost": folder / "cost.json"}
    return Job("predict", {"study": "s", "arm": "a", "site": name}, inputs, outputs)


def found(cell, **changes):
    run(cell, dataclasses.replace(SITED, **changes))
    rows, metadata = predictions.read(cell.outputs["predictions"])
    return rows["probability_1"].to_numpy(), metadata


def test_a_training_site_goes_through_its_own_layers(tmp_path):
    cell = sited_cell(tmp_path, ["here", "there"])
    own, metadata = found(cell, unseen="mean")
    network = methods.build(SITED.method).adapt(networks.build(REDESIGN, IMAGE), ["here", "there"])
    weights.load(network, cell.paths("model")["0-0"])
    options = InferenceOptions(input=IMAGE, site="here", batch_size=4, device=torch.device("cpu"))
    array = store.read(cell.path("arrays") / f"{ids(6)[4]}{store.SUFFIX}")
    expected, _ = probabilities(network, array, options=options)
    rows, _ = predictions.read(cell.outputs["predictions"])
    first = rows[(rows["scan_id"] == ids(6)[4]) & (rows["fold"] == 0) & (rows["seed"] == 0)]
    assert first["probability_1"].item() == pytest.approx(expected[1], abs=1e-6)
    assert metadata["selection"] == "test accuracy"
    anonymous, _ = found(cell, unseen="mean", anonymous=True)
    assert not np.allclose(own, anonymous)


@pytest.mark.parametrize("policy", ["mean", "nearest", "test_time", "ensemble"])
def test_a_site_not_seen_is_treated_by_the_policy(tmp_path, policy):
    cell = sited_cell(tmp_path, ["there", "yonder"])
    treated, _ = found(cell, unseen=policy)
    assert ((treated > 0) & (treated < 1)).all()
    again, _ = found(cell, unseen=policy)
    np.testing.assert_array_equal(treated, again)


@pytest.mark.parametrize("policy", ["nearest", "test_time"])
def test_a_fold_that_tests_nobody_is_treated_by_its_validation_scans(tmp_path, policy):
    cell = sited_cell(tmp_path, ["there", "yonder"])
    split = pd.read_csv(cell.path("split"), dtype={"scan_id": str})
    split.loc[(split["fold"] == 0) & (split["part"] == "test"), "part"] = "train"
    split.to_csv(cell.path("split"), index=False)
    found(cell, unseen=policy)
    rows, _ = predictions.read(cell.outputs["predictions"])
    assert set(rows[rows["fold"] == 0]["part"]) == {"validation"}
    assert len(rows[(rows["fold"] == 1) & (rows["part"] == "test")]) == 2


def test_without_a_policy_a_site_not_seen_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="`unseen` of the arm"):
        found(sited_cell(tmp_path, ["there", "yonder"]))


def test_a_prediction_handed_without_passes_makes_none():
    """As the graph hands it where no metric of the study needs passes."""
    names = ("device", "precision", "batch_size", "threads")
    table = {name: getattr(PREDICTION, name) for name in names}
    settings = Settings(SETTINGS.method, SETTINGS.network, SETTINGS.input, table)
    assert settings.prediction == PREDICTION.model_copy(
        update={"mc_passes": 0, "mc_dropblock": False}
    )
    assert SETTINGS.prediction is PREDICTION

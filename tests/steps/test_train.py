"""train: a run that completes, is killed, is interrupted, or cannot be made."""

import dataclasses
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import time

import numpy as np
import pandas as pd
import pytest
from safetensors.torch import load_file, save_file

from elsewhere.design.augmentations.image import ImageAugmentation
from elsewhere.design.augmentations.volume import VolumeAugmentation
from elsewhere.design.budgets import Training
from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.design.job import Job
from elsewhere.design.methods.erm import Erm
from elsewhere.design.methods.sepnorm import Sepnorm
from elsewhere.design.networks.nguyen_cnn import NguyenCnn
from elsewhere.design.networks.timm import Timm
from elsewhere.imaging import store
from elsewhere.methods import method as methods
from elsewhere.methods.learnable import UnlearnableError
from elsewhere.networks import network as networks
from elsewhere.networks import weights
from elsewhere.steps import train

SITES = ("here", "there")
SETTINGS = train.Settings(
    method=Erm(kind="erm"),
    network=NguyenCnn(
        kind="nguyen_cnn", first_filters=4, pooling="max", groups=2, dropblock_size=3,
        dropblock_rate=0.1, dropout_rate=0.5, dense_features=16,
    ),
    input=VolumeInput(
        kind="volume", matrix=16, depth=8, stride=4, clip_min_hu=-1000, clip_max_hu=None,
        ct_number="keep", normalise="volume",
    ),
    training=Training(
        device="cpu", precision="fp32", iterations=40, batch_size=2, sampling="pooled",
        learning_rate=1e-3, weight_decay=0.0, schedule="cosine", clip_gradient=2.0,
        validate_every=7, ties="first", checkpoint_minutes=0, threads=1,
        augmentation=VolumeAugmentation(
            kind="volume", power_of_two=0.5, gate=0.5, flip=0.5, transpose=0.5,
            rotate="quarter_turns", scale=0.5, scale_mode="intensity",
        ),
    ),
)  # fmt: skip


def write_site(root, site, scans):
    rng = np.random.default_rng(len(site))
    ids = [f"{site}{i:04d}" for i in range(scans)]
    folder = root / "inputs" / site
    (folder / "arrays").mkdir(parents=True)
    for i, scan in enumerate(ids):
        array = rng.integers(0, 500, size=(6 + i, 16, 16)).astype(np.int16)
        array[:, :8] += 600 * (i % 2)
        store.write(folder / "arrays" / f"{scan}{store.SUFFIX}", array)
    labels = [i % 2 for i in range(scans)]
    index = pd.DataFrame({"scan_id": ids, "patient_id": ids, "label": labels})
    index = index.astype({"scan_id": str, "patient_id": str, "label": int})
    index.to_parquet(folder / "index.parquet")
    parts = ["validation" if i < 2 else "train" for i in range(scans)]
    index.assign(fold=0, part=parts).to_csv(folder / "split.csv", index=False)


@pytest.fixture
def job(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number, site in enumerate(SITES):
        write_site(tmp_path, site, 7 + number)
    return make_job(tmp_path, "out")


def make_job(root, name):
    table = {site: root / "inputs" / site for site in SITES}
    out = root / name
    return Job(
        name="train",
        wildcards={"study": "s", "arm": name, "run": "0-3"},
        inputs={
            "index": {site: folder / "index.parquet" for site, folder in table.items()},
            "arrays": {site: folder / "arrays" for site, folder in table.items()},
            "split": {site: folder / "split.csv" for site, folder in table.items()},
        },
        outputs={
            "model": out / "model.safetensors",
            "history": out / "history.csv",
            "record": out / "run.json",
            "cost": out / "cost.json",
        },
        digest="d",
    )


def test_whole_run(job, tmp_path):
    train.run(job, SETTINGS)
    record = json.loads(job.outputs["record"].read_text())
    assert record["status"] == "ok"
    assert (record["arm"], record["fold"], record["seed"]) == ("out", 0, 3)
    assert "pretrained_sha256" not in record
    assert record["n_train"] == {"here": 5, "there": 6}
    assert record["n_valid"] == {"here": 2, "there": 2}
    assert record["epochs"]["here"] == pytest.approx(40 * 2 / 11)
    assert sum(row["parameters"] for row in record["architecture"]) == record["parameters"]
    history = pd.read_csv(job.outputs["history"])
    assert list(history["iteration"]) == [7, 14, 21, 28, 35, 40]
    assert record["selection_score"] == history["selection_score"].max()
    best = history.loc[history["selection_score"].idxmax(), "iteration"]
    assert record["best_iteration"] == best
    cost = json.loads(job.outputs["cost"].read_text())
    assert cost["wall_seconds"] > cost["validation_seconds"] > 0
    assert cost["gpu_days"] == 0
    assert "seconds" not in job.outputs["record"].read_text()
    network = networks.build(SETTINGS.network, SETTINGS.input)
    weights.load(network, job.outputs["model"])


@pytest.mark.parametrize("wrong", ["read-only", "full"])
def test_a_disk_that_takes_no_results_is_told_before_training(job, tmp_path, monkeypatch, wrong):
    def never(*_, **__):
        raise AssertionError("trained")

    monkeypatch.setattr(type(train.build_method(SETTINGS.method)), "fit", never)
    if wrong == "full":
        usage = shutil.disk_usage(tmp_path)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10))
        with pytest.raises(OSError, match="cannot be written: it needs about"):
            train.run(job, SETTINGS)
        return
    (tmp_path / "out").touch()  # rights do not hold for root; a file in place of the folder does
    with pytest.raises(OSError, match=str(tmp_path / "out")):
        train.run(job, SETTINGS)


def test_a_run_whose_outputs_were_refused_goes_on_at_its_end(job, tmp_path, caplog):
    train.run(job, SETTINGS)
    model = job.outputs["model"].read_bytes()
    job.outputs["model"].unlink()
    caplog.set_level("INFO")
    train.run(job, SETTINGS)
    assert "resuming at iteration 40" in caplog.text
    assert job.outputs["model"].read_bytes() == model
    train.done(job)
    assert not list((tmp_path / ".elsewhere" / "checkpoints").iterdir())


def start(job):
    process = multiprocessing.get_context("fork").Process(target=train.run, args=(job, SETTINGS))
    process.start()
    return process


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_stopped_run_ends_in_the_same_bytes(job, tmp_path, number):
    train.run(job, SETTINGS)
    train.done(job)
    again = make_job(tmp_path, "again")
    checkpoints = tmp_path / ".elsewhere" / "checkpoints"
    rng = random.Random(int(number))
    for _ in range(2):
        process = start(again)
        while process.is_alive() and not list(checkpoints.glob("*/state.pt")):
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.15))
        os.kill(process.pid, number)
        process.join()
        if process.exitcode == 0:
            break
        # Outside the loop nothing is left to save, and SIGTERM ends the process at once.
        assert process.exitcode in ((143, -number) if number == signal.SIGTERM else (-number,))
        assert not again.outputs["model"].exists()
        assert len(list(checkpoints.glob("*/state.pt"))) == 1
    train.run(again, SETTINGS)
    for name in ("model", "history"):
        assert again.outputs[name].read_bytes() == job.outputs[name].read_bytes()
    train.done(again)
    assert not list(checkpoints.iterdir())


def test_damaged_checkpoint_is_not_fatal(job, tmp_path, caplog):
    process = start(job)
    checkpoints = tmp_path / ".elsewhere" / "checkpoints"
    while not (found := list(checkpoints.glob("*/state.pt"))):
        time.sleep(0.002)
    process.kill()
    process.join()
    found[0].write_bytes(b"no")
    train.run(job, SETTINGS)
    assert "the run starts from the beginning" in caplog.text
    assert job.outputs["model"].exists()


def test_other_data_have_another_checkpoint(job, tmp_path):
    before = train._key(job)
    split = tmp_path / "inputs" / "here" / "split.csv"
    split.write_text(split.read_text().replace("validation", "train", 1))
    assert train._key(job) != before


def test_a_site_without_data_is_said(job, tmp_path):
    folder = tmp_path / "inputs" / "there"
    for path in (folder / "index.parquet", folder / "split.csv"):
        path.unlink()
    write_site(tmp_path / "empty", "there", 0)
    for name in ("index.parquet", "split.csv"):
        (tmp_path / "empty" / "inputs" / "there" / name).rename(folder / name)
    train.run(job, SETTINGS)
    record = json.loads(job.outputs["record"].read_text())
    assert record["status"] == "not run"
    assert record["reason"] == "site there has no data here"
    assert load_file(job.outputs["model"]) == {}
    text = "iteration,learning_rate,loss,selection_score\n"
    assert job.outputs["history"].read_text() == text
    assert json.loads(job.outputs["cost"].read_text()) == {"status": "not run"}


def test_one_class_is_refused_before_anything_is_trained(job, tmp_path):
    for site in SITES:
        path = tmp_path / "inputs" / site / "split.csv"
        split = pd.read_csv(path, dtype=str)
        split.loc[split["part"] == "train", "label"] = "1"
        split.to_csv(path, index=False)
    with pytest.raises(UnlearnableError, match="training scans of here, there have one class"):
        train.run(job, SETTINGS)
    assert not job.outputs["model"].exists()
    assert not any(train.CHECKPOINTS.iterdir())


def test_selection_on_the_test_part_says_so_and_sees_its_scans(job, tmp_path):
    for site in SITES:  # a test part of three scans, where validation has two
        path = tmp_path / "inputs" / site / "split.csv"
        split = pd.read_csv(path, dtype=str)
        split.loc[split.index[2:5], "part"] = "test"
        split.to_csv(path, index=False)
    train.run(job, dataclasses.replace(SETTINGS, selection="test"))
    record = json.loads(job.outputs["record"].read_text())
    assert record["selection"] == "test accuracy"
    assert record["n_valid"] == {"here": 3, "there": 3}


def test_a_site_is_seen_as_often_alone_as_among_others_d16(job, tmp_path):
    row = SETTINGS.training.model_copy(
        update={"iterations": 12, "iterations_per": "site", "validate_every": 3,
                "sampling": "equal_per_site"}
    )  # fmt: skip
    both = dataclasses.replace(SETTINGS, training=row)
    train.run(job, both)
    alone = make_job(tmp_path, "alone")
    for name in ("index", "arrays", "split"):
        alone.inputs[name].pop("there")
    train.run(alone, both)
    told = [json.loads(one.outputs["record"].read_text()) for one in (job, alone)]
    assert [record["iterations"] for record in told] == [24, 12]
    assert told[0]["epochs"]["here"] == told[1]["epochs"]["here"] == 12 * 2 / 5
    assert len(pd.read_csv(job.outputs["history"])) == len(pd.read_csv(alone.outputs["history"]))


def test_one_site_and_two_train_for_equally_many_epochs_b39(job, tmp_path):
    """Pooled: five scans here and six there, two in a batch."""
    row = SETTINGS.training.model_copy(
        update={"iterations": 10, "iterations_per": 5, "validate_every": 5, "sampling": "pooled"}
    )
    both = dataclasses.replace(SETTINGS, training=row)
    train.run(job, both)
    alone = make_job(tmp_path, "alone")
    for name in ("index", "arrays", "split"):
        alone.inputs[name].pop("there")
    train.run(alone, both)
    told = [json.loads(one.outputs["record"].read_text()) for one in (job, alone)]
    assert [record["iterations"] for record in told] == [22, 10]
    assert told[0]["epochs"] == {"here": 4.0, "there": 4.0}
    assert told[1]["epochs"] == {"here": 4.0}


def test_a_method_may_give_the_sites_layers_of_their_own(job):
    train.run(job, dataclasses.replace(SETTINGS, method=Sepnorm(kind="sepnorm")))
    network = methods.build(Sepnorm(kind="sepnorm")).adapt(
        networks.build(SETTINGS.network, SETTINGS.input), list(SITES)
    )
    weights.load(network, job.outputs["model"])
    record = json.loads(job.outputs["record"].read_text())
    assert record["parameters"] == sum(p.numel() for p in network.parameters())


def test_training_begins_with_the_weights_that_the_network_names_b27(job, tmp_path):
    """So slow a run ends where it began; the record says with which file."""
    rng = np.random.default_rng(0)
    for folder in job.inputs["arrays"].values():
        for path in folder.iterdir():
            store.write(path, rng.integers(0, 256, (1, 16, 16)).astype(np.uint8))
    row = Timm(
        kind="timm", model="densenet121", options={"growth_rate": 4, "block_config": [2, 1]},
        pretrained="none", batch_norm_scale=True,
    )  # fmt: skip
    image = ImageInput(kind="image", matrix=16, stored_matrix=16, channels=3, normalise="imagenet")
    begun = networks.build(row, image)
    published = {
        name.removeprefix("model."): value
        for name, value in begun.state_dict().items()
        if name.startswith("model.")
    }
    path = tmp_path / "published.safetensors"
    save_file(published, path)
    flips = ImageAugmentation(kind="image", crop=False, flip_vertical=0, flip_horizontal=0.5)
    training = SETTINGS.training.model_copy(
        update={"iterations": 2, "learning_rate": 1e-9, "augmentation": flips}
    )
    network = row.model_copy(update={"pretrained": str(path)})
    train.run(job, dataclasses.replace(SETTINGS, network=network, input=image, training=training))
    ended = load_file(job.outputs["model"])
    for name, parameter in begun.model.named_parameters():
        np.testing.assert_allclose(ended[f"model.{name}"], parameter.detach(), atol=1e-7)
    assert not np.allclose(ended["classifier.weight"], begun.classifier.weight.detach())
    record = json.loads(job.outputs["record"].read_text())
    assert record["pretrained_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def started(tmp_path, name):
    """Return a job and settings of an arm that starts from the arm `out`."""
    job = make_job(tmp_path, name)
    first = {key: tmp_path / "out" / file for key, file in (
        ("start_model", "model.safetensors"), ("start_record", "run.json"),
    )}  # fmt: skip
    job = dataclasses.replace(job, inputs={**job.inputs, **first})
    still = SETTINGS.training.model_copy(
        update={"learning_rate": 1e-9, "iterations": 2, "warm_up": 0, "validate_every": 2}
    )
    return job, dataclasses.replace(SETTINGS, training=still, starts_from="out")


def test_an_arm_starts_from_the_model_of_another_c20(job, tmp_path):
    train.run(job, SETTINGS)
    second, settings = started(tmp_path, "second")
    train.run(second, settings)
    record = json.loads(second.outputs["record"].read_text())
    assert record["starts_from"] == "out"
    before, after = load_file(job.outputs["model"]), load_file(second.outputs["model"])
    for name, value in before.items():
        if "running" not in name and "num_batches" not in name:
            assert abs(value - after[name]).max() < 1e-6, name
    key = train._key(second)
    weights.save_none(job.outputs["model"])
    assert train._key(second) != key, "a checkpoint of another start is not taken up"


def test_without_the_model_of_the_other_arm_there_is_none(job, tmp_path):
    train._not_run(job, {"reason": "site there has no data here"})
    second, settings = started(tmp_path, "second")
    train.run(second, settings)
    record = json.loads(second.outputs["record"].read_text())
    assert record["status"] == "not run"
    assert record["reason"] == (
        "arm out, from which this one starts, was not trained: site there has no data here"
    )

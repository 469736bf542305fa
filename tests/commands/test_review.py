"""review: a reader gets misclassified images and no information about them (B-43)."""

import json
import logging
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from elsewhere.commands.blinded import ReviewError
from elsewhere.commands.review import export
from elsewhere.design.params import ParamsError
from elsewhere.imaging import store
from elsewhere.scores import predictions
from elsewhere.scores.cases import CasesError

FOLDER = Path("results/chest/review")
LIMITS = {"dense": 0.5, "inception": 0.4}
SITE = "mimic-cxr-jpg-synthetic"
Key = Callable[[], pd.DataFrame]


def contents() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir())}


def wrong(chest: Any, arm: str, finding: str = "cardiomegaly") -> set[str]:
    """Scans that an arm misclassifies at its threshold, from the predictions themselves."""
    rows, _ = predictions.read(chest.cell(arm, "predictions.parquet"))
    rows = rows[rows["finding"] == finding]
    return {*rows.loc[(rows["probability_1"] >= LIMITS[arm]) != rows["label"], "scan_id"]}


def test_the_reader_gets_images_a_form_and_instructions(chest: Any, key: Key) -> None:
    export(chest.params, "chest")
    found = key()
    assert len(found) == 5
    assert sorted(contents()) == ["README.txt", *found["image"], "review.csv"]
    lines = (FOLDER / "review.csv").read_text().splitlines()
    assert lines[0] == "image,cardiothoracic_ratio,impression,comment"
    assert lines[1:] == [f"{image},,," for image in found["image"]]
    assert [image[-6:-4] for image in found["image"]] == ["01", "02", "03", "04", "05"]
    readme = (FOLDER / "README.txt").read_text()
    assert "CARDIOMEGALY" in readme
    assert "SYNTHETIC" in readme


def test_what_is_shown_was_misclassified_and_the_key_knows_it(chest: Any, key: Key) -> None:
    export(chest.params, "chest")
    found, scans = key(), chest.scans.set_index("scan_id")
    assert {*found["scan_id"]} <= wrong(chest, "dense") | wrong(chest, "inception")
    assert list(found["label"]) == list(scans.loc[found["scan_id"], "cardiomegaly"])
    assert {*scans.loc[found["scan_id"], "view"]} == {"PA"}
    assert scans.loc[found["scan_id"], "patient_id"].is_unique
    for arm, limit in LIMITS.items():
        rows, _ = predictions.read(chest.cell(arm, "predictions.parquet"))
        rows = rows[rows["finding"] == "cardiomegaly"].set_index("scan_id")
        expected = rows.loc[found["scan_id"], "probability_1"]
        assert list(found[f"probability_{arm}"]) == list(expected)
        assert {*found[f"threshold_{arm}"]} == {limit}


def test_an_image_is_the_ingested_one_at_full_size(chest: Any, key: Key) -> None:
    export(chest.params, "chest")
    for image, scan in key()[["image", "scan_id"]].itertuples(index=False):
        (stored,) = store.read(Path(f"data/scans/{SITE}/volumes/{scan}.b2nd"))
        shown = np.asarray(Image.open(FOLDER / image))
        assert len(shown) > len(stored), "a band says synthetic"
        np.testing.assert_array_equal(shown[-len(stored) :, :, 0], stored)


def test_images_of_a_real_site_are_as_they_are(chest: Any, key: Key) -> None:
    chest.values["sites"][SITE]["synthetic"] = False
    del chest.values["phantoms"][SITE]
    export(chest.params, "chest")
    first = key().iloc[0]
    (stored,) = store.read(Path(f"data/scans/{SITE}/volumes/{first['scan_id']}.b2nd"))
    np.testing.assert_array_equal(np.asarray(Image.open(FOLDER / first["image"])), stored)
    assert "SYNTHETIC" not in (FOLDER / "README.txt").read_text()


def test_nothing_that_the_reader_gets_tells_of_a_scan(chest: Any) -> None:
    """No scan, patient, path, site, arm, probability or truth: not in a file, not in a name."""
    export(chest.params, "chest")
    given = b"\n".join([*contents().values(), *(name.encode() for name in contents())])
    scans = chest.scans
    words = {*scans["scan_id"], *scans["patient_id"], *scans["volume_sha256"]}
    words |= {part for path in scans["source_path"] for part in path.split("/")}
    words |= {SITE, "MIMIC", "mimic", "outside", "chexpert", "DenseNet", "dense", "inception"}
    words |= {"misclass", "probabilit", "threshold", "false positive"}
    for word in words:
        assert word.encode() not in given, word
    for arm in LIMITS:
        rows, _ = predictions.read(chest.cell(arm, "predictions.parquet"))
        for value in rows["probability_1"]:
            assert not 0 < value < 1 or f"{value:.6f}".encode() not in given
    for name in contents():
        if name.endswith(".png"):
            assert Image.open(FOLDER / name).info == {}


def test_names_are_numbers_behind_a_mark_of_the_export(chest: Any, key: Key) -> None:
    export(chest.params, "chest")
    assert all(re.fullmatch(r"review-[0-9a-f]{6}-\d\d\.png", image) for image in key()["image"])


def test_the_same_export_gives_the_same_bytes(chest: Any, key: Key) -> None:
    export(chest.params, "chest")
    before, known = contents(), key()
    export(chest.params, "chest")
    assert contents() == before
    pd.testing.assert_frame_equal(key(), known)


def test_another_seed_shows_others_under_other_names(chest: Any, key: Key) -> None:
    export(chest.params, "chest")
    before = key()
    (FOLDER / "table_2.csv").write_text("of the former")
    (FOLDER / "notes.txt").write_text("of the reader")
    chest.review["seed"] = 4
    export(chest.params, "chest")
    after = key()
    assert not {*before["image"]} & {*after["image"]}
    assert list(before["scan_id"]) != list(after["scan_id"])
    assert sorted(contents()) == ["README.txt", "notes.txt", *after["image"], "review.csv"]


def test_a_scan_keeps_its_turn_when_more_are_asked_for(chest: Any, key: Key) -> None:
    export(chest.params, "chest")
    few = list(key()["scan_id"])
    chest.review["images"] = 7
    export(chest.params, "chest")
    assert list(key()["scan_id"])[:5] == few


def test_a_form_that_is_filled_in_is_never_overwritten(chest: Any) -> None:
    export(chest.params, "chest")
    form = FOLDER / "review.csv"
    form.write_text(form.read_text().replace(",,,\n", ",0.52,,\n", 1))
    before = contents()
    with pytest.raises(ReviewError, match=r"is filled in.*`elsewhere reviewed chest`.*move"):
        export(chest.params, "chest")
    assert contents() == before
    shutil.move(FOLDER, "elsewhere-now")
    export(chest.params, "chest")
    assert (FOLDER / "review.csv").is_file()


def test_another_finding_works_too(chest: Any, key: Key) -> None:
    chest.review.update(finding="edema", views=["AP", "PA"], images=3)
    export(chest.params, "chest")
    assert {*key()["scan_id"]} <= wrong(chest, "dense", "edema") | wrong(
        chest, "inception", "edema"
    )
    readme = " ".join((FOLDER / "README.txt").read_text().split())
    assert "does not matter for this finding" in readme
    assert "views: AP, PA" in readme


def test_without_patient_keys_nobody_says_one_a_patient(chest: Any, key: Key) -> None:
    for seed, arm in enumerate(LIMITS):
        chest.predict(arm, seed=seed, patient_key="none")
    export(chest.params, "chest")
    assert not key()["alone"].any()
    assert "one per patient" not in (FOLDER / "README.txt").read_text()


def test_scans_with_text_in_their_pixels_are_not_shown(chest: Any, key: Key) -> None:
    export(chest.params, "chest")
    first = key()["scan_id"][0]
    path = Path(f"data/scans/{SITE}/manifest.parquet")
    scans = pd.read_parquet(path)
    scans.loc[scans["scan_id"] == first, "flags"] = "burned_in"
    scans.to_parquet(path, index=False)
    export(chest.params, "chest")
    assert first not in {*key()["scan_id"]}


def test_fewer_than_asked_for_is_said(
    chest: Any, key: Key, caplog: pytest.LogCaptureFixture
) -> None:
    chest.review["images"] = 500
    with caplog.at_level(logging.INFO):
        export(chest.params, "chest")
    assert f"500 images asked for, {len(key())} can be shown" in caplog.text
    assert "The key stays in .elsewhere/reviews/chest/key.csv" in caplog.text
    assert not any(scan in caplog.text for scan in chest.scans["scan_id"])


def test_what_is_missing_is_named(chest: Any) -> None:
    with pytest.raises(ParamsError, match="no study 'chests'; there are chest, "):
        export(chest.params, "chests")
    cell = chest.cell("inception", "metrics.json")
    metrics = json.loads(cell.read_text())
    del metrics["findings"]["cardiomegaly"]
    cell.write_text(json.dumps(metrics))
    with pytest.raises(ReviewError, match=r"metrics\.json: has no finding 'cardiomegaly'"):
        export(chest.params, "chest")
    cell.unlink()
    with pytest.raises(ReviewError, match=r"metrics\.json: not there yet; make it with `snakemake"):
        export(chest.params, "chest")
    assert not FOLDER.exists()


def test_an_arm_that_was_not_run_says_why(chest: Any) -> None:
    path = chest.cell("dense", "predictions.parquet")
    rows, _ = predictions.read(path)
    reason = {"status": "not run", "reason": "CheXpert has no data here"}
    predictions.write(rows.iloc[:0], path, metadata=reason)
    with pytest.raises(ReviewError, match="arm dense has no predictions: CheXpert has no data"):
        export(chest.params, "chest")


def test_a_view_that_nobody_has(chest: Any) -> None:
    chest.review["views"] = ["frontal"]
    with pytest.raises(CasesError, match="none of these may be shown: other views"):
        export(chest.params, "chest")

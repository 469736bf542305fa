"""Maps of where a model looks against masks: examples, numbers and reasons."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from elsewhere.design.scoring import Scoring
from elsewhere.figures.given import Given
from elsewhere.figures.localisation import Localisation
from elsewhere.scores import explained
from elsewhere.scores.localisation import AUC, POINTING, agreement
from elsewhere.scores.localised import ALL, EXAMPLES, RIGHT, SiteLocalised

ARM, SITE, OTHER, SIDE = "utsw", "utsw-synthetic", "mosmed-synthetic", 12
SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=50, seed=0)


def site(name: str, n: int) -> SiteLocalised:
    """Maps with their maximum in the lesion in each second scan."""
    lesion, lungs = np.zeros((2, 1, SIDE, SIDE), bool)
    lesion[:, 2:5, 2:5] = lungs[:, 1:9, 1:9] = True
    agreements, examples, scans = [], [], []
    for number in range(n):
        found = np.random.default_rng(number).uniform(0, 0.5, lesion.shape)
        found[0, 3, 3 if number % 2 else 8] = 1.0
        agreements.append(agreement(found, lesion=lesion, lungs=lungs))
        scan = {"scan_id": f"{number:016x}", "patient_id": str(number), "label": number % 2}
        scans.append(scan | {"call": 1, "empty": False})
        pictures = {"image": 200 * lungs[0], "heat": 255 * found[0], "lesion": lesion[0]}
        pixels = {key: value.astype(np.uint8).tobytes() for key, value in pictures.items()}
        about = {"site": name, "scan_id": scan["scan_id"], "label": number % 2, "call": 1}
        examples.append(about | {"rows": SIDE, "columns": SIDE} | pixels)
    masks = {"used": n, "mask_shape": 1}
    table = pd.DataFrame(scans)
    return SiteLocalised(name, masks, table, tuple(agreements), tuple(examples), layer="last")


@pytest.fixture
def given(study_of: Callable[..., Any], tmp_path: Path) -> Given:
    job, settings = study_of(tmp_path, arms=(ARM,))
    absent = SiteLocalised(OTHER, {"no_scan": 2}, pd.DataFrame(), reason="no test scan has a mask")
    sites = [site(SITE, 6), absent]
    record = {"status": "ok", "reason": None, "run": "0-0"}
    record["sites"] = {one.name: one.summary(SCORING) for one in sites}
    paths = {"localised": tmp_path / "localised.json", "localised_examples": tmp_path / "e.parquet"}
    paths["localised"].write_text(json.dumps(record))
    frame = pd.DataFrame(sites[0].examples)
    explained.write(frame, paths["localised_examples"], schema=EXAMPLES)
    inputs = {name: {ARM: path} for name, path in paths.items()}
    return Given(
        type(job)(job.name, job.wildcards, {**job.inputs, **inputs}, job.outputs), settings
    )


def test_examples_numbers_and_reasons_are_there(
    given: Given, tmp_path: Path, svg_texts: Callable[[Path], list[str]]
) -> None:
    folder = tmp_path / "figures"
    assert Localisation().draw(given, folder) == [f"localisation_{ARM}"]
    svg = folder / f"localisation_{ARM}.svg"
    shown = " ".join(svg_texts(svg))
    assert svg.read_text().count("<image ") == 2 * 2  # a pair a class
    for said in ("Does it look at the lesions?", "0.50 (", "6 used", "1 mask_shape", "2 no_scan",
                 "not run", "no test scan has a mask", "SYNTHETIC"):  # fmt: skip
        assert said in shown, said
    assert "0000000000000003" not in svg.read_text()


def test_the_table_has_the_numbers_of_all_and_of_rightly_called_scans(
    given: Given, tmp_path: Path
) -> None:
    folder = tmp_path / "figures"
    Localisation().draw(given, folder)
    table = pd.read_csv(folder / f"localisation_{ARM}.csv")
    pointing = table[table["quantity"] == POINTING].set_index("scans")
    assert pointing.loc[ALL, "value"] == 0.5
    assert pointing.loc[RIGHT, ["value", "n_scans"]].tolist() == [1.0, 3]
    assert {*table["synthetic"]} == {"yes"}
    assert table.loc[table["site"] == "mosmed", "reason"].tolist() == ["no test scan has a mask"]
    assert (table.loc[table["quantity"] == AUC, "value"] > 0.5).all()

"""mapping: the map of a scan of a cell against the network, its window and Grad-CAM themselves."""

import json

import numpy as np
import pandas as pd
import pytest

from elsewhere.answers import mapping
from elsewhere.answers.answer import Refused
from elsewhere.answers.mapped import MAP, TOLD
from elsewhere.cohorts.view import view
from elsewhere.design import params as tables
from elsewhere.imaging import store
from elsewhere.methods import gradcam
from elsewhere.networks import weights
from elsewhere.networks.network import build

STUDY, SITE = "nguyen2021", "mosmed-synthetic"


def rows_of(finished, arm):
    rows = pd.read_parquet(finished / f"results/{STUDY}/cells/{arm}/{SITE}/predictions.parquet")
    return rows[rows["part"] == "test"].set_index("scan_id")


def mapped(finished, work, *names, monkeypatch):
    monkeypatch.chdir(finished)  # the process goes there; the tests come back
    mapping.main(work, str(finished), *names)
    return store.read(work / MAP), json.loads((work / TOLD).read_text())


@pytest.mark.parametrize("arm", ["utsw", "utsw_cc-ccii"])
def test_it_is_the_map_of_the_window_that_gave_the_probability(
    finished, arm, tmp_path, monkeypatch
):
    rows = rows_of(finished, arm)
    scan = rows.index[-1]
    heat, told = mapped(finished, tmp_path, STUDY, arm, SITE, scan, "", monkeypatch=monkeypatch)

    params = tables.load(finished)
    row = params.inputs["nguyen-demo"]
    network = build(params.networks["nguyen-cnn-demo"], row)
    model = finished / f"results/{STUDY}/models/{arm}/0-0/model.safetensors"
    weights.load(network, model)
    network.eval()
    array = store.read(finished / f"data/inputs/nguyen-demo/{SITE}/arrays/{scan}.b2nd")
    first = int(rows.loc[scan, "window_start"])
    image = view(row).window(array, first=first)[None]
    # the window is the right one: it has the probability of the artefact
    probability = network(image, None).softmax(dim=1)[0, 1].item()
    assert probability == pytest.approx(rows.loc[scan, "probability_1"], abs=1e-5)
    layer = gradcam.layer(network, image, None)
    lead = gradcam.against(gradcam.predicted) if told["against"] else gradcam.predicted
    expected = np.zeros(array.shape)
    found = gradcam.maps(network, image, site=None, layer=layer, lead=lead)[0].numpy()
    for number, at in enumerate(view(row).positions(len(array), first=first)):
        if at is not None:
            expected[at] = found[number]
    assert (told["run"], told["layer"]) == ("0-0", layer)
    np.testing.assert_allclose(heat / 255, expected, atol=1.01 / 255)


def test_a_scan_that_no_model_was_tested_on_has_no_map(finished, tmp_path, monkeypatch):
    split = pd.read_csv(finished / f"results/{STUDY}/splits/utsw-synthetic.csv")
    scan = split[split["part"] == "train"]["scan_id"].iloc[0]
    monkeypatch.chdir(finished)
    with pytest.raises(Refused, match="no model of this arm was tested on this scan"):
        mapping.main(tmp_path, str(finished), STUDY, "utsw", "utsw-synthetic", scan, "")


def test_what_the_arm_does_not_know_has_no_map(finished, tmp_path, monkeypatch):
    scan = rows_of(finished, "utsw").index[0]
    monkeypatch.chdir(finished)
    with pytest.raises(Refused, match="expected one of"):
        mapping.main(tmp_path, str(finished), STUDY, "utsw", SITE, scan, "edema")

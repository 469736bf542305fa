"""volumes: what is sent is what is stored, of known scans alone, and never a hidden one."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from starlette.testclient import TestClient

from elsewhere.cohorts.view import view
from elsewhere.design import params as tables
from elsewhere.imaging import store
from elsewhere.methods import gradcam
from elsewhere.networks import weights
from elsewhere.networks.network import build
from elsewhere.pages import volumes
from elsewhere.pages.app import application
from elsewhere.pages.guard import Entrance
from elsewhere.sites import manifest

ARM, SITE = "utsw", "mosmed-synthetic"
LINK = "http://127.0.0.1:8321"


@pytest.fixture(scope="session")
def predicted(project):
    """The test rows of the cell."""
    rows = pd.read_parquet(project / f"results/nguyen2021/cells/{ARM}/{SITE}/predictions.parquet")
    return rows[rows["part"] == "test"].set_index("scan_id")


@pytest.fixture(scope="session")
def scan(predicted):
    return predicted.index[0]


@pytest.fixture
def hiding(project, scan, tmp_path):
    """A client of a copy of the project in which text is burned into one scan."""
    top = tmp_path / "project"
    shutil.copytree(project, top, symlinks=True)
    path = top / f"data/scans/{SITE}/manifest.parquet"
    table = manifest.read(path)
    table.loc[table["scan_id"] == scan, "flags"] = "burned_in"
    manifest.write(table, path)
    entrance, scratch = Entrance(), tmp_path / "scratch"
    scratch.mkdir()
    app = application(top, entrance=entrance, scratch=scratch)
    with TestClient(app, base_url=LINK, raise_server_exceptions=False) as opened:
        opened.get("/enter", params={"token": entrance.token()}, follow_redirects=False)
        yield opened


def read(answer):
    assert answer.status_code == 200, answer.text
    assert "content-encoding" not in answer.headers
    return nib.Nifti1Image.from_bytes(answer.content)


def test_a_volume_is_the_stored_one_in_its_place(client, project, scan):
    image = read(client.get(f"/volumes/{SITE}/{scan}"))
    stored = store.read(project / f"data/scans/{SITE}/volumes/{scan}.b2nd")
    np.testing.assert_array_equal(np.asarray(image.dataobj), stored.T)
    row = manifest.read(project / f"data/scans/{SITE}/manifest.parquet").set_index("scan_id")
    spacing = [row.loc[scan, f"spacing_{axis}_mm"] for axis in "xyz"]
    np.testing.assert_allclose(nib.affines.voxel_sizes(image.affine), spacing, rtol=1e-4)
    assert nib.aff2axcodes(image.affine) == ("L", "P", "S")


@pytest.mark.parametrize(
    "place",
    [
        f"/volumes/{SITE}/0123456789abcdef",
        f"/volumes/{SITE}/..",
        f"/volumes/{SITE}/%2e%2e%2fmanifest",
        "/volumes/nowhere/0123456789abcdef",
        f"/maps/nguyen2021/{ARM}/{SITE}/0123456789abcdef",
        f"/maps/nguyen2021/nobody/{SITE}/0123456789abcdef",
        f"/maps/nguyen2021/{ARM}/nowhere/0123456789abcdef",
        f"/maps/none/{ARM}/{SITE}/0123456789abcdef",
    ],
)
def test_what_is_not_there_is_not_sent(client, place):
    answer = client.get(place)
    assert answer.status_code == 404
    assert b"\x00" not in answer.content


def test_a_finding_that_the_cell_has_not_is_refused(client, scan):
    answer = client.get(f"/maps/nguyen2021/{ARM}/{SITE}/{scan}", params={"finding": "edema"})
    assert (answer.status_code, "no finding" in answer.text) == (404, True)


def test_a_scan_with_text_in_its_pixels_is_not_sent_and_has_no_map(hiding, scan):
    for place in (f"/volumes/{SITE}/{scan}", f"/maps/nguyen2021/{ARM}/{SITE}/{scan}"):
        answer = hiding.get(place)
        assert answer.status_code == 403
        assert "burned into" in answer.text
    page = hiding.get(f"/studies/nguyen2021/scans/{SITE}/{scan}")
    assert page.status_code == 200
    assert "Not shown" in page.text
    assert "/volumes/" not in page.text
    assert "/maps/" not in page.text


def expected_map(project, predicted, scan):
    """The map by the parts themselves: weights from the file, the window, Grad-CAM."""
    params = tables.load(project)
    row, network_row = params.inputs["nguyen-demo"], params.networks["nguyen-cnn-demo"]
    network = build(network_row, row)
    weights.load(network, project / f"results/nguyen2021/models/{ARM}/0-0/model.safetensors")
    network.eval()
    array = store.read(project / f"data/inputs/nguyen-demo/{SITE}/arrays/{scan}.b2nd")
    first = int(predicted.loc[scan, "window_start"])
    image = view(row).window(array, first=first)[None]
    layer = gradcam.layer(network, image, None)
    heat = gradcam.maps(network, image, site=None, layer=layer)[0].numpy()
    if not heat.any():
        lead = gradcam.against(gradcam.predicted)
        heat = gradcam.maps(network, image, site=None, layer=layer, lead=lead)[0].numpy()
    whole = np.zeros(array.shape)
    for number, at in enumerate(view(row).positions(len(array), first=first)):
        if at is not None:
            whole[at] = heat[number]
    return whole, layer


def test_a_map_is_that_of_the_first_model_and_lies_over_the_volume(
    client, project, predicted, scan, monkeypatch
):
    place = f"/maps/nguyen2021/{ARM}/{SITE}/{scan}"
    answer = client.get(place)
    image, volume = read(answer), read(client.get(f"/volumes/{SITE}/{scan}"))
    whole, layer = expected_map(project, predicted, scan)
    found = np.asarray(image.dataobj).T
    np.testing.assert_allclose(found / 255, whole, atol=1.01 / 255)
    caption = unquote(answer.headers["x-caption"])
    assert f"of UTSW (model of fold 0, seed 0; layer {layer})" in caption
    assert caption.endswith("for the class that it finds most probable.")
    for corner in (np.zeros(3), np.ones(3)):
        ends = [
            nib.affines.apply_affine(one.affine, corner * one.shape - 0.5)
            for one in (image, volume)
        ]
        np.testing.assert_allclose(*ends, atol=1e-2)
    # a second look needs no second computation
    monkeypatch.setattr(volumes, "map_of", lambda *_, **__: pytest.fail("made anew"))
    assert client.get(place).content == answer.content


def test_a_failed_map_says_why(client, scan, monkeypatch):
    def refuse(*_, **__):
        raise volumes.Refused("it has no layer whose maps say where")

    monkeypatch.setattr(volumes, "map_of", refuse)
    answer = client.get(f"/maps/nguyen2021/utsw_cc-ccii/{SITE}/{scan}")
    assert answer.status_code == 422
    assert "no layer" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


def test_one_map_is_made_at_a_time_and_none_twice(project, scan, tmp_path, monkeypatch):
    running, most, made = [], [], []

    def slow(wanted, *, work, **_):
        running.append(wanted)
        most.append(len(running))
        made.append(wanted.arm)
        threading.Event().wait(0.2)
        store.write(work / "map.b2nd", np.ones((2, 2, 2), np.uint8))
        running.pop()
        return volumes.Mapped(work / "map.b2nd", "0-0", "layer", against=False)

    monkeypatch.setattr(volumes, "map_of", slow)
    entrance = Entrance()
    app = application(project, entrance=entrance, scratch=tmp_path)
    with TestClient(app, base_url=LINK) as opened:
        opened.get("/enter", params={"token": entrance.token()}, follow_redirects=False)
        places = [
            f"/maps/nguyen2021/{arm}/{SITE}/{scan}" for arm in (ARM, "utsw_cc-ccii", ARM, ARM)
        ]
        with ThreadPoolExecutor(4) as threads:
            answers = [*threads.map(opened.get, places)]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert max(most) == 1
    assert sorted(made) == sorted([ARM, "utsw_cc-ccii"])

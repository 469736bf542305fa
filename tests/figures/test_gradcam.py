from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from elsewhere.design.job import Job
from elsewhere.figures import gradcam
from elsewhere.figures.results import Results
from elsewhere.scores.explained import Explained

MAKER = runpy.run_path(str(Path(__file__).with_name("conftest.py")))
Texts = Callable[[Path], list[str]]
NAME = "gradcam_joint"


@pytest.fixture(scope="module")
def found(contrastive: Results) -> Explained:
    made: Explained = MAKER["look_into"]([column.row for column in contrastive.columns])
    return made


@pytest.fixture(scope="module")
def folder(
    contrastive: Results, found: Explained, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    place = tmp_path_factory.mktemp("gradcam")
    assert gradcam.draw(contrastive, {"joint": found}, place) == [NAME]
    return place


def test_every_outcome_of_every_site_says_how_many_there_are(
    folder: Path, contrastive: Results, svg_texts: Texts
) -> None:
    shown = svg_texts(folder / f"{NAME}.svg")
    sites = len(contrastive.columns)
    for said in ("true positive", "false negative", "3 of 9 scans", "1 of 5 scans", "none"):
        assert shown.count(said) == sites, said
    assert {"SARS-CoV-2 CT *", "COVID-CT"} <= set(shown)
    assert "one per patient (* images, perhaps of one patient)" in " ".join(shown)
    assert "no patient keys published" in " ".join(shown)


def test_each_example_is_there_without_and_with_its_map(folder: Path, found: Explained) -> None:
    svg = (folder / f"{NAME}.svg").read_text()
    assert svg.count("<image ") == 2 * len(found.gallery)


def test_probabilities_stand_under_their_scans_and_no_key_does(
    folder: Path, found: Explained, svg_texts: Texts
) -> None:
    shown = svg_texts(folder / f"{NAME}.svg")
    for scan in found.gallery.to_dict("records"):
        about = (", against" if scan["against"] else "") if any(scan["heat"]) else ", map of zeros"
        assert f"P {scan['probability_1']:.2f}{about}" in shown
    assert "efefefef" not in (folder / f"{NAME}.svg").read_text()


@pytest.mark.parametrize(("turn", "channel"), [(1, 0), (2, 2)], ids=["for", "against"])
def test_the_map_colours_its_own_place_and_leaves_the_rest_grey(
    turn: int, channel: int, contrastive: Results, found: Explained, tmp_path: Path
) -> None:
    """Red is above blue for the answer, and below where the map speaks against it."""
    site = contrastive.columns[0].row
    one = found.gallery[found.gallery["site"] == site].iloc[[turn]]
    gradcam.draw(contrastive, {"joint": Explained(found.record, one, found.embeddings)}, tmp_path)
    pixels = np.asarray(Image.open(tmp_path / f"{NAME}.png").convert("RGB")).astype(int)
    colourful = np.ptp(pixels, axis=2) > 60
    colourful[:60] = False  # the band that says synthetic
    _, columns = np.nonzero(colourful & (pixels[..., channel] > pixels[..., 2 - channel]))
    side = 150 * gradcam.TILE
    left = 150 * (0.3 + gradcam.LABELS + gradcam.TILE + gradcam.GAP)
    inside = (columns > left) & (columns < left + side)
    assert inside.sum() > 1000
    assert columns[inside].mean() == pytest.approx(left + side / 2, abs=6)


def test_what_was_not_run_says_why(
    contrastive: Results, found: Explained, tmp_path: Path, svg_texts: Texts
) -> None:
    sites = {
        **found.record["sites"],
        contrastive.columns[1].row: {"absent": "site b has no data", "layer": None, "counts": {}},
    }
    here = found.gallery[found.gallery["site"] == contrastive.columns[0].row]
    partly = Explained({**found.record, "sites": sites}, here, found.embeddings)
    arms = {"joint": partly, "contrastive": MAKER["not_looked_into"]("lost in the post")}
    names = gradcam.draw(contrastive, arms, tmp_path)
    texts = [" ".join(svg_texts(tmp_path / f"{name}.svg")) for name in names]
    assert texts[0].count("not run: site b has no data") == 1
    assert texts[1].count("not run: lost in the post") == len(contrastive.columns)


def test_the_study_shows_its_explained_arms(drawn_absent: Job, drawn: Job) -> None:
    """contrastive names two, nguyen2021 none."""
    names = {path.stem for path in drawn_absent.outputs["figures"].glob("*.png")}
    assert {"gradcam_joint", "gradcam_contrastive", "embeddings"} <= names
    assert not [path for path in drawn.outputs["figures"].iterdir() if "gradcam" in path.name]

"""The methods paragraph has the study's numbers and cites what it names."""

import contextlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from elsewhere.cli import app
from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.evidence import methods


@pytest.fixture(scope="module")
def text(finished, top):
    with contextlib.chdir(top):
        return methods.write(finished)


def test_numbers_are_those_of_the_study(text, study):
    training = study.params.budgets["nguyen-demo"].training
    scans = sum(len(table) for table in study.given.manifests.values())
    patients = sum(table["patient_id"].nunique() for table in study.given.manifests.values())
    assert f"{patients} patients, {scans} scans from 4 sites" in text
    assert f"{training.iterations} iterations per run with adam" in text
    assert f"batches of {training.batch_size} scans" in text
    assert "3 arms were trained" in text


def test_it_is_a_draft_and_says_that_data_are_synthetic(text):
    assert methods.DRAFT in text
    assert "SYNTHETIC DATA" in text


def test_what_is_named_is_cited_and_what_is_not_named_is_not(text, study):
    sources = text.partition("## Sources")[2]
    assert study.study.citation in sources
    assert "DeLong ER" in sources
    for word, source in methods.SOURCES.items():
        if word not in text:
            assert source not in sources


def test_synthetic_data_cite_no_data_set(text):
    assert "Morozov" not in text


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (-1000, None, "clipped to a window from -1000 HU to no limit"),
        (-1000, 400, "clipped to a window from -1000 HU to 400 HU"),
        (None, None, "not clipped to a window"),
    ],
)
def test_the_window_is_that_of_the_input(study, low, high, said):
    [row] = study.inputs().values()
    assert isinstance(row, VolumeInput)
    changed = row.model_copy(update={"clip_min_hu": low, "clip_max_hu": high})
    assert said in methods._prepared(changed)
    assert "1 x 32 x 32 x 32 (channels, slices, rows, columns)" in methods._prepared(changed)


def test_an_input_of_images_has_no_slices():
    row = ImageInput(kind="image", matrix=8, stored_matrix=8, channels=1, normalise="image")
    assert "1 x 8 x 8 (channels, rows, columns)" in methods._prepared(row)


def test_the_command_prints_what_it_writes(project):
    done = CliRunner().invoke(app, ["methods", "nguyen2021"], catch_exceptions=False)
    path = Path("results/nguyen2021/methods.md")
    assert done.output == f"{path.read_text(encoding='utf-8')}\nwritten to {path}\n"

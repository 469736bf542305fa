"""Bytes of a study's files: closed forms, what is there, and the copies in DVC's cache."""

from pathlib import Path

import pytest

from elsewhere.commands.estimates import disk
from elsewhere.commands.estimates.holding import holdings
from elsewhere.commands.estimates.work import jobs
from elsewhere.design.params import load


def made(params, study):
    sites = holdings(params, study)
    return {
        (line.what, line.of): line.bytes
        for line in disk.lines(params, study, sites, jobs(params, study, sites))
    }


@pytest.mark.usefixtures("empty")
def test_models_and_checkpoints_of_the_paper(at):
    lines = made(at("paper"), "nguyen2021")
    parameters = 12_839_658
    assert lines["models", "nguyen-cnn"].amount.ends()[0] == 9 * 4 * parameters
    # the network, the best weights and two moments of Adam
    assert lines["checkpoints", "nguyen-cnn, a run"].amount.ends()[0] == 16 * parameters


@pytest.mark.usefixtures("empty")
def test_prepared_images_are_a_byte_a_pixel_or_so(at):
    lines = made(at("paper"), "chestxray")
    low, high = lines["prepared", "chestxray-paper-224, chexpert"].amount.ends()
    pixels = 223_414 * 224 * 224
    assert low < pixels < high < 1.1 * pixels
    assert not lines["scans", "chexpert"].amount.known


@pytest.mark.parametrize(
    ("config", "copies"),
    [
        (None, (0, 0)),
        ("[core]\n    analytics = false\n", (1, 1)),
        ("[cache]\n    type = copy\n", (1, 1)),
        ("[cache]\n    type = reflink,hardlink,copy\n", (0, 1)),
    ],
)
def test_the_cache_holds_as_many_copies_as_dvc_is_told_to_make(empty, at, config, copies):
    if config is not None:
        (empty / ".dvc").mkdir()
        (empty / ".dvc/config").write_text(config)
    lines = made(at("paper"), "nguyen2021")
    models = lines["models", "nguyen-cnn"].amount.ends()[0]
    assert lines["cache", "models"].amount.ends() == tuple(models * each for each in copies)
    assert lines["cache", "scans"].lacking == ("utsw", "mosmed")


@pytest.mark.xdist_group("pages")
def test_what_is_there_is_measured(finished, monkeypatch):
    monkeypatch.chdir(finished)
    lines = made(load(), "nguyen2021")
    volumes = Path("data/scans/utsw-synthetic/volumes")
    size = sum(path.stat().st_size for path in volumes.iterdir())
    assert lines["scans", "utsw-synthetic"].amount.ends() == (size, size)
    weights = [*Path("results/nguyen2021/models").rglob("model.safetensors")]
    least = lines["models", "nguyen-cnn-demo"].amount.ends()[0]
    # beside the values a file has a header, which says their names
    assert least <= sum(path.stat().st_size for path in weights) <= least + 8_000 * len(weights)

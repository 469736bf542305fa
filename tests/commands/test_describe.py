"""What `elsewhere describe` prints is what the paper says."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from elsewhere.commands.describe import tables
from elsewhere.design.params import ParamsError, load

PARAMS = load(Path(__file__).parents[1] / "params")


def printed(study: str, scale: str) -> str:
    console = Console(width=120, record=True, file=io.StringIO())
    for table in tables(PARAMS, study, scale):
        console.print(table)
    return console.export_text()


def test_the_network_of_nguyen2021_has_the_papers_parameters_and_shapes():
    text = printed("nguyen2021", "paper")
    assert "12,839,658 trainable parameters" in text
    for shape in ("8 x 128 x 512 x 512", "16 x 32 x 128 x 128", "32 x 16 x 32 x 32"):
        assert shape in text
    assert "64 x 8 x 8 x 8" in text
    assert "128 x 4 x 4 x 4" in text


def test_a_scale_shows_the_network_that_stands_in():
    assert "covidnet-redesign-quarter on contrastive-demo" in printed("contrastive", "demo")


@pytest.mark.parametrize(("study", "scale"), [("nobody2021", "demo"), ("nguyen2021", "huge")])
def test_an_unknown_study_or_scale_is_named(study, scale):
    with pytest.raises(ParamsError, match=study if study != "nguyen2021" else scale):
        list(tables(PARAMS, study, scale))

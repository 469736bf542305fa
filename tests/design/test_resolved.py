"""resolved: what a user sees is what a run uses."""

import pytest
import yaml

from elsewhere.design.params import Params, ParamsError
from elsewhere.design.resolved import resolved


def test_names_are_replaced_by_their_rows(params: Params) -> None:
    shown = yaml.safe_load(resolved(params, "contrastive"))
    assert list(shown["inputs"]) == ["contrastive-demo"]
    matrix = params.inputs["contrastive-demo"].matrix
    assert shown["inputs"]["contrastive-demo"]["matrix"] == matrix
    assert shown["sites"]["site-b"]["row"] == "covid-ct-synthetic"
    assert shown["sites"]["site-b"]["layout"] == "covid_ct"
    assert shown["audit"]["similarity"] == params.studies["contrastive"].audit.similarity
    assert shown["budget"]["training"]["iterations"] > 0
    assert shown["networks"]["covidnet-redesign"]["width"] == 0.25  # the demo's stand-in


def test_the_jobs_are_counted(params: Params) -> None:
    shown = yaml.safe_load(resolved(params, "nguyen2021"))
    expected = {
        "ingest": 4, "prepare": 4, "audit": 1, "split": 4,
        "train": 9, "predict": 36, "score": 36, "figure": 1,
    }  # fmt: skip
    assert expected.items() <= shown["jobs"].items()


def test_a_study_without_the_scale_says_which_it_has(params: Params) -> None:
    desktop = params.model_copy(update={"scale": "desktop"})
    with pytest.raises(
        ParamsError, match="'nguyen2021' has no scale 'desktop', it has demo, paper"
    ):
        resolved(desktop, "nguyen2021")

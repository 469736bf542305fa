"""fitting: a new study can only be like a study that learns from such scans."""

from pathlib import Path

import pytest

from elsewhere.commands.fitting import check_fit
from elsewhere.design import params as tables
from elsewhere.design.params import Params, ParamsError


@pytest.fixture(scope="module")
def params() -> Params:
    return tables.load(Path(__file__).parents[1] / "params")


def test_volumes_fit_a_study_of_volumes(params: Params) -> None:
    fit = check_fit(params, "nguyen2021", ["mosmed-synthetic", "cc-ccii-synthetic"])
    assert (fit.dimensions, fit.findings, fit.views) == (3, (), ("none",))


def test_radiographs_fit_a_study_of_findings(params: Params) -> None:
    fit = check_fit(params, "chestxray", ["chexpert-synthetic"])
    assert fit.dimensions == 2
    assert "edema" in fit.findings
    assert "PA" in fit.views


@pytest.mark.parametrize(
    ("like", "sites", "message"),
    [
        ("nowhere", ["mosmed"], "--like nowhere: there are chestxray, "),
        ("nguyen2021", ["nowhere"], "no site nowhere; there are "),
        ("nguyen2021", ["mosmed", "mosmed"], "mosmed: named twice"),
        ("nguyen2021", ["mosmed", "covid-ct"], "no input takes volumes and images at once"),
        ("nguyen2021", ["covid-ct"], "does not fit: .*use --like .*contrastive"),
        ("contrastive", ["chexpert-synthetic"], "does not fit: .*use --like chestxray"),
        ("chestxray", ["chexpert", "covid-ct"], "give findings, but covid-ct one label"),
    ],
)
def test_what_does_not_fit_is_answered_with_what_does(
    params: Params, like: str, sites: list[str], message: str
) -> None:
    with pytest.raises(ParamsError, match=message):
        check_fit(params, like, sites)

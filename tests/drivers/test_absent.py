"""absent: a missing input is reported, with the command that makes it."""

from dataclasses import replace
from pathlib import Path

import pytest

from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.design.masks import MaskRow
from elsewhere.drivers.absent import (
    AbsentError,
    left_out,
    raw_data,
    require_inputs,
    targets,
)

SPLIT = "split--contrastive--covid-ct-synthetic"


@pytest.fixture
def params(checkout: Path) -> tables.Params:
    del checkout
    return tables.load()


def test_raw_data_are_asked_for_in_the_way_that_the_site_has(params: tables.Params) -> None:
    assert "`elsewhere phantom utsw-synthetic` writes" in raw_data("utsw-synthetic", params)
    own = raw_data("mosmed", params)
    assert own.startswith("data/raw/mosmed: no such folder; put the data of ")
    assert "(layout mosmed), or set sites.mosmed.available: false" in own


def test_masks_are_asked_for_in_the_way_that_their_site_has(params: tables.Params) -> None:
    row = {"mosmed": MaskRow(), "wuhan-union-synthetic": MaskRow()}
    params = params.model_copy(update={"masks": row})
    asked = raw_data("wuhan-union-synthetic-masks", params)
    assert "`elsewhere phantom wuhan-union-synthetic` writes it" in asked
    own = raw_data("mosmed-masks", params)
    assert own.startswith("data/raw/mosmed-masks: no such folder; put the masks of MosMedData")
    assert own.endswith("or take out masks.mosmed")


def test_a_site_of_an_archive_is_pulled(params: tables.Params) -> None:
    assert "utsw" in params.pulls
    assert "`elsewhere pull utsw` fetches it" in raw_data("utsw", params)


def test_the_first_absent_input_is_named_and_the_command_that_makes_it(
    params: tables.Params,
) -> None:
    stage = stages(params)[SPLIT]
    with pytest.raises(AbsentError, match=r"snakemake -j8 results/\S+\.csv`") as raised:
        require_inputs(stage, params)
    assert f"{SPLIT} reads {stage.files[0]} (and 1 more)" in str(raised.value)
    for path in stage.files[1:]:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()
    with pytest.raises(AbsentError, match=f"reads {stage.files[0]}, which is not there"):
        require_inputs(stage, params)
    Path(stage.files[0]).parent.mkdir(parents=True, exist_ok=True)
    Path(stage.files[0]).touch()
    require_inputs(stage, params)


def test_raw_data_are_asked_for_first(params: tables.Params) -> None:
    stage = stages(params)["ingest--utsw-synthetic"]
    both = replace(stage, inputs={"other": "data/other", **stage.inputs})
    with pytest.raises(AbsentError, match="data/raw/utsw-synthetic: no such folder"):
        require_inputs(both, params)
    Path("data/raw/utsw-synthetic").mkdir(parents=True)
    require_inputs(stage, params)


def test_what_a_federation_left_is_imported(params: tables.Params) -> None:
    wanted = "data/federations/ours/model.safetensors"
    stage = replace(stages(params)[SPLIT], inputs={"federation_model": wanted})
    with pytest.raises(AbsentError, match=f"{wanted} is not there: `elsewhere federation import`"):
        require_inputs(stage, params)


def test_studies_whose_synthetic_sites_nobody_wrote_are_left_out(params: tables.Params) -> None:
    params = params.model_copy(update={"run": ["contrastive", "chestxray"]})
    assert targets(params) == ["contrastive", "chestxray"], "nothing is there: all are asked for"
    assert left_out(params).startswith("the synthetic sites of contrastive, chestxray were never")
    for site in ("sars-cov-2-ct-synthetic", "covid-ct-synthetic"):
        Path("data/raw", site).mkdir(parents=True)
    assert targets(params) == ["contrastive"]
    assert left_out(params) == (
        "left out, since their synthetic sites were never written: chestxray; "
        "`elsewhere phantom --study chestxray` writes those of one study"
    )


def test_a_study_that_was_ingested_or_is_of_real_sites_is_never_left_out(
    params: tables.Params,
) -> None:
    """Raw data that went away, and those of a hospital, are missed in the usual way."""
    manifests = [Path(f"data/scans/{s}-synthetic") for s in ("sars-cov-2-ct", "covid-ct")]
    for folder in manifests:
        folder.mkdir(parents=True)
        (folder / "manifest.parquet").touch()
    rows = params.studies["chestxray"].scales
    real = params.studies["chestxray"].model_copy(update={"scales": {"demo": rows["paper"]}})
    studies = {**params.studies, "chestxray": real}
    params = params.model_copy(update={"run": ["contrastive", "chestxray"], "studies": studies})
    assert targets(params) == ["contrastive", "chestxray"]
    assert left_out(params) == ""

"""The table of rates fits the settings, and is what RESULTS.md says."""

from pathlib import Path

import pytest
import yaml

from elsewhere.design import known
from elsewhere.design.params import load
from elsewhere.design.steps import STEPS

PARAMS = load(Path(__file__).parents[1] / "params")
TABLES = yaml.safe_load(known.FILE.read_text(encoding="utf-8"))


def test_every_row_names_rows_of_the_settings_and_a_source():
    for row in TABLES["rates"]:
        assert row["step"] in STEPS
        assert row["source"]
        assert row.get("network", "nguyen-cnn") in PARAMS.networks
        assert row.get("input", "nguyen-paper") in PARAMS.inputs
        assert row.get("study", "ucadi") in PARAMS.studies
    assert set(TABLES["sites"]) <= set(PARAMS.sites)
    assert all(row["source"] for row in TABLES["sites"].values())
    for row in TABLES["whole"]:
        assert row["scale"] in PARAMS.studies[row["study"]].scales


def test_the_first_row_that_fits_counts():
    facts = {"step": "score", "study": "nguyen2021", "scale": "demo", "device": "cpu"}
    own, other = known.rate(facts), known.rate({**facts, "study": "ucadi"})
    assert own is not None
    assert other is not None
    assert own.seconds.ends() != other.seconds.ends()
    assert known.rate({**facts, "scale": "paper"}) is None


def test_near_duplicates_take_as_long_as_results_md_says():
    rate = known.rate({"step": "audit", "study": "chestxray", "scale": "paper"})
    assert rate is not None
    assert rate.of == "pair"
    results = (Path(__file__).parents[2] / "benchmarks/RESULTS.md").read_text(encoding="utf-8")
    seconds = rate.seconds.times(40_000**2).ends()[0]
    assert f"| 40,000 | {seconds:.1f} |" in results


def test_a_publisher_states_what_it_states_and_nothing_else():
    stated = known.site("covid-ctset", "slices")
    assert stated is not None
    assert stated.times(1_349).ends()[0] == pytest.approx(63_849, rel=0.01)
    assert known.site("covid-ctset", "raw") is None
    assert known.site("utsw", "slices") is None


def test_voxels_take_at_most_their_own_size_and_a_job_of_torch_has_a_start():
    ct = known.bytes_of_voxel({"what": "scans", "values": "volume", "layout": "mosmed"})
    assert ct.ends()[1] == 2  # int16
    assert not known.bytes_of_voxel({"what": "scans", "values": "sound"}).known
    assert known.start("train") is not None
    assert known.start("split") is None
    assert known.whole("nguyen2021", "paper") is None

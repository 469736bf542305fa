"""Scans are those of the manifest, else of the paper, else of nobody."""

from pathlib import Path

import pandas as pd
import pytest

from elsewhere.commands.estimates.holding import PARTS, holdings, together
from elsewhere.design.params import load
from elsewhere.figures import paper


@pytest.mark.usefixtures("empty")
def test_training_scans_are_those_by_which_the_paper_counts_epochs(at):
    sites = holdings(at("paper"), "nguyen2021")
    for row in paper.costs("nguyen2021"):
        if row["quantity"] == "epochs":  # "250,000 iterations over 243 scans"
            scans = f"{sites[row['site']].parts['train'].ends()[0]:,.0f} scans"
            assert scans in row["source"] or f"its {scans}" in row["source"]


@pytest.mark.usefixtures("empty")
def test_parts_add_up_and_slices_that_nobody_states_are_unknown(at):
    sites = holdings(at("paper"), "nguyen2021")
    for site in sites.values():
        assert sum(site.parts[part].ends()[0] for part in PARTS) == site.scans.ends()[0]
    assert not sites["utsw"].voxels.known
    assert "elsewhere ingest utsw" in sites["utsw"].voxels.source
    assert sites["covid-ctset"].voxels.known


@pytest.mark.usefixtures("empty")
def test_slices_that_the_user_declares_count_where_nobody_states_any(at):
    sites = holdings(at("paper"), "nguyen2021", slices=(40, 400))
    assert sites["utsw"].voxels.ends() == (337 * 40 * 512**2, 337 * 400 * 512**2)
    assert "--slices" in sites["utsw"].voxels.source
    assert "--slices" not in sites["covid-ctset"].voxels.source


@pytest.mark.usefixtures("empty")
def test_without_published_parts_the_shares_of_the_split_count(at):
    site = holdings(at("paper"), "contrastive")["sars-cov-2-ct"]
    assert site.parts["train"].ends()[0] == 1_613  # D-16: 100 epochs of them are 5,050 iterations
    assert site.parts["train"].source.endswith("D-01, 119 x 104 to 416 x 512")


@pytest.mark.usefixtures("empty")
def test_an_external_site_is_tested_as_a_whole_and_a_site_without_counts_is_unknown(at):
    external = holdings(at("paper"), "chestxray")["mimic-cxr-jpg"]
    assert external.scans.ends()[0] == external.parts["test"].ends()[0] == 5_159  # B-04
    assert external.parts["train"].ends()[0] == 0
    sites = holdings(at("paper"), "ucadi")
    assert not sites["wuhan-union"].scans.known  # C-04: 507 patients, of how many scans
    assert not together(sites, ["tongji-main", "wuhan-union"]).known
    assert together(sites, ["tongji-main"], parts=["train"]) == sites["tongji-main"].parts["train"]


@pytest.mark.xdist_group("pages")
def test_a_manifest_counts_more_than_any_table(finished, monkeypatch):
    monkeypatch.chdir(finished)
    for row, site in holdings(load(), "nguyen2021").items():
        manifest = pd.read_parquet(f"data/scans/{row}/manifest.parquet")
        voxels = sum(r.n_slices * r.rows * r.columns for r in manifest.itertuples())
        assert site.scans.ends()[0] == len(manifest)
        assert site.voxels.ends()[0] == voxels
        split = pd.read_csv(Path("results/nguyen2021/splits") / f"{row}.csv")
        assert site.parts["test"].ends()[0] == (split["part"] == "test").sum()

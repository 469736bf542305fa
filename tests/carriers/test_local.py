"""A hospital's own cell is that of the steps predict and score with the final model."""

import json

import pandas as pd
import pytest
from hospitals import MARK

from elsewhere.carriers import local, settled
from elsewhere.federation.wire import RefusedError


def cohort(one, site="north", project=None):
    here = settled.settled(project or one.project(site), one.agreement)
    return local.LocalCohort(here, site)


def test_it_trains_on_its_own_scans(finished):
    north, south = cohort(finished), cohort(finished, "south")
    assert (len(north.scans), len(south.scans)) == (6, 8)
    assert all(name.startswith(f"{MARK}north") for name in north.scans.scan_ids)
    assert (north.initial() == south.initial()).all()  # everyone starts alike


def test_the_cell_is_complete_at_home(finished):
    folder = finished.home("south") / "finished"
    rows = pd.read_parquet(folder / local.PREDICTIONS)
    assert (rows["part"] == "test").sum() == 12
    metrics = json.loads((folder / local.METRICS).read_text())
    assert (metrics["site"], metrics["training_sites"]) == ("south", ["south"])
    assert metrics["pooled"]["threshold_rule"].endswith("(south)")
    record = json.loads((folder / local.RECORD).read_text())
    assert record["n_train"] == {"north": None, "south": None, "west": None}


def test_scans_that_are_not_there_are_said(finished):
    with pytest.raises(RefusedError, match="west has no index of its scans: run `snakemake`"):
        _ = cohort(finished, "west", finished.project("north")).scans

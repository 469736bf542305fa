"""mapped: the process that makes a map: its refusals come back, and it can be stopped."""

import threading

import pandas as pd
import pytest

from elsewhere.answers.answer import Refused
from elsewhere.answers.mapped import OfScan, map_of
from elsewhere.answers.process import Stopped
from elsewhere.design import params as tables

STUDY, ARM, SITE = "nguyen2021", "utsw", "utsw-synthetic"


@pytest.fixture
def trained_on(finished):
    """A scan of the training part, of which no cell has a call."""
    split = pd.read_csv(finished / f"results/{STUDY}/splits/{SITE}.csv")
    return OfScan(finished, STUDY, ARM, SITE, split[split["part"] == "train"]["scan_id"].iloc[0])


def test_why_there_is_no_map_comes_back_from_the_process(finished, trained_on, tmp_path):
    params = tables.load(finished)
    with pytest.raises(Refused, match="no model of this arm was tested on this scan"):
        map_of(trained_on, params=params, work=tmp_path, limits=params.serve)


def test_a_map_that_nobody_waits_for_is_not_made(finished, trained_on, tmp_path):
    params, stop = tables.load(finished), threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        map_of(trained_on, params=params, work=tmp_path, limits=params.serve, stop=stop)
    assert not any(tmp_path.iterdir())

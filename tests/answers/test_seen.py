"""The scans that others are held to are those of the study's splits."""

import pandas as pd
import pytest

from elsewhere.answers import seen
from elsewhere.design import paths


@pytest.fixture
def split(question):
    def read(row):
        return pd.read_csv(paths.split(question.wanted.study, row), dtype={"scan_id": str})

    return read


def test_they_are_those_of_the_splits(question, split):
    found = seen.scans(question.wanted.study, question.rows)
    for row in question.rows:
        mine = found.of([row], "x").rows["scan_id"]
        assert set(mine) == set(split(row)["scan_id"])
    assert found.of([], "nobody").rows.empty


def test_of_a_large_site_some_are_taken_and_those_that_are_asked_about(question, monkeypatch):
    row = question.rows[0]
    every = seen.scans(question.wanted.study, [row]).rows
    monkeypatch.setattr(seen, "MOST", 3)
    few = seen.scans(question.wanted.study, [row]).rows
    assert len(few) == 3
    other = every[~every["scan_id"].isin(few["scan_id"])].iloc[0]
    more = seen.scans(question.wanted.study, [row], also=[other["volume_sha256"]]).rows
    assert set(more["scan_id"]) == {*few["scan_id"], other["scan_id"]}


def test_values_are_compared_within_one_scale(question):
    found = seen.scans(question.wanted.study, question.rows)
    assert set(found.by_scale) == {"HU", "0-255"}
    assert sum(len(one.rows) for one in found.by_scale.values()) == len(found.rows)
    assert set(found.by_scale["0-255"].values.sites) == {"cc-ccii-synthetic"}
    assert 0 < found.by_scale["HU"].values_limit < 1
    assert 0 < found.by_scale["HU"].anatomy_limit < 2


def test_a_scan_was_learnt_in_the_folds_where_it_is_not_tested(question, split):
    row = question.rows[0]
    rows = split(row)
    for part, folds in (("test", frozenset()), ("train", {0}), ("validation", {0})):
        scan = rows.loc[rows["part"] == part, "scan_id"].iloc[0]
        assert seen.learnt(question.wanted.study, row, scan) == folds


def test_a_site_whose_scans_are_elsewhere_gives_none(question, tmp_path, monkeypatch):
    """As of a hospital in a federation."""
    monkeypatch.chdir(tmp_path)
    assert seen.scans(question.wanted.study, question.rows).rows.empty

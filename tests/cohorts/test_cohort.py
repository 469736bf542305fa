from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from elsewhere.cohorts.allowance import Allowance
from elsewhere.cohorts.cohort import Cohort, CohortError, SiteFiles, load
from elsewhere.cohorts.extent import Extent
from elsewhere.imaging import store


@pytest.fixture
def site(tmp_path):
    """Six scans, two a part; every voxel of scan i is i."""
    ids = [f"{i:016x}" for i in range(6)]
    arrays = tmp_path / "arrays"
    arrays.mkdir()
    for i, scan in enumerate(ids):
        store.write(arrays / f"{scan}{store.SUFFIX}", np.full((3, 4, 4), i, np.int16))
    frame = pd.DataFrame({"scan_id": ids, "patient_id": [f"p{i}" for i in range(6)]})
    frame["label"] = [0, 1, 0, 1, 0, 1]
    extents = {"n_slices": 3, "rows": 4, "columns": 4, "value_min": range(6), "value_max": range(6)}
    frame.assign(**extents).to_parquet(tmp_path / "index.parquet")
    parts = ["train", "train", "validation", "validation", "test", "test"]
    rows = [frame.assign(fold=f, part=np.roll(parts, 2 * f)) for f in (0, 1)]
    pd.concat(rows).to_csv(tmp_path / "split.csv", index=False)
    return SiteFiles("here", tmp_path / "index.parquet", arrays, tmp_path / "split.csv")


def test_a_cohort_holds_the_scans_of_its_fold_and_part(site):
    for fold, part, expected in [(0, "train", (0, 1)), (1, "train", (2, 3)), (0, "test", (4, 5))]:
        cohort = load(site, fold=fold, part=part)
        assert len(cohort) == 2
        assert tuple(int(scan, 16) for scan in cohort.scan_ids) == expected
        assert [int(cohort.array(i).max()) for i in range(2)] == list(expected)
        assert cohort.labels.dtype == np.int64
        assert cohort.patient_ids == tuple(f"p{i}" for i in expected)


def test_arrays_are_kept_only_up_to_the_allowance_which_cohorts_share(site):
    allowance = Allowance(2 * 3 * 4 * 4 * 2)
    cohort, other = (
        load(site, fold=0, part=part, allowance=allowance) for part in ("train", "test")
    )
    first, second, third = cohort.array(0), other.array(0), cohort.array(1)
    assert cohort.array(0) is first
    assert other.array(0) is second
    assert cohort.array(1) is not third
    np.testing.assert_array_equal(cohort.array(1), third)


@pytest.mark.parametrize("wanted", [range(3), range(1, 2), range(0, 3, 2), range(2, 3)])
def test_slices_are_those_of_the_scan_whether_it_is_kept_or_not(site, wanted, monkeypatch):
    path = site.arrays / f"{0:016x}{store.SUFFIX}"
    whole = np.arange(48, dtype=np.int16).reshape(3, 4, 4)
    store.write(path, whole)
    read, asked = store.read, []
    monkeypatch.setattr(store, "read", lambda path, **at: asked.append(at) or read(path, **at))
    for limit in (0, whole.nbytes):
        cohort = load(site, fold=0, part="train", allowance=Allowance(limit))
        for _ in range(2):
            found = cohort.slices(0, wanted)
            np.testing.assert_array_equal(found, whole[wanted.start : wanted.stop : wanted.step])
    only = {"start": wanted.start, "stop": wanted.stop, "step": wanted.step}
    assert asked == [only, only, {}]  # without room twice the slices; else the scan once


def test_the_extent_is_that_of_the_index_and_without_it_of_the_voxels(site):
    index = pd.read_parquet(site.index)
    index.assign(value_max=99).iloc[::-1].to_parquet(site.index)
    told = load(site, fold=0, part="test")
    assert [told.extent(i) for i in range(2)] == [Extent(3, 4, 4, i, 99) for i in (4, 5)]
    assert not told.cache.arrays
    index.drop(columns="value_min").to_parquet(site.index)  # as earlier versions wrote it
    measured = load(site, fold=0, part="test")
    assert [measured.extent(i) for i in range(2)] == [Extent(3, 4, 4, i, i) for i in (4, 5)]


def test_threads_fill_the_cache_together(tmp_path):
    ids = tuple(f"{i:016x}" for i in range(400))
    for i, scan in enumerate(ids):
        store.write(tmp_path / f"{scan}{store.SUFFIX}", np.full((1, 2, 2), i, np.int16))
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(3):
            cohort = Cohort("here", ids, ids, np.zeros(400, np.int64), tmp_path)
            with ThreadPoolExecutor(8) as pool:
                found = [int(array[0, 0, 0]) for array in pool.map(cohort.array, range(400))]
            assert found == list(range(400))
    finally:
        sys.setswitchinterval(before)


def test_a_kept_array_cannot_be_spoilt(site):
    with pytest.raises(ValueError, match="read-only"):
        load(site, fold=0, part="train").array(0)[0] = 1


def test_what_does_not_fit_together_is_refused(site, tmp_path):
    with pytest.raises(CohortError, match="expected one of"):
        load(site, fold=0, part="tests")
    with pytest.raises(CohortError, match="no fold 2"):
        load(site, fold=2, part="test")
    pd.read_parquet(site.index).iloc[1:].to_parquet(tmp_path / "short.parquet")
    with pytest.raises(CohortError, match="0000000000000000"):
        load(replace(site, index=tmp_path / "short.parquet"), fold=0, part="train")


def test_an_empty_split_gives_an_empty_cohort(site, tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_text(site.split.read_text().splitlines()[0] + "\n")
    assert len(load(replace(site, split=empty), fold=3, part="train")) == 0


def test_labels_of_more_than_two_classes_need_their_names(site, tmp_path):
    rows = pd.read_csv(site.split, dtype={"scan_id": str})
    path = tmp_path / "four.csv"
    rows.assign(label=rows["label"] + 2).to_csv(path, index=False)
    four = replace(site, split=path)
    with pytest.raises(CohortError, match="has label 3, but the study has 2 classes"):
        load(four, fold=0, part="train")
    cohort = load(four, fold=0, part="train", classes=("a", "b", "c", "d"))
    assert cohort.labels.tolist() == [2, 3]
    assert cohort.classes == ("a", "b", "c", "d")

"""fetch: a series is complete only if stored, listed and counted instances agree."""

import threading
from pathlib import Path
from typing import Any

import pytest

from elsewhere.archives.archive import Series
from elsewhere.archives.fetch import Fetch
from elsewhere.archives.instance_store import InstanceStore
from elsewhere.archives.pace import Stopped

STUDY = "1.2.826.10"
LUNG = Series(STUDY, "1.2.826.10.1", "CT", "lung", 4)
SCOUT = Series(STUDY, "1.2.826.10.2", "CT", "scout", 1)
RLE = Series("1.2.826.20", "1.2.826.20.1", "CT", "lung", 4)


@pytest.fixture
def store(tmp_path: Path) -> InstanceStore:
    return InstanceStore(tmp_path / "raw", tmp_path / "ledger.csv")


@pytest.fixture
def fetch_from(dimse_row: Any, opened: Any, store: InstanceStore) -> Any:
    def made(scp: Any, **row: Any) -> Fetch:
        return Fetch(opened(dimse_row(scp, **row)), store, stop=threading.Event())

    return made


def test_series_are_fetched_several_at_a_time(
    start_scp: Any, fetch_from: Any, store: InstanceStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "elsewhere")
    fetch = fetch_from(start_scp())
    fetch.fetch_all([LUNG, SCOUT, RLE], connections=3)
    assert {(one.series, one.stored, one.problem) for one in fetch.outcomes} == {
        (LUNG, 4, ""),
        (SCOUT, 1, ""),
        (RLE, 4, ""),
    }
    assert "9 of 9 instances" in caplog.text
    assert len(store.held(STUDY, LUNG.uid)) == 4


def test_what_is_here_is_not_asked_for(start_scp: Any, fetch_from: Any) -> None:
    scp = start_scp()
    fetch_from(scp).fetch_all([LUNG], connections=1)
    scp.requests.clear()
    fetch = fetch_from(scp)
    fetch.fetch_all([LUNG], connections=1)
    assert scp.requests == []
    assert fetch.outcomes[0].problem == ""


def test_a_count_that_does_not_fit_is_a_problem(start_scp: Any, fetch_from: Any) -> None:
    for count in (3, 5):
        series = Series(STUDY, LUNG.uid, "CT", "lung", count)
        outcome = fetch_from(start_scp()).fetch_series(series)
        if count == 5:
            assert outcome.problem == "the archive counts 5 instances in a series and lists 4"
        else:
            assert "counts 3" in outcome.problem


def test_an_archive_that_counts_nothing_is_compared_with_its_list(
    start_scp: Any, fetch_from: Any
) -> None:
    fetch = fetch_from(start_scp())
    assert fetch.fetch_series(Series(STUDY, LUNG.uid, "CT", "lung", None)).problem == ""


def test_what_does_not_arrive_is_a_problem(start_scp: Any, fetch_from: Any) -> None:
    outcome = fetch_from(start_scp(lacks={f"{LUNG.uid}.2"})).fetch_series(LUNG)
    assert outcome.problem == "1 of 4 instances of a series are missing or damaged"


def test_what_the_archive_no_longer_lists_is_a_problem(start_scp: Any, fetch_from: Any) -> None:
    scp = start_scp()
    fetch = fetch_from(scp)
    fetch.fetch_series(LUNG)
    scp.items = [one for one in scp.items if one.SOPInstanceUID != f"{LUNG.uid}.2"]
    assert "does not list" in fetch.fetch_series(Series(STUDY, LUNG.uid, "CT", "lung", 3)).problem


def test_damage_on_the_way_is_noticed(
    start_scp: Any, fetch_from: Any, store: InstanceStore
) -> None:
    def damaged(one: Any) -> Any:
        if one.InstanceNumber == 2:
            one.PixelData = one.PixelData[:-2]
        return one

    outcome = fetch_from(start_scp(on_send=damaged)).fetch_series(LUNG)
    assert outcome.problem == "1 of 4 instances of a series are missing or damaged"
    assert len(store.held(STUDY, LUNG.uid)) == 3


def test_a_stop_is_heard(start_scp: Any, fetch_from: Any, store: InstanceStore) -> None:
    fetch = fetch_from(start_scp(), instances_per_second=4)
    fetch._stop = fetch._archive._pace.stop
    threading.Timer(0.6, fetch._stop.set).start()
    with pytest.raises(Stopped):
        fetch.fetch_all([LUNG, RLE], connections=1)
    assert len(store.held(STUDY, LUNG.uid)) < 4


def test_nothing_to_fetch(start_scp: Any, fetch_from: Any) -> None:
    fetch_from(start_scp()).fetch_all([], connections=2)
